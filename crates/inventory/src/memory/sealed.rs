//! The files of the memory: a header, entries of one length, and a SHA-256 over both.
//!
//! A file is believed only if all of it holds together: magic, key, revision, length, checksum. So neither a disk that was full, a
//! crash, nor another version can make a scan believe something that no scan found out.

use std::path::Path;

use domain::Sha256Digest;
use sha2::{Digest, Sha256};

use super::{Digests, Fingerprint, Fingerprints};

/// The key of the hash that makes fingerprints.
pub(super) type Key = [u8; 16];

const MAGIC: &[u8; 8] = b"eyemem1\n";
const HEADER: usize = 8 + 16 + 8;
const CHECKSUM: usize = 32;
const FINGERPRINT: usize = 16;
/// A fingerprint and a digest.
const DIGEST: usize = FINGERPRINT + 32;
/// A file with more is none of ours: sixteen million fingerprints.
const LIMIT: usize = 256 << 20;

/// What stands before and behind the entries.
pub(super) struct Sealed {
    pub(super) header: [u8; HEADER],
    pub(super) checksum: [u8; CHECKSUM],
}

/// A file that is to be believed.
pub(super) struct Content(Vec<u8>);

/// Header and checksum for entries.
pub(super) fn seal(key: Key, revision: u64, entries: &[u8]) -> Sealed {
    let mut header = [0; HEADER];
    let parts = MAGIC.iter().chain(&key).copied().chain(revision.to_le_bytes());
    header.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
    let checksum = Sha256::new().chain_update(header).chain_update(entries).finalize().into();
    Sealed { header, checksum }
}

/// Reads a file; `None` unless all of it holds together.
pub(super) fn read(path: &Path, key: Key, revision: u64) -> Option<Content> {
    let mut bytes = platform::read::whole(path, LIMIT).ok()?;
    let (content, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
    let (header, entries) = content.split_at_checked(HEADER)?;
    let right = seal(key, revision, entries);
    if header != right.header || checksum != right.checksum {
        return None;
    }
    bytes.truncate(bytes.len() - CHECKSUM);
    Some(Content(bytes))
}

/// The key in a file, if it is whole.
pub(super) fn key(path: &Path) -> Option<Key> {
    let bytes = platform::read::whole(path, 64).ok()?;
    let (key, checksum) = bytes.split_at_checked(16)?;
    (Sha256::digest(key).as_slice() == checksum).then(|| key.try_into().ok()).flatten()
}

/// A key as it is kept.
pub(super) fn seal_key(key: Key) -> Vec<u8> {
    key.into_iter().chain(Sha256::digest(key)).collect()
}

/// Fingerprints as entries.
pub(super) fn fingerprints(all: &[Fingerprint]) -> Vec<u8> {
    all.iter().flat_map(|fingerprint| fingerprint.to_le_bytes()).collect()
}

/// Digests as entries.
pub(super) fn digests<'d>(all: impl Iterator<Item = (&'d Fingerprint, &'d Sha256Digest)>) -> Vec<u8> {
    all.flat_map(|(state, digest)| state.to_le_bytes().into_iter().chain(*digest.as_bytes())).collect()
}

impl Content {
    /// The entries as they stand.
    pub(super) fn entries(&self) -> &[u8] {
        self.0.get(HEADER..).unwrap_or_default()
    }

    /// The entries as fingerprints.
    pub(super) fn fingerprints(&self) -> Fingerprints {
        let (numbers, _) = self.entries().as_chunks::<FINGERPRINT>();
        numbers.iter().map(|bytes| u128::from_le_bytes(*bytes)).collect()
    }

    /// The entries as digests.
    pub(super) fn digests(&self) -> Digests {
        let (pairs, _) = self.entries().as_chunks::<DIGEST>();
        let pair = |bytes: &[u8; DIGEST]| {
            let (state, digest) = bytes.split_at_checked(FINGERPRINT)?;
            Some((
                u128::from_le_bytes(state.try_into().ok()?),
                Sha256Digest::from_bytes(digest.try_into().ok()?),
            ))
        };
        pairs.iter().filter_map(pair).collect()
    }
}
