//! The data directory: where it is, who owns it, and which format it has.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The version of what lies in a data directory.
const FORMAT: &str = "1";

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Another process owns it.
    #[error("`{0}` is in use by another process")]
    InUse(PathBuf),
    /// It was written by a newer version.
    #[error(
        "`{path}` has format `{format}`, this version knows {FORMAT}: use the newer version, or another directory with --data"
    )]
    Newer {
        /// The directory.
        path: PathBuf,
        /// What its format file says.
        format: String,
    },
    /// The system refused.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
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
    /// Makes the directory if needed (mode 0700), takes its lock and checks its format.
    ///
    /// # Errors
    /// [`DataError`] when it is in use, newer, or the system refuses.
    pub fn own(path: &Path) -> Result<Self, DataError> {
        let io = |source| DataError::Io { path: path.to_owned(), source };
        make_private(path).map_err(io)?;
        let lock = private_file(&path.join("lock")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(DataError::InUse(path.to_owned())),
            Err(std::fs::TryLockError::Error(error)) => return Err(io(error)),
        }
        check_format(path)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Makes a folder in it that only the owner can enter.
    ///
    /// # Errors
    /// The system's error.
    pub fn make_folder(&self, name: &str) -> io::Result<()> {
        make_private(&self.path.join(name))
    }

    /// Writes a file in it, all or nothing, that only the owner can read. The parts stand one behind the other.
    ///
    /// # Errors
    /// The system's error; the file that was there before stays.
    pub fn write(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        write_whole(&self.path.join(name), parts)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
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

/// Writes a file that is there whole or not at all, also when the disk is full.
fn write_whole(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = private_file(&draft)?;
    let mut written = file.set_len(0);
    for part in parts {
        written = written.and_then(|()| file.write_all(part));
    }
    let moved = written.and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&draft, path));
    if moved.is_err() {
        // A full disk should not stay full because of us.
        let _ = std::fs::remove_file(&draft);
    }
    moved
}

/// Reads the format, or writes it into a new directory.
fn check_format(path: &Path) -> Result<(), DataError> {
    let file = path.join("format");
    let io = |source| DataError::Io { path: path.to_owned(), source };
    match crate::read::whole(&file, 64) {
        Ok(content) => {
            let format = String::from_utf8_lossy(&content).trim().to_owned();
            if format == FORMAT { Ok(()) } else { Err(DataError::Newer { path: path.to_owned(), format }) }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            write_whole(&file, &[FORMAT.as_bytes(), b"\n"]).map_err(io)
        }
        Err(error) => Err(io(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_owns_a_directory_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let owner = DataDirectory::own(&path).unwrap();
        assert!(matches!(DataDirectory::own(&path), Err(DataError::InUse(_))));
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

    #[test]
    fn a_newer_format_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("format"), "2\n").unwrap();
        assert!(matches!(DataDirectory::own(dir.path()), Err(DataError::Newer { .. })));
        assert_eq!(crate::read::whole(&dir.path().join("format"), 9).unwrap(), b"2\n");
    }

    #[test]
    fn the_environment_names_the_directory() {
        let named = default_directory(&|name| (name == "EYELINE_DATA").then(|| "/x".into()));
        assert_eq!(named, Some("/x".into()));
    }
}
