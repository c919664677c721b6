//! What a scan could see and what it could not. Nothing unread is ever counted as clean.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use crate::{
    HostPath,
    path::{NotBase64, all_base64, exact, exact_all, serialize_path},
};

/// How far a scan reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
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
    /// Bytes of model files on the disk, each file once however many models and paths it is part of.
    pub model_bytes: u64,
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "UnreadableWire")]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The capability, such as `process-maps`.
    pub capability: String,
    /// What is not known because of it.
    pub lost: String,
    /// What would give it.
    pub remedy: String,
}

/// What is read of an unreadable path.
#[derive(Deserialize)]
struct UnreadableWire {
    path: HostPath,
    path_base64: Option<String>,
    #[serde(default)]
    error: String,
}

impl TryFrom<UnreadableWire> for Unreadable {
    type Error = NotBase64;

    fn try_from(wire: UnreadableWire) -> Result<Self, NotBase64> {
        Ok(Self { path: exact(wire.path, wire.path_base64.as_deref())?, error: wire.error })
    }
}

/// Coverage in JSON.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Wire {
    roots: Vec<HostPath>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roots_base64: Vec<Option<String>>,
    files: u64,
    directories: u64,
    bytes_read: u64,
    unchanged: u64,
    empty: u64,
    special: u64,
    links: u64,
    changed: u64,
    model_bytes: u64,
    unreadable_total: u64,
    unreadable: Vec<Unreadable>,
    skipped_mounts: Vec<HostPath>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped_mounts_base64: Vec<Option<String>>,
    gaps: Vec<Gap>,
}

impl From<Coverage> for Wire {
    fn from(coverage: Coverage) -> Self {
        Self {
            roots_base64: all_base64(&coverage.roots),
            skipped_mounts_base64: all_base64(&coverage.skipped_mounts),
            roots: coverage.roots,
            files: coverage.files,
            directories: coverage.directories,
            bytes_read: coverage.bytes_read,
            unchanged: coverage.unchanged,
            empty: coverage.empty,
            special: coverage.special,
            links: coverage.links,
            changed: coverage.changed,
            model_bytes: coverage.model_bytes,
            unreadable_total: coverage.unreadable_total,
            unreadable: coverage.unreadable,
            skipped_mounts: coverage.skipped_mounts,
            gaps: coverage.gaps,
        }
    }
}

impl TryFrom<Wire> for Coverage {
    type Error = NotBase64;

    fn try_from(wire: Wire) -> Result<Self, NotBase64> {
        Ok(Self {
            roots: exact_all(wire.roots, &wire.roots_base64)?,
            files: wire.files,
            directories: wire.directories,
            bytes_read: wire.bytes_read,
            unchanged: wire.unchanged,
            empty: wire.empty,
            special: wire.special,
            links: wire.links,
            changed: wire.changed,
            model_bytes: wire.model_bytes,
            unreadable_total: wire.unreadable_total,
            unreadable: wire.unreadable,
            skipped_mounts: exact_all(wire.skipped_mounts, &wire.skipped_mounts_base64)?,
            gaps: wire.gaps,
        })
    }
}
