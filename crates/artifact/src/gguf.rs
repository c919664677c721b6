//! GGUF, versions 1 to 3 in both byte orders, walked as llama.cpp walks it: keys, then tensor descriptions.
//!
//! Source of the format: ggml, `docs/gguf.md`. Version 1 has 32-bit counts and lengths, later ones 64-bit.
//! What the keys mean is in [`keys`]; this file only knows how they are laid out.

mod keys;
mod strict;
mod tables;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek};

use domain::{Role, Severity};

pub(crate) use self::tables::{file_type, tensor_type};
use self::{
    keys::Keys,
    strict::{Strict, Tensor},
};
use crate::{
    Format, Identified, Sureness,
    inspect::{Bytes, Look},
    reader::{Bounded, Fault, u32_at},
    rules,
};

const TRUNCATED: &str = "gguf-truncated";
/// More keys or a longer header than any published model has; what lies beyond is not read.
const KEY_LIMIT: u64 = 65_536;
const HEADER_LIMIT: u64 = 64 << 20;
/// The specification's limit for a key.
const KEY_LENGTH: u64 = 65_535;
/// ggml's limit for dimensions of a tensor.
const DIMENSIONS: u32 = 4;
/// Arrays of arrays are in the specification and in no loader.
const NESTING: u8 = 2;
/// Alignments above this waste more than they help, and overflow what is computed from them.
const ALIGNMENT_LIMIT: u64 = 1 << 20;

/// A value of a key, as far as it is kept.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Number(u64),
    /// A negative number, a float or a truth value, as text.
    Other(String),
    Array,
}

/// Byte order and version from the first eight bytes. A version beyond 3 is kept as it is.
fn version(head: &[u8]) -> Option<(u32, bool)> {
    let number = u32_at(head.strip_prefix(b"GGUF")?, 0)?;
    let (little, big) = (number, number.swap_bytes());
    match (little < 0x1_0000, big < 0x1_0000) {
        (true, _) => Some((little, false)),
        (false, true) => Some((big, true)),
        _ => None,
    }
}

/// Whether the head begins as GGUF does.
pub(crate) fn plausible(head: &[u8]) -> bool {
    version(head).is_some()
}

/// Identifies GGUF and reads what it says about itself.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    let Some((version, big_endian)) = version(head) else { return Ok(None) };
    let order = if big_endian { ", big-endian" } else { "" };
    let reason = format!("magic GGUF, version {version}{order}");
    let mut found = Identified::new(Format::Gguf, Sureness::Certain, Role::Weights, reason);
    if !(1..=3).contains(&version) {
        found.sure = Sureness::Probable;
        let message = format!("version {version} of GGUF is not known");
        found.settle(Err(Fault::broken("gguf-version", Severity::Medium, 4, message)), TRUNCATED)?;
        return Ok(Some(found));
    }
    let mut bounded = Bounded::new(reader, len);
    if big_endian {
        bounded.set_big_endian();
    }
    let mut walk = Walk::new(bounded, version, (KEY_LIMIT, HEADER_LIMIT));
    let outcome = walk.header();
    walk.keys.describe(&mut found);
    found.settle(outcome, TRUNCATED)?;
    Ok(Some(found))
}

struct Walk<'r, R> {
    reader: Bounded<'r, R>,
    /// Version 1: counts and lengths have 32 bits.
    narrow: bool,
    keys: Keys,
    /// The most keys, and the most bytes of a header, that are walked.
    limits: (u64, u64),
    /// What an inspection gathers on the way.
    strict: Option<Strict>,
    /// Where the last text that was read begins, and its length.
    text: (u64, u64),
}

impl<'r, R: Read + Seek> Walk<'r, R> {
    fn new(reader: Bounded<'r, R>, version: u32, limits: (u64, u64)) -> Self {
        // Version 1: counts and lengths have 32 bits.
        let narrow = version == 1;
        Self { reader, narrow, keys: Keys::default(), limits, strict: None, text: (0, 0) }
    }
    fn header(&mut self) -> Result<(), Fault> {
        self.reader.skip(8)?;
        let counts_at = self.reader.offset();
        let tensors = self.size()?;
        let keys = self.size()?;
        self.check_counts(counts_at, tensors, keys)?;
        for _ in 0..keys {
            self.key_value()?;
        }
        self.keys.tensors = Some(tensors);
        let mut parameters = Some(0u64);
        let mut data_end = 0u64;
        for _ in 0..tensors {
            let (elements, end) = self.tensor()?;
            parameters = parameters.and_then(|sum| sum.checked_add(elements));
            data_end = data_end.max(end);
        }
        self.keys.parameters = parameters;
        self.check_data(data_end)
    }

    /// A count or length: 32 bits in version 1, 64 later.
    fn size(&mut self) -> Result<u64, Fault> {
        if self.narrow { self.reader.u32().map(u64::from) } else { self.reader.u64() }
    }

