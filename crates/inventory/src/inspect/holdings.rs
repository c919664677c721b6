//! The engine on artefacts that a scan found: all of them now, or one after another later.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicU64},
};

use artifact::Inspection;
use catalog::Catalog;
use domain::{Artifact, Digest, DigestStatus, Identification, Member};
use platform::{data::DataDirectory, read::Identity};

use super::{
    Depth,
    look::{Looked, Looker, Target},
};
use crate::{
    holdings::digest_of,
    memory::{Memory, MemoryError},
};

/// A model file that nobody looked into yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Todo {
    /// Where it lies.
    pub path: PathBuf,
    /// Its state when it was found.
    pub identity: Identity,
    /// What it is called; in a cache, not what lies there under a digest.
    pub name: String,
}

impl Todo {
    pub(crate) fn target(&self) -> Target {
        Target { real: self.path.clone(), identity: self.identity, name: self.name.clone() }
    }
}

/// Looks into artefacts one after another, and keeps what it sees in a data directory.
pub struct Inspector<'a> {
    catalog: &'a Catalog,
    directory: &'a DataDirectory,
}

impl<'a> Inspector<'a> {
    /// One that remembers in a data directory.
    pub fn new(catalog: &'a Catalog, directory: &'a DataDirectory) -> Self {
        Self { catalog, directory }
    }

    /// Looks into one file, all of it; none when it cannot be read or `stop` was set.
    pub fn look(&self, todo: &Todo, stop: &AtomicBool) -> Option<Inspection> {
        let (memory, read) = (Memory::none(), AtomicU64::new(0));
        let looker = Looker { catalog: self.catalog, memory: &memory, depth: Depth::Full, stop, read: &read };
        match looker.look(&todo.target()) {
            Ok(Looked::Inspected(inspection)) => Some(digested(todo, *inspection, stop)),
            Ok(Looked::Pointer(_)) | Err(_) => None,
        }
    }

    /// Keeps what was seen, so that the next scan knows it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, seen: &[(Todo, Inspection)]) -> Result<(), MemoryError> {
        let mut notes = Vec::new();
        let remember = crate::scan::Remember::Own(self.directory);
        let memory = crate::scan::remember(remember, &[], &mut notes).with_verdicts(self.directory.path());
        let (mut targets, mut answers) = (Vec::new(), Vec::new());
        for (todo, inspection) in seen {
            targets.push(todo.target());
            answers.push(Some(Ok(Looked::Inspected(Box::new(inspection.clone())))));
        }
        super::keep(&memory, self.directory, &targets, &answers)
    }
}

/// Adds to an artefact what an inspection of its file says. What a store said of it stays.
pub(crate) fn fold(artifact: &mut Artifact, inspection: &Inspection) {
    if let Some(sha256) = inspection.sha256 {
        let Digest { sha256: before, status, claimed } = artifact.digest;
        let claim = if status == DigestStatus::Claimed { before } else { claimed };
        artifact.digest = Digest::computed(sha256, claim);
    }
    artifact.verdict = artifact.verdict.max(inspection.verdict);
    // Identification said some of it already, with fewer words.
    artifact.facts.retain(|fact| !inspection.facts.iter().any(|said| said.rule == fact.rule));
    artifact.facts.extend(inspection.facts.iter().cloned());
    artifact.facts.sort_by_key(|fact| std::cmp::Reverse(fact.severity));
    if let Some(identified) = &inspection.identified {
        for base in &identified.metadata.base_models {
            if !artifact.metadata.base_models.contains(base) {
                artifact.metadata.base_models.push(base.clone());
            }
        }
    }
    let content = &mut artifact.content;
    content.identification = identification(inspection).or(content.identification.take());
    content.weights = inspection.weights_sha256.or(content.weights);
    content.members = inspection
        .members
        .iter()
        .map(|member| Member {
            path: member.path.clone(),
            size: member.size,
            format: member.format.clone(),
            role: None,
            sha256: None,
            verdict: member.verdict,
        })
        .collect();
    content.unlisted_members = inspection.unlisted_members;
}

/// What is in no format has a digest all the same: it is part of what its model is, and by it the next scan knows it.
fn digested(todo: &Todo, inspection: Inspection, stop: &AtomicBool) -> Inspection {
    let sha256 =
        inspection.sha256.or_else(|| digest_of(&todo.path, &todo.identity, stop, &AtomicU64::new(0)).ok());
    Inspection { sha256, ..inspection }
}

/// What told the format.
pub(super) fn identification(inspection: &Inspection) -> Option<Identification> {
    let identified = inspection.identified.as_ref()?;
    Some(Identification { confidence: identified.sure, reason: identified.reason.clone() })
}
