//! What the server knows of each thing, as lists, the API and the console show it.

use domain::{
    Accelerator, Content, Coverage, DigestStatus, Evidence, Fact, License, McpServer, Metadata, Origin,
    Severity, Verdict,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A device as a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceRef {
    /// Its id.
    pub id: String,
    /// Its name on the network, or its id where it has none.
    pub name: String,
}

/// A person as a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonRef {
    /// Their id.
    pub id: i64,
    /// Their name.
    pub name: String,
}

/// Whether a device is heard from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceState {
    /// It was heard from within the last day.
    Reporting,
    /// It was not.
    Silent,
    /// It is no longer trusted.
    Revoked,
}

/// How much of a device is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sight {
    /// Nothing is known to be missing.
    Full,
    /// Some capability is missing, or paths could not be read.
    Partial,
    /// It has not reported yet.
    None,
}

/// Open findings by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct FindingCounts {
    /// Stop and look now.
    pub critical: u64,
    /// Decide today.
    pub high: u64,
    /// Decide this week.
    pub medium: u64,
    /// Tidy up some time.
    pub low: u64,
    /// Worth knowing.
    pub info: u64,
}

/// A device in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DeviceRow {
    /// Its id.
    pub id: String,
    /// Its name on the network.
    pub hostname: Option<String>,
    /// `linux`, `macos` or `windows`.
    pub os: String,
    /// The distribution or edition with its version.
    pub os_version: Option<String>,
    /// `x86_64`, `aarch64`, …
    pub arch: String,
    /// Whether it is heard from.
    pub state: DeviceState,
    /// How much of it is seen.
    pub sight: Sight,
    /// Whose it is.
    pub person: Option<PersonRef>,
    /// The version of its sensor.
    pub sensor_version: Option<String>,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When it was last heard from; minutes old at most while its channel is open.
    pub seen_at: Option<Timestamp>,
    /// When it last reported something.
    pub reported_at: Option<Timestamp>,
    /// How many artefacts it holds.
    pub artifacts: u64,
    /// How many runtimes run.
    pub runtimes: u64,
    /// How many agents run or are installed.
    pub agents: u64,
    /// How many AI packages it has.
    pub packages: u64,
    /// Its open findings.
    pub findings: FindingCounts,
}

/// A device's page.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DeviceDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub row: DeviceRow,
    /// How far its last scan reached.
    #[schema(value_type = Option<Object>)]
    pub coverage: Option<Coverage>,
    /// Its GPUs and NPUs.
    #[schema(value_type = Vec<Object>)]
    pub accelerators: Vec<Accelerator>,
    /// What its sensor has to say about the last scan.
    pub notes: Vec<String>,
    /// When the last scan began.
    pub scanned_at: Option<Timestamp>,
    /// How long it took, in milliseconds.
    pub scan_ms: Option<u64>,
}

/// An artefact in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ArtifactRow {
    /// Its id: the digest where it was computed.
    pub id: String,
    /// The SHA-256, if anything is known of it.
    pub sha256: Option<String>,
    /// How the digest is known.
    #[schema(value_type = String, example = "computed")]
    pub digest_status: DigestStatus,
    /// What people call it: its repository's or its own name, else its file's.
    pub name: String,
    /// The catalogue id of the format.
    pub format: String,
    /// In bytes.
    pub size: u64,
    /// Where it came from.
    #[schema(value_type = Option<Object>)]
    pub origin: Option<Origin>,
    /// What licence it claims.
    #[schema(value_type = Option<Object>)]
    pub license: Option<License>,
    /// What the file says about itself.
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// The verdict of an inspection.
    #[schema(value_type = String, example = "not-scanned")]
    pub verdict: Verdict,
    /// How many devices hold it.
    pub devices: u64,
    /// At how many paths it is held.
    pub holdings: u64,
    /// In how many running programs it is loaded.
    pub loaded: u64,
    /// The gravest open finding about it.
    #[schema(value_type = Option<String>)]
    pub severity: Option<Severity>,
    /// When it first appeared anywhere.
    pub first_seen_at: Timestamp,
    /// Where it is held: the first paths.
    pub paths: Vec<HoldingRef>,
}

