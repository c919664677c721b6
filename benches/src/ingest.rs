//! Reports of sensors into both databases, beside plain batched inserts of as many rows into the same database.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use domain::{Artifact, Coverage, Device, Digest, HostPath, Metadata, Sha256Digest, Verdict};
use jiff::Timestamp;
use protocol::sensor::{Changes, Delta, Report, ScanSummary};
use store::{Actor, Enrolment, Location, Store, seed};
use tokio::task::JoinSet;

use crate::report::Row;

/// Devices that report for the first time, each with as many models.
const DEVICES: usize = 400;
const MODELS: usize = 50;
/// Reports of three changes that each of them sends then.
const DELTAS: usize = 5;
const CHANGES: usize = 3;
/// How many sensors wait for their answer at the same time.
const AT_ONCE: usize = 64;
/// Different models in the fleet.
const DISTINCT: usize = 2_000;
/// Rows of the plain inserts.
const PLAIN: u64 = (DEVICES * MODELS) as u64;

/// SQLite always, PostgreSQL where there is one.
pub(crate) fn measure(dir: &Path, postgres: Option<&str>) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let file = dir.join("ingest.db");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(dir.join(format!("ingest.db{end}")));
    }
    std::fs::create_dir_all(dir)?;
    let mut rows = runtime.block_on(engine(
        &Location::Sqlite(file),
        ["SQLite: models of first reports, /s", "SQLite: changes in small reports, /s"],
    ))?;
    match postgres {
        Some(url) => rows.extend(runtime.block_on(own_database(url))?),
        None => eprintln!("bench: no PostgreSQL named (--postgres): not measured"),
    }
    Ok(rows)
}

/// A database of its own on a server, dropped afterwards.
async fn own_database(server: &str) -> Result<Vec<Row>> {
    let name = format!("eyeline_bench_{}", std::process::id());
    let url = seed::make_database(server, &name).await.context("failed to make a database")?;
    let names = ["PostgreSQL: models of first reports, /s", "PostgreSQL: changes in small reports, /s"];
    let rows = engine(&Location::Postgres(url), names).await;
    seed::drop_database(server, &name).await.context("failed to drop the database")?;
    rows
}

async fn engine(location: &Location, names: [&'static str; 2]) -> Result<Vec<Row>> {
    let store = Store::open(location).await?;
    let plain = rate(PLAIN, seed::plain_inserts(&store, PLAIN).await?);
    let devices = enrolled(&store).await?;
    let full = devices.iter().enumerate().map(|(number, device)| (device.clone(), first(number)));
    let full = rate(PLAIN, send(&store, full.collect()).await?);
    let mut changes = 0;
    let start = Instant::now();
    for round in 1..=DELTAS {
        let reports: Vec<_> = devices
            .iter()
            .enumerate()
            .map(|(number, device)| (device.clone(), delta(number, round)))
            .collect();
        changes += (reports.len() * CHANGES) as u64;
        send(&store, reports).await?;
    }
    let small = rate(changes, start.elapsed());
    store.close().await;
    Ok(vec![Row::beside(names[0], full, plain), Row::beside(names[1], small, plain)])
}

fn rate(count: u64, time: Duration) -> f64 {
    (count as f64 / time.as_secs_f64()).round()
}

async fn enrolled(store: &Store) -> Result<Vec<String>> {
    let actor = Actor { person: None, name: "bench".into() };
    let now = Timestamp::now();
    let end = now.checked_add(jiff::SignedDuration::from_hours(1))?;
    store.add_enrolment_token("bench", u32::try_from(DEVICES)?, end, &actor, now).await?;
    let mut devices = Vec::new();
    for number in 0..DEVICES {
        let uid = format!("{number:032x}");
        let enrolment = Enrolment {
            token_hash: "bench".into(),
            uid: uid.clone(),
            public_key: vec![7; 32],
            device: device(number),
            sensor_version: "bench".into(),
        };
        store.enrol(&enrolment, now).await?;
        devices.push(uid);
    }
    Ok(devices)
}

/// Sends all, so many at once, and waits until each is acknowledged.
async fn send(store: &Store, reports: Vec<(String, Report)>) -> Result<Duration> {
    let start = Instant::now();
    let mut waiting = JoinSet::new();
    for (device, report) in reports {
        if waiting.len() >= AT_ONCE {
            waiting.join_next().await.context("a report waits")???;
        }
        let store = store.clone();
        waiting.spawn(async move { store.ingest(&device, report, Timestamp::now()).await.map(drop) });
    }
    while let Some(done) = waiting.join_next().await {
        done??;
    }
    Ok(start.elapsed())
}

fn device(number: usize) -> Device {
    Device {
        id: None,
        hostname: Some(format!("lap-{number:05}")),
        os: "linux".into(),
        os_version: Some("Debian GNU/Linux 12 (bookworm)".into()),
        arch: "x86_64".into(),
    }
}

/// Everything a device has.
fn first(number: usize) -> Report {
    let put = (0..MODELS).map(|model| artifact(number, model, number * 31 + model)).collect();
    report(number, 1, Changes { full: true, artifacts: Delta { put, remove: vec![] }, ..Changes::default() })
}

/// Three models were replaced by others.
fn delta(number: usize, round: usize) -> Report {
    let put = (0..CHANGES)
        .map(|model| artifact(number, round * CHANGES + model, number * 17 + round * 1009 + model))
        .collect();
    report(number, 1 + round, Changes { artifacts: Delta { put, remove: vec![] }, ..Changes::default() })
}

fn report(number: usize, sequence: usize, changes: Changes) -> Report {
    Report {
        sequence: sequence as u64,
        base: (!changes.full).then(|| format!("state {}", sequence - 1)),
        state: format!("state {sequence}"),
        sensor_version: "bench".into(),
        scan: ScanSummary {
            device: device(number),
            started_at: Timestamp::now(),
            elapsed_ms: 900,
            complete: true,
            coverage: Coverage::default(),
            accelerators: vec![],
            notes: vec![],
        },
        changes,
        answers: vec![],
    }
}

fn artifact(device: usize, place: usize, model: usize) -> Artifact {
    let model = model % DISTINCT;
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&(model as u64).to_be_bytes());
    Artifact {
        paths: vec![HostPath::from(format!("/home/user{device}/models/{place}/weights.gguf").as_str())],
        size: 4_000_000_000 + model as u64,
        format: "gguf".into(),
        digest: Digest::computed(Sha256Digest::from_bytes(digest), None),
        store: None,
        origin: None,
        license: None,
        metadata: Metadata { name: Some(format!("model {model}")), ..Metadata::default() },
        verdict: Verdict::NotScanned,
        content: domain::Content::default(),
        facts: vec![],
    }
}
