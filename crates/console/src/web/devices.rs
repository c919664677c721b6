//! One device and what people do with it.

use axum::{
    Form,
    extract::{Path, Query},
    response::Response,
};
use maud::Markup;
use serde::Deserialize;
use server::Problem;
use store::{Collection, DeviceDetail, ListRequest};

use super::{
    lists::Open,
    visit::{self, Visit},
};
use crate::devices::{self, Beside};

/// How many records the timeline is drawn from.
const TIMELINE: u32 = 200;

/// A device beside the list or on its page.
pub(super) async fn open(visit: &Visit, id: &str, open: Open) -> Result<Option<Markup>, Problem> {
    let Some(device) = visit.state.store().device(id, visit.scope(), visit.shell.now).await? else {
        return Ok(None);
    };
    let beside = beside(visit, &device, open).await?;
    Ok(Some(match open {
        Open::Page => devices::page(&visit.shell, &device, &beside),
        Open::Beside => devices::panel(&visit.shell, open.frame(visit), &device, &beside),
    }))
}

/// What is shown with it. Beside the list only what fits there is fetched.
async fn beside(visit: &Visit, device: &DeviceDetail, open: Open) -> Result<Beside, Problem> {
    let store = visit.state.store();
    let (whole, may) = (open == Open::Page, visit.shell.reader.may);
    let here = |collection: Collection, more: &str, limit: u32| -> Result<ListRequest, Problem> {
        let query = collection.query(&format!("device:{}{more}", device.row.id))?;
        Ok(ListRequest { query, limit, ..visit.request() })
    };
    let models = here(Collection::Artifacts, " -role:data", 8)?;
    let mut beside = Beside {
        held: store.tally(Collection::Artifacts, &models).await?.number,
        findings: store
            .findings(&here(Collection::Findings, " state:open severity:!info", if whole { 12 } else { 5 })?)
            .await?
            .items,
        runtimes: store.runtimes(&here(Collection::Runtimes, "", if whole { 20 } else { 4 })?).await?.items,
        ..Beside::default()
    };
    if whole {
        beside.agents = store.agents(&here(Collection::Agents, " state:running,installed", 20)?).await?.items;
        let largest = Some(Collection::Artifacts.sort("-size")?);
        beside.models = store.artifacts(&ListRequest { sort: largest, ..models }).await?.items;
        if may.read_records {
            beside.records = Some(store.records(&here(Collection::Records, "", TIMELINE)?).await?.items);
        }
        if may.manage_devices {
            beside.people = visit.people().await?;
        }
    }
    Ok(beside)
}

/// Where a form of the device leads back to.
fn back(id: &str, done: &str) -> Response {
    visit::back(&format!("/devices/{id}"), done)
}

#[derive(Deserialize)]
pub(super) struct From {
    /// The page of the button, where it is not the device's own.
    #[serde(default)]
    from: String,
}

pub(super) async fn rescan(
    visit: Visit,
    Path(id): Path<String>,
    Query(From { from }): Query<From>,
) -> Result<Response, Problem> {
    visit.state.order_rescan(&id, &visit.caller.actor()).await?;
    let connected = visit.state.presence().is_connected(&id);
    let done = if connected { "rescan" } else { "rescan-later" };
    Ok(if from == "overview" { visit::back("/", done) } else { back(&id, done) })
}

#[derive(Deserialize)]
pub(super) struct Whose {
    #[serde(default)]
    person: String,
}

pub(super) async fn person(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Whose>,
) -> Result<Response, Problem> {
    let people = visit.people().await?;
    let person = people.iter().find(|person| person.id.to_string() == form.person).map(|person| person.id);
    if person.is_none() && !form.person.is_empty() {
        return Err(Problem::not_found("person"));
    }
    let (store, actor) = (visit.state.store(), visit.caller.actor());
    if !store.set_device_person(&id, person, &actor, visit.shell.now).await? {
        return Err(Problem::not_found("device"));
    }
    visit.state.events().changed(vec![Collection::Devices, Collection::Records]);
    Ok(back(&id, "person"))
}

pub(super) async fn revoke(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    visit.state.revoke_device(&id, &visit.caller.actor()).await?;
    Ok(back(&id, "revoked"))
}
