//! The kinds of lists: which rows, which cells, what an export has, what opens.

mod programs;

use std::future::Future;

use maud::Markup;
use serde_json::{Value, json};
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
    models, names, records,
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
    const FILES: [&'static str; 2] = ["/findings.csv", "/findings.json"];
    const COLUMNS: &'static [&'static str] = &[
        "severity",
        "finding",
        "rule",
        "subject",
        "device",
        "state",
        "looked_after_by",
        "due",
        "since",
        "remedy",
        "id",
    ];

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<FindingRow>, ListError>> + Send {
        store.findings(request)
    }
    fn cells(shell: &Shell, state: &State, row: &FindingRow) -> Markup {
        findings::cells(shell, state, row)
    }
    fn total(shell: &Shell) -> Option<u64> {
        Some(shell.counts.findings)
    }
    fn lead(shell: &Shell) -> Markup {
        findings::lead(shell)
    }
    fn empty() -> Markup {
        findings::empty()
    }
    fn export(row: &FindingRow) -> Vec<Value> {
        let person = row.assignee.as_ref().map(|person| &person.name);
        vec![
            json!(row.severity),
            json!(row.message),
            json!(row.rule),
            json!(row.subject),
            json!(row.device.name),
            json!(row.state),
            json!(person),
            json!(row.due),
            json!(row.first_seen_at),
            json!(row.help),
            json!(row.id),
        ]
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
    const FILES: [&'static str; 2] = ["/models.csv", "/models.json"];
    const COLUMNS: &'static [&'static str] = &[
        "model",
        "sha256",
        "digest_status",
        "format",
        "quantization",
        "license",
        "commercial_use",
        "origin",
        "size",
        "devices",
        "paths",
        "loaded",
        "verdict",
        "severity",
        "first_seen",
        "id",
    ];

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<ArtifactRow>, ListError>> + Send {
        store.artifacts(request)
    }
    fn cells(shell: &Shell, state: &State, row: &ArtifactRow) -> Markup {
        models::cells(shell, state, row)
    }
    fn total(shell: &Shell) -> Option<u64> {
        Some(shell.counts.artifacts)
    }
    fn lead(shell: &Shell) -> Markup {
        models::lead(shell)
    }
    fn empty() -> Markup {
        models::empty()
    }
    fn export(row: &ArtifactRow) -> Vec<Value> {
        let license = row.license.as_ref();
        vec![
            json!(row.name),
            json!(row.sha256),
            json!(row.digest_status),
            json!(row.format),
            json!(row.metadata.quantization),
            json!(license.map(|license| &license.id)),
            json!(license.map(|license| license.commercial_use)),
            json!(row.origin.as_ref().map(names::origin)),
            json!(row.size),
            json!(row.devices),
            json!(row.holdings),
            json!(row.loaded),
            json!(row.verdict),
            json!(row.severity),
            json!(row.first_seen_at),
            json!(row.id),
        ]
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
    const FILES: [&'static str; 2] = ["/devices.csv", "/devices.json"];
    const COLUMNS: &'static [&'static str] = &[
        "device",
        "os",
        "os_version",
        "arch",
        "person",
        "state",
        "sight",
        "critical",
        "high",
        "medium",
        "low",
        "models",
        "runtimes",
        "agents",
        "packages",
        "sensor",
        "heard_from",
        "enrolled",
        "id",
    ];

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<DeviceRow>, ListError>> + Send {
        store.devices(request)
    }
    fn cells(shell: &Shell, state: &State, row: &DeviceRow) -> Markup {
        device_pages::cells(shell, state, row)
    }
    fn total(shell: &Shell) -> Option<u64> {
        Some(shell.counts.devices)
    }
    fn lead(shell: &Shell) -> Markup {
        device_pages::lead(shell)
    }
    fn empty() -> Markup {
        device_pages::empty()
    }
    fn export(row: &DeviceRow) -> Vec<Value> {
        vec![
            json!(device_pages::name(row)),
            json!(row.os),
            json!(row.os_version),
            json!(row.arch),
            json!(row.person.as_ref().map(|person| &person.name)),
            json!(row.state),
            json!(row.sight),
            json!(row.findings.critical),
            json!(row.findings.high),
            json!(row.findings.medium),
            json!(row.findings.low),
            json!(row.artifacts),
            json!(row.runtimes),
            json!(row.agents),
            json!(row.packages),
            json!(row.sensor_version),
            json!(row.seen_at),
            json!(row.enrolled_at),
            json!(row.id),
        ]
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
    const FILES: [&'static str; 2] = ["/records.csv", "/records.json"];
    const COLUMNS: &'static [&'static str] =
        &["id", "at", "kind", "subject", "subject_id", "detail", "actor", "device"];

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<RecordRow>, ListError>> + Send {
        store.records(request)
    }
    fn cells(shell: &Shell, _: &State, row: &RecordRow) -> Markup {
        records::cells(shell, row)
    }
    fn total(_: &Shell) -> Option<u64> {
        None
    }
    fn lead(_: &Shell) -> Markup {
        records::lead()
    }
    fn empty() -> Markup {
        records::empty()
    }
    fn export(row: &RecordRow) -> Vec<Value> {
        vec![
            json!(row.id),
            json!(row.at),
            json!(row.kind),
            json!(row.subject),
            json!(row.subject_id),
            json!(row.detail),
            json!(row.actor.as_ref().map(|person| &person.name)),
            json!(row.device.as_ref().map(|device| &device.name)),
        ]
    }
    /// A record is a line and nothing more.
    async fn open(_: &Visit, _: &str, _: Open) -> Result<Option<Markup>, Problem> {
        Ok(None)
    }
}
