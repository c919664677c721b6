//! The lowest layer of HDF5: the superblock, addresses and lengths in the widths the file chose, and the headers of objects.
//!
//! Source: HDF5 File Format Specification 3.0, sections II and IV.A.1. It knows messages by number and span, not by meaning.

use std::io::{Read, Seek};

use crate::{
    protobuf::{Span, malformed},
    reader::{Bounded, Fault},
};

/// Messages of one object, and pieces that its header is continued in.
const MESSAGES: usize = 65_536;
const PIECES: usize = 1024;
/// Messages of all objects together.
const WORK: u64 = 4_000_000;

/// An open file.
pub(super) struct File<'r, R> {
    pub(super) reader: Bounded<'r, R>,
    /// What addresses count from.
    base: u64,
    offsets: u8,
    lengths: u8,
    left: u64,
    /// Where the library's data end.
    pub(super) end: u64,
}

/// A message in the header of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    pub(super) kind: u16,
    pub(super) flags: u8,
    pub(super) body: Span,
}

impl<'r, R: Read + Seek> File<'r, R> {
    /// Opens the file whose superblock stands at `place`; answers with the address of the root group.
    pub(super) fn open(inner: &'r mut R, len: u64, place: u64) -> Result<(Self, u64), Fault> {
        let reader = Bounded::new(inner, len);
        let mut file = Self { reader, base: place, offsets: 8, lengths: 8, left: WORK, end: len };
        file.reader.seek(place.saturating_add(8))?;
        let version = file.reader.u8()?;
        let root = if version < 2 { file.old_superblock(version)? } else { file.new_superblock()? };
        Ok((file, root))
    }

    fn old_superblock(&mut self, version: u8) -> Result<u64, Fault> {
        self.reader.skip(4)?;
        self.widths()?;
        // Reserved, the two ranks of old groups, flags; version 1 has the rank of chunk indexes as well.
        self.reader.skip(if version == 1 { 13 } else { 9 })?;
        // The library counts from where the superblock stands, whatever the base address says.
        self.reader.skip(u64::from(self.offsets).saturating_mul(2))?;
        self.end = self.raw_address()?;
        self.reader.skip(u64::from(self.offsets).saturating_mul(2))?;
        self.address()?.ok_or_else(|| malformed(self.reader.offset(), "the file has no root group"))
    }

    fn new_superblock(&mut self) -> Result<u64, Fault> {
        self.widths()?;
        self.reader.skip(1)?;
        self.reader.skip(u64::from(self.offsets).saturating_mul(2))?;
        self.end = self.raw_address()?;
        self.address()?.ok_or_else(|| malformed(self.reader.offset(), "the file has no root group"))
    }

    fn widths(&mut self) -> Result<(), Fault> {
        self.offsets = self.reader.u8()?;
        self.lengths = self.reader.u8()?;
        match (self.offsets, self.lengths) {
            (2 | 4 | 8, 2 | 4 | 8) => Ok(()),
            _ => Err(malformed(self.reader.offset(), "addresses of a width that no library writes")),
        }
    }

    /// How many bytes lie behind the last one that belongs to the file.
    pub(super) fn behind(&self, len: u64) -> u64 {
        len.saturating_sub(self.end.max(self.base.saturating_add(self.end)))
    }

