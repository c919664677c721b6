//! How much room a disk has.

use std::{io, path::Path};

/// The bytes that this account can still write on the disk of a path.
///
/// # Errors
/// The system's error; `Unsupported` where the system is not asked.
pub fn free(path: &Path) -> io::Result<u64> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(path)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_can_be_written_has_room_and_a_path_that_is_not_there_has_none() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free(dir.path()).unwrap() > 0);
        assert!(free(&dir.path().join("missing")).is_err());
    }
}
