//! Where the headers of a member say different things, and where its name or mode leads out of the archive.

use std::io;

use super::{records::Header, survey::Place};
use crate::{
    containers::paths,
    inspect::{Bytes, Look},
    rules::containers as rules,
};

/// Says where local header and directory do not agree on a member. What both say is looked at in any case.
pub(super) fn say_divergences(place: &Place, look: &mut Look<'_>) {
    let local = &place.local.header;
    let at = place.local.at;
    let shown = String::from_utf8_lossy(&local.name).into_owned();
    paths::say_path(&shown, at, look);
    for entry in &place.entries {
        let header = &entry.header;
        let name = String::from_utf8_lossy(&header.name).into_owned();
        if plain_name(&header.name) != plain_name(&local.name) {
            paths::say_path(&name, at, look);
            let message = format!("the directory calls the member `{name}`, its own header `{shown}`");
            look.say(&rules::DIVERGENCE, at, &name, message);
        }
        let differs = differences(header, local, place.local.wide);
        if !differs.is_empty() {
            let message = format!("directory and local header do not agree on {}", differs.join(", "));
            look.say(&rules::DIVERGENCE, at, &name, message);
        }
        // The checksum is not what decides what a loader gets.
        if !local.streamed() && local.crc32 != 0 && local.crc32 != header.crc32 {
            look.say(&rules::CHECKSUM, at, &name, "directory and local header give different checksums");
        }
        if header.method == 0 && header.packed != header.size && !header.encrypted() {
            let message = format!(
                "the member is stored as it is, in {} bytes that are said to be {}",
                header.packed, header.size
            );
            look.say(&rules::DIVERGENCE, at, &name, message);
        }
    }
}

/// A name as it is compared: some tools write the other slash in one of the two places.
fn plain_name(name: &[u8]) -> Vec<u8> {
    name.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect()
}

fn differences(header: &Header, local: &Header, wide: bool) -> Vec<&'static str> {
    let mut found = Vec::new();
    if header.method != local.method {
        found.push("the method");
    }
    if header.encrypted() != local.encrypted() {
        found.push("encryption");
    }
    // Sizes that follow the data are 0 in the local header, or the mark of a zip64 field that was not filled in.
    let open = |size: u64| (local.streamed() || wide) && (size == 0 || size == u64::from(u32::MAX));
    if header.packed != local.packed && !open(local.packed) {
        found.push("the size in the archive");
    }
    if header.size != local.size && !open(local.size) {
        found.push("the unpacked size");
    }
    found
}

/// Looks at the target of a member that is a link, and at a member that is a device.
pub(super) fn say_mode(bytes: &Bytes<'_>, place: &Place, look: &mut Look<'_>) -> io::Result<()> {
    for entry in &place.entries {
        let name = String::from_utf8_lossy(&entry.header.name).into_owned();
        match entry.mode & 0o170_000 {
            0o120_000 if entry.header.method == 0 => {
                let target = bytes.after(place.local.data).span(0, entry.header.packed);
                let target =
                    target.map(|target| target.whole(4096)).transpose()?.flatten().unwrap_or_default();
                paths::say_link(&name, &String::from_utf8_lossy(&target), place.local.at, look);
            }
            0o020_000 | 0o060_000 | 0o010_000 => paths::say_device(&name, place.local.at, look),
            _ => {}
        }
    }
    Ok(())
}
