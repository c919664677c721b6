//! Walking file trees, in parallel, without following a link and without entering what is not a real local disk.
//!
//! Knows nothing of what is looked for: a [`Visitor`] says which files are opened and what is done with them.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use crate::read::Identity;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use portable as system;

/// Bytes of a file's head that a visitor gets.
pub const HEAD: usize = 4096;

/// A name in a directory. Both parts are bytes of the operating system's encoding.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// The directory's path.
    pub directory: &'a [u8],
    /// The name in it.
    pub name: &'a [u8],
}

impl At<'_> {
    /// The whole path.
    pub fn path(self) -> Vec<u8> {
        let separator = std::path::MAIN_SEPARATOR as u8;
        let mut path = Vec::with_capacity(self.directory.len() + self.name.len() + 1);
        path.extend_from_slice(self.directory);
        if !path.ends_with(&[separator]) {
            path.push(separator);
        }
        path.extend_from_slice(self.name);
        path
    }
}

/// What is done with what the walk meets. One `Worker` per thread collects without locks.
pub trait Visitor: Sync {
    /// What one thread collects.
    type Worker: Send;

    /// Makes the collection of a thread.
    fn worker(&self) -> Self::Worker;

    /// A directory inside another; `false` leaves it out.
    fn directory(&self, worker: &mut Self::Worker, at: At<'_>) -> bool;

    /// A regular file that is not empty; `true` opens it.
    fn file(&self, worker: &mut Self::Worker, at: At<'_>, identity: &Identity) -> bool;

    /// A file that [`Visitor::file`] wanted: its first [`HEAD`] bytes, and the open file. Returns the bytes it read beside the head.
    fn opened(
        &self,
        worker: &mut Self::Worker,
        at: At<'_>,
        identity: &Identity,
        head: &[u8],
        file: &File,
    ) -> Opened;

    /// A symbolic link.
    fn link(&self, worker: &mut Self::Worker, at: At<'_>);

    /// Something that could not be read.
    fn unreadable(&self, worker: &mut Self::Worker, path: &[u8], error: &io::Error);
}

/// What became of an opened file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Opened {
    /// Bytes read beside the head.
    pub read: u64,
    /// The file changed while it was read.
    pub changed: bool,
}

/// Numbers that grow during a walk; another thread may read them to show progress.
#[derive(Debug, Default)]
pub struct Progress {
    /// Regular files seen.
    pub files: AtomicU64,
    /// Directories read.
    pub directories: AtomicU64,
    /// Bytes read from files.
    pub bytes: AtomicU64,
    /// Empty files.
    pub empty: AtomicU64,
    /// FIFOs, sockets and devices.
    pub special: AtomicU64,
    /// Symbolic links.
    pub links: AtomicU64,
    /// Files that changed or vanished while they were read.
    pub changed: AtomicU64,
    /// The directory that one of the threads reads now.
    pub current: Mutex<Vec<u8>>,
}

/// The numbers of one thread since it last told the others.
#[derive(Debug, Default)]
struct Tally {
    files: u64,
    directories: u64,
    bytes: u64,
    empty: u64,
    special: u64,
    links: u64,
    changed: u64,
}

impl Tally {
    fn flush(&mut self, progress: &Progress, directory: &[u8]) {
        let Self { files, directories, bytes, empty, special, links, changed } = std::mem::take(self);
        let pairs = [
            (&progress.files, files),
            (&progress.directories, directories),
            (&progress.bytes, bytes),
            (&progress.empty, empty),
            (&progress.special, special),
            (&progress.links, links),
            (&progress.changed, changed),
        ];
        for (total, count) in pairs.into_iter().filter(|(_, count)| *count > 0) {
            total.fetch_add(count, Ordering::Relaxed);
        }
        if let Ok(mut current) = progress.current.try_lock() {
            current.clear();
            current.extend_from_slice(directory);
        }
    }
}

/// How to walk.
#[derive(Debug)]
pub struct Options<'a> {
    /// Where to start. A root that is a link is resolved, one that lies in another root is walked once.
    pub roots: &'a [PathBuf],
    /// Whoever runs this named the roots, and wants them entered whatever file system they are on. Otherwise a root on a
    /// file system that a walk does not enter by itself is skipped.
    pub named: bool,
    /// How many threads.
    pub threads: usize,
    /// Set from outside to stop the walk; what was found so far stays.
    pub stop: &'a AtomicBool,
    /// Where the numbers go.
    pub progress: &'a Progress,
}

/// What a walk brought back.
#[derive(Debug)]
pub struct Walked<W> {
    /// The collections of the threads.
    pub workers: Vec<W>,
    /// The roots as they were walked.
    pub roots: Vec<PathBuf>,
    /// Mounted file systems that were not entered: network, pseudo and automounted ones below a root, and roots that
    /// nobody named on such a file system.
    pub skipped_mounts: Vec<PathBuf>,
}

/// Walks the roots and everything below them.
pub fn walk<V: Visitor>(visitor: &V, options: &Options<'_>) -> Walked<V::Worker> {
    system::raise_file_limit();
    let mut first = visitor.worker();
    let mut roots = resolve_roots(visitor, &mut first, options.roots);
    let shared = system::Shared::new();
    if !options.named {
        roots.retain(|root| shared.enters(root));
    }
    outermost(&mut roots);
    let mut hands = system::Hands::new(visitor, &shared, options.progress);
    let jobs: Vec<_> = roots.iter().filter_map(|root| hands.root(&mut first, root)).collect();
    let queue = Queue::new(jobs);
    let threads = options.threads.max(1);
    let mut workers = vec![first];
    workers.resize_with(threads, || visitor.worker());
    std::thread::scope(|scope| {
        for worker in &mut workers {
            let (queue, shared) = (&queue, &shared);
            scope.spawn(move || {
                let mut hands = system::Hands::new(visitor, shared, options.progress);
                queue.drain(options.stop, threads, |job, more| {
                    hands.directory(worker, job, more, options.stop);
                });
            });
        }
    });
    let mut skipped_mounts = shared.into_skipped();
    outermost(&mut skipped_mounts);
    Walked { workers, roots, skipped_mounts }
}

/// Whether a default place is worth a walk: a directory, or one of which the system does not say what it is. Only what is
/// not there is passed over in silence.
pub fn is_worth_a_look(path: &Path) -> bool {
    match path.metadata() {
        Ok(metadata) => metadata.is_dir(),
        Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
    }
}

/// Sorts paths and leaves out those that lie in others.
fn outermost(paths: &mut Vec<PathBuf>) {
    paths.sort();
    paths.dedup_by(|inner, outer| inner.starts_with(&*outer));
}

/// Resolves links in the roots. A root that cannot be resolved is unreadable.
fn resolve_roots<V: Visitor>(visitor: &V, worker: &mut V::Worker, roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut resolved = Vec::new();
    for root in roots {
        match root.canonicalize() {
            Ok(path) => resolved.push(path),
            Err(error) => visitor.unreadable(worker, root.as_os_str().as_encoded_bytes(), &error),
        }
    }
    resolved
}

/// Directories waiting to be read. Each thread works on its own stack, deepest first, and gives half of it away
/// when another thread has nothing to do.
struct Queue<J> {
    shared: Mutex<Waiting<J>>,
    wake: Condvar,
    hungry: AtomicUsize,
}

struct Waiting<J> {
    jobs: Vec<J>,
    idle: usize,
    finished: bool,
}

impl<J> Queue<J> {
    fn new(jobs: Vec<J>) -> Self {
        let waiting = Waiting { jobs, idle: 0, finished: false };
        Self { shared: Mutex::new(waiting), wake: Condvar::new(), hungry: AtomicUsize::new(0) }
    }

