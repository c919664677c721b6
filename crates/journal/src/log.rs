//! A log that is written to.
//!
//! The order in which it asks for durability:
//! 1. Entries go to the end of `wal`, which is synced. Then they are acknowledged. One sync serves all that came together.
//! 2. To publish, the new bundles and tiles are written and synced.
//! 3. The checkpoint that needs them replaces the older one.
//! 4. `wal` is emptied and synced; only then are partial tiles that nobody needs any more removed.
//!
//! Whatever ends the process, or the power, in between: the checkpoint that is found has all its tiles, and what was acknowledged
//! after it stands in `wal`.

use std::io;

use crate::{
    bundle::{self, Entries, MAX_ENTRY, TooLong},
    checkpoint::Checkpoint,
    folder::Folder,
    note::{Note, Signature, Signer, VerifierKey},
    reader::{CHECKPOINT, ReadError, Reader, WITNESSED, read},
    tile::{HEIGHT, Tile, TilePath, WIDTH},
    tree::{Frontier, Hash},
    wal,
};

const WAL: &str = "wal";

/// Why a log cannot be written to.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// An entry is longer than the format allows. Nothing was written.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// What was kept is damaged, so nothing can be added without hiding it.
    #[error("the journal is damaged: {0}")]
    Damaged(#[source] ReadError),
    /// Entries that were acknowledged are gone: the file of those that wait ends before or begins after the checkpoint.
    #[error("the journal is damaged: `wal` goes on at entry {found}, and the checkpoint ends at {expected}")]
    Torn {
        /// What was expected.
        expected: u64,
        /// What was found.
        found: u64,
    },
    /// Nothing of what was to be added is in the log.
    #[error("failed to write the journal")]
    NotWritten(#[source] io::Error),
    /// The system does not say what is on the disk. Nothing more is written until the log is opened anew.
    #[error("the journal is closed until the next start, because its file system failed: {0}")]
    Closed(String),
}

/// Where entries that were added stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The index of the first.
    pub first: u64,
    /// That behind the last.
    pub end: u64,
}

/// A log that was opened.
#[derive(Debug)]
pub struct Opened<F> {
    /// The log.
    pub log: Log<F>,
    /// So many entries were acknowledged and not in a checkpoint; they are now to be published.
    pub recovered: u64,
    /// Acknowledged entries may be lost: the file of those that wait was altered or damaged. It is kept under this name.
    pub damaged: Option<String>,
}

/// A log that is written to, by one at a time.
#[derive(Debug)]
pub struct Log<F> {
    folder: F,
    signer: Signer,
    frontier: Frontier,
    edge: Edge,
    /// The size of the newest checkpoint; none before the first.
    published: Option<u64>,
    wal_len: u64,
    /// Partial tiles of the newest checkpoint.
    partial: Vec<TilePath>,
    closed: Option<String>,
}

/// The rightmost tiles, and the whole ones that are not written yet.
#[derive(Debug, Default)]
struct Edge {
    levels: Vec<Vec<Hash>>,
    bundle: Vec<u8>,
    whole: Vec<(TilePath, Vec<u8>)>,
}

impl<F: Folder> Log<F> {
    /// Opens the log of a key, or begins it. What was acknowledged before is in it, whatever ended the process that wrote it.
    ///
    /// # Errors
    ///
    /// When what is kept is damaged, or belongs to another key, or the folder cannot be read or written.
    pub fn open(mut folder: F, signer: Signer) -> Result<Opened<F>, LogError> {
        let (frontier, edge, published) =
            last_state(&folder, &signer.verifier()).map_err(LogError::Damaged)?;
        let waiting = read(&folder, WAL).map_err(LogError::Damaged)?.unwrap_or_default();
        let pending = wal::read(&waiting);
        let damaged = pending.damaged.then(|| format!("wal.damaged-{}", frontier.size()));
        let partial = edge.partial(&frontier).map(|(path, _)| path).collect();
        if let Some(name) = &damaged {
            folder.replace(name, &waiting).map_err(LogError::NotWritten)?;
        }
        if pending.good < waiting.len() {
            folder.truncate(WAL, pending.good as u64).map_err(LogError::NotWritten)?;
            folder.sync(&[WAL.to_owned()]).map_err(LogError::NotWritten)?;
        }
        let size = frontier.size();
        let wal_len = pending.good as u64;
        let mut log = Self { folder, signer, frontier, edge, published, wal_len, partial, closed: None };
        for found in pending.entries.into_iter().filter(|found| found.index >= size) {
            let expected = log.frontier.size();
            if found.index != expected {
                return Err(LogError::Torn { expected, found: found.index });
            }
            log.integrate(found.entry)?;
        }
        let recovered = log.frontier.size() - size;
        log.remove_stale();
        Ok(Opened { log, recovered, damaged })
    }

    /// The number of entries, those included that are in no checkpoint yet.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// How many entries are in no checkpoint yet.
    #[must_use]
    pub fn unpublished(&self) -> u64 {
        self.frontier.size() - self.published.unwrap_or(0)
    }

