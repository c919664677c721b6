//! `inspect`: files, folders and archives that somebody names, looked into to the last byte; files that are one model as one artefact.
//!
//! The engine is `artifact`'s; here is what it must not know: which files there are, which belong together, which were looked at
//! before. A scan and the sensor use the same engine on what they found. Nothing here judges: the facts say it.

mod assemble;
mod bundles;
mod collect;
mod config;
mod holdings;
mod image;
mod look;
mod pointer;
mod scanned;

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use artifact::Rule;
use catalog::Catalog;
use domain::{Artifact, Fact, Sha256Digest, Unreadable};
use platform::data::DataDirectory;

pub(crate) use bundles::{Entry, Group, groups};
pub(crate) use collect::follow;
pub(crate) use holdings::fold;
pub use holdings::{Inspector, Todo};
pub(crate) use look::{Looked, Looker, all_cores};
pub(crate) use scanned::{Known, assembled};

use self::{assemble::Assembly, collect::Found, look::Target};
use crate::{
    memory::{Fingerprint, Memory},
    scan::Remember,
};

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Structure, pickles and texts; no tensors, no digest.
    Quick,
    /// Every byte.
    Full,
}

/// What to inspect and how.
pub struct Request<'a> {
    /// Files and folders; whoever names a link means what it leads to.
    pub paths: Vec<PathBuf>,
    /// Bytes that came from somewhere else, and what to call them.
    pub spooled: Option<(File, String)>,
    /// How much is read.
    pub depth: Depth,
    /// Where earlier inspections are remembered.
    pub remember: Remember<'a>,
    /// Looks up a variable of the environment.
    pub environment: &'a dyn Fn(&str) -> Option<OsString>,
}

/// Numbers of an inspection while it runs.
#[derive(Debug, Default)]
pub struct Watch {
    /// Files to look at.
    pub files: AtomicU64,
    /// Files looked at.
    pub done: AtomicU64,
    /// Bytes read.
    pub read: AtomicU64,
}

/// What an inspection found.
#[derive(Debug, Default)]
pub struct Inspected {
    /// It was not interrupted.
    pub complete: bool,
    /// Models and whatever else was named, by path.
    pub artifacts: Vec<Artifact>,
    /// Files in folders that are no model and no part of one.
    pub others: u64,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// What whoever runs it should know about the inspection itself.
    pub notes: Vec<String>,
}

/// Inspects.
///
/// # Errors
/// When a path that was named is not there or may not be looked at.
pub fn inspect(
    catalog: &Catalog,
    request: &Request<'_>,
    stop: &AtomicBool,
    watch: &Watch,
) -> Result<Inspected, NotThere> {
    let found = collect::collect(&request.paths, stop)?;
    let mut notes = Vec::new();
    let memory = match request.remember {
        Remember::No => Memory::none(),
        remember => crate::scan::remember(remember, &[], &mut notes).with_verdicts(remember.path()),
    };
    let looker = Looker { catalog, memory: &memory, depth: request.depth, stop, read: &watch.read };
    let targets = found.targets();
    watch.files.store(targets.len() as u64, Ordering::Relaxed);
    let answers = looker.look_at_all(&targets, all_cores(), &watch.done);
    let spooled = request.spooled.as_ref().map(|(file, name)| (look_at_spooled(&looker, file, name), name));
    let complete = !stop.load(Ordering::Relaxed);
    if let Remember::Own(directory) = request.remember
        && let Err(error) = keep(&memory, directory, &targets, &answers)
    {
        notes.push(format!("the next inspection starts afresh: {error}"));
    }
    let mut assembly = Assembly::new(catalog, request.environment, &found, stop, answers);
    if let Some((answer, name)) = spooled {
        assembly.add_spooled(name, answer);
    }
    let Found { unreadable, .. } = &found;
    let mut inspected = Inspected { complete, notes, unreadable: unreadable.clone(), ..Inspected::default() };
    assembly.finish(&mut inspected);
    Ok(inspected)
}

/// A path that was named and cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[error("cannot inspect `{path}`: {}", crate::files::plain_error(error))]
pub struct NotThere {
    /// The path, as it was named.
    pub path: domain::HostPath,
    /// Why.
    pub error: io::Error,
}

fn look_at_spooled(looker: &Looker<'_>, file: &File, name: &str) -> io::Result<(u64, Looked)> {
    let identity = platform::read::identity_of_file(file)?;
    Ok((identity.size, looker.look_into(file, name, &identity)?))
}

/// Keeps what may be remembered.
fn keep(
    memory: &Memory,
    directory: &DataDirectory,
    targets: &[Target],
    answers: &[Option<io::Result<Looked>>],
) -> Result<(), crate::memory::MemoryError> {
    let mut digests: Vec<(Fingerprint, Sha256Digest)> = Vec::new();
    let mut said = Vec::new();
    for (target, answer) in targets.iter().zip(answers) {
        let Some(Ok(Looked::Inspected(inspection))) = answer else { continue };
        let (Some(state), Some(digest)) = (memory.fingerprint(&target.identity), inspection.sha256) else {
            continue;
        };
        if memory.digest(state) != Some(digest) {
            digests.push((state, digest));
        }
        if memory.verdict(digest, &target.name).is_none() {
            said.push((target.name.as_str(), inspection.as_ref()));
        }
    }
    memory.save(directory, &[], &digests)?;
    memory.save_verdicts(directory, said.into_iter())
}

/// What a rule says of an artefact as a whole.
fn fact(rule: &Rule, message: impl Into<String>) -> Fact {
    Fact { help: Some(rule.help.to_owned()), ..Fact::new(rule.id, rule.severity, message) }
}

#[cfg(test)]
mod parts_tests;
#[cfg(test)]
mod tests;