    /// A thread that panicked while it held the lock leaves the list as consistent as it found it.
    fn lock(&self) -> MutexGuard<'_, Waiting<J>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on jobs until every thread has none left; `work` pushes new jobs onto the stack it is given.
    fn drain(&self, stop: &AtomicBool, threads: usize, mut work: impl FnMut(J, &mut Vec<J>)) {
        let mut own = Vec::new();
        loop {
            if stop.load(Ordering::Relaxed) {
                own.clear();
            }
            let Some(job) = own.pop().or_else(|| self.wait(stop, threads)) else { return };
            work(job, &mut own);
            if own.len() > 1 && self.hungry.load(Ordering::Relaxed) > 0 {
                self.share(&mut own);
            }
        }
    }

    /// Gives the older half away: the directories nearest to the root, which have the most below them.
    fn share(&self, own: &mut Vec<J>) {
        let half = own.len() / 2;
        self.lock().jobs.extend(own.drain(..half));
        self.wake.notify_all();
    }

    /// The next shared job; `None` when all threads wait, which means that nothing is left.
    fn wait(&self, stop: &AtomicBool, threads: usize) -> Option<J> {
        let mut waiting = self.lock();
        waiting.idle += 1;
        self.hungry.fetch_add(1, Ordering::Relaxed);
        let job = loop {
            if stop.load(Ordering::Relaxed) {
                waiting.jobs.clear();
            }
            if let Some(job) = waiting.jobs.pop() {
                break Some(job);
            }
            if waiting.finished || waiting.idle == threads {
                waiting.finished = true;
                self.wake.notify_all();
                break None;
            }
            waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        };
        self.hungry.fetch_sub(1, Ordering::Relaxed);
        if job.is_some() {
            waiting.idle -= 1;
        }
        job
    }
}

#[cfg(all(feature = "fuzzing", target_os = "linux"))]
pub(crate) fn fuzz(bytes: &[u8]) {
    mounts::fuzz(bytes);
}

#[cfg(test)]
mod tests;
