//! Attributes of objects in HDF5: their names and, where they are texts or bytes, their values.
//!
//! Source: HDF5 File Format Specification 3.0, sections IV.A.2.b (dataspace), .d (datatype), .m (attribute).

use std::io::{Read, Seek};

use super::file::File;
use crate::{protobuf::Span, reader::Fault};

/// The type of the elements of an attribute or a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// 0 whole numbers, 1 floats, 3 texts of fixed length, 5 opaque, 9 of variable length.
    pub(super) class: u8,
    pub(super) size: u64,
}

/// A name, and the value if it is one text or one run of bytes.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) value: Option<Vec<u8>>,
}

impl<R: Read + Seek> File<'_, R> {
    /// Reads an attribute message; of its value at most `cap` bytes, none when it is longer.
    pub(super) fn attribute(&mut self, body: Span, cap: usize) -> Result<Attribute, Fault> {
        self.reader.seek(body.at)?;
        let version = self.reader.u8()?;
        let flags = self.reader.u8()?;
        let sizes = [self.reader.u16()?, self.reader.u16()?, self.reader.u16()?].map(u64::from);
        if version == 3 {
            self.reader.skip(1)?;
        }
        // Version 1 pads each of the three parts.
        let padded = |size: u64| if version == 1 { size.next_multiple_of(8) } else { size };
        let [name_size, kind_size, space_size] = sizes;
        let name_at = self.reader.offset();
        let kind_at = name_at.saturating_add(padded(name_size));
        let space_at = kind_at.saturating_add(padded(kind_size));
        let data_at = space_at.saturating_add(padded(space_size));
        let name = self.text_to_zero()?;
        let shared = flags & 1 != 0;
        self.reader.seek(kind_at)?;
        let kind = self.kind()?;
        self.reader.seek(space_at)?;
        let elements = self.elements()?.unwrap_or(u64::MAX);
        let value = match elements {
            1 if !shared => self.value(kind, Span { at: data_at, end: body.end }, cap)?,
            _ => None,
        };
        Ok(Attribute { name, value })
    }

    /// The type that begins here.
    pub(super) fn kind(&mut self) -> Result<Kind, Fault> {
        let class = self.reader.u8()? & 0x0f;
        self.reader.skip(3)?;
        Ok(Kind { class, size: self.reader.u32()?.into() })
    }

    /// The number of elements of the space that begins here; none when it overflows.
    pub(super) fn elements(&mut self) -> Result<Option<u64>, Fault> {
        let version = self.reader.u8()?;
        let rank = self.reader.u8()?;
        self.reader.skip(1)?;
        let null = self.reader.u8()? == 2 && version > 1;
        if version == 1 {
            self.reader.skip(4)?;
        }
        let mut all = Some(u64::from(!null));
        for _ in 0..rank.min(32) {
            let extent = self.length()?;
            all = all.and_then(|all| all.checked_mul(extent));
        }
        Ok(all)
    }

    fn value(&mut self, kind: Kind, data: Span, cap: usize) -> Result<Option<Vec<u8>>, Fault> {
        let span = match kind.class {
            3 | 5 => Some(Span { at: data.at, end: data.at.saturating_add(kind.size).min(data.end) }),
            9 => {
                self.reader.seek(data.at)?;
                let length = u64::from(self.reader.u32()?);
                let collection = self.address()?;
                let index = self.reader.u32()?;
                match collection {
                    Some(collection) if collection > 0 => self
                        .global(collection, index)?
                        .map(|span| Span { at: span.at, end: span.end.min(span.at.saturating_add(length)) }),
                    _ => None,
                }
            }
            _ => None,
        };
        let Some(span) = span.filter(|span| usize::try_from(span.len()).is_ok_and(|len| len <= cap)) else {
            return Ok(None);
        };
        self.reader.seek(span.at)?;
        self.reader.field(span.len(), cap).map(Some)
    }
}
