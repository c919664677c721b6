//! Agents and other AI tools that are installed: configuration, MCP servers, instruction files, packages.
//!
//! Reads what the catalogue names. Starts nothing: an MCP server is known by what its configuration says.

mod document;
mod launcher;
mod mcp;
mod merge;
mod plain_json;
mod plain_secret;
mod select;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use catalog::{Catalog, Secrets, Tool, ToolKind};
use domain::{
    Agent, Confidence, Evidence, EvidenceFamily, HostPath, McpServer, Package, Program, Runtime, confidence,
};
use platform::read::EntryKind;

pub use merge::{merge, merge_runtimes};

use crate::files::{Found, PackageFolder, plain_error};

/// Instruction files listed per agent.
const LISTED_INSTRUCTIONS: usize = 100;
/// Names of a folder of configurations that are looked at.
const LISTED_CONFIGS: usize = 1000;
/// Where programs lie that a person installed, below a home and in the system.
const HOME_PROGRAMS: [&str; 6] = [".local/bin", "bin", "go/bin", ".cargo/bin", ".npm-global/bin", ".bun/bin"];
const SYSTEM_PROGRAMS: [&str; 5] =
    ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/snap/bin", "/usr/local/sbin"];

/// What is installed.
#[derive(Debug, Default)]
pub struct Installed {
    /// Agents with what configures them.
    pub agents: Vec<Agent>,
    /// Runtimes and apps that are installed and do not run.
    pub runtimes: Vec<Runtime>,
    /// AI packages.
    pub packages: Vec<Package>,
    /// Configuration that could not be understood: the file and why.
    pub problems: Vec<(PathBuf, String)>,
}

/// Everything that speaks for one tool of one account.
#[derive(Debug, Default)]
struct Traces {
    /// What says that the tool is there.
    evidence: Vec<Evidence>,
    /// What says only that someone who works on a project uses it: it came with the project.
    of_projects: Vec<Evidence>,
    exe: Option<PathBuf>,
    configs: Vec<PathBuf>,
    servers: Vec<McpServer>,
    instructions: Vec<PathBuf>,
}

/// A tool of an account; the account may be unknown.
type Owner = (String, Option<String>);

/// Looks at homes, system folders and what the walk came across.
pub fn find(catalog: &Catalog, homes: &[PathBuf], found: &Found) -> Installed {
    find_on(Path::new("/"), catalog, homes, found)
}

/// As [`find`], on a device whose files begin at `device`.
fn find_on(device: &Path, catalog: &Catalog, homes: &[PathBuf], found: &Found) -> Installed {
    let mut installed = Installed { packages: packages(catalog, &found.packages), ..Installed::default() };
    let mut traces: BTreeMap<Owner, Traces> = BTreeMap::new();
    for home in homes {
        let user = platform::read::owner(home);
        for tool in installable(catalog) {
            home_traces(
                tool,
                catalog,
                home,
                traces.entry((tool.id.clone(), user.clone())).or_default(),
                &mut installed.problems,
            );
        }
    }
    for tool in installable(catalog) {
        let of = traces.entry((tool.id.clone(), None)).or_default();
        let programs = SYSTEM_PROGRAMS.iter().map(|folder| on_device(device, folder));
        program(tool, programs, of);
        device_traces(tool, catalog, device, of, &mut installed.problems);
    }
    package_traces(&installed.packages, &mut traces);
    project_traces(catalog, found, &mut traces, &mut installed.problems);
    traces.retain(|_, traces| !traces.evidence.is_empty() || !traces.of_projects.is_empty());
    let without_account = traces.keys().filter(|owner| owner.1.is_none()).cloned().collect::<Vec<_>>();
    for owner in without_account {
        give_to_account(&owner, &mut traces);
    }
    for ((tool, user), traces) in traces {
        record(catalog, tool, user, traces, &mut installed);
    }
    installed
}

fn installable(catalog: &Catalog) -> impl Iterator<Item = &Tool> {
    catalog.tools.iter().filter(|tool| tool.kind != ToolKind::Framework)
}

fn piece(family: EvidenceFamily, detail: String) -> Evidence {
    Evidence { family, detail }
}

