//! The only hands the layout readers have: bounded, link-safe access to one store, and the place for what they find.
//!
//! It knows nothing of layouts. Whatever a store holds, at most [`NAMES`] names and [`BYTES`] bytes of it are looked at.

use std::{
    collections::HashSet,
    ffi::OsStr,
    io,
    path::{Component, Path, PathBuf},
};

use catalog::store::Store;
use domain::{HostPath, Origin};
use platform::read::{self, Entry, EntryKind};
use serde::de::DeserializeOwned;

use super::{Claim, LicenseClaim, Problem, Reading, claims};
use crate::files::plain_error;

/// Names looked at in one store.
const NAMES: usize = 1_000_000;
/// Bytes of manifests, cards and licences read in one store.
const BYTES: usize = 256 << 20;
/// Claims kept of one store: many manifests may name one blob.
const CLAIMS: usize = NAMES;
/// Bytes of licence texts kept of one store: many files may have the same.
const TEXTS: usize = 64 << 20;
/// Problems listed for one store; further ones are counted in the last.
const PROBLEMS: usize = 10_000;
/// The longest JSON document: the list of the files of a repository can be long.
const JSON: usize = 16 << 20;
/// The longest piece of a store's text that is repeated in a claim, in characters.
const SHOWN: usize = 256;

/// Access to one store.
pub(super) struct Reader<'s> {
    pub(super) store: &'s Store,
    pub(super) root: &'s Path,
    names_left: usize,
    bytes_left: usize,
    texts_left: usize,
    claims: Vec<Claim>,
    problems: Vec<Problem>,
    unlisted: usize,
}

impl<'s> Reader<'s> {
    pub(super) fn new(store: &'s Store, root: &'s Path) -> Self {
        let (claims, problems) = (Vec::new(), Vec::new());
        let (names_left, bytes_left, texts_left) = (NAMES, BYTES, TEXTS);
        Self { store, root, names_left, bytes_left, texts_left, claims, problems, unlisted: 0 }
    }

    /// What was found, one claim per file.
    pub(super) fn finish(mut self) -> Reading {
        if self.unlisted > 0 {
            let error = format!("{} more problems in this store are not listed", self.unlisted);
            self.problems.push(Problem { path: self.root.to_path_buf(), error });
        }
        let mut told = HashSet::new();
        self.problems.retain(|problem| told.insert(problem.clone()));
        Reading { claims: claims::merge(self.claims), problems: self.problems }
    }

    /// A claim that says nothing yet but that the store holds the file.
    pub(super) fn claim(&self, path: PathBuf) -> Claim {
        Claim { path, store: self.store.id.clone(), ..Claim::default() }
    }

    /// An origin in the store's own registry, if the catalogue names one.
    pub(super) fn origin(
        &self,
        repository: Option<String>,
        revision: Option<String>,
        evidence: String,
    ) -> Option<Origin> {
        let registry = self.store.registry.clone()?;
        Some(Origin { registry, repository, revision, evidence })
    }

    /// Keeps a claim, unless the store has made more of them than any store needs.
    pub(super) fn push(&mut self, mut claim: Claim) {
        if self.claims.len() == CLAIMS {
            return self.problem(&claim.path, "the store says too much; this was not kept");
        }
        if let Some(LicenseClaim::Text { text, .. }) = &claim.license
            && self.spend_text(&claim.path, text.len()).is_none()
        {
            claim.license = None;
        }
        self.claims.push(claim);
    }

    /// Whether there is room for one more text of a licence; a problem when there is none.
    pub(super) fn spend_text(&mut self, path: &Path, length: usize) -> Option<()> {
        match self.texts_left.checked_sub(length) {
            Some(left) => {
                self.texts_left = left;
                Some(())
            }
            None => {
                self.problem(path, "the store holds too much text of licences; this one was not kept");
                None
            }
        }
    }

    pub(super) fn problem(&mut self, path: &Path, error: impl Into<String>) {
        if self.problems.len() < PROBLEMS {
            self.problems.push(Problem { path: path.to_path_buf(), error: error.into() });
        } else {
            self.unlisted += 1;
        }
    }

    /// The names in a directory of the store; none when it is not there.
    pub(super) fn entries(&mut self, directory: &Path) -> Vec<Entry> {
        let entries = self.reached(directory).and_then(|()| read::entries(directory, self.names_left));
        match entries {
            Ok(entries) => {
                self.names_left -= entries.len().min(self.names_left);
                entries
            }
            Err(error) => {
                if error.kind() == io::ErrorKind::FileTooLarge {
                    self.names_left = 0;
                }
                self.failed(directory, &error);
                Vec::new()
            }
        }
    }

    /// The real directories in a directory.
    pub(super) fn directories(&mut self, directory: &Path) -> Vec<PathBuf> {
        self.of_kind(directory, EntryKind::Directory)
    }

    /// The regular files in a directory.
    pub(super) fn files(&mut self, directory: &Path) -> Vec<PathBuf> {
        self.of_kind(directory, EntryKind::File)
    }

    fn of_kind(&mut self, directory: &Path, kind: EntryKind) -> Vec<PathBuf> {
        let entries = self.entries(directory);
        entries
            .into_iter()
            .filter(|entry| entry.kind == kind)
            .map(|entry| directory.join(entry.name))
            .collect()
    }

