//! SQLite: one connection writes, a few read. WAL, so that readers never wait; `synchronous=FULL`, so that what was acknowledged
//! survives the loss of power.

use std::{path::Path, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, Column, Connection, Either, Executor, Row as _, Sqlite as Driver, SqliteConnection,
    SqlitePool, TypeInfo, ValueRef,
    error::DatabaseError,
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{PATIENCE, Row, StoreError, Value};

const READERS: u32 = 4;
/// Pages of a reader's cache, in KiB; the operating system caches the file as well.
const CACHE: &str = "-2048";
/// Above this, opening does not check the whole file; a damaged page is then told when it is met.
const CHECKED_AT_OPEN: u64 = 256 << 20;

/// The connections.
#[derive(Clone)]
pub(crate) struct Sqlite {
    readers: SqlitePool,
    /// None after its thread died: the next who writes opens another.
    writer: Arc<Mutex<Option<SqliteConnection>>>,
    file: Arc<Path>,
}

/// A transaction holds the writer.
pub(crate) struct Transaction {
    writer: OwnedMutexGuard<Option<SqliteConnection>>,
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_secs(5))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("cache_size", CACHE)
        .pragma("temp_store", "memory")
        .pragma("trusted_schema", "off")
        .statement_cache_capacity(64)
}

impl Sqlite {
    pub(super) async fn open(path: &Path) -> Result<Self, StoreError> {
        let mut writer = connect(path).await?;
        let whole = check(&mut writer, path).await;
        if let Err(error) = whole {
            end(writer).await;
            return Err(error);
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(0)
            .acquire_timeout(PATIENCE)
            .idle_timeout(Duration::from_secs(60))
            .connect_lazy_with(options(path).pragma("query_only", "on"));
        Ok(Self { readers, writer: Arc::new(Mutex::new(Some(writer))), file: path.into() })
    }

    pub(super) async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(error)?;
        let done = run(&mut reader, bind(sql, values)).await;
        if matches!(done, Err(sqlx::Error::WorkerCrashed)) {
            // Back in the pool it would be asked whether it lives, and the answer may never come.
            drop(reader.detach());
        }
        done.map_err(error)?.rows.iter().map(row).collect()
    }

    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        let mut transaction = self.writer().await?;
        transaction.run("BEGIN IMMEDIATE").await?;
        Ok(transaction)
    }

    /// The writer, with nothing begun.
    async fn writer(&self) -> Result<Transaction, StoreError> {
        let mut transaction = Transaction { writer: Arc::clone(&self.writer).lock_owned().await };
        if transaction.writer.is_none() {
            if self.readers.is_closed() {
                return Err(StoreError::Unreachable("it was closed".into()));
            }
            *transaction.writer = Some(connect(&self.file).await?);
        }
        // A transaction that was dropped, or whose commit failed, is rolled back here: dropping cannot wait for it.
        let _ = transaction.run("ROLLBACK").await;
        Ok(transaction)
    }

    /// A copy of an earlier attempt is replaced only when the new one is whole.
    pub(super) async fn copy_aside(&self, name: &str) -> Result<(), StoreError> {
        let (copy, part) = (self.file.with_file_name(name), self.file.with_file_name(format!("{name}.part")));
        let _ = std::fs::remove_file(&part);
        let text = part
            .to_str()
            .ok_or_else(|| StoreError::Unreachable("the path of the data directory is not UTF-8".into()))?;
        let mut transaction = self.writer().await?;
        transaction.execute("VACUUM INTO ?", vec![text.into()]).await?;
        std::fs::rename(&part, &copy).map_err(|error| {
            StoreError::ReadOnly(format!("failed to keep a copy as `{}`: {error}", copy.display()))
        })
    }

    pub(super) async fn close(&self) {
        let _ = tokio::time::timeout(PATIENCE, self.readers.close()).await;
        let mut transaction = Transaction { writer: Arc::clone(&self.writer).lock_owned().await };
        let _ = transaction.run("ROLLBACK").await;
        let _ = transaction.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
        // Waited for, so that whoever opens the file next meets no lock of ours.
        if let Some(writer) = transaction.writer.take() {
            end(writer).await;
        }
    }
}

impl Transaction {
    /// Runs one statement. A connection whose thread died is let go at once: what is sent to it then may never be answered.
    async fn done(&mut self, sql: &str, values: Vec<Value>) -> Result<Done, StoreError> {
        let writer =
            self.writer.as_mut().ok_or_else(|| StoreError::Refused("the transaction has ended".into()))?;
        let done = run(writer, bind(sql, values)).await;
        if matches!(done, Err(sqlx::Error::WorkerCrashed)) {
            *self.writer = None;
        }
        done.map_err(error)
    }

