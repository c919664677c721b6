//! Files of an account: a link is followed as long as it stays in the folder that the file belongs to.
//!
//! People link their configuration into a folder of their own, so links in a home count. A link out of it does not:
//! for a privileged reader it would show one account what belongs to another.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

#[cfg(target_os = "linux")]
use super::kind_of;
use super::{Entry, EntryKind, Identity, entries, identity, kind};

/// Opens the regular file `base/below`, following links only while they stay below `base`, and without ever blocking.
///
/// # Errors
/// The system's error, `PermissionDenied` when a link leads out, `InvalidInput` when it is no regular file.
pub fn open_below(base: &Path, below: &Path) -> io::Result<(File, Identity)> {
    let file = sys::open(base, below)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok((file, identity(&metadata)))
}

/// What `base/below` stands for in the end, following links only while they stay below `base`.
///
/// # Errors
/// As [`open_below`].
pub fn kind_below(base: &Path, below: &Path) -> io::Result<EntryKind> {
    sys::kind(base, below)
}

/// The names in the directory `base/below`, sorted, following links only while they stay below `base`.
///
/// # Errors
/// As [`open_below`]; `FileTooLarge` when there are more than `limit` names.
pub fn entries_below(base: &Path, below: &Path, limit: usize) -> io::Result<Vec<Entry>> {
    entries(&resolved(base, below)?.1, limit)
}

/// Whether any account may read an open file and enter every folder on the way to it; `None` where the system does not
/// say it in a mode. A home that is closed keeps what lies in it from others, whatever the file's own mode says.
pub fn readable_by_others(file: &File, path: &Path) -> Option<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let everyone = |permissions: std::fs::Permissions, what: u32| permissions.mode() & what == what;
        let enters =
            |folder: &Path| folder.metadata().is_ok_and(|folder| everyone(folder.permissions(), 0o001));
        Some(everyone(file.metadata().ok()?.permissions(), 0o004) && path.ancestors().skip(1).all(enters))
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        None
    }
}

/// `base` and `base/below` without any link.
fn resolved(base: &Path, below: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let base = base.canonicalize()?;
    let target = base.join(below).canonicalize()?;
    if !target.starts_with(&base) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "a link leads out of its folder"));
    }
    Ok((base, target))
}

/// By names alone: between the look and the opening a link may change.
mod by_name {
    use super::{EntryKind, File, Path, io, kind as kind_of_path, resolved};

    pub(super) fn open(base: &Path, below: &Path) -> io::Result<File> {
        Ok(crate::read::open(&resolved(base, below)?.1)?.0)
    }

    pub(super) fn kind(base: &Path, below: &Path) -> io::Result<EntryKind> {
        kind_of_path(&resolved(base, below)?.1)
    }
}

#[cfg(not(target_os = "linux"))]
use by_name as sys;

/// By openat2(2), which lets the kernel keep the bounds while it walks.
#[cfg(target_os = "linux")]
mod sys {
    use rustix::{
        fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2},
        io::Errno,
    };

    use super::{EntryKind, File, Path, by_name, io, kind_of, resolved};

    pub(super) fn open(base: &Path, below: &Path) -> io::Result<File> {
        match beneath(base, below, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY) {
            Err(Errno::NOSYS | Errno::PERM) => by_name::open(base, below),
            Err(Errno::XDEV) => within(base, below, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY),
            opened => Ok(opened?),
        }
    }

    pub(super) fn kind(base: &Path, below: &Path) -> io::Result<EntryKind> {
        let file = match beneath(base, below, OFlags::PATH) {
            Err(Errno::NOSYS | Errno::PERM) => return by_name::kind(base, below),
            Err(Errno::XDEV) => within(base, below, OFlags::PATH)?,
            opened => opened?,
        };
        Ok(kind_of(file.metadata()?.file_type()))
    }

    fn beneath(base: &Path, below: &Path, flags: OFlags) -> Result<File, Errno> {
        resolve(base, below, flags, ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS)
    }

    /// For links with an absolute target, which `BENEATH` refuses wherever they lead: resolved by name, then opened
    /// without any link.
    fn within(base: &Path, below: &Path, flags: OFlags) -> io::Result<File> {
        let (base, target) = resolved(base, below)?;
        let inner = target.strip_prefix(&base).map_err(io::Error::other)?;
        let inner = if inner.as_os_str().is_empty() { Path::new(".") } else { inner };
        Ok(resolve(&base, inner, flags, ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS)?)
    }

    fn resolve(base: &Path, below: &Path, flags: OFlags, how: ResolveFlags) -> Result<File, Errno> {
        let folder = openat(CWD, base, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        openat2(folder, below, flags | OFlags::CLOEXEC, Mode::empty(), how).map(File::from)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_closed_home_keeps_an_open_file_from_others() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, "x").unwrap();
        // The folder for temporary files may be a private one.
        let open = |folder: &Path| folder.metadata().unwrap().permissions().mode() & 1 == 1;
        let way_is_open = dir.path().ancestors().skip(1).all(open);
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let readable = || readable_by_others(&crate::read::open(&path).unwrap().0, &path).unwrap();
        for (folder, file, expected) in
            [(0o755, 0o644, true), (0o700, 0o644, false), (0o755, 0o600, false), (0o755, 0o640, false)]
        {
            set(dir.path(), folder);
            set(&path, file);
            assert_eq!(readable(), expected && way_is_open, "{folder:o} {file:o}");
        }
    }

    /// A home with a file, a folder beside it, and links of every kind.
    #[allow(clippy::unwrap_used, reason = "a test may fail loudly, its helpers too")]
    fn home() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        for folder in ["home/dotfiles/codex", "out/.codex"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        std::fs::write(home.join("dotfiles/codex/config"), b"mine").unwrap();
        std::fs::write(dir.path().join("out/.codex/config"), b"theirs").unwrap();
        symlink("dotfiles/codex", home.join("relative")).unwrap();
        symlink(home.join("dotfiles/codex/config"), home.join("absolute")).unwrap();
        symlink("../out/.codex", home.join("away")).unwrap();
        symlink(dir.path().join("out/.codex/config"), home.join("far")).unwrap();
        symlink("nowhere", home.join("dangling")).unwrap();
        (dir, home)
    }

    #[test]
    fn a_link_is_followed_as_long_as_it_stays_in_the_home() {
        let (_dir, home) = home();
        for path in ["dotfiles/codex/config", "relative/config", "absolute"] {
            assert!(open_below(&home, Path::new(path)).is_ok(), "{path}");
            assert!(by_name::open(&home, Path::new(path)).is_ok(), "{path}");
        }
        assert_eq!(kind_below(&home, Path::new("relative")).unwrap(), EntryKind::Directory);
        assert_eq!(kind_below(&home, Path::new("absolute")).unwrap(), EntryKind::File);
        assert_eq!(entries_below(&home, Path::new("relative"), 9).unwrap().len(), 1);
    }

    #[test]
    fn a_link_out_of_the_home_leads_nowhere() {
        let (_dir, home) = home();
        for path in ["away/config", "far", "../out/.codex/config", "/etc/passwd"] {
            let refused = open_below(&home, Path::new(path)).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied, "{path}");
            assert!(kind_below(&home, Path::new(path)).is_err(), "{path}");
            assert!(by_name::open(&home, Path::new(path)).is_err(), "{path}");
        }
        assert!(entries_below(&home, Path::new("away"), 9).is_err());
        assert_eq!(open_below(&home, Path::new("dangling")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(open_below(&home, Path::new("relative")).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
