use std::{
    fs,
    io::Cursor,
    sync::atomic::{AtomicBool, AtomicU64},
};

use domain::HostPath;
use tempfile::TempDir;

use super::*;
use crate::memory::{Memory, sha256};

/// Models in a folder, as a walk gives them.
struct Folder {
    directory: TempDir,
    catalog: Catalog,
    held: Vec<Held>,
}

impl Folder {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), catalog: catalog::load().unwrap(), held: Vec::new() }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.path().canonicalize().unwrap().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn model(&mut self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.write(name, bytes);
        let identified = artifact::identify(&mut Cursor::new(bytes), bytes.len() as u64).unwrap().unwrap();
        let identity = platform::read::identity_of(&path).unwrap();
        self.held.push(Held { path: path.clone(), identity, identified });
        path
    }

    fn holdings(&mut self) -> Holdings {
        Holdings::new(&self.catalog, std::mem::take(&mut self.held))
    }
}

fn gguf(keys: &[(&str, &str)]) -> Vec<u8> {
    let keys: Vec<_> = keys.iter().map(|(key, text)| (*key, artifact::testkit::Value::Text(text))).collect();
    artifact::testkit::gguf(&keys, &[("w", &[4])])
}

fn hash(holdings: &mut Holdings) {
    let hashed = holdings.hash(&Memory::none(), &AtomicBool::new(false), &AtomicU64::new(0));
    assert_eq!(hashed.failed, []);
}

fn digest_of_bytes(bytes: &[u8]) -> Sha256Digest {
    sha256(&mut Cursor::new(bytes), &AtomicBool::new(false), &AtomicU64::new(0)).unwrap()
}

fn claimed(path: &Path, digest: Sha256Digest) -> Claim {
    Claim { path: path.into(), store: "ollama".into(), digest: Some(digest), ..Claim::default() }
}

#[test]
fn a_name_that_lies_about_its_bytes_does_not_accuse_the_file_with_the_right_name() {
    let mut folder = Folder::new();
    let bytes = gguf(&[]);
    let (right, wrong) = (digest_of_bytes(&bytes), Sha256Digest::from_bytes([0xff; 32]));
    let (good, copy, lying) =
        (folder.model("blobs/a", &bytes), folder.model("copy.gguf", &bytes), folder.model("blobs/f", &bytes));
    let mut holdings = folder.holdings();
    holdings.claim(&folder.catalog, claimed(&good, right));
    holdings.claim(&folder.catalog, claimed(&lying, wrong));
    holdings.recall(&Memory::none());
    hash(&mut holdings);
    let artifacts = holdings.artifacts(&catalog::load().unwrap());
    let told: Vec<_> = artifacts.iter().map(|artifact| (&artifact.paths[..], artifact.digest)).collect();
    let host = |path: &PathBuf| HostPath::from(path.as_path());
    assert_eq!(
        told,
        [
            (&[host(&good), host(&copy)][..], Digest::computed(right, None)),
            (&[host(&lying)][..], Digest::computed(right, Some(wrong))),
        ]
    );
}

#[test]
fn a_digest_that_only_a_store_claims_is_not_told_of_what_a_process_has_loaded() {
    let mut folder = Folder::new();
    let bytes = gguf(&[]);
    let model = folder.model("a", &bytes);
    let mut holdings = folder.holdings();
    holdings.claim(&folder.catalog, claimed(&model, digest_of_bytes(&bytes)));
    holdings.recall(&Memory::none());
    assert!(holdings.digests().is_empty());
    hash(&mut holdings);
    assert_eq!(holdings.digests().into_values().collect::<Vec<_>>(), [digest_of_bytes(&bytes)]);
}

fn origin(repository: Option<&str>, revision: Option<&str>) -> domain::Origin {
    domain::Origin {
        registry: "huggingface.co".into(),
        repository: repository.map(str::to_owned),
        revision: revision.map(str::to_owned),
        evidence: "store".into(),
    }
}

#[test]
fn a_store_that_knows_only_the_revision_leaves_the_repository_that_the_file_names() {
    let mut folder = Folder::new();
    let model = folder.model("a.gguf", &gguf(&[("general.repo_url", "https://huggingface.co/org/name")]));
    let mut holdings = folder.holdings();
    let claim = Claim { path: model, origin: Some(origin(None, Some("c0ffee"))), ..Claim::default() };
    holdings.claim(&folder.catalog, claim);
    let origin = holdings.artifacts(&catalog::load().unwrap()).remove(0).origin.unwrap();
    assert_eq!(
        (origin.repository.as_deref(), origin.revision.as_deref()),
        (Some("org/name"), Some("c0ffee"))
    );
    assert_eq!(origin.evidence, "store; GGUF key general.repo_url, the file's own claim");
}

