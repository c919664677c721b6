//! Exit codes. They are an interface: scripts depend on them.

use std::process::ExitCode;

/// How a command ended. Wrong usage (2) is the argument parser's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing to report.
    Fine,
    /// Findings at or above `--fail-on`.
    Findings,
    /// The work could not be done, or not to its end.
    Failed,
    /// No such finding, but something could not be decided.
    Undecided,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::Failed => 3,
            Exit::Undecided => 4,
        })
    }
}
