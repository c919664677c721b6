//! A stretch of bytes that can be read again and again: a file, a member of an archive, what was unpacked from one.
//!
//! Cheap to clone: every reader of a stretch has a position of its own over the one source below. It knows no format.

use std::{
    cell::RefCell,
    io::{self, Cursor, Read, Seek, SeekFrom},
    rc::Rc,
};

use super::Purse;
use crate::reader::read_up_to;

/// What it costs to take a byte apart, in bytes that are merely read.
pub(crate) const TAKEN_APART: u64 = 4;

/// What bytes come from.
pub(crate) trait Source: Read + Seek {}

impl<T: Read + Seek + ?Sized> Source for T {}

/// A stretch of a source.
#[derive(Clone)]
pub(crate) struct Bytes<'s> {
    source: Rc<RefCell<dyn Source + 's>>,
    start: u64,
    len: u64,
    /// Who counts what is read, where it was unpacked.
    meter: Option<Purse>,
}

impl<'s> Bytes<'s> {
    /// The first `len` bytes of a source.
    pub(crate) fn new(source: impl Source + 's, len: u64) -> Self {
        Self { source: Rc::new(RefCell::new(source)), start: 0, len, meter: None }
    }

    /// The first `len` bytes of a source that someone else holds as well.
    pub(crate) fn shared(source: Rc<RefCell<dyn Source + 's>>, len: u64) -> Self {
        Self { source, start: 0, len, meter: None }
    }

    /// Where the stretch begins in its source.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// Bytes that are in memory already.
    pub(crate) fn in_memory(bytes: Vec<u8>) -> Self {
        let len = bytes.len() as u64;
        Self::new(Cursor::new(bytes), len)
    }

    /// The same bytes, counted as they are read.
    pub(crate) fn metered(self, purse: Purse) -> Self {
        Self { meter: Some(purse), ..self }
    }

    /// Bytes in memory that were made of these, counted as these are.
    pub(crate) fn derived(&self, bytes: Vec<u8>) -> Self {
        Self { meter: self.meter.clone(), ..Self::in_memory(bytes) }
    }

    /// Counts work on these bytes, where reading them is counted; false when it is more than may be.
    pub(crate) fn charge(&self, work: u64) -> bool {
        self.meter.as_ref().is_none_or(|purse| purse.read(work))
    }

    /// Whether nothing more of these bytes is given, because reading them costs more than it is worth.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.meter.as_ref().is_some_and(Purse::is_read_up)
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// A part of it; none when it does not lie inside.
    pub(crate) fn span(&self, start: u64, len: u64) -> Option<Self> {
        let inside = start.checked_add(len).is_some_and(|end| end <= self.len);
        let start = self.start.checked_add(start)?;
        inside.then(|| Self { start, len, ..self.clone() })
    }

    /// From `start` to the end; empty when `start` lies behind it.
    pub(crate) fn after(&self, start: u64) -> Self {
        let start = start.min(self.len);
        let len = self.len.saturating_sub(start);
        Self { start: self.start.saturating_add(start), len, ..self.clone() }
    }

    /// A reader from the first byte on.
    pub(crate) fn reader(&self) -> Reader<'s> {
        Reader { bytes: self.clone(), at: 0 }
    }

    /// The first bytes, as many as `out` has room for.
    pub(crate) fn head(&self, out: &mut [u8]) -> io::Result<usize> {
        read_up_to(&mut self.reader(), out)
    }

    /// All of it, when it is no longer than `cap`.
    pub(crate) fn whole(&self, cap: usize) -> io::Result<Option<Vec<u8>>> {
        if usize::try_from(self.len).map_or(true, |len| len > cap) {
            return Ok(None);
        }
        // Whoever takes all of it at once takes it apart, which costs more than reading.
        self.charge(self.len.saturating_mul(TAKEN_APART));
        let mut out = Vec::new();
        self.reader().take(cap as u64).read_to_end(&mut out)?;
        Ok(Some(out))
    }
}

/// A position in a stretch of bytes.
pub(crate) struct Reader<'s> {
    bytes: Bytes<'s>,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.len.saturating_sub(self.at);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        let Some(out) = out.get_mut(..wanted).filter(|out| !out.is_empty()) else { return Ok(0) };
        if !self.bytes.charge(wanted as u64) {
            return Ok(0);
        }
        let mut source = self.bytes.source.try_borrow_mut().map_err(io::Error::other)?;
        source.seek(SeekFrom::Start(self.bytes.start.saturating_add(self.at)))?;
        let got = source.read(out)?;
        self.at = self.at.saturating_add(got as u64);
        Ok(got)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_readers_of_one_source_do_not_disturb_each_other() {
        let bytes = Bytes::in_memory((0..100).collect());
        let part = bytes.span(10, 20).unwrap();
        let (mut one, mut two) = (part.reader(), bytes.reader());
        let mut read = [0; 2];
        one.read_exact(&mut read).unwrap();
        assert_eq!(read, [10, 11]);
        two.seek(SeekFrom::Start(50)).unwrap();
        two.read_exact(&mut read).unwrap();
        assert_eq!(read, [50, 51]);
        one.read_exact(&mut read).unwrap();
        assert_eq!(read, [12, 13]);
    }

    #[test]
    fn a_stretch_never_gives_more_than_it_has() {
        let bytes = Bytes::in_memory((0..100).collect());
        let part = bytes.span(90, 10).unwrap();
        assert_eq!(part.whole(10).unwrap().unwrap(), (90..100).collect::<Vec<u8>>());
        assert_eq!(part.whole(9).unwrap(), None);
        assert!(bytes.span(91, 10).is_none() && bytes.span(u64::MAX, 2).is_none());
        assert_eq!(bytes.after(200).len(), 0);
    }
}
