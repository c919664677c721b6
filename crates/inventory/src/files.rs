//! The file walk: which files are model files by content, and which names are worth a second look.
//!
//! A million files pass through [`Seeker`]; all but a few are settled by one look at 4 KiB.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError, atomic::AtomicBool},
};

use artifact::Identified;
use catalog::Catalog;
use domain::{HostPath, Unreadable};
use platform::{
    read::{Identity, Window},
    walk::{self, At, Opened, Progress, Visitor},
};

use crate::memory::{Fingerprint, Memory};

/// A file up to this length is opened only for its name or place; a longer one always.
const SMALL: u64 = 4096;
/// Extensions of formats that are plain text: a home has hundreds of thousands of small files of that name, and no small model.
const TEXTS: [&str; 3] = [".json", ".txt", ".xml"];
/// How many unreadable paths are listed; the rest is counted.
const LISTED_UNREADABLE: usize = 1000;

/// A model file where it lies.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its path.
    pub path: PathBuf,
    /// Its state when it was read.
    pub identity: Identity,
    /// What it is.
    pub identified: Identified,
}

/// A folder that a package manager made for a package of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageFolder {
    /// `pypi`, `npm` or `vscode`.
    pub ecosystem: &'static str,
    /// The package's name.
    pub name: String,
    /// The version, where the folder's name has it.
    pub version: Option<String>,
    /// The folder.
    pub path: PathBuf,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Found {
    /// Model files.
    pub held: Vec<Held>,
    /// Symbolic links with the extension of a model format.
    pub links: Vec<PathBuf>,
    /// Packages of the catalogue.
    pub packages: Vec<PackageFolder>,
    /// Files with the name of a project's MCP configuration.
    pub configs: Vec<PathBuf>,
    /// Files with the name of an agent's instructions.
    pub instructions: Vec<PathBuf>,
    /// The first paths that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// How many there were.
    pub unreadable_total: u64,
    /// Files that were not opened because nothing about them changed.
    pub unchanged: u64,
    /// States of files that are no artefacts.
    pub settled: Vec<Fingerprint>,
}

impl Found {
    fn absorb(&mut self, other: Self) {
        self.held.extend(other.held);
        self.links.extend(other.links);
        self.packages.extend(other.packages);
        self.configs.extend(other.configs);
        self.instructions.extend(other.instructions);
        let room = LISTED_UNREADABLE.saturating_sub(self.unreadable.len());
        self.unreadable.extend(other.unreadable.into_iter().take(room));
        self.unreadable_total += other.unreadable_total;
        self.unchanged += other.unchanged;
        if self.settled.is_empty() {
            self.settled = other.settled;
        } else {
            self.settled.extend(other.settled);
        }
    }

    /// The order of threads must not show.
    fn sort(&mut self) {
        self.held.sort_by(|a, b| a.path.cmp(&b.path));
        self.links.sort();
        self.packages.sort();
        self.configs.sort();
        self.instructions.sort();
        self.unreadable.sort_by(|a, b| a.path.cmp(&b.path));
    }
}

/// Model files that a walk met so far, for whoever does not want to wait for its end.
pub type SoFar = Mutex<Vec<Held>>;

/// Walks the roots, which were named by whoever runs this or are default places, and sorts what it meets.
pub fn find(
    catalog: &Catalog,
    memory: &Memory,
    (roots, named): (&[PathBuf], bool),
    stop: &AtomicBool,
    (progress, so_far): (&Progress, Option<&SoFar>),
) -> (Found, Vec<PathBuf>, Vec<PathBuf>) {
    let seeker = Seeker { names: Names::of(catalog), catalog, memory, so_far };
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    let walked = walk::walk(&seeker, &walk::Options { roots, named, threads, stop, progress });
    let mut found = Found::default();
    for worker in walked.workers {
        found.absorb(worker);
    }
    found.sort();
    (found, walked.roots, walked.skipped_mounts)
}

/// What a file name alone can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Config,
    Instructions,
}

/// The names of the catalogue, arranged so that an ordinary name is dismissed by its length and a hash.
struct Names {
    /// Bit n: there is a name of n bytes.
    lengths: u64,
    /// The last component to what it means and the components that must stand before it.
    names: HashMap<Vec<u8>, Vec<(Meaning, Vec<u8>)>>,
    /// Extensions of model formats, in lower case with their dot.
    extensions: HashSet<Vec<u8>>,
}

