//! `models--<org>--<name>/{blobs,refs,snapshots,trees}`: blobs by etag, and per commit a tree of links to them.
//!
//! Format: the cache of `huggingface_hub`. A blob whose name has 64 digits is named by its SHA-256; one of 40 digits by
//! the SHA-1 that Git gives it, which says nothing of the SHA-256. Where links are not possible, a snapshot holds the
//! files themselves, and `trees/<commit>.json` the digests.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsStr,
    path::{Path, PathBuf},
};

use domain::Sha256Digest;
use platform::read::{self, EntryKind};
use serde::Deserialize;

use super::{
    Claim,
    folder::Folder,
    reader::{Reader, is_commit, name_of, plain_name, relative_to},
};

/// Folders below a snapshot, and below `refs`: repositories nest their files.
const DEPTH: usize = 16;
/// The longest file in `refs`: a commit.
const REF: usize = 256;

/// What a repository is called on disk when it holds a model. Data sets and spaces are called otherwise.
const MODEL: &str = "models--";

pub(super) fn read(reader: &mut Reader<'_>) {
    for directory in reader.directories(reader.root) {
        let name = name_of(&directory);
        if let Some(name) = name.strip_prefix(MODEL) {
            let name = name.replace("--", "/");
            Repository { directory, name, folders: HashMap::new() }.read(reader);
        }
    }
}

/// A list of the files of a commit.
#[derive(Deserialize)]
struct Tree {
    #[serde(default)]
    format_version: u64,
    #[serde(default)]
    files: BTreeMap<String, TreeFile>,
}

/// What such a list says of one file.
#[derive(Deserialize)]
struct TreeFile {
    #[serde(default)]
    lfs_sha256: Option<String>,
}

impl Tree {
    /// The version whose fields are known here.
    const VERSION: u64 = 1;

    /// The list at a path; nothing when it is not there or of a version that is not known.
    fn read(reader: &mut Reader<'_>, path: &Path) -> Option<Self> {
        reader.json::<Self>(path).filter(|tree| tree.format_version == Self::VERSION)
    }

    /// The SHA-256 of a file, by its path in the repository.
    fn sha256(&self, path: &str) -> Option<Sha256Digest> {
        self.files.get(path)?.lfs_sha256.as_deref()?.parse().ok()
    }
}

struct Repository {
    directory: PathBuf,
    name: String,
    /// What stands in each folder of the snapshots: card and code are looked up once.
    folders: HashMap<PathBuf, Folder>,
}

impl Repository {
    fn read(&mut self, reader: &mut Reader<'_>) {
        let mut claims = self.blobs(reader);
        let refs = self.refs(reader);
        for commit in self.commits(reader, &refs) {
            self.snapshot(reader, &commit, refs.get(&name_of(&commit)), &mut claims);
        }
        claims.into_values().for_each(|claim| reader.push(claim));
    }

    /// A claim for every whole blob, whether a snapshot leads to it or not.
    fn blobs(&self, reader: &mut Reader<'_>) -> BTreeMap<PathBuf, Claim> {
        let mut claims = BTreeMap::new();
        for path in reader.files(&self.directory.join("blobs")) {
            if path.extension() != Some(OsStr::new("incomplete")) {
                let evidence = format!("a blob in {}", name_of(&self.directory));
                let claim = self.claim(reader, path.clone(), None, evidence);
                claims.insert(path, claim);
            }
        }
        claims
    }

    /// The names that lead to each commit.
    fn refs(&self, reader: &mut Reader<'_>) -> HashMap<String, String> {
        let refs = self.directory.join("refs");
        let mut names: HashMap<String, String> = HashMap::new();
        for path in reader.files_below(&refs, DEPTH) {
            let Some(content) = reader.bytes(&path, REF) else { continue };
            let commit = String::from_utf8_lossy(&content).trim().to_owned();
            if !is_commit(&commit) {
                reader.problem(&path, "does not hold a commit");
                continue;
            }
            let name = relative_to(&refs, &path);
            names
                .entry(commit)
                .and_modify(|old| {
                    if name == "main" {
                        old.clone_from(&name);
                    }
                })
                .or_insert(name);
        }
        names
    }

