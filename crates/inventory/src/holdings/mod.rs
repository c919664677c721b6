//! From files and the words of stores to artefacts: one artefact for one file, with every path it is held at, where it came
//! from, what licence it claims and what digest.

mod cards;
mod license;
mod origin;
mod words;

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use artifact::Identified;
use catalog::{Catalog, Secrets};
use domain::{Artifact, Content, Digest, DigestStatus, Fact, HostPath, Severity, Sha256Digest, Verdict};
use platform::read::{FileId, Identity, Window};

use crate::{
    files::Held,
    inspect::{Looked, Looker, Todo, all_cores, fold},
    memory::{Fingerprint, Memory, sha256},
    programs::Digests,
    stores::Claim,
};

pub(crate) use words::clean;

use license::{license_of_claims, license_of_store};
use origin::{completed, origin_of};

/// Artefacts as they come together.
#[derive(Debug, Default)]
pub struct Holdings {
    list: Vec<Holding>,
    by_file: HashMap<FileId, usize>,
    by_path: HashMap<PathBuf, usize>,
}

#[derive(Debug)]
struct Holding {
    identity: Identity,
    paths: BTreeSet<PathBuf>,
    /// The path under which it was read.
    real: PathBuf,
    claimed: Option<Sha256Digest>,
    said: Said,
    artifact: Artifact,
    /// Somebody looked into it, now or before.
    inspected: bool,
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
        Todo { path: self.real.clone(), identity: self.identity }
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
            artifact,
            inspected: false,
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

    /// Digests that an earlier scan computed, of files that did not change since; else what stores claim.
    pub fn recall(&mut self, memory: &Memory) {
        for holding in &mut self.list {
            let known = memory.fingerprint(&holding.identity).and_then(|state| memory.digest(state));
            holding.artifact.digest = match (known, holding.claimed) {
                (Some(digest), claim) => Digest::computed(digest, claim),
                (None, Some(claim)) => Digest::claimed(claim),
                (None, None) => Digest::PENDING,
            };
            let name = holding.todo().target().name;
            if let Some(inspection) = known.and_then(|digest| memory.verdict(digest, &name)) {
                fold(&mut holding.artifact, &inspection);
                holding.inspected = true;
            }
        }
    }

    /// Models that nobody looked into yet.
    pub fn todo(&self) -> Vec<Todo> {
        self.list.iter().filter(|holding| !holding.inspected).map(Holding::todo).collect()
    }

    /// Looks into every model that nobody looked into yet, on all cores.
    pub(crate) fn inspect(&mut self, looker: &Looker<'_>) -> Seen {
        let waiting: Vec<usize> =
            (0..self.list.len()).filter(|at| self.list.get(*at).is_some_and(|one| !one.inspected)).collect();
        let targets: Vec<_> =
            waiting.iter().filter_map(|at| Some(self.list.get(*at)?.todo().target())).collect();
        let answers = looker.look_at_all(&targets, all_cores(), &AtomicU64::new(0));
        let mut seen = Seen::default();
        for (at, (target, answer)) in waiting.into_iter().zip(targets.into_iter().zip(answers)) {
            let Some(holding) = self.list.get_mut(at) else { continue };
            match answer {
                Some(Ok(Looked::Inspected(inspection))) => {
                    fold(&mut holding.artifact, &inspection);
                    holding.inspected = true;
                    let state = looker.memory.fingerprint(&holding.identity);
                    if let (Some(state), Some(digest)) = (state, inspection.sha256) {
                        seen.digests.push((state, digest));
                        seen.said.push((target.name, *inspection));
                    }
                }
                Some(Err(error)) => {
                    seen.failed.push((holding.real.clone(), crate::files::plain_error(&error)));
                }
                Some(Ok(Looked::Pointer(_))) | None => {}
            }
        }
        seen
    }