/// A holding as a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldingRef {
    /// The device.
    pub device: DeviceRef,
    /// The path, escaped.
    pub path: String,
}

/// An artefact's panel.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ArtifactDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub row: ArtifactRow,
    /// What an inspection saw.
    #[schema(value_type = Vec<Object>)]
    pub facts: Vec<Fact>,
    /// What is inside: how the format was told, the members.
    #[schema(value_type = Object)]
    pub content: Content,
    /// Others with the same weights under another label.
    pub same_weights: Vec<SameWeights>,
    /// Open findings about it.
    pub findings: Vec<FindingRow>,
    /// Programs that have it loaded.
    pub loaded_by: Vec<ProgramRow>,
}

/// An artefact whose weights are those of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SameWeights {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The catalogue id of its licence.
    pub license: Option<String>,
}

/// An artefact at a path on a device.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HoldingRow {
    /// The device.
    pub device: DeviceRef,
    /// The path, escaped.
    pub path: String,
    /// The exact bytes in base64, when the text is not exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// The artefact's id.
    pub artifact: String,
    /// Its name.
    pub name: String,
    /// The catalogue id of its format.
    pub format: String,
    /// In bytes.
    pub size: u64,
    /// The SHA-256, if anything is known of it.
    pub sha256: Option<String>,
    /// How the digest is known.
    #[schema(value_type = String, example = "claimed")]
    pub digest_status: DigestStatus,
    /// The catalogue id of the store that holds it.
    pub store: Option<String>,
    /// When it appeared there.
    pub first_seen_at: Timestamp,
}

/// A runtime or an agent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProgramRow {
    /// Its id.
    pub id: String,
    /// `runtime` or `agent`.
    pub kind: ProgramKind,
    /// The device.
    pub device: DeviceRef,
    /// The catalogue id of the tool, or null when no entry explains it.
    pub tool: Option<String>,
    /// What people call it: the catalogue's name, else its program file's.
    pub name: String,
    /// The process id of a running one.
    pub pid: Option<u32>,
    /// The program file, escaped.
    pub exe: Option<String>,
    /// The command line, cleaned of secrets.
    pub cmdline: Vec<String>,
    /// The account it runs as or belongs to.
    pub user: Option<String>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// Addresses it listens on.
    pub listeners: Vec<String>,
    /// Its network is not that of the device.
    pub own_network: bool,
    /// Whether others on the network can reach it.
    pub exposed: bool,
    /// Models it has loaded.
    pub models: Vec<ModelRef>,
    /// Everything that speaks for the identification.
    #[schema(value_type = Vec<Object>)]
    pub evidence: Vec<Evidence>,
    /// How sure it is.
    #[schema(value_type = String, example = "confirmed")]
    pub confidence: domain::Confidence,
    /// Flags that switch off the agent's own questions or sandbox.
    pub risk_flags: Vec<String>,
    /// Configuration files of an agent.
    pub configs: Vec<String>,
    /// Instruction files of an agent.
    pub instructions: Vec<String>,
    /// MCP servers of an agent.
    #[schema(value_type = Vec<Object>)]
    pub mcp_servers: Vec<McpServer>,
    /// When the server first heard of it.
    pub first_seen_at: Timestamp,
}

/// A model that a program has loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelRef {
    /// The artefact's id, when the device holds one at that path.
    pub artifact: Option<String>,
    /// What people call it.
    pub name: String,
    /// The file, escaped.
    pub path: String,
    /// The format by content.
    pub format: String,
}

/// Which kind of program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramKind {
    /// Runs inference.
    Runtime,
    /// Acts by itself on what a model says.
    Agent,
}

/// An AI package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PackageRow {
    /// The device.
    pub device: DeviceRef,
    /// `pypi`, `npm`, …
    pub ecosystem: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Where it is installed, escaped.
    pub path: String,
    /// When it appeared there.
    pub first_seen_at: Timestamp,
}

