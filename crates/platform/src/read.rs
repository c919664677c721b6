//! Reading files that may be hostile.
//!
//! Every function here opens regular files only, follows no link in the last component, never blocks on a FIFO, never
//! reads more than it was told, and says when the file changed under it.

use std::{
    ffi::OsString,
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

mod below;

pub use below::{entries_below, kind_below, open_below, readable_by_others};

/// What tells one state of one file from another: which file it is, its length and its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The file, where the system names files apart from their paths.
    pub file: Option<FileId>,
    /// Length in bytes.
    pub size: u64,
    /// Last change of the content: seconds and nanoseconds since 1970.
    pub modified: (i64, u32),
    /// Last change of the inode, which no program can set back; absent where the system has none.
    pub changed: Option<(i64, u32)>,
}

/// A file by device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    /// The device number.
    pub device: u64,
    /// The inode number.
    pub inode: u64,
}

/// What a name in a directory stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A FIFO, socket or device.
    Other,
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name.
    pub name: OsString,
    /// What it stands for.
    pub kind: EntryKind,
}

/// Opens a regular file without following a link in the last component and without ever blocking.
///
/// # Errors
/// The system's error, or `InvalidInput` when the path is something else than a regular file.
#[allow(clippy::disallowed_methods, reason = "this is the module the rule points to")]
pub fn open(path: &Path) -> io::Result<(File, Identity)> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok((file, identity(&metadata)))
}

/// Reads a regular file whole.
///
/// # Errors
/// As [`open`]; `FileTooLarge` when it is longer than `limit` bytes.
pub fn whole(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    whole_of(open(path)?.0, limit)
}

/// Reads an open file whole, or fails with `FileTooLarge` when it is longer than `limit` bytes.
///
/// # Errors
/// The system's error; `FileTooLarge` when it is longer than `limit` bytes.
pub fn whole_of(file: File, limit: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take((limit as u64).saturating_add(1)).read_to_end(&mut content)?;
    if content.len() > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {limit} bytes")));
    }
    Ok(content)
}

/// As [`whole`], but a link is followed when what it leads to lies inside `root`.
///
/// # Errors
/// As [`whole`]; `PermissionDenied` when the link leads out of `root`.
pub fn whole_through_links(root: &Path, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let root = root.canonicalize()?;
    let target = path.canonicalize()?;
    if !target.starts_with(&root) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the link leads out of its folder"));
    }
    whole(&target, limit)
}

/// The names in a directory, sorted.
///
/// # Errors
/// The system's error; `InvalidInput` for a link to a directory; `FileTooLarge` when there are more than `limit` names.
pub fn entries(directory: &Path, limit: usize) -> io::Result<Vec<Entry>> {
    if kind(directory)? != EntryKind::Directory {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a directory"));
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if found.len() == limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} names")));
        }
        found.push(Entry { name: entry.file_name(), kind: kind_of(entry.file_type()?) });
    }
    found.sort();
    Ok(found)
}

/// Where a symbolic link points, as it is written.
///
/// # Errors
/// The system's error.
pub fn link_target(path: &Path) -> io::Result<PathBuf> {
    std::fs::read_link(path)
}

/// What a path stands for, without following it.
///
/// # Errors
/// The system's error.
pub fn kind(path: &Path) -> io::Result<EntryKind> {
    Ok(kind_of(path.symlink_metadata()?.file_type()))
}

/// The state of a file, without following a link.
///
/// # Errors
/// The system's error.
pub fn identity_of(path: &Path) -> io::Result<Identity> {
    Ok(identity(&path.symlink_metadata()?))
}

/// The name of the account that owns a file, where the system says.
pub fn owner(path: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some(crate::accounts::name(path.symlink_metadata().ok()?.uid()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// The state of an open file.
///
/// # Errors
/// The system's error.
pub fn identity_of_file(file: &File) -> io::Result<Identity> {
    Ok(identity(&file.metadata()?))
}

fn kind_of(kind: std::fs::FileType) -> EntryKind {
    if kind.is_file() {
        EntryKind::File
    } else if kind.is_dir() {
        EntryKind::Directory
    } else if kind.is_symlink() {
        EntryKind::Link
    } else {
        EntryKind::Other
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    let nanoseconds = |n: i64| u32::try_from(n).unwrap_or_default();
    Identity {
        file: Some(FileId { device: metadata.dev(), inode: metadata.ino() }),
        size: metadata.len(),
        modified: (metadata.mtime(), nanoseconds(metadata.mtime_nsec())),
        changed: Some((metadata.ctime(), nanoseconds(metadata.ctime_nsec()))),
    }
}

#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> Identity {
    let since_1970 =
        metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = since_1970
        .map(|d| (i64::try_from(d.as_secs()).unwrap_or(i64::MAX), d.subsec_nanos()))
        .unwrap_or_default();
    Identity { file: None, size: metadata.len(), modified, changed: None }
}

/// A file as `Read + Seek` that never moves the file's own position, counts what it read and stops at the length that
/// the file had when it was opened, so that a file that grows cannot keep a reader busy.
#[derive(Debug)]
pub struct Window<'f> {
    file: &'f File,
    length: u64,
    position: u64,
    read: u64,
}

impl<'f> Window<'f> {
    /// A window over the first `length` bytes of the file.
    pub fn new(file: &'f File, length: u64) -> Self {
        Self { file, length, position: 0, read: 0 }
    }

    /// How many bytes were read through this window.
    pub fn bytes_read(&self) -> u64 {
        self.read
    }
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let Some(part) = buffer.get_mut(..wanted) else { return Ok(0) };
        let count = read_at(self.file, part, self.position)?;
        self.position += count as u64;
        self.read += count as u64;
        Ok(count)
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "seek to a position outside the file")
        })?;
        Ok(self.position)
    }
}

/// Reads at an offset without moving the file's position.
///
/// # Errors
/// The system's error.
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileExt;
        file.read_at(buffer, offset)
    }
    #[cfg(windows)]
    {
        use std::os::windows::fs::FileExt;
        file.seek_read(buffer, offset)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_longer_than_the_limit_is_refused_and_one_of_that_length_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(whole(&path, 5).unwrap(), b"12345");
        assert_eq!(whole(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn links_fifos_and_directories_are_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link, fifo) = (dir.path().join("t"), dir.path().join("l"), dir.path().join("p"));
        std::fs::write(&target, b"secret").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
            .unwrap();
        assert!(open(&link).is_err());
        assert_eq!(open(&fifo).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(open(dir.path()).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_only_inside_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        std::fs::create_dir(&store).unwrap();
        std::fs::write(store.join("blob"), b"in").unwrap();
        std::fs::write(dir.path().join("outside"), b"out").unwrap();
        std::os::unix::fs::symlink("blob", store.join("good")).unwrap();
        std::os::unix::fs::symlink("../outside", store.join("bad")).unwrap();
        assert_eq!(whole_through_links(&store, &store.join("good"), 9).unwrap(), b"in");
        let refused = whole_through_links(&store, &store.join("bad"), 9).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn a_window_ends_where_the_file_ended_when_it_was_opened() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let mut window = Window::new(&file, 4);
        let mut text = String::new();
        window.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), window.bytes_read()), ("0123", 4));
        assert_eq!(window.seek(SeekFrom::End(-1)).unwrap(), 3);
        assert!(window.seek(SeekFrom::Current(-9)).is_err());
    }

    #[test]
    fn a_directory_with_too_many_names_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        assert_eq!(entries(dir.path(), 2).unwrap().len(), 2);
        assert_eq!(entries(dir.path(), 1).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