    /// Everything below a directory that is no directory, sorted. What lies deeper than `depth` folders is a problem.
    pub(super) fn tree(&mut self, directory: &Path, depth: usize) -> Vec<(PathBuf, EntryKind)> {
        let (mut found, mut open) = (Vec::new(), vec![(directory.to_path_buf(), depth)]);
        while let Some((directory, left)) = open.pop() {
            for entry in self.entries(&directory) {
                let path = directory.join(&entry.name);
                match entry.kind {
                    EntryKind::Directory if left == 0 => {
                        self.problem(&path, "lies deeper than this kind of store goes, and was not read");
                    }
                    EntryKind::Directory => open.push((path, left - 1)),
                    kind => found.push((path, kind)),
                }
            }
        }
        found.sort();
        found
    }

    /// The regular files of [`Self::tree`].
    pub(super) fn files_below(&mut self, directory: &Path, depth: usize) -> Vec<PathBuf> {
        let found = self.tree(directory, depth);
        found.into_iter().filter(|(_, kind)| *kind == EntryKind::File).map(|(path, _)| path).collect()
    }

    /// A regular file of the store, whole; nothing when it is not there. A link is a problem.
    pub(super) fn bytes(&mut self, path: &Path, limit: usize) -> Option<Vec<u8>> {
        let content = self.reached(path).and_then(|()| read::whole(path, limit.min(self.bytes_left)));
        self.spend(path, content)
    }

    /// As [`Self::bytes`], following a link that stays inside `within`.
    pub(super) fn linked_bytes(&mut self, within: &Path, path: &Path, limit: usize) -> Option<Vec<u8>> {
        let content = read::whole_through_links(within, path, limit.min(self.bytes_left));
        self.spend(path, content)
    }

    fn spend(&mut self, path: &Path, content: io::Result<Vec<u8>>) -> Option<Vec<u8>> {
        let content = content.map_err(|error| self.failed(path, &error)).ok()?;
        self.bytes_left -= content.len().min(self.bytes_left);
        Some(content)
    }

    /// A JSON document of the store; nothing when it is not there.
    pub(super) fn json<T: DeserializeOwned>(&mut self, path: &Path) -> Option<T> {
        let content = self.bytes(path, JSON)?;
        let parsed = serde_json::from_slice(&content);
        parsed.map_err(|error| self.problem(path, unexpected(&error))).ok()
    }

    /// The path of a regular file below the root that a manifest names, reached through real directories only. Nothing
    /// when it is not there; a problem of `named_by` when it leads elsewhere.
    pub(super) fn file(&mut self, named_by: &Path, relative: &Path) -> Option<PathBuf> {
        let mut path = self.root.to_path_buf();
        let mut left = relative.components().peekable();
        while let Some(component) = left.next() {
            let Component::Normal(name) = component else {
                let shown = shown(relative.as_os_str());
                self.problem(named_by, format!("names `{shown}`, which lies outside of the store"));
                return None;
            };
            path.push(name);
            let expected = if left.peek().is_some() { EntryKind::Directory } else { EntryKind::File };
            if read::kind(&path).ok()? != expected {
                return None;
            }
        }
        (path != self.root).then_some(path)
    }

    /// What a link leads to when that lies directly in `folder`, by name only: it need not be there.
    pub(super) fn link_into(&self, link: &Path, folder: &Path) -> Option<PathBuf> {
        self.reached(link).ok()?;
        let target = link.parent()?.join(read::link_target(link).ok()?);
        without_dots(&target).filter(|target| target.parent() == Some(folder))
    }

    /// Whether the folders between the root and a path are real ones: a link on the way could lead out of the store.
    pub(super) fn reached(&self, path: &Path) -> io::Result<()> {
        let below = path
            .ancestors()
            .skip(1)
            .take_while(|folder| folder.starts_with(self.root) && *folder != self.root);
        for folder in below {
            if read::kind(folder)? != EntryKind::Directory {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "a link on its way was not followed",
                ));
            }
        }
        Ok(())
    }

    fn failed(&mut self, path: &Path, error: &io::Error) {
        if error.kind() != io::ErrorKind::NotFound {
            self.problem(path, plain_error(error));
        }
    }
}

/// Where a document is not what was expected. The parser's own words would repeat what stands there.
pub(super) fn unexpected(error: &serde_json::Error) -> String {
    format!("not the JSON that was expected (line {}, column {})", error.line(), error.column())
}

/// A name or text of the store as it may be printed: escaped where it is not exact, and cut.
pub(super) fn shown(text: impl AsRef<OsStr>) -> String {
    let text = HostPath::from_bytes(text.as_ref().as_encoded_bytes()).to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// The last component of a path as it may be printed.
pub(super) fn name_of(path: &Path) -> String {
    shown(path.file_name().unwrap_or_default())
}

/// The last component of a path if it is UTF-8, else an empty text, which no pattern of names matches.
pub(super) fn plain_name(path: &Path) -> &str {
    path.file_name().and_then(OsStr::to_str).unwrap_or_default()
}

/// A path relative to a folder of the store as it may be printed, with `/` between its components.
pub(super) fn relative_to(folder: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    relative.components().map(|component| shown(component.as_os_str())).collect::<Vec<_>>().join("/")
}

/// A path with its `..` resolved by name. That is right below folders that are known to be no links.
fn without_dots(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir if !clean.pop() => return None,
            Component::ParentDir | Component::CurDir => {}
            other => clean.push(other),
        }
    }
    Some(clean)
}

/// Whether a text is a commit of Git.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
