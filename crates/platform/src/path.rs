//! Between paths of the operating system and paths as values.

use std::path::{Path, PathBuf};

use domain::HostPath;

/// The path as a value.
pub fn to_host(path: &Path) -> HostPath {
    HostPath::from(path)
}

/// The path for the operating system. Exact on Unix; elsewhere a path that is not Unicode loses what is not.
pub fn from_host(path: &HostPath) -> PathBuf {
    from_bytes(path.as_bytes())
}

/// As [`from_host`], from the bytes.
pub fn from_bytes(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
    }
    #[cfg(not(unix))]
    {
        PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
    }
}
