//! Runtimes and agents as lists.

use std::future::Future;

use maud::Markup;
use serde_json::Value;
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

/// Programs: agents, or runtimes.
pub(in super::super) struct Programs<const AGENTS: bool>;
/// Runtimes.
pub(in super::super) type Runtimes = Programs<false>;
/// Agents.
pub(in super::super) type Agents = Programs<true>;

/// The most findings of a device that are looked through for those about a program.
const CANDIDATES: u32 = 200;

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

impl<const AGENTS: bool> Programs<AGENTS> {
    const KIND: ProgramKind = if AGENTS { ProgramKind::Agent } else { ProgramKind::Runtime };
}

impl<const AGENTS: bool> Kind for Programs<AGENTS> {
    type Row = ProgramRow;
    const SPEC: &'static Spec = programs::spec(Self::KIND);
    const CELLS: fn(&Shell, &State, &ProgramRow) -> Markup = programs::cells;
    const VALUES: fn(&Shell, &ProgramRow) -> Vec<Value> = programs::values;
    const TOTAL: fn(&Shell) -> Option<u64> =
        |shell| Some(if AGENTS { shell.counts.agents } else { shell.counts.runtimes });
    const LEAD: fn(&Shell) -> Markup = |shell| programs::lead(shell, Self::KIND);
    const EMPTY: fn() -> Markup = || programs::empty(Self::KIND);

    async fn rows(store: &Store, request: &ListRequest) -> Result<Page<ProgramRow>, ListError> {
        if AGENTS { store.agents(request).await } else { store.runtimes(request).await }
    }

    fn open(
        visit: &Visit,
        id: &str,
        open: Open,
    ) -> impl Future<Output = Result<Option<Markup>, Problem>> + Send {
        open_program(visit, id, open, Self::KIND)
    }
}
