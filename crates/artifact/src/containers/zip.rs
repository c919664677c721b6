//! Zip archives, read by their local headers *and* their directory, as one loader or another reads them.
//!
//! Members that any of them would find are looked at, in every version that any of them would see; where they see different
//! things, that is said. PyTorch reads through miniz, which trusts the directory and skips checksums; Python's `zipfile` corrects
//! offsets for what stands before the archive; readers of streams know local headers only. It knows no model format.

mod compare;
mod records;
mod survey;

use std::{io, ops::Range};

pub(super) use self::survey::{has_directory, survey};
use self::{
    records::{Header, Local},
    survey::{Item, Place, Survey},
};
use super::{
    members::{Kind, list_unread, look_at_content},
    packed::{self, Codec, Outcome, Unpacked},
    trailing::{self, Where},
};
use crate::{
    identify,
    inspect::{Bytes, Checksum, Look},
    rules::{self as common, containers as rules},
};

/// Members whose checksum is compared at once, where it cannot wait for the pass over the whole file.
const SMALL: u64 = 1 << 20;
/// What a member costs beside its bytes, in bytes that are read.
const MEMBER: u64 = 512;
/// Members without an entry that are looked at in an archive that has a directory.
const HIDDEN: u64 = 4096;

/// One way of reading a member: what lies where, and how it is unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    name: String,
    method: u16,
    start: u64,
    packed: u64,
    size: u64,
    crc32: Option<u32>,
    encrypted: bool,
}

impl Version {
    fn is_directory(&self) -> bool {
        // Some tools compress nothing to two bytes.
        self.name.ends_with(['/', '\\']) && self.packed <= 2 && self.size == 0
    }
}

/// Looks at all that a surveyed archive holds, from its first byte to its last.
pub(super) fn inspect(bytes: &Bytes<'_>, survey: &Survey, kind: Kind, look: &mut Look<'_>) -> io::Result<()> {
    let mut sweep = Sweep { bytes, kind, whole: survey.whole, weights: Vec::new(), hidden: 0 };
    sweep.run(survey, look)?;
    if look.depth() == 0 {
        sweep.weights.sort_by_key(|(number, _)| *number);
        look.weights = sweep.weights.into_iter().map(|(_, stretch)| stretch).collect();
    }
    Ok(())
}

/// One pass over an archive.
struct Sweep<'a, 's> {
    bytes: &'a Bytes<'s>,
    kind: Kind,
    /// Whether the archive has a directory.
    whole: bool,
    /// Where tensors lie, by number.
    weights: Vec<(u64, Range<u64>)>,
    /// Members found that no directory names.
    hidden: u64,
}

impl Sweep<'_, '_> {
    fn run(&mut self, survey: &Survey, look: &mut Look<'_>) -> io::Result<()> {
        let mut reached = 0;
        for (at, item) in &survey.items {
            if self.bytes.is_exhausted() {
                look.say_refusals();
                return Ok(());
            }
            self.look_between(reached..*at, look)?;
            let end = match item {
                Item::Records(end) => *end,
                Item::Member(place) => self.look_at_place(place, *at < reached, look)?,
            };
            reached = reached.max(end);
        }
        if self.whole {
            trailing::say_what_follows(&self.bytes.after(reached), reached, Where::After, look)
        } else {
            self.look_between(reached..self.bytes.len(), look)
        }
    }

    /// Looks at bytes that belong to no member of any directory: padding, a program before the archive, or what someone hid there.
    fn look_between(&mut self, gap: Range<u64>, look: &mut Look<'_>) -> io::Result<()> {
        // That a llamafile begins with a program is said already.
        let mut at = if gap.start == 0 && self.kind == Kind::Llamafile { gap.end } else { gap.start };
        let most = if self.whole { HIDDEN } else { look.limits.members };
        while at < gap.end {
            let Some(rest) = self.bytes.span(at, gap.end.saturating_sub(at)) else { return Ok(()) };
            if self.hidden >= most {
                let message = format!("more than {most} members that no directory names");
                look.say(&common::TOO_MUCH_WORK, at, "members", message);
                return Ok(());
            }
            let place = if at == 0 { Where::Before } else { Where::Between };
            let Some((skipped, local)) = survey::hidden(&rest, at, self.bytes)? else {
                return trailing::say_what_follows(&rest, at, place, look);
            };
            if let Some(before) = self.bytes.span(at, skipped) {
                trailing::say_what_follows(&before, at, place, look)?;
            }
            at = self.look_at_hidden(local, look)?;
        }
        Ok(())
    }

