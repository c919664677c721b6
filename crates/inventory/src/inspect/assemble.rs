//! From looks at files to artefacts: what stores and cards say of them, what belongs together, what is held twice.

use std::{
    collections::{HashMap, HashSet},
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use artifact::{Inspection, rules::bundles as rules};
use catalog::Catalog;
use domain::{Artifact, Digest, DigestStatus, HostPath, Metadata, Sha256Digest, Unreadable, Verdict};

use super::{
    Inspected,
    bundles::{self, Entry, Group},
    collect::{Candidate, Found},
    config, fact,
    holdings::fold,
    look::Looked,
};
use crate::{
    files::{Held, plain_error},
    holdings::{Holdings, absorb, clean},
    stores,
};

mod bundle;
mod parts;

/// What is shown of what is in no model format.
const ARCHIVE: &str = "archive";
const IMAGE: &str = "container-image";
const TEXT: &str = "text";
const UNKNOWN: &str = "unknown";
const POINTER: &str = "lfs-pointer";

/// Extensions that other files have much more often than models: they announce nothing.
const ORDINARY: [&str; 9] = [".json", ".txt", ".xml", ".exe", ".dat", ".model", ".ts", ".index", ".params"];
/// What is said of programs, and of lists of packages that every program has.
const PROGRAMS: [&str; 8] = [
    "native-code",
    "script-beside-model",
    "code-beside-model",
    "code-runs-programs",
    "code-hides-code",
    "code-downloads",
    "package-from-elsewhere",
    "package-unprotected",
];

/// A file and what became of it.
#[derive(Clone, Copy)]
struct Piece<'p> {
    candidate: &'p Candidate,
    /// None when it was stopped before.
    answer: Option<&'p io::Result<Looked>>,
}

impl<'p> Piece<'p> {
    fn inspection(&self) -> Option<&'p Inspection> {
        match self.answer {
            Some(Ok(Looked::Inspected(inspection))) => Some(inspection),
            _ => None,
        }
    }
}

/// Everything that was found, on its way to artefacts.
pub(super) struct Assembly<'a> {
    catalog: &'a Catalog,
    found: &'a Found,
    stop: &'a AtomicBool,
    answers: Vec<Option<io::Result<Looked>>>,
    /// Files by their paths.
    by_path: HashMap<&'a Path, &'a Candidate>,
    /// What stores, cards and the files themselves say, by path.
    known: HashMap<PathBuf, Artifact>,
    spooled: Vec<Artifact>,
    unreadable: Vec<Unreadable>,
    others: u64,
    /// Files that were not looked into may be read for their digests.
    reads: bool,
}

impl<'a> Assembly<'a> {
    /// Of files that a scan found; what it does not know of them is not found out here.
    pub(super) fn of_scan(
        catalog: &'a Catalog,
        found: &'a Found,
        stop: &'a AtomicBool,
        answers: Vec<Option<io::Result<Looked>>>,
        known: HashMap<PathBuf, Artifact>,
    ) -> Self {
        let by_path = found.files.iter().map(|candidate| (candidate.path.as_path(), candidate)).collect();
        let (spooled, unreadable) = (Vec::new(), Vec::new());
        Self { catalog, found, stop, answers, by_path, known, spooled, unreadable, others: 0, reads: false }
    }

    pub(super) fn new(
        catalog: &'a Catalog,
        environment: &dyn Fn(&str) -> Option<OsString>,
        found: &'a Found,
        stop: &'a AtomicBool,
        answers: Vec<Option<io::Result<Looked>>>,
    ) -> Self {
        let by_path = found.files.iter().map(|candidate| (candidate.path.as_path(), candidate)).collect();
        let (spooled, unreadable) = (Vec::new(), Vec::new());
        let known = HashMap::new();
        let mut assembly = Self {
            catalog,
            found,
            stop,
            answers,
            by_path,
            known,
            spooled,
            unreadable,
            others: 0,
            reads: true,
        };
        assembly.known = assembly.what_is_known(environment);
        assembly
    }

