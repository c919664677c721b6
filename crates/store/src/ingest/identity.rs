//! What things are called in the database: the same thing has the same name in every report.

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{Artifact, DigestStatus, HostPath};
use sha2::{Digest, Sha256};

/// What counts of a path, in bytes; no system opens a longer one by its name.
pub(super) const PATH_BYTES: usize = 8 << 10;

/// Hex digits of a name that is not itself a digest.
const SHORT: usize = 32;

/// The name of an artefact on all devices, where its digest was computed; else as wide as what is known of it.
pub(super) fn artifact(artifact: &Artifact, device: &str) -> String {
    match (artifact.digest.status, artifact.digest.sha256) {
        (DigestStatus::Computed, Some(digest)) => digest.to_string(),
        (DigestStatus::Claimed, Some(digest)) => {
            let (digest, size) = (digest.to_string(), artifact.size.to_string());
            let parts = ["claimed", &digest, &size, &artifact.format];
            format!("c-{}", short(parts.map(str::as_bytes)))
        }
        _ => format!("p-{}", short([b"pending", device.as_bytes(), artifact.path().as_bytes()])),
    }
}

/// Whether a name says more than another about the bytes at the same place: they are the same, and their digest is better known.
pub(super) fn is_better(name: &str, than: &str) -> bool {
    let knowledge = |name: &str| match name.get(..2) {
        Some("p-") => 0,
        Some("c-") => 1,
        _ => 2,
    };
    knowledge(name) > knowledge(than)
}

/// The name of a program, finding or package of a device.
pub(super) fn of_device(device: &str, kind: &str, key: &str) -> String {
    short([device.as_bytes(), kind.as_bytes(), key.as_bytes()])
}

/// A path as a number.
pub(super) fn place(path: &HostPath) -> i64 {
    place_of(path.as_bytes())
}

/// The place of the first path of an artefact, by the key that the sensor gives it.
pub(super) fn item(key: &str) -> i64 {
    let bytes = key.strip_prefix("base64:").and_then(|exact| BASE64_STANDARD.decode(exact).ok());
    place_of(bytes.as_deref().unwrap_or(key.as_bytes()))
}

fn place_of(bytes: &[u8]) -> i64 {
    let digest = Sha256::digest(bytes.get(..PATH_BYTES).unwrap_or(bytes));
    digest.first_chunk::<8>().map_or(0, |first| i64::from_be_bytes(*first))
}

fn short<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            hash.update([0]);
        }
        hash.update(part);
    }
    let mut hex = domain::Sha256Digest::from_bytes(hash.finalize().into()).to_string();
    hex.truncate(SHORT);
    hex
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::sensor::artifact_key;

    use super::*;

    #[test]
    fn names_do_not_change_between_versions() {
        assert_eq!(of_device("d", "finding", "rule\0subject").len(), SHORT);
        let digest = Sha256::digest(b"d\0finding\0rule\0subject");
        let hex = domain::Sha256Digest::from_bytes(digest.into()).to_string();
        assert!(hex.starts_with(&of_device("d", "finding", "rule\0subject")));
    }

    proptest! {
        #[test]
        fn a_key_leads_to_the_place_of_its_path(bytes: Vec<u8>) {
            let path = HostPath::from_bytes([b"/".as_slice(), &bytes].concat());
            prop_assert_eq!(item(&artifact_key(&path)), place(&path));
        }
    }
}
