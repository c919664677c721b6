//! Single things of the inventory, and what people may do with devices.

use accounts::parse_ttl;
use axum::{Json, http::StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{ArtifactDetail, DeviceDetail, ProgramKind, ProgramRow};
use utoipa::ToSchema;

use super::reply::{Named, Sent, ThingProblems, made, one};
use crate::{Caller, Problem, State};

/// How long an enrolment token lives when nobody says.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The most devices that one enrolment token lets in.
const MOST_USES: u32 = 100_000;

/// A device
///
/// With how far its last scan reached.
#[utoipa::path(
    get, path = "/api/v1/devices/{id}", tag = "things", params(("id" = String, Path, description = "The device's id.")),
    responses((status = 200, description = "The device.", body = DeviceDetail), ThingProblems)
)]
pub(super) async fn device(
    state: State,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Json<DeviceDetail>, Problem> {
    one(state.store().device(&id, caller.scope(), state.now()).await?, "device")
}

/// An artefact
///
/// With what an inspection saw, its open findings, and what has it loaded.
#[utoipa::path(
    get, path = "/api/v1/artifacts/{id}", tag = "things", params(("id" = String, Path, description = "The artefact's id.")),
    responses((status = 200, description = "The artefact.", body = ArtifactDetail), ThingProblems)
)]
pub(super) async fn artifact(
    state: State,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Json<ArtifactDetail>, Problem> {
    one(state.store().artifact(&id, caller.scope()).await?, "artifact")
}

/// A runtime
#[utoipa::path(
    get, path = "/api/v1/runtimes/{id}", tag = "things", params(("id" = String, Path, description = "The runtime's id.")),
    responses((status = 200, description = "The runtime.", body = ProgramRow), ThingProblems)
)]
pub(super) async fn runtime(
    state: State,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Json<ProgramRow>, Problem> {
    program(&state, &caller, &id, ProgramKind::Runtime).await
}

/// An agent
#[utoipa::path(
    get, path = "/api/v1/agents/{id}", tag = "things", params(("id" = String, Path, description = "The agent's id.")),
    responses((status = 200, description = "The agent.", body = ProgramRow), ThingProblems)
)]
pub(super) async fn agent(
    state: State,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Json<ProgramRow>, Problem> {
    program(&state, &caller, &id, ProgramKind::Agent).await
}

async fn program(
    state: &State,
    caller: &Caller,
    id: &str,
    kind: ProgramKind,
) -> Result<Json<ProgramRow>, Problem> {
    let found = state.store().program(id, caller.scope()).await?.filter(|program| program.kind == kind);
    let what = if kind == ProgramKind::Runtime { "runtime" } else { "agent" };
    one(found, what)
}

/// An order that was given.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ordered {
    /// Its number.
    serial: i64,
    /// Whether the device is connected now; else it gets the order when it is, within a day.
    connected: bool,
}

/// Look again
///
/// Orders a device to scan now.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/rescan", tag = "devices", params(("id" = String, Path, description = "The device's id.")),
    responses((status = 202, description = "The order waits for the device.", body = Ordered), ThingProblems)
)]
pub(super) async fn rescan(
    state: State,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<(StatusCode, Json<Ordered>), Problem> {
    let serial = state.order_rescan(&id, &caller.actor()).await?;
    Ok((StatusCode::ACCEPTED, Json(Ordered { serial, connected: state.presence().is_connected(&id) })))
}

/// Stop trusting a device
///
/// Nothing that it sends is taken any more. What it held stays to be seen.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/revoke", tag = "devices", params(("id" = String, Path, description = "The device's id.")),
    responses((status = 204, description = "It is no longer trusted."), ThingProblems)
)]
pub(super) async fn revoke(
    state: State,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    state.revoke_device(&id, &caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an enrolment token shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EnrolmentOrder {
    /// How many devices it lets in.
    #[serde(default = "single")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    uses: u32,
    /// How long it lives, such as `24h` or `30d`.
    #[schema(default = "24h")]
    ttl: Option<String>,
}

fn single() -> u32 {
    1
}

/// A new enrolment token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Enrolment {
    /// The token, told this once: what a sensor needs to enrol.
    token: String,
    /// When it ends.
    expires_at: Timestamp,
}

/// Make an enrolment token
#[utoipa::path(
    post, path = "/api/v1/enrolment-tokens", tag = "devices", request_body = EnrolmentOrder,
    responses((status = 201, description = "The token.", body = Enrolment), ThingProblems)
)]
pub(super) async fn create_enrolment_token(
    state: State,
    caller: Caller,
    Sent(order): Sent<EnrolmentOrder>,
) -> Result<(StatusCode, Json<Enrolment>), Problem> {
    if !(1..=MOST_USES).contains(&order.uses) {
        let detail = format!("`uses` is 1 to {MOST_USES}");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    let ttl = order.ttl.as_deref().map_or(Ok(LIFE), parse_ttl)?;
    let url = state.public_url().to_owned();
    let (token, expires_at) = state.enrolment_token_by(&caller.actor(), &url, order.uses, ttl).await?;
    Ok(made(&state, Enrolment { token: token.encode(), expires_at }))
}
