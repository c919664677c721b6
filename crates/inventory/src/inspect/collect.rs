//! Which files there are under the paths that were named.
//!
//! A link is followed where it stays in what was named, and from a snapshot of a cache into the blobs beside it, as a loader does.

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use domain::{HostPath, Sha256Digest, Unreadable};
use platform::{
    read::{EntryKind, FileId, Identity},
    walk::{self, At, Opened, Progress, Visitor},
};

use super::{NotThere, look::Target};
use crate::files::plain_error;

/// A file under a path that was named.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Where it lies, resolved; a link by its own name.
    pub(super) path: PathBuf,
    /// The file itself.
    pub(super) real: PathBuf,
    pub(super) identity: Identity,
    /// It was named itself, so that something must be said of it.
    pub(super) named: bool,
    /// What is looked at: its place among the targets.
    pub(super) target: usize,
    /// Its digest, where it is known without looking.
    pub(super) digest: Option<Sha256Digest>,
}

/// A path that was named, and what it is resolved.
#[derive(Debug)]
struct Root {
    named: PathBuf,
    real: PathBuf,
}

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<Candidate>,
    /// Links that were not followed.
    pub(super) links_out: Vec<PathBuf>,
    pub(super) unreadable: Vec<Unreadable>,
    targets: Vec<Target>,
    roots: Vec<Root>,
}

impl Found {
    /// Every file to look at, once however many names it has.
    pub(super) fn targets(&self) -> Vec<Target> {
        self.targets.clone()
    }

    /// A path as whoever named its root would write it.
    pub(super) fn shown(&self, path: &Path) -> PathBuf {
        let below = self
            .roots
            .iter()
            .filter_map(|root| Some((root.named.as_path(), path.strip_prefix(&root.real).ok()?.to_owned())));
        match below.min_by_key(|(_, rest)| rest.as_os_str().len()) {
            Some((named, rest)) if rest.as_os_str().is_empty() => named.to_owned(),
            Some((named, rest)) if named == Path::new(".") => rest,
            Some((named, rest)) => named.join(rest),
            None => path.to_owned(),
        }
    }
}

/// Collects.
pub(super) fn collect(paths: &[PathBuf], stop: &AtomicBool) -> Result<Found, NotThere> {
    let mut found = Found::default();
    let mut folders = Vec::new();
    let mut files = Vec::new();
    for named in paths {
        let fail = |error| NotThere { path: HostPath::from(named.as_path()), error };
        let real = named.canonicalize().map_err(fail)?;
        match platform::read::kind(&real).map_err(fail)? {
            EntryKind::Directory => folders.push(real.clone()),
            EntryKind::File => {
                let identity = platform::read::open(&real).map_err(fail)?.1;
                files.push((real.clone(), real.clone(), identity, true));
            }
            _ => return Err(fail(io::Error::other("it is neither a file nor a folder"))),
        }
        found.roots.push(Root { named: named.clone(), real });
    }
    for listed in walked(&folders, stop) {
        files.extend(listed.files.into_iter().map(|(path, identity)| (path.clone(), path, identity, false)));
        for link in listed.links {
            match follow(&link, &folders) {
                Some((real, identity)) => files.push((link, real, identity, false)),
                None => found.links_out.push(link),
            }
        }
        found.unreadable.extend(listed.unreadable);
    }
    files.sort_by(|a, b| (&a.0, !a.3).cmp(&(&b.0, !b.3)));
    // A file that was named, and lies in a folder that was named.
    files.dedup_by(|later, first| later.0 == first.0);
    found.links_out.sort();
    found.unreadable.sort_by(|a, b| a.path.cmp(&b.path));
    found.take(files);
    Ok(found)
}

impl Found {
    fn take(&mut self, files: Vec<(PathBuf, PathBuf, Identity, bool)>) {
        let mut known: HashMap<(FileId, String), usize> = HashMap::new();
        for (path, real, identity, named) in files {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let at = self.targets.len();
            let target = identity.file.map_or(at, |file| *known.entry((file, name.clone())).or_insert(at));
            if target == at {
                self.targets.push(Target { real: real.clone(), identity, name });
            }
            self.files.push(Candidate { path, real, identity, named, target, digest: None });
        }
    }
}

/// What a link leads to, if it may be followed.
pub(crate) fn follow(link: &Path, folders: &[PathBuf]) -> Option<(PathBuf, Identity)> {
    let real = link.canonicalize().ok()?;
    let inside = folders.iter().any(|folder| real.starts_with(folder));
    let blob = || {
        let snapshots = link.ancestors().find(|folder| folder.ends_with("snapshots"))?;
        Some(real.starts_with(snapshots.parent()?.join("blobs")))
    };
    if !inside && blob() != Some(true) {
        return None;
    }
    let (_, identity) = platform::read::open(&real).ok()?;
    Some((real, identity))
}

/// What one thread of the walk meets.
#[derive(Debug, Default)]
struct Listed {
    files: Vec<(PathBuf, Identity)>,
    links: Vec<PathBuf>,
    unreadable: Vec<Unreadable>,
}

/// Lists and opens nothing.
struct Lister;

impl Visitor for Lister {
    type Worker = Listed;

    fn worker(&self) -> Listed {
        Listed::default()
    }

    fn directory(&self, _: &mut Listed, _: At<'_>) -> bool {
        true
    }

    fn file(&self, listed: &mut Listed, at: At<'_>, identity: &Identity) -> bool {
        listed.files.push((platform::path::from_bytes(&at.path()), *identity));
        false
    }

    fn opened(&self, _: &mut Listed, _: At<'_>, _: &Identity, _: &[u8], _: &File) -> Opened {
        Opened::default()
    }

    fn link(&self, listed: &mut Listed, at: At<'_>) {
        listed.links.push(platform::path::from_bytes(&at.path()));
    }

    fn unreadable(&self, listed: &mut Listed, path: &[u8], error: &io::Error) {
        let path = HostPath::from_bytes(path);
        listed.unreadable.push(Unreadable { path, error: plain_error(error) });
    }
}

fn walked(folders: &[PathBuf], stop: &AtomicBool) -> Vec<Listed> {
    if folders.is_empty() {
        return Vec::new();
    }
    let (threads, progress) = (super::look::all_cores(), Progress::default());
    walk::walk(&Lister, &walk::Options { roots: folders, named: true, threads, stop, progress: &progress })
        .workers
}
