//! Tar archives: ustar, the extended headers of POSIX and GNU, and the old form without a magic number.
//!
//! Sources: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; the GNU tar manual, "Basic Tar Format".

use std::io;

use super::{
    members, paths,
    trailing::{self, Where},
};
use crate::{
    inspect::{Bytes, Look},
    pickle::{self, Context},
    rules::{self as common, containers as rules},
};

const BLOCK: u64 = 512;
/// The longest name or extended header that is read.
const TEXT: usize = 1 << 20;

/// Whether a header of a tar archive stands here: its checksum is right.
pub(crate) fn begins(head: &[u8]) -> bool {
    let Some(block) = head.get(..512) else { return false };
    let stored = block.get(148..156).and_then(octal);
    // Two ways of adding: some old tools took the bytes for signed ones.
    let (mut sum, mut signed) = (0u64, 0i64);
    for (at, byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&at) { b' ' } else { *byte };
        sum = sum.saturating_add(u64::from(byte));
        signed = signed.saturating_add(i64::from(byte.cast_signed()));
    }
    block.iter().any(|byte| *byte != 0)
        && stored.is_some_and(|stored| stored == sum || i64::try_from(stored) == Ok(signed))
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

/// A number in octal digits or, marked by its first bit, in binary.
fn number(field: &[u8]) -> Option<u64> {
    match field {
        [first, rest @ ..] if first & 0x80 != 0 => {
            let high = u64::from(first & 0x7f);
            rest.iter().try_fold(high, |value, byte| value.checked_mul(256)?.checked_add(u64::from(*byte)))
        }
        _ => octal(field),
    }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

/// A header, with what extended headers before it said.
#[derive(Debug, Default, Clone)]
struct Extended {
    name: Option<String>,
    link: Option<String>,
    size: Option<u64>,
    sparse: bool,
}

struct Header {
    name: String,
    link: String,
    size: u64,
    kind: u8,
}

impl Header {
    fn read(block: &[u8], said: &Extended) -> Option<Self> {
        let name = text(block.get(..100)?);
        let prefix = if block.get(257..262)? == b"ustar" && block.get(262..265)? != b" \0\0" {
            text(block.get(345..500)?)
        } else {
            String::new()
        };
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        Some(Self {
            name: said.name.clone().unwrap_or(name),
            link: said.link.clone().unwrap_or_else(|| text(block.get(157..257).unwrap_or_default())),
            size: said.size.or_else(|| number(block.get(124..136)?))?,
            kind: *block.get(156)?,
        })
    }
}

/// Looks at all members of an archive, whose first header was seen to be one.
pub(super) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let (mut at, mut members) = (0u64, 0u64);
    let (mut said, mut always) = (Extended::default(), Extended::default());
    loop {
        let mut block = [0; 512];
        let got = bytes.after(at).head(&mut block)?;
        if got == 0 || (got == 512 && block == [0; 512]) {
            let rest = bytes.after(at);
            return trailing::say_what_follows(&rest, at, Where::After, look);
        }
        let header =
            begins(block.get(..got).unwrap_or_default()).then(|| Header::read(&block, &said)).flatten();
        let Some(header) = header else {
            look.say(&rules::BROKEN_TAR, at, "", "no header stands where the next member should begin");
            trailing::look_at(&bytes.after(at), Where::After, look)?;
            return Ok(());
        };
        members = members.saturating_add(1);
        bytes.charge(BLOCK);
        if bytes.is_exhausted() {
            look.say_refusals();
            return Ok(());
        }
        if members > look.limits.members {
            look.say(&common::TOO_MUCH_WORK, at, "members", "the archive has too many members");
            return Ok(());
        }
        let mut data = at.saturating_add(BLOCK);
        if header.kind == b'S' && block.get(482) == Some(&1) {
            data = after_holes(bytes, data)?;
        }
        // Links and folders have a size in some archives, and no data.
        let size = if matches!(header.kind, b'1'..=b'6') { 0 } else { header.size };
        at = data.saturating_add(size).checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX);
        let Some(content) = bytes.span(data, size) else {
            let message = format!(
                "the member ends {} bytes behind the archive",
                size.saturating_sub(bytes.after(data).len())
            );
            look.say(&rules::TRUNCATED, data, &header.name, message);
            return look_at_data(&bytes.after(data), &header, look);
        };
        if !extend(&content, header.kind, &mut said, &mut always)? {
            if said.sparse || header.kind == b'S' {
                let message = "the member has holes, which are not filled here";
                look.say(&rules::UNKNOWN_COMPRESSION, data, &header.name, message);
            }
            look_at(&content, &header, data, look)?;
            said = always.clone();
        }
    }
}

