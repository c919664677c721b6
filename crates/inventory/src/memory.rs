//! What earlier scans found out and need not find out again: which files are no artefacts, and which digest a file has.
//!
//! A file is known by device, inode, length, modification time and inode change time; no program can set the last one
//! back. A file that changed within [`SETTLED`] before a scan is not remembered, because it could change once more
//! within the resolution of its times. What is remembered is a keyed 128-bit hash, so that nobody can craft a file whose hash
//! is that of a harmless one.
//!
//! On disk: `scan/` in the data directory, a few files that are read whole and believed only if their checksum holds
//! (see [`sealed`]). They hold nothing that cannot be found out again, so a damaged one is simply not believed.

mod sealed;
mod verdicts;

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
    io::{self, Read},
    path::{Path, PathBuf},
};

use domain::Sha256Digest;
use platform::{data::DataDirectory, read::Identity};
use siphasher::sip128::{Hasher128, SipHasher13};

pub use self::verdicts::{Memorable, Remembered};

use self::sealed::{Content, Key};

/// How many seconds a file must have been left alone to be remembered.
const SETTLED: i64 = 2;
/// How many different sets of roots are remembered.
const KEPT_ROOT_SETS: usize = 16;
/// Digests remembered; with more, only the newest scan's are kept.
const KEPT_DIGESTS: usize = 1_000_000;

const FOLDER: &str = "scan";
const KEY: &str = "key";
const DIGESTS: &str = "digests";
const ROOTS: &str = "roots-";

/// Why earlier scans cannot be remembered. A scan goes on without.
#[derive(Debug, thiserror::Error)]
#[error("{}", platform::data::explain(path, error))]
pub struct MemoryError {
    path: PathBuf,
    error: io::Error,
}

/// The state of one file, as a number.
pub type Fingerprint = u128;

/// A fingerprint is a hash already.
#[derive(Default)]
pub struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    fn write_u128(&mut self, number: u128) {
        self.0 = number as u64;
    }
}

type Fingerprints = HashSet<Fingerprint, BuildHasherDefault<AsItIs>>;
type Digests = HashMap<Fingerprint, Sha256Digest, BuildHasherDefault<AsItIs>>;

/// What earlier scans of the same roots found out.
#[derive(Debug, Default)]
pub struct Memory {
    /// Without it nothing is remembered.
    recording: Option<Recording>,
    unchanged: Fingerprints,
    digests: Digests,
    verdicts: verdicts::Verdicts,
}

#[derive(Debug)]
struct Recording {
    key: Key,
    /// The second before which a file must have changed last.
    settled: i64,
    /// The file for these roots.
    roots: String,
    /// The knowledge that the answers rest on.
    revision: u64,
}

impl Memory {
    /// Remembers nothing and will not.
    pub fn none() -> Self {
        Self::default()
    }

    /// What was remembered in a data directory for these roots. `revision` is that of the knowledge that the answers rest
    /// on; after a change all of them are forgotten. `now` is the second at which the scan begins.
    ///
    /// # Errors
    /// When nothing can be kept there, so that a key would be made for nothing.
    pub fn load(
        directory: &DataDirectory,
        roots: &[PathBuf],
        revision: u64,
        now: i64,
    ) -> Result<Self, MemoryError> {
        let folder = directory.path().join(FOLDER);
        let failed = |error| MemoryError { path: folder.clone(), error };
        directory.make_folder(FOLDER).map_err(failed)?;
        let key = match sealed::key(&folder.join(KEY)) {
            Some(key) => key,
            None => {
                let mut key = Key::default();
                platform::random::fill(&mut key).map_err(failed)?;
                directory.write(&format!("{FOLDER}/{KEY}"), &[&sealed::seal_key(key)]).map_err(failed)?;
                key
            }
        };
        Ok(Self::with_key(key, &folder, roots, revision, now))
    }

    /// What a data directory remembers that another process owns. The owner replaces files as it likes: each is there whole or
    /// not believed. Nothing is written.
    pub fn read(directory: &Path, roots: &[PathBuf], revision: u64, now: i64) -> Self {
        let folder = directory.join(FOLDER);
        sealed::key(&folder.join(KEY))
            .map_or_else(Self::none, |key| Self::with_key(key, &folder, roots, revision, now))
    }

    fn with_key(key: Key, folder: &Path, roots: &[PathBuf], revision: u64, now: i64) -> Self {
        let recording = Recording { key, settled: now - SETTLED, roots: root_set(key, roots), revision };
        let unchanged = sealed::read(&folder.join(&recording.roots), key, revision);
        let digests = sealed::read(&folder.join(DIGESTS), key, 0);
        Self {
            recording: Some(recording),
            unchanged: unchanged.as_ref().map(Content::fingerprints).unwrap_or_default(),
            digests: digests.as_ref().map(Content::digests).unwrap_or_default(),
            verdicts: verdicts::Verdicts::default(),
        }
    }

