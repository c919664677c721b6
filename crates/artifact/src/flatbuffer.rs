//! `FlatBuffers`, read table by table with every offset checked. It knows no schema.
//!
//! Source: FlatBuffers "Internals": a table begins with the distance back to its list of fields, vectors and texts with their length.

use std::io::{self, Read, Seek};

use domain::{Role, Severity};

use crate::{
    Format, Identified, Rule, Sureness,
    protobuf::malformed,
    reader::{Bounded, Fault},
    rules,
};

/// Tables, texts and vectors that one walk follows.
const STEPS: u64 = 20_000_000;
/// Fields of one table; the largest schema that is read has about fifty.
const FIELDS: u16 = 512;

/// A walk over one buffer.
pub(crate) struct Flat<'r, R> {
    pub(crate) reader: Bounded<'r, R>,
    /// Where the buffer begins in the file: offsets count from there.
    base: u64,
    left: u64,
}

/// A table and where its list of fields lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    at: u64,
    list: u64,
    fields: u16,
    size: u16,
}

/// The elements of a vector.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Vector {
    /// The first element.
    pub(crate) at: u64,
    /// How many there are; all of them lie in the file.
    pub(crate) len: u64,
}

impl<'r, R: Read + Seek> Flat<'r, R> {
    /// The buffer that begins at `base` of a file of `len` bytes.
    pub(crate) fn new(inner: &'r mut R, base: u64, len: u64) -> Self {
        Self { reader: Bounded::new(inner, len), base, left: STEPS }
    }

    /// The root table.
    pub(crate) fn root(&mut self) -> Result<Table, Fault> {
        self.table(self.base)
    }

    /// Where the offset at `at` leads.
    fn follow(&mut self, at: u64) -> Result<u64, Fault> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            Fault::broken(
                rules::TOO_MUCH_WORK.id,
                Severity::Medium,
                at,
                "more tables than an inspection walks over",
            )
        })?;
        self.reader.seek(at)?;
        let offset = u64::from(self.reader.u32()?);
        if offset == 0 {
            return Err(malformed(at, "an offset that leads to itself"));
        }
        at.checked_add(offset).ok_or(Fault::End(at))
    }

    /// The table to which the offset at `at` leads.
    pub(crate) fn table(&mut self, at: u64) -> Result<Table, Fault> {
        let at = self.follow(at)?;
        self.reader.seek(at)?;
        let back = i64::from(self.reader.u32()?.cast_signed());
        let list = at
            .checked_add_signed(back.saturating_neg())
            .filter(|list| *list >= self.base)
            .ok_or(Fault::End(at))?;
        self.reader.seek(list)?;
        let (bytes, size) = (self.reader.u16()?, self.reader.u16()?);
        let fields = bytes.saturating_sub(4) / 2;
        if bytes < 4 || bytes % 2 != 0 || size < 4 || fields > FIELDS {
            return Err(malformed(list, "a list of fields that no writer makes"));
        }
        Ok(Table { at, list, fields, size })
    }

    /// Where a field of a table lies; none when it is left out.
    pub(crate) fn field(&mut self, table: &Table, index: u16) -> Result<Option<u64>, Fault> {
        if index >= table.fields {
            return Ok(None);
        }
        self.reader.seek(table.list.saturating_add(4).saturating_add(u64::from(index).saturating_mul(2)))?;
        let place = self.reader.u16()?;
        if place >= table.size {
            return Err(malformed(table.at, "a field behind the end of its table"));
        }
        Ok((place != 0).then(|| table.at.saturating_add(place.into())))
    }

    /// How many fields the table knows of.
    pub(crate) fn fields(table: &Table) -> u16 {
        table.fields
    }

    /// A number of one byte in a table.
    pub(crate) fn u8(&mut self, table: &Table, index: u16, default: u8) -> Result<u8, Fault> {
        let Some(at) = self.field(table, index)? else { return Ok(default) };
        self.reader.seek(at)?;
        self.reader.u8()
    }

    /// A number of four bytes in a table.
    pub(crate) fn u32(&mut self, table: &Table, index: u16, default: u32) -> Result<u32, Fault> {
        let Some(at) = self.field(table, index)? else { return Ok(default) };
        self.reader.seek(at)?;
        self.reader.u32()
    }

    /// A number of eight bytes in a table.
    pub(crate) fn u64(&mut self, table: &Table, index: u16, default: u64) -> Result<u64, Fault> {
        let Some(at) = self.field(table, index)? else { return Ok(default) };
        self.reader.seek(at)?;
        self.reader.u64()
    }

    /// A table in a table.
    pub(crate) fn child(&mut self, table: &Table, index: u16) -> Result<Option<Table>, Fault> {
        self.field(table, index)?.map(|at| self.table(at)).transpose()
    }

    /// A vector in a table, of elements of `width` bytes; an empty one where it is left out.
    pub(crate) fn vector(&mut self, table: &Table, index: u16, width: u64) -> Result<Vector, Fault> {
        let Some(at) = self.field(table, index)? else { return Ok(Vector::default()) };
        let at = self.follow(at)?;
        self.reader.seek(at)?;
        let len = u64::from(self.reader.u32()?);
        let at = self.reader.offset();
        if len.checked_mul(width).is_none_or(|bytes| bytes > self.reader.remaining()) {
            return Err(Fault::End(at));
        }
        Ok(Vector { at, len })
    }

    /// Calls `see` with each table of a vector of tables.
    pub(crate) fn tables(
        &mut self,
        table: &Table,
        index: u16,
        mut see: impl FnMut(&mut Self, Table) -> Result<(), Fault>,
    ) -> Result<u64, Fault> {
        let vector = self.vector(table, index, 4)?;
        for number in 0..vector.len {
            let child = self.table(vector.at.saturating_add(number.saturating_mul(4)))?;
            see(self, child)?;
        }
        Ok(vector.len)
    }

    /// The numbers of a vector of four bytes each.
    pub(crate) fn u32s(&mut self, table: &Table, index: u16, mut see: impl FnMut(u32)) -> Result<(), Fault> {
        let vector = self.vector(table, index, 4)?;
        self.reader.seek(vector.at)?;
        for _ in 0..vector.len {
            see(self.reader.u32()?);
        }
        Ok(())
    }

    /// A text in a table, cut at [`crate::reader::TEXT`] characters; empty where it is left out.
    pub(crate) fn text(&mut self, table: &Table, index: u16) -> Result<String, Fault> {
        let vector = self.vector(table, index, 1)?;
        self.reader.seek(vector.at)?;
        self.reader.text(vector.len)
    }

    /// Calls `see` with each text of a vector of texts.
    pub(crate) fn texts(
        &mut self,
        table: &Table,
        index: u16,
        mut see: impl FnMut(String),
    ) -> Result<(), Fault> {
        let vector = self.vector(table, index, 4)?;
        for number in 0..vector.len {
            let at = self.follow(vector.at.saturating_add(number.saturating_mul(4)))?;
            self.reader.seek(at)?;
            let length = u64::from(self.reader.u32()?);
            see(self.reader.text(length)?);
        }
        Ok(())
    }

    /// The first `cap` bytes of a vector of bytes.
    pub(crate) fn bytes(&mut self, table: &Table, index: u16, cap: usize) -> Result<Vec<u8>, Fault> {
        let vector = self.vector(table, index, 1)?;
        self.reader.seek(vector.at)?;
        self.reader.field(vector.len, cap)
    }
}

