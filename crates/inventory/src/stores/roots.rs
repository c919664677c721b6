//! Where stores are: the default places of every account, the places that the environment names, and folders that are
//! recognised as a store from a file in them.
//!
//! The environment comes in as a closure. A root that is itself a link (a store that was moved to a larger disk) is
//! resolved here, once; inside a store nothing is followed out of it.

use std::{
    collections::{HashMap, HashSet},
    ffi::OsString,
    path::{Path, PathBuf},
};

use catalog::store::{Marker, Store};
use platform::read::{self, EntryKind};

use super::marker;

/// A folder that is a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreRoot<'c> {
    /// What the catalogue says of the store.
    pub store: &'c Store,
    /// The folder.
    pub root: PathBuf,
}

/// Looks a variable of the environment up.
type Lookup<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// Every store that is there: at a default place, at a place that the environment names, or above one of the files.
/// In the order of the catalogue and of precedence, each once.
pub fn find_roots<'c>(
    stores: &'c [Store],
    homes: &[PathBuf],
    os: &str,
    env: Lookup<'_>,
    artifacts: &mut dyn Iterator<Item = &Path>,
) -> Vec<StoreRoot<'c>> {
    let mut found = Found::default();
    for (index, store) in stores.iter().enumerate() {
        for place in places(store, homes, os, env) {
            found.add(index, resolved(place));
        }
    }
    for artifact in artifacts {
        for (index, store) in stores.iter().enumerate() {
            for marker in &store.markers {
                found.recognise(index, marker, artifact);
            }
        }
    }
    let mut roots = found.roots;
    roots.sort_by_key(|(index, _)| *index);
    let root = |(index, root): (usize, PathBuf)| Some(StoreRoot { store: stores.get(index)?, root });
    roots.into_iter().filter_map(root).collect()
}

/// The default places and the places that the environment names, whether they are there or not, each once.
pub fn default_roots(stores: &[Store], homes: &[PathBuf], os: &str, env: Lookup<'_>) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let all = stores.iter().flat_map(|store| places(store, homes, os, env)).map(resolved);
    all.filter(|place| seen.insert(place.clone())).collect()
}

/// Roots found so far, and what was looked up on the way: many files lie in the same folders.
#[derive(Default)]
struct Found {
    roots: Vec<(usize, PathBuf)>,
    tried: HashSet<(usize, PathBuf)>,
    exists: HashMap<PathBuf, bool>,
}

impl Found {
    fn add(&mut self, store: usize, root: PathBuf) {
        let new = self.tried.insert((store, root.clone()));
        if new && matches!(read::kind(&root), Ok(EntryKind::Directory)) {
            self.roots.push((store, root));
        }
    }

    fn recognise(&mut self, store: usize, marker: &Marker, file: &Path) {
        for root in marker::candidates(marker, file) {
            let beside = marker.beside.iter().all(|name| self.is_there(&root.join(name)));
            if beside && marker.near.iter().all(|name| self.is_near(file, name)) {
                self.add(store, root.to_path_buf());
            }
        }
    }

    fn is_there(&mut self, path: &Path) -> bool {
        if let Some(known) = self.exists.get(path) {
            return *known;
        }
        let there = read::kind(path).is_ok();
        self.exists.insert(path.to_path_buf(), there);
        there
    }

    /// Whether `name` exists relative to the file's folder.
    fn is_near(&mut self, file: &Path, name: &str) -> bool {
        let (Some(mut folder), Some(file_name)) = (file.parent(), file.file_name()) else { return false };
        let mut name = name;
        while let Some(rest) = name.strip_prefix("../") {
            let Some(parent) = folder.parent() else { return false };
            (folder, name) = (parent, rest);
        }
        let mut near = OsString::new();
        let mut parts = name.split("{name}");
        near.push(parts.next().unwrap_or_default());
        for part in parts {
            near.push(file_name);
            near.push(part);
        }
        self.is_there(&folder.join(near))
    }
}

/// The places of a store: first those that the environment names, then the defaults of every account.
fn places(store: &Store, homes: &[PathBuf], os: &str, env: Lookup<'_>) -> Vec<PathBuf> {
    let named = store.env.iter().filter_map(|variable| {
        let place = PathBuf::from(env(&variable.name)?);
        Some(join(place, variable.suffix.split('/')))
    });
    let defaults = store.roots.of(os).iter().flat_map(|root| expand(root, homes, os, env));
    named.chain(defaults).filter(|place| place.is_absolute()).collect()
}

/// A default place for each account, or itself when it belongs to none.
fn expand(root: &str, homes: &[PathBuf], os: &str, env: Lookup<'_>) -> Vec<PathBuf> {
    let separator = if os == "windows" { '\\' } else { '/' };
    let mut parts = root.split(separator);
    let first = parts.next().unwrap_or_default();
    let below = |start: PathBuf| join(start, parts.clone());
    let of_homes =
        |inner: &[&str]| homes.iter().map(|home| below(join(home.clone(), inner.iter().copied()))).collect();
    match first {
        "~" | "%USERPROFILE%" => of_homes(&[]),
        "%APPDATA%" => of_homes(&["AppData", "Roaming"]),
        "%LOCALAPPDATA%" => of_homes(&["AppData", "Local"]),
        variable if variable.len() > 2 && variable.starts_with('%') && variable.ends_with('%') => {
            env(variable.trim_matches('%')).map(PathBuf::from).map(below).into_iter().collect()
        }
        _ => vec![PathBuf::from(root)],
    }
}

fn join<'p>(start: PathBuf, parts: impl Iterator<Item = &'p str>) -> PathBuf {
    parts.filter(|part| !part.is_empty()).fold(start, |path, part| path.join(part))
}

/// The folder that a root leads to when it is a link, else the root as it is.
fn resolved(root: PathBuf) -> PathBuf {
    match read::kind(&root) {
        Ok(EntryKind::Link) => root.canonicalize().unwrap_or(root),
        _ => root,
    }
}