    /// The smallest key needs 9 or 13 bytes and the smallest tensor 24: more of them than fit is a lie.
    fn check_counts(&self, at: u64, tensors: u64, keys: u64) -> Result<(), Fault> {
        let room = self.reader.remaining();
        let smallest_key = if self.narrow { 9 } else { 13 };
        if keys.checked_mul(smallest_key).is_none_or(|need| need > room) {
            let message = format!("the header announces {keys} keys, more than the file can hold");
            return Err(Fault::broken("gguf-key-count", Severity::High, at, message));
        }
        let most = self.limits.0;
        if keys > most {
            let message = format!("the header announces {keys} keys; {most} are read at most");
            return Err(Fault::broken("gguf-key-count", Severity::Medium, at, message));
        }
        if tensors.checked_mul(24).is_none_or(|need| need > room) {
            let message = format!("the header announces {tensors} tensors, more than the file can hold");
            return Err(Fault::broken("gguf-tensor-count", Severity::High, at, message));
        }
        Ok(())
    }

    fn within_limit(&self) -> Result<(), Fault> {
        let at = self.reader.offset();
        let most = self.limits.1;
        if at <= most && !self.strict.as_ref().is_some_and(Strict::is_full) {
            return Ok(());
        }
        let message = format!("the header is longer than {most} bytes or has more names than are read");
        Err(Fault::broken("gguf-header-limit", Severity::Medium, at, message))
    }

    /// The length of a text, checked against what is left.
    fn length(&mut self) -> Result<u64, Fault> {
        let at = self.reader.offset();
        let length = self.size()?;
        if length <= self.reader.remaining() {
            return Ok(length);
        }
        let message = format!("a text announces {length} bytes, more than the file holds");
        Err(Fault::broken("gguf-string-length", Severity::High, at, message))
    }

    fn key_value(&mut self) -> Result<(), Fault> {
        self.within_limit()?;
        let at = self.reader.offset();
        let length = self.length()?;
        if length > KEY_LENGTH {
            let message = format!("a key has {length} bytes; the format allows {KEY_LENGTH}");
            return Err(Fault::broken("gguf-string-length", Severity::High, at, message));
        }
        let key = self.reader.text(length)?;
        let kind = self.reader.u32()?;
        let value = self.value(kind, 0)?;
        if let Some(strict) = &mut self.strict {
            strict.key(&key, &value, self.text.0, self.text.1);
        }
        self.keys.note(&key, value);
        Ok(())
    }

    fn value(&mut self, kind: u32, depth: u8) -> Result<Value, Fault> {
        let at = self.reader.offset();
        Ok(match kind {
            0 => Value::Number(self.reader.u8()?.into()),
            1 => signed(self.reader.u8()?.cast_signed().into()),
            2 => Value::Number(self.reader.u16()?.into()),
            3 => signed(self.reader.u16()?.cast_signed().into()),
            4 => Value::Number(self.reader.u32()?.into()),
            5 => signed(self.reader.u32()?.cast_signed().into()),
            6 => Value::Other(f32::from_bits(self.reader.u32()?).to_string()),
            7 => Value::Other((self.reader.u8()? != 0).to_string()),
            8 => {
                let length = self.length()?;
                self.text = (self.reader.offset(), length);
                Value::Text(self.reader.text(length)?)
            }
            9 => self.array(depth)?,
            10 => Value::Number(self.reader.u64()?),
            11 => signed(self.reader.u64()?.cast_signed()),
            12 => Value::Other(f64::from_bits(self.reader.u64()?).to_string()),
            _ => {
                let message = format!("a key has a value of the unknown type {kind}");
                return Err(Fault::broken("gguf-value-type", Severity::Medium, at, message));
            }
        })
    }

    fn array(&mut self, depth: u8) -> Result<Value, Fault> {
        let at = self.reader.offset();
        let kind = self.reader.u32()?;
        let count = self.size()?;
        let smallest = match kind {
            8 if self.narrow => 4,
            8 => 8,
            9 => 8,
            _ => scalar_size(kind),
        };
        let need = count.checked_mul(smallest).filter(|need| *need <= self.reader.remaining());
        let Some(need) = need else {
            let message = format!("an array announces {count} elements, more than the file can hold");
            return Err(Fault::broken("gguf-array-length", Severity::High, at, message));
        };
        match kind {
            8 => {
                for _ in 0..count {
                    self.within_limit()?;
                    let length = self.length()?;
                    self.reader.skip(length)?;
                }
            }
            9 if depth >= NESTING => {
                let message = "arrays are nested deeper than any loader reads".to_owned();
                return Err(Fault::broken("gguf-array-depth", Severity::High, at, message));
            }
            9 => {
                for _ in 0..count {
                    self.within_limit()?;
                    self.array(depth.saturating_add(1))?;
                }
            }
            0..=7 | 10..=12 => self.reader.skip(need)?,
            _ => {
                let message = format!("an array has elements of the unknown type {kind}");
                return Err(Fault::broken("gguf-value-type", Severity::Medium, at, message));
            }
        }
        Ok(Value::Array)
    }

