//! The kinds of lists: which rows, which cells, what an export has, what opens.

mod programs;

use std::future::Future;

use maud::Markup;
use serde_json::Value;
use server::Problem;
use store::{ArtifactRow, DeviceRow, FindingRow, ListError, ListRequest, Page, RecordRow, Store};

use super::{
    devices, findings as finding_details,
    lists::{Kind, Open},
    visit::Visit,
};
use crate::{
    devices as device_pages, findings,
    list::{Spec, State},
    models, records,
    shell::Shell,
};

pub(super) use programs::{Agents, Runtimes};

/// Findings.
pub(super) struct Findings;
/// Models.
pub(super) struct Models;
/// Devices.
pub(super) struct Devices;
/// Records.
pub(super) struct Records;

impl Kind for Findings {
    type Row = FindingRow;
    const SPEC: &'static Spec = &findings::SPEC;
    const CELLS: fn(&Shell, &State, &FindingRow) -> Markup = findings::cells;
    const VALUES: fn(&Shell, &FindingRow) -> Vec<Value> = findings::values;
    const TOTAL: fn(&Shell) -> Option<u64> = |shell| Some(shell.counts.findings);
    const LEAD: fn(&Shell) -> Markup = findings::lead;
    const EMPTY: fn() -> Markup = findings::empty;

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<FindingRow>, ListError>> + Send {
        store.findings(request)
    }

    fn open(
        visit: &Visit,
        id: &str,
        open: Open,
    ) -> impl Future<Output = Result<Option<Markup>, Problem>> + Send {
        finding_details::open(visit, id, open, None)
    }
}

impl Kind for Models {
    type Row = ArtifactRow;
    const SPEC: &'static Spec = &models::SPEC;
    const CELLS: fn(&Shell, &State, &ArtifactRow) -> Markup = models::cells;
    const VALUES: fn(&Shell, &ArtifactRow) -> Vec<Value> = models::values;
    const TOTAL: fn(&Shell) -> Option<u64> = |shell| Some(shell.counts.artifacts);
    const LEAD: fn(&Shell) -> Markup = models::lead;
    const EMPTY: fn() -> Markup = models::empty;

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<ArtifactRow>, ListError>> + Send {
        store.artifacts(request)
    }

    async fn open(visit: &Visit, id: &str, open: Open) -> Result<Option<Markup>, Problem> {
        let store = visit.state.store();
        let Some(model) = store.artifact(id, visit.scope()).await? else { return Ok(None) };
        let limit = if open == Open::Page { 100 } else { 5 };
        let query = store::Collection::Holdings.query(&format!("artifact:{id}"))?;
        let holdings = store.holdings(&ListRequest { query, limit, ..visit.request() }).await?.items;
        let beside = models::Beside { holdings };
        Ok(Some(match open {
            Open::Page => models::page(&visit.shell, &model, &beside),
            Open::Beside => models::panel(&visit.shell, open.frame(visit), &model, &beside),
        }))
    }
}

impl Kind for Devices {
    type Row = DeviceRow;
    const SPEC: &'static Spec = &device_pages::SPEC;
    const CELLS: fn(&Shell, &State, &DeviceRow) -> Markup = device_pages::cells;
    const VALUES: fn(&Shell, &DeviceRow) -> Vec<Value> = device_pages::values;
    const TOTAL: fn(&Shell) -> Option<u64> = |shell| Some(shell.counts.devices);
    const LEAD: fn(&Shell) -> Markup = device_pages::lead;
    const EMPTY: fn() -> Markup = device_pages::empty;

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<DeviceRow>, ListError>> + Send {
        store.devices(request)
    }

    fn open(
        visit: &Visit,
        id: &str,
        open: Open,
    ) -> impl Future<Output = Result<Option<Markup>, Problem>> + Send {
        devices::open(visit, id, open)
    }
}

impl Kind for Records {
    type Row = RecordRow;
    const SPEC: &'static Spec = &records::SPEC;
    const CELLS: fn(&Shell, &State, &RecordRow) -> Markup = |shell, _, row| records::cells(shell, row);
    const VALUES: fn(&Shell, &RecordRow) -> Vec<Value> = |_, row| records::values(row);
    const TOTAL: fn(&Shell) -> Option<u64> = |_| None;
    const LEAD: fn(&Shell) -> Markup = |_| records::lead();
    const EMPTY: fn() -> Markup = records::empty;

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<RecordRow>, ListError>> + Send {
        store.records(request)
    }

    /// A record is a line and nothing more.
    async fn open(_: &Visit, _: &str, _: Open) -> Result<Option<Markup>, Problem> {
        Ok(None)
    }
}