fn home_traces(
    tool: &Tool,
    catalog: &Catalog,
    home: &Path,
    traces: &mut Traces,
    problems: &mut Vec<(PathBuf, String)>,
) {
    for below in tool.config.homes.on(std::env::consts::OS).filter_map(below_home) {
        let path = home.join(below);
        if platform::read::kind_below(home, below).is_ok() {
            let shown = HostPath::from(path.as_path());
            traces.evidence.push(piece(EvidenceFamily::Store, format!("{shown} exists")));
            traces.configs.push(path);
        }
    }
    for config in &tool.config.mcp {
        let Some(below) = config.path.strip_prefix("~/") else { continue };
        for below in places(home, below, problems) {
            let path = home.join(&below);
            let file = platform::read::open_below(home, &below);
            let config = mcp::Config { path: &path, file, format: config.format, key: &config.key };
            configuration(&catalog.secrets, config, traces, problems);
        }
    }
    let there = |folder: &&&str| {
        let folder = platform::read::kind_below(home, Path::new(folder));
        folder.is_ok_and(|kind| kind == EntryKind::Directory)
    };
    program(tool, HOME_PROGRAMS.iter().filter(there).map(|folder| home.join(folder)), traces);
}

/// What is configured for every account of the device.
fn device_traces(
    tool: &Tool,
    catalog: &Catalog,
    device: &Path,
    traces: &mut Traces,
    problems: &mut Vec<(PathBuf, String)>,
) {
    for config in tool.config.mcp.iter().filter(|config| cfg!(unix) && config.path.starts_with('/')) {
        let path = on_device(device, &config.path);
        let file = platform::read::open(&path);
        let config = mcp::Config { path: &path, file, format: config.format, key: &config.key };
        configuration(&catalog.secrets, config, traces, problems);
    }
}

fn on_device(device: &Path, path: &str) -> PathBuf {
    device.join(path.trim_start_matches('/'))
}

/// Adds what a configuration of a tool says.
fn configuration(
    secrets: &Secrets,
    config: mcp::Config<'_>,
    traces: &mut Traces,
    problems: &mut Vec<(PathBuf, String)>,
) {
    let path = config.path.to_path_buf();
    match mcp::read(secrets, config) {
        Ok(Some(servers)) => {
            traces.evidence.push(configures(&path));
            traces.servers.extend(servers);
            traces.configs.push(path);
        }
        Ok(None) => {}
        Err(problem) => problems.push((path, problem)),
    }
}

fn configures(path: &Path) -> Evidence {
    piece(EvidenceFamily::Store, format!("{} configures it", HostPath::from(path)))
}

/// A path of the catalogue below a home: `~` stands for it; environment variables of other accounts are not known.
fn below_home(path: &str) -> Option<&Path> {
    path.strip_prefix("~/").map(Path::new)
}

/// The paths below a home that a path of the catalogue means: a `*` in its last component stands for any characters.
fn places(home: &Path, below: &str, problems: &mut Vec<(PathBuf, String)>) -> Vec<PathBuf> {
    let (folder, pattern) = match below.rsplit_once('/') {
        Some((folder, pattern)) if pattern.contains('*') => (Path::new(folder), pattern),
        _ => return vec![PathBuf::from(below)],
    };
    let names = match platform::read::entries_below(home, folder, LISTED_CONFIGS) {
        Ok(names) => names,
        Err(error) => {
            if !mcp::is_absent(&error) {
                problems.push((home.join(folder), plain_error(&error)));
            }
            return Vec::new();
        }
    };
    let matching = names
        .into_iter()
        .filter(|entry| entry.name.to_str().is_some_and(|name| catalog::pattern::glob_match(pattern, name)));
    matching.map(|entry| folder.join(entry.name)).collect()
}

/// A program file with the tool's name, in folders where people install programs.
fn program(tool: &Tool, folders: impl Iterator<Item = PathBuf>, traces: &mut Traces) {
    for folder in folders {
        for name in tool.process.names.iter().filter(|name| !name.contains('*')) {
            let path = folder.join(name);
            if platform::read::kind(&path).is_ok_and(|kind| kind != EntryKind::Directory) {
                let shown = HostPath::from(path.as_path());
                traces.evidence.push(piece(EvidenceFamily::Name, format!("the program {shown}")));
                traces.exe.get_or_insert(path);
            }
        }
    }
}

/// Packages of the catalogue, with the version that their folder or their manifest tells.
fn packages(catalog: &Catalog, folders: &[PackageFolder]) -> Vec<Package> {
    let mut packages: Vec<_> = folders
        .iter()
        .map(|folder| Package {
            ecosystem: folder.ecosystem.to_owned(),
            name: folder.name.clone(),
            version: folder.version.clone().or_else(|| manifest_version(&folder.path)),
            tool: catalog
                .package(folder.ecosystem, &folder.name)
                .and_then(|known| known.tool)
                .map(str::to_owned),
            path: HostPath::from(folder.path.as_path()),
        })
        .collect();
    packages.sort();
    packages.dedup();
    packages
}

