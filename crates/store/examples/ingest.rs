//! How many reports a store takes in per second, beside plain inserts of as many rows in batches.
//!
//! `cargo run --release -p eyeline-store --example ingest -- FOLDER [postgres://USER@HOST/DATABASE]`, with an empty folder and an
//! empty database.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people")]

#[path = "../tests/common/inventory.rs"]
#[allow(dead_code, clippy::panic, unreachable_pub, reason = "shared with the tests")]
mod inventory;

use std::{fmt::Write as _, path::Path, sync::Arc, time::Duration};

use domain::Artifact;
use inventory::{Sensor, artifact, at, put, remove};
use platform::clock::monotonic;
use protocol::sensor::{Changes, artifact_key};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use store::{Location, Store};

const DEVICES: u32 = 2_000;
const ARTIFACTS: u32 = 50;
const DELTAS: u32 = 10;
const AT_ONCE: usize = 64;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap();
    let file = Path::new(&folder).join("eyeline.db");
    measure("SQLite", &Location::Sqlite(file)).await;
    let mut plain = SqliteConnection::connect(&format!("sqlite:{folder}/plain.db?mode=rwc")).await.unwrap();
    plain.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").await.unwrap();
    plain_inserts(&mut plain, "SQLite").await;
    if let Some(url) = arguments.next() {
        measure("PostgreSQL", &Location::Postgres(url.clone())).await;
        plain_inserts(&mut PgConnection::connect(&url).await.unwrap(), "PostgreSQL").await;
    }
}

/// An artefact as a device has it. Half of them are on every tenth device too.
fn model(device: u32, number: u32) -> Artifact {
    let path = format!("/home/user/.cache/models/{device}/{number}/model.gguf");
    let mut model = artifact(&[&path], 0);
    let owner = if number.is_multiple_of(2) { device % 10 } else { device };
    let mut bytes = [0; 32];
    bytes
        .iter_mut()
        .zip(owner.to_be_bytes().into_iter().chain(number.to_be_bytes()))
        .for_each(|(to, from)| *to = from);
    model.digest = domain::Digest::computed(domain::Sha256Digest::from_bytes(bytes), None);
    model.metadata.architecture = Some("llama".into());
    model.metadata.quantization = Some("Q4_K_M".into());
    model
}

/// Two more artefacts and one less.
fn three(device: u32, round: u32) -> Changes {
    let (first, second) = (1_000 + 2 * round + 1, 1_000 + 2 * round + 2);
    let mut changes =
        Changes { artifacts: put(vec![model(device, first), model(device, second)]), ..Changes::default() };
    let gone = artifact_key(model(device, round).path());
    changes.artifacts.remove = remove::<Artifact>(&[&gone]).remove;
    changes
}

fn tell(engine: &str, what: &str, count: u32, took: Duration) {
    println!("{engine}: {what}: {:.0} per second", f64::from(count) / took.as_secs_f64());
}

async fn measure(engine: &str, location: &Location) {
    let store = Store::open(location).await.unwrap();
    let mut sensors = Vec::new();
    for device in 0..DEVICES {
        sensors.push(Sensor::enrolled(&store, &format!("d{device}")).await);
    }
    let begin = monotonic();
    let sensors = round(&store, sensors, |sensor, device| {
        sensor.full(Changes {
            artifacts: put((0..ARTIFACTS).map(|number| model(device, number)).collect()),
            ..Changes::default()
        })
    })
    .await;
    tell(engine, "full reports of new devices with 50 artefacts", DEVICES, begin.elapsed());
    let begin = monotonic();
    let mut sensors = sensors;
    for number in 0..DELTAS {
        sensors = round(&store, sensors, |sensor, device| sensor.delta(three(device, number))).await;
    }
    tell(engine, "reports of three changes", DEVICES * DELTAS, begin.elapsed());
    let begin = monotonic();
    let sensors = round(&store, sensors, |sensor, _| sensor.delta(Changes::default())).await;
    tell(engine, "reports of no change", DEVICES, begin.elapsed());
    let all: Vec<_> = sensors.into_iter().take(200).collect();
    let count = u32::try_from(all.len()).unwrap();
    let begin = monotonic();
    let known = |sensor: &mut Sensor, device| {
        let kept = (DELTAS..ARTIFACTS).chain((0..2 * DELTAS).map(|number| 1_001 + number));
        let models = kept.map(|number| model(device, number)).collect();
        sensor.full(Changes { artifacts: put(models), ..Changes::default() })
    };
    round(&store, all, known).await;
    tell(engine, "full reports of what is known", count, begin.elapsed());
    store.close().await;
}

/// One report of each device, many at once.
async fn round(
    store: &Store,
    mut sensors: Vec<Sensor>,
    report: impl Fn(&mut Sensor, u32) -> protocol::sensor::Report,
) -> Vec<Sensor> {
    let turns = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let mut tasks = Vec::new();
    for (device, sensor) in (0..).zip(&mut sensors) {
        let turn = Arc::clone(&turns).acquire_owned().await.unwrap();
        let (store, report, sensor) = (store.clone(), report(sensor, device), sensor.clone());
        tasks.push(tokio::spawn(async move {
            sensor.tells(&store, report, at(20)).await;
            drop(turn);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    sensors
}

/// Rows of the width of a holding and its artefact, a thousand in a statement, with two indexes.
async fn plain_inserts<C>(connection: &mut C, engine: &str)
where
    for<'c> &'c mut C: Executor<'c>,
{
    let table =
        "CREATE TABLE plain (id BIGINT PRIMARY KEY, device BIGINT, path TEXT, artifact TEXT, body TEXT)";
    for sql in [
        table,
        "CREATE INDEX plain_path ON plain (path)",
        "CREATE INDEX plain_artifact ON plain (artifact, device)",
    ] {
        connection.execute(sql).await.unwrap();
    }
    let body = serde_json::to_string(&model(1, 1)).unwrap();
    let (rows, batch) = (DEVICES * ARTIFACTS, 1_000);
    let begin = monotonic();
    for start in (0..rows).step_by(batch) {
        let mut sql = String::from("INSERT INTO plain VALUES ");
        for row in start..start + 1_000 {
            let comma = if row == start { "" } else { ", " };
            write!(
                sql,
                "{comma}({row}, {}, '/home/user/.cache/models/{row}/model.gguf', '{row:064}', '{body}')",
                row % DEVICES
            )
            .unwrap();
        }
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    tell(engine, "plain rows in batches of 1,000", rows, begin.elapsed());
}
