//! The records of a zip archive as they stand in the file: local headers, entries of the directory, end records.
//!
//! It compares nothing and judges nothing. Source: PKWARE APPNOTE 6.3.10, section 4.3.

use std::io::{self, Read, Seek};

use crate::{
    inspect::Bytes,
    reader::{Bounded, Fault, u32_at, u64_at},
};

/// Names are kept up to this length; no file system has longer ones.
const NAME: usize = 4096;
/// A local header without name and extra fields, an end record without its comment, the locator before it.
pub(super) const LOCAL: u64 = 30;
pub(super) const END: u64 = 22;
const LOCATOR: u64 = 20;
/// As far back as readers look for the end record.
const SEARCH: u64 = 65_535 + END;
/// End records that are considered; an archive has one.
const ENDS: usize = 8;

/// What a header says of a member, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    /// Bytes in the archive, and unpacked.
    pub(super) packed: u64,
    pub(super) size: u64,
}

impl Header {
    pub(super) fn encrypted(&self) -> bool {
        self.flags & 0x2041 != 0
    }

    /// Whether checksum and sizes follow the data.
    pub(super) fn streamed(&self) -> bool {
        self.flags & 8 != 0
    }
}

/// A local header and where it lies.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) header: Header,
    pub(super) at: u64,
    /// Where the data begins.
    pub(super) data: u64,
    /// Whether the sizes are those of a zip64 field.
    pub(super) wide: bool,
}

impl Local {
    /// Whether it looks like more than four bytes that happen to be a signature.
    pub(super) fn is_likely(&self) -> bool {
        let header = &self.header;
        matches!(header.method, 0 | 8 | 9 | 12 | 14 | 93 | 95 | 98 | 99)
            && !header.name.is_empty()
            && header.name.len() < 1024
            && header.name.iter().all(|byte| *byte >= b' ')
    }
}

/// An entry of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) header: Header,
    /// Where the local header is said to lie, from the first byte of the archive proper.
    pub(super) offset: u64,
    /// The mode of a file on Unix, 0 where the archive comes from elsewhere.
    pub(super) mode: u32,
}

/// Where an end record places a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) members: u64,
    /// What has to be added to offsets, as readers do when something was put before the archive or cut off it.
    pub(super) shift: i64,
}

/// An end record, with all directories that one reader or another finds by it.
#[derive(Debug)]
pub(super) struct End {
    pub(super) at: u64,
    /// The first byte behind its comment.
    pub(super) stop: u64,
    pub(super) comment: u64,
    /// The first byte of the end records, zip64 ones included.
    pub(super) start: u64,
    pub(super) directories: Vec<Directory>,
    /// Whether the zip64 record says something else than the old one, where that says something.
    pub(super) torn: bool,
}

/// The end records in the last 64 KiB, the last one first.
pub(super) fn ends(bytes: &Bytes<'_>) -> io::Result<Vec<End>> {
    let from = bytes.len().saturating_sub(SEARCH);
    let window = bytes.after(from).whole(usize::try_from(SEARCH).unwrap_or(usize::MAX))?.unwrap_or_default();
    let mut found = Vec::new();
    for at in (0..window.len().saturating_sub(3)).rev() {
        let Some(record) = window.get(at..).filter(|rest| rest.starts_with(b"PK\x05\x06")) else { continue };
        if (record.len() as u64) < END || found.len() >= ENDS {
            continue;
        }
        if let Some(end) = end(bytes, from.saturating_add(at as u64), record)? {
            found.push(end);
        }
    }
    Ok(found)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|two| u16::from_le_bytes(*two))
}

fn end(bytes: &Bytes<'_>, at: u64, record: &[u8]) -> io::Result<Option<End>> {
    let fields = || {
        let members = u64::from(u16_at(record, 10)?);
        let (size, offset) = (u64::from(u32_at(record, 12)?), u64::from(u32_at(record, 16)?));
        Some((members, size, offset, u64::from(u16_at(record, 20)?)))
    };
    let Some((members, size, offset, comment)) = fields() else { return Ok(None) };
    let mut found = End {
        at,
        stop: at.saturating_add(END).saturating_add(comment).min(bytes.len()),
        comment,
        start: at,
        directories: Vec::new(),
        torn: false,
    };
    if let Some((record, wide)) = zip64(bytes, at)? {
        found.start = record;
        found.torn = (members != 0xffff && members != wide.0)
            || (size != 0xffff_ffff && size != wide.1)
            || (offset != 0xffff_ffff && offset != wide.2);
        found.add(bytes, record, wide)?;
    }
    if found.directories.is_empty() || found.torn {
        found.add(bytes, at, (members, size, offset))?;
    }
    Ok(Some(found))
}