    /// The key by which its checkpoints are verified.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.signer.verifier()
    }

    /// Where it is kept.
    pub fn folder(&self) -> &F {
        &self.folder
    }

    /// Adds entries, all or none. When this returns they are durable.
    ///
    /// # Errors
    ///
    /// When one is too long, or they cannot be written: none of them is then in the log. After an error that leaves open what is on the
    /// disk every later call fails.
    pub fn append<E: AsRef<[u8]>>(&mut self, entries: &[E]) -> Result<Appended, LogError> {
        self.check_open()?;
        let first = self.frontier.size();
        let mut bytes = Vec::new();
        for (entry, index) in entries.iter().zip(first..) {
            let entry = entry.as_ref();
            if entry.len() > MAX_ENTRY {
                return Err(TooLong(entry.len()).into());
            }
            wal::push(&mut bytes, index, entry);
        }
        self.write_wal(&bytes)?;
        for entry in entries {
            self.integrate(entry.as_ref())?;
        }
        Ok(Appended { first, end: self.frontier.size() })
    }

    fn write_wal(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        if let Err(error) = self.folder.append(WAL, bytes) {
            // A part of it may be there. It was not acknowledged, and must not come back.
            let taken_back = self.folder.truncate(WAL, self.wal_len);
            if let Err(also) = taken_back.and_then(|()| self.folder.sync(&[WAL.to_owned()])) {
                self.closed = Some(also.to_string());
            }
            return Err(LogError::NotWritten(error));
        }
        if let Err(error) = self.folder.sync(&[WAL.to_owned()]) {
            // What a failed sync leaves on the disk nobody knows, and a second one would claim success.
            return Err(self.close(&error));
        }
        self.wal_len += bytes.len() as u64;
        Ok(())
    }

    /// Signs a checkpoint of all entries and writes it with all its tiles. Gives it; the last one, when nothing came since.
    ///
    /// # Errors
    ///
    /// When they cannot be written. The entries stay acknowledged, and the next call tries again.
    pub fn publish(&mut self) -> Result<Note, LogError> {
        self.check_open()?;
        if self.published == Some(self.frontier.size())
            && let Some(note) = self.newest()?
        {
            return Ok(note);
        }
        let partial: Vec<_> = self.edge.partial(&self.frontier).collect();
        let mut paths = Vec::new();
        for (path, bytes) in self.edge.whole.iter().chain(&partial) {
            self.folder.write(&path.to_string(), bytes).map_err(LogError::NotWritten)?;
            paths.push(path.to_string());
        }
        if let Err(error) = self.folder.sync(&paths) {
            return Err(self.close(&error));
        }
        let note = Note::new(self.head().to_string(), &self.signer);
        if let Err(error) = self.folder.replace(CHECKPOINT, note.to_string().as_bytes()) {
            return Err(self.close(&error));
        }
        self.published = Some(self.frontier.size());
        self.edge.whole.clear();
        self.empty_wal()?;
        let kept: Vec<_> = partial.into_iter().map(|(path, _)| path).collect();
        let old = std::mem::replace(&mut self.partial, kept);
        for path in old.into_iter().filter(|path| !self.partial.contains(path)) {
            // What stays is in nobody's way, and is looked for at the next start.
            let _ = self.folder.remove(&path.to_string());
        }
        Ok(note)
    }

    /// The newest checkpoint with its signatures; none before the first.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn newest(&self) -> Result<Option<Note>, LogError> {
        let bytes = read(&self.folder, CHECKPOINT).map_err(LogError::Damaged)?;
        let note = bytes.map(|bytes| Note::parse(&bytes)).transpose();
        note.map_err(|error| LogError::Damaged(error.into()))
    }

    /// Keeps a checkpoint that a witness cosigned, as the newest that somebody else has seen.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn keep_witnessed(&mut self, mut note: Note, cosignature: Signature) -> Result<(), LogError> {
        note.add(cosignature);
        self.folder.replace(WITNESSED, note.to_string().as_bytes()).map_err(LogError::NotWritten)
    }

    fn head(&self) -> Checkpoint {
        let origin = self.signer.verifier().name().to_owned();
        Checkpoint { origin, size: self.frontier.size(), root: self.frontier.root(), extensions: Vec::new() }
    }

    fn integrate(&mut self, entry: &[u8]) -> Result<(), LogError> {
        bundle::push(&mut self.edge.bundle, entry)?;
        let Self { frontier, edge, .. } = self;
        let index = frontier.size();
        frontier.push(Hash::of_entry(entry), |height, hash| edge.take(height, hash, index));
        Ok(())
    }

    fn empty_wal(&mut self) -> Result<(), LogError> {
        let emptied = self.folder.truncate(WAL, 0).and_then(|()| self.folder.sync(&[WAL.to_owned()]));
        if let Err(error) = emptied {
            return Err(self.close(&error));
        }
        self.wal_len = 0;
        Ok(())
    }

    /// Partial tiles that an end in the middle of a removal left behind.
    fn remove_stale(&mut self) {
        for path in self.partial.clone() {
            let listed = self.folder.list(&format!("{}.p", path.as_wide_as(256))).unwrap_or_default();
            for name in listed.into_iter().filter(|name| *name != path.to_string()) {
                // Harmless when it stays.
                let _ = self.folder.remove(&name);
            }
        }
    }

    fn check_open(&self) -> Result<(), LogError> {
        self.closed.clone().map_or(Ok(()), |why| Err(LogError::Closed(why)))
    }

    fn close(&mut self, error: &io::Error) -> LogError {
        self.closed = Some(error.to_string());
        LogError::Closed(error.to_string())
    }
}

