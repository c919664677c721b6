//! `models.json` (ids, tags, files), `manifests/sha256/<hex>` and `blobs/sha256/<hex>`.

use std::path::{Path, PathBuf};

use domain::{Origin, Sha256Digest};
use serde::Deserialize;

use super::{
    Claim,
    manifest::Manifest,
    reader::{Reader, plain_name, shown},
};

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    models: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    files: Option<Vec<String>>,
}

pub(super) fn read(reader: &mut Reader<'_>) {
    for path in reader.files(&reader.root.join("blobs/sha256")) {
        let digest = plain_name(&path).parse().ok();
        if digest.is_some() {
            let claim = reader.claim(path);
            reader.push(Claim { digest, ..claim });
        }
    }
    let path = reader.root.join("models.json");
    for entry in reader.json::<Index>(&path).map(|index| index.models).unwrap_or_default() {
        model(reader, &path, &entry);
    }
}

fn model(reader: &mut Reader<'_>, index: &Path, entry: &Entry) {
    let Some(id) = Sha256Digest::from_store_name(&entry.id) else {
        return reader.problem(index, format!("`{}` is no SHA-256 digest", shown(&entry.id)));
    };
    let path = reader.root.join("manifests/sha256").join(id.to_string());
    let manifest = reader.json::<Manifest>(&path);
    let tags = entry.tags.as_deref().unwrap_or_default();
    let name = tags.first().map_or_else(|| shown(&entry.id), shown);
    let license = manifest.as_ref().and_then(|manifest| manifest.license(reader, &path, &name, blob));
    let digests = match &manifest {
        Some(manifest) => manifest.weights(reader, &path),
        // Without its manifest, the files of the index are all that is known.
        None => entry.files.iter().flatten().filter_map(|file| Sha256Digest::from_store_name(file)).collect(),
    };
    for digest in digests {
        let Some(blob) = blob(reader, digest) else { continue };
        let base = reader.claim(blob);
        let base = Claim { digest: Some(digest), license: license.clone(), ..base };
        if tags.is_empty() {
            reader.push(base.clone());
        }
        for tag in tags {
            let origin = origin(reader, tag, id);
            reader.push(Claim { model: Some(shown(tag)), origin, ..base.clone() });
        }
    }
}

fn blob(reader: &mut Reader<'_>, digest: Sha256Digest) -> Option<PathBuf> {
    let root = reader.root.to_path_buf();
    reader.file(&root, &Path::new("blobs/sha256").join(digest.to_string()))
}

/// A tag is `[<registry>/]<repository>:<tag>`; its first part is a registry when it could be a host name.
fn origin(reader: &Reader<'_>, tag: &str, id: Sha256Digest) -> Option<Origin> {
    let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
    let (registry, repository) = match tag.split_once('/').filter(|(host, _)| is_host(host)) {
        Some((host, rest)) => (reader.store.registry_of(host).to_owned(), rest),
        None => (reader.store.registry.clone()?, tag),
    };
    let evidence = format!("the tag `{}` in models.json", shown(tag));
    let (registry, repository) = (shown(registry), Some(shown(repository)));
    Some(Origin { registry, repository, revision: Some(format!("sha256:{id}")), evidence })
}
