//! Runtimes and agents as lists.

use std::future::Future;

use maud::Markup;
use serde_json::{Value, json};
use server::Problem;
use store::{Collection, FindingRow, ListError, ListRequest, Page, ProgramKind, ProgramRow, Store};

use super::super::{
    lists::{Kind, Open},
    visit::Visit,
};
use crate::{
    list::{Spec, State},
    programs,
    shell::Shell,
};

/// Runtimes.
pub(in super::super) struct Runtimes;
/// Agents.
pub(in super::super) struct Agents;

/// The most findings of a device that are looked through for those about a program.
const CANDIDATES: u32 = 200;

const PROGRAM: &[&str] = &[
    "name",
    "tool",
    "pid",
    "user",
    "exe",
    "device",
    "models",
    "listeners",
    "exposed",
    "mcp_servers",
    "flags",
    "confidence",
    "started",
    "id",
];

fn program(row: &ProgramRow) -> Vec<Value> {
    let models: Vec<_> = row.models.iter().map(|model| &model.name).collect();
    let servers: Vec<_> = row.mcp_servers.iter().map(|server| &server.name).collect();
    vec![
        json!(row.name),
        json!(row.tool),
        json!(row.pid),
        json!(row.user),
        json!(row.exe),
        json!(row.device.name),
        json!(models),
        json!(row.listeners),
        json!(row.exposed),
        json!(servers),
        json!(row.risk_flags),
        json!(row.confidence),
        json!(row.started_at),
        json!(row.id),
    ]
}

/// Open findings of its device that are about this program and no other. There are few of these rules on a device: one for each tool
/// and each server.
async fn findings(visit: &Visit, program: &ProgramRow) -> Result<Vec<FindingRow>, Problem> {
    let query = format!("state:open rule:{} device:{}", programs::RULES.join(","), program.device.id);
    let query = Collection::Findings.query(&query)?;
    let request = ListRequest { query, limit: CANDIDATES, ..visit.request() };
    let mut found = visit.state.store().findings(&request).await?.items;
    found.retain(|finding| programs::is_about(finding, program));
    Ok(found)
}

async fn open_program(
    visit: &Visit,
    id: &str,
    open: Open,
    kind: ProgramKind,
) -> Result<Option<Markup>, Problem> {
    let found = visit.state.store().program(id, visit.scope()).await?;
    let Some(program) = found.filter(|program| program.kind == kind) else { return Ok(None) };
    let beside = programs::Beside { findings: findings(visit, &program).await? };
    Ok(Some(match open {
        Open::Page => programs::page(&visit.shell, &program, &beside),
        Open::Beside => programs::panel(&visit.shell, open.frame(visit), &program, &beside),
    }))
}

impl Kind for Runtimes {
    type Row = ProgramRow;
    const SPEC: &'static Spec = &programs::RUNTIMES;
    const FILES: [&'static str; 2] = ["/runtimes.csv", "/runtimes.json"];
    const COLUMNS: &'static [&'static str] = PROGRAM;

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<ProgramRow>, ListError>> + Send {
        store.runtimes(request)
    }
    fn cells(shell: &Shell, state: &State, row: &ProgramRow) -> Markup {
        programs::cells(shell, state, row)
    }
    fn total(shell: &Shell) -> Option<u64> {
        Some(shell.counts.runtimes)
    }
    fn lead(shell: &Shell) -> Markup {
        programs::lead(shell, ProgramKind::Runtime)
    }
    fn empty() -> Markup {
        programs::empty(ProgramKind::Runtime)
    }
    fn export(row: &ProgramRow) -> Vec<Value> {
        program(row)
    }
    fn open(
        visit: &Visit,
        id: &str,
        open: Open,
    ) -> impl Future<Output = Result<Option<Markup>, Problem>> + Send {
        open_program(visit, id, open, ProgramKind::Runtime)
    }
}

impl Kind for Agents {
    type Row = ProgramRow;
    const SPEC: &'static Spec = &programs::AGENTS;
    const FILES: [&'static str; 2] = ["/agents.csv", "/agents.json"];
    const COLUMNS: &'static [&'static str] = PROGRAM;

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<ProgramRow>, ListError>> + Send {
        store.agents(request)
    }
    fn cells(shell: &Shell, state: &State, row: &ProgramRow) -> Markup {
        programs::cells(shell, state, row)
    }
    fn total(shell: &Shell) -> Option<u64> {
        Some(shell.counts.agents)
    }
    fn lead(shell: &Shell) -> Markup {
        programs::lead(shell, ProgramKind::Agent)
    }
    fn empty() -> Markup {
        programs::empty(ProgramKind::Agent)
    }
    fn export(row: &ProgramRow) -> Vec<Value> {
        program(row)
    }
    fn open(
        visit: &Visit,
        id: &str,
        open: Open,
    ) -> impl Future<Output = Result<Option<Markup>, Problem>> + Send {
        open_program(visit, id, open, ProgramKind::Agent)
    }
}
