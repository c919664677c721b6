//! The API under `/api/v1`: lists of everything, single things, and what people may change.

mod access;
mod devices;
mod document;
mod findings;
mod lists;
mod policies;
mod reply;

use std::sync::Arc;

use accounts::Permission::{
    CommandDevices, ManageAccess, ManageDevices, OwnAccount, ReadInventory, ReadRecords, TriageFindings,
};
use axum::{Json, http::Method};
use utoipa_axum::routes;

use crate::{Routes, State};

/// The routes of the API, and its document.
pub fn routes(state: &State) -> Routes {
    let routes = Routes::new()
        .api(ReadInventory, routes!(lists::devices))
        .api(ReadInventory, routes!(lists::artifacts))
        .api(ReadInventory, routes!(lists::holdings))
        .api(ReadInventory, routes!(lists::runtimes))
        .api(ReadInventory, routes!(lists::agents))
        .api(ReadInventory, routes!(lists::packages))
        .api(ReadInventory, routes!(lists::findings))
        .api(ReadRecords, routes!(lists::records))
        .api(ReadInventory, routes!(policies::policies))
        .api(ReadInventory, routes!(policies::requests))
        .api(ReadInventory, routes!(policies::releases))
        .api(ReadInventory, routes!(devices::device))
        .api(ReadInventory, routes!(devices::artifact))
        .api(ReadInventory, routes!(devices::runtime))
        .api(ReadInventory, routes!(devices::agent))
        .api(CommandDevices, routes!(devices::rescan))
        .api(ManageDevices, routes!(devices::revoke))
        .api(ManageDevices, routes!(devices::create_enrolment_token))
        .api(ReadInventory, routes!(findings::finding))
        .api(TriageFindings, routes!(findings::change))
        .api(ManageAccess, routes!(access::tokens, access::create_token))
        .api(ManageAccess, routes!(access::revoke_token))
        .api(OwnAccount, routes!(access::sessions))
        .api(OwnAccount, routes!(access::end_session));
    let document = Arc::new(document::document(&routes, state.settings().version));
    let answer = async move || Json(document.as_ref().clone());
    routes.signed_in(OwnAccount, Method::GET, "/api/v1/openapi.json", answer)
}
