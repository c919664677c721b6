//! A bounded reader: numbers and short texts out of a file whose every length field may be a lie.
//!
//! Nothing here allocates on a number from the file, and nothing here knows a format.

use std::io::{self, Read, Seek, SeekFrom};

use domain::{Fact, Severity};

/// The longest text that is kept of a file, in characters.
pub(crate) const TEXT: usize = 256;

/// How much one read asks for at first, and at most once the walk turns out to be sequential.
const CHUNK: (usize, usize) = (4096, 65_536);

/// Why a walk ended early.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The reader failed: this says nothing about the file's content.
    Io(io::Error),
    /// The file ended before what was announced at this offset.
    End(u64),
    /// The content contradicts its format, or passes a limit of ours.
    Broken(Box<Fact>),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Fault {
    /// A contradiction seen at `offset`.
    pub(crate) fn broken(rule: &str, severity: Severity, offset: u64, message: impl Into<String>) -> Self {
        Self::Broken(Box::new(Fact::new(rule, severity, message).at(offset)))
    }
}

/// A position in `inner` that never passes `len`, with a small buffer before it.
pub(crate) struct Bounded<'r, R> {
    inner: &'r mut R,
    len: u64,
    /// The offset of the next byte that is handed out.
    at: u64,
    /// Where `inner` stands, once that is known.
    inner_at: Option<u64>,
    buffer: Vec<u8>,
    /// The next byte in `buffer`.
    start: usize,
    chunk: usize,
    big_endian: bool,
}

impl<'r, R: Read + Seek> Bounded<'r, R> {
    /// Starts at offset 0 of a file of `len` bytes, little-endian.
    pub(crate) fn new(inner: &'r mut R, len: u64) -> Self {
        Self {
            inner,
            len,
            at: 0,
            inner_at: None,
            buffer: Vec::new(),
            start: 0,
            chunk: CHUNK.0,
            big_endian: false,
        }
    }

    /// Numbers are big-endian from here on.
    pub(crate) fn set_big_endian(&mut self) {
        self.big_endian = true;
    }

    /// The offset of the next byte.
    pub(crate) fn offset(&self) -> u64 {
        self.at
    }

    /// How many bytes follow.
    pub(crate) fn remaining(&self) -> u64 {
        self.len.saturating_sub(self.at)
    }

    /// Moves to an absolute offset, which may be the end but not beyond it.
    pub(crate) fn seek(&mut self, to: u64) -> Result<(), Fault> {
        if to > self.len {
            return Err(Fault::End(self.at));
        }
        let base = self.at.saturating_sub(self.start as u64);
        match to.checked_sub(base).and_then(|ahead| usize::try_from(ahead).ok()) {
            Some(start) if start <= self.buffer.len() => self.start = start,
            _ => {
                self.buffer.clear();
                self.start = 0;
                self.chunk = CHUNK.0;
            }
        }
        self.at = to;
        Ok(())
    }

    /// Moves past `count` bytes.
    pub(crate) fn skip(&mut self, count: u64) -> Result<(), Fault> {
        let to = self.at.checked_add(count).ok_or(Fault::End(self.at))?;
        self.seek(to)
    }

    /// The buffered bytes from here on: never empty.
    fn fill(&mut self) -> Result<&[u8], Fault> {
        if self.start >= self.buffer.len() {
            self.refill()?;
        }
        self.buffer.get(self.start..).filter(|rest| !rest.is_empty()).ok_or(Fault::End(self.at))
    }

    fn refill(&mut self) -> Result<(), Fault> {
        let want = usize::try_from(self.remaining()).unwrap_or(usize::MAX).min(self.chunk);
        if self.inner_at != Some(self.at) {
            self.inner.seek(SeekFrom::Start(self.at))?;
        }
        self.inner_at = None;
        self.buffer.resize(want, 0);
        self.start = 0;
        let got = read_up_to(self.inner, &mut self.buffer)?;
        self.buffer.truncate(got);
        self.inner_at = self.at.checked_add(got as u64);
        self.chunk = self.chunk.saturating_mul(2).min(CHUNK.1);
        Ok(())
    }

    fn advance(&mut self, count: usize) {
        self.start = self.start.saturating_add(count);
        self.at = self.at.saturating_add(count as u64);
    }

