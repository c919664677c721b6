//! One device: who it is, what runs on it now, what it holds, what is wrong, what cannot be seen. Pure.

use maud::{Markup, html};
use store::{ArtifactRow, DeviceDetail, DeviceState, FindingRow, PersonRef, ProgramRow, RecordRow};

use super::{SPEC, coverage, heard, name, sight, system, timeline};
use crate::{
    findings,
    list::escaped,
    names,
    panel::{self, Frame, facts, section},
    programs, severity,
    shell::{self, Place, Search, Shell},
    time,
    words::{self, Noun},
};

/// What is shown with a device.
#[derive(Default)]
pub(crate) struct Beside {
    pub(crate) runtimes: Vec<ProgramRow>,
    pub(crate) agents: Vec<ProgramRow>,
    /// How many models it holds: of its artefacts, what is not data of a package.
    pub(crate) held: u64,
    /// The largest of them.
    pub(crate) models: Vec<ArtifactRow>,
    /// Open findings, the gravest first.
    pub(crate) findings: Vec<FindingRow>,
    /// What happened there lately; nothing where the reader may not see records.
    pub(crate) records: Option<Vec<RecordRow>>,
    /// Whose it can be.
    pub(crate) people: Vec<PersonRef>,
    pub(crate) notice: Option<String>,
    pub(crate) problem: Option<String>,
}

/// The panel beside the list.
pub(crate) fn panel(shell: &Shell, frame: Frame<'_>, device: &DeviceDetail, beside: &Beside) -> Markup {
    let body = html! {
        p { (sentence(shell, device, beside.held)) }
        div.actions { a.button href={ "/devices/" (device.row.id) } { "Everything about it" } (rescan(shell, device)) }
        (section("Identity", &facts(identity(shell, device))))
        @if !beside.findings.is_empty() { (section("Findings", &wrong(&beside.findings))) }
        @if !beside.runtimes.is_empty() { (section("Running now", &running(shell, &beside.runtimes))) }
        @if let Some(seen) = &device.coverage { (section("What cannot be seen", &coverage::coverage(seen, &[]))) }
    };
    panel::panel(frame, Place::Devices, &marks(device), name(&device.row), &body)
}

/// The page of a device.
pub(crate) fn page(shell: &Shell, device: &DeviceDetail, beside: &Beside) -> Markup {
    let row = &device.row;
    let search =
        Search { path: Place::Devices.path(), of: "devices", example: SPEC.example, ..Search::default() };
    let body = html! {
        div.page data-live="devices runtimes agents findings holdings" {
            header.head {
                div.title { h1 { (name(row)) } (marks(device)) }
                div.actions { (rescan(shell, device)) (whose(shell, device, &beside.people)) (revoke(shell, device)) }
                p.lead { (sentence(shell, device, beside.held)) }
            }
            @if let Some(text) = &beside.notice { p.notice.ok role="status" { (text) } }
            @if let Some(text) = &beside.problem { p.notice.high role="alert" { (text) } }
            section #identity data-live-region aria-label="Identity" { (strip(&identity(shell, device))) }
            div.cols {
                div.stack { (now(shell, device, beside)) }
                div.stack { (seen(shell, device, beside)) }
            }
        }
    };
    shell::page(shell, Place::Devices, name(row), &search, &body)
}

/// What runs, what is wrong, what it holds.
fn now(shell: &Shell, device: &DeviceDetail, beside: &Beside) -> Markup {
    let row = &device.row;
    let here = |place: &str| format!("/{place}?q=device:{}", escaped(&row.id));
    html! {
        (block("findings", "Findings", Some((here("findings") + "%20state:open%20-severity:info", "All of them")), &html! {
            @if beside.findings.is_empty() { div.list { p.row.dim { "Nothing needs a decision on this device." } } } @else { div.list { @for finding in &beside.findings { (need(finding)) } } }
        }))
        (block("running", "Running now", Some((here("runtimes"), "All runtimes")), &html! {
            div.list {
                @for program in beside.runtimes.iter().chain(beside.agents.iter().filter(|agent| agent.pid.is_some())) { (program_row(shell, program)) }
                @if row.runtimes == 0 && !beside.agents.iter().any(|agent| agent.pid.is_some()) { p.row.dim { "No runtime and no agent is running." } }
            }
        }))
        (block("holdings", "Largest models", Some((here("models") + "%20-role:data", "All models")), &html! {
            div.list {
                @for model in &beside.models { (model_row(shell, model)) }
                @if beside.models.is_empty() { p.row.dim { "No model is held here." } }
            }
        }))
    }
}

