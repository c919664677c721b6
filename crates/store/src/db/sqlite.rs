//! SQLite: one connection writes, a few read. WAL, so that readers never wait; `synchronous=FULL`, so that what was acknowledged
//! survives the loss of power.

use std::{path::Path, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, Column, Connection, Executor, Row as _, Sqlite as Driver, SqliteConnection, SqlitePool,
    TypeInfo, ValueRef,
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
const CACHE: &str = "-4096";
/// Above this, opening does not check the whole file; a damaged page is then told when it is met.
const CHECKED_AT_OPEN: u64 = 256 << 20;

/// The connections.
#[derive(Clone)]
pub(crate) struct Sqlite {
    readers: SqlitePool,
    writer: Arc<Mutex<SqliteConnection>>,
    file: Arc<Path>,
}

/// A transaction holds the writer.
pub(crate) struct Transaction {
    writer: Option<OwnedMutexGuard<SqliteConnection>>,
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
        let mut writer =
            SqliteConnection::connect_with(&options(path).create_if_missing(true)).await.map_err(error)?;
        check(&mut writer, path).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(0)
            .acquire_timeout(PATIENCE)
            .idle_timeout(Duration::from_secs(60))
            .connect_lazy_with(options(path).pragma("query_only", "on"));
        Ok(Self { readers, writer: Arc::new(Mutex::new(writer)), file: path.into() })
    }

    pub(super) async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let rows = bind(sql, values).fetch_all(&self.readers).await.map_err(error)?;
        rows.iter().map(row).collect()
    }

    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        // A transaction that was dropped, or whose commit failed, is rolled back here: dropping cannot wait for it.
        let _ = writer.execute("ROLLBACK").await;
        writer.execute("BEGIN IMMEDIATE").await.map_err(error)?;
        Ok(Transaction { writer: Some(writer) })
    }

    /// A copy of an earlier attempt is replaced only when the new one is whole.
    pub(super) async fn copy_aside(&self, name: &str) -> Result<(), StoreError> {
        let (copy, part) = (self.file.with_file_name(name), self.file.with_file_name(format!("{name}.part")));
        let _ = std::fs::remove_file(&part);
        let text = part
            .to_str()
            .ok_or_else(|| StoreError::Unreachable("the path of the data directory is not UTF-8".into()))?;
        let mut writer = self.writer.lock().await;
        let _ = writer.execute("ROLLBACK").await;
        sqlx::query("VACUUM INTO ?").bind(text).execute(&mut *writer).await.map_err(error)?;
        std::fs::rename(&part, &copy).map_err(|error| {
            StoreError::ReadOnly(format!("failed to keep a copy as `{}`: {error}", copy.display()))
        })
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        let mut writer = self.writer.lock().await;
        let _ = writer.execute("ROLLBACK").await;
        let _ = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
    }
}

impl Transaction {
    fn writer(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.writer.as_deref_mut().ok_or_else(|| StoreError::Refused("the transaction has ended".into()))
    }

    pub(super) async fn rows(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let rows = bind(sql, values).fetch_all(self.writer()?).await.map_err(error)?;
        rows.iter().map(row).collect()
    }

    pub(super) async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        Ok(bind(sql, values).execute(self.writer()?).await.map_err(error)?.rows_affected())
    }

    pub(super) async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(self.writer()?).await.map_err(error)?;
        Ok(())
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.writer()?.execute("COMMIT").await.map_err(error)?;
        Ok(())
    }
}

/// A file that is no database or has torn pages is told at once, not when the torn page is needed.
async fn check(writer: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() > CHECKED_AT_OPEN) {
        return Ok(());
    }
    let answer: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(writer).await.map_err(error)?;
    if answer == "ok" { Ok(()) } else { Err(StoreError::Corrupt(answer)) }
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
