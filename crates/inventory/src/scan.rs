//! One scan of a device, from the roots to everything that was found. What it means is for `assess` to say.

use std::{
    collections::HashSet,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{
        PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use catalog::Catalog;
use domain::{Accelerator, Agent, Artifact, Coverage, Gap, HostPath, Package, Runtime, Unreadable};
use platform::{
    capabilities::{self, Support},
    data::DataDirectory,
    walk::{self, Progress},
};

use crate::{
    agents,
    files::{self, Found, SoFar},
    holdings::{Hashed, Holdings, Seen},
    inspect::{Depth, Looker},
    memory::Memory,
    programs,
    stores::{self, Problem},
};

/// Folders outside homes where people put models.
const SHARED_ROOTS: [&str; 2] = ["/opt", "/srv"];
/// Folders whose Python versions have packages for every account; in each of them, folders with these names.
const PYTHON_PARENTS: [&str; 3] = ["/usr/lib", "/usr/local/lib", "/usr/lib64"];
const PYTHON_PACKAGES: [&str; 2] = ["dist-packages", "site-packages"];
/// Node's packages for every account.
const NODE_PACKAGES: [&str; 2] = ["/usr/lib/node_modules", "/usr/local/lib/node_modules"];
/// `PATH_MAX` of Linux; other systems have less.
const LONGEST_PATH: usize = 4096;
/// How many names a folder of libraries may have.
const LARGEST_PARENT: usize = 100_000;
/// How long to watch accelerators whose load is a difference between two readings.
const MEASURE: Duration = Duration::from_millis(200);

/// What to scan and how.
pub struct Request<'a> {
    /// Where to look; empty for homes, stores and shared folders.
    pub roots: Vec<PathBuf>,
    /// Compute the digest of every artefact.
    pub hash: bool,
    /// Look into every model that is found.
    pub inspect: Option<Depth>,
    /// Look at running programs and accelerators.
    pub processes: bool,
    /// Where earlier scans are remembered.
    pub remember: Remember<'a>,
    /// Looks up a variable of the environment.
    pub environment: &'a dyn Fn(&str) -> Option<OsString>,
}

/// Where earlier scans are remembered.
#[derive(Debug, Clone, Copy)]
pub enum Remember<'a> {
    /// Nowhere.
    No,
    /// In a data directory that this process owns.
    Own(&'a DataDirectory),
    /// In a data directory that another process owns: what it remembers is used, and nothing is written.
    ReadOnly(&'a Path),
}

impl<'a> Remember<'a> {
    /// The data directory; an empty path when there is none.
    pub(crate) fn path(self) -> &'a Path {
        match self {
            Self::No => Path::new(""),
            Self::Own(directory) => directory.path(),
            Self::ReadOnly(path) => path,
        }
    }
}

/// Numbers of a scan while it runs.
#[derive(Debug, Default)]
pub struct Watch {
    /// The walk.
    pub walk: Progress,
    /// Bytes read to digest and inspect models.
    pub hashed: AtomicU64,
    /// What it does now: an index into [`STAGES`].
    pub stage: std::sync::atomic::AtomicUsize,
    /// What was found so far, for [`so_far`]; kept only where somebody wants to know.
    pub so_far: Option<SoFar>,
}

/// The stages of a scan, in order.
pub const STAGES: [&str; 5] = ["files", "stores", "inspection", "digests", "programs"];

/// What a scan found.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// It was not interrupted.
    pub complete: bool,
    /// How far it reached.
    pub coverage: Coverage,
    /// Models.
    pub artifacts: Vec<Artifact>,
    /// Runtimes.
    pub runtimes: Vec<Runtime>,
    /// Agents.
    pub agents: Vec<Agent>,
    /// AI packages.
    pub packages: Vec<Package>,
    /// GPUs and NPUs.
    pub accelerators: Vec<Accelerator>,
    /// What whoever runs the scan should know about the scan itself.
    pub notes: Vec<String>,
    /// The files of the models, and what is known of each.
    pub files: Holdings,
}

