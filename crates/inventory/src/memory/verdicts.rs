//! Verdicts by the digest of the bytes, believed only for the rules and the catalogue that reached them.
//!
//! What an inspection says depends on the bytes, and on the name only where a file is in no model format of its own. So a verdict is
//! kept under the digest alone where it may be, and then holds for every copy.

use std::{collections::HashMap, path::Path};

use artifact::Inspection;
use domain::Sha256Digest;
use platform::data::DataDirectory;
use sha2::{Digest, Sha256};

use super::{FOLDER, Memory, MemoryError, sealed};

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

impl Memory {
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
        let Some(recording) = &self.recording else { return Ok(()) };
        let mut new = Verdicts::default();
        for (name, inspection) in said {
            let Some(digest) = inspection.sha256 else { continue };
            let name = inspection.identified.is_none().then_some(name);
            if let Ok(text) = serde_json::to_vec(inspection)
                && text.len() <= LONGEST
            {
                new.0.insert(key(digest, name), text);
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
