//! `eyeline.inspect/1`: what is inside the files that somebody named. Schema: `docs/schema/eyeline.inspect.1.schema.json`.

mod cyclonedx;
mod sarif;

use domain::{Artifact, Severity, Unreadable};
use serde::Serialize;

pub use cyclonedx::cyclonedx;
pub use sarif::{RuleText, sarif};

/// The value of `schema`.
pub const INSPECT_SCHEMA: &str = "eyeline.inspect/1";

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InspectReport {
    /// [`INSPECT_SCHEMA`].
    pub schema: &'static str,
    /// The version of the program that inspected.
    pub version: String,
    /// `false` when it was interrupted.
    pub complete: bool,
    /// What was inspected, by path. A model of several files is one.
    pub artifacts: Vec<Artifact>,
    /// Files in the folders that are no model and no part of one.
    pub other_files: u64,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// What to know about the inspection itself.
    pub notes: Vec<String>,
}

impl InspectReport {
    /// The gravest fact of all.
    pub fn gravest(&self) -> Option<Severity> {
        self.artifacts.iter().flat_map(|artifact| &artifact.facts).map(|fact| fact.severity).max()
    }
}
