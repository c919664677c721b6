//! A made-up fleet, for measuring and for tests: the same rows for the same scale and seed on every machine.
//!
//! It writes past the ways of the product, into an empty database only, and says nothing about how rows come to be.

mod plain;
mod rows;
mod words;

use jiff::Timestamp;

pub use plain::{drop_database, make_database, plain_inserts};

use crate::{Store, StoreError, db::Value};

/// How large the fleet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Devices.
    pub devices: u64,
    /// Artefacts.
    pub artifacts: u64,
    /// Artefacts at their paths, spread evenly over devices and unevenly over artefacts.
    pub holdings: u64,
    /// Runtimes and agents together.
    pub programs: u64,
    /// Packages.
    pub packages: u64,
    /// Findings.
    pub findings: u64,
    /// Records.
    pub records: u64,
    /// Another number, another fleet.
    pub seed: u64,
}

impl Scale {
    /// A large organisation: the size that every list is quick at.
    pub const LARGE: Self = Self {
        devices: 50_000,
        artifacts: 100_000,
        holdings: 3_000_000,
        programs: 150_000,
        packages: 200_000,
        findings: 200_000,
        records: 300_000,
        seed: 1,
    };

    /// So small a part of this fleet.
    #[must_use]
    pub fn part(self, parts: u64) -> Self {
        let part = |rows: u64| rows / parts.max(1);
        Self {
            devices: part(self.devices),
            artifacts: part(self.artifacts),
            holdings: part(self.holdings),
            programs: part(self.programs),
            packages: part(self.packages),
            findings: part(self.findings),
            records: part(self.records),
            seed: self.seed,
        }
    }

    /// A fleet that a test fills in a moment.
    pub const SMALL: Self = Self {
        devices: 40,
        artifacts: 120,
        holdings: 400,
        programs: 90,
        packages: 60,
        findings: 150,
        records: 80,
        seed: 1,
    };
}

/// Fills an empty database. Everything happened in the 90 days before `now`.
///
/// # Errors
/// [`StoreError`]; the database then holds a part of the rows.
pub async fn fill(store: &Store, scale: Scale, now: Timestamp) -> Result<(), StoreError> {
    // Random places of three million holdings fit into no small cache.
    if store.engine() == crate::Engine::Sqlite {
        store.db.execute("PRAGMA cache_size = -800000", Vec::new()).await?;
    }
    let maker = rows::Maker { scale, now: now.as_millisecond() };
    maker.people(store).await?;
    maker.devices(store).await?;
    maker.artifacts(store).await?;
    maker.holdings(store).await?;
    maker.programs(store).await?;
    maker.packages(store).await?;
    maker.findings(store).await?;
    maker.records(store).await?;
    maker.days(store).await?;
    count(store).await?;
    settle(store).await
}

/// What is counted in columns.
async fn count(store: &Store) -> Result<(), StoreError> {
    let mut transaction = store.db.begin().await?;
    for sql in [
        "UPDATE artifacts SET holdings = c.holdings, devices = c.devices FROM (SELECT h.artifact, COUNT(*) AS holdings, \
         COUNT(DISTINCT h.device) AS devices FROM holdings h GROUP BY h.artifact) c WHERE c.artifact = artifacts.id",
        "UPDATE artifacts SET loaded = c.loaded FROM (SELECT l.artifact, COUNT(*) AS loaded FROM loaded l GROUP BY l.artifact) c \
         WHERE c.artifact = artifacts.id",
        "UPDATE artifacts SET severity = c.severity FROM (SELECT f.artifact, MAX(f.severity) AS severity FROM findings f \
         WHERE f.state = 'open' GROUP BY f.artifact) c WHERE c.artifact = artifacts.id",
        "UPDATE devices SET artifacts = c.artifacts FROM (SELECT h.device, COUNT(DISTINCT h.artifact) AS artifacts \
         FROM holdings h GROUP BY h.device) c WHERE c.device = devices.id",
        "UPDATE devices SET runtimes = c.runtimes, agents = c.agents FROM (SELECT p.device, \
         CAST(SUM(CASE WHEN p.kind = 'runtime' AND p.pid IS NOT NULL THEN 1 ELSE 0 END) AS BIGINT) AS runtimes, \
         CAST(SUM(CASE WHEN p.kind = 'agent' THEN 1 ELSE 0 END) AS BIGINT) AS agents FROM programs p GROUP BY p.device) c \
         WHERE c.device = devices.id",
        "UPDATE devices SET packages = c.packages FROM (SELECT k.device, COUNT(*) AS packages FROM packages k GROUP BY k.device) c \
         WHERE c.device = devices.id",
        "UPDATE devices SET critical = c.critical, high = c.high, medium = c.medium, low = c.low, info = c.info FROM (\
         SELECT f.device, CAST(SUM(CASE WHEN f.severity = 4 THEN 1 ELSE 0 END) AS BIGINT) AS critical, \
         CAST(SUM(CASE WHEN f.severity = 3 THEN 1 ELSE 0 END) AS BIGINT) AS high, \
         CAST(SUM(CASE WHEN f.severity = 2 THEN 1 ELSE 0 END) AS BIGINT) AS medium, \
         CAST(SUM(CASE WHEN f.severity = 1 THEN 1 ELSE 0 END) AS BIGINT) AS low, \
         CAST(SUM(CASE WHEN f.severity = 0 THEN 1 ELSE 0 END) AS BIGINT) AS info \
         FROM findings f WHERE f.state = 'open' GROUP BY f.device) c WHERE c.device = devices.id",
    ] {
        transaction.execute(sql, Vec::new()).await?;
    }
    transaction.commit().await
}

/// PostgreSQL counts ids by itself and has to be told which are taken; it also likes to know its tables.
async fn settle(store: &Store) -> Result<(), StoreError> {
    if store.engine() == crate::Engine::Sqlite {
        return Ok(());
    }
    for table in ["people", "devices", "artifacts", "holdings", "programs", "packages", "findings", "records"]
    {
        let taken = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT COALESCE(MAX(id), 1) FROM {table}))"
        );
        store.db.rows(&taken, Vec::new()).await?;
    }
    store.db.execute("ANALYZE", Vec::<Value>::new()).await.map(|_| ())
}
