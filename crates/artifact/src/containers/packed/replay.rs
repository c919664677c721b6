//! A source that decompresses again what does not fit into memory: forwards as it is read, from the start when a reader goes back.

use std::io::{self, Read, Seek, SeekFrom};

use super::{CHUNK, Codec, First, streams::Streams};
use crate::inspect::{Bytes, Purse};

/// Unpacked bytes that are kept behind the last one, for readers that step back a little.
const RECENT: usize = 1 << 20;
/// How many times its length a source may be decompressed in all, and some more for small ones.
const REPLAYS: u64 = 16;
const ALLOWANCE: u64 = 64 << 20;

/// Unpacked bytes of known length.
pub(super) struct Replay<'s> {
    packed: Bytes<'s>,
    codec: Codec,
    first: First,
    purse: Purse,
    /// Bytes that may still be decompressed.
    allowance: u64,
    streams: Option<Streams<'s>>,
    /// The last bytes that came out, and the offset of the first of them.
    recent: Vec<u8>,
    recent_at: u64,
    at: u64,
}

impl<'s> Replay<'s> {
    /// What the first pass kept, and how to have the rest again.
    pub(super) fn new(packed: Bytes<'s>, codec: Codec, first: First, purse: Purse) -> Self {
        let allowance = first.len.saturating_mul(REPLAYS).saturating_add(ALLOWANCE);
        let (recent, recent_at) = (Vec::new(), 0);
        Self { packed, codec, first, purse, allowance, streams: None, recent, recent_at, at: 0 }
    }

    /// What is at hand from the position on; empty when it has to be decompressed.
    fn at_hand(&self) -> &[u8] {
        let tail_at = self.first.len.saturating_sub(self.first.tail.len() as u64);
        let kept = [(0, &self.first.head), (tail_at, &self.first.tail), (self.recent_at, &self.recent)];
        kept.into_iter()
            .find_map(|(start, bytes)| {
                let skip = usize::try_from(self.at.checked_sub(start)?).ok()?;
                bytes.get(skip..).filter(|rest| !rest.is_empty())
            })
            .unwrap_or_default()
    }

    /// Decompresses one chunk more, from the start if the position lies behind.
    fn go_on(&mut self) -> io::Result<bool> {
        if self.streams.is_none() || self.at < self.recent_at {
            self.streams = Some(Streams::new(&self.packed, self.codec)?);
            self.recent.clear();
            self.recent_at = 0;
        }
        let Some(streams) = &mut self.streams else { return Ok(false) };
        let mut chunk = vec![0; CHUNK];
        let got = match streams.read(&mut chunk) {
            Ok(got) => got,
            Err(error) if streams.reader_failed() => return Err(error),
            // The first pass has said where decompression fails.
            Err(_) => 0,
        };
        let Some(left) = self.allowance.checked_sub(got as u64) else {
            self.purse.refuse("the same bytes would have to be unpacked too often");
            return Ok(false);
        };
        self.allowance = left;
        let new = chunk.get(..got).unwrap_or_default();
        let cost = self.codec.cost(new);
        self.recent.extend_from_slice(new);
        let surplus = self.recent.len().saturating_sub(RECENT);
        if surplus > RECENT {
            self.recent.drain(..surplus);
            self.recent_at = self.recent_at.saturating_add(surplus as u64);
        }
        Ok(got > 0 && self.purse.spend(got as u64, cost))
    }
}

impl Read for Replay<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at < self.first.len {
            let ready = self.at_hand();
            if !ready.is_empty() {
                let count = ready.len().min(out.len());
                if let (Some(out), Some(ready)) = (out.get_mut(..count), ready.get(..count)) {
                    out.copy_from_slice(ready);
                }
                self.at = self.at.saturating_add(count as u64);
                return Ok(count);
            }
            if !self.go_on()? {
                break;
            }
        }
        Ok(0)
    }
}

impl Seek for Replay<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.first.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
