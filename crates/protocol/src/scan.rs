//! `eyeline.scan/1`: what one scan of a device found. Schema: `docs/schema/eyeline.scan.1.schema.json`.

use domain::{Accelerator, Agent, Artifact, Coverage, Device, Finding, Package, Runtime};
use jiff::Timestamp;
use serde::Serialize;

/// The value of `schema`.
pub const SCAN_SCHEMA: &str = "eyeline.scan/1";

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScanReport {
    /// [`SCAN_SCHEMA`].
    pub schema: &'static str,
    /// The version of the program that scanned.
    pub version: String,
    /// `false` when the scan was interrupted.
    pub complete: bool,
    /// The machine.
    pub device: Device,
    /// When the scan began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// How far it reached.
    pub coverage: Coverage,
    /// Models.
    pub artifacts: Vec<Artifact>,
    /// Runtimes; one without a process id is installed and does not run.
    pub runtimes: Vec<Runtime>,
    /// Agents; one without a process id is installed and does not run.
    pub agents: Vec<Agent>,
    /// AI packages.
    pub packages: Vec<Package>,
    /// GPUs and NPUs.
    pub accelerators: Vec<Accelerator>,
    /// What someone should act on, the gravest first.
    pub findings: Vec<Finding>,
    /// What to know about the scan itself.
    pub notes: Vec<String>,
}
