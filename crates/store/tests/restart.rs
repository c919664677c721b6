//! A PostgreSQL server that is restarted under a running store. A test program of its own: the restart ends every connection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

mod common;

use std::process::Command;

use common::inventory::*;
use protocol::sensor::Changes;
use store::StoreError;

/// Restarts the server where the environment says how, else ends the connections to this database.
#[allow(clippy::disallowed_methods, reason = "./dev test says how to restart its server")]
async fn restart(place: &common::Place) {
    if let Ok(command) = std::env::var("EYELINE_TEST_POSTGRES_RESTART") {
        assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success(), "`{command}` failed");
        return;
    }
    place.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").await;
}

/// Once it may say that the server is away; then all is well again.
macro_rules! at_last {
    ($call:expr) => {
        match $call.await {
            Err(StoreError::Unreachable(_)) => $call.await.unwrap(),
            other => other.unwrap(),
        }
    };
}

#[test]
fn a_restarted_server_costs_one_call_at_most_and_nothing_that_was_acknowledged() {
    common::on_postgres(async |place| {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let changes =
            |n| Changes { artifacts: put(vec![artifact(&[&format!("/m/{n}")], n)]), ..Changes::default() };
        let report = sensor.full(changes(0));
        sensor.tells(&store, report, at(20)).await;
        for n in 1..4 {
            restart(place).await;
            let report = sensor.delta(changes(n));
            at_last!(store.ingest(&sensor.uid, report.clone(), at(30)));
            restart(place).await;
            at_last!(store.people());
            at_last!(store.touch_devices(&[(sensor.uid.clone(), at(40 + i64::from(n)))]));
        }
        assert_eq!(place.number("SELECT artifacts FROM devices").await, 4);
        // It is still the only one.
        let second = store::Store::open(&place.location).await.err();
        assert!(matches!(second, Some(StoreError::InUse)), "{second:?}");
    });
}
