//! From files and the words of stores to artefacts: one artefact for one file, with every path it is held at, where it came
//! from, what licence it claims and what digest. Files that are one model are one artefact with members.

mod bundled;
mod cards;
mod license;
mod origin;
mod parts;
mod search;
mod words;

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use artifact::Identified;
use catalog::Catalog;
use domain::{Artifact, Content, Digest, DigestStatus, Fact, Severity, Sha256Digest, Verdict};
use platform::read::{FileId, Identity};

use crate::{
    files::Held,
    inspect::{Depth, Todo},
    stores::Claim,
};

pub use search::Hashed;
pub(crate) use search::{Seen, digest_of};
pub(crate) use words::clean;

use license::{license_of_claims, license_of_store};
use origin::{completed, origin_of};
use parts::Parts;

/// Artefacts as they come together.
#[derive(Debug, Clone, Default)]
pub struct Holdings {
    list: Vec<Holding>,
    by_file: HashMap<FileId, usize>,
    by_path: HashMap<PathBuf, usize>,
    /// Which of them are one model.
    parts: Parts,
}

#[derive(Debug, Clone)]
struct Holding {
    identity: Identity,
    paths: BTreeSet<PathBuf>,
    /// The path under which it was read.
    real: PathBuf,
    claimed: Option<Sha256Digest>,
    said: Said,
    identified: Identified,
    artifact: Artifact,
    /// How deep somebody looked into it, now or before.
    looked: Option<Depth>,
}

/// What a store has said already. It has the say over the file itself, and of several stores the first.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    name: bool,
    origin: bool,
    license: bool,
}

impl Holding {
    fn take(&mut self, catalog: &Catalog, claim: Claim) {
        let (artifact, said) = (&mut self.artifact, &mut self.said);
        artifact.store.get_or_insert(claim.store);
        if let Some(model) = claim.model.filter(|_| !said.name) {
            artifact.metadata.name = Some(model);
            said.name = true;
        }
        if let Some(origin) = claim.origin {
            let known = artifact.origin.take();
            artifact.origin = Some(match known {
                Some(first) if said.origin => completed(first, Some(origin)),
                of_the_file => completed(origin, of_the_file),
            });
            said.origin = true;
        }
        if let Some(license) = claim.license.filter(|_| !said.license) {
            artifact.license = Some(license_of_store(catalog, &license));
            said.license = true;
        }
        for base in claim.base_models {
            if !artifact.metadata.base_models.contains(&base) {
                artifact.metadata.base_models.push(base);
            }
        }
        if let Some(note) = claim.note {
            artifact.metadata.keys.entry("store.note".to_owned()).or_insert(note);
        }
        if let Some(evidence) = claim.remote_code {
            let rule = "remote-code".to_owned();
            let fact = Fact::new(rule, Severity::Low, evidence);
            if !artifact.facts.contains(&fact) {
                artifact.facts.push(fact);
            }
            artifact.verdict = artifact.verdict.max(Verdict::Suspicious);
        }
        self.claimed = self.claimed.or(claim.digest);
    }

    fn todo(&self) -> Todo {
        let name = self.real.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Todo { path: self.real.clone(), identity: self.identity, name }
    }

    fn is_computed(&self) -> bool {
        self.artifact.digest.status == DigestStatus::Computed
    }
}

impl Holdings {
    /// One artefact for each file, however many hard links it has.
    pub fn new(catalog: &Catalog, held: Vec<Held>) -> Self {
        let mut holdings = Self::default();
        for held in held {
            let known = held.identity.file.and_then(|file| holdings.by_file.get(&file)).copied();
            let at = match known {
                Some(at) => at,
                None => holdings.add(catalog, &held),
            };
            holdings.add_path(at, held.path);
        }
        holdings
    }

    fn add(&mut self, catalog: &Catalog, held: &Held) -> usize {
        let at = self.list.len();
        let artifact = claimed_of(catalog, held.identity.size, &held.identified);
        let real = held.path.clone();
        self.list.push(Holding {
            identity: held.identity,
            paths: BTreeSet::new(),
            real,
            claimed: None,
            said: Said::default(),
            identified: held.identified.clone(),
            artifact,
            looked: None,
        });
        if let Some(file) = held.identity.file {
            self.by_file.insert(file, at);
        }
        at
    }

