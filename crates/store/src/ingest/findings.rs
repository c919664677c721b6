//! The lives of findings: open, acknowledged by someone, resolved, open again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::Finding;
use protocol::sensor::{Delta, Item};

use super::{apply::Work, identity, programs};
use crate::{
    Collection, StoreError,
    db::{Row, Value},
    text,
};

const KIND: &str = "finding";

/// A row as it is.
struct Known {
    severity: i64,
    message: String,
    evidence: String,
    help: String,
    artifact: Option<i64>,
    state: String,
    subject: String,
}

/// A row as it is to be.
struct Wanted {
    finding: Finding,
    severity: i64,
    evidence: String,
    artifact: Option<i64>,
    /// It was acknowledged and stays so.
    acknowledged: bool,
    /// Its state changes.
    moved: bool,
}

/// Applies what a report says of findings; whether anything changed.
pub(super) async fn apply(work: &mut Work<'_>, delta: Delta<Finding>) -> Result<bool, StoreError> {
    let Delta { put, remove } = delta;
    if put.is_empty() && remove.is_empty() && !work.full {
        return Ok(false);
    }
    let name = |key: &str| identity::of_device(work.uid, KIND, key);
    let put: BTreeMap<String, Finding> =
        put.into_iter().map(|finding| (name(&finding.key()), finding)).collect();
    let mut gone: BTreeSet<String> = remove.iter().map(|key| name(key)).collect();
    let known = known(work, put.keys().chain(&gone)).await?;
    if work.full {
        gone = known.keys().cloned().collect();
    }
    gone.retain(|uid| !put.contains_key(uid));
    let places = put.values().filter_map(|finding| finding.paths.first()).map(identity::place).collect();
    let held = programs::held(work, places).await?;
    let resolved = resolve(work, &gone, &known).await?;
    let mut rows = Vec::new();
    for (uid, finding) in put {
        let place = finding.paths.first().map(identity::place);
        let artifact = place.and_then(|place| held.get(&place).copied());
        if let Some(wanted) = wanted(finding, artifact, known.get(&uid))? {
            tell(work, &uid, &wanted, known.get(&uid));
            rows.push(values(work, uid, wanted));
        }
    }
    let changed = resolved || !rows.is_empty();
    if changed {
        work.changed.extend([Collection::Findings, Collection::Artifacts]);
    }
    work.transaction.insert(UPSERT, rows).await?;
    Ok(changed)
}

/// Who acknowledged a finding is forgotten with the acknowledgement; who looks after it is not.
const UPSERT: &str = "INSERT INTO findings (uid, device, rule, severity, subject, message, evidence, help, artifact, state, first_seen_at,
        changed_at, search) {ROWS}
    ON CONFLICT (uid) DO UPDATE SET severity = excluded.severity, message = excluded.message, evidence = excluded.evidence,
        help = excluded.help, artifact = excluded.artifact, state = excluded.state, search = excluded.search,
        changed_at = CASE WHEN excluded.state = findings.state THEN findings.changed_at ELSE excluded.changed_at END,
        acknowledged_by = CASE WHEN excluded.state = 'acknowledged' THEN findings.acknowledged_by END,
        acknowledged_name = CASE WHEN excluded.state = 'acknowledged' THEN findings.acknowledged_name END,
        acknowledged_at = CASE WHEN excluded.state = 'acknowledged' THEN findings.acknowledged_at END,
        reason = CASE WHEN excluded.state = 'acknowledged' THEN findings.reason END";

async fn known<'a>(
    work: &mut Work<'_>,
    uids: impl Iterator<Item = &'a String>,
) -> Result<HashMap<String, Known>, StoreError> {
    let sql = "SELECT uid, severity, message, evidence, help, artifact, state, subject FROM findings";
    let rows = if work.first {
        Vec::new()
    } else if work.full {
        work.transaction.rows(&format!("{sql} WHERE device = ?"), vec![work.device.into()]).await?
    } else {
        let list = uids.map(|uid| uid.as_str().into()).collect();
        work.transaction.rows_in(&format!("{sql} WHERE uid IN ({{LIST}})"), &[], list).await?
    };
    rows.iter().map(|row| Ok((row.text(0)?, read(row)?))).collect()
}

