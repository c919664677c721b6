//! The digests of a file, computed while it is inspected: what a parser reads in passing is not read a second time.
//!
//! Reads before the frontier are not digested again, reads beyond it not yet; at the end the rest is read in one go, and where it is
//! long, a second core digests the weights in it.

use std::{
    io::{self, Read, Seek, SeekFrom},
    sync::mpsc,
};

use domain::Sha256Digest;
use sha2::{Digest as _, Sha256};

use crate::reader::read_up_to;

/// Runs the first on another core while it runs the second here, and returns when both are done; or runs neither, where no core is to
/// be had, and says so with false.
pub type SecondCore = fn(&mut (dyn FnMut() + Send), &mut dyn FnMut()) -> bool;

/// How much is read at once where only the digests need it.
const CHUNK: usize = 256 * 1024;
/// So many chunks wait for the second core at most.
const CHUNKS_AHEAD: usize = 4;
/// From here on a second core is worth its start.
const LONG: u64 = if cfg!(test) { 300_000 } else { 16 * 1024 * 1024 };

/// A source whose bytes are digested as they pass.
pub(crate) struct Digesting<R> {
    inner: R,
    len: u64,
    at: u64,
    /// Everything before it has been digested.
    frontier: u64,
    whole: Sha256,
    parts: Parts,
    read: u64,
    second_core: Option<SecondCore>,
}

/// The digests of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digests {
    /// The SHA-256 of all bytes.
    pub(crate) whole: Sha256Digest,
    /// The SHA-256 of the weights alone, if it was said where they lie.
    pub(crate) weights: Option<Sha256Digest>,
}

/// A checksum that a file gives for a stretch of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checksum {
    /// Where the stretch lies.
    pub(crate) stretch: Stretch,
    /// The CRC-32 that it should have.
    pub(crate) crc32: u32,
    /// Whose it is.
    pub(crate) member: String,
}

/// From one offset up to another.
pub(crate) type Stretch = std::ops::Range<u64>;

impl<R: Read + Seek> Digesting<R> {
    /// A source of `len` bytes.
    pub(crate) fn new(inner: R, len: u64) -> Self {
        Self {
            inner,
            len,
            at: 0,
            frontier: 0,
            whole: Sha256::new(),
            parts: Parts::default(),
            read: 0,
            second_core: None,
        }
    }

    /// May use a second core.
    pub(crate) fn with(self, second_core: Option<SecondCore>) -> Self {
        Self { second_core, ..self }
    }

    /// Compares these checksums in the pass over what is left; what has passed already is read once more.
    ///
    /// Those that overlap others are left out: one pass cannot serve both.
    pub(crate) fn expect(&mut self, mut checksums: Vec<Checksum>) -> io::Result<()> {
        checksums.sort_by_key(|checksum| checksum.stretch.start);
        let frontier = self.frontier;
        let mut end = 0;
        for mut checksum in checksums.into_iter().filter(|checksum| !checksum.stretch.is_empty()) {
            if checksum.stretch.start < end {
                continue;
            }
            end = checksum.stretch.end;
            let passed = checksum.stretch.start..end.min(frontier);
            let mut crc32 = crc32fast::Hasher::new();
            self.read_again(&passed, |bytes| crc32.update(bytes))?;
            if end > frontier {
                if !passed.is_empty() {
                    self.parts.crc32 = crc32;
                    checksum.stretch.start = frontier;
                }
                self.parts.checksums.push(checksum);
            } else if crc32.finalize() != checksum.crc32 {
                self.parts.wrong.push(checksum);
            }
        }
        self.parts.checksums.reverse();
        Ok(())
    }

    /// The checksums that were not what the bytes have.
    pub(crate) fn wrong_checksums(&mut self) -> Vec<Checksum> {
        std::mem::take(&mut self.parts.wrong)
    }

