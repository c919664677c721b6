//! Running programs: which of them run inference or act as agents, by evidence that survives renaming.
//!
//! [`observe`] looks, [`identify`] explains what was seen by the catalogue, [`family`] gives children to their managers,
//! [`http`] asks listeners that already have evidence.

mod family;
mod http;
mod identify;
mod invocation;
mod observe;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use catalog::{Catalog, ToolKind};
use domain::{Agent, Evidence, Gap, HostPath, LoadedModel, Program, Runtime, Sha256Digest};
use platform::{accounts, read::FileId};

pub use identify::Identity;
pub use observe::Seen;

/// Words of a command line that are kept, and characters of each.
const SHOWN_WORDS: usize = 200;
const SHOWN_CHARACTERS: usize = 1000;

/// What runs on the device.
#[derive(Debug, Default)]
pub struct Programs {
    /// Programs that run inference.
    pub runtimes: Vec<Runtime>,
    /// Running agents.
    pub agents: Vec<Agent>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
}

/// Digests of files that a scan found, for the models that processes have loaded.
pub type Digests = BTreeMap<FileId, Sha256Digest>;

/// Looks at all processes but this one, until it is told to stop.
pub fn find(catalog: &Catalog, digests: &Digests, stop: &AtomicBool) -> Programs {
    let processes = match platform::process::list() {
        Ok(processes) => processes,
        Err(error) => {
            let lost = format!("running programs: {}", crate::files::plain_error(&error));
            return Programs { gaps: vec![gap("processes", lost, "mount /proc")], ..Programs::default() };
        }
    };
    let mut looking = observe::Looking::default();
    let asker = http::Asker::new(stop);
    let own = std::process::id();
    let mut seen = Vec::new();
    let mut identities = Vec::new();
    for process in processes.into_iter().filter(|process| process.pid != own) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let mut one = looking.at(process, catalog);
        let mut identity = identify::identify(catalog, &one, &asker);
        if !identity.evidence.is_empty() {
            let named = looking.named_models(&one);
            identity.evidence.extend(identify::named(&named));
            one.models.extend(named);
        }
        seen.push(one);
        identities.push(identity);
    }
    let mut programs = Programs { gaps: looking.gaps(), ..Programs::default() };
    if asker.unasked() > 0 {
        let lost = format!("what {} slow listeners would have answered", asker.unasked());
        programs.gaps.push(gap("listeners", lost, "scan again when they answer"));
    }
    for group in family::group(catalog, &seen, &identities) {
        report(catalog, digests, &group, &mut programs);
    }
    programs
}

fn gap(capability: &str, lost: String, remedy: &str) -> Gap {
    Gap { capability: capability.to_owned(), lost, remedy: remedy.to_owned() }
}

/// Writes a group down as a runtime or an agent.
fn report(catalog: &Catalog, digests: &Digests, group: &family::Group<'_>, programs: &mut Programs) {
    let Some(program) = program(catalog, digests, group) else { return };
    let tool = group.identity.tool.and_then(|id| catalog.tool(id));
    match tool.filter(|tool| tool.kind == ToolKind::Agent) {
        Some(tool) => {
            let members = group.members.iter();
            let arguments: Vec<_> =
                members.flat_map(|member| &member.process.arguments).map(String::as_str).collect();
            let risk_flags = tool.process.risks(&arguments).map(str::to_owned).collect();
            programs.agents.push(Agent { risk_flags, ..Agent::new(program) });
        }
        None => programs.runtimes.push(program),
    }
}

/// A group as one program; `None` when nothing identifies it. Nothing leaves here that was not cleaned of secrets.
fn program(catalog: &Catalog, digests: &Digests, group: &family::Group<'_>) -> Option<Program> {
    let family::Group { head, members, identity } = group;
    let process = &head.process;
    let clean = |piece: &Evidence| Evidence { detail: catalog.secrets.clean(&piece.detail), ..piece.clone() };
    let children = members.iter().map(|member| member.process.pid).filter(|pid| *pid != process.pid);
    Some(Program {
        tool: identity.tool.map(str::to_owned),
        pid: Some(process.pid),
        exe: process.exe.as_deref().map(HostPath::from),
        cmdline: short(catalog.secrets.clean_argv(&process.arguments)),
        user: process.user.clone(),
        started_at: process.started_at,
        listeners: listeners(members),
        own_network: members.iter().any(|member| !member.listeners.is_empty() && !member.shares_network),
        models: loaded(digests, members),
        children: children.collect(),
        evidence: identity.evidence.iter().map(clean).collect(),
        confidence: domain::confidence(&identity.evidence)?,
    })
}

/// Command lines of agents reach 50,000 characters; what is cut is marked.
fn short(mut words: Vec<String>) -> Vec<String> {
    let cut = words.len().saturating_sub(SHOWN_WORDS);
    words.truncate(SHOWN_WORDS);
    for word in &mut words {
        if let Some((at, _)) = word.char_indices().nth(SHOWN_CHARACTERS) {
            word.truncate(at);
            word.push('…');
        }
    }
    words.extend((cut > 0).then(|| format!("… and {cut} more")));
    words
}

fn loaded(digests: &Digests, members: &[&Seen]) -> Vec<LoadedModel> {
    let mut models = BTreeMap::new();
    for model in members.iter().flat_map(|member| &member.models) {
        let sha256 = model.file.and_then(|file| digests.get(&file).copied());
        let path = HostPath::from(model.path.as_path());
        models.insert(path.clone(), LoadedModel { path, format: model.format.to_owned(), sha256 });
    }
    models.into_values().collect()
}

fn listeners(members: &[&Seen]) -> Vec<String> {
    let mut all: Vec<_> = members.iter().flat_map(|member| &member.listeners).copied().collect();
    all.sort();
    all.dedup();
    all.iter().map(ToString::to_string).collect()
}

/// Whether more rights would show more.
pub(crate) fn needs_root() -> bool {
    !accounts::is_privileged()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_command_line_is_cut_and_says_so() {
        let words = short(vec!["x".repeat(5000); 300]);
        assert_eq!((words.len(), words[0].chars().count()), (SHOWN_WORDS + 1, SHOWN_CHARACTERS + 1));
        assert_eq!(words[SHOWN_WORDS], "… and 100 more");
        assert_eq!(short(vec!["é".into()]), ["é"]);
    }
}
