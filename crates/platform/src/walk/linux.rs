//! The Linux walk: `getdents64`, `newfstatat` and `openat` beside an open directory, so that no path is resolved twice
//! and none is ever too long.
//!
//! A directory is opened by `openat2` with `RESOLVE_NO_SYMLINKS` from a base directory that is already open: a folder
//! that is swapped for a link while we walk is not followed. The base moves down every [`BASE_SPAN`] bytes of path, which
//! keeps both the paths (`PATH_MAX`) and the number of open directories bounded in trees thousands of levels deep.

use std::{
    ffi::{CStr, CString},
    fs::File,
    io,
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, RawDir, ResolveFlags, Stat},
    io::Errno,
};

use super::{
    At, HEAD, Progress, Tally, Visitor,
    mounts::{MountTable, Treatment},
};
use crate::read::{FileId, Identity};

/// How many bytes of path may stand between a base directory and what is opened from it. Well below `PATH_MAX` (4096).
const BASE_SPAN: usize = 2048;
/// Room for directory entries per call.
const ENTRY_BUFFER: usize = 32 << 10;
/// After how many entries a thread looks whether it should stop.
const STOP_EVERY: u32 = 256;

/// A directory to be read: an open directory and the path of this one, of which the first `base_length` bytes are its.
pub(super) struct Job {
    base: Arc<OwnedFd>,
    base_length: usize,
    path: Vec<u8>,
}

/// What all threads share.
pub(super) struct Shared {
    mounts: MountTable,
    skipped: Mutex<Vec<PathBuf>>,
    user: u32,
}

impl Shared {
    pub(super) fn new() -> Self {
        let user = rustix::process::geteuid().as_raw();
        Self { mounts: MountTable::read(), skipped: Mutex::default(), user }
    }

    pub(super) fn into_skipped(self) -> Vec<PathBuf> {
        self.skipped.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a root that nobody named is entered; one that is not is listed.
    pub(super) fn enters(&self, root: &Path) -> bool {
        let enters = self.mounts.treatment_of_root(root) == Treatment::Enter;
        if !enters {
            self.skip(root.as_os_str().as_bytes());
        }
        enters
    }

    fn skip(&self, path: &[u8]) {
        self.skipped.lock().unwrap_or_else(PoisonError::into_inner).push(crate::path::from_bytes(path));
    }
}

/// Lets this process hold as many directories open as the system allows it to.
pub(super) fn raise_file_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        // A refusal leaves the old limit, with which all but absurdly deep trees are walked just as well.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard.min(65_536), hard);
    }
}

/// One thread's buffers and counters.
pub(super) struct Hands<'a, V: Visitor> {
    visitor: &'a V,
    shared: &'a Shared,
    progress: &'a Progress,
    tally: Tally,
    entries: Vec<MaybeUninit<u8>>,
    head: Box<[u8; HEAD]>,
}

impl<'a, V: Visitor> Hands<'a, V> {
    pub(super) fn new(visitor: &'a V, shared: &'a Shared, progress: &'a Progress) -> Self {
        let entries = vec![MaybeUninit::uninit(); ENTRY_BUFFER];
        Self { visitor, shared, progress, tally: Tally::default(), entries, head: Box::new([0; HEAD]) }
    }

