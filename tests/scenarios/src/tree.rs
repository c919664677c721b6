//! Trees of files to scan.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::{
    fd::OwnedFd,
    fs::{AtFlags, Mode, OFlags, mkdirat, open, openat, renameat, unlinkat},
};
use tempfile::TempDir;

/// A temporary folder with files in it, readable by everyone so that a scan as another account can start there.
pub struct Tree {
    folder: TempDir,
}

impl Tree {
    /// An empty one.
    pub fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a temporary directory");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))
            .expect("its owner may change it");
        Self { folder }
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A path in it.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root().join(path)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let full = self.path(path);
        fs::create_dir_all(full.parent().expect("it lies in the tree")).expect("folders can be made");
        fs::write(&full, bytes).expect("files can be written");
        full
    }

    /// Makes a symbolic link, with the folders above it.
    pub fn link(&self, path: impl AsRef<Path>, to: impl AsRef<Path>) -> PathBuf {
        let full = self.path(path);
        fs::create_dir_all(full.parent().expect("it lies in the tree")).expect("folders can be made");
        std::os::unix::fs::symlink(to, &full).expect("links can be made");
        full
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

/// A chain of folders named `d`, longer than any path the system accepts. Taken down again when it goes.
pub struct Chain {
    top: PathBuf,
    depth: usize,
}

impl Chain {
    /// Makes `depth` folders one in another in `parent`, and a file of these bytes in the last.
    pub fn new(parent: &Path, depth: usize, name: &str, bytes: &[u8]) -> Self {
        let mut at = folder(parent);
        for _ in 0..depth {
            mkdirat(&at, "d", Mode::from_raw_mode(0o755)).expect("a folder can be made");
            at = enter(&at);
        }
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = openat(&at, name, flags, Mode::from_raw_mode(0o644)).expect("a file can be made");
        rustix::io::write(&file, bytes).expect("a file can be written");
        Self { top: parent.to_owned(), depth }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // From the bottom up, through `..`, since no path reaches down there. Each folder is moved to the top first:
        // some file systems take milliseconds to remove one from the depth.
        let top = folder(&self.top);
        let mut at = folder(&self.top);
        for _ in 0..self.depth {
            at = enter(&at);
        }
        for entry in rustix::fs::Dir::read_from(&at).into_iter().flatten().flatten() {
            // `.` and `..` refuse, as they should.
            let _ = unlinkat(&at, entry.file_name(), AtFlags::empty());
        }
        for _ in 0..self.depth {
            at = openat(&at, "..", FOLDER, Mode::empty()).expect("the folder above");
            renameat(&at, "d", &top, "taken-out").expect("a folder can be moved");
            unlinkat(&top, "taken-out", AtFlags::REMOVEDIR).expect("an empty folder can be removed");
        }
    }
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::RDONLY).union(OFlags::CLOEXEC);

fn folder(path: &Path) -> OwnedFd {
    open(path, FOLDER, Mode::empty()).expect("the folder opens")
}

fn enter(at: &OwnedFd) -> OwnedFd {
    openat(at, "d", FOLDER, Mode::empty()).expect("the folder opens")
}