    fn look_at_hidden(&mut self, local: Local, look: &mut Look<'_>) -> io::Result<u64> {
        self.hidden = self.hidden.saturating_add(1);
        if self.whole {
            let name = String::from_utf8_lossy(&local.header.name).into_owned();
            let message = "a member lies in the archive that its directory does not name";
            look.say(&rules::HIDDEN_MEMBER, local.at, &name, message);
        }
        let data = local.data;
        let place = Place { local, entries: Vec::new() };
        Ok(self.look_at_place(&place, false, look)?.max(data))
    }

    /// Looks at a member in every version, and answers where it ends.
    fn look_at_place(&mut self, place: &Place, overlaps: bool, look: &mut Look<'_>) -> io::Result<u64> {
        let at = place.local.at;
        // Even a member of nothing is some work.
        self.bytes.charge(MEMBER);
        if overlaps {
            let message = format!("a member begins at byte {at}, inside the one before it");
            look.say(&rules::OVERLAP, at, "", message);
        }
        compare::say_divergences(place, look);
        let mut end = place.local.data;
        for (index, version) in versions(self.bytes, place)?.iter().enumerate() {
            end = end.max(version.start.saturating_add(version.packed));
            let again = overlaps || index > 0;
            if again && !look.again(version.packed.min(self.bytes.len())) {
                continue;
            }
            if !version.is_directory() {
                self.note_weights(version, look);
                look_at_version(self.bytes, version, self.kind, look)?;
            }
        }
        let mut headers = place.entries.iter().map(|entry| &entry.header).chain([&place.local.header]);
        if headers.any(Header::streamed) {
            let packed = end.saturating_sub(place.local.data);
            end = end.saturating_add(records::descriptor(self.bytes, end, packed)?);
        }
        compare::say_mode(self.bytes, place, look)?;
        Ok(end.min(self.bytes.len()))
    }

    fn note_weights(&mut self, version: &Version, look: &Look<'_>) {
        if look.depth() == 0
            && version.method == 0
            && let Some(number) = self.kind.storage(&version.name)
        {
            let start = self.bytes.start().saturating_add(version.start);
            self.weights.push((number, start..start.saturating_add(version.packed)));
        }
    }
}

/// The different ways in which readers see one member.
fn versions(bytes: &Bytes<'_>, place: &Place) -> io::Result<Vec<Version>> {
    let local = &place.local;
    let mut versions: Vec<Version> = Vec::new();
    let mut add = |header: &Header, packed: u64, size: u64, crc32: Option<u32>| {
        let version = Version {
            name: String::from_utf8_lossy(&header.name).into_owned(),
            method: header.method,
            start: local.data,
            packed,
            size,
            crc32,
            encrypted: header.encrypted(),
        };
        let same = |known: &Version| {
            known.name == version.name && known.method == version.method && known.packed == version.packed
        };
        if !versions.iter().any(same) {
            versions.push(version);
        }
    };
    for entry in &place.entries {
        let header = &entry.header;
        add(header, header.packed, header.size, Some(header.crc32));
        // A stored member is as long as either of its sizes says, depending on who reads it.
        if header.method == 0 && header.packed != header.size {
            add(header, header.size, header.size, None);
        }
    }
    let header = &local.header;
    let known = place.entries.first().map(|entry| (entry.header.packed, entry.header.size));
    let unsized_yet = header.streamed() && header.packed == 0;
    let (packed, size) = match known {
        Some(known) if unsized_yet => known,
        None if unsized_yet => (survey::streamed_length(bytes, local)?, 0),
        _ => (header.packed, header.size),
    };
    add(header, packed, size, (!header.streamed()).then_some(header.crc32));
    Ok(versions)
}

fn look_at_version(bytes: &Bytes<'_>, version: &Version, kind: Kind, look: &mut Look<'_>) -> io::Result<()> {
    let data = bytes.after(version.start);
    let data = match data.span(0, version.packed) {
        Some(data) => data,
        None => {
            let message = format!(
                "the member ends {} bytes behind the archive",
                version.packed.saturating_sub(data.len())
            );
            look.say(&rules::TRUNCATED, version.start, &version.name, message);
            data
        }
    };
    let codec = match version.method {
        0 => return look_at_stored(&data, version, kind, look),
        8 => Codec::Deflate,
        12 => Codec::Bzip2,
        14 => Codec::ZipLzma(version.size),
        93 => Codec::Zstd,
        95 => Codec::Xz,
        other => {
            let message = format!("the member is compressed by method {other}, which is not unpacked here");
            look.say(&rules::UNKNOWN_COMPRESSION, version.start, &version.name, message);
            return list_unread(&version.name, version.size, look);
        }
    };
    look_at_packed(&data, codec, version, kind, look)
}

