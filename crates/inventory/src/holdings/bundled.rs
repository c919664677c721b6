//! From files to artefacts: one for each file, and one for files that are one model.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
};

use artifact::Inspection;
use catalog::Catalog;
use domain::{Artifact, Digest, DigestStatus, HostPath, LoadedModel, Role, Sha256Digest, Verdict};
use platform::read::FileId;

use super::{
    Holding, Holdings, absorb, clean,
    parts::{Is, Other, Part},
};
use crate::inspect::{Group, Known, assembled};

/// Where caches keep files that their snapshots link to.
const BLOBS: &str = "blobs";
/// The rule of what stores say of the code that a model brings; of a model, not of each of its files.
const REMOTE_CODE: &str = "remote-code";

impl Holdings {
    /// The artefacts, by path. Files whose computed digests are equal are one artefact, but a file of which a store claims
    /// another digest stays one of its own: what is wrong is that name, not the bytes that others hold under the right one.
    pub fn artifacts(&self, catalog: &Catalog) -> Vec<Artifact> {
        let mut by_digest: HashMap<(Sha256Digest, Option<Sha256Digest>), usize> = HashMap::new();
        let mut artifacts: Vec<Artifact> = Vec::new();
        let bundles = self.parts.groups.iter().map(|group| self.bundle(catalog, group));
        for artifact in bundles.chain(self.singles(catalog)) {
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

    /// Bytes of model files and of what belongs to them, each file once however many models have it.
    pub fn bytes(&self) -> u64 {
        let members: HashSet<usize> = self.member_models().collect();
        let is_model = |at: usize, holding: &Holding| {
            holding.artifact.metadata.role != Some(Role::Data) || members.contains(&at)
        };
        let models = self.list.iter().enumerate().filter(|(at, holding)| is_model(*at, holding));
        let models = models.map(|(_, holding)| holding.identity);
        let mut seen: HashSet<FileId> = HashSet::new();
        let all = models.chain(self.parts.others.iter().map(|other| other.identity));
        all.filter(|identity| identity.file.is_none_or(|file| seen.insert(file)))
            .map(|identity| identity.size)
            .fold(0, u64::saturating_add)
    }

    /// What a program has loaded, as whoever lists models calls it: of a model of several files that one model.
    pub fn loaded(&self, artifacts: &[Artifact], models: &mut Vec<LoadedModel>) {
        if models.is_empty() || self.parts.groups.is_empty() {
            return;
        }
        for model in models.iter_mut() {
            let path = platform::path::from_bytes(model.path.as_bytes());
            let whole = self.whole(&path).and_then(|path| {
                artifacts.iter().find(|artifact| artifact.paths.contains(&path)).map(|found| (path, found))
            });
            if let Some((path, artifact)) = whole {
                let digest = artifact.digest;
                let sha256 = digest.sha256.filter(|_| digest.status == DigestStatus::Computed);
                *model = LoadedModel { path, format: artifact.format.clone(), sha256 };
            }
        }
        let mut seen = BTreeSet::new();
        models.retain(|model| seen.insert(model.path.clone()));
    }

    /// The path of the model that a file is part of.
    fn whole(&self, path: &Path) -> Option<HostPath> {
        let at = self.by_path.get(path).copied()?;
        let is = |part: &Part| part.is == Is::Model(at);
        let group = self.parts.groups.iter().find(|group| self.parts.members(group).any(is))?;
        Some(HostPath::from(if group.is_folder() {
            group.folder.as_path()
        } else {
            &self.parts.members(group).next()?.path
        }))
    }

    fn member_models(&self) -> impl Iterator<Item = usize> {
        self.parts.files.iter().filter_map(|part| match part.is {
            Is::Model(at) => Some(at),
            Is::Other(_) => None,
        })
    }

    /// Files that are models by themselves, and places of members that their models do not account for.
    fn singles(&self, catalog: &Catalog) -> impl Iterator<Item = Artifact> {
        let taken: HashSet<&Path> = self.parts.files.iter().map(|part| part.path.as_path()).collect();
        self.list.iter().filter_map(move |holding| {
            let paths = holding.paths_beside(&taken);
            if paths.is_empty() {
                return None;
            }
            let mut artifact = holding.artifact.clone();
            clean(&catalog.secrets, &mut artifact);
            artifact.paths = paths.into_iter().map(HostPath::from).collect();
            Some(artifact)
        })
    }

    fn bundle(&self, catalog: &Catalog, group: &Group) -> Artifact {
        let parts: Vec<&Part> = self.parts.members(group).collect();
        let known = parts.iter().map(|part| self.known(part)).collect();
        let mut artifact = assembled(catalog, group, known, &self.parts.links_out);
        let claimed = |part: &&&Part| self.digest(part).is_some() && !self.is_computed(part);
        if parts.iter().any(|part| claimed(&part)) {
            artifact.digest = artifact.digest.sha256.map_or(Digest::PENDING, Digest::claimed);
            for (part, member) in parts.iter().zip(&mut artifact.content.members) {
                member.sha256 = member.sha256.filter(|_| self.is_computed(part));
            }
        }
        if artifact.verdict == Verdict::Clean && !parts.iter().all(|part| self.is_looked_into(part)) {
            artifact.verdict = Verdict::NotScanned;
        }
        let members = parts.iter().filter_map(|part| self.model(part)).map(|model| &model.artifact);
        for other in members {
            artifact.store = artifact.store.take().or_else(|| other.store.clone());
            artifact.origin = artifact.origin.take().or_else(|| other.origin.clone());
            artifact.license = artifact.license.take().or_else(|| other.license.clone());
        }
        clean(&catalog.secrets, &mut artifact);
        say_once(&mut artifact);
        artifact
    }

    fn model(&self, part: &Part) -> Option<&Holding> {
        match part.is {
            Is::Model(at) => self.list.get(at),
            Is::Other(_) => None,
        }
    }

    fn other(&self, part: &Part) -> Option<&Other> {
        match part.is {
            Is::Other(at) => self.parts.others.get(at),
            Is::Model(_) => None,
        }
    }

    pub(super) fn digest(&self, part: &Part) -> Option<Sha256Digest> {
        let of_model = self.model(part).and_then(|model| model.artifact.digest.sha256);
        of_model.or_else(|| self.other(part)?.digest)
    }

    fn is_computed(&self, part: &Part) -> bool {
        self.model(part).is_none_or(Holding::is_computed)
    }

    fn is_looked_into(&self, part: &Part) -> bool {
        self.model(part).is_some_and(|model| model.looked.is_some())
            || self.other(part).is_some_and(|other| other.seen.is_some())
    }

    fn known(&self, part: &Part) -> Known {
        let model = self.model(part);
        let of_other = || Some(self.other(part)?.seen.as_ref()?.1.clone());
        Known {
            path: part.path.clone(),
            real: part.real.clone(),
            identity: part.identity,
            digest: self.digest(part),
            said: model.map(Holding::said).or_else(of_other),
            artifact: model.map(|model| model.artifact.clone()),
        }
    }
}

impl Holding {
    /// What is known of the file, as an inspection says it.
    fn said(&self) -> Inspection {
        let artifact = &self.artifact;
        let members = artifact.content.members.iter().map(|member| artifact::Member {
            path: member.path.clone(),
            size: member.size,
            format: member.format.clone(),
            verdict: member.verdict,
        });
        Inspection {
            identified: Some(self.identified.clone()),
            verdict: artifact.verdict,
            facts: artifact.facts.clone(),
            members: members.collect(),
            unlisted_members: artifact.content.unlisted_members,
            sha256: artifact.digest.sha256,
            weights_sha256: artifact.content.weights,
            parts: Vec::new(),
            bytes_read: 0,
        }
    }

    /// The paths that no model of several files accounts for, the real one first. A blob that a snapshot links to is accounted for; a
    /// file that is not what its store says stays one of its own, because it is that file that is wrong.
    fn paths_beside(&self, taken: &HashSet<&Path>) -> Vec<&Path> {
        let is_member = self.paths.iter().any(|path| taken.contains(path.as_path()));
        let is_wrong = self.artifact.digest.claimed.is_some();
        let is_blob = self.real.parent().is_some_and(|folder| folder.ends_with(BLOBS));
        let accounted_for = |path: &PathBuf| taken.contains(path.as_path()) || is_blob && *path == self.real;
        let others = self.paths.iter().filter(|path| **path != self.real);
        let all = std::iter::once(&self.real).chain(others);
        all.filter(|path| !is_member || is_wrong || !accounted_for(path)).map(PathBuf::as_path).collect()
    }
}

/// What a store says of a model stands in it once, not for each of its files.
fn say_once(artifact: &mut Artifact) {
    let mut said = HashSet::new();
    artifact.facts.retain_mut(|fact| {
        if fact.rule == REMOTE_CODE {
            fact.member = None;
        }
        fact.rule != REMOTE_CODE || said.insert(fact.message.clone())
    });
}