    async fn run(&mut self, sql: &str) -> Result<(), StoreError> {
        self.done(sql, Vec::new()).await.map(|_| ())
    }

    pub(super) async fn rows(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.done(sql, values).await?.rows.iter().map(row).collect()
    }

    pub(super) async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        Ok(self.done(sql, values).await?.touched)
    }

    pub(super) async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        let writer =
            self.writer.as_mut().ok_or_else(|| StoreError::Refused("the transaction has ended".into()))?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(writer).await.map_err(error)?;
        Ok(())
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.run("COMMIT").await
    }
}

async fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    SqliteConnection::connect_with(&options(path).create_if_missing(true)).await.map_err(error)
}

/// Closes a connection; one whose thread has just died may never answer, and is dropped.
async fn end(connection: SqliteConnection) {
    let _ = tokio::time::timeout(PATIENCE, connection.close()).await;
}

/// What a statement gave.
struct Done {
    rows: Vec<SqliteRow>,
    touched: u64,
}

/// Runs a statement to its end. The driver has a thread for each connection, and some damage in a file makes that thread panic: its rows
/// then just stop. Only a statement that says how many rows it touched has come to its end.
async fn run(
    connection: &mut SqliteConnection,
    query: Query<'static, Driver, SqliteArguments>,
) -> Result<Done, sqlx::Error> {
    let mut told = connection.fetch_many(query);
    let (mut rows, mut touched) = (Vec::new(), None);
    while let Some(part) = told.try_next().await? {
        match part {
            Either::Left(result) => touched = Some(result.rows_affected()),
            Either::Right(row) => rows.push(row),
        }
    }
    touched.map(|touched| Done { rows, touched }).ok_or(sqlx::Error::WorkerCrashed)
}

/// A file that is no database or has torn pages is told at once, not when the torn page is needed.
async fn check(writer: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() > CHECKED_AT_OPEN) {
        return Ok(());
    }
    let answer = run(writer, sqlx::query("PRAGMA quick_check(1)")).await.map_err(error)?;
    let words = answer.rows.first().and_then(|row| row.try_get::<String, _>(0).ok());
    match words {
        Some(words) if words == "ok" => Ok(()),
        words => Err(StoreError::Corrupt(words.unwrap_or_else(|| "it cannot be checked".into()))),
    }
}

fn bind(sql: &str, values: Vec<Value>) -> Query<'static, Driver, SqliteArguments> {
    values.into_iter().fold(sqlx::query(AssertSqlSafe(sql.to_owned())), |query, value| match value {
        Value::Int(number) => query.bind(number),
        Value::Real(number) => query.bind(number),
        Value::Text(text) => query.bind(text.map(Value::storable)),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

fn row(row: &SqliteRow) -> Result<Row, StoreError> {
    let values = row.columns().iter().map(|column| value(row, column.ordinal()));
    values.collect::<Result<_, _>>().map(Row).map_err(error)
}

/// SQLite's values have types of their own, whatever the column says.
fn value(row: &SqliteRow, at: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Value::Text(None));
    }
    let kind = raw.type_info();
    Ok(match kind.name() {
        "INTEGER" | "BOOLEAN" | "INT8" => Value::Int(row.try_get_unchecked(at)?),
        "REAL" => Value::Real(row.try_get_unchecked(at)?),
        "BLOB" => Value::Bytes(row.try_get_unchecked(at)?),
        _ => Value::Text(row.try_get_unchecked(at)?),
    })
}

/// Result codes: <https://www.sqlite.org/rescode.html>; the low byte is the primary one.
#[allow(clippy::needless_pass_by_value, reason = "as `map_err` passes it")]
fn error(error: sqlx::Error) -> StoreError {
    if matches!(error, sqlx::Error::WorkerCrashed) {
        return StoreError::Corrupt("what it holds stopped the thread that read it".into());
    }
    let code =
        error.as_database_error().and_then(DatabaseError::code).and_then(|code| code.parse::<u32>().ok());
    match code.map(|code| code & 0xff) {
        Some(13) => StoreError::Full,
        Some(8) => StoreError::ReadOnly("the file or its folder is read-only".into()),
        Some(11 | 26) => StoreError::Corrupt(error.to_string()),
        Some(14) => StoreError::Unreachable(format!("{error}; are its folder and its free space in order?")),
        Some(10) => StoreError::Unreachable(format!("the disk failed: {error}")),
        Some(5 | 6) => StoreError::InUse,
        Some(_) => StoreError::Refused(error.to_string()),
        None => StoreError::Unreachable(error.to_string()),
    }
}
