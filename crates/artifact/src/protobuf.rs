//! The wire format of protocol buffers, walked field by field inside spans that lie inside each other.
//!
//! Source: "Encoding" in the protocol buffers documentation. It knows no message; what is not asked for is skipped unread.

use std::io::{Read, Seek};

use domain::Severity;

use crate::{
    reader::{Bounded, Fault},
    rules,
};

/// Fields that one walk reads. Honest models have thousands; numbers that are not packed may make millions.
const FIELDS: u64 = 40_000_000;

/// A message that is still to be read: from an offset up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) at: u64,
    /// The byte behind the last one.
    pub(crate) end: u64,
}

impl Span {
    /// How many bytes it has.
    pub(crate) const fn len(self) -> u64 {
        self.end.saturating_sub(self.at)
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// A number of variable length.
    Number(u64),
    /// Eight bytes, little-endian.
    Fixed64(u64),
    /// Four bytes, little-endian.
    Fixed32(u32),
    /// A text, bytes, packed numbers or a message.
    Payload(Span),
}

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its number.
    pub(crate) number: u64,
    /// Where its key stands.
    pub(crate) at: u64,
    /// What it holds.
    pub(crate) value: Value,
}

impl Field {
    /// The payload, if it has one.
    pub(crate) const fn payload(self) -> Option<Span> {
        match self.value {
            Value::Payload(span) => Some(span),
            _ => None,
        }
    }
}

/// A walk over the messages of one file.
pub(crate) struct Wire<'r, R> {
    reader: Bounded<'r, R>,
    left: u64,
}

impl<'r, R: Read + Seek> Wire<'r, R> {
    /// A walk over a file of `len` bytes.
    pub(crate) fn new(inner: &'r mut R, len: u64) -> Self {
        Self { reader: Bounded::new(inner, len), left: FIELDS }
    }

    /// The next field of a message, which then begins behind it; none at its end.
    pub(crate) fn next(&mut self, message: &mut Span) -> Result<Option<Field>, Fault> {
        if message.at >= message.end {
            return Ok(None);
        }
        let at = message.at;
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            Fault::broken(
                rules::TOO_MUCH_WORK.id,
                Severity::Medium,
                at,
                "more fields than an inspection walks over",
            )
        })?;
        self.reader.seek(at)?;
        let key = self.reader.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.reader.varint()?),
            1 => Value::Fixed64(self.reader.u64()?),
            2 => Value::Payload(self.span(message.end)?),
            5 => Value::Fixed32(self.reader.u32()?),
            _ => return Err(malformed(at, "a field of a kind that no message has")),
        };
        message.at = match value {
            Value::Payload(span) => span.end,
            _ => self.reader.offset(),
        };
        if key >> 3 == 0 || message.at > message.end {
            return Err(malformed(at, "a field that is none, or that is longer than its message"));
        }
        Ok(Some(Field { number: key >> 3, at, value }))
    }

    fn span(&mut self, end: u64) -> Result<Span, Fault> {
        let size = self.reader.varint()?;
        let at = self.reader.offset();
        match at.checked_add(size) {
            Some(stop) if stop <= end => Ok(Span { at, end: stop }),
            _ => Err(Fault::End(at)),
        }
    }

    /// The first bytes of a payload, at most `cap`.
    pub(crate) fn bytes(&mut self, span: Span, cap: usize) -> Result<Vec<u8>, Fault> {
        self.reader.seek(span.at)?;
        self.reader.field(span.len(), cap)
    }

    /// A payload as text, cut at [`crate::reader::TEXT`] characters.
    pub(crate) fn text(&mut self, span: Span) -> Result<String, Fault> {
        self.reader.seek(span.at)?;
        self.reader.text(span.len())
    }

    /// Calls `see` with every number of a field that may be packed or not.
    pub(crate) fn numbers(&mut self, field: Field, mut see: impl FnMut(u64)) -> Result<(), Fault> {
        match field.value {
            Value::Number(number) => see(number),
            Value::Payload(span) => {
                self.reader.seek(span.at)?;
                while self.reader.offset() < span.end {
                    see(self.reader.varint()?);
                }
            }
            Value::Fixed64(_) | Value::Fixed32(_) => {}
        }
        Ok(())
    }

    /// A key and a value, as maps are written: both texts, fields 1 and 2; the value cut at `cap` bytes.
    pub(crate) fn entry(&mut self, mut message: Span, cap: usize) -> Result<(String, Vec<u8>), Fault> {
        let (mut key, mut value) = (String::new(), Vec::new());
        while let Some(field) = self.next(&mut message)? {
            match (field.number, field.payload()) {
                (1, Some(span)) => key = self.text(span)?,
                (2, Some(span)) => value = self.bytes(span, cap)?,
                _ => {}
            }
        }
        Ok((key, value))
    }
}

/// A contradiction in the structure of a file.
pub(crate) fn malformed(at: u64, message: impl Into<String>) -> Fault {
    Fault::broken(rules::graphs::MALFORMED.id, Severity::Medium, at, message)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn count(bytes: &[u8], depth: u8) -> Result<u64, Fault> {
        let mut source = Cursor::new(bytes);
        let mut wire = Wire::new(&mut source, bytes.len() as u64);
        inside(&mut wire, Span { at: 0, end: bytes.len() as u64 }, depth)
    }

    fn inside(wire: &mut Wire<'_, Cursor<&[u8]>>, mut message: Span, depth: u8) -> Result<u64, Fault> {
        let mut fields = 0;
        while let Some(field) = wire.next(&mut message)? {
            fields += 1;
            if let Some(span) = field.payload().filter(|_| depth > 0) {
                fields += inside(wire, span, depth - 1).unwrap_or(0);
            }
        }
        Ok(fields)
    }

    #[test]
    fn fields_are_walked_in_order_and_never_beyond_their_message() {
        assert_eq!(count(&[8, 1, 0x12, 2, 8, 5, 0x1d, 0, 0, 0, 0], 1).unwrap(), 4);
        assert!(matches!(count(&[0x12, 9, 8, 5], 0), Err(Fault::End(_))), "longer than the file");
        assert!(count(&[0x0b, 1], 0).is_err(), "a group");
        assert!(count(&[0, 1], 0).is_err(), "field 0");
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = count(&bytes, 4);
        }
    }
}
