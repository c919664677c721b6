//! Container images in a folder: which blobs are layers, in which order, and which of them are not there.
//!
//! Format: the image layout of the OCI image specification 1.1 (`oci-layout`, `index.json`, `blobs/ALGORITHM/DIGEST`). What is in the
//! layers is for the engine to say.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// Longer documents are not read: an index names a few manifests, a manifest a few hundred layers.
const LIMIT: usize = 4 << 20;
/// Indexes of indexes.
const DEPTH: usize = 4;
/// Manifests of one image.
const MANIFESTS: usize = 256;

/// An index, or a manifest: one that is neither has nothing of both.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    manifests: Vec<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    config: Option<Descriptor>,
}

/// What one document says of another.
#[derive(Deserialize)]
struct Descriptor {
    digest: String,
}

impl Descriptor {
    /// The path of the blob; none for a digest that is no digest, so that nothing leads out of the folder.
    fn path(&self) -> Option<String> {
        let (algorithm, digest) = self.digest.split_once(':')?;
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (plain(algorithm) && plain(digest)).then(|| format!("blobs/{algorithm}/{digest}"))
    }
}

/// What is known of an image.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Image {
    /// Layers by the paths of their blobs, and what to call them.
    pub(super) layers: BTreeMap<String, String>,
    /// Blobs that are named and not there.
    pub(super) missing: BTreeSet<String>,
    /// What could not be read.
    pub(super) broken: Vec<String>,
}

impl Image {
    /// Reads the documents of an image. `file` gives the file at a path below its folder.
    pub(super) fn read(file: &dyn Fn(&str) -> Option<PathBuf>) -> Self {
        let mut reader = Reader { file, image: Self::default(), manifests: 0 };
        match reader.document("index.json") {
            Some(index) => reader.index(&index, 0),
            None => reader.image.broken.push("index.json".to_owned()),
        }
        reader.image
    }
}

struct Reader<'r> {
    file: &'r dyn Fn(&str) -> Option<PathBuf>,
    image: Image,
    manifests: usize,
}

impl Reader<'_> {
    fn document(&self, path: &str) -> Option<Document> {
        let content = platform::read::whole(&(self.file)(path)?, LIMIT).ok()?;
        serde_json::from_slice(&content).ok()
    }

    fn index(&mut self, index: &Document, depth: usize) {
        for descriptor in &index.manifests {
            self.manifests = self.manifests.saturating_add(1);
            if depth >= DEPTH || self.manifests > MANIFESTS {
                self.image.broken.push("more manifests than are read".to_owned());
                return;
            }
            let Some(path) = self.there(descriptor) else { continue };
            match self.document(&path) {
                Some(document) if document.layers.is_empty() => self.index(&document, depth + 1),
                Some(document) => self.manifest(&document),
                None => self.image.broken.push(path),
            }
        }
    }

    fn manifest(&mut self, manifest: &Document) {
        if let Some(config) = &manifest.config {
            self.there(config);
        }
        for (at, layer) in manifest.layers.iter().enumerate() {
            let Some(path) = self.there(layer) else { continue };
            let digest: String =
                layer.digest.rsplit(':').next().unwrap_or_default().chars().take(12).collect();
            self.image.layers.entry(path).or_insert_with(|| format!("layer {} ({digest})", at + 1));
        }
    }

    /// The path of a blob, if it is there.
    fn there(&mut self, descriptor: &Descriptor) -> Option<String> {
        let Some(path) = descriptor.path() else {
            self.image.broken.push(descriptor.digest.chars().take(80).collect());
            return None;
        };
        if (self.file)(&path).is_none() {
            self.image.missing.insert(path);
            return None;
        }
        Some(path)
    }
}

/// What a member of an image is called.
pub(super) fn shown(image: &Image, path: &Path) -> Option<String> {
    image.layers.get(path.to_str()?).cloned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(files: &[(&str, &str)]) -> Image {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        Image::read(&|path| Some(folder.path().join(path)).filter(|path| path.exists()))
    }

    #[test]
    fn layers_are_named_in_their_order_and_those_that_are_not_there_are_missed() {
        let index = r#"{"manifests": [{"digest": "sha256:aa"}]}"#;
        let manifest = r#"{"config": {"digest": "sha256:cc"}, "layers": [{"digest": "sha256:11"}, {"digest": "sha256:22"}]}"#;
        let image = read(&[
            ("index.json", index),
            ("blobs/sha256/aa", manifest),
            ("blobs/sha256/22", ""),
            ("blobs/sha256/cc", "{}"),
        ]);
        assert_eq!(image.layers, BTreeMap::from([("blobs/sha256/22".to_owned(), "layer 2 (22)".to_owned())]));
        assert_eq!(image.missing, BTreeSet::from(["blobs/sha256/11".to_owned()]));
        assert!(image.broken.is_empty());
    }

    #[test]
    fn no_digest_leads_out_of_the_folder() {
        let image = read(&[("index.json", r#"{"manifests": [{"digest": "sha256:../../secret"}]}"#)]);
        assert_eq!(image.broken, ["sha256:../../secret"]);
        assert_eq!(read(&[]).broken, ["index.json"]);
    }

    #[test]
    fn an_index_that_names_itself_comes_to_an_end() {
        let image = read(&[
            ("index.json", r#"{"manifests": [{"digest": "sha256:aa"}]}"#),
            ("blobs/sha256/aa", r#"{"manifests": [{"digest": "sha256:aa"}, {"digest": "sha256:aa"}]}"#),
        ]);
        assert!(!image.broken.is_empty());
    }

    proptest! {
        #[test]
        fn no_document_brings_it_down(index in ".{0,200}") {
            read(&[("index.json", &index)]);
        }
    }
}
