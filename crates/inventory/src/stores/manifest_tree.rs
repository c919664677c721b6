//! `manifests/<host>/<namespace>/<model>/<tag>` (OCI manifests) beside `blobs/sha256-<hex>`.

use std::path::{Path, PathBuf};

use domain::{Origin, Sha256Digest};
use platform::read::EntryKind;

use super::{
    Claim,
    manifest::Manifest,
    reader::{Reader, plain_name, relative_to, shown},
};

/// Folders below `manifests`: host, namespace, model, and some to spare for deeper names.
const DEPTH: usize = 8;

pub(super) fn read(reader: &mut Reader<'_>) {
    blobs(reader);
    let manifests = reader.root.join("manifests");
    for (path, kind) in reader.tree(&manifests, DEPTH) {
        if kind == EntryKind::File {
            manifest(reader, &manifests, &path);
        } else {
            reader.problem(&path, "a manifest that is no regular file was not read");
        }
    }
}

/// Every whole blob has the digest that is its name, also where no manifest speaks of it.
fn blobs(reader: &mut Reader<'_>) {
    for path in reader.files(&reader.root.join("blobs")) {
        let digest = Sha256Digest::from_store_name(plain_name(&path));
        if digest.is_some() {
            let claim = reader.claim(path);
            reader.push(Claim { digest, ..claim });
        }
    }
}

fn manifest(reader: &mut Reader<'_>, manifests: &Path, path: &Path) {
    let Some(name) = Name::of(&relative_to(manifests, path)) else {
        return reader
            .problem(path, "a manifest whose path is not `<host>/<namespace>/<model>/<tag>` was not read");
    };
    let Some(manifest) = reader.json::<Manifest>(path) else { return };
    let model = name.model(reader);
    let license = manifest.license(reader, path, &model, blob);
    for digest in manifest.weights(reader, path) {
        let Some(blob) = blob(reader, digest) else { continue };
        let claim = reader.claim(blob);
        let origin = Some(name.origin(reader));
        let model = Some(model.clone());
        reader.push(Claim { model, origin, digest: Some(digest), license: license.clone(), ..claim });
    }
}

/// Where a blob lies. Newer versions write `-` after the algorithm, older ones wrote `:`.
fn blob(reader: &mut Reader<'_>, digest: Sha256Digest) -> Option<PathBuf> {
    let names = [format!("sha256-{digest}"), format!("sha256:{digest}")];
    let root = reader.root.to_path_buf();
    names.iter().find_map(|name| reader.file(&root, &Path::new("blobs").join(name)))
}

/// The name of a model, as the path of its manifest spells it.
struct Name {
    host: String,
    repository: String,
    tag: String,
}

impl Name {
    fn of(path: &str) -> Option<Self> {
        let (host, rest) = path.split_once('/')?;
        let (repository, tag) = rest.rsplit_once('/')?;
        Some(Self { host: host.into(), repository: repository.into(), tag: tag.into() })
    }

    /// As people call it: without the registry and the namespace that go without saying.
    fn model(&self, reader: &Reader<'_>) -> String {
        let Self { host, repository, tag } = self;
        match repository.strip_prefix("library/") {
            _ if reader.store.registry.as_ref() != Some(host) => shown(format!("{host}/{repository}:{tag}")),
            short => shown(format!("{}:{tag}", short.unwrap_or(repository))),
        }
    }

    /// A tag names a model in the store's own registry; elsewhere it only picks a file of the repository.
    fn origin(&self, reader: &Reader<'_>) -> Origin {
        let Self { host, repository, tag } = self;
        let registry = reader.store.registry_of(host).to_owned();
        let foreign = registry != *host;
        let repository = if foreign { repository.clone() } else { format!("{repository}:{tag}") };
        Origin {
            registry,
            repository: Some(repository),
            revision: None,
            evidence: format!("the manifest {}", self.path()),
        }
    }

    fn path(&self) -> String {
        format!("manifests/{}/{}/{}", self.host, self.repository, self.tag)
    }
}