/// What happened, and what cannot be seen.
fn seen(shell: &Shell, device: &DeviceDetail, beside: &Beside) -> Markup {
    let installed: Vec<_> = beside.agents.iter().filter(|agent| agent.pid.is_none()).collect();
    html! {
        @if let Some(records) = &beside.records { (block("timeline", "Timeline", None, &timeline::timeline(shell, records))) }
        (block("coverage", "What is seen, and what is not", None, &html! {
            div.list.padded {
                @match &device.coverage {
                    Some(seen) => { (coverage::coverage(seen, &device.notes)) }
                    None => { p.dim { "It has not reported a scan yet." } }
                }
            }
        }))
        @if !installed.is_empty() {
            (block("installed", "Agents installed", None, &html! { div.list { @for agent in installed { (program_row(shell, agent)) } } }))
        }
        @if !device.accelerators.is_empty() {
            (block("accelerators", "Accelerators", None, &html! {
                div.list { @for accelerator in &device.accelerators {
                    div.row.pair {
                        span { (accelerator.name) span.sub { (accelerator.kind) @if let Some(driver) = &accelerator.driver { ", " (driver) } } }
                        span.num { @if let Some(memory) = accelerator.memory_total { (words::size(memory)) } }
                    }
                } }
            }))
        }
    }
}

fn block(id: &str, title: &str, more: Option<(String, &str)>, content: &Markup) -> Markup {
    html! {
        section.block id=(id) data-live-region {
            header { h2 { (title) } @if let Some((href, label)) = more { a href=(href) { (label) } } }
            (content)
        }
    }
}

fn marks(device: &DeviceDetail) -> Markup {
    match device.row.state {
        DeviceState::Reporting => html! { span.sev.ok { "Reporting" } },
        DeviceState::Silent => html! { span.sev.high { "Silent" } },
        DeviceState::Revoked => html! { span.sev.info { "Revoked" } },
    }
}

/// What a person would say of it.
fn sentence(shell: &Shell, device: &DeviceDetail, models: u64) -> Markup {
    let row = &device.row;
    let open = severity::open(&row.findings);
    html! {
        @if let (None, Some(coverage)) = (row.reported_at, &device.coverage) {
            b { "Its first scan is running: " (Noun("file", "files").count(coverage.files)) " seen, " (Noun("model", "models").count(models)) " so far." }
        } @else if row.reported_at.is_none() {
            "It is enrolled and has not reported yet."
        } @else {
            b { @match open { 0 => "Nothing here needs a decision.", 1 => "1\u{a0}finding needs a decision.", n => { (Noun("finding", "findings").count(n)) " need a decision." } } }
            " It holds " (Noun("model", "models").told(models)) "; "
            @if row.runtimes == 0 { "no runtime is running" } @else { (Noun("runtime is", "runtimes are").told(row.runtimes)) " running" }
            ". "
            @if row.state == DeviceState::Silent { "It is silent, so this is what it said last. " }
            @match (&device.scanned_at, device.scan_ms) {
                (Some(at), Some(ms)) => { "Last scanned " (time::ago(shell.now, *at)) " in " (time::duration(ms)) "." }
                _ => {}
            }
        }
    }
}

/// Facts side by side, each under its name.
fn strip(facts: &[Known]) -> Markup {
    html! {
        dl.strip {
            @for (name, value) in facts { @if let Some(value) = value { div { dt { (name) } dd { (value) } } } }
        }
    }
}

