//! Numbers that are kept beside rows, so that no list counts. Whoever changes a row that is counted calls this in the same
//! transaction.

use std::collections::BTreeSet;

use crate::{
    StoreError,
    db::{Transaction, Value},
};

/// Counts what a device runs and has, and its open findings.
pub(crate) async fn device(transaction: &mut Transaction, device: i64) -> Result<(), StoreError> {
    let sql = "UPDATE devices SET runtimes = p.runtimes, agents = p.agents, packages = p.packages,
            critical = f.critical, high = f.high, medium = f.medium, low = f.low, info = f.info
        FROM
            (SELECT COUNT(CASE WHEN kind = 'runtime' AND pid IS NOT NULL THEN 1 END) AS runtimes, COUNT(CASE WHEN kind = 'agent' THEN 1 END) AS agents,
                (SELECT COUNT(*) FROM packages WHERE device = ?) AS packages
             FROM programs WHERE device = ?) AS p,
            (SELECT COUNT(CASE WHEN severity = 4 THEN 1 END) AS critical, COUNT(CASE WHEN severity = 3 THEN 1 END) AS high,
                COUNT(CASE WHEN severity = 2 THEN 1 END) AS medium, COUNT(CASE WHEN severity = 1 THEN 1 END) AS low,
                COUNT(CASE WHEN severity = 0 THEN 1 END) AS info
             FROM findings WHERE device = ? AND state = 'open') AS f
        WHERE devices.id = ?";
    transaction.execute(sql, vec![device.into(); 4]).await.map(|_| ())
}

/// Finds the gravest open finding about each of these artefacts.
pub(crate) async fn severities(
    transaction: &mut Transaction,
    artifacts: BTreeSet<i64>,
) -> Result<(), StoreError> {
    let sql = "UPDATE artifacts SET severity =
            (SELECT MAX(f.severity) FROM findings f WHERE f.artifact = artifacts.id AND f.state = 'open')
        WHERE id IN ({LIST})";
    let list = artifacts.into_iter().map(Value::from).collect();
    transaction.execute_in(sql, &[], list).await.map(|_| ())
}
