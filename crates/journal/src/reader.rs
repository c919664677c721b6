//! Reads a log: its hashes from the tiles, its entries from the bundles, each checked against the checkpoint's root before it is given.

use std::{collections::HashMap, io};

use crate::{
    bundle::Entries,
    checkpoint::{Checkpoint, CheckpointError},
    folder::Folder,
    note::{Note, NoteError, VerifierKey},
    proof::Proof,
    tile::{HEIGHT, Tile, TilePath, WIDTH},
    tree::{self, Hash, HashSource},
};

/// The name of the newest checkpoint.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// The name of the newest checkpoint that a witness cosigned.
pub(crate) const WITNESSED: &str = "witnessed";
/// So many tiles are kept: what a walk over a log of many millions of entries needs again.
const CACHE: usize = 64;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The folder has no checkpoint.
    #[error("there is no log here: no checkpoint")]
    NoLog,
    /// The checkpoint is not one of this log.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A file is not there.
    #[error("`{0}` is missing")]
    Missing(String),
    /// A file is not what the checkpoint says.
    #[error("`{0}` is not what was written: it does not fit the tree")]
    Altered(String),
    /// There is no such entry.
    #[error("there is no entry {index}: the log has {size}")]
    NoEntry {
        /// The one that was asked for.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// A file cannot be read.
    #[error("failed to read `{path}`")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        error: io::Error,
    },
}

impl From<NoteError> for ReadError {
    fn from(error: NoteError) -> Self {
        Self::Checkpoint(error.into())
    }
}

/// A log as it was at one checkpoint.
pub struct Reader<'f, F> {
    folder: &'f F,
    note: Note,
    checkpoint: Checkpoint,
    tiles: HashMap<TilePath, Tile>,
}

impl<'f, F: Folder> Reader<'f, F> {
    /// Opens the log of a key at its newest checkpoint.
    ///
    /// # Errors
    ///
    /// When there is none, or the key did not sign it.
    pub fn open(folder: &'f F, key: &VerifierKey) -> Result<Self, ReadError> {
        let bytes = read(folder, CHECKPOINT)?.ok_or(ReadError::NoLog)?;
        let note = Note::parse(&bytes)?;
        let checkpoint = Checkpoint::open(&note, key)?;
        Ok(Self::at(folder, note, checkpoint))
    }

    /// The log as it was at a checkpoint that was verified already.
    pub(crate) fn at(folder: &'f F, note: Note, checkpoint: Checkpoint) -> Self {
        Self { folder, note, checkpoint, tiles: HashMap::new() }
    }

    /// The checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The checkpoint with its signatures.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The exact bytes of an entry, which are proven to be in the tree.
    ///
    /// # Errors
    ///
    /// When there is no such entry, or what is kept of it is not what was written.
    pub fn entry(&mut self, index: u64) -> Result<Vec<u8>, ReadError> {
        self.prove(index).map(|(entry, _)| entry)
    }

    /// An entry with the proof that it is in the log.
    ///
    /// # Errors
    ///
    /// When there is no such entry, or what is kept does not prove it.
    pub fn prove(&mut self, index: u64) -> Result<(Vec<u8>, Proof), ReadError> {
        let size = self.checkpoint.size;
        let path = TilePath::of_entry(index, size).ok_or(ReadError::NoEntry { index, size })?;
        let (name, bytes) = self.bytes_of(path)?;
        let nth = usize::try_from(index % WIDTH).unwrap_or_default();
        let altered = || ReadError::Altered(name.clone());
        // A wider bundle than was asked for has the same entries at its beginning.
        let entry = Entries::of(&bytes).nth(nth).ok_or_else(altered)?.to_vec();
        let proof = Proof { index, path: tree::inclusion(self, index, size)?, checkpoint: self.note.clone() };
        let hash = Hash::of_entry(&entry);
        let proven = tree::check_inclusion(&proof.path, hash, index, size, self.checkpoint.root);
        proven.map_err(|_| altered())?;
        Ok((entry, proof))
    }

    /// That an older tree is the beginning of this one.
    ///
    /// # Errors
    ///
    /// When the hashes for it are not there.
    pub fn consistency(&mut self, old: u64) -> Result<Vec<Hash>, ReadError> {
        tree::consistency(self, old, self.checkpoint.size)
    }

    /// The bytes of a tile or bundle, or of one that has more.
    fn bytes_of(&self, path: TilePath) -> Result<(String, Vec<u8>), ReadError> {
        let name = path.to_string();
        if let Some(bytes) = read(self.folder, &name)? {
            return Ok((name, bytes));
        }
        if let Some(wider) = self.wider(path)? {
            return Ok(wider);
        }
        Err(ReadError::Missing(name))
    }

    /// The whole tile in the place of a partial one, or a partial one that is wider.
    fn wider(&self, path: TilePath) -> Result<Option<(String, Vec<u8>)>, ReadError> {
        if path.is_whole() {
            return Ok(None);
        }
        let whole = path.as_wide_as(256).to_string();
        let below = format!("{whole}.p");
        let listed = self.folder.list(&below).map_err(|error| ReadError::Io { path: below, error })?;
        let partial = listed.iter().filter_map(|name| TilePath::parse(name)).map(|found| found.width).max();
        let partial =
            partial.filter(|&width| width > path.width).map(|width| path.as_wide_as(width).to_string());
        for name in [Some(whole), partial].into_iter().flatten() {
            if let Some(bytes) = read(self.folder, &name)? {
                return Ok(Some((name, bytes)));
            }
        }
        Ok(None)
    }

    /// The hashes of a tile.
    pub(crate) fn hashes(&mut self, path: TilePath) -> Result<Vec<Hash>, ReadError> {
        Ok(self.tile(path)?.0.clone())
    }

    fn tile(&mut self, path: TilePath) -> Result<&Tile, ReadError> {
        if !self.tiles.contains_key(&path) {
            let (name, bytes) = self.bytes_of(path)?;
            let wanted = usize::from(path.width) * 32;
            let tile = bytes.get(..wanted).and_then(|bytes| Tile::parse(bytes, path.width));
            let tile = tile.ok_or(ReadError::Altered(name))?;
            if self.tiles.len() >= CACHE {
                self.tiles.clear();
            }
            self.tiles.insert(path, tile);
        }
        self.tiles.get(&path).ok_or_else(|| ReadError::Missing(path.to_string()))
    }
}

impl<F: Folder> HashSource for Reader<'_, F> {
    type Error = ReadError;

    fn subtree(&mut self, height: u8, index: u64) -> Result<Hash, ReadError> {
        let level = height / HEIGHT;
        let within = height % HEIGHT;
        let hashes = self.checkpoint.size >> (level * HEIGHT);
        let first = index << within;
        let missing = || ReadError::NoEntry { index: first, size: hashes };
        let path = TilePath::of_hash(level, first, hashes).ok_or_else(missing)?;
        let nth = usize::try_from(index % (WIDTH >> within)).unwrap_or_default();
        self.tile(path)?.subtree(within, nth).ok_or_else(missing)
    }
}

pub(crate) fn read<F: Folder>(folder: &F, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
    folder.read(path).map_err(|error| ReadError::Io { path: path.to_owned(), error })
}
