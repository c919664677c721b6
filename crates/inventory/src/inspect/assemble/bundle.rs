//! Several files as one artefact: its members, one digest over them, the worst of their verdicts.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::atomic::AtomicU64,
};

use artifact::rules::bundles as rules;
use domain::{Artifact, Bundle, BundleKind, Digest, Fact, HostPath, Member, Role, Sha256Digest, Verdict};
use platform::read::Window;
use sha2::{Digest as _, Sha256};

use super::{Assembly, Piece, clean, config, missing, plain_error};
use crate::{
    inspect::{
        bundles::{Group, path_of_part},
        fact,
        image::{self, Image},
        look::Looked,
    },
    memory::sha256,
};

/// Different facts that are kept of one bundle.
const FACTS: usize = 200;
/// Members that are listed of one bundle.
const MEMBERS: usize = 4096;
/// Configurations that describe the model of their folder.
const CONFIGURATIONS: [&str; 4] =
    ["config.json", "adapter_config.json", "model_index.json", "mlc-chat-config.json"];

impl Assembly<'_> {
    /// The artefact that a group is.
    pub(in crate::inspect) fn bundle(&self, group: &Group) -> Artifact {
        let pieces = self.pieces();
        let pieces: Vec<_> = group.members.iter().filter_map(|at| pieces.get(*at).copied()).collect();
        let image = (group.kind == BundleKind::Image).then(|| image_of(group, &pieces));
        let raw = self.raw_parts(group, &pieces);
        let mut gathered = Gathered { image, raw, ..Gathered::default() };
        for piece in &pieces {
            self.gather(group, piece, &mut gathered);
        }
        self.gather_what_is_not_there(group, &mut gathered);
        gathered.lacking.extend(self.facts_of_parts(&group.folder, &pieces));
        self.say_of_code(&group.folder, &pieces, &mut gathered.facts);
        gathered.say_what_the_image_lacks();
        self.digest_the_rest(&pieces, &mut gathered);
        let mut artifact = self.begin(group, &pieces);
        artifact.size = pieces.iter().map(|piece| piece.candidate.identity.size).fold(0, u64::saturating_add);
        let digest = gathered.digest_of_all().filter(|_| gathered.lacking.is_empty());
        artifact.digest = digest.map_or(Digest::PENDING, |digest| Digest::computed(digest, None));
        artifact.content.weights = gathered.weights();
        artifact.content.bundle =
            Some(Bundle { kind: group.kind, folder: HostPath::from(group.folder.as_path()) });
        for piece in &pieces {
            let is_configuration = |name: &&str| piece.candidate.path == group.folder.join(name);
            if CONFIGURATIONS.iter().any(is_configuration) {
                config::describe(&piece.candidate.real, &mut artifact.metadata);
            }
        }
        gathered.settle(&mut artifact);
        clean(&self.catalog.secrets, &mut artifact);
        artifact
    }

    /// The artefact of the weightiest member, which gives the whole its format and its name.
    fn begin(&self, group: &Group, pieces: &[Piece<'_>]) -> Artifact {
        // An image is no model, whatever lies in it.
        let main = main_piece(pieces).filter(|_| group.kind != BundleKind::Image);
        let path = if group.is_folder() {
            Some(&group.folder)
        } else {
            pieces.first().map(|piece| &piece.candidate.path)
        };
        let path = HostPath::from(path.unwrap_or(&group.folder).as_path());
        let known = main.and_then(|main| self.known.get(&main.candidate.real)).cloned();
        let mut artifact = known.unwrap_or_else(|| self.plain(path.clone(), 0, self.guessed(group, pieces)));
        artifact.paths = vec![path];
        artifact.facts.clear();
        artifact.verdict = Verdict::NotScanned;
        artifact.content = domain::Content::default();
        if let Some(seen) = main.and_then(Piece::inspection) {
            artifact.content.identification = super::super::holdings::identification(seen);
            // The graph of a SavedModel and the index of its variables count the same weights.
            if group.kind != BundleKind::SavedModel {
                add_parts(&mut artifact, seen, pieces);
            }
        }
        if group.kind == BundleKind::Adapter {
            artifact.metadata.role = Some(Role::Adapter);
        }
        for base in pieces.iter().filter_map(Piece::inspection).filter_map(|seen| seen.identified.as_ref()) {
            for base in &base.metadata.base_models {
                if !artifact.metadata.base_models.contains(base) {
                    artifact.metadata.base_models.push(base.clone());
                }
            }
        }
        artifact
    }

    /// The format that the names announce, where no content tells it.
    fn guessed(&self, group: &Group, pieces: &[Piece<'_>]) -> &str {
        let by_name = pieces.iter().find_map(|piece| self.format(piece));
        match group.kind {
            BundleKind::Image => super::IMAGE,
            _ => by_name.unwrap_or(super::UNKNOWN),
        }
    }

    /// Members that have a name which models have as well, and are numbers that the model beside them describes.
    fn raw_parts(&self, group: &Group, pieces: &[Piece<'_>]) -> HashSet<PathBuf> {
        let mut raw = HashSet::new();
        for piece in pieces {
            let parts = piece.inspection().map(|seen| seen.parts.as_slice()).unwrap_or_default();
            raw.extend(parts.iter().map(|part| path_of_part(&piece.candidate.path, part)));
        }
        let graph = pieces.first().filter(|_| group.kind == BundleKind::Pair);
        raw.extend(
            pieces
                .iter()
                .skip(usize::from(graph.is_some()))
                .filter(|_| graph.is_some())
                .map(|piece| piece.candidate.path.clone()),
        );
        // Of compiled Core ML no file is in a format that is described.
        let own = match group.kind {
            BundleKind::CoreMl => Some("coreml"),
            BundleKind::SavedModel => Some("tensorflow"),
            _ => main_piece(pieces).and_then(|piece| self.format(piece)),
        };
        let main = own.and_then(|id| self.catalog.format(id));
        let described = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str());
            main.zip(name).is_some_and(|(format, name)| format.describes(name))
        };
        let paths = pieces.iter().map(|piece| &piece.candidate.path);
        raw.extend(paths.filter(|path| described(path)).cloned());
        raw
    }

    fn gather(&self, group: &Group, piece: &Piece<'_>, gathered: &mut Gathered) {
        let path = piece.candidate.path.strip_prefix(&group.folder).unwrap_or(&piece.candidate.path);
        let mut member = Member {
            path: HostPath::from(path).to_string(),
            size: piece.candidate.identity.size,
            format: None,
            role: None,
            sha256: piece.candidate.digest,
            verdict: Verdict::NotScanned,
        };
        let layer = gathered.image.as_ref().and_then(|image| image::shown(image, path));
        let announces_a_model = layer.is_some()
            || self.format_by_name(&piece.candidate.path).is_some()
                && !gathered.raw.contains(&piece.candidate.path);
        let place = layer.clone().unwrap_or_else(|| member.path.clone());
        match piece.answer {
            Some(Ok(Looked::Inspected(seen))) => {
                member.format = seen.identified.as_ref().map(|found| found.format.as_str().to_owned());
                member.role = seen.identified.as_ref().and_then(|found| found.metadata.role);
                member.sha256 = seen.sha256.or(member.sha256);
                // What is no model and does not look like one is data for people, and says nothing of the model.
                if !seen.is_unknown() || announces_a_model {
                    member.verdict = seen.verdict;
                    gathered.facts.extend(seen.facts.iter().map(|fact| inside(&place, fact)));
                    gathered.inner.extend(seen.members.iter().map(|inner| Member {
                        path: format!("{place} > {}", inner.path),
                        size: inner.size,
                        format: inner.format.clone(),
                        role: None,
                        sha256: None,
                        verdict: inner.verdict,
                    }));
                    gathered.unlisted = gathered.unlisted.saturating_add(seen.unlisted_members);
                    gathered.weights.extend(seen.weights_sha256);
                }
            }
            Some(Ok(Looked::Pointer(pointer))) if announces_a_model => {
                member.verdict = Verdict::Unscannable;
                gathered.facts.push(inside(&place, &pointer.fact()));
            }
            Some(Err(error)) => {
                member.verdict = Verdict::Unscannable;
                let said = fact(&rules::MEMBER_UNREADABLE, plain_error(error));
                gathered.facts.push(inside(&place, &said));
            }
            Some(Ok(Looked::Pointer(_))) | None => {}
        }
        gathered.members.push(member);
    }

    /// The digests of files that are in no model format, where the models have theirs: they belong to what the bundle is.
    fn digest_the_rest(&self, pieces: &[Piece<'_>], gathered: &mut Gathered) {
        let is_model = |piece: &&Piece<'_>| piece.inspection().is_some_and(|seen| seen.identified.is_some());
        let digested = |piece: &Piece<'_>| piece.inspection().is_some_and(|seen| seen.sha256.is_some());
        if !self.reads || !pieces.iter().filter(is_model).all(digested) {
            return;
        }
        for (piece, member) in pieces.iter().zip(&mut gathered.members) {
            if member.sha256.is_none() {
                member.sha256 = self.digest(piece).ok();
            }
        }
    }

    fn digest(&self, piece: &Piece<'_>) -> io::Result<Sha256Digest> {
        let (file, identity) = platform::read::open(&piece.candidate.real)?;
        let digest = sha256(&mut Window::new(&file, identity.size), self.stop, &AtomicU64::new(0))?;
        let same =
            identity == piece.candidate.identity && platform::read::identity_of_file(&file)? == identity;
        if same { Ok(digest) } else { Err(io::Error::other("it changed while it was read")) }
    }

    /// Missing parts, links that lead out, what the walk could not read.
    fn gather_what_is_not_there(&self, group: &Group, gathered: &mut Gathered) {
        gathered.lacking.extend(missing(&group.missing));
        if !group.is_folder() {
            return;
        }
        let direct = |path: &Path| path.parent() == Some(group.folder.as_path());
        for link in self.found.links_out.iter().filter(|link| direct(link)) {
            let name = HostPath::from(link.file_name().map_or(link.as_path(), Path::new));
            let message = "a link that leads out of the folder: not followed";
            gathered.lacking.push(inside(&name.to_string(), &fact(&rules::LINK_LEADS_OUT, message)));
        }
        for unreadable in &self.found.unreadable {
            let path = platform::path::from_bytes(unreadable.path.as_bytes());
            if let Ok(below) = path.strip_prefix(&group.folder) {
                let said = fact(&rules::MEMBER_UNREADABLE, unreadable.error.clone());
                gathered.lacking.push(inside(&HostPath::from(below).to_string(), &said));
            }
        }
    }
}

/// The weightiest member that is a model.
fn main_piece<'p>(pieces: &'p [Piece<'p>]) -> Option<&'p Piece<'p>> {
    let model = |piece: &&Piece<'_>| piece.inspection().is_some_and(|seen| seen.identified.is_some());
    let role = |piece: &&Piece<'_>| {
        let role = piece.inspection().and_then(|seen| seen.identified.as_ref()?.metadata.role);
        (matches!(role, Some(Role::Weights | Role::Adapter)), piece.candidate.identity.size)
    };
    pieces.iter().filter(model).max_by_key(role)
}

