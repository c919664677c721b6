//! What is found out about files by reading them: digests and verdicts, now, before or later.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use artifact::Inspection;
use domain::{Digest, Sha256Digest, Verdict};
use platform::read::{Identity, Window};

use super::{
    Holding, Holdings,
    parts::{Is, Other},
};
use crate::{
    inspect::{Depth, Looked, Looker, Todo, all_cores, fold},
    memory::{Fingerprint, Memorable, Memory, Remembered, sha256},
    programs::Digests,
};

/// Of files beside models whose digests are known without reading, so many bytes are read at most so that the whole has a digest
/// too; the next scan goes on from there.
const BESIDE: u64 = 256 << 20;
/// The longest of them.
const LONGEST_BESIDE: u64 = 64 << 20;

/// What inspections saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Digests that may be remembered.
    pub(crate) digests: Vec<(Fingerprint, Sha256Digest)>,
    /// What could not be read to its end, and why.
    pub(crate) failed: Vec<(PathBuf, String)>,
    /// What may be remembered of what was seen.
    pub(crate) said: Vec<Remembered>,
}

impl Seen {
    /// Adds digests that were computed elsewhere: by them a whole look is known again.
    pub(crate) fn complete(&mut self, digests: &[(Fingerprint, Sha256Digest)]) {
        let known: HashMap<_, _> = digests.iter().copied().collect();
        for one in self.said.iter_mut().filter(|one| one.depth == Depth::Full) {
            one.inspection.sha256 = one.inspection.sha256.or_else(|| known.get(&one.state).copied());
        }
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

impl Holding {
    fn recall(&mut self, memory: &Memory) {
        let state = memory.fingerprint(&self.identity);
        self.artifact.digest = match (state.and_then(|state| memory.digest(state)), self.claimed) {
            (Some(digest), claim) => Digest::computed(digest, claim),
            (None, Some(claim)) => Digest::claimed(claim),
            (None, None) => Digest::PENDING,
        };
        let name = self.todo().name;
        if let Some((depth, inspection)) =
            state.and_then(|state| memory.recall(Memorable { state, name: &name }))
        {
            self.take_in(depth, &inspection);
        }
    }

    fn take_in(&mut self, depth: Depth, inspection: &Inspection) {
        fold(&mut self.artifact, inspection);
        self.looked = self.looked.max(Some(depth));
    }
}

impl Other {
    fn take_in(&mut self, depth: Depth, inspection: Inspection) {
        self.digest = inspection.sha256.or(self.digest);
        self.seen = Some((depth, inspection));
    }
}

impl Holdings {
    /// Digests and verdicts that an earlier scan reached, of files that did not change since; else the digests that stores claim.
    pub fn recall(&mut self, memory: &Memory) {
        self.list.iter_mut().for_each(|holding| holding.recall(memory));
        self.parts.others.iter_mut().for_each(|other| other.recall(memory));
    }

    /// Files that nobody looked into to their last byte yet.
    pub fn todo(&self) -> Vec<Todo> {
        self.waiting(Depth::Full).into_iter().map(|(_, todo)| todo).collect()
    }

    /// Files that nobody looked into so deep yet: models, and what belongs to them.
    fn waiting(&self, depth: Depth) -> Vec<(Is, Todo)> {
        let models = self.list.iter().enumerate().filter(|(_, one)| one.looked < Some(depth));
        let others = self.parts.others.iter().enumerate();
        let others = others.filter(|(_, one)| one.seen.as_ref().map(|(depth, _)| *depth) < Some(depth));
        let models = models.map(|(at, one)| (Is::Model(at), one.todo()));
        models.chain(others.map(|(at, one)| (Is::Other(at), one.todo()))).collect()
    }

    /// Looks into every model that nobody looked into yet, and into what belongs to it, on all cores.
    pub(crate) fn inspect(&mut self, looker: &Looker<'_>) -> Seen {
        let waiting = self.waiting(looker.depth);
        let targets: Vec<_> = waiting.iter().map(|(_, todo)| todo.target()).collect();
        let answers = looker.look_at_all(&targets, all_cores(), &AtomicU64::new(0));
        let mut seen = Seen::default();
        for ((is, todo), answer) in waiting.into_iter().zip(answers) {
            match answer {
                Some(Ok(looked)) => {
                    let Some(inspection) = inspection_of(is, looked) else { continue };
                    if let Some(state) = looker.memory.fingerprint(&todo.identity) {
                        seen.digests.extend(inspection.sha256.map(|digest| (state, digest)));
                        let (name, inspection) = (todo.name, inspection.clone());
                        seen.said.push(Remembered { state, name, depth: looker.depth, inspection });
                    }
                    self.take_in(is, looker.depth, &inspection);
                }
                Some(Err(error)) => seen.failed.push((todo.path, crate::files::plain_error(&error))),
                None => {}
            }
        }
        seen
    }

    fn take_in(&mut self, is: Is, depth: Depth, inspection: &Inspection) {
        match is {
            Is::Model(at) => {
                self.list.get_mut(at).into_iter().for_each(|one| one.take_in(depth, inspection));
            }
            Is::Other(at) => {
                self.parts
                    .others
                    .get_mut(at)
                    .into_iter()
                    .for_each(|one| one.take_in(depth, inspection.clone()));
            }
        }
    }

    /// Takes in what somebody saw of a file, all of it, after the scan.
    pub fn tell(&mut self, todo: &Todo, inspection: &Inspection) {
        let same = |identity: &Identity, path: &Path| *identity == todo.identity && path == todo.path;
        let model = self.list.iter().position(|one| same(&one.identity, &one.real));
        let is_it = |one: &Other| same(&one.identity, &one.real) && one.name == todo.name;
        let is = model.map(Is::Model).or_else(|| self.parts.others.iter().position(is_it).map(Is::Other));
        if let Some(is) = is {
            self.take_in(is, Depth::Full, inspection);
        }
    }

    /// Computes the digests of models that are missing. Gives those that may be remembered, and the files that could not be read.
    pub fn hash(&mut self, memory: &Memory, stop: &AtomicBool, read: &AtomicU64) -> Hashed {
        let missing = self.list.iter().enumerate().filter(|(_, holding)| !holding.is_computed());
        let missing = missing.map(|(at, _)| Is::Model(at)).collect();
        self.digest_all(missing, memory, stop, read)
    }

    /// Computes the digests of what belongs to models and is in no model format: of everything, or only where all that is missing
    /// to the digest of the whole is small.
    pub fn hash_beside(&mut self, all: bool, memory: &Memory, stop: &AtomicBool, read: &AtomicU64) -> Hashed {
        let mut missing: Vec<usize> =
            self.parts.groups.iter().flat_map(|group| self.beside(group, all)).collect();
        missing.sort_unstable();
        missing.dedup();
        let mut left = BESIDE;
        missing.retain(|at| {
            let size = self.parts.others.get(*at).map_or(0, |other| other.identity.size);
            let affordable = all || size <= LONGEST_BESIDE && size <= left;
            left = if affordable { left.saturating_sub(size) } else { left };
            affordable
        });
        self.digest_all(missing.into_iter().map(Is::Other).collect(), memory, stop, read)
    }

    /// The others of a group that have no digest; none where a model has none either.
    fn beside(&self, group: &crate::inspect::Group, all: bool) -> Vec<usize> {
        let (mut others, mut whole) = (Vec::new(), true);
        for part in self.parts.members(group) {
            match part.is {
                Is::Model(_) => whole &= self.digest(part).is_some(),
                Is::Other(at) if self.digest(part).is_none() => others.push(at),
                Is::Other(_) => {}
            }
        }
        others.retain(|_| whole || all);
        others
    }

    fn digest_all(
        &mut self,
        missing: Vec<Is>,
        memory: &Memory,
        stop: &AtomicBool,
        read: &AtomicU64,
    ) -> Hashed {
        let files: Vec<(PathBuf, Identity)> = missing.iter().filter_map(|is| self.file(*is)).collect();
        let results = digests_of(&files, stop, read);
        let mut hashed = Hashed::default();
        for (is, ((path, identity), result)) in missing.into_iter().zip(files.into_iter().zip(results)) {
            match result {
                Some(Ok(digest)) => {
                    self.set_digest(is, digest);
                    hashed.digests.extend(memory.fingerprint(&identity).map(|state| (state, digest)));
                }
                Some(Err(error)) if error.kind() != std::io::ErrorKind::Interrupted => {
                    hashed.failed.push((path, crate::files::plain_error(&error)));
                }
                Some(Err(_)) | None => {}
            }
        }
        hashed
    }

    fn file(&self, is: Is) -> Option<(PathBuf, Identity)> {
        match is {
            Is::Model(at) => self.list.get(at).map(|one| (one.real.clone(), one.identity)),
            Is::Other(at) => self.parts.others.get(at).map(|one| (one.real.clone(), one.identity)),
        }
    }

    fn set_digest(&mut self, is: Is, digest: Sha256Digest) {
        match is {
            Is::Model(at) => self
                .list
                .get_mut(at)
                .into_iter()
                .for_each(|one| one.artifact.digest = Digest::computed(digest, one.claimed)),
            Is::Other(at) => {
                self.parts.others.get_mut(at).into_iter().for_each(|one| one.digest = Some(digest));
            }
        }
    }

    /// Computed digests by file, for the models that processes have loaded: a claim is no fact there.
    pub fn digests(&self) -> Digests {
        let computed = self.list.iter().filter(|holding| holding.is_computed());
        computed
            .filter_map(|holding| Some((holding.identity.file?, holding.artifact.digest.sha256?)))
            .collect()
    }
}

/// What was seen. A pointer of Git LFS among the files of a model is not the file.
fn inspection_of(is: Is, looked: Looked) -> Option<Inspection> {
    match (looked, is) {
        (Looked::Inspected(inspection), _) => Some(*inspection),
        (Looked::Pointer(pointer), Is::Other(_)) => Some(Inspection {
            identified: None,
            verdict: Verdict::Unscannable,
            facts: vec![pointer.fact()],
            members: Vec::new(),
            unlisted_members: 0,
            sha256: None,
            weights_sha256: None,
            parts: Vec::new(),
            bytes_read: 0,
        }),
        (Looked::Pointer(_), Is::Model(_)) => None,
    }
}

/// The digests of files, on all cores, in their order; none where it was stopped before.
fn digests_of(
    files: &[(PathBuf, Identity)],
    stop: &AtomicBool,
    read: &AtomicU64,
) -> Vec<Option<std::io::Result<Sha256Digest>>> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(files.len().max(1));
    let work = || {
        let mut done = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((path, identity)) = files.get(at) else { break };
            done.push((at, digest_of(path, identity, stop, read)));
        }
        done
    };
    let mut results: Vec<_> = std::iter::repeat_with(|| None).take(files.len()).collect();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for (at, result) in workers.into_iter().filter_map(|worker| worker.join().ok()).flatten() {
            if let Some(slot) = results.get_mut(at) {
                *slot = Some(result);
            }
        }
    });
    results
}

/// Reads a file once. A file that changed since it was identified, or changes now, gets no digest.
pub(crate) fn digest_of(
    path: &Path,
    expected: &Identity,
    stop: &AtomicBool,
    read: &AtomicU64,
) -> std::io::Result<Sha256Digest> {
    let changed = || std::io::Error::other("it changed while it was read");
    let (file, identity) = platform::read::open(path)?;
    if identity != *expected {
        return Err(changed());
    }
    let digest = sha256(&mut Window::new(&file, identity.size), stop, read)?;
    if platform::read::identity_of_file(&file)? != identity {
        return Err(changed());
    }
    Ok(digest)
}