fn read(row: &Row) -> Result<Known, StoreError> {
    Ok(Known {
        severity: row.int(1)?,
        message: row.text(2)?,
        evidence: row.text(3)?,
        help: row.text(4)?,
        artifact: row.maybe_int(5)?,
        state: row.text(6)?,
        subject: row.text(7)?,
    })
}

/// The row, where it differs from what is stored.
fn wanted(
    finding: Finding,
    artifact: Option<i64>,
    known: Option<&Known>,
) -> Result<Option<Wanted>, StoreError> {
    let severity = i64::from(finding.severity as u8);
    let evidence = serde_json::to_string(&finding.evidence)
        .map_err(|error| StoreError::Unexpected(error.to_string()))?;
    let acknowledged = known.is_some_and(|known| known.state == "acknowledged" && severity <= known.severity);
    let moved = known.is_some_and(|known| known.state != if acknowledged { "acknowledged" } else { "open" });
    let same = known.is_some_and(|known| {
        !moved
            && (known.severity, known.artifact) == (severity, artifact)
            && (&known.message, &known.evidence, &known.help) == (&finding.message, &evidence, &finding.help)
    });
    let wanted = Wanted { finding, severity, evidence, artifact, acknowledged, moved };
    Ok((!same).then_some(wanted))
}

fn tell(work: &mut Work<'_>, uid: &str, wanted: &Wanted, known: Option<&Known>) {
    for artifact in wanted.artifact.into_iter().chain(known.and_then(|known| known.artifact)) {
        work.tally.judged(artifact);
        work.tally.left(artifact);
    }
    let event = match known {
        None => "finding-opened",
        Some(_) if wanted.moved => "finding-reopened",
        Some(_) => return,
    };
    let subject = text::cut(&wanted.finding.subject, text::INDEXED);
    work.tell(event, &subject, uid, wanted.finding.message.clone());
}

fn values(work: &Work<'_>, uid: String, wanted: Wanted) -> Vec<Value> {
    let Wanted { finding, severity, evidence, artifact, acknowledged, moved: _ } = wanted;
    let rule = text::cut(&finding.rule, text::INDEXED);
    let subject = text::cut(&finding.subject, text::PATH);
    let parts = [rule.as_str(), &subject, &finding.message, &work.name];
    let search = text::search(parts.map(Some));
    vec![
        uid.into(),
        work.device.into(),
        rule.into(),
        severity.into(),
        subject.into(),
        finding.message.into(),
        evidence.into(),
        finding.help.into(),
        artifact.into(),
        if acknowledged { "acknowledged" } else { "open" }.into(),
        work.now.into(),
        work.now.into(),
        search.into(),
    ]
}

/// What is no longer the case. It keeps who looked after it and why it was left, for whoever asks later.
async fn resolve(
    work: &mut Work<'_>,
    gone: &BTreeSet<String>,
    known: &HashMap<String, Known>,
) -> Result<bool, StoreError> {
    let mut list = Vec::new();
    for (uid, before) in gone.iter().filter_map(|uid| Some((uid, known.get(uid)?))) {
        if before.state == "resolved" {
            continue;
        }
        before.artifact.into_iter().for_each(|artifact| work.tally.judged(artifact));
        work.tell(
            "finding-resolved",
            &text::cut(&before.subject, text::INDEXED),
            uid,
            before.message.clone(),
        );
        list.push(Value::from(uid.as_str()));
    }
    let sql = "UPDATE findings SET state = 'resolved', changed_at = ? WHERE uid IN ({LIST})";
    Ok(work.transaction.execute_in(sql, &[work.now.into()], list).await? > 0)
}