impl Names {
    fn of(catalog: &Catalog) -> Self {
        let configs = catalog.tools.iter().flat_map(|tool| &tool.config.project_mcp);
        let configs = configs.map(|config| (Meaning::Config, config.name.as_str()));
        let instructions = catalog.tools.iter().flat_map(|tool| &tool.config.instructions);
        let instructions = instructions.map(|name| (Meaning::Instructions, name.as_str()));
        let mut names: HashMap<_, Vec<_>> = HashMap::new();
        for (meaning, path) in configs.chain(instructions) {
            let (before, last) = path.rsplit_once('/').unwrap_or(("", path));
            let meanings = names.entry(last.as_bytes().to_vec()).or_default();
            if !meanings.contains(&(meaning, before.as_bytes().to_vec())) {
                meanings.push((meaning, before.as_bytes().to_vec()));
            }
        }
        let lengths =
            names.keys().filter(|name| name.len() < 64).fold(0, |bits, name| bits | 1u64 << name.len());
        let extensions = catalog.formats.iter().flat_map(|format| &format.extensions);
        let extensions = extensions.filter(|extension| !TEXTS.contains(&extension.as_str()));
        let extensions = extensions.map(|extension| extension.to_ascii_lowercase().into_bytes()).collect();
        Self { lengths, names, extensions }
    }

    /// What the name of a file means in this directory.
    fn meanings(&self, at: At<'_>) -> impl Iterator<Item = Meaning> {
        let possible = at.name.len() < 64 && self.lengths & (1 << at.name.len()) != 0;
        let meanings = possible.then(|| self.names.get(at.name)).flatten();
        meanings
            .into_iter()
            .flatten()
            .filter(move |(_, before)| ends_with_components(at.directory, before))
            .map(|(meaning, _)| *meaning)
    }

    fn has_model_extension(&self, name: &[u8]) -> bool {
        let Some(dot) = name.iter().rposition(|&byte| byte == b'.') else { return false };
        let extension = name.get(dot..).unwrap_or_default();
        extension.len() <= 16 && self.extensions.contains(&extension.to_ascii_lowercase())
    }
}

/// Whether a path ends in these components; no components are an end of every path.
fn ends_with_components(path: &[u8], components: &[u8]) -> bool {
    components.is_empty()
        || path
            .strip_suffix(components)
            .is_some_and(|before| matches!(before.last(), None | Some(b'/' | b'\\')))
}

/// The visitor of the walk.
struct Seeker<'a> {
    names: Names,
    catalog: &'a Catalog,
    memory: &'a Memory,
    so_far: Option<&'a SoFar>,
}

impl Visitor for Seeker<'_> {
    type Worker = Found;

    fn worker(&self) -> Found {
        Found::default()
    }

    fn directory(&self, found: &mut Found, at: At<'_>) -> bool {
        if let Some(package) = self.package(at) {
            found.packages.push(package);
        }
        true
    }

    fn file(&self, found: &mut Found, at: At<'_>, identity: &Identity) -> bool {
        for meaning in self.names.meanings(at) {
            let list = match meaning {
                Meaning::Config => &mut found.configs,
                Meaning::Instructions => &mut found.instructions,
            };
            list.push(platform::path::from_bytes(&at.path()));
        }
        if identity.size <= SMALL {
            return self.names.has_model_extension(at.name) || is_blob_name(at.name);
        }
        match self.memory.fingerprint(identity).filter(|fingerprint| self.memory.is_unchanged(*fingerprint)) {
            Some(fingerprint) => {
                found.settled.push(fingerprint);
                found.unchanged += 1;
                false
            }
            None => true,
        }
    }

    fn opened(&self, found: &mut Found, at: At<'_>, identity: &Identity, head: &[u8], file: &File) -> Opened {
        if !artifact::plausible(head, identity.size) {
            found.settled.extend(self.memory.fingerprint(identity));
            return Opened::default();
        }
        // What is reported must be one state of one file, from the listing to the last byte read.
        let same = |file: &File| platform::read::identity_of_file(file).is_ok_and(|now| now == *identity);
        if !same(file) {
            return Opened { read: 0, changed: true };
        }
        let mut window = Window::new(file, identity.size);
        let identified = artifact::identify(&mut window, identity.size);
        let read = window.bytes_read();
        let changed = !same(file);
        match identified {
            Ok(Some(identified)) => {
                let path = platform::path::from_bytes(&at.path());
                let held = Held { path, identity: *identity, identified };
                if let Some(so_far) = self.so_far {
                    so_far.lock().unwrap_or_else(PoisonError::into_inner).push(held.clone());
                }
                found.held.push(held);
            }
            Ok(None) if !changed => found.settled.extend(self.memory.fingerprint(identity)),
            Ok(None) => {}
            Err(error) => self.unreadable(found, &at.path(), &error),
        }
        Opened { read, changed }
    }

    fn link(&self, found: &mut Found, at: At<'_>) {
        if self.names.has_model_extension(at.name) {
            found.links.push(platform::path::from_bytes(&at.path()));
        }
    }

    fn unreadable(&self, found: &mut Found, path: &[u8], error: &io::Error) {
        found.unreadable_total += 1;
        if found.unreadable.len() < LISTED_UNREADABLE {
            let error = plain_error(error);
            found.unreadable.push(Unreadable { path: HostPath::from_bytes(path), error });
        }
    }
}

