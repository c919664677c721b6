//! What sensor and server say to each other, below `/api/v1/sensor`.
//!
//! A device enrols once, reports what changed, and listens on a channel for commands. Everything here was written by the other
//! side: it is read within limits, and nothing is allocated on a number that the sender supplied.

mod keys;
mod pack;
mod shown;

use domain::{Accelerator, Agent, Artifact, Coverage, Device, Finding, Package, Runtime};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::signing::{Envelope, KeyId, PublicKey, SigningKey};

pub use keys::{Item, Keyed, Mark, StateHash, artifact_key, keyed_agents, keyed_runtimes};
pub use pack::{LARGEST_PACKED, LARGEST_REPORT, PackError, pack, unpack};

/// Where a device enrols.
pub const ENROL_PATH: &str = "/api/v1/sensor/enrol";
/// Where it reports.
pub const REPORT_PATH: &str = "/api/v1/sensor/report";
/// Where it listens.
pub const CHANNEL_PATH: &str = "/api/v1/sensor/channel";

/// The payload type of an envelope that holds a [`Command`].
pub const COMMAND_TYPE: &str = "application/vnd.eyeline.command+json";

/// The problem type of a report whose base the server does not have: send all of it.
pub const RESEND: &str = "urn:eyeline:problem:resend";

/// The most seconds that a channel is silent.
pub const KEEP_ALIVE_SECONDS: u64 = 15;

/// A device asks to be let in. Signed with the key that it brings.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The secret of the enrolment token.
    pub token: String,
    /// The machine.
    pub device: Device,
    /// The key made on it.
    pub public_key: PublicKey,
    /// The version of the sensor.
    pub sensor_version: String,
}

impl std::fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { token: _, device, public_key, sensor_version } = self;
        let mut out = f.debug_struct("EnrolRequest");
        out.field("device", device).field("public_key", public_key).field("sensor_version", sensor_version);
        out.finish_non_exhaustive()
    }
}

/// The device is let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// Its id from now on.
    pub device_id: KeyId,
    /// The key that commands are signed with.
    pub server_key: PublicKey,
}

/// What changed on a device since the state that the server last acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Counts the reports of a device; never used twice for different content.
    pub sequence: u64,
    /// The state that the changes are made to; absent in a full report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The state after them, as [`StateHash`] makes it.
    pub state: String,
    /// The version of the sensor.
    pub sensor_version: String,
    /// The scan that saw them.
    pub scan: ScanSummary,
    /// The changes.
    pub changes: Changes,
    /// The serials of the commands that this report answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<u64>,
}

/// A scan, without the things it found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanSummary {
    /// The machine.
    pub device: Device,
    /// When the scan began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// `false` when it was interrupted.
    pub complete: bool,
    /// How far it reached.
    pub coverage: Coverage,
    /// GPUs and NPUs.
    #[serde(default)]
    pub accelerators: Vec<Accelerator>,
    /// What to know about the scan itself.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What came, went and changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// `put` has everything there is: what is not named is gone.
    pub full: bool,
    /// Models.
    pub artifacts: Delta<Artifact>,
    /// Runtimes.
    pub runtimes: Delta<Keyed<Runtime>>,
    /// Agents.
    pub agents: Delta<Keyed<Agent>>,
    /// AI packages.
    pub packages: Delta<Package>,
    /// Conclusions.
    pub findings: Delta<Finding>,
}

impl Changes {
    /// Whether there is nothing to apply. A full report always has something to say.
    pub fn is_empty(&self) -> bool {
        let Self { full, artifacts, runtimes, agents, packages, findings } = self;
        !full
            && artifacts.is_empty()
            && runtimes.is_empty()
            && agents.is_empty()
            && packages.is_empty()
            && findings.is_empty()
    }
}

/// Changes of one kind of thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delta<T> {
    /// New or changed, whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub put: Vec<T>,
    /// Gone, by their keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}

impl<T> Default for Delta<T> {
    fn default() -> Self {
        Self { put: Vec::new(), remove: Vec::new() }
    }
}

impl<T> Delta<T> {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.remove.is_empty()
    }
}

/// The server has the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportAnswer {
    /// The state it has now.
    pub state: String,
}

/// An error of the server (RFC 9457).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// What kind, as a URI.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// This occurrence, for people.
    pub detail: String,
}

/// What the server asks of one device. Only the key that the device accepted at enrolment can sign one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The device that is meant, and no other.
    pub device: KeyId,
    /// Counts the commands to a device upwards.
    pub serial: u64,
    /// When it was given.
    pub issued_at: Timestamp,
    /// From when on it is not to be obeyed.
    pub expires_at: Timestamp,
    /// What to do.
    pub order: Order,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Order {
    /// Look again now, and report.
    Rescan,
    /// Something that this version does not know.
    #[serde(other, skip_serializing)]
    Unknown,
}

impl Command {
    /// The signed command.
    ///
    /// # Errors
    /// When the order is none that can be given.
    pub fn sign(&self, key: &SigningKey) -> Result<Envelope, serde_json::Error> {
        Ok(Envelope::sign(key, COMMAND_TYPE, &serde_json::to_vec(self)?))
    }
}

#[cfg(test)]
mod tests;
