//! OCI image manifests as model stores write them, and the blobs they name.
//!
//! Format: OCI image manifest, <https://github.com/opencontainers/image-spec/blob/main/manifest.md>.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use domain::Sha256Digest;
use serde::Deserialize;

use super::{
    LicenseClaim,
    reader::{Reader, shown},
};

/// The longest blob of a licence that is read, in bytes.
const LICENSE: usize = 1 << 20;
/// How much of the licences of one manifest is kept, in bytes.
const LICENSE_KEPT: usize = 64 << 10;
/// Licence layers of one manifest that are read.
const LICENSES: usize = 8;

/// A manifest.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Manifest {
    #[serde(default)]
    pub(super) layers: Vec<Layer>,
}

/// A layer of a manifest: a blob and what it is for.
#[derive(Debug, Deserialize)]
pub(super) struct Layer {
    #[serde(rename = "mediaType", default)]
    media_type: String,
    digest: String,
}

impl Layer {
    /// The digest, if it is a SHA-256.
    pub(super) fn digest(&self) -> Option<Sha256Digest> {
        Sha256Digest::from_store_name(&self.digest)
    }

    /// The words of the media type behind the last `/` (`vnd`, `ollama`, `image`, `model`).
    fn words(&self) -> impl Iterator<Item = &str> {
        self.media_type.rsplit('/').next().unwrap_or_default().split('.')
    }

    fn is_license(&self) -> bool {
        self.words().any(|word| word == "license")
    }

    /// Whether the blob is part of the model's weights, as far as its media type tells.
    pub(super) fn is_weights(&self) -> bool {
        const OTHER: [&str; 7] = ["license", "template", "system", "params", "messages", "config", "chat"];
        !self.words().any(|word| OTHER.contains(&word))
    }
}

impl Manifest {
    /// The digests of the weights, each once. One that is no SHA-256 is a problem of the manifest.
    pub(super) fn weights(&self, reader: &mut Reader<'_>, path: &Path) -> BTreeSet<Sha256Digest> {
        for layer in self.layers.iter().filter(|layer| layer.digest().is_none()) {
            reader.problem(path, format!("`{}` is no SHA-256 digest", shown(&layer.digest)));
        }
        self.layers.iter().filter(|layer| layer.is_weights()).filter_map(Layer::digest).collect()
    }

    /// The texts of the licence layers, one behind the other. `blob` gives the path of a blob in the store.
    pub(super) fn license(
        &self,
        reader: &mut Reader<'_>,
        path: &Path,
        model: &str,
        blob: impl Fn(&mut Reader<'_>, Sha256Digest) -> Option<PathBuf>,
    ) -> Option<LicenseClaim> {
        let mut text = String::new();
        let licenses = self.layers.iter().filter(|layer| layer.is_license()).take(LICENSES);
        for digest in licenses.filter_map(Layer::digest) {
            let Some(content) = blob(reader, digest).and_then(|blob| reader.bytes(&blob, LICENSE)) else {
                continue;
            };
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(&String::from_utf8_lossy(&content));
        }
        if text.len() > LICENSE_KEPT {
            reader.problem(path, format!("its licence is longer than {LICENSE_KEPT} bytes and was cut"));
            text.truncate(text.floor_char_boundary(LICENSE_KEPT));
        }
        let evidence = format!("the licence layer in the manifest of {model}");
        (!text.is_empty()).then_some(LicenseClaim::Text { text, evidence })
    }
}

#[cfg(feature = "fuzzing")]
pub(super) fn fuzz(bytes: &[u8]) {
    if let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) {
        for layer in &manifest.layers {
            let _ = (layer.digest(), layer.is_weights(), layer.is_license());
        }
    }
}
