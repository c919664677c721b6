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
        "UPDATE artifacts SET holdings = (SELECT COUNT(*) FROM holdings h WHERE h.artifact = artifacts.id), \
         devices = (SELECT COUNT(DISTINCT h.device) FROM holdings h WHERE h.artifact = artifacts.id), \
         loaded = (SELECT COUNT(*) FROM loaded l WHERE l.artifact = artifacts.id), severity = (SELECT MAX(f.severity) \
         FROM findings f WHERE f.artifact = artifacts.id AND f.state = 'open')",
        "UPDATE devices SET artifacts = (SELECT COUNT(DISTINCT h.artifact) FROM holdings h WHERE h.device = devices.id), \
         runtimes = (SELECT COUNT(*) FROM programs p WHERE p.device = devices.id AND p.kind = 'runtime' AND p.pid IS NOT NULL), \
         agents = (SELECT COUNT(*) FROM programs p WHERE p.device = devices.id AND p.kind = 'agent'), \
         packages = (SELECT COUNT(*) FROM packages k WHERE k.device = devices.id)",
        "UPDATE devices SET \
         critical = (SELECT COUNT(*) FROM findings f WHERE f.device = devices.id AND f.state = 'open' AND f.severity = 4), \
         high = (SELECT COUNT(*) FROM findings f WHERE f.device = devices.id AND f.state = 'open' AND f.severity = 3), \
         medium = (SELECT COUNT(*) FROM findings f WHERE f.device = devices.id AND f.state = 'open' AND f.severity = 2), \
         low = (SELECT COUNT(*) FROM findings f WHERE f.device = devices.id AND f.state = 'open' AND f.severity = 1), \
         info = (SELECT COUNT(*) FROM findings f WHERE f.device = devices.id AND f.state = 'open' AND f.severity = 0)",
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
