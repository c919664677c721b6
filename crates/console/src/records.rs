//! Records: what happened, and who did it. Pure.

use maud::{Markup, html};
use serde_json::{Value, json};
use store::{Collection, RecordRow};

use crate::{
    list::{Chip, Head, Spec},
    panel::device,
    shell::{Place, Shell},
    time,
    words::{self, Noun},
};

/// The list of records.
pub(crate) static SPEC: Spec = Spec {
    collection: Collection::Records,
    place: Place::Records,
    noun: Noun("record", "records"),
    example: "kind:finding-* actor:ada at:<7d",
    usual: "",
    unsaid: "",
    chips: &[
        Chip { label: "By people", term: "-actor:none" },
        Chip { label: "Findings", term: "kind:finding-*" },
        Chip { label: "Models", term: "kind:artifact-*" },
        Chip { label: "Devices", term: "kind:device-*" },
        Chip { label: "Today", term: "at:<1d" },
    ],
    heads: &[
        Head::new("When", Some("at"), ""),
        Head::new("What happened", None, ""),
        Head::new("Who", None, "p3"),
        Head::new("Device", None, "p4"),
    ],
    live: "records",
};

/// The cells of a record.
pub(crate) fn cells(shell: &Shell, record: &RecordRow) -> Markup {
    html! {
        td.when { (time::ago(shell.now, record.at)) }
        td.main {
            (sentence(record))
            @if !record.detail.is_empty() { span.sub { (record.detail) } }
            span.sub.in4 { (actor(record)) @if let Some(on) = &record.device { " on " (device(on)) } }
        }
        td.p3 { (actor(record)) }
        td.p4 { @if let Some(on) = &record.device { (device(on)) } @else { span.faint { "–" } } }
    }
}

/// What happened, in words.
pub(crate) fn kind(record: &RecordRow) -> String {
    words::spaced(&record.kind).replace("artifact", "artefact")
}

/// What the cells say.
pub(crate) fn values(record: &RecordRow) -> Vec<Value> {
    vec![
        json!(record.at),
        json!(format!("{}: {}", record.kind, record.subject)),
        json!(record.actor.as_ref().map(|person| &person.name)),
        json!(record.device.as_ref().map(|device| &device.name)),
    ]
}

/// The kind of thing in words, and to what.
fn sentence(record: &RecordRow) -> Markup {
    html! { span.strong { (words::capital(&kind(record))) } ": " (subject(record)) }
}

/// The name of the thing, as a link where it has a page.
fn subject(record: &RecordRow) -> Markup {
    let place = record.kind.split('-').next().and_then(|kind| match kind {
        "artifact" => Some("models"),
        "finding" => Some("findings"),
        "runtime" => Some("runtimes"),
        "agent" => Some("agents"),
        "device" => Some("devices"),
        _ => None,
    });
    match (place, &record.subject_id) {
        (Some(place), Some(id)) => html! { a href=(format!("/{place}/{id}")) { (record.subject) } },
        _ => html! { (record.subject) },
    }
}

fn actor(record: &RecordRow) -> Markup {
    match &record.actor {
        Some(person) => html! { (person.name) },
        None if record.device.is_some() => html! { span.faint { "seen by the sensor" } },
        None => html! { span.faint { "the server" } },
    }
}

/// Records as lines of a panel, the newest first.
pub(crate) fn lines(shell: &Shell, records: &[RecordRow]) -> Markup {
    html! {
        ol.timeline {
            @for record in records {
                li {
                    (time::ago(shell.now, record.at))
                    div.what {
                        b.strong { (words::capital(&kind(record))) }
                        @if !record.detail.is_empty() { span { (record.detail) } }
                        @if let Some(person) = &record.actor { span { (person.name) } }
                    }
                }
            }
        }
    }
}

/// What is said of all of them.
pub(crate) fn lead() -> Markup {
    html! { ". What devices saw and what people did, the newest first; nothing is ever taken out." }
}

/// What would be here.
pub(crate) fn empty() -> Markup {
    html! {
        h2 { "Nothing has happened yet" }
        p { "Every change that a device reports and everything that a person does here is a record: who, what, when and on which device." }
    }
}
