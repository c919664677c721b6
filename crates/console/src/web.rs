//! From requests to pages: fetches the rows that a page is made of and hands them to it. The only part of the console that waits.

mod access;
mod details;
mod devices;
#[cfg(test)]
mod export_tests;
mod findings;
mod kinds;
mod lists;
mod live;
mod overview;
mod signing;
#[cfg(test)]
mod table_tests;
mod visit;

use accounts::Permission::{
    CommandDevices, ManageAccess, ManageDevices, OwnAccount, ReadInventory, ReadRecords, TriageFindings,
};
use axum::{
    http::Method,
    response::{IntoResponse, Response},
};
use maud::Markup;
use server::{Problem, Routes, State};

use crate::{assets, problems};

/// Every route of the console with who may use it.
pub(crate) fn routes() -> Routes {
    public(Routes::new())
        .merge(reading(Routes::new()))
        .merge(changing(Routes::new()))
        .merge(access(Routes::new()))
        .error_page(error_page)
}

fn public(routes: Routes) -> Routes {
    routes
        .public(Method::GET, "/assets/{file}", assets::serve)
        .public(Method::GET, "/login", signing::form)
        .public(Method::POST, "/login", signing::sign_in)
        .public(Method::GET, "/login/{secret}", signing::link)
        .public(Method::POST, "/login/{secret}", signing::accept)
        .public(Method::POST, "/logout", signing::sign_out)
}

fn reading(routes: Routes) -> Routes {
    let routes = lists::openable::<kinds::Findings>(routes, ReadInventory);
    let routes = lists::openable::<kinds::Models>(routes, ReadInventory);
    let routes = lists::openable::<kinds::Runtimes>(routes, ReadInventory);
    let routes = lists::openable::<kinds::Agents>(routes, ReadInventory);
    let routes = lists::openable::<kinds::Devices>(routes, ReadInventory);
    lists::routes::<kinds::Records>(routes, ReadRecords)
        .signed_in(ReadInventory, Method::GET, "/", overview::page)
        .signed_in(ReadInventory, Method::GET, "/live", live::handler())
}

fn changing(routes: Routes) -> Routes {
    routes
        .signed_in(TriageFindings, Method::POST, "/findings/{id}/acknowledge", findings::acknowledge)
        .signed_in(TriageFindings, Method::POST, "/findings/{id}/reopen", findings::reopen)
        .signed_in(TriageFindings, Method::POST, "/findings/{id}/assign", findings::assign)
        .signed_in(TriageFindings, Method::POST, "/findings/{id}/due", findings::due)
        .signed_in(CommandDevices, Method::POST, "/devices/{id}/rescan", devices::rescan)
        .signed_in(ManageDevices, Method::POST, "/devices/{id}/person", devices::person)
        .signed_in(ManageDevices, Method::POST, "/devices/{id}/revoke", devices::revoke)
}

fn access(routes: Routes) -> Routes {
    routes
        .signed_in(OwnAccount, Method::GET, "/account", access::account)
        .signed_in(OwnAccount, Method::POST, "/account/password", access::password)
        .signed_in(OwnAccount, Method::POST, "/account/sessions/{id}/end", access::end_own)
        .signed_in(ManageAccess, Method::GET, "/access", access::page)
        .signed_in(ManageAccess, Method::POST, "/access/invitations", access::invite)
        .signed_in(ManageAccess, Method::POST, "/access/people/{id}/role", access::role)
        .signed_in(ManageAccess, Method::POST, "/access/people/{id}/disable", access::disable)
        .signed_in(ManageAccess, Method::POST, "/access/people/{id}/enable", access::enable)
        .signed_in(ManageAccess, Method::POST, "/access/tokens", access::create_token)
        .signed_in(ManageAccess, Method::POST, "/access/tokens/{id}/revoke", access::revoke_token)
        .signed_in(ManageAccess, Method::POST, "/access/sessions/{id}/end", access::end)
}

/// What a browser sees of a problem. The colours are the system's: the page is made where no cookie is at hand.
fn error_page(_: &State, problem: &Problem, fragment: bool) -> Response {
    let page: Markup = if fragment { problems::fragment(problem) } else { problems::page(None, problem) };
    page.into_response()
}
