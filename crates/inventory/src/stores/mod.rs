//! Reads model stores: what a store says of the files it holds, without opening one of them.
//!
//! A store's word is a claim. The digest in the name of a blob, the repository in the name of a folder, the licence in
//! a model card: all of it is reported as claimed, with the evidence, and none of it is computed here. There is one
//! reader per layout of the catalogue and none per tool; nothing here knows a tool by name.
//!
//! A store is hostile: manifests are size-capped, depth and number of names are bounded, nothing is followed out of the
//! store, and what cannot be read is a [`Problem`], never a failure.

pub mod card;
mod claims;
mod flat;
mod flat_sidecar;
mod folder;
mod hash_suffix;
mod local_dir;
mod manifest;
mod manifest_tree;
mod marker;
mod model_yml;
mod oci_index;
mod org_name;
mod publisher_repo;
mod reader;
mod ref_files;
mod registry_json;
mod roots;
mod snapshot_cache;
mod typed_folders;
mod url;
mod versioned;
mod yaml;

use std::path::PathBuf;

use catalog::store::{Layout, Store};

pub use roots::{StoreRoot, default_roots, find_roots};

use reader::Reader;

/// What a store says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// What it says of each file, sorted by path. A file has one claim, whatever the number of names that lead to it.
    pub claims: Vec<Claim>,
    /// What could not be read or was refused.
    pub problems: Vec<Problem>,
}

/// Something in a store that could not be read or was refused. The rest of the store was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// The path it is about.
    pub path: PathBuf,
    /// What is wrong with it, in words.
    pub error: String,
}

impl Problem {
    /// The path and what is wrong with it.
    pub fn into_pair(self) -> (PathBuf, String) {
        (self.path, self.error)
    }
}

/// What a store says of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// The real file, below the root as it was given.
    pub path: PathBuf,
    /// Other paths of the same file: links that stay inside the store, sorted.
    pub aliases: Vec<PathBuf>,
    /// The catalogue id of the store.
    pub store: String,
    /// The name of the model for people: `llama3.2:3b`, `Qwen/Qwen2.5-7B-Instruct`.
    pub model: Option<String>,
    /// Where the store says it came from.
    pub origin: Option<domain::Origin>,
    /// The digest that the store claims. Nobody computed it.
    pub digest: Option<domain::Sha256Digest>,
    /// The licence that stands beside the file.
    pub license: Option<LicenseClaim>,
    /// Models that the model card beside the file names as its base.
    pub base_models: Vec<String>,
    /// What says that loading the model runs Python code that stands beside it.
    pub remote_code: Option<String>,
    /// What else the store says of the file and what is too weak to be one of the fields above.
    pub note: Option<String>,
}

/// A licence as a store carries it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LicenseClaim {
    /// Words that stand for licences (`apache-2.0`), in the spelling of whoever wrote them.
    Tag {
        /// The words: several licences may hold at once.
        values: Vec<String>,
        /// Where the text is said to be, for words that say nothing (`other`): an address or the name of a file.
        link: Option<String>,
        /// The text beside the card, for the same.
        text: Option<LicenseText>,
        /// What says so, in words.
        evidence: String,
    },
    /// The text of a licence.
    Text {
        /// The text, cut at 64 KiB.
        text: String,
        /// What says so, in words.
        evidence: String,
    },
}

/// The text of a licence that stands in a file, shared by all the files it is said of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LicenseText {
    /// The name of the file.
    pub name: String,
    /// What is in it, at most 64 KiB.
    pub text: std::sync::Arc<str>,
}

/// Reads the store at a root. Never fails: what cannot be read is among the problems.
pub fn read(root: &StoreRoot<'_>) -> Reading {
    let mut reader = Reader::new(root.store, &root.root);
    layout_reader(root.store)(&mut reader);
    reader.finish()
}

#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz(bytes: &[u8]) {
    local_dir::fuzz(bytes);
    manifest::fuzz(bytes);
}

fn layout_reader(store: &Store) -> fn(&mut Reader<'_>) {
    match store.layout {
        Layout::ManifestTree => manifest_tree::read,
        Layout::SnapshotCache => snapshot_cache::read,
        Layout::LocalDir => local_dir::read,
        Layout::PublisherRepo => publisher_repo::read,
        Layout::FlatSidecar => flat_sidecar::read,
        Layout::OciIndex => oci_index::read,
        Layout::ModelYml => model_yml::read,
        Layout::Flat => flat::read,
        Layout::TypedFolders => typed_folders::read,
        Layout::HashSuffix => hash_suffix::read,
        Layout::OrgName => org_name::read,
        Layout::RefFiles => ref_files::read,
        Layout::RegistryJson => registry_json::read,
        Layout::Versioned => versioned::read,
    }
}
