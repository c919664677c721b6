//! Files side by side; `<file>.json` or `<file>.etag` says what one was fetched from, `manifest=<org>=<repo>=<tag>.json`
//! which files and digests belong to a name of the registry.
//!
//! The etag in a sidecar is the server's and need not be a digest of the file, so it stands in the note.

use std::path::{Path, PathBuf};

use domain::Sha256Digest;
use serde::Deserialize;

use super::{
    Claim,
    reader::{Reader, plain_name, shown},
    url,
};

/// The longest etag, in bytes.
const ETAG: usize = 1024;

pub(super) fn read(reader: &mut Reader<'_>) {
    for path in reader.files(reader.root) {
        let name = plain_name(&path);
        if let Some(name) = name.strip_prefix("manifest=").and_then(|name| name.strip_suffix(".json")) {
            manifest(reader, &path, name);
        } else if let Some(file) = name.strip_suffix(".json") {
            sidecar(reader, &path, file);
        } else if let Some(file) = name.strip_suffix(".etag") {
            etag(reader, &path, file);
        }
    }
}

/// What the registry answers for a name: the files that belong to it.
#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "ggufFile", default)]
    gguf: Option<File>,
    #[serde(rename = "mmprojFile", default)]
    projector: Option<File>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "rfilename")]
    name: String,
    #[serde(rename = "blobId", default)]
    blob: Option<String>,
    #[serde(default)]
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    #[serde(default)]
    sha256: Option<String>,
}

impl File {
    fn digest(&self) -> Option<Sha256Digest> {
        let lfs = self.lfs.as_ref().and_then(|lfs| lfs.sha256.as_deref());
        let blob = self.blob.as_deref().filter(|blob| blob.starts_with("sha256:"));
        Sha256Digest::from_store_name(lfs.or(blob)?)
    }
}

fn manifest(reader: &mut Reader<'_>, path: &Path, name: &str) {
    let mut parts = name.split('=');
    let (Some(org), Some(repo), Some(tag), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return reader.problem(path, "its name is not `manifest=<org>=<repo>=<tag>.json`");
    };
    let Some(manifest) = reader.json::<Manifest>(path) else { return };
    for file in [manifest.gguf, manifest.projector].into_iter().flatten() {
        let local = format!("{org}_{repo}_{}", file.name).replace(['/', '\\'], "_");
        let Some(held) = reader.file(path, Path::new(&local)) else { continue };
        let evidence = format!("{} names it for the tag `{}`", shown(plain_name(path)), shown(tag));
        let repository = shown(format!("{org}/{repo}"));
        let origin = reader.origin(Some(repository.clone()), None, evidence);
        let claim = reader.claim(held);
        reader.push(Claim { model: Some(repository), origin, digest: file.digest(), ..claim });
    }
}

#[derive(Deserialize)]
struct Sidecar {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    etag: Option<String>,
}

fn sidecar(reader: &mut Reader<'_>, path: &Path, file: &str) {
    let Some(held) = held(reader, path, file) else { return };
    let Some(sidecar) = reader.json::<Sidecar>(path) else { return };
    let origin = sidecar.url.as_deref().and_then(|url| url::origin(url, &shown(plain_name(path))));
    if origin.is_none() && sidecar.etag.is_none() {
        // Some other JSON that happens to stand beside a file of its name.
        return;
    }
    let model = origin.as_ref().and_then(|origin| origin.repository.clone());
    let note = sidecar.etag.map(|etag| note(&etag));
    let claim = reader.claim(held);
    reader.push(Claim { model, origin, note, ..claim });
}

fn etag(reader: &mut Reader<'_>, path: &Path, file: &str) {
    let Some(held) = held(reader, path, file) else { return };
    let Some(content) = reader.bytes(path, ETAG) else { return };
    let note = Some(note(String::from_utf8_lossy(&content).trim()));
    let claim = reader.claim(held);
    reader.push(Claim { note, ..claim });
}

fn note(etag: &str) -> String {
    format!("the server's etag was {}", shown(etag.trim_matches('"')))
}

fn held(reader: &mut Reader<'_>, path: &Path, file: &str) -> Option<PathBuf> {
    reader.file(path, Path::new(file))
}
