//! Verdicts by the digest of the bytes, believed only for the rules and the catalogue that reached them.
//!
//! What an inspection says depends on the bytes, and on the name only where a file is in no model format of its own. So a verdict is
//! kept under the digest alone where it may be, and then holds for every copy. A quick look knows no digest: what it says is kept
//! under the state of the file.

use std::{collections::HashMap, path::Path};

use artifact::Inspection;
use domain::Sha256Digest;
use platform::data::DataDirectory;
use sha2::{Digest, Sha256};

use super::{FOLDER, Fingerprint, Memory, MemoryError, sealed};
use crate::inspect::Depth;

const VERDICTS: &str = "verdicts";
/// A longer answer is found out again: a few files have thousands of members.
const LONGEST: usize = 256 << 10;
/// All of them together; with more, only the newest are kept.
const ALL: usize = 64 << 20;

/// What a verdict is kept under.
type Key = [u8; 32];

/// Verdicts as they are kept.
#[derive(Debug, Default)]
pub(super) struct Verdicts(HashMap<Key, Vec<u8>>);

impl Verdicts {
    fn of(entries: &[u8]) -> Self {
        let mut all = HashMap::new();
        let mut rest = entries;
        while let Some((key, length, after)) = head(rest) {
            let Some((text, next)) = after.split_at_checked(length) else { break };
            all.insert(key, text.to_vec());
            rest = next;
        }
        Self(all)
    }

    fn size(&self) -> usize {
        self.0.values().map(|text| text.len() + 36).sum()
    }

    fn entries(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size());
        for (key, text) in &self.0 {
            let Ok(length) = u32::try_from(text.len()) else { continue };
            out.extend(key);
            out.extend(length.to_le_bytes());
            out.extend(text);
        }
        out
    }
}

/// The key, the length of the text, and what follows.
fn head(entries: &[u8]) -> Option<(Key, usize, &[u8])> {
    let (key, rest) = entries.split_first_chunk::<32>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    Some((*key, usize::try_from(u32::from_le_bytes(*length)).ok()?, rest))
}

/// `name` only where the verdict depends on it.
fn key(digest: Sha256Digest, name: Option<&str>) -> Key {
    let name = name.map_or([0].as_slice(), str::as_bytes);
    Sha256::new().chain_update(digest.as_bytes()).chain_update(name).finalize().into()
}

/// The same for a file that was only looked at quickly.
fn quick_key(state: Fingerprint, name: Option<&str>) -> Key {
    let name = name.map_or([0].as_slice(), str::as_bytes);
    Sha256::new().chain_update("quick").chain_update(state.to_le_bytes()).chain_update(name).finalize().into()
}

/// A file as far as it may be remembered.
#[derive(Debug, Clone, Copy)]
pub struct Memorable<'n> {
    /// Its state.
    pub state: Fingerprint,
    /// Its name.
    pub name: &'n str,
}

/// What was seen of a file.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// Its state.
    pub state: Fingerprint,
    /// Its name.
    pub name: String,
    /// How deep somebody looked.
    pub depth: Depth,
    /// What was seen.
    pub inspection: Inspection,
}

impl Remembered {
    /// Under what it is kept, if it can be.
    fn key(&self) -> Option<Key> {
        let name = self.inspection.identified.is_none().then_some(self.name.as_str());
        match self.depth {
            Depth::Full => Some(key(self.inspection.sha256?, name)),
            Depth::Quick => Some(quick_key(self.state, name)),
        }
    }
}

impl Memory {
    /// What is known of a file, and how deep somebody looked.
    pub fn recall(&self, Memorable { state, name }: Memorable<'_>) -> Option<(Depth, Inspection)> {
        let full = || self.verdict(self.digest(state)?, name);
        let quick = || {
            let known = |name| self.verdicts.0.get(&quick_key(state, name));
            serde_json::from_slice(known(None).or_else(|| known(Some(name)))?).ok()
        };
        full().map(|seen| (Depth::Full, seen)).or_else(|| quick().map(|seen| (Depth::Quick, seen)))
    }

    /// Recalls verdicts too, from the same data directory.
    #[must_use]
    pub fn with_verdicts(mut self, directory: &Path) -> Self {
        if let Some(recording) = &self.recording {
            let path = directory.join(FOLDER).join(VERDICTS);
            let content = sealed::read(&path, recording.key, artifact::revision());
            self.verdicts = content.map(|content| Verdicts::of(content.entries())).unwrap_or_default();
        }
        self
    }

    /// What an inspection said of these bytes under this name.
    pub fn verdict(&self, digest: Sha256Digest, name: &str) -> Option<Inspection> {
        let known = |name| self.verdicts.0.get(&key(digest, name));
        let text = known(None).or_else(|| known(Some(name)))?;
        serde_json::from_slice(text).ok()
    }

    /// Keeps what inspections said, beside what was known. Each comes with the name of its file.
    ///
    /// # Errors
    /// When it cannot be written. What was there before stays.
    pub fn save_verdicts<'i>(
        &self,
        directory: &DataDirectory,
        said: impl Iterator<Item = (&'i str, &'i Inspection)>,
    ) -> Result<(), MemoryError> {
        let keyed = said.filter_map(|(name, inspection)| {
            let name = inspection.identified.is_none().then_some(name);
            Some((key(inspection.sha256?, name), inspection))
        });
        self.save_keyed(directory, keyed)
    }

    /// The same for what a scan saw.
    ///
    /// # Errors
    /// When it cannot be written. What was there before stays.
    pub fn save_seen(&self, directory: &DataDirectory, seen: &[Remembered]) -> Result<(), MemoryError> {
        self.save_keyed(directory, seen.iter().filter_map(|one| Some((one.key()?, &one.inspection))))
    }

    fn save_keyed<'i>(
        &self,
        directory: &DataDirectory,
        said: impl Iterator<Item = (Key, &'i Inspection)>,
    ) -> Result<(), MemoryError> {
        let Some(recording) = &self.recording else { return Ok(()) };
        let mut new = Verdicts::default();
        for (key, inspection) in said {
            if let Ok(text) = serde_json::to_vec(inspection)
                && text.len() <= LONGEST
            {
                new.0.insert(key, text);
            }
        }
        if new.0.is_empty() {
            return Ok(());
        }
        if self.verdicts.size() + new.size() <= ALL {
            for (key, text) in &self.verdicts.0 {
                new.0.entry(*key).or_insert_with(|| text.clone());
            }
        }
        let entries = new.entries();
        let sealed = sealed::seal(recording.key, artifact::revision(), &entries);
        let name = format!("{FOLDER}/{VERDICTS}");
        directory
            .write(&name, &[&sealed.header, &entries, &sealed.checksum])
            .map_err(|error| MemoryError { path: directory.path().join(name), error })
    }
}