/// A format that is a FlatBuffer with an identifier of its own.
pub(crate) struct Marked {
    /// Its identifier.
    pub(crate) identifier: &'static [u8; 4],
    pub(crate) format: Format,
    /// What is said of a file that ends too early.
    pub(crate) truncated: &'static Rule,
}

impl Marked {
    /// Whether the identifier is there and the root table lies inside the file.
    pub(crate) fn plausible(&self, head: &[u8], len: u64) -> bool {
        has_identifier(head, len, self.identifier)
    }

    /// Identifies a file by its identifier and its root table, of which `read` takes what the format says about itself.
    pub(crate) fn identify<R: Read + Seek>(
        &self,
        reader: &mut R,
        head: &[u8],
        len: u64,
        read: impl FnOnce(&mut Flat<'_, R>, &Table, &mut Identified) -> Result<(), Fault>,
    ) -> io::Result<Option<Identified>> {
        if !self.plausible(head, len) {
            return Ok(None);
        }
        let reason = format!("FlatBuffer identifier {}", String::from_utf8_lossy(self.identifier));
        let mut found = Identified::new(self.format, Sureness::Certain, Role::Weights, reason);
        let mut flat = Flat::new(reader, 0, len);
        let outcome = flat.root().and_then(|root| read(&mut flat, &root, &mut found));
        found.settle(outcome, self.truncated.id)?;
        Ok(Some(found))
    }
}

/// Whether a head carries this identifier and a root that lies behind it and in the file.
fn has_identifier(head: &[u8], len: u64, identifier: &[u8; 4]) -> bool {
    head.get(4..8) == Some(identifier)
        && crate::reader::u32_at(head, 0).is_some_and(|root| root >= 8 && u64::from(root) < len)
}
