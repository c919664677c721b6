//! Runtimes and agents: programs that run inference, and programs that act on what a model says. Pure.

mod about;
mod panel;

use maud::{Markup, html};
use serde_json::{Value, json};
use store::{Collection, ProgramKind, ProgramRow};

pub(crate) use about::{RULES, is_about};
pub(crate) use panel::{Beside, page, panel};

use crate::{
    list::{Chip, Head, Spec, State, opener},
    panel::{confidence, device},
    shell::{Place, Shell},
    time,
    words::{self, Noun},
};

/// The list of runtimes.
pub(crate) static RUNTIMES: Spec = Spec {
    collection: Collection::Runtimes,
    place: Place::Runtimes,
    noun: Noun("runtime", "runtimes"),
    example: "tool:ollama exposed:yes",
    usual: "",
    unsaid: "",
    chips: &[
        Chip { label: "Reachable by others", term: "exposed:yes" },
        Chip { label: "Confirmed", term: "confidence:confirmed" },
        Chip { label: "Not in the catalogue", term: "tool:unknown" },
        Chip { label: "Started today", term: "started:<1d" },
    ],
    heads: &[
        Head::new("Runtime", Some("name"), ""),
        Head::new("Models loaded", None, "p3"),
        Head::new("Listens on", None, "p4"),
        Head::new("Device", None, "p4"),
        Head::new("Started", Some("started"), "num p2"),
        Head::new("Identified", None, "p2"),
    ],
    live: "runtimes",
};

/// The list of agents.
pub(crate) static AGENTS: Spec = Spec {
    collection: Collection::Agents,
    place: Place::Agents,
    noun: Noun("agent", "agents"),
    example: "tool:claude-code state:running",
    usual: "state:running,installed",
    unsaid: "state:running,installed",
    chips: &[
        Chip { label: "Running now", term: "state:running" },
        Chip { label: "Started without questions", term: "unattended:yes" },
        Chip { label: "With MCP servers", term: "mcp:>0" },
        Chip { label: "Only installed", term: "state:installed" },
    ],
    heads: &[
        Head::new("Agent", Some("name"), ""),
        Head::new("MCP servers", None, "p3"),
        Head::new("Flags", None, "p4"),
        Head::new("Device", None, "p4"),
        Head::new("Running since", Some("started"), "num p3"),
    ],
    live: "agents",
};

/// The list that a program stands in.
pub(crate) const fn spec(kind: ProgramKind) -> &'static Spec {
    match kind {
        ProgramKind::Runtime => &RUNTIMES,
        ProgramKind::Agent => &AGENTS,
    }
}

/// The cells of a program.
pub(crate) fn cells(shell: &Shell, state: &State, program: &ProgramRow) -> Markup {
    match program.kind {
        ProgramKind::Runtime => runtime(shell, state, program),
        ProgramKind::Agent => agent(shell, state, program),
    }
}

/// What the cells say.
pub(crate) fn values(shell: &Shell, program: &ProgramRow) -> Vec<Value> {
    let (name, device, started) = (json!(name(shell, program)), &program.device.name, program.started_at);
    match program.kind {
        ProgramKind::Runtime => {
            let models: Vec<_> = program.models.iter().map(|model| &model.name).collect();
            vec![
                name,
                json!(models),
                json!(program.listeners),
                json!(device),
                json!(started),
                json!(program.confidence),
            ]
        }
        ProgramKind::Agent => {
            let servers: Vec<_> = program.mcp_servers.iter().map(|server| &server.name).collect();
            let running = started.filter(|_| program.pid.is_some());
            vec![name, json!(servers), json!(program.risk_flags), json!(device), json!(running)]
        }
    }
}

fn runtime(shell: &Shell, state: &State, runtime: &ProgramRow) -> Markup {
    html! {
        td.main {
            (opener(&RUNTIMES, state, &runtime.id, &html! { (name(shell, runtime)) })) (identity(runtime))
            span.sub.in4 { "on " (device(&runtime.device)) @if runtime.exposed { " " (reachable()) } }
        }
        td.p3 { (models(runtime)) }
        td.p4 { (listeners(runtime)) }
        td.p4 { (device(&runtime.device)) @if let Some(user) = &runtime.user { span.sub { (user) } } }
        td.num.p2 { (time::ago_or(shell.now, runtime.started_at, "not known")) }
        td.p2 { (confidence(runtime.confidence)) }
    }
}

