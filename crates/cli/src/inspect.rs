//! `eyeline inspect`: what is inside a model, and whether it is safe to load.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use clap::{Args, ValueEnum};
use domain::{Severity, Verdict};
use inventory::inspect::{Depth, Inspected, Request, Watch};
use protocol::{INSPECT_SCHEMA, InspectReport, RuleText};
use serde_json::Value;

use crate::{
    data::environment,
    exit::Exit,
    progress::Line,
    remembered::Remembered,
    scan::{is_closed_pipe, stop_on_interrupt},
    table,
};

/// The most bytes that are taken from standard input.
const STANDARD_INPUT: u64 = 256 << 30;
/// How it is named.
const DASH: &str = "-";

/// Arguments of `eyeline inspect`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Model files, archives, folders; `-` is standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Exit with 1 when something of this severity or above was seen: info, low, medium, high, critical
    #[arg(long, value_name = "SEVERITY", default_value_t = Severity::High)]
    fail_on: Severity,
    /// Read structure, pickles and texts only: no tensors, no digest
    #[arg(long)]
    quick: bool,
    /// Neither use nor keep what earlier inspections found out
    #[arg(long)]
    no_cache: bool,
    /// Where earlier inspections are remembered [default: $EYELINE_DATA, else $XDG_DATA_HOME/eyeline; root: /var/lib/eyeline]
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    data: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Sarif,
    Cyclonedx,
}

/// Inspects and prints.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let catalog = catalog::load().context("the catalogue of this build is broken")?;
    let stop = stop_on_interrupt()?;
    let (dashes, paths): (Vec<_>, Vec<_>) =
        arguments.paths.into_iter().partition(|path| path == Path::new(DASH));
    let spooled = if dashes.is_empty() { None } else { Some((spooled()?, DASH.to_owned())) };
    let (memory, note) = Remembered::at(arguments.data, arguments.no_cache, "earlier inspections");
    let depth = if arguments.quick { Depth::Quick } else { Depth::Full };
    let remember = memory.as_request();
    let request = Request { paths, spooled, depth, remember, environment: &environment };
    let start = platform::clock::monotonic();
    let watch = Arc::new(Watch::default());
    let line = Line::start(Arc::clone(&watch));
    let inspected = inventory::inspect::inspect(&catalog, &request, &stop, &watch);
    drop(line);
    let report = report(inspected?, note);
    let format = if arguments.json { Format::Json } else { arguments.format };
    let work = table::Work {
        read: watch.read.load(std::sync::atomic::Ordering::Relaxed),
        took: start.elapsed(),
        quick: arguments.quick,
    };
    match print(&catalog, &report, &work, format) {
        // A reader that closed the pipe has what it wanted; what the inspection concluded stays.
        Err(error) if error.chain().any(is_closed_pipe) => {}
        printed => printed.context("failed to write the result")?,
    }
    if !report.complete {
        anstream::eprintln!("eyeline: interrupted: the result is only what was inspected until then");
    }
    Ok(outcome(&report, arguments.fail_on))
}

fn spooled() -> anyhow::Result<std::fs::File> {
    platform::spool::spool(std::io::stdin().lock(), STANDARD_INPUT)
        .context("failed to take in standard input")
}

fn report(inspected: Inspected, note: Option<String>) -> InspectReport {
    let Inspected { complete, artifacts, others, unreadable, mut notes } = inspected;
    notes.extend(note);
    InspectReport {
        schema: INSPECT_SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        complete,
        artifacts,
        other_files: others,
        unreadable,
        notes,
    }
}

fn print(
    catalog: &catalog::Catalog,
    report: &InspectReport,
    work: &table::Work,
    format: Format,
) -> anyhow::Result<()> {
    match format {
        Format::Table => {
            let width =
                terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
            let mut out = anstream::stdout().lock();
            out.write_all(table::inspection(catalog, report, work, width).as_bytes())?;
            out.flush()?;
            Ok(())
        }
        Format::Json => write_json(report),
        Format::Sarif => write_json(&protocol::sarif(report, &rules())),
        Format::Cyclonedx => {
            let spdx = |id: &str| catalog.licenses.by_claim(id)?.spdx.clone();
            write_json::<Value>(&protocol::cyclonedx(report, &spdx))
        }
    }
}

fn write_json<T: serde::Serialize>(document: &T) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, document)?;
    out.write_all(b"\n")?;
    out.flush()?;
    Ok(())
}

fn rules() -> Vec<RuleText<'static>> {
    let text = |rule: &'static artifact::Rule| RuleText {
        id: rule.id,
        severity: rule.severity,
        title: rule.title,
        does: rule.does,
        help: rule.help,
        references: rule.references,
    };
    artifact::rules().map(text).collect()
}

/// What could not be read was not decided.
fn outcome(report: &InspectReport, fail_on: Severity) -> Exit {
    let undecided = |verdict| matches!(verdict, Verdict::Unscannable | Verdict::NotScanned);
    if !report.complete {
        Exit::Failed
    } else if report.gravest().is_some_and(|gravest| gravest >= fail_on) {
        Exit::Findings
    } else if !report.unreadable.is_empty() || report.artifacts.iter().any(|one| undecided(one.verdict)) {
        Exit::Undecided
    } else {
        Exit::Fine
    }
}