    fn pieces(&self) -> Vec<Piece<'_>> {
        self.found.files.iter().map(|candidate| self.piece(candidate)).collect()
    }

    fn piece<'p>(&'p self, candidate: &'p Candidate) -> Piece<'p> {
        Piece { candidate, answer: self.answers.get(candidate.target).and_then(Option::as_ref) }
    }

    /// The file at a path, if it was found there.
    fn piece_at(&self, path: &Path) -> Option<Piece<'_>> {
        self.by_path.get(path).map(|candidate| self.piece(candidate))
    }

    /// What stores and cards say of each model file.
    fn what_is_known(&self, environment: &dyn Fn(&str) -> Option<OsString>) -> HashMap<PathBuf, Artifact> {
        let mut held = Vec::new();
        let mut links = Vec::new();
        for piece in self.pieces() {
            let Some(identified) = piece.inspection().and_then(|seen| seen.identified.clone()) else {
                continue;
            };
            let Candidate { path, real, identity, .. } = piece.candidate;
            if path != real {
                links.push(path.clone());
            }
            held.push(Held { path: real.clone(), identity: *identity, identified });
        }
        let mut holdings = Holdings::new(self.catalog, held);
        self.ask_stores(environment, &mut holdings);
        holdings.add_links(links);
        // A card that cannot be read says nothing; it is not what was asked for.
        let _ = holdings.read_cards(self.catalog);
        let mut known = HashMap::new();
        for artifact in holdings.artifacts(self.catalog) {
            for path in &artifact.paths {
                known.insert(platform::path::from_bytes(path.as_bytes()), artifact.clone());
            }
        }
        known
    }

    fn ask_stores(&self, environment: &dyn Fn(&str) -> Option<OsString>, holdings: &mut Holdings) {
        let paths: Vec<PathBuf> = holdings.paths().map(Path::to_path_buf).collect();
        let homes = platform::accounts::homes();
        let mut artifacts = paths.iter().map(PathBuf::as_path);
        let places = stores::find_roots(
            &self.catalog.stores,
            &homes,
            std::env::consts::OS,
            environment,
            &mut artifacts,
        );
        for place in places {
            let holds = |root: PathBuf| paths.iter().any(|path| path.starts_with(&root));
            if !place.root.canonicalize().is_ok_and(holds) {
                continue;
            }
            for claim in stores::read(&place).claims {
                holdings.claim(self.catalog, claim);
            }
        }
    }

    /// What came from somewhere else than a path.
    pub(super) fn add_spooled(&mut self, name: &str, answer: io::Result<(u64, Looked)>) {
        match answer {
            Ok((size, looked)) => {
                let mut artifact = Artifact {
                    metadata: Metadata::default(),
                    ..self.plain(HostPath::from(name), size, UNKNOWN)
                };
                match looked {
                    Looked::Inspected(inspection) => self.tell(&mut artifact, &inspection),
                    Looked::Pointer(pointer) => {
                        artifact.format = POINTER.to_owned();
                        artifact.verdict = Verdict::Unscannable;
                        artifact.facts.push(pointer.fact());
                    }
                }
                clean(&self.catalog.secrets, &mut artifact);
                self.spooled.push(artifact);
            }
            Err(error) => {
                self.unreadable.push(Unreadable { path: HostPath::from(name), error: plain_error(&error) });
            }
        }
    }

    /// Makes the artefacts.
    pub(super) fn finish(mut self, inspected: &mut Inspected) {
        let mut artifacts = Vec::new();
        let mut taken = HashSet::new();
        for group in self.groups() {
            taken.extend(group.members.iter().copied());
            artifacts.push(self.bundle(&group));
        }
        taken.extend(self.blobs_of(&taken));
        let mut singles = Vec::new();
        let mut unreadable = Vec::new();
        let mut others = 0;
        for (at, piece) in self.pieces().iter().enumerate().filter(|(at, _)| !taken.contains(at)) {
            debug_assert!(at < self.found.files.len());
            match piece.answer {
                Some(Ok(looked)) => match self.single(piece, looked) {
                    Some(artifact) => singles.push(artifact),
                    None => others += 1,
                },
                Some(Err(error)) => unreadable.push(Unreadable {
                    path: HostPath::from(piece.candidate.path.as_path()),
                    error: plain_error(error),
                }),
                None => {}
            }
        }
        unreadable.extend(self.links_left_alone(&artifacts));
        self.unreadable.append(&mut unreadable);
        self.others += others;
        artifacts.extend(together(singles));
        artifacts.append(&mut self.spooled);
        for artifact in &mut artifacts {
            for path in &mut artifact.paths {
                *path = self.shown(path);
            }
            if let Some(bundle) = &mut artifact.content.bundle {
                bundle.folder = self.shown(&bundle.folder);
            }
        }
        artifacts.sort_by(|a, b| a.paths.cmp(&b.paths));
        inspected.artifacts = artifacts;
        inspected.others = self.others;
        inspected.unreadable.append(&mut self.unreadable);
        for unreadable in &mut inspected.unreadable {
            unreadable.path = self.shown(&unreadable.path);
        }
    }

    /// Blobs of a cache that members of a model link to: the model accounts for them.
    fn blobs_of(&self, members: &HashSet<usize>) -> Vec<usize> {
        let files = self.found.files.iter().enumerate();
        let linked = files.clone().filter(|(at, one)| members.contains(at) && one.path != one.real);
        let linked: HashSet<&Path> = linked.map(|(_, one)| one.real.as_path()).collect();
        let is_blob = |one: &Candidate| one.path.parent().is_some_and(|folder| folder.ends_with("blobs"));
        let blobs =
            files.filter(|(_, one)| !one.named && is_blob(one) && linked.contains(one.path.as_path()));
        blobs.map(|(at, _)| at).collect()
    }

    fn shown(&self, path: &HostPath) -> HostPath {
        HostPath::from(self.found.shown(&platform::path::from_bytes(path.as_bytes())).as_path())
    }

    fn groups(&self) -> Vec<Group> {
        let pieces = self.pieces();
        let entries: Vec<_> = pieces
            .iter()
            .map(|piece| Entry {
                path: &piece.candidate.path,
                format: self.format(piece),
                parts: piece.inspection().map(|seen| seen.parts.as_slice()).unwrap_or_default(),
            })
            .collect();
        bundles::groups(&entries, &self.catalog.formats)
    }

    /// The format of a file; of a pointer, that of what it stands for.
    fn format(&self, piece: &Piece<'_>) -> Option<&str> {
        match piece.answer? {
            Ok(Looked::Inspected(inspection)) => Some(inspection.identified.as_ref()?.format.as_str()),
            Ok(Looked::Pointer(_)) | Err(_) => self.format_by_name(&piece.candidate.path),
        }
    }

    /// The format that the extension of a name announces, if it does.
    fn format_by_name(&self, path: &Path) -> Option<&str> {
        let extension = format!(".{}", path.extension()?.to_str()?.to_ascii_lowercase());
        if ORDINARY.contains(&extension.as_str()) {
            return None;
        }
        let format = self.catalog.formats.iter().find(|format| format.extensions.contains(&extension))?;
        Some(format.id.as_str())
    }

    /// A file by itself; none for one in a folder that is no model.
    fn single(&self, piece: &Piece<'_>, looked: &Looked) -> Option<Artifact> {
        let Candidate { path, real, identity, named, .. } = piece.candidate;
        let mut artifact = match looked {
            Looked::Pointer(pointer) => {
                if !named && self.format_by_name(path).is_none() {
                    return None;
                }
                let mut artifact = self.plain(HostPath::from(path.as_path()), identity.size, POINTER);
                artifact.verdict = Verdict::Unscannable;
                artifact.facts.push(pointer.fact());
                artifact
            }
            Looked::Inspected(inspection) => {
                if !named && !is_worth_telling(inspection) && !self.poses_as_a_model(path, inspection) {
                    return None;
                }
                let known = self.known.get(real).cloned();
                let mut artifact = known
                    .unwrap_or_else(|| self.plain(HostPath::from(path.as_path()), identity.size, UNKNOWN));
                self.tell(&mut artifact, inspection);
                self.say_of_parts(piece, &mut artifact);
                put_first(&mut artifact.paths, HostPath::from(path.as_path()));
                artifact
            }
        };
        clean(&self.catalog.secrets, &mut artifact);
        Some(artifact)
    }

    /// A program under the name of a model.
    fn poses_as_a_model(&self, path: &Path, inspection: &Inspection) -> bool {
        !inspection.is_unknown() && inspection.verdict > Verdict::Clean && self.format_by_name(path).is_some()
    }

    fn tell(&self, artifact: &mut Artifact, inspection: &Inspection) {
        if inspection.identified.is_none() {
            artifact.format = plain_format(inspection).to_owned();
        } else if artifact.format == UNKNOWN {
            crate::holdings::describe(self.catalog, artifact, inspection);
        }
        fold(artifact, inspection);
    }

    fn plain(&self, path: HostPath, size: u64, format: &str) -> Artifact {
        Artifact {
            paths: vec![path],
            size,
            format: format.to_owned(),
            digest: Digest::PENDING,
            store: None,
            origin: None,
            license: None,
            metadata: Metadata::default(),
            verdict: Verdict::NotScanned,
            facts: Vec::new(),
            content: domain::Content::default(),
        }
    }

    /// Links to models that lead out of what was named, and are part of no bundle that says so.
    fn links_left_alone(&self, bundles: &[Artifact]) -> Vec<Unreadable> {
        let in_bundle = |path: &Path| {
            let folders = bundles.iter().filter_map(|artifact| artifact.content.bundle.as_ref());
            let mut folders = folders.map(|bundle| platform::path::from_bytes(bundle.folder.as_bytes()));
            folders.any(|folder| path.parent().is_some_and(|parent| parent.starts_with(folder)))
        };
        let links = self.found.links_out.iter();
        links
            .filter(|path| self.format_by_name(path).is_some() && !in_bundle(path))
            .map(|path| Unreadable {
                path: HostPath::from(path.as_path()),
                error: "a link that leads out of the folder: name it to inspect it".to_owned(),
            })
            .collect()
    }
}

