//! What a scan found of a model of several files, as the same artefact that an inspection of it would give.
//!
//! Nothing is read here: what the scan does not know stays unknown.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use artifact::Inspection;
use catalog::Catalog;
use domain::{Artifact, Sha256Digest};
use platform::read::Identity;

use super::{
    assemble::Assembly,
    bundles::Group,
    collect::{Candidate, Found},
    look::Looked,
};

/// What is known of a member.
pub(crate) struct Known {
    /// Where its model has it.
    pub(crate) path: PathBuf,
    /// The file itself.
    pub(crate) real: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) digest: Option<Sha256Digest>,
    /// What it says of itself, and what was seen in it if somebody looked; none for what is in no format and was not looked into.
    pub(crate) said: Option<Inspection>,
    /// What stores and cards say of it.
    pub(crate) artifact: Option<Artifact>,
}

/// The artefact that these files are, which are all members of the group and stand in its order.
pub(crate) fn assembled(
    catalog: &Catalog,
    group: &Group,
    known: Vec<Known>,
    links_out: &[PathBuf],
) -> Artifact {
    let of_folder = |link: &&PathBuf| link.parent() == Some(Path::new(&group.folder));
    let mut found = Found::default();
    found.links_out.extend(links_out.iter().filter(of_folder).cloned());
    let mut answers = Vec::with_capacity(known.len());
    let mut artifacts = HashMap::new();
    for (target, Known { path, real, identity, digest, said, artifact }) in known.into_iter().enumerate() {
        artifacts.extend(artifact.map(|artifact| (real.clone(), artifact)));
        found.files.push(Candidate { path, real, identity, named: false, target, digest });
        answers.push(said.map(|said| Ok(Looked::Inspected(Box::new(said)))));
    }
    let group = Group { members: (0..found.files.len()).collect(), ..group.clone() };
    // Nothing is read, so there is nothing to stop.
    let stop = AtomicBool::new(false);
    Assembly::of_scan(catalog, &found, &stop, answers, artifacts).bundle(&group)
}
