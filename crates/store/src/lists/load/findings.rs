//! Rows of findings.

use super::{artifacts::severity, by_ids, device, person, rows_only};
use crate::{
    Acknowledgment, FindingRow, StoreError,
    db::{Database, Row},
};

const SELECT: &str = "SELECT f.id, f.uid, f.rule, f.severity, f.state, f.subject, f.message, f.evidence, f.help, d.uid, d.name, \
    a.uid, q.id, q.name, f.due, k.id, k.name, f.acknowledged_at, f.reason, f.first_seen_at, f.changed_at, f.acknowledged_name \
    FROM findings f JOIN devices d ON d.id = f.device LEFT JOIN artifacts a ON a.id = f.artifact \
    LEFT JOIN people q ON q.id = f.assignee LEFT JOIN people k ON k.id = f.acknowledged_by WHERE f.id IN ";

pub(crate) async fn findings(db: &Database, ids: &[i64]) -> Result<Vec<FindingRow>, StoreError> {
    by_ids(db, SELECT, ids, finding_row).await.map(rows_only)
}

fn finding_row(row: &Row) -> Result<FindingRow, StoreError> {
    Ok(FindingRow {
        id: row.text(1)?,
        rule: row.text(2)?,
        severity: severity(row.int(3)?)?,
        state: row.word(4)?,
        subject: row.text(5)?,
        message: row.text(6)?,
        evidence: row.json(7)?,
        help: row.text(8)?,
        device: device(row, 9)?,
        artifact: row.maybe_text(11)?,
        assignee: person(row, 12)?,
        due: due(row.maybe_text(14)?)?,
        acknowledged: acknowledged(row)?,
        first_seen_at: row.time(19)?,
        changed_at: row.time(20)?,
    })
}

/// A date as it is stored.
pub(crate) fn due(text: Option<String>) -> Result<Option<jiff::civil::Date>, StoreError> {
    let date =
        |text: String| text.parse().map_err(|_| StoreError::Unexpected(format!("`{text}` is no date")));
    text.map(date).transpose()
}

fn acknowledged(row: &Row) -> Result<Option<Acknowledgment>, StoreError> {
    let (by, at) = (person(row, 15)?, row.maybe_time(17)?);
    let reason = row.maybe_text(18)?.unwrap_or_default();
    let name = row.maybe_text(21)?.or_else(|| by.as_ref().map(|by| by.name.clone())).unwrap_or_default();
    Ok(at.map(|at| Acknowledgment { by, name, at, reason }))
}
