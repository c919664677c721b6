//! One SQL text for two engines.
//!
//! Statements are written with `?` for parameters and with what SQLite and PostgreSQL have in common: `ON CONFLICT`, `RETURNING`,
//! `CASE`, `EXISTS`, window functions, `LIKE … ESCAPE`. All whole numbers are BIGINT, times are milliseconds since 1970, truth is 0 or 1,
//! JSON is text; a sum is cast to BIGINT, because PostgreSQL makes it a NUMERIC. Where the engines must differ, [`Engine::pick`]
//! says so in place. Two drivers behind one enum, not a driver of drivers: what a value is, is ours to say.

mod batch;
mod postgres;
mod sqlite;
mod value;

#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "seed"))]
pub(crate) use postgres::administer;
use std::{path::PathBuf, time::Duration};

pub(crate) use value::{Row, Value};

/// How long a statement may wait for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file, made when it is missing.
    Sqlite(PathBuf),
    /// A PostgreSQL database that exists: `postgres://user@host/name`.
    Postgres(String),
}

/// Which engine it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, embedded.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Engine {
    /// The text for this engine, where one text cannot serve both.
    pub(crate) fn pick<T>(self, sqlite: T, postgres: T) -> T {
        match self {
            Self::Sqlite => sqlite,
            Self::Postgres => postgres,
        }
    }
}

/// Why the database did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached or opened now; asking again later may help.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The disk is full.
    #[error(
        "the disk that holds the database is full: make room on it, nothing that was acknowledged is lost"
    )]
    Full,
    /// It cannot be written.
    #[error("the database cannot be written: {0}")]
    ReadOnly(String),
    /// It is damaged, or no database.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// It was written by a newer version of this program.
    #[error("the database has schema {found}, this version knows {known}: use the newer version")]
    Newer {
        /// Its schema.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Another server owns it.
    #[error(
        "another server uses this database: stop it first, two servers on one database are not supported"
    )]
    InUse,
    /// A row has another shape than the schema says.
    #[error("the database holds a value that it should not: {0}")]
    Unexpected(String),
    /// What was asked cannot be done to what is there; the words say why.
    #[error("refused: {0}")]
    Refused(String),
    /// A device sent more than it may.
    #[error("the report is refused: {0}")]
    TooMuch(String),
}

/// Connections to the database.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// Several statements that happen together or not at all. Dropped without [`Transaction::commit`], nothing happened.
pub(crate) enum Transaction {
    Sqlite(sqlite::Transaction),
    Postgres(postgres::Transaction),
}

impl Database {
    /// Opens it and makes sure that no other server has it.
    pub(crate) async fn open(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::Sqlite(path) => sqlite::Sqlite::open(path).await.map(Self::Sqlite),
            Location::Postgres(url) => postgres::Postgres::open(url).await.map(Self::Postgres),
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// The rows of one statement that only reads.
    pub(crate) async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.rows(sql, values).await,
            Self::Postgres(postgres) => postgres.rows(sql, values).await,
        }
    }

    /// The first row of one statement that only reads.
    pub(crate) async fn row(&self, sql: &str, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Runs one statement that writes, in a transaction of its own; says how many rows it touched.
    pub(crate) async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let touched = transaction.execute(sql, values).await?;
        transaction.commit().await?;
        Ok(touched)
    }

    /// Begins to write. There is one writer on both engines: the next one waits here.
    pub(crate) async fn begin(&self) -> Result<Transaction, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.begin().await.map(Transaction::Sqlite),
            Self::Postgres(postgres) => postgres.begin().await.map(Transaction::Postgres),
        }
    }

    /// Makes a copy of a SQLite file beside it, before something is done to it. A PostgreSQL server has backups of its own.
    pub(crate) async fn copy_aside(&self, name: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.copy_aside(name).await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Closes every connection; on SQLite the log is folded into the file first.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(postgres) => postgres.close().await,
        }
    }
}

impl Transaction {
    /// The rows of a statement, which may also write (`RETURNING`).
    pub(crate) async fn rows(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.rows(sql, values).await,
            Self::Postgres(transaction) => transaction.rows(sql, values).await,
        }
    }

    /// The first row of a statement.
    pub(crate) async fn row(&mut self, sql: &str, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Runs a statement; says how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.execute(sql, values).await,
            Self::Postgres(transaction) => transaction.execute(sql, values).await,
        }
    }

    /// Runs a script of statements without parameters: migrations.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.script(sql).await,
            Self::Postgres(transaction) => transaction.script(sql).await,
        }
    }

    /// Makes it so. When this returns, a crash of the process or the machine does not undo it.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}