    /// Computes the digests that are missing. Gives those that may be remembered, and the files that could not be read.
    pub fn hash(&mut self, memory: &Memory, stop: &AtomicBool, read: &AtomicU64) -> Hashed {
        let missing: Vec<_> = (0..self.list.len())
            .filter(|at| self.list.get(*at).is_some_and(|holding| !holding.is_computed()))
            .collect();
        let next = AtomicUsize::new(0);
        let threads = std::thread::available_parallelism().map_or(2, usize::from).min(missing.len().max(1));
        let list = &self.list;
        let results: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let mut done = Vec::new();
                        while let Some(holding) =
                            next_of(&next, &missing).and_then(|at| Some((at, list.get(at)?)))
                        {
                            done.push((holding.0, digest_of(holding.1, stop, read)));
                        }
                        done
                    })
                })
                .collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
        });
        let mut hashed = Hashed::default();
        for (at, result) in results {
            let Some(holding) = self.list.get_mut(at) else { continue };
            match result {
                Ok(digest) => {
                    holding.artifact.digest = Digest::computed(digest, holding.claimed);
                    hashed.digests.extend(memory.fingerprint(&holding.identity).map(|state| (state, digest)));
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => hashed.failed.push((holding.real.clone(), crate::files::plain_error(&error))),
            }
        }
        hashed
    }

    /// Computed digests by file, for the models that processes have loaded: a claim is no fact there.
    pub fn digests(&self) -> Digests {
        let computed = self.list.iter().filter(|holding| holding.is_computed());
        computed
            .filter_map(|holding| Some((holding.identity.file?, holding.artifact.digest.sha256?)))
            .collect()
    }

    /// The artefacts, by path. Files whose computed digests are equal are one artefact, but a file of which a store claims
    /// another digest stays one of its own: what is wrong is that name, not the bytes that others hold under the right one.
    pub fn into_artifacts(self, secrets: &Secrets) -> Vec<Artifact> {
        let mut by_digest: HashMap<(Sha256Digest, Option<Sha256Digest>), usize> = HashMap::new();
        let mut artifacts: Vec<Artifact> = Vec::new();
        for holding in self.list {
            let Holding { mut paths, real, mut artifact, .. } = holding;
            clean(secrets, &mut artifact);
            paths.remove(&real);
            let all = std::iter::once(real).chain(paths);
            artifact.paths = all.map(|path| HostPath::from(path.as_path())).collect();
            let Digest { sha256, status, claimed } = artifact.digest;
            let computed =
                sha256.filter(|_| status == DigestStatus::Computed).map(|sha256| (sha256, claimed));
            let same = computed.and_then(|key| by_digest.get(&key)).and_then(|at| artifacts.get_mut(*at));
            match same {
                Some(same) => absorb(same, artifact),
                None => {
                    by_digest.extend(computed.map(|key| (key, artifacts.len())));
                    artifacts.push(artifact);
                }
            }
        }
        artifacts.sort_by(|a, b| a.paths.cmp(&b.paths));
        artifacts
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

/// What inspections saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Digests that may be remembered.
    pub(crate) digests: Vec<(Fingerprint, Sha256Digest)>,
    /// What could not be read to its end, and why.
    pub(crate) failed: Vec<(PathBuf, String)>,
    said: Vec<(String, artifact::Inspection)>,
}

impl Seen {
    /// What may be remembered, with the names of the files.
    pub(crate) fn said(&self) -> impl Iterator<Item = (&str, &artifact::Inspection)> {
        self.said.iter().map(|(name, inspection)| (name.as_str(), inspection))
    }
}

/// The work of computing digests.
#[derive(Debug, Default)]
pub struct Hashed {
    /// What may be remembered.
    pub digests: Vec<(Fingerprint, Sha256Digest)>,
    /// What could not be read to its end, and why.
    pub failed: Vec<(PathBuf, String)>,
}

fn next_of(next: &AtomicUsize, list: &[usize]) -> Option<usize> {
    list.get(next.fetch_add(1, Ordering::Relaxed)).copied()
}

/// Reads a file once. A file that changed since it was identified, or changes now, gets no digest.
fn digest_of(holding: &Holding, stop: &AtomicBool, read: &AtomicU64) -> std::io::Result<Sha256Digest> {
    let changed = || std::io::Error::other("it changed while it was read");
    let (file, identity) = platform::read::open(&holding.real)?;
    if identity != holding.identity {
        return Err(changed());
    }
    let digest = sha256(&mut Window::new(&file, identity.size), stop, read)?;
    if platform::read::identity_of_file(&file)? != identity {
        return Err(changed());
    }
    Ok(digest)
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