    /// The snapshots, the one that `refs/main` names first, then those with another name.
    fn commits(&self, reader: &mut Reader<'_>, refs: &HashMap<String, String>) -> Vec<PathBuf> {
        let mut commits = reader.directories(&self.directory.join("snapshots"));
        commits.sort_by_key(|commit| match refs.get(plain_name(commit)).map(String::as_str) {
            Some("main") => 0,
            Some(_) => 1,
            None => 2,
        });
        commits
    }

    fn snapshot(
        &mut self,
        reader: &mut Reader<'_>,
        commit: &Path,
        name: Option<&String>,
        claims: &mut BTreeMap<PathBuf, Claim>,
    ) {
        let revision = Some(plain_name(commit).to_owned()).filter(|name| is_commit(name));
        let tree = revision.as_deref().and_then(|revision| {
            Tree::read(reader, &self.directory.join("trees").join(revision).with_extension("json"))
        });
        for (path, kind) in reader.tree(commit, DEPTH) {
            let Some(file) = self.target(reader, &path, kind) else { continue };
            let evidence = match name {
                Some(name) => format!("a snapshot in {}, refs/{name}", name_of(&self.directory)),
                None => format!("a snapshot in {}", name_of(&self.directory)),
            };
            let digest = tree.as_ref().and_then(|tree| tree.sha256(&relative_to(commit, &path)));
            let found = self.claim(reader, file.clone(), revision.clone(), evidence);
            let claim = claims.entry(file.clone()).or_insert_with(|| found.clone());
            // The first snapshot that leads to a file is the one its revision and card are taken from.
            if claim.origin.as_ref().is_some_and(|origin| origin.revision.is_none()) {
                claim.origin = found.origin;
            }
            if claim.license.is_none() && claim.remote_code.is_none() {
                self.folder(reader, commit, &path).describe(claim);
            }
            claim.digest = claim.digest.or(digest);
            if path != file {
                claim.aliases.push(path);
            }
        }
    }

    /// What the folder of a file says; where it says nothing, what the top of the snapshot does.
    fn folder(&mut self, reader: &mut Reader<'_>, commit: &Path, path: &Path) -> Folder {
        let within = self.directory.clone();
        let mut folder = |directory: &Path| {
            let known = self.folders.entry(directory.to_path_buf());
            known.or_insert_with(|| Folder::read(reader, &within, directory)).clone()
        };
        let top = folder(commit);
        match path.parent().filter(|parent| *parent != commit) {
            Some(parent) => folder(parent).or(top),
            None => top,
        }
    }

    fn claim(&self, reader: &Reader<'_>, path: PathBuf, revision: Option<String>, evidence: String) -> Claim {
        let digest = plain_name(&path).parse().ok();
        let origin = reader.origin(Some(self.name.clone()), revision, evidence);
        Claim { model: Some(self.name.clone()), origin, digest, ..reader.claim(path) }
    }

    /// The file that an entry of a snapshot stands for: a blob of this repository, or the entry itself.
    fn target(&self, reader: &mut Reader<'_>, path: &Path, kind: EntryKind) -> Option<PathBuf> {
        match kind {
            EntryKind::File => Some(path.to_path_buf()),
            EntryKind::Link => {
                let blob = reader.link_into(path, &self.directory.join("blobs"));
                if blob.is_none() {
                    reader.problem(
                        path,
                        "a link that does not lead to a blob of its repository was not followed",
                    );
                }
                // A link to a blob that was removed is no file, and no problem either.
                blob.filter(|blob| matches!(read::kind(blob), Ok(EntryKind::File)))
            }
            _ => {
                reader.problem(path, "neither a file nor a link to one");
                None
            }
        }
    }
}
