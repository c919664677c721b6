//! Rows of devices.

use jiff::Timestamp;

use super::{by_ids, person, rows_only};
use crate::{
    DeviceRow, DeviceState, FindingCounts, StoreError,
    db::{Database, Row},
};

const SELECT: &str = "SELECT d.id, d.uid, d.hostname, d.os, d.os_version, d.arch, d.revoked_at, d.seen_at, d.sight, q.id, q.name, \
    d.sensor_version, d.enrolled_at, d.reported_at, d.artifacts, d.runtimes, d.agents, d.packages, \
    d.critical, d.high, d.medium, d.low, d.info \
    FROM devices d LEFT JOIN people q ON q.id = d.person WHERE d.id IN ";

/// A device that was not heard from for so long is silent.
pub(crate) const SILENT_AFTER: i64 = 86_400_000;

pub(crate) async fn devices(
    db: &Database,
    ids: &[i64],
    now: Timestamp,
) -> Result<Vec<DeviceRow>, StoreError> {
    by_ids(db, SELECT, ids, |row| device_row(row, now)).await.map(rows_only)
}

fn device_row(row: &Row, now: Timestamp) -> Result<DeviceRow, StoreError> {
    Ok(DeviceRow {
        id: row.text(1)?,
        hostname: row.maybe_text(2)?,
        os: row.text(3)?,
        os_version: row.maybe_text(4)?,
        arch: row.text(5)?,
        state: state(row.maybe_int(6)?, row.maybe_int(7)?, now),
        seen_at: row.maybe_time(7)?,
        sight: row.word(8)?,
        person: person(row, 9)?,
        sensor_version: row.maybe_text(11)?,
        enrolled_at: row.time(12)?,
        reported_at: row.maybe_time(13)?,
        artifacts: row.count(14)?,
        runtimes: row.count(15)?,
        agents: row.count(16)?,
        packages: row.count(17)?,
        findings: FindingCounts {
            critical: row.count(18)?,
            high: row.count(19)?,
            medium: row.count(20)?,
            low: row.count(21)?,
            info: row.count(22)?,
        },
    })
}

fn state(revoked_at: Option<i64>, seen_at: Option<i64>, now: Timestamp) -> DeviceState {
    let day_ago = now.as_millisecond().saturating_sub(SILENT_AFTER);
    match (revoked_at, seen_at) {
        (Some(_), _) => DeviceState::Revoked,
        (None, Some(seen_at)) if seen_at > day_ago => DeviceState::Reporting,
        _ => DeviceState::Silent,
    }
}
