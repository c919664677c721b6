//! All the questions that a device raises, and the findings that come of the answers.

use std::collections::BTreeMap;

use catalog::Catalog;
use domain::{Agent, Artifact, Finding, HostPath, Runtime};

use crate::{Action, Principal, Question, Reason, Resource, assess, model_subject, server_subject};

/// Pieces of evidence kept per finding; the rest is counted.
const KEPT_EVIDENCE: usize = 20;
/// Paths of artefacts kept per finding.
const KEPT_PATHS: usize = 100;

/// What is known of a device.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// Its models.
    pub artifacts: &'a [Artifact],
    /// Its runtimes.
    pub runtimes: &'a [Runtime],
    /// Its agents.
    pub agents: &'a [Agent],
}

/// One finding per rule and subject, the gravest first.
pub fn findings(catalog: &Catalog, facts: Facts<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<(&'static str, String), Finding> = BTreeMap::new();
    for (subject, question) in questions(facts) {
        let path = artifact_path(&question);
        for reason in assess(catalog, &question).reasons {
            let key = (reason.rule, subject.clone());
            let finding = found.entry(key).or_insert_with(|| begin(&reason, &subject));
            add(finding, reason, path);
        }
    }
    let mut findings: Vec<_> = found.into_values().map(with_little_evidence).collect();
    findings.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then_with(|| (&a.rule, &a.subject).cmp(&(&b.rule, &b.subject)))
    });
    findings
}

fn begin(reason: &Reason, subject: &str) -> Finding {
    Finding {
        rule: reason.rule.to_owned(),
        severity: reason.severity,
        subject: subject.to_owned(),
        message: reason.message.clone(),
        evidence: Vec::new(),
        help: reason.help.clone(),
        paths: Vec::new(),
    }
}

/// Adds what one question said: the gravest answer gives the words, all of them the evidence.
fn add(finding: &mut Finding, reason: Reason, path: Option<&HostPath>) {
    if reason.severity > finding.severity {
        (finding.severity, finding.message, finding.help) = (reason.severity, reason.message, reason.help);
    }
    for piece in reason.evidence {
        if !finding.evidence.contains(&piece) {
            finding.evidence.push(piece);
        }
    }
    if let Some(path) = path.filter(|path| finding.paths.len() < KEPT_PATHS && !finding.paths.contains(path))
    {
        finding.paths.push(path.clone());
    }
}

fn artifact_path<'a>(question: &Question<'a>) -> Option<&'a HostPath> {
    match question.resource {
        Resource::Model(artifact, _) => Some(artifact.path()),
        Resource::Runtime(_) | Resource::Agent(_) | Resource::McpServer(_) => None,
    }
}

fn with_little_evidence(mut finding: Finding) -> Finding {
    let more = finding.evidence.len().saturating_sub(KEPT_EVIDENCE);
    if more > 0 {
        finding.evidence.truncate(KEPT_EVIDENCE);
        finding.evidence.push(format!("and {more} more"));
    }
    finding
}

/// Every question, with its subject.
fn questions(facts: Facts<'_>) -> Vec<(String, Question<'_>)> {
    let models = facts.artifacts.iter().map(|artifact| {
        let resource = Resource::Model(artifact, facts.artifacts);
        (
            model_subject(artifact),
            Question { principal: Principal::Device, action: Action::HoldModel, resource },
        )
    });
    let runtimes = facts.runtimes.iter().map(|runtime| {
        let exe = runtime.exe.as_ref().map(ToString::to_string);
        let subject = runtime.tool.clone().or(exe).unwrap_or_else(|| "unknown runtime".to_owned());
        let principal = runtime.user.as_deref().map_or(Principal::Device, Principal::User);
        (subject, Question { principal, action: Action::ServeModel, resource: Resource::Runtime(runtime) })
    });
    let agents = facts.agents.iter().map(|agent| {
        let subject = agent.program.tool.clone().unwrap_or_else(|| "unknown agent".to_owned());
        let principal = agent.program.user.as_deref().map_or(Principal::Device, Principal::User);
        (subject, Question { principal, action: Action::RunAgent, resource: Resource::Agent(agent) })
    });
    let servers = facts.agents.iter().flat_map(|agent| {
        let principal = agent.program.tool.as_deref().map_or(Principal::Device, Principal::Agent);
        agent.mcp_servers.iter().map(move |server| {
            let resource = Resource::McpServer(server);
            (server_subject(server), Question { principal, action: Action::InstallTool, resource })
        })
    });
    models.chain(runtimes).chain(agents).chain(servers).collect()
}