    /// How many bytes were read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read
    }

    /// Reads what is left and gives the digests; none when the source is shorter than it was said to be.
    ///
    /// `weights` are the stretches that hold them, in the order in which they are digested. Where they are said to hold more than the
    /// file does, they have no digest: the file's own must not depend on what it says, nor the same bytes be read a thousand times.
    pub(crate) fn finish(&mut self, weights: &[Stretch]) -> io::Result<Option<Digests>> {
        let weights = if self.has_room_for(weights) { weights } else { &[] };
        let in_order = weights.is_sorted_by(|a, b| a.end <= b.start);
        if in_order && !self.expect_weights(weights)? {
            return Ok(None);
        }
        if !self.read_on()? {
            return Ok(None);
        }
        if !in_order {
            for stretch in weights {
                if !self.digest_again(stretch)? {
                    return Ok(None);
                }
            }
        }
        let digest = |hasher: &mut Sha256| Sha256Digest::from_bytes(hasher.finalize_reset().into());
        let whole = digest(&mut self.whole);
        let of_weights = digest(&mut self.parts.of_weights);
        Ok(Some(Digests { whole, weights: (!weights.is_empty()).then_some(of_weights) }))
    }

    /// Whether all of them lie in the file, and hold together no more than it does.
    fn has_room_for(&self, weights: &[Stretch]) -> bool {
        let length = |stretch: &Stretch| stretch.end.saturating_sub(stretch.start);
        let total = weights.iter().map(length).fold(0, u64::saturating_add);
        total <= self.len && weights.iter().all(|stretch| stretch.end <= self.len)
    }

    /// Digests the weights that have passed already; the others are digested in passing.
    fn expect_weights(&mut self, weights: &[Stretch]) -> io::Result<bool> {
        let frontier = self.frontier;
        for stretch in weights {
            if !self.digest_again(&(stretch.start..stretch.end.min(frontier)))? {
                return Ok(false);
            }
        }
        let to_come = weights.iter().filter(|stretch| stretch.end > frontier);
        self.parts.weights = to_come.map(|stretch| stretch.start.max(frontier)..stretch.end).collect();
        self.parts.weights.reverse();
        Ok(true)
    }

    fn read_on(&mut self) -> io::Result<bool> {
        let long = self.len.saturating_sub(self.frontier) >= LONG && !self.parts.is_idle();
        if let Some(second_core) = self.second_core.filter(|_| long) {
            self.read_on_with(second_core)?;
        }
        let mut chunk = vec![0; CHUNK];
        self.seek(SeekFrom::Start(self.frontier))?;
        while self.frontier < self.len {
            if read_up_to(self, &mut chunk)? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads what is left as long as the source has it. What stands on parts of it is computed on another core; where none can be
    /// had, nothing is read.
    fn read_on_with(&mut self, second_core: SecondCore) -> io::Result<()> {
        let mut parts = std::mem::take(&mut self.parts);
        let (passed, passing) = mpsc::sync_channel::<Chunk>(CHUNKS_AHEAD);
        let (used, usable) = mpsc::channel();
        let (mut passed, mut passing) = (Some(passed), Some(passing));
        let mut beside = || {
            for chunk in passing.take().into_iter().flatten() {
                parts.pass(chunk.at, chunk.bytes.get(..chunk.len).unwrap_or_default());
                // Nobody waits for it any more when the source has ended.
                let _ = used.send(chunk.bytes);
            }
        };
        let mut read = Ok(());
        let mut meanwhile = || {
            if let Some(passed) = passed.take() {
                read = self.hand_on(&passed, &usable);
            }
        };
        second_core(&mut beside, &mut meanwhile);
        self.parts = parts;
        read
    }

    /// Reads what is left and hands each chunk on.
    fn hand_on(
        &mut self,
        passed: &mpsc::SyncSender<Chunk>,
        usable: &mpsc::Receiver<Vec<u8>>,
    ) -> io::Result<()> {
        self.seek(SeekFrom::Start(self.frontier))?;
        while self.frontier < self.len {
            let mut bytes = usable.try_recv().unwrap_or_else(|_| vec![0; CHUNK]);
            let at = self.frontier;
            read_up_to(self, &mut bytes)?;
            let len = usize::try_from(self.frontier.saturating_sub(at)).unwrap_or_default();
            if len == 0 || passed.send(Chunk { at, bytes, len }).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Reads weights once more: they had passed before it was known where they lie.
    fn digest_again(&mut self, stretch: &Stretch) -> io::Result<bool> {
        let mut digest = std::mem::take(&mut self.parts.of_weights);
        let whole = self.read_again(stretch, |bytes| digest.update(bytes));
        self.parts.of_weights = digest;
        whole
    }

    /// Reads a stretch for `see`; false when the source ends before it does.
    fn read_again(&mut self, stretch: &Stretch, mut see: impl FnMut(&[u8])) -> io::Result<bool> {
        let mut left = stretch.end.saturating_sub(stretch.start);
        if left == 0 {
            return Ok(true);
        }
        self.seek(SeekFrom::Start(stretch.start))?;
        let mut chunk = vec![0; usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)];
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            let got = read_up_to(self, chunk.get_mut(..wanted).unwrap_or_default())?;
            if got == 0 {
                return Ok(false);
            }
            see(chunk.get(..got).unwrap_or_default());
            left = left.saturating_sub(got as u64);
        }
        Ok(true)
    }

    /// Digests what lies at and behind the frontier of `bytes`, which were read from `at` on.
    fn pass(&mut self, at: u64, bytes: &[u8]) {
        let end = at.saturating_add(bytes.len() as u64).min(self.len);
        if at > self.frontier || end <= self.frontier {
            return;
        }
        let fresh = std::mem::replace(&mut self.frontier, end)..end;
        self.whole.update(part(bytes, at, &fresh));
        self.parts.pass(fresh.start, part(bytes, at, &fresh));
    }
}

/// What is computed over parts of a file as it passes, from its beginning to its end.
#[derive(Default)]
struct Parts {
    /// Where the weights lie, the first at the end, and their own digest; what lies before the first has passed already.
    weights: Vec<Stretch>,
    of_weights: Sha256,
    /// Checksums to compare, the first at the end, and the one that is under way.
    checksums: Vec<Checksum>,
    crc32: crc32fast::Hasher,
    wrong: Vec<Checksum>,
}

impl Parts {
    /// Whether nothing is asked of what is still to pass.
    fn is_idle(&self) -> bool {
        self.weights.is_empty() && self.checksums.is_empty()
    }

    fn pass(&mut self, at: u64, bytes: &[u8]) {
        let fresh = at..at.saturating_add(bytes.len() as u64);
        while let Some(stretch) = self.weights.last().filter(|stretch| stretch.start < fresh.end) {
            self.of_weights.update(part(bytes, at, &inside(stretch, &fresh)));
            if stretch.end > fresh.end {
                break;
            }
            self.weights.pop();
        }
        while let Some(next) = self.checksums.last().filter(|next| next.stretch.start < fresh.end) {
            self.crc32.update(part(bytes, at, &inside(&next.stretch, &fresh)));
            if next.stretch.end > fresh.end {
                break;
            }
            let crc32 = std::mem::take(&mut self.crc32).finalize();
            self.wrong.extend(self.checksums.pop().filter(|done| done.crc32 != crc32));
        }
    }
}

/// Bytes on their way to the second core.
struct Chunk {
    at: u64,
    bytes: Vec<u8>,
    /// So many of them were read.
    len: usize,
}

/// What two stretches share.
fn inside(one: &Stretch, other: &Stretch) -> Stretch {
    one.start.max(other.start)..one.end.min(other.end)
}

/// The part of `bytes`, which begin at `at`, that lies in a stretch.
fn part<'b>(bytes: &'b [u8], at: u64, stretch: &Stretch) -> &'b [u8] {
    let inside = |offset: u64| usize::try_from(offset.saturating_sub(at)).unwrap_or(usize::MAX);
    bytes.get(inside(stretch.start)..inside(stretch.end)).unwrap_or_default()
}

