//! Processes: who runs what, which files are mapped and open, which sockets are held.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::read::FileId;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg(all(feature = "fuzzing", target_os = "linux"))]
pub(crate) use linux::fuzz;
#[cfg(target_os = "linux")]
pub(crate) use linux::read_proc;
#[cfg(target_os = "linux")]
pub use linux::{
    environment_names, list, mapped_files, open_files, open_mapped, open_of, opened_for_writing, resolve,
};
#[cfg(not(target_os = "linux"))]
pub use portable::{
    environment_names, list, mapped_files, open_files, open_mapped, open_of, opened_for_writing, resolve,
};

/// A running process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its parent's id.
    pub parent: Option<u32>,
    /// The name the kernel has for it: at most 15 bytes on Linux, and the process may change it.
    pub name: String,
    /// The program file, if we may know it.
    pub exe: Option<PathBuf>,
    /// The command line as it stands, secrets and all: clean it before it goes anywhere.
    pub arguments: Vec<String>,
    /// The number of the user it runs as.
    pub user_id: Option<u32>,
    /// The name of that user, or the number.
    pub user: Option<String>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// The working directory, if we may know it.
    pub directory: Option<PathBuf>,
}

/// A file mapped into a process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MappedFile {
    /// Its path as the process sees it.
    pub path: PathBuf,
    /// Which file it is.
    pub file: FileId,
    /// The first range of addresses it is mapped at, as the kernel writes it.
    pub range: String,
    /// The path names nothing any more.
    pub deleted: bool,
}

/// A descriptor that a process holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenFile {
    /// A file or device, by path.
    Path {
        /// The number of the descriptor.
        descriptor: u32,
        /// The path as the process sees it.
        path: PathBuf,
    },
    /// A socket, by inode.
    Socket(u64),
}
