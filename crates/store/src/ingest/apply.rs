//! One report, in a transaction: is it the next one, what differs, and what that is told as.

use std::collections::BTreeSet;

use domain::Gap;
use jiff::Timestamp;
use protocol::sensor::{Changes, Keyed, Report, ScanSummary};

use super::{Ingested, findings, holdings, packages, programs, tally::Tally};
use crate::{
    Collection, StoreError, counts,
    db::{Row, Transaction, Value},
    devices::description,
    events::{self, Event},
};

/// Of one report. What goes beyond is one record with a number.
const MOST_EVENTS: usize = 500;

/// What the parts of a report share.
pub(super) struct Work<'a> {
    pub(super) transaction: &'a mut Transaction,
    /// The row of the device.
    pub(super) device: i64,
    /// Its id.
    pub(super) uid: &'a str,
    /// Its name.
    pub(super) name: String,
    /// Nothing of it is stored yet.
    pub(super) first: bool,
    /// Its first scan was not over before: what is found is not new, it was never looked for.
    pub(super) beginning: bool,
    /// What the report does not name is gone.
    pub(super) full: bool,
    pub(super) now: Timestamp,
    /// What happened.
    pub(super) events: Vec<Event>,
    /// Where something changed.
    pub(super) changed: BTreeSet<Collection>,
    /// How many more artefacts the device holds.
    pub(super) more_artifacts: i64,
    /// What it does to the numbers of artefacts.
    pub(super) tally: &'a mut Tally,
}

impl Work<'_> {
    /// Writes down that something happened to a thing of the device.
    pub(super) fn tell(&mut self, kind: &'static str, subject: &str, subject_id: &str, detail: String) {
        let device = Some(self.device);
        let (subject, subject_id) = (subject.to_owned(), Some(subject_id.to_owned()));
        self.events.push(Event { kind, device, subject, subject_id, detail });
    }
}

/// What is stored of a device before a report.
struct Known {
    row: i64,
    sequence: i64,
    state: Option<String>,
    /// No scan of it was reported to its end.
    beginning: bool,
    gaps: Vec<Gap>,
}

/// Stores a report that is within its limits, but for the numbers of artefacts, which are to be written with those of others.
pub(super) async fn report(
    transaction: &mut Transaction,
    uid: &str,
    report: Report,
    now: Timestamp,
    tally: &mut Tally,
) -> Result<Ingested, StoreError> {
    let known = known(transaction, uid).await?;
    answer(transaction, known.row, &report.answers, now).await?;
    let sequence = i64::try_from(report.sequence).unwrap_or(i64::MAX);
    if sequence <= known.sequence && known.state.as_ref() == Some(&report.state) {
        return Ok(Ingested::Repeated);
    }
    let full = report.changes.full;
    if !full && (report.base.is_none() || report.base != known.state) {
        return Ok(Ingested::Resend);
    }
    // Of what was never reported, nothing is gone because a scan did not reach it.
    if full && !report.scan.complete && known.state.is_some() {
        return Err(StoreError::Refused("an interrupted scan cannot be everything that is there".into()));
    }
    let name = report.scan.device.hostname.clone().filter(|name| !name.is_empty());
    let mut work = Work {
        transaction,
        device: known.row,
        uid,
        name: name.unwrap_or_else(|| uid.to_owned()),
        first: known.state.is_none(),
        beginning: known.beginning,
        full,
        now,
        events: Vec::new(),
        changed: BTreeSet::from([Collection::Devices]),
        more_artifacts: 0,
        tally,
    };
    let Report { state, sensor_version, scan, changes, .. } = report;
    let summary = summary(&changes);
    let complete = scan.complete;
    inventory(&mut work, changes).await?;
    gaps(&mut work, &known.gaps, &scan.coverage.gaps).await?;
    describe(&mut work, sequence, state, &sensor_version, &scan).await?;
    tell(&mut work, complete, summary).await?;
    if !work.events.is_empty() || known.beginning {
        work.changed.insert(Collection::Records);
    }
    Ok(Ingested::Stored { changed: work.changed.into_iter().collect() })
}

async fn known(transaction: &mut Transaction, uid: &str) -> Result<Known, StoreError> {
    let sql =
        "SELECT id, sequence, state, reported_at, coverage FROM devices WHERE uid = ? AND revoked_at IS NULL";
    let row = transaction.row(sql, vec![uid.into()]).await?;
    let Some(row) = row else {
        return Err(StoreError::Refused(format!("the device {uid} is not enrolled, or no longer trusted")));
    };
    Ok(Known {
        row: row.int(0)?,
        sequence: row.int(1)?,
        state: row.maybe_text(2)?,
        beginning: row.maybe_int(3)?.is_none(),
        gaps: stored_gaps(&row)?,
    })
}

fn stored_gaps(row: &Row) -> Result<Vec<Gap>, StoreError> {
    if row.maybe_text(4)?.is_none() {
        return Ok(Vec::new());
    }
    Ok(row.json::<domain::Coverage>(4)?.gaps)
}

/// Orders are answered also by a report that was there already.
async fn answer(
    transaction: &mut Transaction,
    device: i64,
    serials: &[u64],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql =
        "UPDATE orders SET answered_at = ? WHERE device = ? AND answered_at IS NULL AND serial IN ({LIST})";
    let list = serials.iter().map(|serial| Value::from(*serial)).collect();
    transaction.execute_in(sql, &[now.into(), device.into()], list).await.map(|_| ())
}