impl<R: Read + Seek> Read for Digesting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(out)?;
        self.pass(self.at, out.get(..got).unwrap_or_default());
        self.at = self.at.saturating_add(got as u64);
        self.read = self.read.saturating_add(got as u64);
        Ok(got)
    }
}

impl<R: Read + Seek> Seek for Digesting<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // Most reads go on where the last one ended.
        if to != SeekFrom::Start(self.at) {
            self.at = self.inner.seek(to)?;
        }
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_digest_is_that_of_the_bytes_in_order_however_they_were_read() {
        let data: Vec<u8> = (0..=255).cycle().take(700_000).collect();
        let plain: [u8; 32] = Sha256::digest(&data).into();
        let mut source = Digesting::new(Cursor::new(data), 700_000);
        let mut some = vec![0; 5000];
        for at in [0u64, 2000, 690_000, 4000, 100, 9000] {
            source.seek(SeekFrom::Start(at)).unwrap();
            source.read_exact(&mut some).unwrap();
        }
        let digests = source.finish(&[]).unwrap().unwrap();
        assert_eq!(digests, Digests { whole: Sha256Digest::from_bytes(plain), weights: None });
    }

    /// As the world does it.
    fn second_core(beside: &mut (dyn FnMut() + Send), meanwhile: &mut dyn FnMut()) -> bool {
        std::thread::scope(|scope| {
            scope.spawn(beside);
            meanwhile();
        });
        true
    }

    const CORES: [Option<SecondCore>; 3] = [None, Some(|_, _| false), Some(second_core)];

    fn of(data: &[u8]) -> Sha256Digest {
        Sha256Digest::from_bytes(Sha256::digest(data).into())
    }

    #[test]
    fn the_weights_have_a_digest_of_their_own_whether_they_have_passed_or_not() {
        let data: Vec<u8> = (0..=255).cycle().take(700_000).collect();
        for (read_before, cores) in [0, 100, 600_000].into_iter().flat_map(|n| CORES.map(|cores| (n, cores)))
        {
            let mut source = Digesting::new(Cursor::new(&data), 700_000).with(cores);
            source.read_exact(&mut vec![0; read_before]).unwrap();
            let digests = source.finish(&[1000..300_000, 300_100..700_000]).unwrap().unwrap();
            assert_eq!(digests.whole, of(&data));
            assert_eq!(digests.weights, Some(of(&[&data[1000..300_000], &data[300_100..]].concat())));
        }
        let mut source = Digesting::new(Cursor::new(&data), 700_000);
        let digests = source.finish(&[5000..6000, 0..100]).unwrap().unwrap();
        assert_eq!(digests.weights, Some(of(&[&data[5000..6000], &data[..100]].concat())));
    }

    #[test]
    fn weights_that_are_said_to_lie_outside_or_in_one_another_do_not_take_the_files_own_digest_away() {
        let data: Vec<u8> = (0..=255).cycle().take(700_000).collect();
        for lie in [vec![0..10, 699_999..700_001], vec![5..700_000; 1000], vec![u64::MAX - 1..u64::MAX; 2]] {
            let mut source = Digesting::new(Cursor::new(&data), 700_000);
            let digests = source.finish(&lie).unwrap().unwrap();
            assert_eq!(digests, Digests { whole: of(&data), weights: None });
            assert_eq!(source.bytes_read(), 700_000);
        }
    }

    #[test]
    fn checksums_are_compared_in_passing_and_where_they_have_passed() {
        let data: Vec<u8> = (0..=255).cycle().take(700_000).collect();
        let checksum = |stretch: std::ops::Range<usize>, wrong: u32| Checksum {
            crc32: crc32fast::hash(&data[stretch.clone()]) ^ wrong,
            member: format!("{stretch:?}"),
            stretch: stretch.start as u64..stretch.end as u64,
        };
        let before = [0, 100, 1000, 5000, 299_999, 700_000];
        for (read_before, cores) in before.into_iter().flat_map(|n| CORES.map(|cores| (n, cores))) {
            let mut source = Digesting::new(Cursor::new(&data), 700_000).with(cores);
            source.read_exact(&mut vec![0; read_before]).unwrap();
            let (right, wrong) = ([10..50, 2000..300_000], [300_000..300_001, 400_000..700_000, 50..60]);
            let right = right.into_iter().map(|stretch| checksum(stretch, 0));
            source
                .expect(right.chain(wrong.into_iter().map(|stretch| checksum(stretch, 1))).collect())
                .unwrap();
            let digests = source.finish(&[2000..300_000, 300_000..300_001]).unwrap().unwrap();
            assert_eq!((digests.whole, digests.weights), (of(&data), Some(of(&data[2000..300_001]))));
            let mut seen: Vec<String> =
                source.wrong_checksums().into_iter().map(|wrong| wrong.member).collect();
            seen.sort();
            assert_eq!(seen, ["300000..300001", "400000..700000", "50..60"], "after {read_before}");
        }
    }

    #[test]
    fn a_source_that_ends_early_has_no_digest() {
        let mut source = Digesting::new(Cursor::new(vec![1; 10]), 11);
        assert_eq!(source.finish(&[]).unwrap(), None);
        let mut source = Digesting::new(Cursor::new(vec![1; 500_000]), 700_000).with(Some(second_core));
        assert_eq!(source.finish(std::slice::from_ref(&(10..700_000))).unwrap(), None);
    }
}
