//! The executable. One file per subcommand; the result goes to standard output, everything else to standard error.

mod data;
mod exit;
mod inspect;
mod progress;
mod remembered;
mod scan;
mod table;
#[cfg(feature = "server")]
mod token;
#[cfg(feature = "server")]
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Shows the AI that runs on your machines.
#[derive(Parser)]
#[command(name = "eyeline", version, about, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 fine · 1 findings at or above --fail-on · 2 wrong usage · 3 could not do the work\n\
                        · 4 no such finding, but something could not be decided"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Find the models, runtimes and agents on this machine. Needs no server and no root, executes nothing.
    Scan(scan::Arguments),
    /// Look into model files, folders and archives: what they are, and whether they are safe to load
    Inspect(inspect::Arguments),
    /// Start server, sensor and console for this machine, and print where to look
    #[cfg(feature = "server")]
    Up(up::Arguments),
    /// API tokens for scripts
    #[cfg(feature = "server")]
    Token(token::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Scan(arguments) => scan::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        #[cfg(feature = "server")]
        Command::Up(arguments) => up::run(arguments),
        #[cfg(feature = "server")]
        Command::Token(arguments) => token::run(arguments),
    };
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            anstream::eprintln!("eyeline: {error:#}");
            exit::Exit::Failed.into()
        }
    }
}
