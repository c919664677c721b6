//! The data directory: where it is, who owns it, and which format it has.

use std::{
    fs::{File, OpenOptions},
    io,
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
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path.join("lock"))
            .map_err(io)?;
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
        let path = self.path.join(name);
        let half = path.with_extension("half");
        let written = write_private(&half, parts).and_then(|()| std::fs::rename(&half, &path));
        if written.is_err() {
            // A full disk should not stay full because of us.
            let _ = std::fs::remove_file(&half);
        }
        written
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn write_private(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    use std::io::Write;
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    // What a crash left behind, or what somebody put there, is not written through.
    let _ = std::fs::remove_file(path);
    let mut file = options.open(path)?;
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.flush()
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
            std::fs::write(&file, format!("{FORMAT}\n")).map_err(io)
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
