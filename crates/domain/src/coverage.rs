//! What a scan could see and what it could not. Nothing unread is ever counted as clean.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{HostPath, path::serialize_path};

/// How far a scan reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The folders it started from.
    pub roots: Vec<HostPath>,
    /// Regular files seen.
    pub files: u64,
    /// Directories read.
    pub directories: u64,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Files that were not opened again because nothing about them changed since the last scan.
    pub unchanged: u64,
    /// Empty files.
    pub empty: u64,
    /// FIFOs, sockets and devices, which are never opened.
    pub special: u64,
    /// Symbolic links, which are never followed out of a root.
    pub links: u64,
    /// Files that changed or vanished while they were read.
    pub changed: u64,
    /// How many paths could not be read, also beyond those that are listed.
    pub unreadable_total: u64,
    /// The first paths that could not be read, and why.
    pub unreadable: Vec<Unreadable>,
    /// Mounted file systems that were not entered.
    pub skipped_mounts: Vec<HostPath>,
    /// Whole kinds of sight that were missing.
    pub gaps: Vec<Gap>,
}

/// A path that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The path.
    pub path: HostPath,
    /// The reason, in the system's words.
    pub error: String,
}

impl Serialize for Unreadable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Unreadable", 3)?;
        serialize_path(&mut out, &self.path)?;
        out.serialize_field("error", &self.error)?;
        out.end()
    }
}

/// Something this scan could not see at all, and what would change that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The capability, such as `process-maps`.
    pub capability: String,
    /// What is not known because of it.
    pub lost: String,
    /// What would give it.
    pub remedy: String,
}