/// What to call what is in no model format.
fn plain_format(inspection: &Inspection) -> &'static str {
    let holds = |name: &str| inspection.members.iter().any(|member| member.path == name);
    // What `docker save` and `skopeo copy … oci-archive:` write.
    if holds("manifest.json") && (holds("repositories") || holds("oci-layout") || holds("index.json")) {
        IMAGE
    } else if !inspection.members.is_empty() {
        ARCHIVE
    } else if inspection.is_unknown() {
        UNKNOWN
    } else {
        TEXT
    }
}

/// Whether a file in a folder is one that somebody who asked about models wants to hear of.
fn is_worth_telling(inspection: &Inspection) -> bool {
    let holds_a_model = || inspection.members.iter().any(|member| member.format.is_some());
    // Programs and scripts are everywhere; beside a model they are members of it, and by themselves no model.
    let is_program = || {
        let program = |rule: &str| PROGRAMS.contains(&rule);
        inspection.members.is_empty() && inspection.facts.iter().all(|fact| program(&fact.rule))
    };
    let odd = || inspection.verdict > Verdict::Clean && !is_program();
    // Arrays of numbers are everywhere, and no model by themselves.
    let numbers = || {
        let format = inspection.identified.as_ref().map(|found| found.format);
        matches!(format, Some(artifact::Format::Npy)) && inspection.verdict <= Verdict::Clean
    };
    inspection.identified.is_some() && !numbers() || !inspection.is_unknown() && (holds_a_model() || odd())
}

