//! Findings: what someone should act on, and the panel in which they do. Pure.

mod panel;

use maud::{Markup, html};
use serde_json::{Value, json};
use store::{Collection, FindingRow, FindingState};

pub(crate) use panel::{Beside, page, panel};

use crate::{
    list::{Chip, Head, Spec, State, opener},
    panel::device,
    severity,
    shell::{Place, Shell},
    time,
    words::{self, Noun},
};

/// The list of findings.
pub(crate) static SPEC: Spec = Spec {
    collection: Collection::Findings,
    place: Place::Findings,
    noun: Noun("finding", "findings"),
    example: "severity:high state:open device:lap-*",
    usual: "state:open -severity:info",
    unsaid: "",
    chips: &[
        Chip { label: "Open", term: "state:open" },
        Chip { label: "To decide", term: "-severity:info" },
        Chip { label: "Critical and high", term: "severity:critical,high" },
        Chip { label: "New this week", term: "seen:<7d" },
        Chip { label: "Nobody's", term: "assignee:none" },
        Chip { label: "Yours", term: "assignee:me" },
        Chip { label: "Overdue", term: "due:>0d" },
        Chip { label: "Acknowledged", term: "state:acknowledged" },
    ],
    heads: &[
        Head::new("Severity", Some("severity"), "sevs"),
        Head::new("Finding", None, ""),
        Head::new("Device", None, "p4"),
        Head::new("Looked after by", None, "p3"),
        Head::new("Due", Some("due"), "num p2"),
        Head::new("Since", Some("seen"), "num p2"),
    ],
    live: "findings",
};

/// The cells of a finding.
pub(crate) fn cells(shell: &Shell, state: &State, finding: &FindingRow) -> Markup {
    html! {
        td.sevs { (severity::mark(finding.severity)) }
        td.main {
            (opener(&SPEC, state, &finding.id, &html! { span title=(finding.message) { (words::coded(&line(finding))) } }))
            span.sub { span.mono { (finding.rule) } span.in4 { " on " (device(&finding.device)) } }
        }
        td.p4 { (device(&finding.device)) }
        td.p3 { (stance(finding)) }
        td.num.p2 { (due(shell, finding)) }
        td.num.p2 { (time::ago(shell.now, finding.first_seen_at)) }
    }
}

/// What the cells say.
pub(crate) fn values(_: &Shell, finding: &FindingRow) -> Vec<Value> {
    vec![
        json!(finding.severity),
        json!(finding.message),
        json!(finding.device.name),
        json!(finding.assignee.as_ref().map(|person| &person.name)),
        json!(finding.due.filter(|_| finding.state == FindingState::Open)),
        json!(finding.first_seen_at),
    ]
}

/// The message with its paths cut in their middle, so that it fits on a line.
pub(crate) fn line(finding: &FindingRow) -> String {
    let paths = std::iter::once(&finding.subject).chain(&finding.evidence);
    words::message(&words::shortened(&finding.message, paths.map(String::as_str)))
}

/// Who has it in hand, and where it is in its life.
fn stance(finding: &FindingRow) -> Markup {
    html! {
        @match (&finding.assignee, finding.state) {
            (Some(person), _) => { (person.name) }
            (None, FindingState::Open) => { span.faint { "nobody yet" } }
            (None, _) => {}
        }
        @match finding.state {
            FindingState::Open => {}
            FindingState::Acknowledged => { span.sub { "acknowledged" } }
            FindingState::Resolved => { span.sub { "resolved" } }
        }
    }
}

fn due(shell: &Shell, finding: &FindingRow) -> Markup {
    match finding.due.filter(|_| finding.state == FindingState::Open) {
        Some(day) => time::due(shell.now, day),
        None => html! { span.faint { "–" } },
    }
}

/// What is said of all findings.
pub(crate) fn lead(shell: &Shell) -> Markup {
    html! { " to decide" @if shell.one_machine() { " on this machine." } @else { " on the devices that report." } }
}

/// What would be here.
pub(crate) fn empty() -> Markup {
    html! {
        h2 { "Nothing to decide" }
        p { "A finding appears here when a scan sees something that someone should act on: a model that runs code, a licence that forbids
            commercial use, a runtime that others on the network can reach, a secret in a configuration. It goes by itself when it is no longer the case." }
    }
}