type Known = (&'static str, Option<Markup>);

fn identity(shell: &Shell, device: &DeviceDetail) -> [Known; 8] {
    let row = &device.row;
    [
        ("System", Some(html! { (system(row)) })),
        ("Person", Some(panel::person(row.person.as_ref()))),
        ("Heard from", Some(heard(shell, row))),
        ("Sight", Some(sight(row.sight))),
        ("Enrolled", Some(time::ago(shell.now, row.enrolled_at))),
        ("Sensor", row.sensor_version.as_ref().map(|version| html! { (version) })),
        (
            "Packages",
            (row.packages > 0).then(|| html! { (Noun("AI package", "AI packages").count(row.packages)) }),
        ),
        ("Device id", Some(html! { span.mono.hash { (row.id) } })),
    ]
}

/// A finding as a line.
pub(crate) fn need(finding: &FindingRow) -> Markup {
    html! {
        a.row.need href={ "/findings/" (finding.id) } {
            (severity::mark(finding.severity))
            span.what { b.strong title=(finding.message) { (findings::line(finding).replace('`', "")) } span.two { (finding.help) } }
            span.act { "Decide" }
        }
    }
}

fn wrong(findings: &[FindingRow]) -> Markup {
    html! {
        @for finding in findings {
            div.evidence.(finding.severity.as_str()) { a href={ "/findings/" (finding.id) } { (words::coded(&words::message(&finding.message))) } span.at { (finding.severity) } }
        }
    }
}

fn running(shell: &Shell, programs: &[ProgramRow]) -> Markup {
    html! { @for program in programs {
        div.evidence {
            a href={ "/runtimes/" (program.id) } { (programs::name(shell, program)) }
            span.at { @if let Some(pid) = program.pid { "process " (pid) ", " } @if program.started_at.is_some() { "started " } (time::ago_or(shell.now, program.started_at, "since when is not known")) }
        }
    } }
}

fn program_row(shell: &Shell, program: &ProgramRow) -> Markup {
    let place = programs::spec(program.kind).place;
    html! {
        a.row.pair href=(format!("{}/{}", place.path(), program.id)) {
            span.what {
                b.strong { (programs::name(shell, program)) }
                span.clip {
                    @match program.pid { Some(pid) => { "process " (pid) } None => { "installed" } }
                    @if let Some(user) = &program.user { @if program.pid.is_some() { " as " } @else { " for " } (user) }
                    @if let Some(model) = program.models.first() { ", " (model.name) }
                    @if let Some(listener) = program.listeners.first() { ", " (listener) }
                }
            }
            span.faint { @if program.exposed { span.sev.high { "Reachable" } } @else if !program.risk_flags.is_empty() { span.sev.medium { "Without questions" } } @else { (time::ago_or(shell.now, program.started_at, "")) } }
        }
    }
}

fn model_row(shell: &Shell, model: &ArtifactRow) -> Markup {
    let origin = model.origin.as_ref().map_or_else(|| "unknown origin".to_owned(), names::origin);
    html! {
        a.row.pair href={ "/models/" (model.id) } {
            span.what { b.strong { (model.name) } span.clip { (shell.names.format(&model.format)) ", " (origin) } }
            span.num { (words::size(model.size)) }
        }
    }
}

fn rescan(shell: &Shell, device: &DeviceDetail) -> Markup {
    let action = format!("/devices/{}/rescan", device.row.id);
    html! {
        @if shell.reader.may.command && device.row.state != DeviceState::Revoked {
            form method="post" action=(action) { button.button { "Scan now" } }
        }
    }
}

fn whose(shell: &Shell, device: &DeviceDetail, people: &[PersonRef]) -> Markup {
    let chosen = device.row.person.as_ref().map(|person| person.id);
    html! {
        @if shell.reader.may.manage_devices {
            details.ask.over name="act" {
                summary.button { "Whose it is…" }
                form.form method="post" action=(format!("/devices/{}/person", device.row.id)) {
                    label.field { span { "Whose device is it?" } (panel::people("person", "Whose device is it?", people, chosen)) span.hint { "A person with the role device user sees their own devices and nothing else." } }
                    div { button.button.primary { "Save" } }
                }
            }
        }
    }
}

fn revoke(shell: &Shell, device: &DeviceDetail) -> Markup {
    html! {
        @if shell.reader.may.manage_devices && device.row.state != DeviceState::Revoked {
            details.ask.over name="act" {
                summary.button.danger { "Revoke…" }
                form.form method="post" action=(format!("/devices/{}/revoke", device.row.id)) {
                    p { "The server will believe nothing more that " b { (name(&device.row)) } " says and tell it nothing more. What it reported stays. This cannot be undone: the machine has to be enrolled again." }
                    div { button.button.danger { "Revoke 1 device" } }
                }
            }
        }
    }
}
