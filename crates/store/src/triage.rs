//! What people do with findings. Each change is a record; what changes nothing is none.

use jiff::{Timestamp, civil::Date};

use crate::{
    Actor, FindingRow, Scope, Store, StoreError, counts,
    db::{Transaction, Value},
    devices::person_name,
    events::{Event, record},
    text,
};

/// A change of a finding by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Triage {
    /// Leave it as it is, for this reason.
    Acknowledge {
        /// Why; never empty.
        reason: String,
    },
    /// It is open again.
    Reopen,
    /// Someone looks after it, or nobody.
    Assign {
        /// Who.
        person: Option<i64>,
    },
    /// Until when, or no date.
    Due {
        /// The day.
        date: Option<Date>,
    },
}

/// A finding before the change.
struct Before {
    row: i64,
    device: i64,
    artifact: Option<i64>,
    state: String,
    subject: String,
    reason: Option<String>,
    assignee: Option<i64>,
    due: Option<String>,
}

/// What a change comes to.
struct Change {
    /// What is set, with `?` for the values.
    set: &'static str,
    values: Vec<Value>,
    kind: &'static str,
    detail: String,
}

impl Store {
    /// Changes a finding and gives it as it is afterwards; `None` when there is none in this scope. The same change again changes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for an empty reason, a person who is not there, or a finding that is resolved;
    /// [`StoreError`] of the database.
    pub async fn triage(
        &self,
        finding: &str,
        change: &Triage,
        scope: Scope,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<FindingRow>, StoreError> {
        let mut transaction = self.db.begin().await?;
        let Some(before) = before(&mut transaction, finding, scope).await? else { return Ok(None) };
        if let Some(change) = wanted(&mut transaction, &before, change, actor, now).await? {
            apply(&mut transaction, finding, before, change, actor, now).await?;
            transaction.commit().await?;
        } else {
            drop(transaction);
        }
        self.finding(finding, scope).await
    }
}

async fn before(
    transaction: &mut Transaction,
    uid: &str,
    scope: Scope,
) -> Result<Option<Before>, StoreError> {
    let person = match scope {
        Scope::All => None,
        Scope::Person(person) => Some(person),
    };
    let sql = "SELECT f.id, f.device, f.artifact, f.state, f.subject, f.reason, f.assignee, f.due
        FROM findings f JOIN devices d ON d.id = f.device
        WHERE f.uid = ? AND (CAST(? AS BIGINT) IS NULL OR d.person = ?)";
    let row = transaction.row(sql, vec![uid.into(), person.into(), person.into()]).await?;
    row.map(|row| {
        Ok(Before {
            row: row.int(0)?,
            device: row.int(1)?,
            artifact: row.maybe_int(2)?,
            state: row.text(3)?,
            subject: row.text(4)?,
            reason: row.maybe_text(5)?,
            assignee: row.maybe_int(6)?,
            due: row.maybe_text(7)?,
        })
    })
    .transpose()
}

/// What there is to do, if anything.
async fn wanted(
    transaction: &mut Transaction,
    before: &Before,
    change: &Triage,
    actor: &Actor,
    now: Timestamp,
) -> Result<Option<Change>, StoreError> {
    Ok(match change {
        Triage::Acknowledge { reason } => acknowledge(before, reason, actor, now)?,
        Triage::Reopen => reopen(before, now)?,
        Triage::Assign { person } if *person == before.assignee => None,
        Triage::Assign { person } => {
            let detail = match person {
                Some(person) => format!("to {}", person_name(transaction, *person).await?),
                None => "to nobody".to_owned(),
            };
            let values = vec![(*person).into()];
            Some(Change { set: "assignee = ?", values, kind: "finding-assigned", detail })
        }
        Triage::Due { date } => {
            let date = date.map(|date| date.to_string());
            let detail = date.clone().unwrap_or_else(|| "no date".to_owned());
            let change =
                Change { set: "due = ?", values: vec![date.clone().into()], kind: "finding-due", detail };
            (date != before.due).then_some(change)
        }
    })
}

fn acknowledge(
    before: &Before,
    reason: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<Option<Change>, StoreError> {
    let reason = text::cut(reason.trim(), text::SENTENCE);
    if reason.is_empty() {
        return Err(StoreError::Refused("an acknowledgement needs a reason".into()));
    }
    refuse_resolved(before)?;
    let same = before.state == "acknowledged" && before.reason.as_deref() == Some(&reason);
    let set = "state = 'acknowledged', acknowledged_by = ?, acknowledged_name = ?, acknowledged_at = ?, reason = ?, changed_at = ?";
    let values =
        vec![actor.person.into(), actor.name.as_str().into(), now.into(), reason.as_str().into(), now.into()];
    Ok((!same).then_some(Change { set, values, kind: "finding-acknowledged", detail: reason }))
}

fn reopen(before: &Before, now: Timestamp) -> Result<Option<Change>, StoreError> {
    refuse_resolved(before)?;
    let set = "state = 'open', acknowledged_by = NULL, acknowledged_name = NULL, acknowledged_at = NULL, reason = NULL, changed_at = ?";
    let change = Change { set, values: vec![now.into()], kind: "finding-reopened", detail: String::new() };
    Ok((before.state != "open").then_some(change))
}

/// Only the device can say that it is the case again.
fn refuse_resolved(before: &Before) -> Result<(), StoreError> {
    if before.state == "resolved" {
        return Err(StoreError::Refused(
            "the finding is resolved: it opens again when it is the case again".into(),
        ));
    }
    Ok(())
}

async fn apply(
    transaction: &mut Transaction,
    uid: &str,
    before: Before,
    change: Change,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Change { set, mut values, kind, detail } = change;
    values.push(before.row.into());
    transaction.execute(&format!("UPDATE findings SET {set} WHERE id = ?"), values).await?;
    let (device, subject) = (Some(before.device), before.subject);
    let event = Event { kind, device, subject, subject_id: Some(uid.to_owned()), detail };
    record(transaction, event, actor, now).await?;
    counts::device(transaction, before.device).await?;
    counts::severities(transaction, before.artifact.into_iter().collect()).await
}