impl Edge {
    /// Takes the hash of a subtree that entry `index` completed.
    fn take(&mut self, height: u8, hash: Hash, index: u64) {
        if !height.is_multiple_of(HEIGHT) {
            return;
        }
        let level = height / HEIGHT;
        let at = usize::from(level);
        if self.levels.len() <= at {
            self.levels.resize(at + 1, Vec::new());
        }
        let Some(hashes) = self.levels.get_mut(at) else { return };
        hashes.push(hash);
        if hashes.len() as u64 == WIDTH {
            let tile = (index >> (height + HEIGHT), std::mem::take(hashes));
            let path = TilePath { level: Some(level), index: tile.0, width: 256 };
            self.whole.push((path, Tile(tile.1).to_bytes()));
            if level == 0 {
                self.whole.push((TilePath { level: None, ..path }, std::mem::take(&mut self.bundle)));
            }
        }
    }

    /// The partial tiles of a tree, and its partial bundle.
    fn partial<'e>(&'e self, frontier: &'e Frontier) -> impl Iterator<Item = (TilePath, Vec<u8>)> + 'e {
        let size = frontier.size();
        let tiles = (0u8..).zip(&self.levels).filter_map(move |(level, hashes)| {
            let number = size >> (level * HEIGHT);
            let path =
                TilePath::of_hash(level, number.checked_sub(1)?, number).filter(|path| !path.is_whole())?;
            Some((path, Tile(hashes.clone()).to_bytes()))
        });
        let bundle = size.checked_sub(1).and_then(|last| TilePath::of_entry(last, size));
        let bundle = bundle.filter(|path| !path.is_whole()).map(|path| (path, self.bundle.clone()));
        tiles.chain(bundle)
    }
}

/// What the newest checkpoint and its rightmost tiles say, checked against each other.
fn last_state<F: Folder>(folder: &F, key: &VerifierKey) -> Result<(Frontier, Edge, Option<u64>), ReadError> {
    let mut reader = match Reader::open(folder, key) {
        Ok(reader) => reader,
        Err(ReadError::NoLog) => return begin(folder),
        Err(error) => return Err(error),
    };
    let size = reader.checkpoint().size;
    let frontier = Frontier::read(&mut reader, size)?;
    if frontier.root() != reader.checkpoint().root {
        return Err(ReadError::Altered("tile".into()));
    }
    let mut edge = Edge::default();
    let mut level = 0u8;
    while size >> (level * HEIGHT) > 0 {
        let number = size >> (level * HEIGHT);
        let path = TilePath::of_hash(level, number.saturating_sub(1), number).filter(|path| !path.is_whole());
        edge.levels.push(path.map(|path| reader.hashes(path)).transpose()?.unwrap_or_default());
        level += 1;
    }
    if let Some(path) =
        size.checked_sub(1).and_then(|last| TilePath::of_entry(last, size)).filter(|path| !path.is_whole())
    {
        let name = path.to_string();
        let bytes = read(folder, &name)?.ok_or_else(|| ReadError::Missing(name.clone()))?;
        let entries =
            Entries::of(&bytes).exactly(path.width).ok_or_else(|| ReadError::Altered(name.clone()))?;
        let hashes = edge.levels.first().map(Vec::as_slice).unwrap_or_default();
        if !entries.iter().map(|entry| Hash::of_entry(entry)).eq(hashes.iter().copied()) {
            return Err(ReadError::Altered(name));
        }
        edge.bundle = bytes;
    }
    Ok((frontier, edge, Some(size)))
}

/// A log without a checkpoint: a new one, unless there are tiles, which a checkpoint was made of once.
fn begin<F: Folder>(folder: &F) -> Result<(Frontier, Edge, Option<u64>), ReadError> {
    // Tiles of a first publication that was not finished are written anew from the entries that wait.
    let waiting = read(folder, WAL)?.unwrap_or_default();
    let from_the_first = wal::read(&waiting).entries.first().is_some_and(|first| first.index == 0);
    let tiles = folder.list("tile").map_err(|error| ReadError::Io { path: "tile".into(), error })?;
    if !tiles.is_empty() && !from_the_first {
        return Err(ReadError::Missing(CHECKPOINT.into()));
    }
    Ok((Frontier::default(), Edge::default(), None))
}

#[cfg(test)]
mod tests;