    /// A number of `width` bytes.
    pub(super) fn number(&mut self, width: u8) -> Result<u64, Fault> {
        let mut bytes = [0; 8];
        let width = usize::from(width.min(8));
        self.reader.exact(bytes.get_mut(..width).unwrap_or_default())?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// A length.
    pub(super) fn length(&mut self) -> Result<u64, Fault> {
        self.number(self.lengths)
    }

    fn raw_address(&mut self) -> Result<u64, Fault> {
        self.number(self.offsets)
    }

    /// An address; none where the file says that there is none.
    pub(super) fn address(&mut self) -> Result<Option<u64>, Fault> {
        let none = u64::MAX.wrapping_shr(64u32.saturating_sub(u32::from(self.offsets).saturating_mul(8)));
        Ok(Some(self.raw_address()?).filter(|address| *address != none))
    }

    /// The width of an address in bytes.
    pub(super) fn address_width(&self) -> u64 {
        self.offsets.into()
    }

    /// The width of a length in bytes.
    pub(super) fn length_width(&self) -> u64 {
        self.lengths.into()
    }

    /// Moves to an address.
    pub(super) fn go(&mut self, address: u64) -> Result<(), Fault> {
        let at = self.place(address)?;
        self.reader.seek(at)
    }

    /// Where an address lies in the file.
    pub(super) fn place(&self, address: u64) -> Result<u64, Fault> {
        self.base.checked_add(address).ok_or(Fault::End(address))
    }

    /// Whether these four bytes stand here.
    pub(super) fn signature(&mut self, wanted: [u8; 4]) -> Result<(), Fault> {
        let mut bytes = [0; 4];
        self.reader.exact(&mut bytes)?;
        if bytes == wanted {
            return Ok(());
        }
        let name = String::from_utf8_lossy(&wanted).into_owned();
        Err(malformed(self.reader.offset(), format!("`{name}` should stand here and does not")))
    }

    /// Counts a step of work.
    pub(super) fn step(&mut self) -> Result<(), Fault> {
        let at = self.reader.offset();
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            let rule = crate::rules::TOO_MUCH_WORK.id;
            Fault::broken(rule, domain::Severity::Medium, at, "more objects than an inspection walks over")
        })?;
        Ok(())
    }

    /// The messages in the header of the object at an address.
    pub(super) fn messages(&mut self, address: u64) -> Result<Vec<Message>, Fault> {
        self.go(address)?;
        let mut found = Vec::new();
        if self.reader.u8()? == 1 {
            self.old_header(&mut found)?;
        } else {
            self.go(address)?;
            self.new_header(&mut found)?;
        }
        Ok(found)
    }

    fn old_header(&mut self, found: &mut Vec<Message>) -> Result<(), Fault> {
        self.reader.skip(7)?;
        let size = u64::from(self.reader.u32()?);
        self.reader.skip(4)?;
        let mut pieces = vec![self.piece(size)?];
        let mut seen = 0usize;
        while let Some(mut piece) = pieces.pop() {
            seen = seen.saturating_add(1);
            while piece.len() >= 8 {
                self.reader.seek(piece.at)?;
                let kind = self.reader.u16()?;
                let size = u64::from(self.reader.u16()?);
                let flags = self.reader.u8()?;
                self.reader.skip(3)?;
                let body = self.piece(size)?;
                piece.at = body.end;
                self.take(Message { kind, flags, body }, found, &mut pieces, seen, 0)?;
            }
        }
        Ok(())
    }

    fn new_header(&mut self, found: &mut Vec<Message>) -> Result<(), Fault> {
        self.signature(*b"OHDR")?;
        self.reader.skip(1)?;
        let flags = self.reader.u8()?;
        if flags & 0x20 != 0 {
            self.reader.skip(16)?;
        }
        if flags & 0x10 != 0 {
            self.reader.skip(4)?;
        }
        let size = self.number(1u8.wrapping_shl((flags & 3).into()))?;
        let (mut pieces, mut seen) = (vec![self.piece(size)?], 0usize);
        let ordered = flags & 4 != 0;
        let header = if ordered { 6 } else { 4 };
        while let Some(mut piece) = pieces.pop() {
            seen = seen.saturating_add(1);
            while piece.len() >= header {
                self.reader.seek(piece.at)?;
                let kind = u16::from(self.reader.u8()?);
                let size = u64::from(self.reader.u16()?);
                let flags = self.reader.u8()?;
                self.reader.skip(if ordered { 2 } else { 0 })?;
                let body = self.piece(size)?;
                piece.at = body.end;
                // A continuation begins with a signature and ends with a checksum, both of four bytes.
                self.take(Message { kind, flags, body }, found, &mut pieces, seen, 4)?;
            }
        }
        Ok(())
    }

    /// The next `size` bytes.
    fn piece(&mut self, size: u64) -> Result<Span, Fault> {
        let at = self.reader.offset();
        self.reader.skip(size)?;
        Ok(Span { at, end: at.saturating_add(size) })
    }

    fn take(
        &mut self,
        message: Message,
        found: &mut Vec<Message>,
        pieces: &mut Vec<Span>,
        seen: usize,
        edge: u64,
    ) -> Result<(), Fault> {
        self.step()?;
        if found.len() >= MESSAGES || seen.saturating_add(pieces.len()) >= PIECES {
            return Err(malformed(message.body.at, "an object with more messages than any has"));
        }
        if message.kind != 0x10 {
            found.push(message);
            return Ok(());
        }
        self.reader.seek(message.body.at)?;
        let address = self.address()?;
        let size = self.length()?;
        if let Some(address) = address {
            let at = self.place(address)?.saturating_add(edge);
            let end = at.checked_add(size.saturating_sub(edge.saturating_mul(2))).ok_or(Fault::End(at))?;
            pieces.push(Span { at, end });
        }
        Ok(())
    }
}
