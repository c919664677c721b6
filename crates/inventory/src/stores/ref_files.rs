//! `<transport>/<org>/<model>/{blobs,refs/<tag>.json,snapshots}`: a file per tag lists the blobs and their names.

use std::{
    ffi::OsStr,
    path::{Component, Path, PathBuf},
};

use domain::{Origin, Sha256Digest};
use platform::read::{self, EntryKind};
use serde::Deserialize;

use super::reader::{Reader, plain_name, relative_to, shown};

/// Folders above `refs`: transport, organisation (which may hold `/`) and model.
const DEPTH: usize = 10;

/// The types of file whose hash is one of their content. That of another may be made from its name.
const HASHED: [&str; 3] = ["gguf", "safetensor", "mmproj"];

#[derive(Deserialize)]
struct RefFile {
    #[serde(default)]
    hash: String,
    #[serde(default)]
    files: Vec<StoreFile>,
}

#[derive(Deserialize)]
struct StoreFile {
    hash: String,
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
}

pub(super) fn read(reader: &mut Reader<'_>) {
    let root = reader.root.to_path_buf();
    for model in models(reader, &root) {
        for path in reader.files(&model.join("refs")) {
            if path.extension() == Some(OsStr::new("json")) {
                reference(reader, &model, &path);
            }
        }
    }
}

/// The folders that hold `refs`.
fn models(reader: &mut Reader<'_>, root: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![(root.to_path_buf(), DEPTH)]);
    while let Some((directory, left)) = open.pop() {
        let entries = reader.entries(&directory);
        let mut folders = entries.iter().filter(|entry| entry.kind == EntryKind::Directory);
        if folders.clone().any(|entry| entry.name == "refs") {
            found.push(directory);
        } else if left > 0 {
            open.extend(folders.map(|entry| (directory.join(&entry.name), left - 1)));
        } else if let Some(entry) = folders.next() {
            reader.problem(
                &directory.join(&entry.name),
                "lies deeper than this kind of store goes, and was not read",
            );
        }
    }
    found
}

fn reference(reader: &mut Reader<'_>, model: &Path, path: &Path) {
    let Some(reference) = reader.json::<RefFile>(path) else { return };
    let Some(name) = Name::of(&relative_to(reader.root, model), plain_name(path)) else {
        return reader.problem(path, "does not stand in `<transport>/<model>/refs`");
    };
    for file in &reference.files {
        let blob = model.join("blobs").join(file.hash.replace(':', "-"));
        let Some(held) = below_root(reader, path, &blob) else { continue };
        let mut claim = reader.claim(held);
        claim.model = Some(name.model());
        claim.origin = Some(name.origin(reader, &relative_to(reader.root, path)));
        claim.digest = name.digest(reader, file);
        claim.aliases.extend(alias(reader, model, &reference.hash, &file.name, &claim.path));
        reader.push(claim);
    }
}

fn below_root(reader: &mut Reader<'_>, named_by: &Path, path: &Path) -> Option<PathBuf> {
    let relative = path.strip_prefix(reader.root).ok()?.to_path_buf();
    reader.file(named_by, &relative)
}

/// The name in the snapshot, if it is a link to the blob, or the same file under a second name.
fn alias(reader: &Reader<'_>, model: &Path, hash: &str, name: &str, blob: &Path) -> Option<PathBuf> {
    let link = model.join("snapshots").join(hash.replace(':', "-")).join(name);
    if link.components().any(|component| component == Component::ParentDir) || !link.starts_with(model) {
        return None;
    }
    let linked = reader.link_into(&link, &model.join("blobs")).is_some_and(|target| target == blob);
    let file = |path: &Path| read::identity_of(path).ok()?.file;
    let same = reader.reached(&link).is_ok() && file(&link).is_some_and(|it| file(blob) == Some(it));
    (linked || same).then_some(link)
}

struct Name {
    transport: String,
    repository: String,
    tag: String,
}

impl Name {
    fn of(folder: &str, file: &str) -> Option<Self> {
        let (transport, repository) = folder.split_once('/')?;
        let tag = file.strip_suffix(".json")?;
        Some(Self { transport: transport.into(), repository: repository.into(), tag: shown(tag) })
    }

    fn model(&self) -> String {
        format!("{}://{}:{}", self.transport, self.repository, self.tag)
    }

    /// The transport stands for a registry, or it is the scheme of an address whose host comes next.
    fn origin(&self, reader: &Reader<'_>, path: &str) -> Origin {
        let known = reader.store.registries.get(&self.transport);
        let (registry, repository) = match (known, self.repository.split_once('/')) {
            (Some(registry), _) => (registry.clone(), self.in_registry()),
            (None, Some((host, rest))) => (host.to_owned(), rest.to_owned()),
            (None, None) => (self.transport.clone(), self.repository.clone()),
        };
        let evidence = format!("{path}, fetched by `{}` as `{}`", self.transport, self.tag);
        Origin { registry, repository: Some(repository), revision: None, evidence }
    }

    /// A repository is `<org>/<name>`; what follows names a file in it.
    fn in_registry(&self) -> String {
        self.repository.splitn(3, '/').take(2).collect::<Vec<_>>().join("/")
    }

    /// Where the registry is not one that publishes digests, the hash is made from the address.
    fn digest(&self, reader: &Reader<'_>, file: &StoreFile) -> Option<Sha256Digest> {
        let trusted =
            reader.store.registries.contains_key(&self.transport) && HASHED.contains(&file.kind.as_str());
        trusted.then(|| Sha256Digest::from_store_name(&file.hash)).flatten()
    }
}