/// Where the data of a member with holes begins: behind the blocks that list them.
fn after_holes(bytes: &Bytes<'_>, mut at: u64) -> io::Result<u64> {
    loop {
        let mut block = [0; 512];
        let got = bytes.after(at).head(&mut block)?;
        at = at.saturating_add(BLOCK);
        if got < 512 || block.get(504) != Some(&1) {
            return Ok(at);
        }
    }
}

/// Takes in an extended header; false when the member is none.
fn extend(content: &Bytes<'_>, kind: u8, said: &mut Extended, always: &mut Extended) -> io::Result<bool> {
    let whole = || Ok::<_, io::Error>(content.whole(TEXT)?.unwrap_or_default());
    match kind {
        b'L' => said.name = Some(text(&whole()?)),
        b'K' => said.link = Some(text(&whole()?)),
        b'x' | b'X' => records(&whole()?, said),
        b'g' => {
            records(&whole()?, always);
            *said = always.clone();
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// The records of an extended header: `length key=value` and a line feed.
fn records(mut rest: &[u8], into: &mut Extended) {
    while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
        let length =
            rest.get(..space).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
        let Some(length) = length.filter(|length| *length > space && *length <= rest.len()) else { return };
        let (record, after) = rest.split_at_checked(length).unwrap_or_default();
        rest = after;
        let record = record.get(space.saturating_add(1)..).unwrap_or_default();
        let record = String::from_utf8_lossy(record.strip_suffix(b"\n").unwrap_or(record)).into_owned();
        match record.split_once('=') {
            Some(("path", value)) => into.name = Some(value.to_owned()),
            Some(("linkpath", value)) => into.link = Some(value.to_owned()),
            Some(("size", value)) => into.size = value.parse().ok(),
            Some((key, _)) if key.starts_with("GNU.sparse") => into.sparse = true,
            _ => {}
        }
    }
}

fn look_at(content: &Bytes<'_>, header: &Header, at: u64, look: &mut Look<'_>) -> io::Result<()> {
    paths::say_path(&header.name, at, look);
    match header.kind {
        b'2' => paths::say_link(&header.name, &header.link, at, look),
        // The target of a hard link is a member, named from the top of the archive.
        b'1' => paths::say_link(header.link.rsplit('/').next().unwrap_or_default(), &header.link, at, look),
        b'3' | b'4' | b'6' => paths::say_device(&header.name, at, look),
        b'5' => {}
        _ => return look_at_data(content, header, look),
    }
    Ok(())
}

fn look_at_data(content: &Bytes<'_>, header: &Header, look: &mut Look<'_>) -> io::Result<()> {
    // The first PyTorch checkpoints were tar archives with members of these names.
    if matches!(header.name.as_str(), "pickle" | "tensors" | "storages") && !header.name.contains('/') {
        return look
            .enter(&header.name, |look| {
                let verdict = look.verdict_of(|look| pickle::inspect(content, Context::Torch, look))?;
                look.list(content.len(), Some("pickle"), verdict);
                Ok(())
            })
            .map(drop);
    }
    members::look_at_content(content, &header.name, members::Kind::Other, look)
}
