//! Single things, by their public ids: what their pages and panels show. What a scope may not see, is not there.

mod overview;

use jiff::Timestamp;

use crate::{
    ArtifactDetail, DeviceDetail, FindingRow, ListRequest, ProgramRow, SameWeights, Scope, Store, StoreError,
    db::{Row, Value},
    lists::{Sql, artifacts, devices, findings, programs},
};

/// So many findings or programs stand in a panel; the list behind it has the rest.
const MOST: u32 = 100;
/// So many paths of an artefact.
const PATHS: u32 = 100;

impl Store {
    /// A device's page.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn device(
        &self,
        uid: &str,
        scope: Scope,
        now: Timestamp,
    ) -> Result<Option<DeviceDetail>, StoreError> {
        let mut sql = Sql::new("SELECT d.id, d.coverage, d.accelerators, d.notes, d.scanned_at, d.scan_ms ");
        sql.push("FROM devices d WHERE d.uid = ?", uid);
        sql.append(on_own("d.id", scope));
        let Some(wide) = self.db.row(&sql.text, sql.values).await? else { return Ok(None) };
        let Some(row) = devices(&self.db, &[wide.int(0)?], now).await?.pop() else { return Ok(None) };
        Ok(Some(DeviceDetail {
            row,
            coverage: wide.maybe_json(1)?,
            accelerators: wide.json(2)?,
            notes: wide.json(3)?,
            scanned_at: wide.maybe_time(4)?,
            scan_ms: wide.maybe_count(5)?,
        }))
    }

    /// An artefact's panel. Counts, findings and programs are those of the devices in scope.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn artifact(&self, uid: &str, scope: Scope) -> Result<Option<ArtifactDetail>, StoreError> {
        let sql = "SELECT a.id, a.facts, a.content, a.weights FROM artifacts a WHERE a.uid = ?";
        let Some(wide) = self.db.row(sql, vec![uid.into()]).await? else { return Ok(None) };
        let id = wide.int(0)?;
        // The time only matters to ages in a query, and there is none.
        let eyes = ListRequest { scope, paths: PATHS, ..ListRequest::all(Timestamp::UNIX_EPOCH) };
        let Some(row) = artifacts(&self.db, &[id], &eyes).await?.pop() else { return Ok(None) };
        Ok(Some(ArtifactDetail {
            row,
            facts: wide.json(1)?,
            content: wide.json(2)?,
            same_weights: self.same_weights(id, wide.maybe_text(3)?, scope).await?,
            findings: self.findings_about(id, scope).await?,
            loaded_by: self.programs_with(id, scope).await?,
        }))
    }

    /// Others whose weights have the same digest, if anybody in scope holds them.
    async fn same_weights(
        &self,
        artifact: i64,
        weights: Option<String>,
        scope: Scope,
    ) -> Result<Vec<SameWeights>, StoreError> {
        let Some(weights) = weights else { return Ok(Vec::new()) };
        let mut sql = Sql::new("SELECT a.uid, a.name, a.license FROM artifacts a ");
        sql.push("WHERE a.weights = ?", weights);
        sql.push(" AND a.id <> ?", artifact);
        sql.append(Sql::new(" AND EXISTS (SELECT 1 FROM holdings h WHERE h.artifact = a.id"));
        sql.append(on_own("h.device", scope));
        sql.push(") ORDER BY a.id LIMIT ?", MOST);
        let rows = self.db.rows(&sql.text, sql.values).await?;
        let same =
            |row: &Row| Ok(SameWeights { id: row.text(0)?, name: row.text(1)?, license: row.maybe_text(2)? });
        rows.iter().map(same).collect()
    }

    async fn findings_about(&self, artifact: i64, scope: Scope) -> Result<Vec<FindingRow>, StoreError> {
        let mut sql = Sql::new("SELECT f.id FROM findings f ");
        sql.push("WHERE f.artifact = ? AND f.state = 'open'", artifact);
        sql.append(on_own("f.device", scope));
        sql.push(" ORDER BY f.severity DESC, f.id DESC LIMIT ?", MOST);
        findings(&self.db, &self.ids(sql).await?).await
    }

    async fn programs_with(&self, artifact: i64, scope: Scope) -> Result<Vec<ProgramRow>, StoreError> {
        let mut sql = Sql::new("SELECT p.id FROM loaded l JOIN programs p ON p.id = l.program ");
        sql.push("WHERE l.artifact = ? AND p.pid IS NOT NULL", artifact);
        sql.append(on_own("p.device", scope));
        sql.push(" ORDER BY p.id LIMIT ?", MOST);
        programs(&self.db, &self.ids(sql).await?).await
    }

    /// A runtime or an agent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn program(&self, uid: &str, scope: Scope) -> Result<Option<ProgramRow>, StoreError> {
        let ids = self.by_uid("SELECT p.id FROM programs p WHERE p.uid = ?", uid, "p.device", scope).await?;
        Ok(programs(&self.db, &ids).await?.pop())
    }

    /// A finding.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finding(&self, uid: &str, scope: Scope) -> Result<Option<FindingRow>, StoreError> {
        let ids = self.by_uid("SELECT f.id FROM findings f WHERE f.uid = ?", uid, "f.device", scope).await?;
        Ok(findings(&self.db, &ids).await?.pop())
    }

    async fn by_uid(
        &self,
        select: &str,
        uid: &str,
        device: &str,
        scope: Scope,
    ) -> Result<Vec<i64>, StoreError> {
        let mut sql = Sql::new("");
        sql.push(select, uid);
        sql.append(on_own(device, scope));
        self.ids(sql).await
    }

    /// The ids that a statement gives.
    async fn ids(&self, sql: Sql) -> Result<Vec<i64>, StoreError> {
        let rows = self.db.rows(&sql.text, sql.values).await?;
        rows.iter().map(|row| row.int(0)).collect()
    }

    /// The one number that a statement gives.
    async fn number(&self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        self.db.row(sql, values).await?.map_or(Ok(0), |row| row.count(0))
    }
}

/// The condition that a row lies on a device in scope, to be put behind another one.
fn on_own(column: &str, scope: Scope) -> Sql {
    match scope {
        Scope::All => Sql::new(""),
        Scope::Person(person) => Sql {
            text: format!(" AND {column} IN (SELECT m.id FROM devices m WHERE m.person = ?)"),
            values: vec![person.into()],
        },
    }
}
