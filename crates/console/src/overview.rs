//! The overview: what needs a decision, what is new, what cannot be seen. Pure.

mod figures;
mod lead;

use maud::{Markup, html};
use store::{ArtifactRow, DeviceRow, DeviceState, GapTally, Need, Overview, SightTally};

use crate::{
    list::escaped,
    names, severity,
    shell::{self, Place, Search, Shell},
    time,
    words::{self, Noun},
};

/// The page; with the machine where there is only one, and how many files its first scan saw so far.
pub(crate) fn page(
    shell: &Shell,
    overview: &Overview,
    machine: Option<&DeviceRow>,
    seen_so_far: Option<u64>,
) -> Markup {
    let search = Search {
        path: Place::Models.path(),
        of: "models",
        example: crate::models::SPEC.example,
        ..Search::default()
    };
    let body = html! {
        div.page data-live="findings artifacts holdings devices runtimes agents" {
            header.head {
                h1 { "Overview" }
                @if let Some(machine) = machine.filter(|machine| shell.reader.may.command && machine.state != DeviceState::Revoked) {
                    form.actions method="post" action=(format!("/devices/{}/rescan?from=overview", machine.id)) { button.button { "Scan now" } }
                }
                p.lead #lead data-live-region { (lead::lead(shell, overview)) }
            }
            @if lead::first_look(overview) {
                p.notice #looking data-live-region role="status" { span.busy { (looking(overview, seen_so_far)) } }
            }
            (figures::figures(shell, overview))
            div.cols {
                (needs(shell, overview))
                div.stack { (new(shell, overview)) (unseen(shell, overview)) }
            }
        }
    };
    shell::page(shell, Place::Overview, "Overview", &search, &body)
}

/// How far the first scan is.
fn looking(overview: &Overview, seen_so_far: Option<u64>) -> String {
    let models = overview.figures.artifacts.now;
    match seen_so_far {
        Some(files) => format!(
            "The first scan is running: {} seen, {} so far. What is found appears here as it comes.",
            Noun("file", "files").count(files),
            Noun("model", "models").count(models)
        ),
        None => {
            "Looking at this machine for the first time. What is found appears here as it comes.".to_owned()
        }
    }
}

fn needs(shell: &Shell, overview: &Overview) -> Markup {
    html! {
        section.block #needs data-live-region {
            header { h2 { "Needs a decision" } a href="/findings" { "All findings" } }
            div.list {
                @for need in &overview.needs { (need_row(shell, need)) }
                @if overview.needs.is_empty() {
                    div.empty {
                        h2 { @if lead::first_look(overview) || shell.counts.devices == 0 { "Nothing yet" } @else { "Nothing needs a decision" } }
                        p { "Here stands what someone should act on, the gravest first: code in weights, licences that forbid what you do, runtimes open to the network." }
                    }
                }
            }
        }
    }
}

/// A rule's findings as one line: one finding leads to itself, several to their list.
fn need_row(shell: &Shell, need: &Need) -> Markup {
    let href = match need.findings {
        1 => format!("/findings/{}", need.newest),
        _ => format!("/findings?q=state:open%20-severity:info%20rule:{}", escaped(&need.rule)),
    };
    let title = words::message(&words::shortened(&need.message, [need.subject.as_str()]).replace('`', ""));
    html! {
        a.row.need href=(href) {
            (severity::mark(need.severity))
            span.what {
                b.strong title=(need.message) { (title) }
                span.two {
                    @if need.findings > 1 { "and " (words::count(need.findings - 1)) " more like it" @if !shell.one_machine() { " on " (Noun("device", "devices").told(need.devices)) } " · " }
                    @if let Some(due) = need.due { (time::due(shell.now, due)) " · " }
                    @if need.assigned == 0 { "nobody looks after it yet" } @else if need.assigned < need.findings { (words::count(need.assigned)) " assigned" } @else { "assigned" }
                    " · " (time::ago(shell.now, need.first_seen_at))
                }
            }
            span.act { @if need.findings == 1 { "Decide" } @else { "Decide " (words::count(need.findings)) } }
        }
    }
}

fn new(shell: &Shell, overview: &Overview) -> Markup {
    html! {
        section.block #new data-live-region {
            header { h2 { "New since yesterday" } a href="/models?q=-role:data%20seen:%3C1d" { "All new models" } }
            div.list {
                @for model in overview.new_artifacts.iter().take(6) { (new_row(shell, model)) }
                @if overview.new_artifacts.is_empty() { p.row.dim { "No model appeared." } }
            }
        }
    }
}

fn new_row(shell: &Shell, model: &ArtifactRow) -> Markup {
    let license =
        model.license.as_ref().map_or("no licence stated", |license| shell.names.license(&license.id));
    let origin = model.origin.as_ref().map_or_else(|| "unknown origin".to_owned(), names::origin);
    html! {
        a.row.pair href={ "/models/" (model.id) } {
            span.what { b.strong { (model.name) } span.clip { (license) ", " (words::size(model.size)) ", " (origin) } }
            @match model.severity {
                Some(severity) if severity > domain::Severity::Info => { (severity::mark(severity)) }
                _ => { span.faint { (time::ago(shell.now, model.first_seen_at)) } }
            }
        }
    }
}

fn unseen(shell: &Shell, overview: &Overview) -> Markup {
    let SightTally { full, partial, none, unreadable } = overview.sight;
    let total = full + partial + none;
    html! {
        section.block #unseen data-live-region {
            header { h2 { "What cannot be seen" } a href="/devices?q=sight:partial" { "Which, and why" } }
            div.list {
                @if total > 1 {
                    div.coverage {
                        span { "Devices with full sight" } span.num { (words::count(full)) " of " (words::count(total)) }
                        (meter(full, partial, none))
                        p.dim {
                            (words::count(partial)) " in part"
                            @if none > 0 { ", " (words::count(none)) " not reported yet" }
                            @if unreadable > 0 { "; " (Noun("path", "paths").count(unreadable)) " could not be read" }
                        }
                    }
                }
                @for gap in &overview.gaps { (gap_row(shell, gap)) }
                @if total == 1 && unreadable > 0 {
                    a.row href="/devices" { span.what { b.strong { (Noun("path", "paths").count(unreadable)) " could not be read" } span.dim { "The device's page says which, and why." } } }
                }
                @if total == 0 { p.row.dim { "Nothing of any device is seen before one reports." } }
                @if lead::first_look(overview) {
                    p.row.dim { "Not known before the first scan ends." }
                } @else if overview.gaps.is_empty() && unreadable == 0 && partial == 0 && total > 0 {
                    p.row.dim { "Nothing is known to be missing." }
                }
            }
        }
    }
}

fn gap_row(shell: &Shell, gap: &GapTally) -> Markup {
    html! {
        div.row.pair {
            span.what { b.strong { (words::capital(&gap.lost)) } span.dim { "To see it: " (gap.remedy) } }
            @if !shell.one_machine() { span.faint { (Noun("device", "devices").count(gap.devices)) } }
        }
    }
}

/// Full, partial and no sight as one bar. The words beside it say the same.
fn meter(full: u64, partial: u64, none: u64) -> Markup {
    let total = (full + partial + none).max(1);
    let part = |number: u64| number * 1000 / total;
    html! {
        svg.meter viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true" {
            rect.seen x="0" y="0" width=(part(full)) height="6" {}
            rect.partly x=(part(full)) y="0" width=(part(partial)) height="6" {}
            rect.unseen x=(part(full) + part(partial)) y="0" width=(part(none)) height="6" {}
        }
    }
}