fn put_first(paths: &mut Vec<HostPath>, path: HostPath) {
    paths.retain(|other| *other != path);
    paths.insert(0, path);
}

/// Files with the same bytes are one artefact at several paths.
fn together(singles: Vec<Artifact>) -> Vec<Artifact> {
    let mut by_digest: HashMap<(Sha256Digest, Option<Sha256Digest>, String), usize> = HashMap::new();
    let mut artifacts: Vec<Artifact> = Vec::new();
    for artifact in singles {
        let Digest { sha256, status, claimed } = artifact.digest;
        let computed = sha256.filter(|_| status == DigestStatus::Computed);
        let key = computed.map(|sha256| (sha256, claimed, artifact.format.clone()));
        let same = key.as_ref().and_then(|key| by_digest.get(key)).and_then(|at| artifacts.get_mut(*at));
        match same {
            Some(same) => {
                absorb(same, artifact);
                let mut seen = HashSet::new();
                same.paths.retain(|path| seen.insert(path.clone()));
            }
            None => {
                by_digest.extend(key.map(|key| (key, artifacts.len())));
                artifacts.push(artifact);
            }
        }
    }
    artifacts
}

/// What is wrong with a bundle that some of its files are not there.
fn missing(names: &[String]) -> Option<domain::Fact> {
    const TOLD: usize = 3;
    let told: Vec<_> = names.iter().take(TOLD).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(TOLD);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| fact(&rules::SHARD_MISSING, format!("not there: {}{rest}", told.join(", "))))
}
