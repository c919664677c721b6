//! Explaining one process by the catalogue. Pure but for the question to its listeners, which a trait asks.

use std::path::Path;

use catalog::{Catalog, HttpFingerprint, Tool, ToolKind};
use domain::{Evidence, EvidenceFamily, confidence};

use super::observe::{Seen, SeenModel};

/// What a process was found to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity<'c> {
    /// The catalogue id of the tool; `None` for a runtime that no entry explains.
    pub tool: Option<&'c str>,
    /// What speaks for it; empty for an ordinary process.
    pub evidence: Vec<Evidence>,
}

/// Asks a listener a question.
pub(super) trait Ask {
    /// The address whose answer is as the fingerprint says.
    fn answers(&self, seen: &Seen, fingerprint: &HttpFingerprint) -> bool;
}

/// What a process is, if it is anything to us.
pub(super) fn identify<'c>(catalog: &'c Catalog, seen: &Seen, ask: &impl Ask) -> Identity<'c> {
    let inference = inference(catalog, seen);
    let best = catalog
        .tools
        .iter()
        .filter(|tool| tool.kind != ToolKind::Framework)
        .filter_map(|tool| {
            let own = marks(tool, seen);
            let counts = own
                .iter()
                .any(|piece| !matches!(piece.family, EvidenceFamily::Environment | EvidenceFamily::Port));
            counts.then_some((tool, own))
        })
        .max_by_key(|(tool, own)| rank(tool, own));
    let mut found = match best {
        Some((tool, own)) => {
            let evidence = own.into_iter().chain(inference).collect();
            Identity { tool: Some(&tool.id), evidence }
        }
        None => Identity { tool: None, evidence: inference },
    };
    if found.evidence.is_empty() {
        return found;
    }
    found.evidence.extend(held_open(seen));
    ask_listeners(catalog, seen, ask, &mut found);
    found.evidence.sort();
    found.evidence.dedup();
    found
}

fn piece(family: EvidenceFamily, detail: impl Into<String>) -> Evidence {
    Evidence { family, detail: detail.into() }
}

/// What says that a process runs inference, whatever it is called.
fn inference(catalog: &Catalog, seen: &Seen) -> Vec<Evidence> {
    let models = seen.models.iter().filter(|model| model.mapped).map(|model| {
        piece(EvidenceFamily::MappedModel, format!("{} ({}) is mapped", shown(&model.path), model.format))
    });
    let libraries = seen.libraries.iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?;
        let library = catalog.libraries.iter().find(|library| library.inference && library.matches(name))?;
        Some(piece(EvidenceFamily::MappedLibrary, format!("{name} of {} is mapped", library.name)))
    });
    models.chain(libraries).collect()
}

/// A model that is only held open, or a file of the tool that is written to: programs that copy or inherit do that too.
fn held_open(seen: &Seen) -> impl Iterator<Item = Evidence> {
    let open = seen.models.iter().filter(|model| !model.mapped);
    open.map(|model| {
        piece(EvidenceFamily::OpenFile, format!("{} ({}) is held open", shown(&model.path), model.format))
    })
}

/// Models that the command line names.
pub(super) fn named(models: &[SeenModel]) -> impl Iterator<Item = Evidence> {
    models.iter().map(|model| {
        piece(
            EvidenceFamily::Argument,
            format!("the command line names {} ({})", shown(&model.path), model.format),
        )
    })
}

