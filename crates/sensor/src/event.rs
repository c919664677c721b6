//! What happens to a sensor, for the log. No event holds a secret.

use std::{fmt, time::Duration};

use protocol::signing::KeyId;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SensorEvent {
    /// The server let the device in.
    Enrolled {
        /// The id of the device.
        device: KeyId,
        /// Where the server is.
        url: String,
    },
    /// The server did not let the device in.
    EnrolmentFailed {
        /// Why.
        reason: String,
        /// When it is tried again.
        again_in: Duration,
    },
    /// A scan came to its end.
    Scanned {
        /// How many artefacts it found.
        artifacts: usize,
        /// How many findings.
        findings: usize,
        /// How long it took.
        elapsed: Duration,
    },
    /// Models were looked into.
    Inspected {
        /// How many, since it was told last.
        artifacts: usize,
        /// How many are left.
        left: usize,
    },
    /// The server has a report.
    Reported {
        /// Its number.
        sequence: u64,
        /// Whether it had everything.
        full: bool,
        /// Things that are new or changed.
        put: usize,
        /// Things that are gone.
        removed: usize,
    },
    /// A report did not arrive.
    ReportFailed {
        /// Why.
        reason: String,
        /// When it is tried again.
        again_in: Duration,
    },
    /// The channel is open.
    Connected,
    /// The channel is closed.
    Disconnected {
        /// Why.
        reason: String,
        /// When it is tried again.
        again_in: Duration,
    },
    /// The server asked for something that is done now.
    Commanded {
        /// The serial of the command.
        serial: u64,
    },
    /// A command is not obeyed.
    CommandRefused {
        /// Why.
        reason: String,
    },
    /// The clock of the device is wrong; requests are signed with the time of the server.
    ClockCorrected {
        /// How many seconds it is behind.
        seconds: i64,
    },
    /// What must be kept cannot be written.
    CannotKeep {
        /// Why.
        reason: String,
    },
}

impl SensorEvent {
    /// Whether someone should look at it.
    pub const fn is_trouble(&self) -> bool {
        match self {
            Self::Enrolled { .. }
            | Self::Scanned { .. }
            | Self::Inspected { .. }
            | Self::Reported { .. }
            | Self::Connected
            | Self::Commanded { .. } => false,
            Self::EnrolmentFailed { .. }
            | Self::ReportFailed { .. }
            | Self::Disconnected { .. }
            | Self::CommandRefused { .. }
            | Self::ClockCorrected { .. }
            | Self::CannotKeep { .. } => true,
        }
    }
}

impl fmt::Display for SensorEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: &Duration| format!("{:.1} s", time.as_secs_f64());
        match self {
            Self::Enrolled { device, url } => write!(f, "enrolled at {url} as device {device}"),
            Self::EnrolmentFailed { reason, again_in } => {
                write!(f, "not enrolled: {reason}; trying again in {}", seconds(again_in))
            }
            Self::Scanned { artifacts, findings, elapsed } => {
                write!(f, "scanned in {}: {artifacts} models, {findings} findings", seconds(elapsed))
            }
            Self::Inspected { artifacts, left } => {
                write!(f, "inspected {artifacts} models, {left} are left")
            }
            Self::Reported { sequence, full, put, removed } => {
                let kind = if *full { "full report" } else { "report" };
                write!(f, "{kind} {sequence} arrived: {put} new or changed, {removed} gone")
            }
            Self::ReportFailed { reason, again_in } => {
                write!(f, "a report did not arrive: {reason}; trying again in {}", seconds(again_in))
            }
            Self::Connected => f.write_str("the channel to the server is open"),
            Self::Disconnected { reason, again_in } => {
                write!(
                    f,
                    "the channel to the server is closed: {reason}; trying again in {}",
                    seconds(again_in)
                )
            }
            Self::Commanded { serial } => write!(f, "the server asked for a rescan (command {serial})"),
            Self::CommandRefused { reason } => write!(f, "a command is not obeyed: {reason}"),
            Self::ClockCorrected { seconds } => {
                write!(f, "the clock of this device differs from the server's by {seconds} s: set it right")
            }
            Self::CannotKeep { reason } => f.write_str(reason),
        }
    }
}