    /// A tensor's description: its number of elements, and where its data ends after the start of the data.
    fn tensor(&mut self) -> Result<(u64, u64), Fault> {
        self.within_limit()?;
        let name_length = self.length()?;
        let name = match self.strict {
            Some(_) => self.name(name_length)?,
            None => self.reader.skip(name_length).map(|()| String::new())?,
        };
        let at = self.reader.offset();
        let dimensions = self.reader.u32()?;
        if dimensions > DIMENSIONS {
            let message = format!("a tensor has {dimensions} dimensions; {DIMENSIONS} is the most");
            return Err(Fault::broken("gguf-dimensions", Severity::High, at, message));
        }
        let mut elements = Some(1u64);
        let mut row = None;
        for _ in 0..dimensions {
            let extent = self.size()?;
            row.get_or_insert(extent);
            // A dimension of zero hides what the others come to.
            elements = elements.filter(|_| extent <= i64::MAX.cast_unsigned());
            elements = elements.and_then(|product| product.checked_mul(extent));
        }
        // ggml counts elements in a signed 64-bit number.
        let Some(elements) = elements.filter(|count| i64::try_from(*count).is_ok()) else {
            let message = "the dimensions of a tensor overflow when multiplied".to_owned();
            return Err(Fault::broken("gguf-dimensions", Severity::High, at, message));
        };
        let kind = self.reader.u32()?;
        let offset = self.reader.u64()?;
        self.keys.weigh(kind, elements);
        let bytes = tensor_type(kind).map_or(0, |known| known.bytes(elements));
        let Some(end) = offset.checked_add(bytes) else {
            let message = "the place of a tensor overflows".to_owned();
            return Err(Fault::broken("gguf-tensor-offset", Severity::High, at, message));
        };
        if let Some(strict) = &mut self.strict {
            let row = row.unwrap_or(1);
            strict.tensor(Tensor { name, name_length, at, row, elements, kind, offset });
        }
        Ok((elements, end))
    }

    /// A name of a tensor, whole up to some length: names are compared, and a long one is wrong already.
    fn name(&mut self, length: u64) -> Result<String, Fault> {
        let bytes = self.reader.field(length, 4096)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The tensors must lie inside the file; a download that broke off is the usual reason when they do not.
    fn check_data(&self, data_end: u64) -> Result<(), Fault> {
        let at = self.reader.offset();
        let alignment = self.keys.alignment();
        if !alignment.is_power_of_two() || alignment > ALIGNMENT_LIMIT {
            let message = format!("the alignment {alignment} is not a sensible power of two");
            return Err(Fault::broken("gguf-alignment", Severity::High, at, message));
        }
        let start = at.checked_next_multiple_of(alignment);
        let end = start.and_then(|start| start.checked_add(data_end));
        let len = at.saturating_add(self.reader.remaining());
        if data_end == 0 || end.is_some_and(|end| end <= len) {
            return Ok(());
        }
        let message = format!("the tensors need more than the {len} bytes of the file");
        Err(Fault::broken(TRUNCATED, Severity::Medium, at, message))
    }
}

fn signed(number: i64) -> Value {
    u64::try_from(number).map_or_else(|_| Value::Other(number.to_string()), Value::Number)
}

const fn scalar_size(kind: u32) -> u64 {
    match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        _ => 0,
    }
}

/// Looks at all of the file: the header to its end, every template, every place of a tensor, what follows the end.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut head = [0; 8];
    bytes.head(&mut head)?;
    let Some((version @ 1..=3, big_endian)) = version(&head) else { return Ok(()) };
    let mut reader = bytes.reader();
    let mut bounded = Bounded::new(&mut reader, bytes.len());
    if big_endian {
        bounded.set_big_endian();
    }
    let mut walk = Walk::new(bounded, version, (strict::NAMES as u64, look.limits.text as u64));
    walk.strict = Some(Strict::default());
    let outcome = walk.header();
    let (header_end, alignment) = (walk.reader.offset(), walk.keys.alignment());
    let mut strict = walk.strict.take().unwrap_or_default();
    strict.judge(bytes, look)?;
    let broken = match &outcome {
        Ok(()) => false,
        // A file that was cut off still has a header whose places can be compared.
        Err(Fault::Broken(fact)) => fact.rule != TRUNCATED,
        Err(_) => true,
    };
    look.settle(outcome, &rules::weights::GGUF_TRUNCATED)?;
    if broken {
        return Ok(());
    }
    match strict.places(bytes, header_end, alignment, look) {
        Some(end) => strict::after(bytes, end, alignment, look),
        None => Ok(()),
    }
}
