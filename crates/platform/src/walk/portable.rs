//! The walk of systems other than Linux: the standard library's directory listings. Loses against the Linux walk: it knows
//! no mount table, so network file systems below a root are entered; it resolves paths from the root each time.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use super::{At, HEAD, Progress, Tally, Visitor};
use crate::read::{self, EntryKind};

/// A directory to be read.
pub(super) struct Job {
    path: PathBuf,
}

/// What all threads share: nothing.
pub(super) struct Shared;

impl Shared {
    pub(super) fn new() -> Self {
        Self
    }

    /// Without a mount table every root is entered.
    #[allow(clippy::unused_self, reason = "the Linux walk has something to tell here")]
    pub(super) fn enters(&self, _root: &Path) -> bool {
        true
    }

    #[allow(clippy::unused_self, reason = "the Linux walk has something to tell here")]
    pub(super) fn into_skipped(self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// This walk holds no directory open.
pub(super) fn raise_file_limit() {}

/// One thread's buffer and counters.
pub(super) struct Hands<'a, V: Visitor> {
    visitor: &'a V,
    progress: &'a Progress,
    tally: Tally,
    head: Box<[u8; HEAD]>,
}

impl<'a, V: Visitor> Hands<'a, V> {
    pub(super) fn new(visitor: &'a V, _shared: &'a Shared, progress: &'a Progress) -> Self {
        Self { visitor, progress, tally: Tally::default(), head: Box::new([0; HEAD]) }
    }

    /// A root is a directory, or a single file that is visited at once.
    pub(super) fn root(&mut self, worker: &mut V::Worker, root: &Path) -> Option<Job> {
        if root.is_dir() {
            return Some(Job { path: root.to_owned() });
        }
        let (Some(directory), Some(name)) = (root.parent(), root.file_name()) else { return None };
        let directory = directory.as_os_str().as_encoded_bytes();
        let at = At { directory, name: name.as_encoded_bytes() };
        match read::kind(root) {
            Ok(EntryKind::File) => self.file(worker, root, at),
            Ok(_) => self.tally.special += 1,
            Err(error) => self.failed(worker, at, &error),
        }
        self.tally.flush(self.progress, directory);
        None
    }

    /// Reads one directory: its files are visited, its directories become jobs.
    #[allow(clippy::needless_pass_by_value, reason = "the same shape as the Linux walk")]
    pub(super) fn directory(
        &mut self,
        worker: &mut V::Worker,
        job: Job,
        more: &mut Vec<Job>,
        stop: &AtomicBool,
    ) {
        let bytes = job.path.as_os_str().as_encoded_bytes();
        let listing = match std::fs::read_dir(&job.path) {
            Ok(listing) => listing,
            Err(error) => return self.visitor.unreadable(worker, bytes, &error),
        };
        self.tally.directories += 1;
        for entry in listing {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.visitor.unreadable(worker, bytes, &error);
                    break;
                }
            };
            let (name, path) = (entry.file_name(), entry.path());
            let at = At { directory: bytes, name: name.as_encoded_bytes() };
            match read::kind(&path) {
                Ok(EntryKind::Directory) if self.visitor.directory(worker, at) => more.push(Job { path }),
                Ok(EntryKind::Directory) => {}
                Ok(EntryKind::File) => self.file(worker, &path, at),
                Ok(EntryKind::Link) => {
                    self.tally.links += 1;
                    self.visitor.link(worker, at);
                }
                Ok(EntryKind::Other) => self.tally.special += 1,
                Err(error) => self.failed(worker, at, &error),
            }
        }
        self.tally.flush(self.progress, bytes);
    }

    fn file(&mut self, worker: &mut V::Worker, path: &Path, at: At<'_>) {
        self.tally.files += 1;
        let identity = match read::identity_of(path) {
            Ok(identity) => identity,
            Err(error) => return self.failed(worker, at, &error),
        };
        if identity.size == 0 {
            self.tally.empty += 1;
            return;
        }
        if self.visitor.file(worker, at, &identity)
            && let Err(error) = self.open(worker, path, at)
        {
            self.failed(worker, at, &error);
        }
    }

    fn open(&mut self, worker: &mut V::Worker, path: &Path, at: At<'_>) -> io::Result<()> {
        let (file, identity) = read::open(path)?;
        let length = read::read_at(&file, &mut *self.head, 0)?;
        self.tally.bytes += length as u64;
        let head = self.head.get(..length).unwrap_or_default();
        let outcome = self.visitor.opened(worker, at, &identity, head, &file);
        self.tally.bytes += outcome.read;
        self.tally.changed += u64::from(outcome.changed);
        Ok(())
    }

    fn failed(&mut self, worker: &mut V::Worker, at: At<'_>, error: &io::Error) {
        if error.kind() == io::ErrorKind::NotFound {
            self.tally.changed += 1;
        } else {
            self.visitor.unreadable(worker, &at.path(), error);
        }
    }
}
