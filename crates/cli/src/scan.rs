//! `eyeline scan`: one command shows the AI on this machine.

use std::{
    io::Write,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context;
use assess::Facts;
use clap::{Args, ValueEnum};
use domain::{HostPath, Severity, Verdict};
use inventory::scan::{Request, Scan, Watch};
use protocol::{SCAN_SCHEMA, ScanReport};

use crate::{data::environment, exit::Exit, progress::Line, remembered::Remembered, table};

/// Arguments of `eyeline scan`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to look [default: your home (every home, for root), the stores of known tools, system packages, /opt and /srv]
    #[arg(value_name = "ROOT")]
    roots: Vec<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Exit with 1 when there is a finding of this severity or above: info, low, medium, high, critical
    #[arg(long, value_name = "SEVERITY", default_value_t = Severity::High)]
    fail_on: Severity,
    /// Compute the SHA-256 of every model (reads all of each file once)
    #[arg(long)]
    hash: bool,
    /// Look into every model that is found: quick leaves tensors out, full reads every byte
    #[arg(long, value_enum, value_name = "DEPTH", default_value_t = Depth::Quick)]
    inspect: Depth,
    /// Look at files only, not at running programs
    #[arg(long)]
    no_processes: bool,
    /// Neither use nor keep what earlier scans found out
    #[arg(long)]
    no_cache: bool,
    /// Where earlier scans are remembered [default: $EYELINE_DATA, else $XDG_DATA_HOME/eyeline; root: /var/lib/eyeline]
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    data: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Depth {
    None,
    Quick,
    Full,
}

impl From<Depth> for Option<inventory::inspect::Depth> {
    fn from(depth: Depth) -> Self {
        match depth {
            Depth::None => None,
            Depth::Quick => Some(inventory::inspect::Depth::Quick),
            Depth::Full => Some(inventory::inspect::Depth::Full),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

/// Scans and prints.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let catalog = catalog::load().context("the catalogue of this build is broken")?;
    for root in &arguments.roots {
        root.canonicalize()
            .with_context(|| format!("cannot look into `{}`", HostPath::from(root.as_path())))?;
    }
    let stop = stop_on_interrupt()?;
    let watch = Arc::new(Watch::default());
    let (memory, note) = Remembered::at(arguments.data, arguments.no_cache, "earlier scans");
    let request = Request {
        roots: arguments.roots,
        hash: arguments.hash,
        processes: !arguments.no_processes,
        inspect: arguments.inspect.into(),
        remember: memory.as_request(),
        environment: &environment,
    };
    let (started_at, start) = (platform::clock::now(), platform::clock::monotonic());
    let line = Line::start(Arc::clone(&watch));
    let mut scan = inventory::scan::scan(&catalog, &request, &stop, &watch);
    scan.notes.extend(note);
    drop(line);
    let elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let report = report(&catalog, scan, started_at, elapsed_ms);
    let format = if arguments.json { Format::Json } else { arguments.format };
    match print(&catalog, &report, format) {
        // A reader that closed the pipe has what it wanted; what the scan concluded stays.
        Err(error) if error.chain().any(is_closed_pipe) => {}
        printed => printed.context("failed to write the result")?,
    }
    if !report.complete {
        anstream::eprintln!("eyeline: interrupted: the result is only what was found until then");
    }
    Ok(outcome(&report, arguments.fail_on))
}

/// Whether somebody who read the result stopped reading.
pub(crate) fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    let json = error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    io.map(std::io::Error::kind).or(json) == Some(std::io::ErrorKind::BrokenPipe)
}

/// The first interrupt ends the work with what was found, the second ends the program.
pub(crate) fn stop_on_interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .context("cannot listen for interrupts")?;
    Ok(stop)
}

fn report(
    catalog: &catalog::Catalog,
    scan: Scan,
    started_at: jiff::Timestamp,
    elapsed_ms: u64,
) -> ScanReport {
    let facts = Facts { artifacts: &scan.artifacts, runtimes: &scan.runtimes, agents: &scan.agents };
    let findings = assess::findings(catalog, facts);
    ScanReport {
        schema: SCAN_SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        complete: scan.complete,
        device: platform::device::device(),
        started_at,
        elapsed_ms,
        coverage: scan.coverage,
        artifacts: scan.artifacts,
        runtimes: scan.runtimes,
        agents: scan.agents,
        packages: scan.packages,
        accelerators: scan.accelerators,
        findings,
        notes: scan.notes,
    }
}

fn print(catalog: &catalog::Catalog, report: &ScanReport, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Table => {
            let width =
                terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
            let mut out = anstream::stdout().lock();
            out.write_all(table::render(catalog, report, width).as_bytes())?;
            out.flush()?;
        }
        Format::Json => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            serde_json::to_writer_pretty(&mut out, report)?;
            out.write_all(b"\n")?;
            out.flush()?;
        }
        Format::Csv => protocol::write_rows(report, std::io::stdout().lock())?,
    }
    Ok(())
}

/// An interrupted scan failed; unreadable paths alone do not make it fail.
fn outcome(report: &ScanReport, fail_on: Severity) -> Exit {
    if !report.complete {
        Exit::Failed
    } else if report.findings.iter().any(|finding| finding.severity >= fail_on) {
        Exit::Findings
    } else if report.artifacts.iter().any(|artifact| artifact.verdict == Verdict::Unscannable) {
        Exit::Undecided
    } else {
        Exit::Fine
    }
}
