//! Which of the files that a scan found are one model, and which other files belong to them.
//!
//! The walk keeps only model files. What lies beside them is listed here again, of their folders only: it decides what is one model,
//! and it is part of what the model is. What a group means is `inspect`'s.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use artifact::Inspection;
use catalog::Format;
use domain::{BundleKind, Sha256Digest};
use platform::read::{EntryKind, FileId, Identity};

use super::Holdings;
use crate::{
    inspect::{Depth, Entry, Group, Todo, follow, groups},
    memory::{Memorable, Memory},
};

/// How many names a folder with models may have.
const MOST_NAMES: usize = 20_000;
/// How deep a folder is listed that is one model with all that lies below.
const DEEPEST: usize = 6;
/// How many ancestors of a file may be the folder of its model.
const ANCESTORS: usize = 4;
/// A longer path cannot be opened by its name.
const LONGEST_PATH: usize = 4096;
/// What makes a folder one model with the folders in it.
const OF_PARTS: [&str; 2] = ["model_index.json", "modules.json"];
const SAVED_MODEL: [&str; 2] = ["saved_model.pb", "saved_model.pbtxt"];
const CORE_ML: [&str; 2] = ["mlpackage", "mlmodelc"];
/// Images hold models and are none.
const IMAGE: &str = "oci-layout";
/// Where caches keep files under the names of their digests: nothing there belongs together.
const BLOBS: &str = "blobs";

/// What is one model.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    pub(super) groups: Vec<Group>,
    /// The members of all groups.
    pub(super) files: Vec<Part>,
    /// Files that are in no model format.
    pub(super) others: Vec<Other>,
    /// Links that lead out of what is scanned.
    pub(super) links_out: Vec<PathBuf>,
}

/// A member where its model has it.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) real: PathBuf,
    pub(super) identity: Identity,
    pub(super) is: Is,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    /// A model file: its place among the holdings.
    Model(usize),
    /// Something else: its place among the others.
    Other(usize),
}

/// A file that belongs to a model and is in no model format.
#[derive(Debug, Clone)]
pub(super) struct Other {
    pub(super) real: PathBuf,
    pub(super) name: String,
    pub(super) identity: Identity,
    pub(super) digest: Option<Sha256Digest>,
    pub(super) seen: Option<(Depth, Inspection)>,
}

impl Other {
    pub(super) fn todo(&self) -> Todo {
        Todo { path: self.real.clone(), identity: self.identity, name: self.name.clone() }
    }

    pub(super) fn recall(&mut self, memory: &Memory) {
        let Some(state) = memory.fingerprint(&self.identity) else { return };
        self.digest = memory.digest(state).or(self.digest);
        self.seen = memory.recall(Memorable { state, name: &self.name });
    }
}

/// A file or a link beside a model, by its path.
struct Listed {
    kind: EntryKind,
    model: Option<usize>,
}

/// Lists folders, each once.
struct Survey<'h> {
    holdings: &'h Holdings,
    listed: BTreeMap<PathBuf, Listed>,
    folders: BTreeSet<PathBuf>,
}

impl Parts {
    /// Finds out what belongs together. Links are followed inside of the roots, and in a cache.
    pub(super) fn find(holdings: &Holdings, formats: &[Format], roots: &[PathBuf]) -> Self {
        let mut survey = Survey { holdings, listed: BTreeMap::new(), folders: BTreeSet::new() };
        let known: Vec<_> = holdings.by_path.iter().map(|(path, at)| (path.clone(), *at)).collect();
        for (path, at) in known {
            survey.listed.insert(path.clone(), Listed { kind: EntryKind::File, model: Some(at) });
            survey.around(&path);
        }
        survey.into_parts(formats, roots)
    }

    /// Every member of a group.
    pub(super) fn members<'p>(&'p self, group: &'p Group) -> impl Iterator<Item = &'p Part> {
        group.members.iter().filter_map(|at| self.files.get(*at))
    }
}

