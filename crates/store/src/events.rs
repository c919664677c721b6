//! What happened, as rows that are only added. Who calls this decides what is worth a record.

use jiff::Timestamp;

use crate::{
    Actor, StoreError,
    db::{Transaction, Value},
    text,
};

/// Something that happened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Event {
    /// What kind of thing, such as `artifact-appeared`.
    pub(crate) kind: &'static str,
    /// The row of its device.
    pub(crate) device: Option<i64>,
    /// To what: a name for people.
    pub(crate) subject: String,
    /// The id of that thing in its collection.
    pub(crate) subject_id: Option<String>,
    /// More, in words.
    pub(crate) detail: String,
}

/// The statement that adds records, whose rows [`values`] makes.
pub(crate) const INSERT: &str =
    "INSERT INTO records (at, kind, actor, actor_name, device, subject, subject_id, detail, search) {ROWS}";

/// One row for [`INSERT`].
pub(crate) fn values(event: Event, actor: Option<&Actor>, at: Timestamp) -> Vec<Value> {
    let by = actor.map(|actor| actor.name.as_str());
    let search = text::search([Some(event.kind), Some(&event.subject), Some(&event.detail), by]);
    vec![
        at.into(),
        event.kind.into(),
        actor.and_then(|actor| actor.person).into(),
        by.into(),
        event.device.into(),
        event.subject.into(),
        event.subject_id.into(),
        event.detail.into(),
        search.into(),
    ]
}

/// Writes down one thing that someone did.
pub(crate) async fn record(
    transaction: &mut Transaction,
    event: Event,
    actor: &Actor,
    at: Timestamp,
) -> Result<(), StoreError> {
    transaction.insert(INSERT, vec![values(event, Some(actor), at)]).await
}

/// Writes down one thing that a device did by itself.
pub(crate) async fn record_of_device(
    transaction: &mut Transaction,
    event: Event,
    at: Timestamp,
) -> Result<(), StoreError> {
    transaction.insert(INSERT, vec![values(event, None, at)]).await
}