/// What speaks for one tool.
fn marks(tool: &Tool, seen: &Seen) -> Vec<Evidence> {
    let marks = &tool.process;
    let process = &seen.process;
    let mut found = Vec::new();
    for path in &seen.libraries {
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && marks.library(name).is_some()
        {
            found.push(piece(
                EvidenceFamily::MappedLibrary,
                format!("{name} is mapped, which only {} has", tool.name),
            ));
        }
    }
    let scripts = seen.invocation.scripts.iter().map(|script| (script.as_path(), "the script"));
    let places = process.exe.as_deref().map(|exe| (exe, "the program")).into_iter().chain(scripts);
    let marked = |path: &Path| marks.path(&path.to_string_lossy()).map(str::to_owned);
    if let Some((path, what, mark)) =
        places.into_iter().find_map(|(path, what)| Some((path, what, marked(path)?)))
    {
        found.push(piece(EvidenceFamily::Store, format!("{what} {} lies under {mark}", shown(path))));
    }
    if let Some((path, mark)) = seen.written.iter().find_map(|path| Some((path, marked(path)?))) {
        found.push(piece(
            EvidenceFamily::OpenFile,
            format!("it writes to {}, which lies under {mark}", shown(path)),
        ));
    }
    let variables: Vec<_> =
        seen.variables.iter().filter(|name| marks.variable(name).is_some()).cloned().collect();
    if !variables.is_empty() {
        found.push(piece(EvidenceFamily::Environment, format!("variables {}", variables.join(", "))));
    }
    let command = |command: &Vec<String>| {
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        marks.argument(&words).map(str::to_owned)
    };
    if let Some(mark) = seen.invocation.commands.iter().find_map(command) {
        found.push(piece(EvidenceFamily::Argument, format!("the command line says `{mark}`")));
        if seen.installed_beside.contains(&tool.id) {
            found.push(piece(EvidenceFamily::Store, "its package is installed beside the interpreter"));
        }
    }
    if let Some(name) = name(tool, seen) {
        found.push(piece(EvidenceFamily::Name, format!("the process is called `{name}`")));
    }
    let port = seen.listeners.iter().find(|address| tool.network.ports.contains(&address.port()));
    if let Some(address) = port {
        found.push(piece(EvidenceFamily::Port, format!("listens on port {}", address.port())));
    }
    found
}

/// The mark that the program, the name the kernel has, the first word or the script goes by.
fn name<'t>(tool: &'t Tool, seen: &Seen) -> Option<&'t str> {
    let marks = &tool.process;
    let process = &seen.process;
    let program = process.exe.as_deref().and_then(Path::to_str);
    let first = process.arguments.first().map(String::as_str);
    let script = seen.invocation.scripts.first().and_then(|script| script.to_str());
    let programs = [program, first, script].into_iter().flatten();
    marks
        .name_of_comm(&process.name)
        .or_else(|| programs.into_iter().find_map(|name| marks.name_of_program(name)))
}

/// The better explanation: surer, harder to fake, more of it.
fn rank(tool: &Tool, evidence: &[Evidence]) -> impl Ord + use<> {
    let strongest = evidence.iter().map(|piece| piece.family).min();
    let confidence = confidence(evidence);
    // Of two equal explanations the catalogue's first wins, so that the answer does not change from scan to scan.
    (confidence, std::cmp::Reverse(strongest), evidence.len(), std::cmp::Reverse(tool.id.clone()))
}

/// Listeners of a process that already has evidence are asked: by the tool's own questions, or, where no tool explains
/// it, by every tool's and by the common ones.
fn ask_listeners<'c>(catalog: &'c Catalog, seen: &Seen, ask: &impl Ask, found: &mut Identity<'c>) {
    if !seen.listeners.iter().any(|address| is_reachable(*address)) {
        return;
    }
    let answered = |tool: &&Tool| tool.http.iter().any(|fingerprint| ask.answers(seen, fingerprint));
    let tool = match found.tool.and_then(|id| catalog.tool(id)) {
        Some(tool) => Some(tool).filter(answered),
        None => catalog.tools.iter().find(answered),
    };
    if let Some(tool) = tool {
        found.tool = Some(&tool.id);
        found
            .evidence
            .push(piece(EvidenceFamily::Http, format!("its listener answers as {} does", tool.name)));
    } else if catalog.fingerprints.iter().any(|fingerprint| ask.answers(seen, fingerprint)) {
        found.evidence.push(piece(EvidenceFamily::Http, "its listener answers as an inference server does"));
    }
}

/// A listener on loopback, or on every address of this machine.
pub(super) fn is_reachable(address: std::net::SocketAddr) -> bool {
    address.ip().is_loopback() || address.ip().is_unspecified()
}

fn shown(path: &Path) -> String {
    domain::HostPath::from(path).to_string()
}

#[cfg(test)]
#[path = "identify_tests.rs"]
mod tests;