fn agent(shell: &Shell, state: &State, agent: &ProgramRow) -> Markup {
    html! {
        td.main {
            (opener(&AGENTS, state, &agent.id, &html! { (name(shell, agent)) })) (identity(agent))
            span.sub.in4 { "on " (device(&agent.device)) @if !agent.risk_flags.is_empty() { " " (flags(agent)) } }
        }
        td.p3 { (servers(agent)) }
        td.p4 { @if agent.risk_flags.is_empty() { span.faint { "none" } } @else { (flags(agent)) } }
        td.p4 { (device(&agent.device)) @if let Some(user) = &agent.user { span.sub { (user) } } }
        td.num.p3 {
            @if agent.pid.is_some() { (time::ago_or(shell.now, agent.started_at, "running")) } @else { span.faint { "not running" } }
        }
    }
}

/// The flags that switch its questions off.
fn flags(agent: &ProgramRow) -> Markup {
    html! { @for flag in &agent.risk_flags { span.sev.medium.bare { code { (flag) } } " " } }
}

fn reachable() -> Markup {
    html! { span.sev.high { "Reachable" } }
}

/// What people call it: the catalogue's name of the tool, where there is one.
pub(crate) fn name<'a>(shell: &'a Shell, program: &'a ProgramRow) -> &'a str {
    match program.tool.as_deref().and_then(|tool| shell.names.known_tool(tool)) {
        Some(name) => name,
        None => &program.name,
    }
}

/// Process and program file, or that it does not run.
fn identity(program: &ProgramRow) -> Markup {
    let exe = program.exe.as_deref().map(|exe| exe.rsplit('/').next().unwrap_or(exe));
    html! {
        span.sub {
            @match program.pid { Some(pid) => { "process " (pid) } None => { "installed" } }
            @if let Some(exe) = exe.filter(|exe| *exe != program.name) { " · " span.mono { (exe) } }
        }
    }
}

fn models(program: &ProgramRow) -> Markup {
    html! {
        @match program.models.as_slice() {
            [] => { span.faint { "none seen" } }
            [first, rest @ ..] => {
                @match &first.artifact { Some(id) => { a href={ "/models/" (id) } { (first.name) } } None => { (first.name) } }
                @if !rest.is_empty() { span.sub { "and " (rest.len()) " more" } }
            }
        }
    }
}

fn listeners(program: &ProgramRow) -> Markup {
    html! {
        @match program.listeners.as_slice() {
            [] => { span.faint { "nothing" } }
            [first, rest @ ..] => {
                span.mono { (first) }
                @if program.exposed { " " (reachable()) }
                @else if program.own_network { span.sub { "in a network of its own" } }
                @if !rest.is_empty() { span.sub { "and " (rest.len()) " more" } }
            }
        }
    }
}

/// How many servers an agent's configuration names, and what is wrong with them.
fn servers(agent: &ProgramRow) -> Markup {
    let on = agent.mcp_servers.iter().filter(|server| !server.disabled);
    let unpinned = on.clone().filter(|server| server.pinned == Some(false)).count();
    let secrets = on.clone().filter(|server| !server.plain_secrets.is_empty()).count();
    let wrong: Vec<_> = [(unpinned, "unpinned"), (secrets, "with plain secrets")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let number = u64::try_from(agent.mcp_servers.len()).unwrap_or(u64::MAX);
    html! {
        @if number == 0 { span.faint { "none" } } @else { (Noun("server", "servers").count(number)) }
        @if !wrong.is_empty() { span.sub { (wrong.join(", ")) } }
    }
}

/// What is said of all of them.
pub(crate) fn lead(shell: &Shell, kind: ProgramKind) -> Markup {
    let what = match kind {
        ProgramKind::Runtime => " running",
        ProgramKind::Agent => " running or installed",
    };
    html! { (what) @if shell.one_machine() { " on this machine." } @else { " on " (Noun("device", "devices").count(shell.counts.devices)) "." } }
}

/// What would be here.
pub(crate) fn empty(kind: ProgramKind) -> Markup {
    match kind {
        ProgramKind::Runtime => html! {
            h2 { "No runtime is running" }
            p { "A program that runs inference appears here while it runs, with the models it has loaded, where it listens and how it was
                recognised: a server such as Ollama or llama.cpp, a notebook with weights in memory, an app with a model of its own." }
        },
        ProgramKind::Agent => html! {
            h2 { "No agent was found" }
            p { "Programs that act by themselves on what a model says appear here, running or installed, with the MCP servers that their
                configuration starts and the flags that switch their questions off. Nothing that is found is ever started." }
        },
    }
}

/// A loaded model's share of a line: its name and format.
pub(crate) fn model_line(model: &store::ModelRef) -> Markup {
    html! {
        div.evidence {
            span { @match &model.artifact { Some(id) => { a href={ "/models/" (id) } { (model.name) } } None => { (model.name) } } }
            span.at { (words::path(&model.path)) }
        }
    }
}