async fn inventory(work: &mut Work<'_>, changes: Changes) -> Result<(), StoreError> {
    let Changes { full: _, artifacts, runtimes, agents, packages, findings } = changes;
    let places = holdings::apply(work, artifacts).await?;
    let agent = |Keyed { key, item }| (key, domain::Agent::new(item));
    let runtimes_put = runtimes.put.into_iter().map(agent).collect();
    let agents_put = agents.put.into_iter().map(|Keyed { key, item }| (key, item)).collect();
    let runtimes = programs::apply(work, &programs::RUNTIME, runtimes_put, runtimes.remove).await?;
    let agents = programs::apply(work, &programs::AGENT, agents_put, agents.remove).await?;
    if places || runtimes || agents {
        programs::link(work).await?;
    }
    let packages = packages::apply(work, packages).await?;
    let findings = findings::apply(work, findings).await?;
    if runtimes || agents || packages || findings {
        counts::device(work.transaction, work.device).await?;
    }
    Ok(())
}

/// What cannot be seen, where that changed.
async fn gaps(work: &mut Work<'_>, before: &[Gap], after: &[Gap]) -> Result<(), StoreError> {
    if before == after {
        return Ok(());
    }
    work.transaction.execute("DELETE FROM gaps WHERE device = ?", vec![work.device.into()]).await?;
    let sql = "INSERT INTO gaps (device, capability, lost, remedy) {ROWS} ON CONFLICT (device, capability) DO NOTHING";
    let row = |gap: &Gap| {
        let Gap { capability, lost, remedy } = gap;
        vec![work.device.into(), capability.as_str().into(), lost.as_str().into(), remedy.as_str().into()]
    };
    let rows = after.iter().map(row).collect();
    work.transaction.insert(sql, rows).await
}

/// The device itself: the only row that a report without changes writes.
async fn describe(
    work: &mut Work<'_>,
    sequence: i64,
    state: String,
    sensor_version: &str,
    scan: &ScanSummary,
) -> Result<(), StoreError> {
    let sql = "UPDATE devices SET machine = ?, hostname = ?, name = ?, os = ?, os_version = ?, arch = ?, sensor_version = ?, search = ?,
            sequence = ?, state = ?, reported_at = ?, seen_at = ?, scanned_at = ?, scan_ms = ?, coverage = ?, accelerators = ?,
            notes = ?, sight = ?, unreadable = ?, artifacts = artifacts + ?
        WHERE id = ?";
    let coverage = &scan.coverage;
    let whole = coverage.gaps.is_empty() && coverage.unreadable_total == 0;
    // Until its first scan is over nothing is known of how much of it is seen, and it has not reported.
    let begins = work.beginning && !scan.complete;
    let sight = match (begins, whole) {
        (true, _) => "none",
        (false, true) => "full",
        (false, false) => "partial",
    };
    let reported_at = Some(work.now).filter(|_| !begins);
    let mut values = Vec::from(description(work.uid, &scan.device, sensor_version));
    values.extend([
        sequence.into(),
        state.into(),
        reported_at.into(),
        work.now.into(),
        scan.started_at.into(),
        scan.elapsed_ms.into(),
        Value::json(coverage)?,
        Value::json(&scan.accelerators)?,
        Value::json(&scan.notes)?,
        sight.into(),
        coverage.unreadable_total.into(),
        work.more_artifacts.into(),
        work.device.into(),
    ]);
    work.transaction.execute(sql, values).await.map(|_| ())
}

/// A report in numbers, for the record of the first one.
fn summary(changes: &Changes) -> String {
    let Changes { full: _, artifacts, runtimes, agents, packages, findings } = changes;
    in_numbers([
        artifacts.put.len(),
        runtimes.put.len(),
        agents.put.len(),
        packages.put.len(),
        findings.put.len(),
    ])
}

/// What is stored of a device in numbers, for the record of a first scan that came in several reports.
async fn stored(work: &mut Work<'_>) -> Result<String, StoreError> {
    let sql = "SELECT d.artifacts, d.runtimes, d.agents, d.packages, (SELECT COUNT(*) FROM findings f WHERE f.device = d.id)
        FROM devices d WHERE d.id = ?";
    let row = work.transaction.row(sql, vec![work.device.into()]).await?;
    let number =
        |column| row.as_ref().and_then(|row| usize::try_from(row.int(column).ok()?).ok()).unwrap_or(0);
    Ok(in_numbers([0, 1, 2, 3, 4].map(number)))
}

fn in_numbers(numbers: [usize; 5]) -> String {
    let names = ["model", "runtime", "agent", "package", "finding"];
    let told = names.iter().zip(numbers).map(|(one, number)| {
        let s = if number == 1 { "" } else { "s" };
        format!("{number} {one}{s}")
    });
    told.collect::<Vec<_>>().join(", ")
}

/// The records. The first scan of a device is one, whatever it found and in however many reports.
async fn tell(work: &mut Work<'_>, complete: bool, summary: String) -> Result<(), StoreError> {
    if work.beginning {
        work.events.clear();
    }
    if work.beginning && complete {
        let summary = if work.first { summary } else { stored(work).await? };
        let (name, uid) = (work.name.clone(), work.uid);
        work.tell("first-report", &name, uid, summary);
    }
    let mut told = std::mem::take(&mut work.events);
    let rest = told.len().saturating_sub(MOST_EVENTS);
    told.truncate(MOST_EVENTS);
    if rest > 0 {
        let (name, uid) = (work.name.clone(), work.uid);
        work.tell("report", &name, uid, format!("{rest} more changes than are listed"));
        told.append(&mut work.events);
    }
    let rows: Vec<_> = told.into_iter().map(|event| events::values(event, None, work.now)).collect();
    if !rows.is_empty() {
        work.changed.insert(Collection::Records);
    }
    work.transaction.insert(events::INSERT, rows).await
}
