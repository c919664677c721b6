//! What the reports of one transaction do to the numbers of artefacts, written once at its end: many devices hold the same
//! artefact, and its row stands in a dozen indexes.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    StoreError, counts,
    db::{Transaction, Value},
};

/// Changes of the numbers of artefacts that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Tally {
    shifts: BTreeMap<i64, Shift>,
    judged: BTreeSet<i64>,
    left: BTreeSet<i64>,
}

/// By how much the numbers of an artefact change.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Shift {
    /// At how many paths it is held.
    pub(super) paths: i64,
    /// On how many devices.
    pub(super) devices: i64,
    /// In how many programs it is loaded.
    pub(super) loaded: i64,
}

impl Tally {
    /// The numbers of an artefact change.
    pub(super) fn shift(&mut self, artifact: i64, by: Shift) {
        let shift = self.shifts.entry(artifact).or_default();
        shift.paths += by.paths;
        shift.devices += by.devices;
        shift.loaded += by.loaded;
    }

    /// The gravest finding about an artefact may be another one.
    pub(super) fn judged(&mut self, artifact: i64) {
        self.judged.insert(artifact);
    }

    /// Perhaps nobody holds an artefact any more.
    pub(super) fn left(&mut self, artifact: i64) {
        self.left.insert(artifact);
    }

    /// Takes in what another report changes.
    pub(super) fn merge(&mut self, other: Self) {
        other.shifts.into_iter().for_each(|(artifact, shift)| self.shift(artifact, shift));
        self.judged.extend(other.judged);
        self.left.extend(other.left);
    }

    /// Writes all of it, and removes artefacts that no device holds any more.
    pub(super) async fn write(self, transaction: &mut Transaction) -> Result<(), StoreError> {
        let changed = self.shifts.into_iter().filter(|(_, shift)| *shift != Shift::default());
        let row = |(artifact, shift): (i64, Shift)| {
            vec![Value::from(artifact), shift.paths.into(), shift.devices.into(), shift.loaded.into()]
        };
        let sql =
            "UPDATE artifacts SET holdings = artifacts.holdings + d.c1, devices = artifacts.devices + d.c2,
                loaded = artifacts.loaded + d.c3
            FROM d WHERE artifacts.id = d.c0";
        transaction.update(sql, changed.map(row).collect()).await?;
        counts::severities(transaction, self.judged).await?;
        // A finding about a model that is gone is resolved, or about to be: it keeps its words and loses the link.
        let gone = "holdings = 0 AND id IN ({LIST}) AND NOT EXISTS (SELECT 1 FROM loaded l WHERE l.artifact = artifacts.id)";
        let left: Vec<_> = self.left.into_iter().map(Value::from).collect();
        let unlink = format!(
            "UPDATE findings SET artifact = NULL WHERE artifact IN (SELECT id FROM artifacts WHERE {gone})"
        );
        transaction.execute_in(&unlink, &[], left.clone()).await?;
        transaction.execute_in(&format!("DELETE FROM artifacts WHERE {gone}"), &[], left).await.map(|_| ())
    }
}