/// Members, size and offset of a directory, as an end record gives them.
type Said = (u64, u64, u64);

/// The zip64 end record that a locator before `end` points at.
fn zip64(bytes: &Bytes<'_>, end: u64) -> io::Result<Option<(u64, Said)>> {
    let Some(at) = end.checked_sub(LOCATOR) else { return Ok(None) };
    let mut locator = [0; 20];
    bytes.after(at).head(&mut locator)?;
    let Some(said) = u64_at(&locator, 8).filter(|_| locator.starts_with(b"PK\x06\x07")) else {
        return Ok(None);
    };
    // A record without extensions ends where the locator begins, wherever it is said to lie.
    for place in [said, at.saturating_sub(56)] {
        let mut record = [0; 56];
        bytes.after(place).head(&mut record)?;
        if place < at && record.starts_with(b"PK\x06\x06") {
            let field = |at| u64_at(&record, at).unwrap_or_default();
            return Ok(Some((place, (field(32), field(40), field(48)))));
        }
    }
    Ok(None)
}

impl End {
    /// Adds the directory as it is said to lie, and as it lies when it ends where the end records begin.
    fn add(&mut self, bytes: &Bytes<'_>, end: u64, (members, size, offset): Said) -> io::Result<()> {
        let computed = end.checked_sub(size);
        for start in computed.into_iter().chain([offset]) {
            let mut signature = [0; 4];
            bytes.after(start).head(&mut signature)?;
            let empty = members == 0 && size == 0;
            let known = self.directories.iter().any(|known| known.start == start);
            if !known && (&signature == b"PK\x01\x02" || (empty && Some(start) == computed)) {
                let shift = i64::try_from(i128::from(start).saturating_sub(i128::from(offset))).unwrap_or(0);
                self.directories.push(Directory { start, size, members, shift });
            }
        }
        Ok(())
    }
}

/// Reads entries until there are no more, whatever number was announced; answers where they ended.
pub(super) fn entries(
    bytes: &Bytes<'_>,
    directory: &Directory,
    limit: u64,
    mut see: impl FnMut(u64, Entry),
) -> Result<Walked, Fault> {
    let mut reader = bytes.reader();
    let mut reader = Bounded::new(&mut reader, bytes.len());
    reader.seek(directory.start)?;
    let mut members = 0u64;
    loop {
        let at = reader.offset();
        if reader.remaining() < 4 || reader.u32()? != 0x0201_4b50 {
            return Ok(Walked { members, end: at, all: true });
        }
        if members >= limit {
            return Ok(Walked { members, end: at, all: false });
        }
        see(at, entry(&mut reader)?);
        members = members.saturating_add(1);
    }
}

/// How far a walk over a directory came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walked {
    pub(super) members: u64,
    pub(super) end: u64,
    pub(super) all: bool,
}

fn entry<R: Read + Seek>(reader: &mut Bounded<'_, R>) -> Result<Entry, Fault> {
    let made_by = reader.u16()?;
    reader.skip(2)?;
    let (flags, method) = (reader.u16()?, reader.u16()?);
    reader.skip(4)?;
    let (crc32, packed, size) = (reader.u32()?, reader.u32()?, reader.u32()?);
    let (name, extra, comment) = (reader.u16()?, reader.u16()?, reader.u16()?);
    reader.skip(4)?;
    let (attributes, offset) = (reader.u32()?, reader.u32()?);
    let name = reader.field(u64::from(name), NAME)?;
    let extra = reader.field(u64::from(extra), usize::from(u16::MAX))?;
    reader.skip(u64::from(comment))?;
    let mut sizes = [(u64::from(size), size), (u64::from(packed), packed), (u64::from(offset), offset)];
    widen(&extra, &mut sizes);
    let [(size, _), (packed, _), (offset, _)] = sizes;
    let mode = if made_by >> 8 == 3 { attributes >> 16 } else { 0 };
    Ok(Entry { header: Header { name, flags, method, crc32, packed, size }, offset, mode })
}

