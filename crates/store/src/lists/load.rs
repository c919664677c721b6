//! The rows of a page: what they show, read by their ids once it is known which they are.

mod artifacts;
mod devices;
mod findings;
mod others;
mod programs;

use std::collections::HashMap;

use super::{compile::Sql, page::list};
use crate::{
    DeviceRef, PersonRef, StoreError,
    db::{Database, Row},
};

pub(crate) use artifacts::{artifacts, severity};
pub(crate) use devices::{SILENT_AFTER, devices};
pub(crate) use findings::{due, findings};
pub(crate) use others::{holdings, packages, records};
pub(crate) use programs::programs;

/// Reads rows by ids with a statement that ends where the list of ids begins and gives the id first; they come back in the order
/// of the ids. A row that went away meanwhile is left out.
async fn by_ids<T>(
    db: &Database,
    select: &str,
    ids: &[i64],
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<(i64, T)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(select);
    sql.append(list(ids));
    let rows = db.rows(&sql.text, sql.values).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        found.insert(row.int(0)?, read(row)?);
    }
    Ok(ids.iter().filter_map(|id| Some((*id, found.remove(id)?))).collect())
}

fn rows_only<T>(rows: Vec<(i64, T)>) -> Vec<T> {
    rows.into_iter().map(|(_, row)| row).collect()
}

/// A device in two columns: its id and its name.
fn device(row: &Row, at: usize) -> Result<DeviceRef, StoreError> {
    Ok(DeviceRef { id: row.text(at)?, name: row.text(at + 1)? })
}

/// A person in two columns, both NULL when there is none.
fn person(row: &Row, at: usize) -> Result<Option<PersonRef>, StoreError> {
    let (id, name) = (row.maybe_int(at)?, row.maybe_text(at + 1)?);
    Ok(id.zip(name).map(|(id, name)| PersonRef { id, name }))
}
