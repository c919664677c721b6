//! HDF5, and Keras models kept in it.
//!
//! Source: HDF5 File Format Specification 3.0, "Disk Format: Level 0A". The superblock stands at 0, 512, 1024 or
//! 2048; Keras is told by the names of the attributes it writes, looked for at both ends of the file.

mod attribute;
mod file;
mod heap;
mod walk;

use std::io::{self, Read, Seek, SeekFrom};

use domain::{Role, Severity};

pub(crate) use self::walk::inspect;
use crate::{
    Format, HEAD, Identified, Sureness,
    inspect::Bytes,
    reader::{Fault, contains, read_up_to, u64_at},
};

const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
const PLACES: [usize; 4] = [0, 512, 1024, 2048];
const ENDS: u64 = 65_536;
/// Attributes that only Keras writes.
const KERAS: [&str; 5] =
    ["model_config", "keras_version", "layer_names", "weight_names", "_layer_checkpoint_dependencies"];

/// Where the superblock stands, if there is one.
fn superblock(head: &[u8]) -> Option<(usize, u8)> {
    PLACES.into_iter().find_map(|place| {
        let version = *head.get(place..)?.strip_prefix(MAGIC)?.first()?;
        (version <= 3).then_some((place, version))
    })
}

/// Whether a superblock stands at one of the places for one.
pub(crate) fn plausible(head: &[u8]) -> bool {
    superblock(head).is_some()
}

/// Whether these bytes are HDF5 and no archive: both may hold a Keras model.
pub(crate) fn is_hdf5(bytes: &Bytes<'_>) -> io::Result<bool> {
    let mut head = [0; HEAD];
    let got = bytes.head(&mut head)?;
    Ok(plausible(head.get(..got).unwrap_or_default()))
}

/// Identifies HDF5, and Keras inside it.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    let Some((place, version)) = superblock(head) else { return Ok(None) };
    let seen = attributes(reader, len)?;
    let (format, role) = match seen {
        Some(_) => (Format::Keras, Role::Weights),
        None => (Format::Hdf5, Role::Data),
    };
    let mut reason = format!("HDF5 superblock version {version} at byte {place}");
    if let Some(name) = seen {
        reason.push_str(", attribute ");
        reason.push_str(name);
    }
    let mut found = Identified::new(format, Sureness::Certain, role, reason);
    found.settle(check_end(head, place, version, len), "hdf5-truncated")?;
    Ok(Some(found))
}

/// The first attribute of Keras that occurs at either end of the file.
fn attributes<R: Read + Seek>(reader: &mut R, len: u64) -> io::Result<Option<&'static str>> {
    let mut window = vec![0u8; usize::try_from(len.min(ENDS)).unwrap_or(0)];
    for start in [0, len.saturating_sub(ENDS)] {
        reader.seek(SeekFrom::Start(start))?;
        let got = read_up_to(reader, &mut window)?;
        let bytes = window.get(..got).unwrap_or_default();
        if let Some(name) = KERAS.into_iter().find(|name| contains(bytes, name.as_bytes())) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// The superblock says where the file ends; the library refuses a file that is shorter.
fn check_end(head: &[u8], place: usize, version: u8, len: u64) -> Result<(), Fault> {
    // Version 0 and 1 have the width of addresses at 13, later ones at 9; anything but 8 bytes is unheard of.
    let (width_at, end_at) = match version {
        0 => (13usize, 40usize),
        1 => (13, 44),
        _ => (9, 28),
    };
    let width = head.get(place.saturating_add(width_at));
    let end = u64_at(head, place.saturating_add(end_at));
    match (width, end) {
        (Some(8), Some(end)) if end > len => {
            let message = format!("the superblock announces {end} bytes, the file has {len}");
            Err(Fault::broken("hdf5-truncated", Severity::Medium, place as u64, message))
        }
        _ => Ok(()),
    }
}
