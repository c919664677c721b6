//! Findings: conclusions that someone should act on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    HostPath,
    path::{NotBase64, all_base64, exact_all},
};

/// How much a finding matters. `Info` is what is merely worth knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing, nothing to do.
    Info,
    /// Tidy up some time.
    Low,
    /// Decide this week.
    Medium,
    /// Decide today.
    High,
    /// Stop and look now.
    Critical,
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word for it, as it is written in every format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a severity: info, low, medium, high or critical")]
pub struct UnknownSeverity(String);

impl FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, UnknownSeverity> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or_else(|| UnknownSeverity(text.to_owned()))
    }
}

/// One conclusion about one subject. However many paths the subject has, it is one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub struct Finding {
    /// The id of the rule that decided.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about: a model, a runtime, an MCP server. The same thing has the same subject in every scan.
    pub subject: String,
    /// What is the case, in one sentence.
    pub message: String,
    /// What was seen that says so.
    pub evidence: Vec<String>,
    /// What to do about it.
    pub help: String,
    /// The artefacts it is about, by their first path; empty where it is about something else.
    pub paths: Vec<HostPath>,
}

/// A finding in JSON.
#[derive(Serialize, Deserialize)]
struct Wire {
    rule: String,
    severity: Severity,
    subject: String,
    message: String,
    #[serde(default)]
    evidence: Vec<String>,
    #[serde(default)]
    help: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    paths: Vec<HostPath>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    paths_base64: Vec<Option<String>>,
}

impl From<Finding> for Wire {
    fn from(finding: Finding) -> Self {
        let Finding { rule, severity, subject, message, evidence, help, paths } = finding;
        let paths_base64 = all_base64(&paths);
        Self { rule, severity, subject, message, evidence, help, paths, paths_base64 }
    }
}

impl TryFrom<Wire> for Finding {
    type Error = NotBase64;

    fn try_from(wire: Wire) -> Result<Self, NotBase64> {
        let Wire { rule, severity, subject, message, evidence, help, paths, paths_base64 } = wire;
        let paths = exact_all(paths, &paths_base64)?;
        Ok(Self { rule, severity, subject, message, evidence, help, paths })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_ordered_and_read_back() {
        for pair in Severity::ALL.windows(2) {
            assert!(pair[0] < pair[1]);
        }
        for severity in Severity::ALL {
            assert_eq!(severity.to_string().parse(), Ok(severity));
        }
        assert_eq!(
            "urgent".parse::<Severity>().unwrap_err().to_string(),
            "`urgent` is not a severity: info, low, medium, high or critical"
        );
    }
}
