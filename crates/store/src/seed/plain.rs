//! What reports are measured beside: rows of the same kind put into the same database in batches, and nothing else.

use std::time::{Duration, Instant};

use crate::{
    Store, StoreError,
    db::{self, Value},
};

/// Rows of one statement, statements of one transaction.
const BATCH: u64 = 1_000;

/// Makes a database on a PostgreSQL server, and gives the address of it.
///
/// # Errors
/// [`StoreError`]; also when there is one of that name.
pub async fn make_database(server: &str, name: &str) -> Result<String, StoreError> {
    db::administer(server, &format!("CREATE DATABASE {}", quoted(name)?)).await?;
    let (before, after) = server.split_once('?').unwrap_or((server, ""));
    let base = before.rsplit_once('/').map_or(before, |(base, _)| base);
    Ok(format!("{base}/{name}?{after}"))
}

/// Removes it again.
///
/// # Errors
/// [`StoreError`].
pub async fn drop_database(server: &str, name: &str) -> Result<(), StoreError> {
    db::administer(server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name)?)).await
}

fn quoted(name: &str) -> Result<String, StoreError> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { Ok(format!("\"{name}\"")) } else { Err(StoreError::Refused(format!("`{name}` is no name"))) }
}

/// Puts rows like those of holdings into a table of its own, each batch in a transaction of its own, and says how long it took.
///
/// # Errors
/// [`StoreError`].
pub async fn plain_inserts(store: &Store, rows: u64) -> Result<Duration, StoreError> {
    let mut made = store.db.begin().await?;
    made.script("CREATE TABLE plain (device BIGINT NOT NULL, place BIGINT NOT NULL, path TEXT NOT NULL, artifact BIGINT NOT NULL,
        first_seen_at BIGINT NOT NULL); CREATE UNIQUE INDEX plain_place ON plain (device, place)").await?;
    made.commit().await?;
    let start = Instant::now();
    for first in (0..rows).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let batch = first..(first + BATCH).min(rows);
        let marks = vec!["(?, ?, ?, ?, ?)"; usize::try_from(batch.end - batch.start).unwrap_or(0)].join(", ");
        let sql = format!("INSERT INTO plain (device, place, path, artifact, first_seen_at) VALUES {marks}");
        let values = batch.flat_map(|row| {
            let path = format!("/home/user{}/models/{row}/weights.gguf", row / 50);
            [
                Value::from(row / 50),
                row.into(),
                path.into(),
                (row % 2_000).into(),
                1_800_000_000_000_i64.into(),
            ]
        });
        store.db.execute(&sql, values.collect()).await?;
    }
    let took = start.elapsed();
    let mut gone = store.db.begin().await?;
    gone.script("DROP TABLE plain").await?;
    gone.commit().await?;
    Ok(took)
}