fn look_at_stored(data: &Bytes<'_>, version: &Version, kind: Kind, look: &mut Look<'_>) -> io::Result<()> {
    if version.encrypted {
        let readable =
            version.crc32 == Some(crc32(data)?) || identify(&mut data.reader(), data.len())?.is_some();
        say_encryption(readable, version, look);
        if !readable {
            return list_unread(&version.name, version.size, look);
        }
    } else if let Some(crc32) = version.crc32 {
        compare_checksum(data, crc32, version, look)?;
    }
    look_at_content(data, &version.name, kind, look)
}

/// Compares a checksum: in the pass over the whole file where there will be one, at once where the member is small.
fn compare_checksum(
    data: &Bytes<'_>,
    expected: u32,
    version: &Version,
    look: &mut Look<'_>,
) -> io::Result<()> {
    if look.depth() == 0 && look.limits.digest {
        let stretch = data.start()..data.start().saturating_add(data.len());
        look.checksums.push(Checksum { stretch, crc32: expected, member: version.name.clone() });
    } else if data.len() <= SMALL && crc32(data)? != expected {
        say_checksum(expected, version.start, &version.name, look);
    }
    Ok(())
}

fn crc32(data: &Bytes<'_>) -> io::Result<u32> {
    let mut crc32 = crc32fast::Hasher::new();
    let mut reader = data.reader();
    let mut chunk = vec![0; 65_536];
    loop {
        let got = crate::reader::read_up_to(&mut reader, &mut chunk)?;
        if got == 0 {
            return Ok(crc32.finalize());
        }
        crc32.update(chunk.get(..got).unwrap_or_default());
    }
}

/// Says that a checksum is not that of the bytes. PyTorch does not look at it, and can be told not to write it.
pub(super) fn say_checksum(expected: u32, at: u64, name: &str, look: &mut Look<'_>) {
    let message = format!("the archive gives the checksum {expected:08x}, and the bytes have another");
    look.say(&rules::CHECKSUM, at, name, message);
}

fn say_encryption(readable: bool, version: &Version, look: &mut Look<'_>) {
    let (at, name) = (version.start, version.name.as_str());
    if readable {
        look.say(
            &rules::FALSE_ENCRYPTION,
            at,
            name,
            "the member is marked as encrypted and can be read without a key",
        );
    } else {
        look.say(&rules::ENCRYPTED, at, name, "the member is encrypted");
    }
}

fn look_at_packed(
    data: &Bytes<'_>,
    codec: Codec,
    version: &Version,
    kind: Kind,
    look: &mut Look<'_>,
) -> io::Result<()> {
    let unpacked = packed::unpack(data, codec, look)?;
    if version.encrypted {
        let readable = unpacked.outcome == Outcome::Whole && unpacked.bytes.len() > 0;
        say_encryption(readable, version, look);
        if !readable {
            return list_unread(&version.name, version.size, look);
        }
    }
    say_outcome(&unpacked, version, look);
    look.layers = look.layers.saturating_add(1);
    let outcome = look_at_content(&unpacked.bytes, &version.name, kind, look);
    look.layers = look.layers.saturating_sub(1);
    look.say_refusals();
    outcome
}

fn say_outcome(unpacked: &Unpacked<'_>, version: &Version, look: &mut Look<'_>) {
    let (at, name, came) = (version.start, version.name.as_str(), unpacked.bytes.len());
    match (&unpacked.outcome, version.crc32) {
        (Outcome::Broken(why), _) => {
            let message = format!("the member cannot be unpacked to its end: {why}");
            look.say(&rules::BROKEN_STREAM, at, name, message);
        }
        (Outcome::Whole, Some(expected)) => {
            if expected != unpacked.crc32 {
                say_checksum(expected, at, name, look);
            }
            if came != version.size {
                let message = format!("{} bytes are announced, and {came} come out", version.size);
                look.say(&rules::DIVERGENCE, at, name, message);
            }
        }
        _ => {}
    }
}