/// `version` of `package.json`.
fn manifest_version(folder: &Path) -> Option<String> {
    let bytes = platform::read::whole(&folder.join("package.json"), 1 << 20).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    let version = manifest.get("version")?.as_str()?;
    (version.len() <= 64).then(|| version.to_owned())
}

/// A package that installs a tool says that the tool is there.
fn package_traces(packages: &[Package], traces: &mut BTreeMap<Owner, Traces>) {
    for package in packages {
        let Some(tool) = &package.tool else { continue };
        let path = platform::path::from_host(&package.path);
        let user = platform::read::owner(&path);
        let version = package.version.as_deref().unwrap_or("of unknown version");
        let detail = format!("{} package {} {version} in {}", package.ecosystem, package.name, package.path);
        traces.entry((tool.clone(), user)).or_default().evidence.push(piece(EvidenceFamily::Store, detail));
    }
}

/// Files of projects: MCP configurations and instructions belong to the tools that read them.
fn project_traces(
    catalog: &Catalog,
    found: &Found,
    traces: &mut BTreeMap<Owner, Traces>,
    problems: &mut Vec<(PathBuf, String)>,
) {
    for path in &found.configs {
        for tool in &catalog.tools {
            let configs = tool.config.project_mcp.iter().filter(|config| path.ends_with(&config.name));
            for config in configs {
                let file = platform::read::open(path);
                let config = mcp::Config { path, file, format: config.format, key: &config.key };
                match mcp::read(&catalog.secrets, config) {
                    Ok(Some(servers)) => {
                        let of = traces.entry((tool.id.clone(), platform::read::owner(path))).or_default();
                        of.of_projects.push(configures(path));
                        of.servers.extend(servers);
                        of.configs.push(path.clone());
                    }
                    Ok(None) => {}
                    Err(problem) => problems.push((path.clone(), problem)),
                }
            }
        }
    }
    for path in &found.instructions {
        let owner = platform::read::owner(path);
        for tool in &catalog.tools {
            if !tool.config.instructions.iter().any(|name| path.ends_with(name)) {
                continue;
            }
            // Several tools read the same names, so such a file alone says nothing about who is installed.
            if let Some(of) = traces.get_mut(&(tool.id.clone(), owner.clone()))
                && of.instructions.len() < LISTED_INSTRUCTIONS
            {
                of.instructions.push(path.clone());
            }
        }
    }
}

/// What a system folder says of a tool goes to the accounts that use it, if there are any.
fn give_to_account(owner: &Owner, traces: &mut BTreeMap<Owner, Traces>) {
    let users: Vec<_> =
        traces.keys().filter(|(tool, user)| *tool == owner.0 && user.is_some()).cloned().collect();
    if users.is_empty() {
        return;
    }
    let Some(system) = traces.remove(owner) else { return };
    for user in users {
        if let Some(of) = traces.get_mut(&user) {
            of.evidence.extend(system.evidence.iter().cloned());
            of.exe = of.exe.take().or_else(|| system.exe.clone());
            of.servers.extend(system.servers.iter().cloned());
            of.configs.extend(system.configs.iter().cloned());
        }
    }
}

fn record(
    catalog: &Catalog,
    tool: String,
    user: Option<String>,
    mut traces: Traces,
    installed: &mut Installed,
) {
    // A project brings its files along wherever it is copied, so they are listed and make nobody surer.
    let sure = confidence(&traces.evidence).unwrap_or(Confidence::Possible);
    traces.evidence.append(&mut traces.of_projects);
    traces.evidence.sort();
    traces.evidence.dedup();
    traces.configs.sort();
    traces.configs.dedup();
    traces.servers.sort_by(|a, b| (&a.config, &a.name).cmp(&(&b.config, &b.name)));
    traces.servers.dedup();
    let hosts = |paths: &[PathBuf]| paths.iter().map(|path| HostPath::from(path.as_path())).collect();
    let is_agent = catalog.tool(&tool).is_some_and(|tool| tool.kind == ToolKind::Agent);
    let exe = traces.exe.as_deref().map(HostPath::from);
    let program = Program { exe, ..Program::installed(Some(tool), user, traces.evidence, sure) };
    if is_agent || !traces.servers.is_empty() {
        installed.agents.push(Agent {
            program,
            risk_flags: Vec::new(),
            configs: hosts(&traces.configs),
            instructions: hosts(&traces.instructions),
            mcp_servers: traces.servers,
        });
    } else {
        installed.runtimes.push(program);
    }
}

#[cfg(test)]
mod tests;

#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz(secrets: &Secrets, bytes: &[u8]) {
    mcp::fuzz(secrets, bytes);
    let words: Vec<_> = String::from_utf8_lossy(bytes).split('\n').map(str::to_owned).collect();
    launcher::fetched(&words);
}
