//! The directory of a zip archive, read from its tail as the loaders do it. Members are named, never unpacked.
//!
//! Source: PKWARE APPNOTE 6.3.10, sections 4.3.12 to 4.3.16.

use std::io::{Read, Seek};

use domain::Severity;

use crate::reader::{Bounded, Fault, u32_at};

/// More members or a longer directory than these are not walked.
const MEMBERS: u64 = 65_536;
const DIRECTORY: u64 = 16 << 20;
/// Longer names are cut; no loader asks for one.
const NAME: usize = 512;
/// The end record and the longest comment after it.
pub(crate) const FULL_TAIL: u64 = 65_535 + END_SIZE;

const END_SIZE: u64 = 22;
const LOCATOR_SIZE: u64 = 20;
const BROKEN: &str = "zip-broken-directory";

/// Where the directory lies and how many members it announces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Directory {
    start: u64,
    size: u64,
    members: u64,
}

/// A member, as the directory describes it.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name, cut at 512 bytes; what is not UTF-8 becomes U+FFFD.
    pub(crate) name: String,
    /// Whether it is stored as it is, neither packed nor encrypted.
    pub(crate) plain: bool,
    /// Its length in the archive.
    pub(crate) size: u64,
    /// Where its local header lies.
    pub(crate) offset: u64,
}

/// Finds the directory by the end record in the last `tail` bytes.
pub(crate) fn directory<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    len: u64,
    tail: u64,
) -> Result<Option<Directory>, Fault> {
    let from = len.saturating_sub(tail);
    reader.seek(from)?;
    let window = reader.field(len.saturating_sub(from), usize::try_from(FULL_TAIL).unwrap_or(usize::MAX))?;
    let last = window.len().saturating_sub(3);
    let Some(found) = (0..last).rev().find(|&at| {
        window.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x05\x06") && rest.len() as u64 >= END_SIZE)
    }) else {
        return Ok(None);
    };
    let at = from.saturating_add(found as u64);
    reader.seek(at.saturating_add(10))?;
    let members = u64::from(reader.u16()?);
    let size = u64::from(reader.u32()?);
    let offset = u64::from(reader.u32()?);
    // PyTorch writes the zip64 record even where nothing is too large for the old one.
    if let Some(wide) = zip64(reader, at)? {
        return Ok(Some(wide));
    }
    // The directory ends where the end record begins. Its offset is off when something was put before the archive.
    let start = at.checked_sub(size);
    match start {
        Some(start) if is_entry(reader, start)? || !is_entry(reader, offset)? => {
            Ok(Some(Directory { start, size, members }))
        }
        Some(_) => Ok(Some(Directory { start: offset, size, members })),
        None => Err(Fault::broken(BROKEN, Severity::Medium, at, "the directory is longer than the file")),
    }
}

fn is_entry<R: Read + Seek>(reader: &mut Bounded<'_, R>, at: u64) -> Result<bool, Fault> {
    if reader.seek(at).is_err() || reader.remaining() < 4 {
        return Ok(false);
    }
    Ok(reader.u32()? == 0x0201_4b50)
}

fn zip64<R: Read + Seek>(reader: &mut Bounded<'_, R>, end: u64) -> Result<Option<Directory>, Fault> {
    let Some(locator) = end.checked_sub(LOCATOR_SIZE) else { return Ok(None) };
    reader.seek(locator)?;
    if reader.u32()? != 0x0706_4b50 {
        return Ok(None);
    }
    reader.skip(4)?;
    let record = reader.u64()?;
    // A record without extensions ends where the locator begins, also where something was put before the archive.
    let (mut found, mut shift) = (false, 0);
    for place in [record, locator.saturating_sub(56)] {
        if !found && place < locator {
            reader.seek(place)?;
            found = reader.u32()? == 0x0606_4b50;
            shift = place.saturating_sub(record);
        }
    }
    if !found {
        return Err(Fault::broken(BROKEN, Severity::Medium, locator, "the zip64 locator points at nothing"));
    }
    reader.skip(28)?;
    let members = reader.u64()?;
    let size = reader.u64()?;
    let start = reader.u64()?.saturating_add(shift);
    if start.checked_add(size).is_none_or(|stop| stop > locator) {
        return Err(Fault::broken(BROKEN, Severity::Medium, record, "the directory is longer than its room"));
    }
    Ok(Some(Directory { start, size, members }))
}

/// Calls `see` for every member, until it returns false or the directory ends.
pub(crate) fn walk<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    directory: Directory,
    mut see: impl FnMut(Member) -> bool,
) -> Result<(), Fault> {
    if directory.members > MEMBERS || directory.size > DIRECTORY {
        let message = format!("{} members are more than are read here", directory.members);
        return Err(Fault::broken("zip-directory-limit", Severity::Low, directory.start, message));
    }
    let stop = directory.start.saturating_add(directory.size);
    reader.seek(directory.start)?;
    for _ in 0..directory.members {
        let at = reader.offset();
        if at >= stop || reader.u32()? != 0x0201_4b50 {
            return Err(Fault::broken(
                BROKEN,
                Severity::Medium,
                at,
                "the directory has fewer members than it says",
            ));
        }
        if !see(member(reader)?) {
            break;
        }
    }
    Ok(())
}

/// One entry of the directory, after its signature.
fn member<R: Read + Seek>(reader: &mut Bounded<'_, R>) -> Result<Member, Fault> {
    reader.skip(4)?;
    let flags = reader.u16()?;
    let method = reader.u16()?;
    reader.skip(8)?;
    let size = u64::from(reader.u32()?);
    reader.skip(4)?;
    let name = u64::from(reader.u16()?);
    let extra = u64::from(reader.u16()?);
    let comment = u64::from(reader.u16()?);
    reader.skip(8)?;
    let offset = u64::from(reader.u32()?);
    let name = reader.field(name, NAME)?;
    reader.skip(extra.saturating_add(comment))?;
    let name = String::from_utf8_lossy(&name).into_owned();
    Ok(Member { name, plain: method == 0 && flags & 1 == 0, size, offset })
}

/// Moves to the first byte of a member that is stored plainly.
pub(crate) fn enter<R: Read + Seek>(reader: &mut Bounded<'_, R>, member: &Member) -> Result<(), Fault> {
    reader.seek(member.offset)?;
    if reader.u32()? != 0x0403_4b50 {
        return Err(Fault::broken(BROKEN, Severity::Medium, member.offset, "a member has no local header"));
    }
    reader.skip(22)?;
    let name = u64::from(reader.u16()?);
    let extra = u64::from(reader.u16()?);
    reader.skip(name.saturating_add(extra))
}

/// The name in the local header that an archive begins with.
pub(crate) fn first_name(head: &[u8]) -> Option<String> {
    let rest = head.strip_prefix(b"PK\x03\x04")?;
    let length = usize::try_from(u32_at(rest, 22)? & 0xffff).ok()?;
    let name = rest.get(26..)?.get(..length)?;
    Some(String::from_utf8_lossy(name).into_owned())
}
