//! What to tell someone whose data directory the system refuses, and what to do about it.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// A line about an error at a path: what is the case, and the next step where one is known.
pub fn explain(path: &Path, error: &io::Error) -> String {
    let path_text = path.display();
    match error.kind() {
        ErrorKind::StorageFull => {
            let disk = disk_of(path);
            format!(
                "the disk at `{}` is full, so that `{path_text}` cannot be written: free some space there, or use another directory with --data",
                disk.display()
            )
        }
        ErrorKind::QuotaExceeded => format!(
            "the quota of your account is used up, so that `{path_text}` cannot be written: free some space, or use another directory with --data"
        ),
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => format!(
            "`{path_text}` cannot be written ({error}): make it writable for the account that runs this, or use another directory with --data"
        ),
        _ => format!("cannot use `{path_text}`: {error}"),
    }
}

/// Who holds a lock, in words.
pub(super) fn somebody(process: Option<u32>) -> String {
    let number = process.map(|process| format!(" ({process})")).unwrap_or_default();
    format!("another process{number}")
}

/// Where the file system is mounted that a path lies on, or the path itself where that cannot be told.
fn disk_of(path: &Path) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let there = path.ancestors().find_map(|ancestor| ancestor.canonicalize().ok());
        let device = |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.dev());
        let mount = there.as_deref().and_then(|there| {
            let own = device(there)?;
            there.ancestors().take_while(|ancestor| device(ancestor) == Some(own)).last()
        });
        mount.unwrap_or(path).to_owned()
    }
    #[cfg(not(unix))]
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_with_what_to_do() {
        let line = explain(Path::new("/proc/nothing/here"), &ErrorKind::StorageFull.into());
        if cfg!(target_os = "linux") {
            assert!(line.starts_with("the disk at `/proc` is full"), "{line}");
        }
        assert!(line.ends_with("free some space there, or use another directory with --data"), "{line}");
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_named_with_what_to_do() {
        for kind in [ErrorKind::ReadOnlyFilesystem, ErrorKind::PermissionDenied] {
            let line = explain(Path::new("/d"), &kind.into());
            assert!(line.starts_with("`/d` cannot be written") && line.contains("--data"), "{line}");
        }
    }
}
