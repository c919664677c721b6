//! Signing in and out.

use accounts::{AccessError, Link, SignedIn};
use axum::{
    Form,
    extract::{Path, Query},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use server::{Caller, Client, Event, Problem, State, clear_session_cookie, session_cookie};

use super::visit::scheme;
use crate::login;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    next: String,
}

pub(super) async fn form(
    caller: Option<Caller>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Response {
    if caller.is_some() {
        return Redirect::to(safe(&wanted.next)).into_response();
    }
    login::page(scheme(&headers), "", safe(&wanted.next), None).into_response()
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn sign_in(
    state: State,
    client: Client,
    headers: HeaderMap,
    Form(form): Form<Credentials>,
) -> Result<Response, Problem> {
    let signed = state.accounts().sign_in(&form.name, &form.password, &client.0, state.now()).await;
    match signed {
        Ok(signed) => Ok(begin(&state, &signed, safe(&form.next))),
        Err(error @ (AccessError::Wrong | AccessError::TooMany(_))) => {
            let page = login::page(scheme(&headers), &form.name, safe(&form.next), Some(&error.to_string()));
            Ok(again(error, page))
        }
        Err(error) => Err(error.into()),
    }
}

/// The form again, with what was wrong and the status that says so.
fn again(error: AccessError, page: maud::Markup) -> Response {
    let problem = Problem::from(error);
    let retry = problem.clone().into_response().headers().get(header::RETRY_AFTER).cloned();
    // A browser would ask for a password of its own where it is told that this one is not enough.
    let status =
        if problem.status() == StatusCode::UNAUTHORIZED { StatusCode::FORBIDDEN } else { problem.status() };
    let mut response = (status, page).into_response();
    if let Some(retry) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, retry);
    }
    response
}

/// An address on this server and nowhere else.
fn safe(next: &str) -> &str {
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']);
    if own && !next.starts_with("/login") { next } else { "/" }
}

fn begin(state: &State, signed: &SignedIn, next: &str) -> Response {
    let cookie = session_cookie(state, &signed.secret);
    state.events().changed(vec![store::Collection::Records]);
    ([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response()
}

/// Where a link leads. Looking at it uses nothing: mail programs look, too.
pub(super) async fn link(
    state: State,
    headers: HeaderMap,
    Path(secret): Path<String>,
) -> Result<Response, Problem> {
    let scheme = scheme(&headers);
    let action = format!("/login/{secret}");
    let page = match state.accounts().link(&secret, state.now()).await? {
        Link::Create(role) => login::create(scheme, &action, role, "", None),
        Link::SignIn(person) => login::accept(scheme, &action, &person.name),
    };
    Ok(page.into_response())
}

#[derive(Deserialize)]
pub(super) struct NewAccount {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

pub(super) async fn accept(
    state: State,
    client: Client,
    headers: HeaderMap,
    Path(secret): Path<String>,
    Form(form): Form<NewAccount>,
) -> Result<Response, Problem> {
    let (accounts, now) = (state.accounts(), state.now());
    let role = match accounts.link(&secret, now).await? {
        Link::SignIn(_) => return Ok(begin(&state, &accounts.accept(&secret, &client.0, now).await?, "/")),
        Link::Create(role) => role,
    };
    match accounts.accept_new(&secret, &form.name, &form.password, &client.0, now).await {
        Ok(signed) => Ok(begin(&state, &signed, "/")),
        Err(
            error @ (AccessError::Name(_)
            | AccessError::Taken(_)
            | AccessError::Password(_)
            | AccessError::TooMany(_)),
        ) => {
            let action = format!("/login/{secret}");
            let page = login::create(scheme(&headers), &action, role, &form.name, Some(&error.to_string()));
            Ok(again(error, page))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn sign_out(state: State, caller: Option<Caller>) -> Result<Response, Problem> {
    if let Some(caller) = caller {
        state.accounts().sign_out(caller.identity(), state.now()).await?;
        state.events().tell(Event::SessionEnded(caller.session().map(str::to_owned)));
        state.events().changed(vec![store::Collection::Records]);
    }
    Ok(([(header::SET_COOKIE, clear_session_cookie(&state))], Redirect::to("/login")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_server_after_the_login() {
        for elsewhere in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "javascript:x",
            "",
        ] {
            assert_eq!(safe(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(safe("/models?q=a"), "/models?q=a");
        assert_eq!(safe("/login/secret"), "/");
    }
}
