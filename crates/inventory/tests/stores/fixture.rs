//! A store in a temporary folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use catalog::store::Store;
use inventory::stores::{Claim, LicenseClaim, Reading, StoreRoot, find_roots, read};
use tempfile::TempDir;

/// The stores of the catalogue.
pub(crate) fn catalogue() -> Vec<Store> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog/stores");
    let entries = platform::read::entries(&folder, 1000).unwrap();
    let text = |name| String::from_utf8(platform::read::whole(&folder.join(name), 1 << 20).unwrap()).unwrap();
    entries.into_iter().map(|entry| toml::from_str(&text(entry.name)).unwrap()).collect()
}

/// A digest that is told from the others by `n`.
pub(crate) fn hex(n: u8) -> String {
    format!("{n:02x}").repeat(32)
}

/// A commit that is told from the others by `n`.
pub(crate) fn commit(n: u8) -> String {
    format!("{n:02x}").repeat(20)
}

pub(crate) struct Fixture {
    folder: TempDir,
    pub(crate) store: Store,
    pub(crate) root: PathBuf,
}

impl Fixture {
    /// An empty store of the catalogue at `place` in a temporary folder.
    pub(crate) fn new(id: &str, place: &str) -> Self {
        let store = catalogue().into_iter().find(|store| store.id == id).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join(place);
        fs::create_dir_all(&root).unwrap();
        Self { folder, store, root }
    }

    /// The folder that the store stands in.
    pub(crate) fn outside(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    #[cfg(unix)]
    pub(crate) fn link(&self, name: &str, target: impl AsRef<Path>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, &path).unwrap();
        path
    }

    pub(crate) fn read(&self) -> Reading {
        read(&StoreRoot { store: &self.store, root: self.root.clone() })
    }

    /// What a store that nothing is wrong with says.
    pub(crate) fn claims(&self) -> Vec<Claim> {
        let reading = self.read();
        assert_eq!(reading.problems, []);
        assert!(reading.claims.iter().all(|claim| claim.store == self.store.id));
        reading.claims
    }

    /// What the store says of one file.
    pub(crate) fn claim(&self, name: &str) -> Claim {
        let path = self.path(name);
        let found = self.claims().into_iter().find(|claim| claim.path == path);
        found.unwrap_or_else(|| panic!("nothing is said of {name}: {:#?}", self.claims()))
    }

    /// The store is recognised from this file, with no default place and no environment.
    pub(crate) fn is_recognised_from(&self, name: &str) {
        let stores = catalogue();
        let path = self.path(name);
        let roots = find_roots(&stores, &[], "linux", &|_| None, &mut std::iter::once(path.as_path()));
        let here = roots.iter().any(|found| found.store.id == self.store.id && found.root == self.root);
        assert!(here, "{} is not recognised from {name}: {roots:#?}", self.store.id);
    }
}

/// The repository and the revision of a claim's origin.
pub(crate) fn origin(claim: &Claim) -> (&str, Option<&str>, Option<&str>) {
    let origin = claim.origin.as_ref().unwrap();
    (origin.registry.as_str(), origin.repository.as_deref(), origin.revision.as_deref())
}

pub(crate) fn digest(claim: &Claim) -> Option<String> {
    claim.digest.map(|digest| digest.to_string())
}

pub(crate) fn tag(claim: &Claim) -> Option<&str> {
    match claim.license.as_ref()? {
        LicenseClaim::Tag { values, .. } => values.first().map(String::as_str),
        LicenseClaim::Text { .. } => None,
    }
}

pub(crate) fn text(claim: &Claim) -> Option<&str> {
    match claim.license.as_ref()? {
        LicenseClaim::Text { text, .. } => Some(text),
        LicenseClaim::Tag { .. } => None,
    }
}

/// A manifest with weights `n`, a projector `n + 1`, a template 22 and a licence 23.
pub(crate) fn ollama_manifest(n: u8) -> String {
    format!(
        r#"{{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {{"mediaType": "application/vnd.docker.container.image.v1+json", "digest": "sha256:{}", "size": 2}},
        "layers": [
          {{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:{}", "size": 4}},
          {{"mediaType": "application/vnd.ollama.image.projector", "digest": "sha256:{}", "size": 4}},
          {{"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:{}", "size": 4}},
          {{"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:{}", "size": 4}}]}}"#,
        hex(20),
        hex(n),
        hex(n + 1),
        hex(22),
        hex(23)
    )
}

/// A reference file with a model `n` and another file `n + 1`.
pub(crate) fn ramalama_reference(n: u8) -> String {
    format!(
        r#"{{"version": "v1.0.1", "hash": "sha256:{0}", "path": "/elsewhere/refs/latest.json", "files": [
        {{"hash": "sha256:{0}", "name": "model.gguf", "type": "gguf"}},
        {{"hash": "sha256:{1}", "name": "config.json", "type": "other"}}]}}"#,
        hex(n),
        hex(n + 1)
    )
}