#[test]
fn of_several_stores_the_first_has_the_say_and_the_others_fill_gaps() {
    let mut folder = Folder::new();
    let model = folder.model("a.gguf", &gguf(&[("general.name", "The file's own")]));
    let mut holdings = folder.holdings();
    let digest = Some(Sha256Digest::from_bytes([1; 32]));
    let of = |store: &str, name: Option<&str>, origin, digest| Claim {
        path: model.clone(),
        store: store.into(),
        model: name.map(str::to_owned),
        origin,
        digest,
        ..Claim::default()
    };
    holdings.claim(&folder.catalog, of("first", None, Some(origin(Some("a/b"), None)), None));
    holdings.claim(&folder.catalog, of("second", Some("two"), Some(origin(Some("c/d"), Some("2"))), digest));
    let other = Some(Sha256Digest::from_bytes([2; 32]));
    holdings.claim(&folder.catalog, of("third", Some("three"), Some(origin(None, Some("3"))), other));
    holdings.recall(&Memory::none());
    let artifact = holdings.artifacts(&catalog::load().unwrap()).remove(0);
    assert_eq!((artifact.store.as_deref(), artifact.metadata.name.as_deref()), (Some("first"), Some("two")));
    let origin = artifact.origin.unwrap();
    assert_eq!((origin.repository.as_deref(), origin.revision.as_deref()), (Some("a/b"), Some("3")));
    assert_eq!(artifact.digest.sha256, digest);
}

const CARD: &str = "---\nlicense: cc-by-nc-4.0\n---\n";

fn licensed(folder: &mut Folder) -> Vec<Option<String>> {
    let mut holdings = folder.holdings();
    assert_eq!(holdings.read_cards(&folder.catalog), []);
    holdings
        .artifacts(&catalog::load().unwrap())
        .into_iter()
        .map(|artifact| artifact.license.map(|license| license.id))
        .collect()
}

#[test]
fn a_card_between_unrelated_models_licenses_none_of_them() {
    let mut folder = Folder::new();
    folder.write("README.md", CARD);
    folder.model("llama-3-8b-q4_k_m.gguf", &gguf(&[]));
    folder.model("qwen2.5-7b-q4_k_m.gguf", &gguf(&[("general.name", "Qwen")]));
    assert_eq!(licensed(&mut folder), [None, None]);
}

#[test]
fn a_card_beside_one_model_licenses_its_shards_quantisations_and_projector() {
    let mut folder = Folder::new();
    folder.write("README.md", CARD);
    for name in ["x-7b-q4_k_m.gguf", "X-7B.f16-00001-of-00002.gguf", "mmproj-model-f16.gguf"] {
        folder.model(name, &gguf(&[("general.name", name)]));
    }
    assert_eq!(licensed(&mut folder), vec![Some("cc-by-nc-4.0".to_owned()); 3]);
}

#[test]
fn a_card_licenses_the_parts_of_a_snapshot() {
    let mut folder = Folder::new();
    folder.write("README.md", CARD);
    folder.write("config.json", "{}");
    folder.model("model.safetensors", &artifact::testkit::safetensors(&[], &[("w", &[4])]));
    folder.model("pytorch_model.bin", &artifact::testkit::torch_zip(&artifact::testkit::pickle(&[])));
    assert_eq!(licensed(&mut folder), vec![Some("cc-by-nc-4.0".to_owned()); 2]);
}

#[test]
fn a_loose_card_that_says_other_gives_way_to_the_text_beside_it() {
    let mut folder = Folder::new();
    folder.write("README.md", "---\nlicense: other\n---\n");
    folder.write("LICENSE.txt", "Qwen RESEARCH LICENSE AGREEMENT");
    folder.model("a.gguf", &gguf(&[]));
    assert_eq!(licensed(&mut folder), [Some("qwen-research".to_owned())]);
}

#[test]
fn a_broken_card_is_a_problem() {
    let mut folder = Folder::new();
    let card = folder.write("README.md", "---\nlicense: mit\nx: {\n---\n");
    folder.model("a.gguf", &gguf(&[]));
    let problems = folder.holdings().read_cards(&folder.catalog);
    assert_eq!(problems.iter().map(|problem| &problem.path).collect::<Vec<_>>(), [&card]);
}

#[test]
fn without_identities_a_file_is_known_under_every_spelling_of_its_path() {
    let mut folder = Folder::new();
    let path = folder.model("a/b.gguf", &gguf(&[]));
    folder.held[0].identity.file = None;
    let holdings = folder.holdings();
    let other = path.parent().unwrap().join("../a/b.gguf");
    assert_eq!((holdings.at(&other), holdings.at_canonical(&other)), (None, Some(0)));
}
