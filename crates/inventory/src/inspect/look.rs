//! One file inspected, and many of them on all cores.
//!
//! A file must be the same from the listing to the last byte read; one that changes in between has no verdict.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use artifact::{Inspection, Limits};
use catalog::Catalog;
use platform::read::{Identity, Window};

use super::{Depth, pointer::Pointer};
use crate::memory::{Memory, sha256};

/// More threads than that only compete for the disk.
const MOST_THREADS: usize = 16;

/// A file to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Where its bytes are read.
    pub(crate) real: std::path::PathBuf,
    /// Its state in the listing.
    pub(crate) identity: Identity,
    /// Its own name: where a link leads to it, the name of the link.
    pub(crate) name: String,
}

/// What became of one file.
#[derive(Debug)]
pub(crate) enum Looked {
    /// It was inspected, now or before.
    Inspected(Box<Inspection>),
    /// It is a pointer of Git LFS.
    Pointer(Pointer),
}

/// What every look needs.
pub(crate) struct Looker<'l> {
    pub(crate) catalog: &'l Catalog,
    pub(crate) memory: &'l Memory,
    pub(crate) depth: Depth,
    pub(crate) stop: &'l AtomicBool,
    /// Bytes read so far.
    pub(crate) read: &'l AtomicU64,
}

impl Looker<'_> {
    /// Looks at a file by its path.
    pub(crate) fn look(&self, target: &Target) -> io::Result<Looked> {
        if let Some(known) = self.remembered(target) {
            return Ok(Looked::Inspected(Box::new(known)));
        }
        let (file, identity) = platform::read::open(&target.real)?;
        if identity != target.identity {
            return Err(changed());
        }
        self.look_into(&file, &target.name, &identity)
    }

    /// Looks at an open file.
    pub(crate) fn look_into(&self, file: &File, name: &str, identity: &Identity) -> io::Result<Looked> {
        if let Some(pointer) = Pointer::of(file, identity.size)? {
            return Ok(Looked::Pointer(pointer));
        }
        let inspection = catch_unwind(AssertUnwindSafe(|| self.inspect(file, name, identity.size)));
        let inspection =
            inspection.unwrap_or_else(|_| Err(io::Error::other("the inspection of it failed")))?;
        if platform::read::identity_of_file(file)? != *identity {
            return Err(changed());
        }
        Ok(Looked::Inspected(Box::new(inspection)))
    }

    fn inspect(&self, file: &File, name: &str, len: u64) -> io::Result<Inspection> {
        let reader = || Watched { inner: Window::new(file, len), stop: self.stop, read: self.read };
        let limits = match self.depth {
            Depth::Full => Limits::full(),
            Depth::Quick => Limits::quick(),
        };
        // Of a file that is no model the digest is of no use, and reading all of it would be the whole cost.
        let is_model = artifact::identify(&mut reader(), len)?.is_some();
        let limits = Limits {
            digest: limits.digest && is_model,
            second_core: Some(platform::cores::beside),
            ..limits
        };
        let mut inspection = artifact::inspect(reader(), len, name, self.catalog, &limits)?;
        if self.depth == Depth::Full && !is_model && !inspection.is_unknown() {
            inspection.sha256 = Some(sha256(&mut reader(), self.stop, &AtomicU64::new(0))?);
        }
        Ok(inspection)
    }

    /// What an earlier inspection of the same state said.
    pub(crate) fn remembered(&self, target: &Target) -> Option<Inspection> {
        let state = self.memory.fingerprint(&target.identity)?;
        self.memory.verdict(self.memory.digest(state)?, &target.name)
    }

    /// Looks at all of them, the largest first, and calls `done` as each is finished. The answers stand in the order of the targets;
    /// none where it was stopped before.
    pub(crate) fn look_at_all(
        &self,
        targets: &[Target],
        threads: usize,
        done: &AtomicU64,
    ) -> Vec<Option<io::Result<Looked>>> {
        let mut order: Vec<usize> = (0..targets.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(targets.get(*at).map(|target| target.identity.size)));
        let next = AtomicUsize::new(0);
        let answers: Mutex<Vec<_>> =
            Mutex::new(std::iter::repeat_with(|| None).take(targets.len()).collect());
        let work = || {
            while !self.stop.load(Ordering::Relaxed) {
                let Some(at) = order.get(next.fetch_add(1, Ordering::Relaxed)).copied() else { break };
                let Some(target) = targets.get(at) else { break };
                let answer = self.look(target);
                done.fetch_add(1, Ordering::Relaxed);
                if self.stop.load(Ordering::Relaxed) && answer.is_err() {
                    break;
                }
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(slot) = answers.get_mut(at) {
                    *slot = Some(answer);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.clamp(1, targets.len().max(1)) {
                scope.spawn(work);
            }
            work();
        });
        answers.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As many threads as there are cores, within reason.
pub(crate) fn all_cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).min(MOST_THREADS)
}

fn changed() -> io::Error {
    io::Error::other("it changed while it was read")
}

/// A reader that counts, and that fails when it is to stop.
struct Watched<'w> {
    inner: Window<'w>,
    stop: &'w AtomicBool,
    read: &'w AtomicU64,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            // Not `Interrupted`, which readers try again.
            return Err(io::Error::other("stopped"));
        }
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for Watched<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