/// Scans.
pub fn scan(catalog: &Catalog, request: &Request<'_>, stop: &AtomicBool, watch: &Watch) -> Scan {
    let mut scan = Scan::default();
    let mut homes = homes(request);
    let roots = roots(catalog, request, &homes);
    let memory = remember(request.remember, &roots, &mut scan.notes).with_verdicts(request.remember.path());
    let named = !request.roots.is_empty();
    let (mut found, roots, skipped) =
        files::find(catalog, &memory, (&roots, named), stop, (&watch.walk, watch.so_far.as_ref()));
    homes.retain(|home| !lies_in(home, &skipped));
    let settled = std::mem::take(&mut found.settled);

    watch.stage.store(1, Ordering::Relaxed);
    let mut holdings = Holdings::new(catalog, std::mem::take(&mut found.held));
    read_stores(catalog, request, &homes, &roots, &mut holdings, &mut found);
    holdings.add_links(std::mem::take(&mut found.links));
    add_problems(&mut found, holdings.read_cards(catalog).into_iter().map(Problem::into_pair));
    holdings.group(catalog, &roots);
    let mut installed = agents::find(catalog, &homes, &found);
    add_problems(&mut found, std::mem::take(&mut installed.problems));

    watch.stage.store(2, Ordering::Relaxed);
    holdings.recall(&memory);
    let mut seen = Seen::default();
    if let Some(depth) = request.inspect {
        let looker = Looker { catalog, memory: &memory, depth, stop, read: &watch.hashed };
        seen = holdings.inspect(&looker);
        add_problems(&mut found, std::mem::take(&mut seen.failed));
    }
    watch.stage.store(3, Ordering::Relaxed);
    let mut digests = std::mem::take(&mut seen.digests);
    let hashed = hash(&mut holdings, request, &memory, stop, watch);
    seen.complete(&hashed.digests);
    digests.extend(hashed.digests);
    add_problems(&mut found, hashed.failed);
    scan.complete = !stop.load(Ordering::Relaxed);
    // What an interrupted scan did not reach must not be forgotten.
    if let Remember::Own(directory) = request.remember
        && scan.complete
        && let Err(error) =
            memory.save(directory, &settled, &digests).and_then(|()| memory.save_seen(directory, &seen.said))
    {
        scan.notes.push(format!("the next scan starts afresh: {error}"));
    }

    watch.stage.store(4, Ordering::Relaxed);
    let mut gaps = gaps(request);
    let mut running = programs::Programs::default();
    if request.processes && scan.complete {
        running = programs::find(catalog, &holdings.digests(), stop);
        gaps.append(&mut running.gaps);
        scan.accelerators = platform::accelerator::accelerators(MEASURE);
        scan.complete = !stop.load(Ordering::Relaxed);
    }
    scan.runtimes = agents::merge_runtimes(running.runtimes, installed.runtimes);
    scan.agents = agents::merge(running.agents, installed.agents);
    scan.packages = installed.packages;
    scan.artifacts = holdings.artifacts(catalog);
    let programs = scan.agents.iter_mut().map(|agent| &mut agent.program).chain(&mut scan.runtimes);
    programs.for_each(|program| holdings.loaded(&scan.artifacts, &mut program.models));
    scan.coverage = coverage(watch, found, &roots, &skipped, gaps);
    scan.coverage.model_bytes = holdings.bytes();
    scan.files = holdings;
    scan
}

/// What a scan that still runs found so far: models, as far as their files were met. Nothing may be concluded from what is not in it.
pub fn so_far(catalog: &Catalog, request: &Request<'_>, watch: &Watch) -> Scan {
    let homes = homes(request);
    let roots: Vec<_> =
        roots(catalog, request, &homes).iter().filter_map(|root| root.canonicalize().ok()).collect();
    let met = watch.so_far.as_ref();
    let mut held =
        met.map(|met| met.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default();
    held.sort_by(|a, b| a.path.cmp(&b.path));
    let mut found = Found::default();
    let mut holdings = Holdings::new(catalog, held);
    read_stores(catalog, request, &homes, &roots, &mut holdings, &mut found);
    // A card that cannot be read is told at the end.
    let _ = holdings.read_cards(catalog);
    holdings.group(catalog, &roots);
    holdings.recall(&Memory::none());
    let artifacts = holdings.artifacts(catalog);
    let mut coverage = coverage(watch, Found::default(), &roots, &[], Vec::new());
    coverage.model_bytes = holdings.bytes();
    Scan { complete: false, artifacts, coverage, ..Scan::default() }
}

/// Computes the digests that are missing: all of them if that was asked for, else only what costs next to nothing.
fn hash(
    holdings: &mut Holdings,
    request: &Request<'_>,
    memory: &Memory,
    stop: &AtomicBool,
    watch: &Watch,
) -> Hashed {
    let all = request.hash || request.inspect == Some(Depth::Full);
    let mut hashed = Hashed::default();
    if request.hash {
        hashed = holdings.hash(memory, stop, &watch.hashed);
    }
    let beside = holdings.hash_beside(all, memory, stop, &watch.hashed);
    hashed.digests.extend(beside.digests);
    hashed.failed.extend(beside.failed);
    hashed
}

/// The homes whose configuration is read: those of the accounts, or, where roots are named, the roots themselves and the homes
/// in them.
fn homes(request: &Request<'_>) -> Vec<PathBuf> {
    let accounts = platform::accounts::homes();
    if request.roots.is_empty() {
        return accounts;
    }
    let roots: Vec<_> = request.roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
    let inside = accounts.into_iter().filter(|home| roots.iter().any(|root| home.starts_with(root)));
    let mut homes: Vec<_> = roots.iter().cloned().chain(inside).collect();
    homes.sort();
    homes.dedup();
    homes
}

fn roots(catalog: &Catalog, request: &Request<'_>, homes: &[PathBuf]) -> Vec<PathBuf> {
    if !request.roots.is_empty() {
        return request.roots.clone();
    }
    let places = stores::default_roots(&catalog.stores, homes, std::env::consts::OS, request.environment);
    let shared = SHARED_ROOTS.iter().map(PathBuf::from);
    let all = homes.iter().cloned().chain(places).chain(shared).chain(package_folders());
    all.filter(|path| walk::is_worth_a_look(path)).collect()
}

/// The folders of packages that every account can use. They are small: names of folders tell what is installed.
fn package_folders() -> Vec<PathBuf> {
    let versions = PYTHON_PARENTS.iter().flat_map(|parent| {
        let entries = platform::read::entries(Path::new(parent), LARGEST_PARENT).unwrap_or_default();
        let named = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b"python3");
        entries
            .into_iter()
            .filter(move |entry| named(&entry.name))
            .map(|entry| Path::new(parent).join(entry.name))
    });
    let python = versions.flat_map(|version| PYTHON_PACKAGES.map(|folder| version.join(folder)));
    python.chain(NODE_PACKAGES.map(PathBuf::from)).collect()
}

