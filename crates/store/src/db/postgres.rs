//! PostgreSQL: a pool, and one connection that holds an advisory lock for as long as this server lives.

use std::{fmt::Write as _, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, Column, Connection, PgConnection, PgPool, Postgres as Driver, Row as _, TypeInfo,
    ValueRef,
    error::DatabaseError,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow},
    query::Query,
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::timeout,
};

use super::{PATIENCE, Row, StoreError, Value};

const CONNECTIONS: u32 = 8;
/// How long the connection that holds the lock may take to say that it lives.
const ALIVE: Duration = Duration::from_secs(3);
/// The number of our advisory lock: "eyeline" in ASCII.
const LOCK: i64 = 0x0065_7965_6c69_6e65;

/// The connections.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
    /// Keeps the lock. When the server is restarted, the lock is taken again by the next writer.
    lock: Arc<Mutex<Option<PgConnection>>>,
    options: Arc<PgConnectOptions>,
    /// One writes at a time, as on SQLite: what a transaction read stays true until it commits.
    turn: Arc<Mutex<()>>,
}

/// A transaction with a connection of its own, and the turn to write.
pub(crate) struct Transaction {
    inner: sqlx::Transaction<'static, Driver>,
    _turn: OwnedMutexGuard<()>,
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let options = is_postgres.then(|| PgConnectOptions::from_str(url).ok()).flatten();
        let options = options
            .ok_or_else(|| {
                StoreError::Unreachable("the address is not of the form postgres://USER@HOST/DATABASE".into())
            })?
            .application_name("eyeline")
            // Our statements are short and their tables indexed: reading a whole table or compiling a plan never pays.
            .options([("random_page_cost", "1.1"), ("jit", "off")]);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(0)
            .acquire_timeout(PATIENCE)
            .idle_timeout(Duration::from_secs(300))
            .connect_lazy_with(options.clone());
        let opened = Self { pool, lock: Arc::default(), options: Arc::new(options), turn: Arc::default() };
        opened.hold_lock().await?;
        Ok(opened)
    }

    /// Makes sure that this server is the only one. The lock dies with its connection, so it is looked after before each
    /// transaction: a ping on a connection of our own.
    async fn hold_lock(&self) -> Result<(), StoreError> {
        let mut lock = self.lock.lock().await;
        if let Some(connection) = lock.as_mut()
            && matches!(timeout(ALIVE, connection.ping()).await, Ok(Ok(())))
        {
            return Ok(());
        }
        *lock = None;
        // A machine that is gone answers nothing at all: the system alone would wait for minutes.
        let taken = timeout(PATIENCE, self.take_lock()).await;
        *lock = Some(taken.map_err(|_| StoreError::Unreachable("it does not answer".into()))??);
        Ok(())
    }

    async fn take_lock(&self) -> Result<PgConnection, StoreError> {
        let mut connection = PgConnection::connect_with(&self.options).await.map_err(error)?;
        let held: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut connection)
            .await
            .map_err(error)?;
        if held { Ok(connection) } else { Err(StoreError::InUse) }
    }

    pub(super) async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let rows = bind(sql, values).fetch_all(&self.pool).await.map_err(error)?;
        rows.iter().map(row).collect()
    }

    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        self.hold_lock().await?;
        let inner = self.pool.begin().await.map_err(error)?;
        Ok(Transaction { inner, _turn: turn })
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
        if let Some(lock) = self.lock.lock().await.take() {
            let _ = lock.close().await;
        }
    }
}

impl Transaction {
    pub(super) async fn rows(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let rows = bind(sql, values).fetch_all(&mut *self.inner).await.map_err(error)?;
        rows.iter().map(row).collect()
    }

    pub(super) async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        Ok(bind(sql, values).execute(&mut *self.inner).await.map_err(error)?.rows_affected())
    }

    pub(super) async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *self.inner).await.map_err(error)?;
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await.map_err(error)
    }
}

/// Runs a statement that no transaction may hold, such as one that makes a database.
#[cfg(any(test, feature = "seed"))]
pub(crate) async fn administer(url: &str, sql: &str) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect(url).await.map_err(error)?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.map_err(error)?;
    connection.close().await.map_err(error)
}

fn bind(sql: &str, values: Vec<Value>) -> Query<'static, Driver, PgArguments> {
    values.into_iter().fold(sqlx::query(AssertSqlSafe(numbered(sql))), |query, value| match value {
        Value::Int(number) => query.bind(number),
        Value::Real(number) => query.bind(number),
        Value::Text(text) => query.bind(text.map(Value::storable)),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

/// `?` becomes `$1`, `$2`, … outside quotes.
fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let (mut number, mut quoted) = (0_u32, false);
    for c in sql.chars() {
        quoted ^= c == '\'';
        if c == '?' && !quoted {
            number += 1;
            let _ = write!(out, "${number}");
        } else {
            out.push(c);
        }
    }
    out
}

fn row(row: &PgRow) -> Result<Row, StoreError> {
    row.columns().iter().map(|column| value(row, column.ordinal())).collect::<Result<_, _>>().map(Row)
}

fn value(row: &PgRow, at: usize) -> Result<Value, StoreError> {
    let raw = row.try_get_raw(at).map_err(error)?;
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INT8" => Value::Int(row.try_get(at).map_err(error)?),
        "INT4" => Value::Int(row.try_get::<Option<i32>, _>(at).map_err(error)?.map(i64::from)),
        "BOOL" => Value::Int(row.try_get::<Option<bool>, _>(at).map_err(error)?.map(i64::from)),
        "FLOAT8" => Value::Real(row.try_get(at).map_err(error)?),
        "TEXT" | "VARCHAR" => Value::Text(row.try_get(at).map_err(error)?),
        "BYTEA" => Value::Bytes(row.try_get(at).map_err(error)?),
        _ => return Err(StoreError::Unexpected(format!("column {at} has type {kind}"))),
    })
}

/// SQLSTATE classes: <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
#[allow(clippy::needless_pass_by_value, reason = "as `map_err` passes it")]
fn error(error: sqlx::Error) -> StoreError {
    let Some(code) = error.as_database_error().and_then(DatabaseError::code) else {
        return StoreError::Unreachable(error.to_string());
    };
    match code.as_ref() {
        "53100" => StoreError::Full,
        "25006" => StoreError::ReadOnly(error.to_string()),
        "XX001" | "XX002" => StoreError::Corrupt(error.to_string()),
        code if ["08", "28", "3D", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            StoreError::Unreachable(error.to_string())
        }
        _ => StoreError::Refused(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_of_another_kind_is_refused_before_anything_is_sent_there() {
        for url in ["mysql://ada:hunter2@127.0.0.1/x", "/etc/passwd", "", "postgres://ada:hunter2@[x/y"] {
            let refused = Postgres::open(url).await.map(|_| ()).unwrap_err().to_string();
            assert!(refused.contains("postgres://USER@HOST/DATABASE"), "{refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_answers_nothing_is_given_up() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://ada@{}/eyeline", silent.local_addr().unwrap());
        let refused = Postgres::open(&url).await.map(|_| ()).unwrap_err();
        assert!(matches!(refused, StoreError::Unreachable(_)), "{refused:?}");
    }

    #[test]
    fn a_question_mark_in_quotes_is_no_parameter() {
        assert_eq!(numbered("a = ? AND b LIKE '?' AND c = ?"), "a = $1 AND b LIKE '?' AND c = $2");
    }
}