    /// Fills `out`, or says that the file ends before.
    pub(crate) fn exact(&mut self, out: &mut [u8]) -> Result<(), Fault> {
        let mut rest = out;
        while !rest.is_empty() {
            let ready = self.fill()?;
            let count = ready.len().min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            now.copy_from_slice(ready.get(..count).unwrap_or_default());
            rest = later;
            self.advance(count);
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.exact(&mut bytes)?;
        if self.big_endian {
            bytes.reverse();
        }
        Ok(bytes)
    }

    /// One byte.
    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        let byte = *self.fill()?.first().unwrap_or(&0);
        self.advance(1);
        Ok(byte)
    }

    /// An unsigned 16-bit number.
    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// An unsigned 32-bit number.
    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// An unsigned 64-bit number.
    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A base-128 number as protocol buffers write it.
    pub(crate) fn varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Fault::End(self.at))
    }

    /// Up to `cap` bytes of a field of `count` bytes; the rest of the field is skipped.
    pub(crate) fn field(&mut self, count: u64, cap: usize) -> Result<Vec<u8>, Fault> {
        if count > self.remaining() {
            return Err(Fault::End(self.at));
        }
        let kept = usize::try_from(count).unwrap_or(usize::MAX).min(cap);
        let mut out = vec![0; kept];
        self.exact(&mut out)?;
        self.skip(count.saturating_sub(kept as u64))?;
        Ok(out)
    }

    /// A text field of `count` bytes, cut at [`TEXT`] characters; what is not UTF-8 becomes U+FFFD.
    pub(crate) fn text(&mut self, count: u64) -> Result<String, Fault> {
        let bytes = self.field(count, TEXT.saturating_mul(4))?;
        Ok(cut(&String::from_utf8_lossy(&bytes)))
    }
}

impl<R: Read + Seek> Read for Bounded<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = match self.fill() {
            Ok(ready) => ready,
            Err(Fault::Io(error)) => return Err(error),
            Err(_) => return Ok(0),
        };
        let count = ready.len().min(out.len());
        if let (Some(out), Some(ready)) = (out.get_mut(..count), ready.get(..count)) {
            out.copy_from_slice(ready);
        }
        self.advance(count);
        Ok(count)
    }
}

/// Reads until `out` is full or the reader has no more.
pub(crate) fn read_up_to<R: Read>(reader: &mut R, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0usize;
    while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The first [`TEXT`] characters.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

/// A little-endian 32-bit number inside a slice.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

/// A little-endian 64-bit number inside a slice.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|eight| u64::from_le_bytes(*eight))
}

/// Whether `needle` occurs in `hay`.
pub(crate) fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len().max(1)).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn numbers_come_in_the_byte_order_of_the_file() {
        let mut bytes = Cursor::new(vec![1, 0, 0, 0, 0, 0, 0, 1]);
        let mut reader = Bounded::new(&mut bytes, 8);
        assert_eq!(reader.u32().unwrap(), 1);
        reader.set_big_endian();
        assert_eq!(reader.u32().unwrap(), 1);
        assert!(matches!(reader.u8(), Err(Fault::End(8))));
    }

    #[test]
    fn a_seek_back_inside_the_buffer_reads_the_same_bytes() {
        let data: Vec<u8> = (0..=255).cycle().take(20_000).collect();
        let mut bytes = Cursor::new(data.clone());
        let mut reader = Bounded::new(&mut bytes, 20_000);
        for at in [0u64, 5000, 4999, 0, 19_999, 17, 4096] {
            reader.seek(at).unwrap();
            assert_eq!(reader.u8().unwrap(), data[usize::try_from(at).unwrap()], "at {at}");
            assert_eq!(reader.offset(), at + 1);
        }
        assert!(reader.seek(20_001).is_err());
    }

    #[test]
    fn a_field_longer_than_the_file_is_never_allocated() {
        let mut bytes = Cursor::new(vec![7; 100]);
        let mut reader = Bounded::new(&mut bytes, 100);
        assert!(matches!(reader.field(1 << 60, usize::MAX), Err(Fault::End(0))));
        assert!(matches!(reader.skip(u64::MAX), Err(Fault::End(0))));
        assert_eq!(reader.field(100, 3).unwrap(), [7, 7, 7]);
        assert_eq!(reader.remaining(), 0);
    }

    #[test]
    fn a_file_shorter_than_it_was_said_to_be_ends_the_walk() {
        let mut bytes = Cursor::new(vec![7; 10]);
        let mut reader = Bounded::new(&mut bytes, 100);
        assert!(matches!(reader.field(100, 100), Err(Fault::End(10))));
    }
}