    /// The number of a file's state; `None` when it must not be remembered.
    pub fn fingerprint(&self, identity: &Identity) -> Option<Fingerprint> {
        let recording = self.recording.as_ref()?;
        let (file, changed) = (identity.file?, identity.changed?);
        if changed.0 >= recording.settled {
            return None;
        }
        let mut hasher = SipHasher13::new_with_key(&recording.key);
        hasher.write_u64(file.device);
        hasher.write_u64(file.inode);
        hasher.write_u64(identity.size);
        for (seconds, nanoseconds) in [identity.modified, changed] {
            hasher.write_i64(seconds);
            hasher.write_u32(nanoseconds);
        }
        Some(hasher.finish128().as_u128())
    }

    /// Whether a file with this state was looked at before and is no artefact.
    pub fn is_unchanged(&self, fingerprint: Fingerprint) -> bool {
        self.unchanged.contains(&fingerprint)
    }

    /// The digest that was computed of a file with this state.
    pub fn digest(&self, fingerprint: Fingerprint) -> Option<Sha256Digest> {
        self.digests.get(&fingerprint).copied()
    }

    /// Keeps what a complete scan of these roots found out, instead of what was known of them.
    ///
    /// # Errors
    /// When it cannot be written. What was there before stays.
    pub fn save(
        &self,
        directory: &DataDirectory,
        unchanged: &[Fingerprint],
        digests: &[(Fingerprint, Sha256Digest)],
    ) -> Result<(), MemoryError> {
        let Some(recording) = &self.recording else { return Ok(()) };
        let write = |name: &str, revision: u64, entries: &[u8]| {
            let name = format!("{FOLDER}/{name}");
            let sealed = sealed::seal(recording.key, revision, entries);
            directory
                .write(&name, &[&sealed.header, entries, &sealed.checksum])
                .map_err(|error| MemoryError { path: directory.path().join(name), error })
        };
        if !self.knows_exactly(unchanged) {
            write(&recording.roots, recording.revision, &sealed::fingerprints(unchanged))?;
            forget_surplus(directory, &recording.roots);
        }
        if !digests.is_empty() {
            let old = self.digests.iter().map(|(state, digest)| (*state, *digest));
            let old = old.filter(|_| self.digests.len() + digests.len() <= KEPT_DIGESTS);
            let all: Digests = old.chain(digests.iter().copied()).collect();
            write(DIGESTS, 0, &sealed::digests(all.iter()))?;
        }
        Ok(())
    }

    fn knows_exactly(&self, unchanged: &[Fingerprint]) -> bool {
        unchanged.len() == self.unchanged.len() && unchanged.iter().all(|one| self.unchanged.contains(one))
    }
}

/// The name of the file for a set of roots.
fn root_set(key: Key, roots: &[PathBuf]) -> String {
    let mut hasher = SipHasher13::new_with_key(&key);
    for root in roots {
        let bytes = root.as_os_str().as_encoded_bytes();
        hasher.write_usize(bytes.len());
        hasher.write(bytes);
    }
    format!("{ROOTS}{:016x}", hasher.finish())
}

/// Sets of roots beyond the limit are forgotten, the ones not scanned for longest first, never the one just written.
fn forget_surplus(directory: &DataDirectory, written: &str) {
    let folder = directory.path().join(FOLDER);
    let entries = platform::read::entries(&folder, 10_000).unwrap_or_default();
    let names = entries.into_iter().filter_map(|entry| entry.name.into_string().ok());
    let others =
        names.filter(|name| name.starts_with(ROOTS) && name != written).map(|name| folder.join(name));
    let mut others: Vec<_> =
        others.map(|path| (platform::read::identity_of(&path).ok().map(|id| id.modified), path)).collect();
    others.sort();
    let surplus = (others.len() + 1).saturating_sub(KEPT_ROOT_SETS);
    for (_, path) in others.iter().take(surplus) {
        // What stays is only dead weight, and the next scan tries again.
        let _ = std::fs::remove_file(path);
    }
}

/// The SHA-256 of a file, read once from start to end.
///
/// # Errors
/// The reader's error, or `Interrupted` when `stop` was set.
pub fn sha256(
    reader: &mut impl Read,
    stop: &std::sync::atomic::AtomicBool,
    read: &std::sync::atomic::AtomicU64,
) -> io::Result<Sha256Digest> {
    use sha2::Digest;
    use std::sync::atomic::Ordering;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0u8; 1 << 20];
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = reader.read(&mut buffer)?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
        hasher.update(part);
        read.fetch_add(count as u64, Ordering::Relaxed);
    }
    Ok(Sha256Digest::from_bytes(hasher.finalize().into()))
}

#[cfg(test)]
mod tests;
