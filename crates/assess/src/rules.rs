//! The built-in rules. A rule looks at one question and has something to say or not.
//!
//! What someone must decide is above `info`; what is merely worth knowing is `info`, so that a machine on which nothing is
//! wrong stays quiet.

use catalog::{Catalog, Executes};
use domain::{Artifact, CommercialUse, Confidence, Fact, McpServer, Member, Role, Severity, Verdict};

use crate::{Question, Reason, Resource, model_subject};

/// A rule.
pub(crate) type Rule = fn(&Catalog, &Question<'_>) -> Option<Reason>;

/// Every built-in rule.
pub(crate) const ALL: &[Rule] = &[
    malicious,
    digest_mismatch,
    runtime_exposed,
    pickle_weights,
    license_noncommercial,
    license_conditional,
    mcp_unpinned,
    mcp_plain_secret,
    agent_unattended,
    unscannable,
    executes_by_design,
    unknown_origin,
];

/// What there is to say of a rule before it has decided anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its id.
    pub id: &'static str,
    /// The gravest that it decides.
    pub severity: Severity,
    /// When it has something to say.
    pub about: &'static str,
}

/// Every built-in rule, described; in the order of [`ALL`].
pub const RULES: &[RuleInfo] = &[
    RuleInfo {
        id: "malicious-model",
        severity: Severity::Critical,
        about: "a model attacks whoever loads it",
    },
    RuleInfo {
        id: "digest-mismatch",
        severity: Severity::High,
        about: "a model is not what its store's name for it says",
    },
    RuleInfo {
        id: "runtime-exposed",
        severity: Severity::High,
        about: "a runtime answers whoever can reach the device over the network",
    },
    RuleInfo {
        id: "pickle-weights",
        severity: Severity::Medium,
        about: "a model is kept as pickle, which runs code when it is loaded",
    },
    RuleInfo {
        id: "license-noncommercial",
        severity: Severity::Medium,
        about: "a model's licence forbids commercial use",
    },
    RuleInfo {
        id: "license-conditional",
        severity: Severity::Info,
        about: "a model's licence sets conditions on commercial use",
    },
    RuleInfo {
        id: "mcp-unpinned",
        severity: Severity::Medium,
        about: "an agent fetches a tool at every start, whatever version is the newest",
    },
    RuleInfo {
        id: "mcp-plain-secret",
        severity: Severity::Low,
        about: "a secret stands in an agent's configuration for all to read",
    },
    RuleInfo { id: "agent-unattended", severity: Severity::Medium, about: "an agent runs without asking" },
    RuleInfo {
        id: "unscannable-model",
        severity: Severity::Low,
        about: "a model could not be inspected to its end",
    },
    RuleInfo { id: "executes-by-design", severity: Severity::High, about: "a model is a program as well" },
    RuleInfo {
        id: "unknown-origin",
        severity: Severity::Info,
        about: "nobody can say where a model came from",
    },
];

/// The artefact of a question about a model that holds weights.
fn weights<'a>(question: &Question<'a>) -> Option<&'a Artifact> {
    match question.resource {
        Resource::Model(artifact, _)
            if matches!(artifact.metadata.role, Some(Role::Weights | Role::Adapter)) =>
        {
            Some(artifact)
        }
        _ => None,
    }
}

fn server<'a>(question: &Question<'a>) -> Option<&'a McpServer> {
    match question.resource {
        Resource::McpServer(server) if !server.disabled => Some(server),
        _ => None,
    }
}

/// Files that a package manager installed with a program are that program's, not a model somebody chose.
fn belongs_to_a_package(artifact: &Artifact) -> bool {
    let path = artifact.path().to_string();
    path.split(['/', '\\']).any(|part| matches!(part, "site-packages" | "dist-packages" | "node_modules"))
}

fn executes(catalog: &Catalog, artifact: &Artifact) -> Executes {
    runs(catalog, Some(&artifact.format))
}

fn runs(catalog: &Catalog, format: Option<&str>) -> Executes {
    format.and_then(|format| catalog.format(format)).map_or(Executes::Never, |format| format.executes)
}

/// Files with weights of a model of several files; none of what is one file.
fn weights_of_bundle(artifact: &Artifact) -> impl Iterator<Item = &Member> {
    let is_weights = |member: &&Member| matches!(member.role, Some(Role::Weights | Role::Adapter));
    artifact.content.members.iter().filter(|_| artifact.content.bundle.is_some()).filter(is_weights)
}

/// Where weights lie that are kept as pickle.
fn pickles(catalog: &Catalog, artifact: &Artifact) -> Vec<String> {
    match &artifact.content.bundle {
        Some(bundle) => weights_of_bundle(artifact)
            .filter(|member| runs(catalog, member.format.as_deref()) == Executes::Pickle)
            .map(|member| format!("{}/{}", bundle.folder, member.path))
            .collect(),
        None if executes(catalog, artifact) == Executes::Pickle => paths(artifact),
        None => Vec::new(),
    }
}

fn paths(artifact: &Artifact) -> Vec<String> {
    artifact.paths.iter().map(ToString::to_string).collect()
}

