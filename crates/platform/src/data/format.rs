//! The version of what lies in a data directory, and the way up from an older one.
//!
//! Format 1 had `lock`, `format` and `scan/`. Format 2 adds what a server and a sensor keep; `scan/` is as it was.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{DataError, make_private, write_whole};

/// The format that this version writes.
pub(super) const CURRENT: u32 = 2;

const FILE: &str = "format";
/// The folder of format 1.
const SCAN: &str = "scan";
/// How many files of it are copied; it has a few dozen.
const MOST_FILES: usize = 10_000;

/// Reads the format, writes it into a new directory, migrates an older one.
pub(super) fn settle(path: &Path) -> Result<(), DataError> {
    let file = path.join(FILE);
    let io = |error| DataError::Io { path: path.to_owned(), error };
    let found = match crate::read::whole(&file, 64) {
        Ok(content) => String::from_utf8_lossy(&content).trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return write(path).map_err(io),
        Err(error) => return Err(io(error)),
    };
    match found.parse() {
        Ok(CURRENT) => Ok(()),
        Ok(older @ 1..CURRENT) => {
            copy(path, older).map_err(io)?;
            write(path).map_err(io)
        }
        _ => Err(DataError::Newer { path: path.to_owned(), format: found }),
    }
}

fn write(path: &Path) -> io::Result<()> {
    write_whole(&path.join(FILE), &[CURRENT.to_string().as_bytes(), b"\n"])
}

/// Where the copy of an older format lies.
fn copy_of(path: &Path) -> PathBuf {
    path.join(format!("before-format-{CURRENT}"))
}

/// Copies what the older format had. The copy gets its name when it is whole, and one that has it is kept.
fn copy(path: &Path, older: u32) -> io::Result<()> {
    let whole = copy_of(path);
    if whole.try_exists()? {
        return Ok(());
    }
    let draft = whole.with_extension("new");
    if draft.try_exists()? {
        std::fs::remove_dir_all(&draft)?;
    }
    make_private(&draft.join(SCAN))?;
    let entries = match crate::read::entries(&path.join(SCAN), MOST_FILES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        entries => entries?,
    };
    for entry in entries.iter().filter(|entry| entry.kind == crate::read::EntryKind::File) {
        link_or_copy(&path.join(SCAN).join(&entry.name), &draft.join(SCAN).join(&entry.name))?;
    }
    write_whole(&draft.join(FILE), &[older.to_string().as_bytes(), b"\n"])?;
    std::fs::rename(&draft, &whole)
}

/// The memory of scans can be large and is only ever replaced, never written into: a second name is as good as a copy.
fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::hard_link(from, to).or_else(|_| {
        let mut source = crate::read::open(from)?.0;
        io::copy(&mut source, &mut super::private_file(to)?).map(drop)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataDirectory;

    fn text(path: &Path) -> String {
        String::from_utf8(crate::read::whole(path, 99).unwrap()).unwrap()
    }

    fn of_format_1() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("format"), "1\n").unwrap();
        std::fs::create_dir(dir.path().join("scan")).unwrap();
        std::fs::write(dir.path().join("scan/key"), "k").unwrap();
        dir
    }

    #[test]
    fn an_older_format_is_migrated_after_a_copy() {
        let dir = of_format_1();
        let data = DataDirectory::own(dir.path()).unwrap();
        assert_eq!(text(&dir.path().join("format")), "2\n");
        data.write("scan/key", &[b"new"]).unwrap();
        let copy = copy_of(dir.path());
        assert_eq!((text(&copy.join("format")), text(&copy.join("scan/key"))), ("1\n".into(), "k".into()));
        assert_eq!(text(&dir.path().join("scan/key")), "new");
    }

    #[test]
    fn a_migration_that_was_cut_off_is_done_again() {
        let dir = of_format_1();
        std::fs::create_dir_all(dir.path().join("before-format-2.new/scan")).unwrap();
        std::fs::write(dir.path().join("before-format-2.new/scan/half"), "h").unwrap();
        drop(DataDirectory::own(dir.path()).unwrap());
        let names = crate::read::entries(&copy_of(dir.path()).join("scan"), 9).unwrap();
        assert_eq!(names.len(), 1, "{names:?}");
        assert!(!dir.path().join("before-format-2.new").exists());

        // Cut off between the copy and the new format: the copy is the one of format 1.
        std::fs::write(dir.path().join("format"), "1\n").unwrap();
        std::fs::write(dir.path().join("scan/later"), "l").unwrap();
        drop(DataDirectory::own(dir.path()).unwrap());
        assert_eq!(crate::read::entries(&copy_of(dir.path()).join("scan"), 9).unwrap().len(), 1);
        assert_eq!(text(&dir.path().join("format")), "2\n");
    }

    #[test]
    fn an_older_format_without_memory_is_migrated_too() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("format"), "1").unwrap();
        drop(DataDirectory::own(dir.path()).unwrap());
        assert_eq!(text(&copy_of(dir.path()).join("format")), "1\n");
    }
}