/// Shards of one model have its weights together.
fn add_parts(artifact: &mut Artifact, main: &artifact::Inspection, pieces: &[Piece<'_>]) {
    let Some(format) = main.identified.as_ref().map(|found| found.format) else { return };
    let parts: Vec<_> = pieces
        .iter()
        .filter_map(Piece::inspection)
        .filter_map(|seen| seen.identified.as_ref())
        .filter(|found| found.format == format && found.metadata.role == artifact.metadata.role)
        .collect();
    let sum = |of: fn(&domain::Metadata) -> Option<u64>| {
        parts.iter().map(|part| of(&part.metadata)).try_fold(0_u64, |sum, part| sum.checked_add(part?))
    };
    if parts.len() > 1 {
        artifact.metadata.parameters = sum(|metadata| metadata.parameters);
        artifact.metadata.tensors = sum(|metadata| metadata.tensors);
    }
}

/// What the documents of an image say.
fn image_of(group: &Group, pieces: &[Piece<'_>]) -> Image {
    let file = |path: &str| {
        let path = group.folder.join(path);
        Some(pieces.iter().find(|piece| piece.candidate.path == path)?.candidate.real.clone())
    };
    Image::read(&file)
}

/// A fact of a member, said of the whole.
pub(super) fn inside(member: &str, fact: &Fact) -> Fact {
    let place = match &fact.member {
        Some(inner) => format!("{member} > {inner}"),
        None => member.to_owned(),
    };
    Fact { member: Some(place), ..fact.clone() }
}

/// What the members say together.
#[derive(Default)]
struct Gathered {
    /// Members that are numbers or notes, which a model beside them describes.
    raw: HashSet<PathBuf>,
    /// Which of the members are layers, in an image.
    image: Option<Image>,
    members: Vec<Member>,
    /// Members of members.
    inner: Vec<Member>,
    unlisted: u64,
    facts: Vec<Fact>,
    /// What is not there, which leaves the whole undecided.
    lacking: Vec<Fact>,
    weights: Vec<Sha256Digest>,
}

impl Gathered {
    /// The digest of a bundle: of the list of its members as `sha256sum` prints it, sorted by path.
    fn digest_of_all(&self) -> Option<Sha256Digest> {
        let lines = self.members.iter().map(|member| Some((&member.path, member.sha256?)));
        digest_of_list(lines.collect::<Option<Vec<_>>>()?)
    }

    /// Of one member with weights its own digest, of several the digest of the list of theirs.
    fn weights(&self) -> Option<Sha256Digest> {
        match self.weights.as_slice() {
            [] => None,
            [one] => Some(*one),
            many => {
                let mut hash = Sha256::new();
                many.iter().for_each(|digest| hash.update(format!("{digest}\n")));
                Some(Sha256Digest::from_bytes(hash.finalize().into()))
            }
        }
    }

    fn say_what_the_image_lacks(&mut self) {
        let Some(image) = &self.image else { return };
        let missing = image.missing.iter().map(|path| {
            inside(path, &fact(&rules::MEMBER_MISSING, "the image names it, and it is not there"))
        });
        let broken =
            image.broken.iter().map(|path| inside(path, &fact(&rules::BROKEN_IMAGE, "it cannot be read")));
        self.lacking.extend(missing.chain(broken).take(FACTS));
    }

    fn settle(mut self, artifact: &mut Artifact) {
        if let Some(image) = &self.image {
            for member in &mut self.members {
                if let Some(name) = image.layers.get(&member.path) {
                    member.path.clone_from(name);
                }
            }
        }
        let worst = self.members.iter().map(|member| member.verdict).max().unwrap_or(Verdict::NotScanned);
        artifact.verdict = if self.lacking.is_empty() { worst } else { worst.max(Verdict::Unscannable) };
        self.facts.append(&mut self.lacking);
        self.facts.sort_by_key(|fact| std::cmp::Reverse(fact.severity));
        self.facts.truncate(FACTS);
        artifact.facts = self.facts;
        let room = MEMBERS.saturating_sub(self.members.len());
        let surplus = (self.members.len() + self.inner.len()).saturating_sub(MEMBERS);
        self.members.truncate(MEMBERS);
        self.inner.truncate(room);
        self.members.append(&mut self.inner);
        artifact.content.members = self.members;
        artifact.content.unlisted_members =
            self.unlisted.saturating_add(u64::try_from(surplus).unwrap_or(u64::MAX));
    }
}

/// The SHA-256 of `HEX  PATH` lines, sorted by path; a path with a backslash or a line break is escaped as `sha256sum` does it.
fn digest_of_list(mut lines: Vec<(&String, Sha256Digest)>) -> Option<Sha256Digest> {
    lines.sort();
    let mut hash = Sha256::new();
    for (path, digest) in &lines {
        let odd = path.contains(['\\', '\n', '\r']);
        let escaped = path.replace('\\', r"\\").replace('\n', r"\n").replace('\r', r"\r");
        hash.update(format!("{}{digest}  {escaped}\n", if odd { "\\" } else { "" }));
    }
    (!lines.is_empty()).then(|| Sha256Digest::from_bytes(hash.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_bundle_is_that_of_the_list_that_sha256sum_prints() {
        let digest = |byte| Sha256Digest::from_bytes([byte; 32]);
        let (a, b) = ("a.bin".to_owned(), "b\\n.bin".to_owned());
        let list = format!("{}  a.bin\n\\{}  b\\\\n.bin\n", digest(1), digest(2));
        let expected = Sha256Digest::from_bytes(Sha256::digest(list).into());
        assert_eq!(digest_of_list(vec![(&b, digest(2)), (&a, digest(1))]), Some(expected));
        assert_eq!(digest_of_list(Vec::new()), None);
    }
}
