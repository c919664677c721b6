//! The data directory: where it is, who owns it, and which format it has.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

mod format;
mod refusal;

pub use refusal::explain;

/// How many bytes a key has.
pub const KEY_LENGTH: usize = 32;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Another process owns it.
    #[error("`{path}` is in use by {}", refusal::somebody(*process))]
    InUse {
        /// The directory.
        path: PathBuf,
        /// Who owns it, where that can be read.
        process: Option<u32>,
    },
    /// It was written by a newer version.
    #[error(
        "`{path}` has format `{format}`, this version knows {}: use the newer version, or another directory with --data",
        format::CURRENT
    )]
    Newer {
        /// The directory.
        path: PathBuf,
        /// What its format file says.
        format: String,
    },
    /// Another account owns it, and could read and replace everything in it.
    #[error(
        "`{0}` belongs to another account, which could replace what is in it: use another directory with --data, or give this one \
         to the account that runs this"
    )]
    Foreign(PathBuf),
    /// The system refused.
    #[error("{}", explain(path, error))]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A key is not whole. Nothing is made in its place: whoever trusts the key would not know the new one.
    #[error(
        "the key in `{0}` is damaged: put the file back from a copy, or move it away to begin with a new key"
    )]
    DamagedKey(PathBuf),
}

/// `--data`, else `$EYELINE_DATA`, else `$XDG_DATA_HOME/eyeline`, else the system's place; root uses `/var/lib/eyeline`.
pub fn default_directory(environment: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    if let Some(named) = environment("EYELINE_DATA").filter(|value| !value.is_empty()) {
        return Some(named.into());
    }
    if crate::accounts::is_privileged() {
        return Some("/var/lib/eyeline".into());
    }
    let xdg = environment("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = xdg.or_else(|| {
        let below = match std::env::consts::OS {
            "macos" => "Library/Application Support",
            "windows" => "AppData/Local",
            _ => ".local/share",
        };
        Some(crate::accounts::own_home()?.join(below))
    })?;
    Some(base.join("eyeline"))
}

/// A data directory that this process owns until it is dropped.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    /// Holds the lock; the system frees it with the file.
    _lock: File,
}

impl DataDirectory {
    /// Makes the directory if needed (mode 0700), takes its lock, checks its format, and migrates an older one after a copy.
    ///
    /// # Errors
    /// [`DataError`] when it is in use, newer, or the system refuses.
    pub fn own(path: &Path) -> Result<Self, DataError> {
        let io = |error| DataError::Io { path: path.to_owned(), error };
        make_private(path).map_err(io)?;
        close_to_others(path)?;
        let lock_path = path.join("lock");
        let mut lock = private_file(&lock_path).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(DataError::InUse { path: path.to_owned(), process: owner(&lock_path) });
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(io(error)),
        }
        // Only tells others whom to ask; the lock holds without it, also on a full disk.
        let _ = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        format::settle(path)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Makes a folder in it that only the owner can enter.
    ///
    /// # Errors
    /// The system's error.
    pub fn make_folder(&self, name: &str) -> io::Result<()> {
        make_private(&self.path.join(name))
    }

    /// Makes sure that there is a file of this name that only the owner can read, for those who write into it themselves.
    ///
    /// # Errors
    /// The system's error.
    pub fn keep_private(&self, name: &str) -> io::Result<()> {
        private_file(&self.path.join(name)).map(drop)
    }

    /// Writes a file in it, all or nothing, that only the owner can read. The parts stand one behind the other.
    ///
    /// # Errors
    /// The system's error; the file that was there before stays.
    pub fn write(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        write_whole(&self.path.join(name), parts)
    }