impl Survey<'_> {
    /// The folder of a model file, and those above it that may be its model's.
    fn around(&mut self, path: &Path) {
        let Some(folder) = path.parent().filter(|folder| folder.as_os_str().len() < LONGEST_PATH) else {
            return;
        };
        if self.folders.contains(folder) || folder.ends_with(BLOBS) {
            return;
        }
        self.list(folder);
        for above in folder.ancestors().take(ANCESTORS) {
            let extension = above.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if CORE_ML.contains(&extension) {
                self.list_below(above, DEEPEST);
            }
        }
        for folder in [Some(folder), folder.parent()].into_iter().flatten() {
            if OF_PARTS.iter().any(|name| is_there(&folder.join(name))) {
                self.list_below(folder, 1);
            }
            if SAVED_MODEL.iter().any(|name| is_there(&folder.join(name))) {
                self.list(folder);
                for name in ["variables", "assets", "assets.extra"] {
                    self.list_below(&folder.join(name), DEEPEST);
                }
            }
        }
    }

    /// Notes the files and links of a folder; gives the folders in it. A folder with too many names is no model's.
    fn list(&mut self, folder: &Path) -> Vec<PathBuf> {
        let known = !self.folders.insert(folder.to_path_buf());
        let Ok(entries) = platform::read::entries(folder, MOST_NAMES) else { return Vec::new() };
        let mut folders = Vec::new();
        for entry in entries {
            let path = folder.join(&entry.name);
            match entry.kind {
                EntryKind::Directory => folders.push(path),
                EntryKind::File | EntryKind::Link if !known && entry.name != IMAGE => {
                    let model = self.holdings.by_path.get(&path).copied();
                    self.listed.entry(path).or_insert(Listed { kind: entry.kind, model });
                }
                EntryKind::File | EntryKind::Link | EntryKind::Other => {}
            }
        }
        folders
    }

    fn list_below(&mut self, folder: &Path, depth: usize) {
        let folders = self.list(folder);
        if depth > 0 && self.listed.len() < MOST_NAMES * 10 {
            for folder in folders {
                self.list_below(&folder, depth - 1);
            }
        }
    }

    fn into_parts(mut self, formats: &[Format], roots: &[PathBuf]) -> Parts {
        let mut parts = Parts::default();
        let mut through = HashMap::new();
        let links: Vec<_> = self.links().collect();
        for link in links {
            match follow(&link, roots) {
                Some((real, identity)) => {
                    let model = self.holdings.at(&real);
                    self.listed.entry(link.clone()).and_modify(|listed| listed.model = model);
                    through.insert(link, (real, identity));
                }
                None => {
                    self.listed.remove(&link);
                    parts.links_out.push(link);
                }
            }
        }
        let paths: Vec<_> = self.listed.iter().collect();
        let entries: Vec<_> = paths
            .iter()
            .map(|(path, listed)| Entry { path, format: self.format(listed.model), parts: &[] })
            .collect();
        let mut places: HashMap<(FileId, String), usize> = HashMap::new();
        for group in groups(&entries, formats).into_iter().filter(|group| group.kind != BundleKind::Image) {
            let members: Vec<_> = group.members.iter().filter_map(|at| paths.get(*at)).collect();
            let members: Vec<_> = members
                .into_iter()
                .filter_map(|(path, listed)| {
                    let part = self.part(path, listed, through.get(*path), &mut parts.others, &mut places)?;
                    parts.files.push(part);
                    Some(parts.files.len() - 1)
                })
                .collect();
            parts.groups.push(Group { members, ..group });
        }
        parts
    }

    /// Links that no store and no walk explained, and that a group might have.
    fn links(&self) -> impl Iterator<Item = PathBuf> {
        let links = self.listed.iter().filter(|(_, one)| one.kind == EntryKind::Link && one.model.is_none());
        links.map(|(path, _)| path.clone())
    }

    fn format(&self, model: Option<usize>) -> Option<&str> {
        model.and_then(|at| self.holdings.list.get(at)).map(|holding| holding.artifact.format.as_str())
    }

    fn part(
        &self,
        path: &Path,
        listed: &Listed,
        through: Option<&(PathBuf, Identity)>,
        others: &mut Vec<Other>,
        places: &mut HashMap<(FileId, String), usize>,
    ) -> Option<Part> {
        let path = path.to_path_buf();
        if let Some((at, holding)) = listed.model.and_then(|at| Some((at, self.holdings.list.get(at)?))) {
            let (real, identity) = (holding.real.clone(), holding.identity);
            return Some(Part { path, real, identity, is: Is::Model(at) });
        }
        let (real, identity) = match through {
            Some(through) => through.clone(),
            None => (path.clone(), platform::read::identity_of(&path).ok()?),
        };
        // As everywhere: an empty file says nothing.
        if identity.size == 0 {
            return None;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let next = others.len();
        let at = identity.file.map_or(next, |file| *places.entry((file, name.clone())).or_insert(next));
        if at == next {
            others.push(Other { real: real.clone(), name, identity, digest: None, seen: None });
        }
        Some(Part { path, real, identity, is: Is::Other(at) })
    }
}

fn is_there(path: &Path) -> bool {
    matches!(platform::read::kind(path), Ok(EntryKind::File | EntryKind::Link))
}
