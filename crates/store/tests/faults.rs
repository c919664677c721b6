//! What goes wrong with the file, the server or the process, and what is lost then: nothing that was acknowledged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

mod common;

use std::{
    future::Future,
    io::{BufRead, BufReader},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    pin::pin,
    process::{Child, Command, Stdio},
    task::Poll,
};

use common::inventory::*;
use domain::Severity;
use protocol::sensor::Changes;
use store::{Location, Store, StoreError};

const FOLDER: &str = "EYELINE_TEST_CHILD_FOLDER";

fn acknowledged(number: u64) -> Changes {
    Changes {
        findings: put(vec![finding(&format!("rule-{number}"), Severity::Low, &[])]),
        ..Changes::default()
    }
}

/// This test program again, as a process of its own, with one of its tests and a folder.
#[allow(clippy::disallowed_methods, reason = "a process that is killed must be another one")]
fn again(program: &Path, test: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(FOLDER, folder);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[allow(clippy::disallowed_methods, reason = "the parent says where to write")]
fn folder() -> Option<std::path::PathBuf> {
    std::env::var_os(FOLDER).map(Into::into)
}

#[tokio::test]
async fn the_writer_that_is_killed() {
    let Some(folder) = folder() else { return };
    let store = Store::open(&Location::Sqlite(folder.join("eyeline.db"))).await.unwrap();
    let mut sensor = Sensor::enrolled(&store, "one").await;
    let report = sensor.full(Changes::default());
    sensor.tells(&store, report, at(20)).await;
    for number in 0.. {
        let report = sensor.delta(acknowledged(number));
        sensor.tells(&store, report, at(30)).await;
        println!("\nacknowledged {number}");
    }
}

/// Reads acknowledgements until there are so many.
fn read_until(child: &mut Child, wanted: u64) -> u64 {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let numbers =
        lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
    let mut last = None;
    for number in numbers {
        last = Some(number);
        if number == wanted {
            child.kill().unwrap();
        }
    }
    last.expect("the writer acknowledged nothing")
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    for wanted in [0, 3, 20, 71] {
        common::on_sqlite(async |place| {
            let program = std::env::current_exe().unwrap();
            let mut child = again(&program, "the_writer_that_is_killed", place.folder()).spawn().unwrap();
            let last = read_until(&mut child, wanted);
            assert!(!child.wait().unwrap().success());
            let store = place.open().await;
            let there = place.number("SELECT COUNT(*) FROM findings").await;
            assert!(there > i64::try_from(last).unwrap(), "{there} findings, {last} acknowledged");
            let mut sensor =
                Sensor { uid: place.texts("SELECT uid FROM devices").await.remove(0), ..blank() };
            let report = sensor.full(Changes::default());
            sensor.tells(&store, report, at(90)).await;
            assert_eq!(place.number("SELECT low FROM devices").await, 0);
        });
    }
}

fn blank() -> Sensor {
    Sensor { uid: String::new(), sequence: 1_000_000, state: None, coverage: domain::Coverage::default() }
}

/// A database with something in it, closed.
async fn filled(place: &common::Place) -> Vec<u8> {
    let store = place.open().await;
    let mut sensor = Sensor::enrolled(&store, "one").await;
    let models = (0..250).map(|n| artifact(&[&format!("/m/{n}")], n)).collect();
    let report = sensor.full(Changes { artifacts: put(models), ..Changes::default() });
    sensor.tells(&store, report, at(20)).await;
    store.close().await;
    platform_read(place.file().unwrap())
}

#[allow(clippy::disallowed_methods, reason = "the test's own file")]
fn platform_read(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap()
}

#[test]
fn a_damaged_file_is_told_as_such_and_not_opened() {
    common::on_sqlite(async |place| {
        let whole = filled(place).await;
        let mut torn = whole.clone();
        torn[8192..16384].fill(0xff);
        let text = b"this is no database, whatever its name says\n".repeat(100);
        for damaged in [&torn[..], &whole[..whole.len() / 2], &text[..]] {
            std::fs::write(place.file().unwrap(), damaged).unwrap();
            let refused = Store::open(&place.location).await.err().expect("a damaged file was opened");
            assert!(matches!(refused, StoreError::Corrupt(_)), "{refused:?}");
            assert!(refused.to_string().starts_with("the database is damaged: "), "{refused}");
        }
        std::fs::write(place.file().unwrap(), whole).unwrap();
        place.open().await.ready().await.unwrap();
    });
}

#[test]
fn bytes_flipped_anywhere_never_bring_the_process_down() {
    common::on_sqlite(async |place| {
        let whole = filled(place).await;
        for at in (100..whole.len()).step_by(whole.len() / 60) {
            let mut flipped = whole.clone();
            flipped[at..].iter_mut().take(7).for_each(|byte| *byte = !*byte);
            std::fs::write(place.file().unwrap(), flipped).unwrap();
            let Ok(store) = Store::open(&place.location).await else { continue };
            let _ = store.people().await;
            let mut sensor = Sensor { uid: format!("{:0>32}", "one"), ..blank() };
            let report =
                sensor.full(Changes { artifacts: put(vec![artifact(&["/n"], 1)]), ..Changes::default() });
            let _ = store.ingest(&sensor.uid, report, self::at(30)).await;
            store.close().await;
        }
    });
}

/// Damage in the schema that SQLite reads over makes the driver's thread panic; see `db::sqlite::run`.
#[test]
fn what_stops_the_driver_is_told_as_damage_and_holds_up_nobody() {
    common::on_sqlite(async |place| {
        let store = place.open().await;
        place
            .run(
                "INSERT INTO people (name, role, created_at) VALUES ('ada', 'admin', 0);
                 PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema SET sql = CAST(replace(CAST(sql AS BLOB), CAST('role TEXT' AS BLOB), x'726f6c6520ff') AS TEXT)
                 WHERE name = 'people'",
            )
            .await;
        for _ in 0..40 {
            let refused = store.people().await.expect_err("a name of a type that is no text was read");
            assert!(matches!(refused, StoreError::Corrupt(_)), "{refused:?}");
        }
        store.close().await;
    });
}

#[tokio::test]
async fn the_reader_without_rights() {
    let Some(folder) = folder() else { return };
    let opened = Store::open(&Location::Sqlite(folder.join("eyeline.db"))).await;
    println!("\nrefused {}", opened.err().expect("it was opened"));
}

/// Runs as someone for whom rights hold: root writes whatever the rights say.
fn unprivileged(test: &str, folder: &Path) -> String {
    let programs = tempfile::tempdir().unwrap();
    std::fs::set_permissions(programs.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let program = programs.path().join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = again(&program, test, folder);
    if rights_do_not_hold(folder) {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let said = text.lines().find_map(|line| line.strip_prefix("refused "));
    said.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))).to_owned()
}

