//! Measures `eyeline scan` against the programs that people walk trees with, `eyeline up` on the inventory of a fleet, `eyeline
//! inspect` against other scanners, and the store beside plain inserts: one table, and the same as JSON.
//!
//! It runs programs and reads their time and memory; what a scan finds matters only as far as it must find all of it.

mod console;
mod ingest;
mod inspect;
mod libraries;
mod measure;
mod models;
mod product;
mod report;
mod tree;

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand, ValueEnum};

use measure::{Command, Sample, median};
use report::{Report, Row};

/// Goals of the product, on two cores.
const SCAN_RATIO: f64 = 1.0;
const RESCAN_RATIO: f64 = 0.6;
const VERSION_MS: f64 = 15.0;
const PEAK_MB: f64 = 100.0;
/// What a quick look into every model may add to a scan that looks into none.
const QUICK_RATIO: f64 = 1.1;

/// How often the version is asked for: one call is too short to be measured alone.
const VERSION_RUNS: usize = 20;

#[derive(Parser)]
#[command(about = "Measures eyeline scan against find and fd", version)]
struct Arguments {
    #[command(subcommand)]
    inner: Option<Inner>,
    /// The executable to measure
    #[arg(long, default_value = "target/release/eyeline")]
    eyeline: PathBuf,
    /// Where the tree is made and kept for the next time [default: eyeline-bench in $TMPDIR or /var/tmp]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// How many files the tree has
    #[arg(long, default_value_t = 1_000_000)]
    files: u64,
    /// How many rounds are run; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// What to measure; all of it when not named
    #[arg(long, value_enum)]
    part: Vec<Part>,
    /// A PostgreSQL server to measure on as well (postgres://…); a database is made on it and dropped
    #[arg(long, env = "EYELINE_TEST_POSTGRES")]
    postgres: Option<String>,
    /// The folder with the programs of other scanners of models
    #[arg(long)]
    peers: Option<PathBuf>,
    /// A Python whose libraries write models for the inspection
    #[arg(long)]
    python: Vec<PathBuf>,
    /// Writes the table as JSON to this file too
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// `eyeline scan` beside find and fd.
    Scan,
    /// `eyeline up` and its pages on the inventory of a fleet.
    Console,
    /// Reports into both databases beside plain batched inserts.
    Ingest,
    /// `eyeline inspect` beside other scanners of models.
    Inspect,
}

#[derive(Subcommand)]
enum Inner {
    /// Runs one command and prints what it took (started by the benchmark itself, so that each command has a parent of its own)
    #[command(hide = true)]
    Measure {
        #[arg(last = true, required = true)]
        words: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            // There is nowhere else to say it.
            let _ = writeln!(io::stderr(), "eyeline-bench: {error:#}");
            ExitCode::from(3)
        }
    }
}

/// Whether every goal was met.
fn run(arguments: &Arguments) -> Result<bool> {
    if let Some(Inner::Measure { words }) = &arguments.inner {
        measure::one(words)?;
        return Ok(true);
    }
    let dir = arguments.dir.clone().unwrap_or_else(default_dir);
    let wanted = |part| arguments.part.is_empty() || arguments.part.contains(&part);
    let mut rows = Vec::new();
    if wanted(Part::Scan) {
        rows.extend(scans(arguments, &dir)?);
    }
    if wanted(Part::Console) {
        rows.extend(console::measure(&arguments.eyeline, &dir, arguments.postgres.as_deref())?);
    }
    if wanted(Part::Ingest) {
        rows.extend(ingest::measure(&dir, arguments.postgres.as_deref())?);
    }
    if wanted(Part::Inspect) {
        let peers = arguments.peers.as_deref();
        rows.extend(inspect::measure(&arguments.eyeline, &dir, peers)?);
        rows.extend(libraries::measure(&arguments.eyeline, &dir, peers, &arguments.python)?);
    }
    let report = Report { files: arguments.files, rounds: arguments.rounds, rows };
    io::stdout().write_all(report.table().as_bytes())?;
    if let Some(path) = &arguments.json {
        fs::write(path, report.json()).with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(report.rows.iter().all(|row| row.met != Some(false)))
}

fn scans(arguments: &Arguments, dir: &Path) -> Result<Vec<Row>> {
    let root = tree::ready(dir, arguments.files)?;
    let programs = Programs::new(&arguments.eyeline, dir, &root)?;
    let found = programs.artifacts_found()?;
    Ok(rows(&programs.rounds(arguments.rounds)?, found))
}

fn default_dir() -> PathBuf {
    env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from).join("eyeline-bench")
}

