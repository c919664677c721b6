//! What earlier scans found out and need not find out again: which files are no artefacts, and which digest a file has.
//!
//! A file is known by device, inode, length, modification time and inode change time; no program can set the last one
//! back. A file that changed within [`SETTLED`] before a scan is not remembered, because it could change once more
//! within the resolution of its times. What is remembered is a keyed 128-bit hash, so that nobody can craft a file whose hash
//! is that of a harmless one.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
    io::Read,
    path::PathBuf,
};

use domain::Sha256Digest;
use platform::{data::DataDirectory, read::Identity};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use siphasher::sip128::{Hasher128, SipHasher13};

/// How many seconds a file must have been left alone to be remembered.
const SETTLED: i64 = 2;
/// Fingerprints per stored value.
const CHUNK: usize = 65_536;
/// How many different sets of roots are remembered.
const KEPT_ROOT_SETS: usize = 16;

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// A set of roots and a chunk number to fingerprints of 16 bytes each.
const UNCHANGED: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("unchanged");
/// A fingerprint to a SHA-256.
const DIGESTS: TableDefinition<'_, u128, &[u8; 32]> = TableDefinition::new("digests");

/// Why the memory of earlier scans could not be used. A scan goes on without it.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The database refused.
    #[error("failed to use `{path}`: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// The database's error.
        source: Box<redb::Error>,
    },
    /// The system gave no random bytes for a key.
    #[error("failed to make a key: {0}")]
    Key(#[source] std::io::Error),
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

/// What earlier scans of the same roots found out.
#[derive(Debug, Default)]
pub struct Memory {
    /// The key of the hash, and the second before which a file must have changed last. Without one nothing is remembered.
    recording: Option<((u64, u64), i64)>,
    roots: u64,
    unchanged: Fingerprints,
    digests: HashMap<Fingerprint, Sha256Digest, BuildHasherDefault<AsItIs>>,
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
    /// When the database cannot be used even after a fresh start.
    pub fn load(
        directory: &DataDirectory,
        roots: &[PathBuf],
        revision: u64,
        now: i64,
    ) -> Result<Self, MemoryError> {
        match Self::read(directory, roots, revision, now) {
            Ok(memory) => Ok(memory),
            // It holds nothing that cannot be found out again.
            Err(MemoryError::Database { path, .. }) => {
                let _ = std::fs::remove_file(&path);
                Self::read(directory, roots, revision, now)
            }
            Err(error) => Err(error),
        }
    }

    fn read(
        directory: &DataDirectory,
        roots: &[PathBuf],
        revision: u64,
        now: i64,
    ) -> Result<Self, MemoryError> {
        let failed = |source| failed(directory, source);
        let database = open(directory).map_err(failed)?;
        let key = prepare(&database, revision).map_err(failed)?;
        let key = match key {
            Some(key) => key,
            None => set_key(&database).map_err(|error| match error {
                KeyError::Random(error) => MemoryError::Key(error),
                KeyError::Database(error) => failed(error),
            })?,
        };
        let roots = root_set(key, roots);
        let (unchanged, digests) = contents(&database, roots).map_err(failed)?;
        Ok(Self { recording: Some((key, now - SETTLED)), roots, unchanged, digests })
    }

    /// The number of a file's state; `None` when it must not be remembered.
    pub fn fingerprint(&self, identity: &Identity) -> Option<Fingerprint> {
        let (key, settled) = self.recording?;
        let (file, changed) = (identity.file?, identity.changed?);
        if changed.0 >= settled {
            return None;
        }
        let mut hasher = SipHasher13::new_with_keys(key.0, key.1);
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
    /// When the database cannot be written.
    pub fn save(
        &self,
        directory: &DataDirectory,
        unchanged: &[Fingerprint],
        digests: &[(Fingerprint, Sha256Digest)],
    ) -> Result<(), MemoryError> {
        let known = unchanged.len() == self.unchanged.len()
            && unchanged.iter().all(|one| self.unchanged.contains(one));
        if self.recording.is_none() || (known && digests.is_empty()) {
            return Ok(());
        }
        write(directory, self.roots, (!known).then_some(unchanged), digests)
            .map_err(|source| failed(directory, source))
    }
}

const FILE: &str = "scan.redb";

fn open(directory: &DataDirectory) -> Result<Database, redb::Error> {
    let file = directory.file(FILE)?;
    Ok(Database::builder().create_file(file)?)
}

fn failed(directory: &DataDirectory, source: redb::Error) -> MemoryError {
    MemoryError::Database { path: directory.path().join(FILE), source: Box::new(source) }
}

/// Makes the tables; forgets the answers when the knowledge behind them changed. Gives the key if there is one.
fn prepare(database: &Database, revision: u64) -> Result<Option<(u64, u64)>, redb::Error> {
    let write = database.begin_write()?;
    let key = {
        let mut meta = write.open_table(META)?;
        let known = meta.get("revision")?.map(|value| value.value().to_vec());
        if known.as_deref() != Some(&revision.to_le_bytes()) {
            write.delete_table(UNCHANGED)?;
            meta.insert("revision", revision.to_le_bytes().as_slice())?;
        }
        write.open_table(UNCHANGED)?;
        write.open_table(DIGESTS)?;
        meta.get("key")?.and_then(|value| <[u8; 16]>::try_from(value.value()).ok()).map(as_key)
    };
    write.commit()?;
    Ok(key)
}

fn as_key(bytes: [u8; 16]) -> (u64, u64) {
    let number = u128::from_le_bytes(bytes);
    #[allow(clippy::cast_possible_truncation, reason = "both halves are used")]
    ((number >> 64) as u64, number as u64)
}

enum KeyError {
    Random(std::io::Error),
    Database(redb::Error),
}

impl<E: Into<redb::Error>> From<E> for KeyError {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}

fn set_key(database: &Database) -> Result<(u64, u64), KeyError> {
    let bytes = random_bytes().map_err(KeyError::Random)?;
    let write = database.begin_write()?;
    write.open_table(META)?.insert("key", bytes.as_slice())?;
    write.commit()?;
    Ok(as_key(bytes))
}

fn random_bytes() -> Result<[u8; 16], std::io::Error> {
    let mut bytes = [0u8; 16];
    platform::random::fill(&mut bytes)?;
    Ok(bytes)
}

fn root_set(key: (u64, u64), roots: &[PathBuf]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(key.0, key.1);
    for root in roots {
        let bytes = root.as_os_str().as_encoded_bytes();
        hasher.write_usize(bytes.len());
        hasher.write(bytes);
    }
    hasher.finish()
}

type Contents = (Fingerprints, HashMap<Fingerprint, Sha256Digest, BuildHasherDefault<AsItIs>>);

fn contents(database: &Database, roots: u64) -> Result<Contents, redb::Error> {
    let read = database.begin_read()?;
    let mut unchanged = Fingerprints::default();
    for chunk in read.open_table(UNCHANGED)?.range((roots, 0)..=(roots, u32::MAX))? {
        let (_, value) = chunk?;
        let (numbers, _) = value.value().as_chunks::<16>();
        unchanged.reserve(numbers.len());
        unchanged.extend(numbers.iter().map(|bytes| u128::from_le_bytes(*bytes)));
    }
    let mut digests = HashMap::default();
    for entry in read.open_table(DIGESTS)?.iter()? {
        let (fingerprint, digest) = entry?;
        digests.insert(fingerprint.value(), Sha256Digest::from_bytes(*digest.value()));
    }
    Ok((unchanged, digests))
}

fn write(
    directory: &DataDirectory,
    roots: u64,
    unchanged: Option<&[Fingerprint]>,
    digests: &[(Fingerprint, Sha256Digest)],
) -> Result<(), redb::Error> {
    let database = open(directory)?;
    let write = database.begin_write()?;
    if let Some(unchanged) = unchanged {
        let mut table = write.open_table(UNCHANGED)?;
        table.retain_in((roots, 0)..=(roots, u32::MAX), |_, _| false)?;
        for (number, chunk) in (0u32..).zip(unchanged.chunks(CHUNK)) {
            let bytes: Vec<u8> = chunk.iter().flat_map(|fingerprint| fingerprint.to_le_bytes()).collect();
            table.insert((roots, number), bytes.as_slice())?;
        }
        forget_surplus(&mut table, roots)?;
    }
    let mut table = write.open_table(DIGESTS)?;
    for (fingerprint, digest) in digests {
        table.insert(*fingerprint, digest.as_bytes())?;
    }
    drop(table);
    write.commit()?;
    Ok(())
}

/// Sets of roots beyond the limit are forgotten, never the one just written.
fn forget_surplus(table: &mut redb::Table<'_, (u64, u32), &[u8]>, roots: u64) -> Result<(), redb::Error> {
    let mut sets = Vec::new();
    for entry in table.iter()? {
        sets.push(entry?.0.value().0);
    }
    sets.dedup();
    sets.retain(|set| *set != roots);
    for surplus in sets.iter().skip(KEPT_ROOT_SETS - 1) {
        table.retain_in((*surplus, 0)..=(*surplus, u32::MAX), |_, _| false)?;
    }
    Ok(())
}

/// The SHA-256 of a file, read once from start to end.
///
/// # Errors
/// The reader's error, or `Interrupted` when `stop` was set.
pub fn sha256(
    reader: &mut impl Read,
    stop: &std::sync::atomic::AtomicBool,
    read: &std::sync::atomic::AtomicU64,
) -> std::io::Result<Sha256Digest> {
    use sha2::Digest;
    use std::sync::atomic::Ordering;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0u8; 1 << 20];
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        let count = reader.read(&mut buffer)?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
        hasher.update(part);
        read.fetch_add(count as u64, Ordering::Relaxed);
    }
    Ok(Sha256Digest::from_bytes(hasher.finalize().into()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use platform::read::FileId;

    use super::*;

    fn identity(inode: u64, changed: i64) -> Identity {
        Identity {
            file: Some(FileId { device: 1, inode }),
            size: 5000,
            modified: (1, 2),
            changed: Some((changed, 0)),
        }
    }

    fn load(dir: &Path, roots: &[PathBuf], revision: u64) -> (DataDirectory, Memory) {
        let directory = DataDirectory::own(dir).unwrap();
        let memory = Memory::load(&directory, roots, revision, 1000).unwrap();
        (directory, memory)
    }

    #[test]
    fn what_was_saved_is_known_to_the_next_scan_of_the_same_roots_only() {
        let dir = tempfile::tempdir().unwrap();
        let (here, there) = ([PathBuf::from("/a")], [PathBuf::from("/b")]);
        let digest = Sha256Digest::from_bytes([7; 32]);
        {
            let (directory, memory) = load(dir.path(), &here, 1);
            let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
            assert!(!memory.is_unchanged(fingerprint));
            memory.save(&directory, &[fingerprint], &[(fingerprint, digest)]).unwrap();
        }
        {
            let (_lock, memory) = load(dir.path(), &here, 1);
            let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
            assert!(memory.is_unchanged(fingerprint));
            assert_eq!(memory.digest(fingerprint), Some(digest));
            let touched = memory.fingerprint(&identity(1, 11)).unwrap();
            assert!(!memory.is_unchanged(touched) && memory.digest(touched).is_none());
        }
        let (_lock, elsewhere) = load(dir.path(), &there, 1);
        assert!(!elsewhere.is_unchanged(elsewhere.fingerprint(&identity(1, 10)).unwrap()));
    }

    #[test]
    fn new_knowledge_forgets_old_answers_but_no_digest() {
        let dir = tempfile::tempdir().unwrap();
        let roots = [PathBuf::from("/a")];
        {
            let (directory, memory) = load(dir.path(), &roots, 1);
            let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
            memory
                .save(&directory, &[fingerprint], &[(fingerprint, Sha256Digest::from_bytes([1; 32]))])
                .unwrap();
        }
        let (_lock, memory) = load(dir.path(), &roots, 2);
        let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
        assert!(!memory.is_unchanged(fingerprint));
        assert!(memory.digest(fingerprint).is_some());
    }

    #[test]
    fn a_file_that_changed_a_moment_ago_is_not_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let (_lock, memory) = load(dir.path(), &[], 1);
        assert_eq!(memory.fingerprint(&identity(1, 999)), None);
        assert!(memory.fingerprint(&identity(1, 997)).is_some());
    }

    #[test]
    fn a_broken_database_is_started_afresh() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("scan.redb"), vec![0xaa; 10_000]).unwrap();
        let (_lock, memory) = load(dir.path(), &[], 1);
        assert!(memory.fingerprint(&identity(1, 10)).is_some());
    }

    #[test]
    fn the_memory_of_root_sets_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..KEPT_ROOT_SETS + 3 {
            let (directory, memory) = load(dir.path(), &[PathBuf::from(format!("/{number}"))], 1);
            let fingerprint = memory.fingerprint(&identity(1, 10)).unwrap();
            memory.save(&directory, &[fingerprint], &[]).unwrap();
        }
        let database = Database::create(dir.path().join("scan.redb")).unwrap();
        let read = database.begin_read().unwrap();
        assert_eq!(read.open_table(UNCHANGED).unwrap().iter().unwrap().count(), KEPT_ROOT_SETS);
    }
}
