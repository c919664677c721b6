//! Exit codes. They are an interface: scripts depend on them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing to report.
    Fine,
    /// Findings at or above `--fail-on`.
    Findings,
    /// The command line does not make sense; most of it is told by the argument parser.
    #[cfg(feature = "server")]
    Usage,
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
            #[cfg(feature = "server")]
            Exit::Usage => 2,
            Exit::Failed => 3,
            Exit::Undecided => 4,
        })
    }
}
