//! What a report may hold. A device is not trusted with the server's disk: lists that are too long are refused as a whole, because
//! a part of them would be a wrong picture; what only describes is cut.

use domain::{Agent, Artifact, Content, Coverage, Finding, HostPath, Metadata, Program};
use protocol::sensor::{Delta, Report};

use super::identity::PATH_BYTES;
use crate::{StoreError, text};

const ARTIFACTS: usize = 200_000;
const PATHS: usize = 1_000_000;
const PROGRAMS: usize = 20_000;
const PACKAGES: usize = 200_000;
const FINDINGS: usize = 100_000;
const ANSWERS: usize = 10_000;
/// Of whatever only describes one thing.
const DETAILS: usize = 200;
/// Of the paths that a description names.
const NAMED: usize = 1_000;

/// The report with what describes cut to its limits.
pub(super) fn within(mut report: Report) -> Result<Report, StoreError> {
    let changes = &mut report.changes;
    bounded("models", &changes.artifacts, ARTIFACTS)?;
    bounded("runtimes", &changes.runtimes, PROGRAMS)?;
    bounded("agents", &changes.agents, PROGRAMS)?;
    bounded("packages", &changes.packages, PACKAGES)?;
    bounded("findings", &changes.findings, FINDINGS)?;
    few("paths", changes.artifacts.put.iter().map(|artifact| artifact.paths.len()).sum(), PATHS)?;
    few("answers", report.answers.len(), ANSWERS)?;
    few("characters in the name of a state", report.state.len(), 200)?;
    // One that is nowhere is not held.
    changes.artifacts.put.retain(|artifact| !artifact.paths.is_empty());
    changes.artifacts.put.iter_mut().for_each(artifact);
    changes.runtimes.put.iter_mut().for_each(|runtime| program(&mut runtime.item));
    changes.agents.put.iter_mut().for_each(|other| agent(&mut other.item));
    changes.findings.put.iter_mut().for_each(finding);
    coverage(&mut report.scan.coverage);
    report.scan.accelerators.truncate(DETAILS);
    lines(&mut report.scan.notes);
    Ok(report)
}

fn bounded<T>(what: &str, delta: &Delta<T>, most: usize) -> Result<(), StoreError> {
    few(what, delta.put.len(), most)?;
    few(what, delta.remove.len(), most)
}

fn few(what: &str, count: usize, most: usize) -> Result<(), StoreError> {
    if count > most {
        return Err(StoreError::TooMuch(format!("it has {count} {what}, at most {most} are taken")));
    }
    Ok(())
}

fn artifact(artifact: &mut Artifact) {
    word(&mut artifact.format);
    artifact.store.iter_mut().for_each(word);
    artifact.paths.iter_mut().for_each(path);
    if let Some(origin) = &mut artifact.origin {
        word(&mut origin.registry);
        origin.repository.iter_mut().for_each(word);
        origin.revision.iter_mut().for_each(word);
        sentence(&mut origin.evidence);
    }
    if let Some(license) = &mut artifact.license {
        word(&mut license.id);
        sentence(&mut license.evidence);
    }
    metadata(&mut artifact.metadata);
    artifact.facts.truncate(DETAILS);
    for fact in &mut artifact.facts {
        word(&mut fact.rule);
        sentence(&mut fact.message);
        fact.member.iter_mut().chain(&mut fact.name).chain(&mut fact.help).for_each(sentence);
    }
    content(&mut artifact.content);
}

fn content(content: &mut Content) {
    if let Some(identification) = &mut content.identification {
        sentence(&mut identification.reason);
    }
    if let Some(bundle) = &mut content.bundle {
        path(&mut bundle.folder);
    }
    let more = content.members.len().saturating_sub(NAMED);
    content.members.truncate(NAMED);
    content.unlisted_members =
        content.unlisted_members.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
    for member in &mut content.members {
        sentence(&mut member.path);
        member.format.iter_mut().for_each(word);
    }
}

fn metadata(metadata: &mut Metadata) {
    metadata.name.iter_mut().for_each(word);
    metadata.architecture.iter_mut().for_each(word);
    metadata.quantization.iter_mut().for_each(word);
    lines(&mut metadata.base_models);
    while metadata.keys.len() > DETAILS {
        metadata.keys.pop_last();
    }
    metadata.keys.retain(|key, _| key.len() <= text::INDEXED);
    metadata.keys.values_mut().for_each(sentence);
}

fn agent(agent: &mut Agent) {
    program(&mut agent.program);
    lines(&mut agent.risk_flags);
    paths(&mut agent.configs);
    paths(&mut agent.instructions);
    agent.mcp_servers.truncate(DETAILS);
    for server in &mut agent.mcp_servers {
        word(&mut server.name);
        lines(&mut server.command);
        server.url.iter_mut().for_each(sentence);
        server.package.iter_mut().for_each(word);
        path(&mut server.config);
        server.plain_secrets.truncate(DETAILS);
        for secret in &mut server.plain_secrets {
            word(&mut secret.place);
            word(&mut secret.name);
        }
    }
}

fn program(program: &mut Program) {
    program.tool.iter_mut().for_each(word);
    program.user.iter_mut().for_each(word);
    program.exe.iter_mut().for_each(path);
    lines(&mut program.cmdline);
    lines(&mut program.listeners);
    program.children.truncate(NAMED);
    program.models.truncate(NAMED);
    for model in &mut program.models {
        path(&mut model.path);
        word(&mut model.format);
    }
    program.evidence.truncate(DETAILS);
    program.evidence.iter_mut().for_each(|evidence| sentence(&mut evidence.detail));
}

fn finding(finding: &mut Finding) {
    for text in [&mut finding.message, &mut finding.help] {
        sentence(text);
    }
    lines(&mut finding.evidence);
    paths(&mut finding.paths);
}

fn coverage(coverage: &mut Coverage) {
    paths(&mut coverage.roots);
    paths(&mut coverage.skipped_mounts);
    coverage.unreadable.truncate(NAMED);
    for unreadable in &mut coverage.unreadable {
        path(&mut unreadable.path);
        sentence(&mut unreadable.error);
    }
    coverage.gaps.truncate(DETAILS);
    for gap in &mut coverage.gaps {
        word(&mut gap.capability);
        sentence(&mut gap.lost);
        sentence(&mut gap.remedy);
    }
}

fn word(text: &mut String) {
    cut(text, text::INDEXED);
}

fn sentence(text: &mut String) {
    cut(text, text::SENTENCE);
}

fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        *text = text::cut(text, limit);
    }
}

fn lines(lines: &mut Vec<String>) {
    lines.truncate(DETAILS);
    lines.iter_mut().for_each(sentence);
}

fn paths(paths: &mut Vec<HostPath>) {
    paths.truncate(NAMED);
    paths.iter_mut().for_each(path);
}

fn path(path: &mut HostPath) {
    if let Some(kept) = path.as_bytes().get(..PATH_BYTES)
        && kept.len() < path.as_bytes().len()
    {
        *path = HostPath::from_bytes(kept);
    }
}