    fn add_path(&mut self, at: usize, path: PathBuf) {
        if let Some(holding) = self.list.get_mut(at) {
            holding.paths.insert(path.clone());
            self.by_path.insert(path, at);
        }
    }

    /// The paths known so far.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.list.iter().map(|holding| holding.real.as_path())
    }

    /// A file is known by its path, else by its identity. Where the system gives files none (Windows), one path may still have
    /// several spellings (`C:\x` and `\\?\C:\x`), and the walk has the canonical one.
    fn at(&self, path: &Path) -> Option<usize> {
        let known = || match platform::read::identity_of(path).ok()?.file {
            Some(file) => self.by_file.get(&file).copied(),
            None => self.at_canonical(path),
        };
        self.by_path.get(path).copied().or_else(known)
    }

    fn at_canonical(&self, path: &Path) -> Option<usize> {
        self.by_path.get(&path.canonicalize().ok()?).copied()
    }

    /// Links are further paths of what they lead to, if that is an artefact.
    pub fn add_links(&mut self, links: Vec<PathBuf>) {
        for link in links {
            let Ok(target) = link.canonicalize() else { continue };
            if let Some(at) = self.at(&target) {
                self.add_path(at, link);
            }
        }
    }

    /// What a store says of a file. A file that is no model is left alone. Stores come in the order of the catalogue: what
    /// the first of them says stands, the others fill gaps.
    pub fn claim(&mut self, catalog: &Catalog, claim: Claim) {
        let Some(at) = self.at(&claim.path) else { return };
        for alias in &claim.aliases {
            self.add_path(at, alias.clone());
        }
        if let Some(holding) = self.list.get_mut(at) {
            holding.take(catalog, claim);
        }
    }

    /// Finds out which files are one model. Links are followed inside of the roots, and in a cache.
    pub fn group(&mut self, catalog: &Catalog, roots: &[PathBuf]) {
        self.parts = Parts::find(self, &catalog.formats, roots);
    }
}

/// What a file says of itself, before anybody else is asked.
fn claimed_of(catalog: &Catalog, size: u64, identified: &Identified) -> Artifact {
    let claims =
        identified.license_claims.iter().map(|claim| (claim.value.as_str(), claim.evidence.as_str()));
    let origins = identified.origin_claims.iter();
    Artifact {
        paths: Vec::new(),
        size,
        format: identified.format.as_str().to_owned(),
        digest: Digest::PENDING,
        store: None,
        origin: origins.clone().find_map(|claim| origin_of(&claim.value, &claim.evidence)),
        license: license_of_claims(catalog, claims),
        metadata: identified.metadata.clone(),
        verdict: identified.verdict,
        facts: identified.facts.clone(),
        content: Content::default(),
    }
}

/// Gives an artefact that no store knows what its file says of itself.
pub(crate) fn describe(catalog: &Catalog, artifact: &mut Artifact, inspection: &artifact::Inspection) {
    if let Some(identified) = &inspection.identified {
        let paths = std::mem::take(&mut artifact.paths);
        *artifact = Artifact { paths, ..claimed_of(catalog, artifact.size, identified) };
    }
}

/// A second file with the same bytes: another holding of one artefact. What only it knows is kept.
pub(crate) fn absorb(artifact: &mut Artifact, other: Artifact) {
    artifact.paths.extend(other.paths);
    artifact.store = artifact.store.take().or(other.store);
    artifact.origin = artifact.origin.take().or(other.origin);
    artifact.license = artifact.license.take().or(other.license);
    artifact.metadata.name = artifact.metadata.name.take().or(other.metadata.name);
    artifact.verdict = artifact.verdict.max(other.verdict);
    for fact in other.facts {
        if !artifact.facts.contains(&fact) {
            artifact.facts.push(fact);
        }
    }
}

#[cfg(test)]
mod tests;
