//! From facts to conclusions: every fact becomes one question to the policy, every forbid or remark a finding.
//!
//! Ground floor. Scan, sensor, server and hub all call [`findings`]; the only place that decides is [`assess`], and its rules
//! are the built-in ones of [`rules`].

mod findings;
mod rules;
mod subject;

pub use findings::{Facts, findings};
pub use rules::{RULES, RuleInfo};
pub use subject::{model_subject, server_subject};

use catalog::Catalog;
use domain::{Agent, Artifact, McpServer, Runtime, Severity};

/// Who wants to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal<'a> {
    /// The device itself, for what lies on it.
    Device,
    /// A person, by account name.
    User(&'a str),
    /// An agent, by catalogue id.
    Agent(&'a str),
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Hold a model at rest.
    HoldModel,
    /// Offer a model to others.
    ServeModel,
    /// Act by itself.
    RunAgent,
    /// Install, or have fetched at start, a tool for an agent.
    InstallTool,
}

/// What it is done to.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// A model, and every other artefact of the device.
    Model(&'a Artifact, &'a [Artifact]),
    /// A runtime.
    Runtime(&'a Runtime),
    /// An agent.
    Agent(&'a Agent),
    /// An MCP server.
    McpServer(&'a McpServer),
}

/// *May this principal do this action on this resource?*
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who.
    pub principal: Principal<'a>,
    /// What.
    pub action: Action,
    /// To what.
    pub resource: Resource<'a>,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing stands against it.
    Permit,
    /// A rule above `info` stands against it.
    Forbid,
}

/// The answer and every rule that had something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may be done.
    pub effect: Effect,
    /// The rules that decided or remarked, the gravest first.
    pub reasons: Vec<Reason>,
}

/// What one rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The rule's id.
    pub rule: &'static str,
    /// How much it matters here.
    pub severity: Severity,
    /// What is the case, in one sentence.
    pub message: String,
    /// What was seen that says so.
    pub evidence: Vec<String>,
    /// What to do about it.
    pub help: String,
}

/// Decides one question by the built-in rules.
pub fn assess(catalog: &Catalog, question: &Question<'_>) -> Decision {
    let mut reasons: Vec<_> = rules::ALL.iter().filter_map(|rule| rule(catalog, question)).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.severity));
    let forbidden = reasons.iter().any(|reason| reason.severity > Severity::Info);
    Decision { effect: if forbidden { Effect::Forbid } else { Effect::Permit }, reasons }
}