fn facts(artifact: &Artifact) -> impl Iterator<Item = String> {
    artifact.facts.iter().map(|fact| {
        let name = fact.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let member = fact.member.as_ref().map(|member| format!(" in {member}")).unwrap_or_default();
        let offset = fact.offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
        format!("{}{name}{member}{offset}: {}", fact.rule, fact.message)
    })
}

/// The gravest that an inspection saw.
fn gravest(artifact: &Artifact) -> Option<&Fact> {
    artifact.facts.iter().max_by_key(|fact| fact.severity)
}

/// What an inspection says first, as the end of a sentence.
fn because(artifact: &Artifact) -> String {
    gravest(artifact).map(|fact| format!(": {}", fact.message)).unwrap_or_default()
}

fn malicious(_: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let Resource::Model(artifact, _) = question.resource else { return None };
    (artifact.verdict == Verdict::Malicious).then(|| Reason {
        rule: "malicious-model",
        severity: Severity::Critical,
        message: format!("{} attacks whoever loads it{}", model_subject(artifact), because(artifact)),
        evidence: paths(artifact).into_iter().chain(facts(artifact)).collect(),
        help: "do not load it; keep it for the investigation and remove it from every device".into(),
    })
}

fn digest_mismatch(_: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let Resource::Model(artifact, _) = question.resource else { return None };
    let (computed, claimed) = (artifact.digest.sha256?, artifact.digest.claimed?);
    Some(Reason {
        rule: "digest-mismatch",
        severity: Severity::High,
        message: format!("{} is not the file its store says it is", artifact.path()),
        evidence: paths(artifact)
            .into_iter()
            .chain([
                format!("the store claims sha256 {claimed}"),
                format!("the bytes have sha256 {computed}"),
            ])
            .collect(),
        help: "delete it and fetch it again from its registry; find out who changed it".into(),
    })
}

fn runtime_exposed(_: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let Resource::Runtime(runtime) = question.resource else { return None };
    let beyond: Vec<_> = runtime.listeners.iter().filter(|address| !is_loopback(address)).cloned().collect();
    if beyond.is_empty() {
        return None;
    }
    let name = runtime.tool.as_deref().unwrap_or("a runtime that the catalogue does not know");
    let sure = runtime.confidence > Confidence::Possible;
    let pid = runtime.pid.map(|pid| format!("process {pid}"));
    if runtime.own_network {
        return Some(Reason {
            rule: "runtime-exposed",
            severity: Severity::Info,
            message: format!(
                "{name} listens on {} in a network of its own: who can reach it is not known",
                beyond.join(", ")
            ),
            evidence: pid.into_iter().chain(beyond).collect(),
            help: "look at what its container publishes".into(),
        });
    }
    Some(Reason {
        rule: "runtime-exposed",
        severity: if sure { Severity::High } else { Severity::Medium },
        message: format!("{name} listens on {}: others on the network can use its models", beyond.join(", ")),
        evidence: pid.into_iter().chain(beyond).collect(),
        help: "let it listen on 127.0.0.1, or put a gateway that asks who is calling before it".into(),
    })
}