    /// Opens a root without reading it. One that is no directory is visited at once.
    pub(super) fn root(&mut self, worker: &mut V::Worker, root: &Path) -> Option<Job> {
        let path = root.as_os_str().as_bytes().to_vec();
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::open(root, flags, Mode::empty());
        match opened.and_then(|fd| Ok((rustix::fs::fstat(&fd)?, fd))) {
            Ok((stat, fd)) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                return Some(Job { base: Arc::new(fd), base_length: path.len(), path });
            }
            Ok(_) => {
                if let Err(error) = self.root_file(worker, root) {
                    self.visitor.unreadable(worker, &path, &error.into());
                }
            }
            Err(error) => self.visitor.unreadable(worker, &path, &error.into()),
        }
        None
    }

    /// A root may be a single file: it is visited and counted like any other in its directory.
    fn root_file(&mut self, worker: &mut V::Worker, root: &Path) -> Result<(), Errno> {
        let (Some(directory), Some(name)) = (root.parent(), root.file_name()) else { return Ok(()) };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(directory, flags, Mode::empty())?;
        let directory = directory.as_os_str().as_bytes();
        let at = At { directory, name: name.as_bytes() };
        let name = CString::new(name.as_bytes()).map_err(|_| Errno::INVAL)?;
        self.file(worker, opened.as_fd(), &name, at);
        self.tally.flush(self.progress, directory);
        Ok(())
    }

    /// Reads one directory: its files are visited, its directories become jobs.
    pub(super) fn directory(
        &mut self,
        worker: &mut V::Worker,
        job: Job,
        more: &mut Vec<Job>,
        stop: &AtomicBool,
    ) {
        let opened = match open_directory(&job) {
            Ok(opened) => Arc::new(opened),
            // It was there a moment ago; a tree that people work in changes.
            Err(Errno::NOENT | Errno::NOTDIR) => {
                self.tally.changed += 1;
                return self.tally.flush(self.progress, &job.path);
            }
            Err(error) => return self.visitor.unreadable(worker, &job.path, &error.into()),
        };
        self.tally.directories += 1;
        let (base, base_length) = match job.path.len() - job.base_length {
            0..BASE_SPAN => (job.base, job.base_length),
            _ => (Arc::clone(&opened), job.path.len()),
        };
        let mut names = std::mem::take(&mut self.entries);
        let mut listing = RawDir::new(opened.as_fd(), &mut names);
        let mut seen = 0u32;
        while let Some(entry) = listing.next() {
            seen += 1;
            if seen.is_multiple_of(STOP_EVERY) && stop.load(Ordering::Relaxed) {
                break;
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.visitor.unreadable(worker, &job.path, &error.into());
                    break;
                }
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let at = At { directory: &job.path, name: name.to_bytes() };
            if self.entry(worker, opened.as_fd(), name, at, entry.file_type())
                && let Some(path) = self.descend(worker, at)
            {
                more.push(Job { base: Arc::clone(&base), base_length, path });
            }
        }
        self.entries = names;
        self.tally.flush(self.progress, &job.path);
    }

    /// Visits what is no directory; `true` for a directory.
    fn entry(
        &mut self,
        worker: &mut V::Worker,
        directory: BorrowedFd<'_>,
        name: &CStr,
        at: At<'_>,
        kind: FileType,
    ) -> bool {
        match kind {
            FileType::Directory => return true,
            FileType::Symlink => self.link(worker, at),
            FileType::RegularFile | FileType::Unknown => return self.file(worker, directory, name, at),
            _ => self.tally.special += 1,
        }
        false
    }

    fn link(&mut self, worker: &mut V::Worker, at: At<'_>) {
        self.tally.links += 1;
        self.visitor.link(worker, at);
    }

    /// Whether to enter a directory, and its path if so.
    fn descend(&mut self, worker: &mut V::Worker, at: At<'_>) -> Option<Vec<u8>> {
        let path = at.path();
        if self.shared.mounts.treatment(&path) == Treatment::Skip {
            self.shared.skip(&path);
            return None;
        }
        self.visitor.directory(worker, at).then_some(path)
    }

    /// Looks at a file's state and opens it when the visitor wants it; `true` when it turns out to be a directory, on a
    /// file system whose listings do not tell.
    fn file(&mut self, worker: &mut V::Worker, directory: BorrowedFd<'_>, name: &CStr, at: At<'_>) -> bool {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        let stat = match rustix::fs::statat(directory, name, flags) {
            Ok(stat) => stat,
            Err(error) => {
                self.failed(worker, at, error);
                return false;
            }
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Directory => return true,
            FileType::Symlink => {
                self.link(worker, at);
                return false;
            }
            _ => {
                self.tally.special += 1;
                return false;
            }
        }
        self.tally.files += 1;
        if stat.st_size == 0 {
            self.tally.empty += 1;
            return false;
        }
        let identity = identity(&stat);
        if self.visitor.file(worker, at, &identity)
            && let Err(error) = self.open(worker, directory, name, at, &identity, stat.st_uid)
        {
            self.failed(worker, at, error);
        }
        false
    }

    fn open(
        &mut self,
        worker: &mut V::Worker,
        directory: BorrowedFd<'_>,
        name: &CStr,
        at: At<'_>,
        identity: &Identity,
        owner: u32,
    ) -> Result<(), Errno> {
        let mut flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        // Only the owner and root may leave the access time alone.
        if owner == self.shared.user || self.shared.user == 0 {
            flags |= OFlags::NOATIME;
        }
        let file = match rustix::fs::openat(directory, name, flags, Mode::empty()) {
            // A user namespace or a network file system may refuse what ownership promises.
            Err(Errno::PERM) => rustix::fs::openat(directory, name, flags - OFlags::NOATIME, Mode::empty())?,
            opened => opened?,
        };
        let length = rustix::io::pread(&file, &mut *self.head, 0)?;
        self.tally.bytes += length as u64;
        let head = self.head.get(..length).unwrap_or_default();
        let outcome = self.visitor.opened(worker, at, identity, head, &File::from(file));
        self.tally.bytes += outcome.read;
        self.tally.changed += u64::from(outcome.changed);
        Ok(())
    }

    /// A file that vanished or became a link since the directory was read has changed; the rest is unreadable.
    fn failed(&mut self, worker: &mut V::Worker, at: At<'_>, error: Errno) {
        match error {
            Errno::NOENT | Errno::LOOP | Errno::STALE => self.tally.changed += 1,
            _ => self.visitor.unreadable(worker, &at.path(), &io::Error::from(error)),
        }
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK);

fn open_directory(job: &Job) -> Result<OwnedFd, Errno> {
    let below = job.path.get(job.base_length..).unwrap_or_default();
    let below = below.strip_prefix(b"/").unwrap_or(below);
    let relative =
        if below.is_empty() { c".".to_owned() } else { CString::new(below).map_err(|_| Errno::INVAL)? };
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(&*job.base, &relative, DIRECTORY, Mode::empty(), resolve) {
        // Before Linux 5.6, and in sandboxes that do not know the call.
        Err(Errno::NOSYS | Errno::PERM) => open_by_component(&job.base, &relative),
        opened => opened,
    }
}

/// The same promise without `openat2`: one component at a time, none of them a link.
fn open_by_component(base: &OwnedFd, relative: &CStr) -> Result<OwnedFd, Errno> {
    let mut current = rustix::fs::openat(base, c".", DIRECTORY, Mode::empty())?;
    for component in relative.to_bytes().split(|&byte| byte == b'/').filter(|part| *part != b".") {
        current = rustix::fs::openat(&current, component, DIRECTORY, Mode::empty())?;
    }
    Ok(current)
}

fn identity(stat: &Stat) -> Identity {
    let nanoseconds = |n: u64| u32::try_from(n).unwrap_or_default();
    Identity {
        file: Some(FileId { device: stat.st_dev, inode: stat.st_ino }),
        size: u64::try_from(stat.st_size).unwrap_or_default(),
        modified: (stat.st_mtime, nanoseconds(stat.st_mtime_nsec)),
        changed: Some((stat.st_ctime, nanoseconds(stat.st_ctime_nsec))),
    }
}
