//! One finding: what is the case, how we know, what to do, who does it until when. Pure.

use maud::{Markup, html};
use store::{FindingRow, FindingState, PersonRef, RecordRow};

use super::SPEC;
use crate::{
    list::escaped,
    panel::{self, Frame, facts, section},
    records, severity,
    shell::Shell,
    time, words,
};

/// What is shown with a finding.
#[derive(Default)]
pub(crate) struct Beside {
    /// Who it can be assigned to.
    pub(crate) people: Vec<PersonRef>,
    /// What happened to it; nothing where the reader may not see records.
    pub(crate) records: Vec<RecordRow>,
    /// What was just done with it.
    pub(crate) notice: Option<String>,
    /// Why what was tried was not done.
    pub(crate) problem: Option<String>,
}

/// The panel of a finding.
pub(crate) fn panel(shell: &Shell, frame: Frame<'_>, finding: &FindingRow, beside: &Beside) -> Markup {
    let marks = html! {
        (severity::mark(finding.severity))
        (state(finding.state))
    };
    let body = html! {
        @if let Some(text) = &beside.notice { p.notice.ok role="status" { (text) } }
        @if let Some(text) = &beside.problem { p.notice.high role="alert" { (text) } }
        p.dim { "On " (panel::device(&finding.device)) ", first seen " (time::ago(shell.now, finding.first_seen_at)) ". " (rule(finding)) }
        (section("What to do", &html! { p { (words::sentence(&finding.help)) } (triage(shell, finding, beside)) }))
        (section("Evidence", &evidence(finding)))
        (section("Subject", &subject(finding)))
        @if !beside.records.is_empty() { (section("What happened", &records::lines(shell, &beside.records))) }
    };
    let title = words::message(&finding.message.replace('`', ""));
    panel::panel(frame, SPEC.place, &marks, &title, &body)
}

/// The page of a finding.
pub(crate) fn page(shell: &Shell, finding: &FindingRow, beside: &Beside) -> Markup {
    let panel = panel(shell, Frame::Page, finding, beside);
    panel::page(shell, SPEC.place, &finding.message, SPEC.live, &panel)
}

/// What the rule is about, where it is one of the product's own.
fn rule(finding: &FindingRow) -> Markup {
    let known = assess::RULES.iter().find(|rule| rule.id == finding.rule);
    html! {
        "Rule " span.mono { (finding.rule) }
        @if let Some(rule) = known { ": " (rule.about) " (" (rule.severity) " at most)" } "."
    }
}

fn state(state: FindingState) -> Markup {
    match state {
        FindingState::Open => html! {},
        FindingState::Acknowledged => html! { span.sev.info { "Acknowledged" } },
        FindingState::Resolved => html! { span.sev.ok { "Resolved" } },
    }
}

fn evidence(finding: &FindingRow) -> Markup {
    html! {
        @for piece in &finding.evidence {
            div.evidence.(finding.severity.as_str()) { span { @if piece.starts_with('/') { (words::path(piece)) } @else { (words::coded(piece)) } } }
        }
        @if let Some(path) = finding.evidence.iter().find(|piece| finding.artifact.is_some() && piece.starts_with('/')) {
            (panel::command(&format!("eyeline inspect {}", panel::quoted(path))))
        }
    }
}

fn subject(finding: &FindingRow) -> Markup {
    let model = finding.artifact.as_ref();
    html! {
        (facts([
            ("About", Some(match model {
                Some(id) => html! { a href={ "/models/" (id) } { (finding.subject) } },
                None => html! { (finding.subject) },
            })),
            ("Device", Some(panel::device(&finding.device))),
            ("Alike", Some(html! { a href={ "/findings?q=rule:" (escaped(&finding.rule)) } { "all findings of " span.mono { (finding.rule) } } })),
        ]))
    }
}

/// Who has it, until when, and whether it may stay as it is.
fn triage(shell: &Shell, finding: &FindingRow, beside: &Beside) -> Markup {
    html! {
        @if let Some(given) = &finding.acknowledged {
            div.evidence {
                span { "Left as it is: " (given.reason) }
                span.at { (given.name) ", " (time::ago(shell.now, given.at)) }
            }
        }
        @if finding.state != FindingState::Resolved && shell.reader.may.triage {
            div.actions {
                @if finding.state == FindingState::Open { (acknowledge(finding)) }
                @else { (form(finding, "reopen", &html! { button.button { "Open it again" } })) }
                (assign(shell, finding, &beside.people))
                (due(finding))
            }
        } @else if finding.state == FindingState::Open {
            p.dim { "Looked after by " (panel::person(finding.assignee.as_ref())) @if let Some(day) = finding.due { ", " (time::due(shell.now, day)) } "." }
        }
    }
}

/// A form that changes the finding and comes back with its panel.
fn form(finding: &FindingRow, verb: &str, content: &Markup) -> Markup {
    let action = format!("/findings/{}/{verb}", finding.id);
    html! { form.form method="post" action=(action) hx-post=(action) hx-target="#side" { (content) } }
}

fn acknowledge(finding: &FindingRow) -> Markup {
    let content = html! {
        label.field {
            span { "Why may it stay as it is?" }
            textarea name="reason" required maxlength="2000" rows="3" {}
            span.hint { "The reason is kept in the records, with your name. The finding can be opened again." }
        }
        div { button.button.primary { "Acknowledge on " (finding.device.name) } }
    };
    html! { details.ask name="triage" { summary.button.primary { "Acknowledge…" } (form(finding, "acknowledge", &content)) } }
}

fn assign(shell: &Shell, finding: &FindingRow, people: &[PersonRef]) -> Markup {
    let chosen = finding.assignee.as_ref().map(|person| person.id);
    let label =
        finding.assignee.as_ref().map_or("Assign…".to_owned(), |person| format!("With {}…", person.name));
    let me = shell.reader.person;
    let content = html! {
        label.field { span { "Who looks after it?" } (panel::people("person", "Who looks after it?", people, chosen)) }
        div.actions {
            button.button.primary { "Assign" }
            @if chosen != Some(me) && people.iter().any(|person| person.id == me) { button.button name="me" value="1" { "I do" } }
        }
    };
    html! { details.ask name="triage" { summary.button { (label) } (form(finding, "assign", &content)) } }
}

fn due(finding: &FindingRow) -> Markup {
    let label = finding.due.map_or("Due…".to_owned(), |day| format!("Due {}…", day.strftime("%-d %b")));
    let content = html! {
        label.field { span { "Until when?" } input type="date" name="date" value=[finding.due]; span.hint { "Leave it empty for no date." } }
        div { button.button.primary { "Set the date" } }
    };
    html! { details.ask name="triage" { summary.button { (label) } (form(finding, "due", &content)) } }
}