/// The name that stores give to blobs: `sha256-` or nothing, and 64 digits.
fn is_blob_name(name: &[u8]) -> bool {
    let digits = name.strip_prefix(b"sha256-").unwrap_or(name);
    digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit)
}

impl Seeker<'_> {
    /// The package that a folder holds, by its name and its parent's.
    fn package(&self, at: At<'_>) -> Option<PackageFolder> {
        let parent = last_component(at.directory);
        let name = std::str::from_utf8(at.name).ok()?;
        let distribution = name.strip_suffix(".dist-info").or_else(|| name.strip_suffix(".egg-info"));
        let (ecosystem, name, version) = if let Some(stem) = distribution {
            let mut parts = stem.split('-');
            ("pypi", parts.next()?.to_owned(), parts.next().map(str::to_owned))
        } else if parent == b"node_modules" {
            ("npm", name.to_owned(), None)
        } else if parent.first() == Some(&b'@') && is_in_node_modules(at.directory) {
            ("npm", format!("{}/{name}", String::from_utf8_lossy(parent)), None)
        } else if parent == b"extensions" {
            let (name, version) = split_extension(name)?;
            ("vscode", name.to_owned(), version)
        } else {
            return None;
        };
        let known = self.catalog.package(ecosystem, &name)?;
        let name = known.name.to_owned();
        Some(PackageFolder { ecosystem, name, version, path: platform::path::from_bytes(&at.path()) })
    }
}

fn last_component(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/' || byte == b'\\').next().unwrap_or(path)
}

/// `…/node_modules/@scope`
fn is_in_node_modules(scope: &[u8]) -> bool {
    let length = scope.len().saturating_sub(last_component(scope).len() + 1);
    last_component(scope.get(..length).unwrap_or_default()) == b"node_modules"
}

/// `publisher.name-1.2.3` or `publisher.name-1.2.3-linux-x64`.
fn split_extension(folder: &str) -> Option<(&str, Option<String>)> {
    let dash = folder
        .match_indices('-')
        .find(|(at, _)| folder.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit));
    let (name, version) = match dash {
        Some((at, _)) => (folder.get(..at)?, folder.get(at + 1..)),
        None => (folder, None),
    };
    let version = version.map(|version| version.split('-').next().unwrap_or(version).to_owned());
    name.contains('.').then_some((name, version))
}

/// The system's words without the number behind them.
pub(crate) fn plain_error(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    words.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_extension_is_split_from_its_version_and_platform() {
        assert_eq!(
            split_extension("openai.chatgpt-0.4.1-linux-x64"),
            Some(("openai.chatgpt", Some("0.4.1".into())))
        );
        assert_eq!(
            split_extension("saoudrizwan.claude-dev-3.0.0"),
            Some(("saoudrizwan.claude-dev", Some("3.0.0".into())))
        );
        assert_eq!(split_extension("extensions.json"), Some(("extensions.json", None)));
        assert_eq!(split_extension("node"), None);
    }

    #[test]
    fn names_with_folders_match_only_in_those_folders() {
        assert!(ends_with_components(b"/a/.cursor", b".cursor"));
        assert!(ends_with_components(b"/a", b""));
        assert!(!ends_with_components(b"/a/x.cursor", b".cursor"));
    }

    #[test]
    fn scoped_packages_are_recognised_below_node_modules_only() {
        assert!(is_in_node_modules(b"/p/node_modules/@openai"));
        assert!(!is_in_node_modules(b"/p/src/@openai"));
    }

    #[test]
    fn an_error_is_said_in_words() {
        assert_eq!(plain_error(&io::Error::from_raw_os_error(13)), "permission denied");
    }
}