fn rights_do_not_hold(folder: &Path) -> bool {
    let probe = folder.join("probe");
    std::fs::write(&probe, "").and_then(|()| std::fs::remove_file(&probe)).is_ok()
}

#[test]
fn a_folder_that_cannot_be_written_is_told_with_what_to_look_at() {
    common::on_sqlite(async |place| {
        filled(place).await;
        let (folder, file) = (place.folder(), place.file().unwrap());
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o444)).unwrap();
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o555)).unwrap();
        let refused = unprivileged("the_reader_without_rights", folder);
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(refused.contains("read-only") || refused.contains("its folder"), "{refused}");
    });
}

#[test]
fn a_second_server_on_one_postgres_database_is_refused_until_the_first_has_gone() {
    common::on_postgres(async |place| {
        let first = place.open().await;
        let refused = Store::open(&place.location).await.err().expect("two servers on one database");
        assert!(matches!(refused, StoreError::InUse), "{refused:?}");
        first.close().await;
        place.open().await.ready().await.unwrap();
    });
}

#[test]
fn a_server_that_is_not_there_is_told_without_a_password() {
    common::on_sqlite(async |_| {
        let nowhere = Location::Postgres("postgres://someone:hunter2@127.0.0.1:1/eyeline".into());
        let refused = Store::open(&nowhere).await.err().expect("nobody listens there");
        assert!(matches!(refused, StoreError::Unreachable(_)), "{refused:?}");
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    });
}

/// Polls so many times, then drops what is unfinished.
async fn cancelled(future: impl Future, polls: usize) {
    let (mut future, mut left) = (pin!(future), polls);
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        future.as_mut().poll(context).map(drop)
    })
    .await;
}

both_engines! {
    async fn a_request_that_is_cancelled_anywhere_leaves_all_or_nothing_and_holds_up_nobody(place) {
        let store = place.open().await;
        for polls in 0..16 {
            let name = format!("person {polls}");
            cancelled(store.add_person(&name, "analyst", None, &actor(), at(0)), polls).await;
            store.prune(at(0)).await.unwrap();
        }
        store.add_person("last", "analyst", None, &actor(), at(0)).await.unwrap();
        let people = place.number("SELECT COUNT(*) FROM people").await;
        assert_eq!(place.number("SELECT COUNT(*) FROM records WHERE kind = 'person-added'").await, people);
    }

    async fn a_report_whose_sender_went_away_harms_no_other(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let report = sensor.full(acknowledged(1));
        for polls in 0..4 {
            cancelled(store.ingest(&sensor.uid, report.clone(), at(20)), polls).await;
        }
        store.ingest(&sensor.uid, report, at(20)).await.unwrap();
        let report = sensor.delta(acknowledged(2));
        sensor.tells(&store, report, at(30)).await;
        assert_eq!(place.number("SELECT low FROM devices").await, 2);
    }
}