/// Takes the numbers that stand in the zip64 field because they were too large for their place; answers whether there is one.
fn widen(extra: &[u8], numbers: &mut [(u64, u32)]) -> bool {
    let mut rest = extra;
    while let Some((id, length)) = u16_at(rest, 0).zip(u16_at(rest, 2)) {
        let field = rest.get(4..).unwrap_or_default();
        let field = field.get(..usize::from(length)).unwrap_or(field);
        if id == 1 {
            let mut wide = field.chunks_exact(8).filter_map(|chunk| u64_at(chunk, 0));
            for (number, narrow) in numbers.iter_mut() {
                if *narrow == u32::MAX
                    && let Some(value) = wide.next()
                {
                    *number = value;
                }
            }
            return true;
        }
        rest = rest.get(usize::from(length).saturating_add(4)..).unwrap_or_default();
    }
    false
}

/// The local header at `at`, if there is one.
pub(super) fn local(bytes: &Bytes<'_>, at: u64) -> io::Result<Option<Local>> {
    let mut head = [0; 512];
    let got = bytes.after(at).head(&mut head)?;
    let head = head.get(..got).unwrap_or_default();
    if !head.starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    let fixed = || {
        let (flags, method) = (u16_at(head, 6)?, u16_at(head, 8)?);
        let (crc32, packed, size) = (u32_at(head, 14)?, u32_at(head, 18)?, u32_at(head, 22)?);
        Some((flags, method, crc32, packed, size, u16_at(head, 26)?, u16_at(head, 28)?))
    };
    let Some((flags, method, crc32, packed, size, name, extra)) = fixed() else { return Ok(None) };
    let data = at.saturating_add(LOCAL).saturating_add(u64::from(name)).saturating_add(u64::from(extra));
    if data > bytes.len() {
        return Ok(None);
    }
    let long;
    let wanted = usize::from(name).saturating_add(usize::from(extra));
    let texts = match head.get(30..30usize.saturating_add(wanted)) {
        Some(texts) => texts,
        None => {
            long = bytes
                .span(at.saturating_add(LOCAL), wanted as u64)
                .map(|texts| texts.whole(wanted))
                .transpose()?;
            long.as_ref().and_then(Option::as_deref).unwrap_or_default()
        }
    };
    let (name, extra) = texts.split_at_checked(usize::from(name)).unwrap_or_default();
    let mut sizes = [(u64::from(size), size), (u64::from(packed), packed)];
    let wide = widen(extra, &mut sizes);
    let [(size, _), (packed, _)] = sizes;
    let name = name.get(..name.len().min(NAME)).unwrap_or_default().to_vec();
    Ok(Some(Local { header: Header { name, flags, method, crc32, packed, size }, at, data, wide }))
}

/// The length of the descriptor that follows data of these sizes at `at`; 0 when there is none.
pub(super) fn descriptor(bytes: &Bytes<'_>, at: u64, packed: u64) -> io::Result<u64> {
    let mut head = [0; 32];
    let got = bytes.after(at).head(&mut head)?;
    let head = head.get(..got).unwrap_or_default();
    let signature = if head.starts_with(b"PK\x07\x08") { 4usize } else { 0 };
    let sizes = signature.saturating_add(4);
    let narrow = u32_at(head, sizes).map(u64::from) == Some(packed & 0xffff_ffff);
    let wide = u64_at(head, sizes) == Some(packed);
    // The sizes of an empty member look the same in both widths: what follows decides.
    let ends = |length: usize| matches!(head.get(length..), Some([b'P', b'K', 1 | 3 | 5 | 6, ..]));
    let (short, long) = (signature.saturating_add(12), signature.saturating_add(20));
    Ok(match () {
        () if narrow && (ends(short) || !wide) => short as u64,
        () if wide => long as u64,
        () => signature as u64,
    })
}
