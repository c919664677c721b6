//! Databases for tests: the same promise is kept on SQLite and on PostgreSQL, each test in a database of its own.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "only tests use this")]

pub(crate) mod inventory;

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{Location, Store};
use tokio::runtime::Runtime;

/// A database that no other test sees.
pub(crate) struct Place {
    /// Where it is.
    pub(crate) location: Location,
    folder: tempfile::TempDir,
}

/// Writes a promise once and proves it on both engines.
///
/// `both_engines! { async fn a_promise(place) { let store = place.open().await; … } }`
#[macro_export]
macro_rules! both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident) $body:block)*) => {$(
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports, reason = "whatever the promise needs")]
            use super::*;

            async fn promise($place: &common::Place) $body

            $(#[$meta])*
            #[test]
            fn on_sqlite() {
                common::on_sqlite(promise);
            }

            $(#[$meta])*
            #[test]
            fn on_postgres() {
                common::on_postgres(promise);
            }
        }
    )*};
}

/// Runs a test on a SQLite file in a folder of its own.
pub(crate) fn on_sqlite(promise: impl AsyncFnOnce(&Place)) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { location: Location::Sqlite(folder.path().join("eyeline.db")), folder };
    runtime().block_on(promise(&place));
}

/// Runs a test on a PostgreSQL database of its own, which is dropped afterwards.
pub(crate) fn on_postgres(promise: impl AsyncFnOnce(&Place)) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("eyeline_test_{}_{number}", std::process::id());
    let server = postgres();
    let folder = tempfile::tempdir().unwrap();
    let place = Place { location: Location::Postgres(database(&server, &name)), folder };
    let runtime = runtime();
    runtime.block_on(run_postgres(&server, &format!("CREATE DATABASE {name}")));
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(promise(&place))));
    runtime.block_on(run_postgres(&server, &format!("DROP DATABASE {name} WITH (FORCE)")));
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
}

/// The address of a server in which tests may make databases.
#[allow(clippy::disallowed_methods, reason = "./dev test says where its server is")]
pub(crate) fn postgres() -> String {
    std::env::var("EYELINE_TEST_POSTGRES")
        .expect("EYELINE_TEST_POSTGRES is not set: run ./dev test, which starts one")
}

/// The address of another database of the same server.
fn database(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let (host, _) = address.rsplit_once('/').unwrap();
    format!("{host}/{name}?{options}")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs statements on a PostgreSQL server, past the store.
pub(crate) async fn run_postgres(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

impl Place {
    /// Opens the database as the server does.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.location).await.unwrap()
    }

    /// A folder of this test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file, on SQLite.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        match &self.location {
            Location::Sqlite(file) => Some(file),
            Location::Postgres(_) => None,
        }
    }

    /// Runs statements past the store.
    pub(crate) async fn run(&self, sql: &str) {
        match &self.location {
            Location::Sqlite(file) => {
                let mut connection = sqlite(file).await;
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Location::Postgres(url) => run_postgres(url, sql).await,
        }
    }

    /// The one number that a statement gives, past the store. A sum is to be cast to BIGINT.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.location {
            Location::Sqlite(file) => {
                sqlx::query_scalar(sql).fetch_one(&mut sqlite(file).await).await.unwrap()
            }
            Location::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// The first column of a statement's rows as text, past the store.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.location {
            Location::Sqlite(file) => {
                sqlx::query_scalar(sql).fetch_all(&mut sqlite(file).await).await.unwrap()
            }
            Location::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
        }
    }
}

async fn sqlite(file: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap()
}
