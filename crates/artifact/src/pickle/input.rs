//! The bytes of a pickle from the first to the last, through one buffer. It knows no opcode.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use crate::inspect::{Bytes, Reader, TAKEN_APART};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// Why no more bytes come.
#[derive(Debug)]
pub(super) enum Halt {
    /// The bytes end, or end before what was announced.
    End,
    /// What was read is no pickle.
    Wrong,
    /// The reader failed.
    Io(io::Error),
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A position in bytes that are read in order.
pub(super) struct Input<'s> {
    bytes: Bytes<'s>,
    reader: Reader<'s>,
    buffer: Vec<u8>,
    /// The next byte in `buffer`, and the offset of its first.
    next: usize,
    base: u64,
    len: u64,
    /// Whether what is skipped is read all the same, because someone below digests it.
    through: bool,
}

impl<'s> Input<'s> {
    pub(super) fn new(bytes: &Bytes<'s>, at: u64, through: bool) -> io::Result<Self> {
        let mut reader = bytes.reader();
        reader.seek(SeekFrom::Start(at))?;
        Ok(Self {
            bytes: bytes.clone(),
            reader,
            buffer: Vec::new(),
            next: 0,
            base: at,
            len: bytes.len(),
            through,
        })
    }

    /// The offset of the next byte.
    pub(super) fn offset(&self) -> u64 {
        self.base.saturating_add(self.next as u64)
    }

    /// How many bytes follow.
    pub(super) fn remaining(&self) -> u64 {
        self.len.saturating_sub(self.offset())
    }

    fn refill(&mut self) -> Result<(), Halt> {
        let rest = self.buffer.len().saturating_sub(self.next);
        self.buffer.copy_within(self.next.., 0);
        self.base = self.offset();
        self.next = 0;
        let left = self.len.saturating_sub(self.base).saturating_sub(rest as u64);
        let more = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK.saturating_sub(rest));
        self.buffer.resize(rest.saturating_add(more), 0);
        if !self.bytes.charge((more as u64).saturating_mul(TAKEN_APART)) {
            self.buffer.truncate(rest);
            return Ok(());
        }
        let room = self.buffer.get_mut(rest..).unwrap_or_default();
        let got = crate::reader::read_up_to(&mut self.reader, room)?;
        self.buffer.truncate(rest.saturating_add(got));
        Ok(())
    }

    /// The next byte.
    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Halt> {
        loop {
            if let Some(byte) = self.buffer.get(self.next) {
                self.next = self.next.wrapping_add(1);
                return Ok(*byte);
            }
            self.refill()?;
            if self.buffer.is_empty() {
                return Err(Halt::End);
            }
        }
    }

    /// The next `N` bytes.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Halt> {
        if let Some(found) = self.buffer.get(self.next..).and_then(|rest| rest.first_chunk::<N>()) {
            self.next = self.next.wrapping_add(N);
            return Ok(*found);
        }
        self.refill()?;
        let found = self.buffer.get(self.next..).and_then(|rest| rest.first_chunk::<N>()).copied();
        self.next = self.next.saturating_add(N).min(self.buffer.len());
        found.ok_or(Halt::End)
    }

    /// The bytes from here on, at least `wanted` where there are so many and a buffer holds them. Nothing is consumed.
    #[inline]
    pub(super) fn peek(&mut self, wanted: usize) -> Result<&[u8], Halt> {
        if self.buffer.len().saturating_sub(self.next) < wanted.min(CHUNK) && self.remaining() > 0 {
            self.refill()?;
        }
        Ok(self.buffer.get(self.next..).unwrap_or_default())
    }

    /// Moves past `count` bytes.
    #[inline]
    pub(super) fn skip(&mut self, count: u64) -> Result<(), Halt> {
        match usize::try_from(count).ok().and_then(|count| self.next.checked_add(count)) {
            Some(next) if next <= self.buffer.len() => {
                self.next = next;
                Ok(())
            }
            _ => self.skip_far(count),
        }
    }

    fn skip_far(&mut self, count: u64) -> Result<(), Halt> {
        let to = self.offset().checked_add(count).filter(|to| *to <= self.len).ok_or(Halt::End)?;
        while self.through && self.base.saturating_add(self.buffer.len() as u64) < to {
            self.next = self.buffer.len();
            self.refill()?;
            if self.buffer.is_empty() {
                return Err(Halt::End);
            }
        }
        match to.checked_sub(self.base).and_then(|ahead| usize::try_from(ahead).ok()) {
            Some(next) if next <= self.buffer.len() => self.next = next,
            _ => {
                self.reader.seek(SeekFrom::Start(to))?;
                self.buffer.clear();
                (self.base, self.next) = (to, 0);
            }
        }
        Ok(())
    }

    /// Reads a line without its end and keeps its first bytes, as many as `line` may grow to; answers how long it was.
    pub(super) fn line(&mut self, line: &mut Vec<u8>, keep: usize) -> Result<u64, Halt> {
        line.clear();
        let mut length = 0u64;
        loop {
            let ready = self.peek(1)?;
            if ready.is_empty() {
                return Err(Halt::End);
            }
            let end = ready.iter().position(|byte| *byte == b'\n');
            let part = ready.get(..end.unwrap_or(ready.len())).unwrap_or_default();
            let room = keep.saturating_sub(line.len()).min(part.len());
            line.extend_from_slice(part.get(..room).unwrap_or_default());
            let count = part.len();
            length = length.saturating_add(count as u64);
            self.next = self.next.saturating_add(count).saturating_add(usize::from(end.is_some()));
            if end.is_some() {
                return Ok(length);
            }
        }
    }

    /// Moves to an offset, wherever it lies.
    pub(super) fn seek(&mut self, at: u64) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(at))?;
        self.buffer.clear();
        (self.base, self.next) = (at, 0);
        Ok(())
    }

    /// Reads some more bytes into `out`; 0 at the end.
    pub(super) fn read(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
        out.clear();
        self.reader.seek(SeekFrom::Start(self.offset()))?;
        let room = self.remaining().min(CHUNK as u64);
        let got = self.reader.by_ref().take(room).read_to_end(out)?;
        self.base = self.offset().saturating_add(got as u64);
        self.next = 0;
        self.buffer.clear();
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_numbers_and_skips_meet_the_same_bytes_wherever_the_buffer_ends() {
        let mut data = b"first\nsecond\n".to_vec();
        data.resize(CHUNK + 3, b'x');
        data.extend(b"\nlast\n\x01\x02\x03\x04");
        for through in [false, true] {
            let mut input = Input::new(&Bytes::in_memory(data.clone()), 0, through).unwrap();
            let mut line = Vec::new();
            assert_eq!((input.line(&mut line, 3).unwrap(), line.as_slice()), (5, &b"fir"[..]));
            assert_eq!((input.line(&mut line, 99).unwrap(), line.as_slice()), (6, &b"second"[..]));
            input.skip(CHUNK as u64 - 20).unwrap();
            assert_eq!((input.line(&mut line, 4).unwrap(), line.as_slice()), (10, &b"xxxx"[..]));
            assert_eq!(input.peek(5).unwrap().get(..4).unwrap(), b"last");
            input.skip(5).unwrap();
            assert_eq!(input.array::<4>().unwrap(), [1, 2, 3, 4]);
            assert!(matches!(input.byte(), Err(Halt::End)));
            assert!(matches!(input.skip(1), Err(Halt::End)));
        }
    }
}
