//! Looking at processes: mapped and open files, libraries, names of variables, listeners. Collects, concludes nothing.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use catalog::Catalog;
use domain::{Gap, Role};
use platform::{
    network::Listener,
    process::{self, MappedFile, OpenFile, Process},
    read::{FileId, Identity, Window},
};

use super::invocation::Invocation;

/// Words of a command line that are tried as paths of models.
const NAMED_WORDS: usize = 64;
/// Packages beside an interpreter that are looked at.
const PACKAGES_BESIDE: usize = 20_000;
/// Shorter files hold no model that is worth mapping.
const SMALLEST_MODEL: u64 = 4096;

/// A model file that a process uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenModel {
    /// Its path as the process sees it.
    pub path: PathBuf,
    /// Which file it is.
    pub file: Option<FileId>,
    /// The catalogue id of its format, by content.
    pub format: &'static str,
    /// Mapped into memory, not only held open. A copying program holds a model open too.
    pub mapped: bool,
}

/// A process and what was seen of it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The process.
    pub process: Process,
    /// What it was told to run.
    pub invocation: Invocation,
    /// Tools of the catalogue whose package is installed beside the interpreter that runs its script.
    pub installed_beside: Vec<String>,
    /// Model files, by content.
    pub models: Vec<SeenModel>,
    /// Mapped files whose name is that of a library of the catalogue.
    pub libraries: Vec<PathBuf>,
    /// Files that it may write to and that lie where a tool of the catalogue keeps its own.
    pub written: Vec<PathBuf>,
    /// Names of its environment variables.
    pub variables: Vec<String>,
    /// Where it listens.
    pub listeners: Vec<SocketAddr>,
    /// Its loopback is ours.
    pub shares_network: bool,
}

impl Seen {
    /// A process of which nothing but its command line was seen yet.
    pub(super) fn of(process: Process) -> Self {
        Self {
            invocation: Invocation::of(&process),
            installed_beside: Vec::new(),
            models: Vec::new(),
            libraries: Vec::new(),
            written: Vec::new(),
            variables: Vec::new(),
            listeners: Vec::new(),
            shares_network: true,
            process,
        }
    }
}

/// What is remembered between processes, and what was refused.
#[derive(Debug, Default)]
pub(super) struct Looking {
    formats: HashMap<FileId, Option<&'static str>>,
    sockets: HashMap<Option<PathBuf>, Vec<Listener>>,
    /// Processes that did not let us look, for each capability.
    refused: BTreeMap<&'static str, usize>,
}

impl Looking {
    pub(super) fn at(&mut self, process: Process, catalog: &Catalog) -> Seen {
        let pid = process.pid;
        let mapped = self.allowed("process-maps", process::mapped_files(pid));
        let open = self.allowed("process-files", process::open_files(pid));
        let variables = self.allowed("process-environment", process::environment_names(pid));
        let mut seen = Seen::of(process);
        seen.installed_beside = installed_beside(catalog, &seen.invocation);
        seen.libraries = libraries(catalog, &mapped);
        seen.written = written(catalog, pid, &open);
        seen.variables = variables;
        self.models(&mut seen, &mapped, &open);
        let sockets = open.iter().filter_map(|file| match file {
            OpenFile::Socket(inode) => Some(*inode),
            OpenFile::Path { .. } => None,
        });
        let sockets: Vec<_> = sockets.collect();
        if !sockets.is_empty() {
            seen.listeners = self.listeners(pid, &sockets);
            seen.shares_network =
                platform::network::namespace_of(pid) == platform::network::namespace_of(std::process::id());
        }
        seen
    }

    /// What a process of another user refuses is counted; what ended meanwhile is not.
    fn allowed<T>(&mut self, capability: &'static str, result: io::Result<Vec<T>>) -> Vec<T> {
        match result {
            Ok(values) => values,
            Err(error) => {
                if error.kind() == io::ErrorKind::PermissionDenied {
                    *self.refused.entry(capability).or_default() += 1;
                }
                Vec::new()
            }
        }
    }

    /// Model files that the command line of a process names. Asked only of what has other evidence: a copying program names
    /// one too.
    pub(super) fn named_models(&mut self, seen: &Seen) -> Vec<SeenModel> {
        let directory = seen.process.directory.as_deref().unwrap_or(Path::new("/"));
        let words = seen
            .process
            .arguments
            .iter()
            .skip(1)
            .flat_map(|word| word.split('='))
            .filter(|word| !word.is_empty());
        let paths = words.take(NAMED_WORDS).map(|word| directory.join(word));
        let unseen = paths.filter(|path| !seen.models.iter().any(|model| model.path == *path));
        unseen
            .filter_map(|path| {
                let (file, identity) = process::open_of(seen.process.pid, &path).ok()?;
                let format = format_of(&file, &identity)?;
                Some(SeenModel { path, file: identity.file, format, mapped: false })
            })
            .collect()
    }