/// Where a finding is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// Someone should act.
    Open,
    /// Someone looked and gave a reason to leave it.
    Acknowledged,
    /// It is no longer the case.
    Resolved,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FindingRow {
    /// Its id.
    pub id: String,
    /// The id of the rule that decided.
    pub rule: String,
    /// How much it matters.
    #[schema(value_type = String, example = "high")]
    pub severity: Severity,
    /// Where it is in its life.
    pub state: FindingState,
    /// What it is about.
    pub subject: String,
    /// What is the case, in one sentence.
    pub message: String,
    /// What was seen that says so.
    pub evidence: Vec<String>,
    /// What to do about it.
    pub help: String,
    /// The device.
    pub device: DeviceRef,
    /// The artefact it is about, if it is about one.
    pub artifact: Option<String>,
    /// Who looks after it.
    pub assignee: Option<PersonRef>,
    /// Until when.
    #[schema(value_type = Option<String>, example = "2026-12-01")]
    pub due: Option<Date>,
    /// Who acknowledged it, when and why.
    pub acknowledged: Option<Acknowledgment>,
    /// When it first was the case.
    pub first_seen_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

/// Who left a finding as it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Acknowledgment {
    /// Who, when it was a person.
    pub by: Option<PersonRef>,
    /// What people call them: the person's name, or the token's.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What happened, and who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordRow {
    /// Its number, in the order of happening.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What kind of thing, such as `artifact-appeared`.
    pub kind: String,
    /// The person who did it, or null for what a device saw or the server did itself.
    pub actor: Option<PersonRef>,
    /// On which device.
    pub device: Option<DeviceRef>,
    /// To what: a name for people.
    pub subject: String,
    /// The id of that thing in its collection, when it has one.
    pub subject_id: Option<String>,
    /// More, in words.
    pub detail: String,
}

/// What the overview says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// Numbers, with their last fortnight.
    pub figures: Figures,
    /// Open findings above `info` by rule, the gravest first.
    pub needs: Vec<Need>,
    /// Open findings above `info`.
    pub open: u64,
    /// Artefacts that appeared since the day before, the newest first; at most 8.
    pub new_artifacts: Vec<ArtifactRow>,
    /// How many artefacts appeared since then, and on how many devices.
    pub new_count: u64,
    /// On how many devices they appeared.
    pub new_devices: u64,
    /// How many of them come from a registry and publisher not seen before.
    pub new_publishers: u64,
    /// What cannot be seen: gaps of capabilities with the number of devices, the commonest first.
    pub gaps: Vec<GapTally>,
    /// Devices by sight.
    pub sight: SightTally,
}

/// The overview's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Figures {
    /// Artefacts.
    pub artifacts: Figure,
    /// Running runtimes.
    pub runtimes: Figure,
    /// Running agents.
    pub agents: Figure,
    /// Devices that report.
    pub devices: Figure,
    /// Artefacts whose licence forbids commercial use.
    pub noncommercial: u64,
    /// Artefacts of unknown origin.
    pub unknown_origin: u64,
    /// Runtimes that are confirmed.
    pub confirmed_runtimes: u64,
    /// Installed agents, running or not.
    pub installed_agents: u64,
    /// Devices that are silent.
    pub silent_devices: u64,
}

/// A number and its past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Figure {
    /// Now.
    pub now: u64,
    /// At the end of each of the last days, the oldest first; at most 14, without days nobody counted.
    pub days: Vec<u64>,
}

/// One rule's open findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// The rule.
    pub rule: String,
    /// The gravest.
    pub severity: Severity,
    /// How many.
    pub findings: u64,
    /// On how many devices.
    pub devices: u64,
    /// The newest of them.
    pub newest: String,
    /// Its message.
    pub message: String,
    /// Its subject.
    pub subject: String,
    /// When that was first the case.
    pub first_seen_at: Timestamp,
    /// The nearest due date among them.
    pub due: Option<Date>,
    /// How many are assigned to someone.
    pub assigned: u64,
}

/// A missing capability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapTally {
    /// The capability.
    pub capability: String,
    /// What is not known because of it.
    pub lost: String,
    /// What would give it.
    pub remedy: String,
    /// On how many devices.
    pub devices: u64,
}

/// Devices by sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct SightTally {
    /// Nothing is known to be missing.
    pub full: u64,
    /// Something is.
    pub partial: u64,
    /// They have not reported yet.
    pub none: u64,
    /// Paths that could not be read, on all devices.
    pub unreadable: u64,
}