    /// Reads a file in it whole; `None` when there is none.
    ///
    /// # Errors
    /// When the system refuses, or the file is longer than `limit` bytes.
    pub fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, DataError> {
        let path = self.path.join(name);
        match crate::read::whole(&path, limit) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DataError::Io { path, error }),
        }
    }

    /// The secret key in a file, made of random bytes when there is none.
    ///
    /// # Errors
    /// When the file is not a whole key, or the system refuses.
    pub fn read_or_make_key(&self, name: &str) -> Result<[u8; KEY_LENGTH], DataError> {
        let path = self.path.join(name);
        if let Some(bytes) = self.read(name, KEY_LENGTH * 4)? {
            return bytes.try_into().map_err(|_| DataError::DamagedKey(path));
        }
        let mut key = [0; KEY_LENGTH];
        let made = crate::random::fill(&mut key).and_then(|()| self.write(name, &[&key]));
        made.map(|()| key).map_err(|error| DataError::Io { path, error })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The path of a socket in a directory, in few enough bytes for the system: an address of a socket holds about a hundred, paths of
/// directories may have thousands. Good for as long as it lives.
#[derive(Debug)]
pub struct SocketPath {
    path: PathBuf,
    /// Keeps the number in the path meaning the directory.
    _directory: Option<File>,
}

/// The longest path that is used as it is (`sun_path` has 108 bytes on Linux and 104 elsewhere, with a zero at the end).
#[cfg(target_os = "linux")]
const LONGEST_SOCKET: usize = 100;

impl SocketPath {
    /// The socket of this name in this directory.
    ///
    /// # Errors
    /// When the directory cannot be opened.
    pub fn of(directory: &Path, name: &str) -> io::Result<Self> {
        let path = directory.join(name);
        #[cfg(target_os = "linux")]
        if path.as_os_str().len() > LONGEST_SOCKET {
            use std::os::fd::AsRawFd;
            let folder = OpenOptions::new().read(true).open(directory)?;
            let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
            return Ok(Self { path, _directory: Some(folder) });
        }
        Ok(Self { path, _directory: None })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The process that wrote its number into a lock.
fn owner(lock: &Path) -> Option<u32> {
    String::from_utf8(crate::read::whole(lock, 16).ok()?).ok()?.trim().parse().ok()
}

fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// A directory in which others can make and replace files is theirs as much as ours.
fn close_to_others(path: &Path) -> Result<(), DataError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let io = |error| DataError::Io { path: path.to_owned(), error };
        let folder = std::fs::metadata(path).map_err(io)?;
        let ours = Some(folder.uid()) == crate::accounts::current();
        if !ours && folder.uid() != 0 {
            return Err(DataError::Foreign(path.to_owned()));
        }
        if ours && folder.mode() & 0o022 != 0 {
            let closed = std::fs::Permissions::from_mode(folder.mode() & 0o7755);
            std::fs::set_permissions(path, closed).map_err(io)?;
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The directory may be one that others can enter, so each file is closed to them; one that was open is closed.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
        let file = options.open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// Makes a new name survive a loss of power, where the system lets a program ask for it.
fn sync_folder(file: &Path) {
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        // The file is whole either way; at worst the old one is back after the power.
        let _ = OpenOptions::new().read(true).open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// Writes a file that is there whole or not at all, also when the disk is full.
fn write_whole(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = private_file(&draft)?;
    let mut written = file.set_len(0);
    for part in parts {
        written = written.and_then(|()| file.write_all(part));
    }
    let moved = written.and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&draft, path));
    if moved.is_ok() {
        sync_folder(path);
    }
    if moved.is_err() {
        // A full disk should not stay full because of us.
        let _ = std::fs::remove_file(&draft);
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_owns_a_directory_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let owner = DataDirectory::own(&path).unwrap();
        let refused = DataDirectory::own(&path).unwrap_err();
        let expected = format!("is in use by another process ({})", std::process::id());
        assert!(refused.to_string().ends_with(&expected), "{refused}");
        drop(owner);
        DataDirectory::own(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_what_lies_in_a_directory_that_others_can_enter() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(dir.path().join("old"), "x").unwrap();
        std::fs::set_permissions(dir.path().join("old"), std::fs::Permissions::from_mode(0o644)).unwrap();
        let data = DataDirectory::own(dir.path()).unwrap();
        private_file(&data.path().join("new")).unwrap();
        private_file(&data.path().join("old")).unwrap();
        for entry in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", entry.path().display());
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 4);
        std::os::unix::fs::symlink(dir.path().join("old"), dir.path().join("link")).unwrap();
        assert!(private_file(&data.path().join("link")).is_err(), "nothing is written through a link");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_replace_files_in_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        drop(DataDirectory::own(dir.path()).unwrap());
        assert_eq!(dir.path().metadata().unwrap().permissions().mode() & 0o777, 0o755);
        if std::os::unix::fs::chown(dir.path(), Some(65_534), None).is_ok() {
            assert!(matches!(DataDirectory::own(dir.path()), Err(DataError::Foreign(_))));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_can_be_opened_however_long_the_path_of_its_directory_is() {
        use std::os::unix::net::{UnixListener, UnixStream};
        let dir = tempfile::tempdir().unwrap();
        for folder in ["short".to_owned(), "long".repeat(50)] {
            let folder = dir.path().join(folder);
            std::fs::create_dir(&folder).unwrap();
            let listens = SocketPath::of(&folder, "a.sock").unwrap();
            let _listener = UnixListener::bind(listens.path()).unwrap();
            drop(listens);
            assert!(folder.join("a.sock").exists());
            UnixStream::connect(SocketPath::of(&folder, "a.sock").unwrap().path()).unwrap();
        }
    }

    #[test]
    fn a_newer_format_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        for newer in ["3\n", "2.1\n", "x\n", "\n"] {
            std::fs::write(dir.path().join("format"), newer).unwrap();
            assert!(matches!(DataDirectory::own(dir.path()), Err(DataError::Newer { .. })));
            assert_eq!(crate::read::whole(&dir.path().join("format"), 9).unwrap(), newer.as_bytes());
        }
    }

    #[test]
    fn a_key_is_made_once_and_a_damaged_one_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDirectory::own(dir.path()).unwrap();
        let key = data.read_or_make_key("server.key").unwrap();
        assert_eq!(data.read_or_make_key("server.key").unwrap(), key);
        assert_ne!(data.read_or_make_key("other.key").unwrap(), key);
        std::fs::write(dir.path().join("server.key"), "short").unwrap();
        assert!(matches!(data.read_or_make_key("server.key"), Err(DataError::DamagedKey(_))));
        assert_eq!(data.read("server.key", 9).unwrap().unwrap(), b"short");
        assert_eq!(data.read("nothing", 9).unwrap(), None);
    }

    #[test]
    fn the_environment_names_the_directory() {
        let named = default_directory(&|name| (name == "EYELINE_DATA").then(|| "/x".into()));
        assert_eq!(named, Some("/x".into()));
    }
}
