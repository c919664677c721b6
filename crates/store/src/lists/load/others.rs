//! Rows of holdings, packages and records.

use super::{by_ids, device, person, rows_only};
use crate::{DeviceRef, HoldingRow, PackageRow, RecordRow, StoreError, db::Database};

const HOLDINGS: &str = "SELECT h.id, d.uid, d.name, h.path, h.exact, a.uid, a.name, a.format, a.size, a.sha256, a.digest_status, \
    h.store, h.first_seen_at FROM holdings h JOIN devices d ON d.id = h.device JOIN artifacts a ON a.id = h.artifact \
    WHERE h.id IN ";

const PACKAGES: &str = "SELECT k.id, d.uid, d.name, k.ecosystem, k.name, k.version, k.path, k.first_seen_at \
    FROM packages k JOIN devices d ON d.id = k.device WHERE k.id IN ";

const RECORDS: &str = "SELECT r.id, r.at, r.kind, r.actor, r.actor_name, d.uid, d.name, r.subject, r.subject_id, r.detail \
    FROM records r LEFT JOIN devices d ON d.id = r.device WHERE r.id IN ";

pub(crate) async fn holdings(db: &Database, ids: &[i64]) -> Result<Vec<HoldingRow>, StoreError> {
    let read = by_ids(db, HOLDINGS, ids, |row| {
        Ok(HoldingRow {
            device: device(row, 1)?,
            path: row.text(3)?,
            path_base64: Some(row.text(4)?).filter(|exact| !exact.is_empty()),
            artifact: row.text(5)?,
            name: row.text(6)?,
            format: row.text(7)?,
            size: row.count(8)?,
            sha256: row.maybe_text(9)?,
            digest_status: row.word(10)?,
            store: row.maybe_text(11)?,
            first_seen_at: row.time(12)?,
        })
    });
    read.await.map(rows_only)
}

pub(crate) async fn packages(db: &Database, ids: &[i64]) -> Result<Vec<PackageRow>, StoreError> {
    let read = by_ids(db, PACKAGES, ids, |row| {
        Ok(PackageRow {
            device: device(row, 1)?,
            ecosystem: row.text(3)?,
            name: row.text(4)?,
            version: row.maybe_text(5)?,
            path: row.text(6)?,
            first_seen_at: row.time(7)?,
        })
    });
    read.await.map(rows_only)
}

pub(crate) async fn records(db: &Database, ids: &[i64]) -> Result<Vec<RecordRow>, StoreError> {
    let read = by_ids(db, RECORDS, ids, |row| {
        let (id, name) = (row.maybe_text(5)?, row.maybe_text(6)?);
        Ok(RecordRow {
            id: row.int(0)?,
            at: row.time(1)?,
            kind: row.text(2)?,
            actor: person(row, 3)?,
            device: id.zip(name).map(|(id, name)| DeviceRef { id, name }),
            subject: row.text(7)?,
            subject_id: row.maybe_text(8)?,
            detail: row.text(9)?,
        })
    });
    read.await.map(rows_only)
}
