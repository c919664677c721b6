//! Rows of artefacts, with the first places at which they are held.

use std::collections::HashMap;

use domain::Severity;

use super::{by_ids, device};
use crate::{
    ArtifactRow, HoldingRef, ListRequest, Scope, StoreError,
    db::{Database, Row},
    lists::{
        Collection,
        compile::{Conditions, Sql, Style, Way},
        page::list,
    },
};

const COLUMNS: &str = "SELECT a.id, a.uid, a.sha256, a.digest_status, a.name, a.format, a.size, a.origin_json, a.license_json, \
    a.metadata, a.verdict, {own}.devices, {own}.holdings, {own}.loaded, {own}.severity, {own}.first_seen_at FROM ";

/// The artefacts with these ids, as `request`'s eyes see them.
pub(crate) async fn artifacts(
    db: &Database,
    ids: &[i64],
    request: &ListRequest,
) -> Result<Vec<ArtifactRow>, StoreError> {
    let style = Style { engine: db.engine(), way: Way::Matches, key: None, no_index: false, many: false };
    let conditions = Conditions::new(Collection::Artifacts.shape(), request, style);
    let mut sql = Sql::new(conditions.expression(COLUMNS));
    sql.append(conditions.table());
    let mut found = read(db, sql, ids).await?;
    let mut places = paths(db, ids, request.scope, request.paths.clamp(1, 100)).await?;
    for (id, artifact) in &mut found {
        artifact.paths = places.remove(id).unwrap_or_default();
    }
    Ok(found.into_iter().map(|(_, artifact)| artifact).collect())
}

async fn read(db: &Database, mut sql: Sql, ids: &[i64]) -> Result<Vec<(i64, ArtifactRow)>, StoreError> {
    sql.text.push_str(" WHERE a.id IN ");
    if sql.values.is_empty() {
        return by_ids(db, &sql.text, ids, artifact_row).await;
    }
    sql.append(list(ids));
    let mut found = HashMap::new();
    for row in db.rows(&sql.text, sql.values).await? {
        found.insert(row.int(0)?, artifact_row(&row)?);
    }
    Ok(ids.iter().filter_map(|id| Some((*id, found.remove(id)?))).collect())
}

fn artifact_row(row: &Row) -> Result<ArtifactRow, StoreError> {
    Ok(ArtifactRow {
        id: row.text(1)?,
        sha256: row.maybe_text(2)?,
        digest_status: row.word(3)?,
        name: row.text(4)?,
        format: row.text(5)?,
        size: row.count(6)?,
        origin: row.maybe_json(7)?,
        license: row.maybe_json(8)?,
        metadata: row.json(9)?,
        verdict: row.word(10)?,
        devices: row.count(11)?,
        holdings: row.count(12)?,
        loaded: row.count(13)?,
        severity: row.maybe_int(14)?.map(severity).transpose()?,
        first_seen_at: row.time(15)?,
        paths: Vec::new(),
    })
}

/// A severity by its number.
pub(crate) fn severity(number: i64) -> Result<Severity, StoreError> {
    usize::try_from(number)
        .ok()
        .and_then(|number| Severity::ALL.get(number).copied())
        .ok_or_else(|| StoreError::Unexpected(format!("{number} is no severity")))
}

/// The first places of each artefact, at most `most` of each: an artefact may be held at a million. The order is that of
/// devices, so that the index gives them and nothing else is read.
async fn paths(
    db: &Database,
    ids: &[i64],
    scope: Scope,
    most: u32,
) -> Result<HashMap<i64, Vec<HoldingRef>>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = db.engine().pick(
        "SELECT a.id, d.uid, d.name, h.path FROM artifacts a JOIN holdings h ON h.id IN (\
            SELECT s.id FROM holdings s WHERE s.artifact = a.id{own} ORDER BY s.device, s.id LIMIT ?) \
            JOIN devices d ON d.id = h.device WHERE a.id IN ",
        "SELECT a.id, d.uid, d.name, h.path FROM artifacts a CROSS JOIN LATERAL (\
            SELECT s.id, s.device, s.path FROM holdings s WHERE s.artifact = a.id{own} ORDER BY s.device, s.id LIMIT ?) h \
            JOIN devices d ON d.id = h.device WHERE a.id IN ",
    );
    let mut sql = match scope {
        Scope::All => Sql::new(rows.replace("{own}", "")),
        Scope::Person(person) => {
            let own = " AND s.device IN (SELECT m.id FROM devices m WHERE m.person = ?)";
            Sql { text: rows.replace("{own}", own), values: vec![person.into()] }
        }
    };
    sql.values.push(most.into());
    sql.append(list(ids));
    sql.text.push_str(" ORDER BY a.id, h.device, h.id");
    let mut found: HashMap<i64, Vec<HoldingRef>> = HashMap::new();
    for row in db.rows(&sql.text, sql.values).await? {
        let place = HoldingRef { device: device(&row, 1)?, path: row.text(3)? };
        found.entry(row.int(0)?).or_default().push(place);
    }
    Ok(found)
}