    fn models(&mut self, seen: &mut Seen, mapped: &[MappedFile], open: &[OpenFile]) {
        let pid = seen.process.pid;
        for file in mapped.iter().filter(|file| !is_library(&file.path)) {
            let format = match self.formats.get(&file.file) {
                Some(format) => *format,
                None => {
                    let format = process::open_mapped(pid, file)
                        .ok()
                        .and_then(|(file, identity)| format_of(&file, &identity));
                    self.formats.insert(file.file, format);
                    format
                }
            };
            if let Some(format) = format {
                let (path, file) = (file.path.clone(), Some(file.file));
                seen.models.push(SeenModel { path, file, format, mapped: true });
            }
        }
        for file in open {
            let OpenFile::Path { path, .. } = file else { continue };
            if is_kernels(path) || seen.models.iter().any(|model| model.path == *path) {
                continue;
            }
            let Ok((file, identity)) = process::open_of(pid, path) else { continue };
            let format = match identity.file.and_then(|id| self.formats.get(&id)) {
                Some(format) => *format,
                None => format_of(&file, &identity),
            };
            if let Some(id) = identity.file {
                self.formats.insert(id, format);
            }
            if let Some(format) = format {
                seen.models.push(SeenModel {
                    path: path.clone(),
                    file: identity.file,
                    format,
                    mapped: false,
                });
            }
        }
    }

    /// The addresses of those sockets of a process that listen, from the table of its network namespace.
    fn listeners(&mut self, pid: u32, sockets: &[u64]) -> Vec<SocketAddr> {
        let namespace = platform::network::namespace_of(pid);
        let table =
            self.sockets.entry(namespace).or_insert_with(|| platform::network::listeners_seen_by(pid));
        table
            .iter()
            .filter(|listener| sockets.contains(&listener.inode))
            .map(|listener| listener.address)
            .collect()
    }

    pub(super) fn gaps(&self) -> Vec<Gap> {
        let remedy = if super::needs_root() { "run as root" } else { "run with CAP_SYS_PTRACE" };
        let Some((capability, count)) = self.refused.iter().max_by_key(|(_, count)| **count) else {
            return Vec::new();
        };
        let processes = if *count == 1 { "process" } else { "processes" };
        let lost = format!("models, files and addresses of {count} {processes} of other users");
        vec![Gap { capability: (*capability).to_owned(), lost, remedy: remedy.to_owned() }]
    }
}

/// The tools that are installed where a console script of Python has its packages: `PREFIX/lib/python3.*/site-packages`
/// of `PREFIX/bin/SCRIPT`.
fn installed_beside(catalog: &Catalog, invocation: &Invocation) -> Vec<String> {
    let prefix = invocation.scripts.first().and_then(|script| {
        let folder = script.parent().filter(|folder| folder.ends_with("bin"))?;
        folder.parent()
    });
    let Some(prefix) = prefix else { return Vec::new() };
    let libraries = platform::read::entries(&prefix.join("lib"), 1000).unwrap_or_default();
    let pythons = libraries.iter().filter(|entry| entry.name.to_string_lossy().starts_with("python3"));
    let mut tools: Vec<_> = pythons
        .flat_map(|python| {
            let packages = prefix.join("lib").join(&python.name).join("site-packages");
            platform::read::entries(&packages, PACKAGES_BESIDE).unwrap_or_default()
        })
        .filter_map(|entry| {
            let name = entry.name.to_str()?.strip_suffix(".dist-info")?.split('-').next()?.to_owned();
            catalog.package("pypi", &name)?.tool.map(str::to_owned)
        })
        .collect();
    tools.sort();
    tools.dedup();
    tools
}

/// The format of a file that holds weights, by content.
fn format_of(file: &File, identity: &Identity) -> Option<&'static str> {
    if identity.size < SMALLEST_MODEL {
        return None;
    }
    let mut head = [0u8; artifact::HEAD];
    let length = platform::read::read_at(file, &mut head, 0).ok()?;
    if !artifact::plausible(head.get(..length)?, identity.size) {
        return None;
    }
    let found = artifact::identify(&mut Window::new(file, identity.size), identity.size).ok()??;
    (found.metadata.role != Some(Role::Data)).then(|| found.format.as_str())
}

/// Libraries are code: they are known by name, and never opened.
fn is_library(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    [".so", ".node", ".dylib", ".dll"].iter().any(|end| name.ends_with(end)) || name.contains(".so.")
}

fn is_kernels(path: &Path) -> bool {
    ["/dev", "/proc", "/sys"].iter().any(|root| path.starts_with(root))
}

fn libraries(catalog: &Catalog, mapped: &[MappedFile]) -> Vec<PathBuf> {
    let known = |name: &str| {
        catalog.libraries.iter().any(|library| library.matches(name))
            || catalog.tools.iter().any(|tool| tool.process.library(name).is_some())
    };
    let named = mapped.iter().filter(|file| {
        is_library(&file.path) && file.path.file_name().and_then(|name| name.to_str()).is_some_and(known)
    });
    named.map(|file| file.path.clone()).collect()
}

fn written(catalog: &Catalog, pid: u32, open: &[OpenFile]) -> Vec<PathBuf> {
    let marked = |path: &Path| {
        let text = path.to_string_lossy();
        catalog.tools.iter().any(|tool| tool.process.path(&text).is_some())
    };
    let files = open.iter().filter_map(|file| match file {
        OpenFile::Path { descriptor, path } => Some((*descriptor, path)),
        OpenFile::Socket(_) => None,
    });
    files
        .filter(|(_, path)| !is_kernels(path) && marked(path))
        .filter(|(descriptor, _)| process::opened_for_writing(pid, *descriptor))
        .map(|(_, path)| path.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_data_by_name() {
        assert!(is_library(Path::new("/x/libllama.so")) && is_library(Path::new("/x/libc.so.6")));
        assert!(!is_library(Path::new("/x/model.gguf")) && !is_library(Path::new("/x/blobs/sha256-ab")));
    }
}