/// The commands that are compared.
struct Programs {
    scan: Command,
    rescan: Command,
    /// First scans that look into no model, and into every byte of each.
    none: Command,
    full: Command,
    version: Command,
    find: Command,
    fd: Command,
}

#[derive(Default)]
struct Times {
    scan: Vec<Sample>,
    rescan: Vec<Sample>,
    none: Vec<Sample>,
    full: Vec<Sample>,
    version: Vec<Sample>,
    find: Vec<Sample>,
    fd: Vec<Sample>,
}

impl Programs {
    fn new(eyeline: &Path, dir: &Path, root: &Path) -> Result<Self> {
        if !eyeline.exists() {
            bail!("`{}` does not exist: ./dev bench builds it", eyeline.display());
        }
        let data = dir.join("data");
        let home = dir.join("home");
        fs::create_dir_all(&home).with_context(|| format!("failed to make `{}`", home.display()))?;
        let scan = |kept: &[&str]| {
            let words = [&["scan", "--format", "json", "--no-processes"], kept].concat();
            Command::new(eyeline).words(&words).word(root).home(&home).accept(&[0, 1, 4])
        };
        Ok(Self {
            scan: scan(&["--no-cache"]),
            none: scan(&["--no-cache", "--inspect", "none"]),
            full: scan(&["--no-cache", "--inspect", "full"]),
            rescan: scan(&["--data", &data.to_string_lossy()]),
            version: Command::new(eyeline).words(&["--version"]),
            find: Command::new("find").word(root).words(&["-size", "+100M"]),
            fd: Command::new(fd_name()).words(&["-u", "-j2", "."]).word(root),
        })
    }

    /// How many artefacts a scan lists. It also fills the caches of the system and of the rescan.
    fn artifacts_found(&self) -> Result<usize> {
        self.rescan.sample()?;
        let document: serde_json::Value =
            serde_json::from_slice(&self.scan.output()?).context("the scan printed no JSON document")?;
        document["artifacts"].as_array().map(Vec::len).context("the scan printed no list of artefacts")
    }

    /// Rounds in which every command runs once, so that whatever else the machine does meets them all.
    fn rounds(&self, rounds: usize) -> Result<Times> {
        let mut times = Times::default();
        for round in 1..=rounds {
            let find = self.find.warm_sample()?;
            let scan = self.scan.warm_sample()?;
            let fd = self.fd.warm_sample()?;
            let rescan = self.rescan.warm_sample()?;
            writeln!(
                io::stderr(),
                "round {round} of {rounds}: find {:.2} s, scan {:.2} s, rescan {:.2} s",
                find.wall_s,
                scan.wall_s,
                rescan.wall_s
            )?;
            times.find.push(find);
            times.scan.push(scan);
            times.fd.push(fd);
            times.rescan.push(rescan);
            times.none.push(self.none.warm_sample()?);
            times.full.push(self.full.warm_sample()?);
        }
        times.version = (0..VERSION_RUNS).map(|_| self.version.sample()).collect::<Result<_>>()?;
        Ok(times)
    }
}

/// Debian calls it `fdfind`.
fn fd_name() -> &'static str {
    let on_path = |name: &str| {
        env::var_os("PATH")
            .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(name).exists()))
    };
    if on_path("fdfind") { "fdfind" } else { "fd" }
}

fn rows(times: &Times, found: usize) -> Vec<Row> {
    let wall = |samples: &[Sample]| median(samples, |sample| sample.wall_s);
    let peak = |samples: &[Sample]| median(samples, |sample| sample.peak_mb);
    let (find, fd) = (wall(&times.find), wall(&times.fd));
    let expected = tree::ARTIFACTS;
    vec![
        Row::against("first scan, s", wall(&times.scan), find, fd, SCAN_RATIO),
        Row::against("rescan, s", wall(&times.rescan), find, fd, RESCAN_RATIO),
        Row::share(
            "first scan beside one that looks into no model, s",
            wall(&times.scan),
            wall(&times.none),
            QUICK_RATIO,
        ),
        Row::beside("first scan that reads every byte of models, s", wall(&times.full), wall(&times.none)),
        Row::below("peak memory, first scan, MB", peak(&times.scan), PEAK_MB).peer(peak(&times.find)),
        Row::below("peak memory, rescan, MB", peak(&times.rescan), PEAK_MB).peer(peak(&times.find)),
        Row::below("--version, ms", wall(&times.version) * 1000.0, VERSION_MS),
        Row::exactly("artefacts found", found, expected),
    ]
}