/// Whether a path, resolved, lies in one of these folders.
fn lies_in(path: &Path, folders: &[PathBuf]) -> bool {
    !folders.is_empty()
        && path.canonicalize().is_ok_and(|path| folders.iter().any(|folder| path.starts_with(folder)))
}

/// The memory of earlier scans. Without it a scan only takes longer.
pub(crate) fn remember(remember: Remember<'_>, roots: &[PathBuf], notes: &mut Vec<String>) -> Memory {
    let revision = catalog::revision() ^ u64::from(artifact::IDENTIFICATION_REVISION).rotate_left(32);
    let now = platform::clock::now().as_second();
    match remember {
        Remember::No => Memory::none(),
        Remember::ReadOnly(path) => Memory::read(path, roots, revision, now),
        Remember::Own(directory) => Memory::load(directory, roots, revision, now).unwrap_or_else(|error| {
            notes.push(format!("earlier scans are not remembered: {error}"));
            Memory::none()
        }),
    }
}

fn read_stores(
    catalog: &Catalog,
    request: &Request<'_>,
    homes: &[PathBuf],
    roots: &[PathBuf],
    holdings: &mut Holdings,
    found: &mut Found,
) {
    // A longer path cannot be opened by name, so no store stands around it; looking would cost the square of its depth.
    let short = |path: &&Path| path.as_os_str().len() < LONGEST_PATH;
    let paths: Vec<_> = holdings.paths().filter(short).map(Path::to_path_buf).collect();
    let nothing = |_: &str| None;
    // Where roots are named, variables of this process say nothing about them.
    let environment: &dyn Fn(&str) -> Option<OsString> =
        if request.roots.is_empty() { request.environment } else { &nothing };
    let mut artifacts = paths.iter().map(PathBuf::as_path);
    let places =
        stores::find_roots(&catalog.stores, homes, std::env::consts::OS, environment, &mut artifacts);
    for place in places {
        let inside =
            place.root.canonicalize().is_ok_and(|place| roots.iter().any(|root| place.starts_with(root)));
        if !inside {
            continue;
        }
        let reading = stores::read(&place);
        add_problems(found, reading.problems.into_iter().map(Problem::into_pair));
        for claim in reading.claims {
            holdings.claim(catalog, claim);
        }
    }
}

/// Several readers may stumble over one path: the walk, two stores, two tools' configurations. It is told and counted once.
fn add_problems(found: &mut Found, problems: impl IntoIterator<Item = (PathBuf, String)>) {
    let mut known: HashSet<_> = found.unreadable.iter().map(|unreadable| unreadable.path.clone()).collect();
    for (path, error) in problems {
        let path = HostPath::from(path.as_path());
        if known.insert(path.clone()) {
            found.unreadable_total += 1;
            found.unreadable.push(Unreadable { path, error });
        }
    }
}

/// What this system and these rights do not show. Only what is tested counts as sight.
fn gaps(request: &Request<'_>) -> Vec<Gap> {
    let mut gaps: Vec<_> = capabilities::ALL
        .iter()
        .filter(|capability| capability.here() != Support::Tested)
        .map(|capability| Gap {
            capability: capability.id.to_owned(),
            lost: capability.without.to_owned(),
            remedy: format!("{} on this operating system", capability.here()),
        })
        .collect();
    if request.roots.is_empty() && !platform::accounts::is_privileged() {
        gaps.push(Gap {
            capability: "accounts".to_owned(),
            lost: "models and agents in other people's homes".to_owned(),
            remedy: "run as root".to_owned(),
        });
    }
    gaps
}

fn coverage(watch: &Watch, found: Found, roots: &[PathBuf], skipped: &[PathBuf], gaps: Vec<Gap>) -> Coverage {
    let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let host = |paths: &[PathBuf]| paths.iter().map(|path| HostPath::from(path.as_path())).collect();
    let walk = &watch.walk;
    Coverage {
        roots: host(roots),
        files: number(&walk.files),
        directories: number(&walk.directories),
        bytes_read: number(&walk.bytes) + number(&watch.hashed),
        unchanged: found.unchanged,
        empty: number(&walk.empty),
        special: number(&walk.special),
        links: number(&walk.links),
        changed: number(&walk.changed),
        model_bytes: 0,
        unreadable_total: found.unreadable_total,
        unreadable: found.unreadable,
        skipped_mounts: host(skipped),
        gaps,
    }
}