fn is_loopback(address: &str) -> bool {
    address.parse::<std::net::SocketAddr>().is_ok_and(|address| match address.ip() {
        std::net::IpAddr::V6(ip) => {
            ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
        std::net::IpAddr::V4(ip) => ip.is_loopback(),
    })
}

fn pickle_weights(catalog: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let artifact = weights(question)?;
    let Resource::Model(_, others) = question.resource else { return None };
    let pickles = pickles(catalog, artifact);
    if pickles.is_empty() {
        return None;
    }
    let subject = model_subject(artifact);
    let known = artifact.origin.as_ref().is_some_and(|origin| origin.repository.is_some());
    let safe =
        |other: &&Artifact| executes(catalog, other) == Executes::Never && model_subject(other) == subject;
    let beside = known
        .then(|| others.iter().filter(|other| matches!(other.metadata.role, Some(Role::Weights))).find(safe))
        .flatten();
    let of_bundle =
        weights_of_bundle(artifact).find(|member| runs(catalog, member.format.as_deref()) == Executes::Never);
    let better = catalog.format(&artifact.format).and_then(|format| format.safe_alternative.as_deref());
    let better =
        better.and_then(|id| catalog.format(id)).map_or("a format that holds no code", |format| &format.name);
    let help = match (of_bundle, beside) {
        (Some(safe), _) => {
            let format = safe.format.as_deref().unwrap_or_default();
            format!("the same model is here as {format}: use {} and delete this file", safe.path)
        }
        (None, Some(safe)) => {
            format!("the same model is here as {}: use {} and delete this file", safe.format, safe.path())
        }
        (None, None) => format!("get it as {better}, or convert it on a machine that has nothing to lose"),
    };
    Some(Reason {
        rule: "pickle-weights",
        severity: if belongs_to_a_package(artifact) { Severity::Info } else { Severity::Medium },
        message: format!("{subject} is a pickle: loading it runs whatever code is in it"),
        evidence: pickles,
        help,
    })
}

fn license_noncommercial(_: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let artifact = weights(question)?;
    let license = artifact.license.as_ref().filter(|license| license.commercial_use == CommercialUse::No)?;
    Some(Reason {
        rule: "license-noncommercial",
        severity: Severity::Medium,
        message: format!("{} is under {}, which forbids commercial use", model_subject(artifact), license.id),
        evidence: std::iter::once(license.evidence.clone()).chain(paths(artifact)).collect(),
        help: "keep it out of anything that is sold or used for work, or buy a licence from its owner".into(),
    })
}

fn license_conditional(catalog: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let artifact = weights(question)?;
    let license =
        artifact.license.as_ref().filter(|license| license.commercial_use == CommercialUse::Conditional)?;
    let entry = catalog.licenses.get(&license.id);
    let conditions = entry.map(|entry| format!("conditions: {}", entry.conditions));
    let threshold = entry.and_then(|entry| entry.threshold.as_ref()).map(|limit| format!("limit: {limit}"));
    Some(Reason {
        rule: "license-conditional",
        severity: Severity::Info,
        message: format!(
            "{} is under {}, which allows commercial use under conditions",
            model_subject(artifact),
            license.id
        ),
        evidence: std::iter::once(license.evidence.clone()).chain(conditions).chain(threshold).collect(),
        help: "check the conditions before it goes into a product".into(),
    })
}

fn unknown_origin(_: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let artifact = weights(question)?;
    if artifact.origin.is_some() || belongs_to_a_package(artifact) {
        return None;
    }
    Some(Reason {
        rule: "unknown-origin",
        severity: Severity::Info,
        message: format!("nobody can say where {} came from", model_subject(artifact)),
        evidence: paths(artifact),
        help: "compare its digest with a registry's, or fetch it again through a tool that keeps the origin"
            .into(),
    })
}

fn unscannable(_: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let Resource::Model(artifact, _) = question.resource else { return None };
    (artifact.verdict == Verdict::Unscannable).then(|| Reason {
        rule: "unscannable-model",
        severity: Severity::Low,
        message: format!(
            "{} looks like {} and could not be read to its end{}",
            artifact.path(),
            artifact.format,
            because(artifact)
        ),
        evidence: facts(artifact).collect(),
        help: "do not load it: it is broken, or made to break its reader".into(),
    })
}

fn executes_by_design(_: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let Resource::Model(artifact, _) = question.resource else { return None };
    let is_grave = gravest(artifact).is_some_and(|fact| fact.severity >= Severity::High);
    // Data that could run code, and does nothing grave, is everywhere; of weights it is told.
    if artifact.verdict != Verdict::Suspicious || !(is_grave || weights(question).is_some()) {
        return None;
    }
    // What an inspection holds for grave is grave here too; that a model brings code at all is not.
    let severity = gravest(artifact).map(|fact| fact.severity.min(Severity::High));
    Some(Reason {
        rule: "executes-by-design",
        severity: severity.filter(|severity| *severity == Severity::High).unwrap_or(Severity::Low),
        message: format!(
            "{} brings code that runs when it is used{}",
            model_subject(artifact),
            because(artifact)
        ),
        evidence: facts(artifact).chain(paths(artifact)).collect(),
        help: "read the code, or use a release of the model without it".into(),
    })
}

fn mcp_unpinned(_: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let server = server(question).filter(|server| server.pinned == Some(false))?;
    let package = server.package.as_deref().unwrap_or(&server.name);
    Some(Reason {
        rule: "mcp-unpinned",
        severity: Severity::Medium,
        message: format!(
            "the MCP server `{}` runs whatever version of {package} is served today",
            server.name
        ),
        evidence: vec![server.config.to_string(), server.command.join(" ")],
        help: "name an exact version (or a digest, for an image) in the configuration".into(),
    })
}

fn mcp_plain_secret(_: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let server = server(question).filter(|server| !server.plain_secrets.is_empty())?;
    let names: Vec<_> =
        server.plain_secrets.iter().map(|secret| format!("{} ({})", secret.name, secret.place)).collect();
    let open = server.config_readable_by_others;
    let readable = open.then(|| "other accounts of this device can read the file".to_owned());
    Some(Reason {
        rule: "mcp-plain-secret",
        severity: if open { Severity::Low } else { Severity::Info },
        message: format!(
            "the configuration of the MCP server `{}` holds secrets in plain text: {}",
            server.name,
            names.join(", ")
        ),
        evidence: std::iter::once(server.config.to_string()).chain(readable).collect(),
        help: "take them from the environment or a key store, and let only the owner read the file".into(),
    })
}

fn agent_unattended(_: &Catalog, question: &Question<'_>) -> Option<Reason> {
    let Resource::Agent(agent) = question.resource else { return None };
    if agent.risk_flags.is_empty() || agent.program.pid.is_none() {
        return None;
    }
    let name = agent.program.tool.as_deref().unwrap_or("an agent");
    Some(Reason {
        rule: "agent-unattended",
        severity: Severity::Medium,
        message: format!("{name} runs with its own questions or sandbox switched off"),
        evidence: agent.risk_flags.iter().map(|flag| format!("started with `{flag}`")).collect(),
        help: "start it without that flag, or inside limits of your own".into(),
    })
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
