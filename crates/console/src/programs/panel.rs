//! One runtime or agent: what it has loaded, who can reach it, what it may start, how it was recognised. Pure.

use domain::{McpServer, Transport};
use maud::{Markup, html};
use store::{FindingRow, ProgramKind, ProgramRow};

use super::{model_line, name, spec};
use crate::{
    panel::{self, Frame, facts, section},
    shell::Shell,
    time, words,
};

/// What is shown with a program.
#[derive(Default)]
pub(crate) struct Beside {
    /// Open findings about it or about a server that it is configured with.
    pub(crate) findings: Vec<FindingRow>,
}

/// The panel of a program.
pub(crate) fn panel(shell: &Shell, frame: Frame<'_>, program: &ProgramRow, beside: &Beside) -> Markup {
    let marks = html! {
        @if program.exposed { span.sev.high { "Reachable by others" } }
        @if !program.risk_flags.is_empty() { span.sev.medium { "Without questions" } }
        @if program.pid.is_some() { span.sev.ok { "Running" } } @else { span.sev.info { "Installed" } }
    };
    let body = html! {
        p { (sentence(shell, program)) }
        @if !beside.findings.is_empty() { (section("Findings", &panel::findings(&beside.findings))) }
        @if !program.models.is_empty() { (section("Models loaded", &html! { @for model in &program.models { (model_line(model)) } })) }
        @if !program.mcp_servers.is_empty() { (section("MCP servers", &html! { @for server in &program.mcp_servers { (mcp(server)) } })) }
        (section("Process", &process(shell, program)))
        (section("How it was recognised", &panel::evidence(&program.evidence)))
        @if program.kind == ProgramKind::Agent && !(program.configs.is_empty() && program.instructions.is_empty()) {
            (section("What it reads", &reads(program)))
        }
    };
    panel::panel(frame, spec(program.kind).place, &marks, name(shell, program), &body)
}

/// The page of a program.
pub(crate) fn page(shell: &Shell, program: &ProgramRow, beside: &Beside) -> Markup {
    let spec = spec(program.kind);
    panel::page(
        shell,
        spec.place,
        name(shell, program),
        spec.live,
        &panel(shell, Frame::Page, program, beside),
    )
}

fn sentence(shell: &Shell, program: &ProgramRow) -> Markup {
    let sure = panel::confidence(program.confidence);
    html! {
        @match program.pid { Some(pid) => { "Process " (pid) } None => { "Installed" } }
        " on " (panel::device(&program.device))
        @if let Some(user) = &program.user { @if program.pid.is_some() { " as " } @else { " for " } b { (user) } }
        @if let Some(started) = program.started_at { ", started " (time::ago(shell.now, started)) }
        ". "
        @match &program.tool {
            Some(_) => { "The identification is " (sure) "." }
            None => { "No entry of the catalogue explains it; that it " @if program.kind == ProgramKind::Runtime { "runs inference" } @else { "is an agent" } " is " (sure) "." }
        }
    }
}

fn process(shell: &Shell, program: &ProgramRow) -> Markup {
    let reach = match (program.exposed, program.own_network) {
        (true, _) => "others on the network can reach it",
        (false, true) => "in a network of its own: who can reach it is not known",
        (false, false) => "this device only",
    };
    html! {
        (facts([
            ("Tool", Some(match &program.tool {
                Some(tool) => html! { (shell.names.tool(tool)) },
                None => html! { span.faint { "not in the catalogue" } },
            })),
            ("Program file", program.exe.as_ref().map(|exe| words::path(exe))),
            ("Listens on", (!program.listeners.is_empty()).then(|| html! {
                @for listener in &program.listeners { span.mono { (listener) } " " }
                span.sub { (reach) }
            })),
            ("First seen", Some(time::ago(shell.now, program.first_seen_at))),
        ]))
        @if !program.cmdline.is_empty() {
            (panel::command(&program.cmdline.iter().map(|word| panel::quoted(word)).collect::<Vec<_>>().join(" ")))
        }
        @for flag in &program.risk_flags {
            div.evidence.medium { span { code { (flag) } } span.at { "switches off its own questions or its sandbox" } }
        }
    }
}

/// An MCP server: how it is reached, what is fetched, and what is wrong with it.
fn mcp(server: &McpServer) -> Markup {
    let tone = if server.disabled {
        ""
    } else if server.pinned == Some(false) {
        "medium"
    } else if server.plain_secrets.is_empty() {
        ""
    } else {
        "low"
    };
    let how = match server.transport {
        Transport::Stdio => "started by the agent",
        Transport::Http => "over HTTP",
        Transport::Sse => "over server-sent events",
        Transport::Ws => "over WebSocket",
    };
    html! {
        div.evidence.(tone) {
            span {
                b.strong { (server.name) } " "
                @if server.disabled { span.sev.info { "Switched off" } }
                @if server.pinned == Some(false) { span.sev.medium { "Unpinned" } }
                @if !server.plain_secrets.is_empty() { span.sev.low { "Secret in plain text" } }
            }
            span.at {
                (how)
                @if let Some(package) = &server.package { ", fetches " code { (package) } }
                @if server.pinned == Some(true) { " in a fixed version" }
                @if let Some(url) = &server.url { ", " span.mono { (url) } }
            }
            @if !server.command.is_empty() { code { (server.command.join(" ")) } }
            @for secret in &server.plain_secrets { span.at { "plain text: " code { (secret.name) } " (" (secret.place) ")" } }
            span.at { (words::path(&server.config.to_string())) @if server.config_readable_by_others { ", other accounts can read it" } }
        }
    }
}

fn reads(program: &ProgramRow) -> Markup {
    html! {
        @for path in &program.configs { div.evidence { (words::path(path)) span.at { "configuration" } } }
        @for path in &program.instructions { div.evidence { (words::path(path)) span.at { "instructions" } } }
    }
}
