//! Who has access, and one's own account.

use accounts::{AccessError, Role};
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;
use server::{Event, Problem};
use store::Collection;

use super::visit::{self, Visit};
use crate::{access, account};

const DAY_HOURS: i64 = 24;

async fn model(visit: &Visit) -> Result<access::Model, Problem> {
    let (accounts, by) = (visit.state.accounts(), visit.caller.identity());
    Ok(access::Model {
        people: accounts.people().await?,
        tokens: accounts.tokens().await?,
        sessions: accounts.sessions(by, None, visit.shell.now).await?,
        ..access::Model::default()
    })
}

pub(super) async fn page(visit: Visit) -> Result<Response, Problem> {
    Ok(access::page(&visit.shell, &model(&visit).await?).into_response())
}

/// The page with a secret on it, this once.
async fn shown(visit: &Visit, made: access::Made) -> Result<Response, Problem> {
    recorded(visit);
    let model = access::Model { made: Some(made), ..model(visit).await? };
    Ok(access::page(&visit.shell, &model).into_response())
}

/// The page with what was wrong with a form; what is wrong with the server is a problem of its own.
async fn refused(visit: &Visit, error: AccessError) -> Result<Response, Problem> {
    if matches!(error, AccessError::Store(_) | AccessError::System(_)) {
        return Err(error.into());
    }
    let problem = Some(error.to_string());
    let status = Problem::from(error).status();
    let model = access::Model { problem, ..model(visit).await? };
    Ok((status, access::page(&visit.shell, &model)).into_response())
}

/// What was done, or why not.
async fn came(visit: Visit, result: Result<(), AccessError>, done: &str) -> Result<Response, Problem> {
    match result {
        Ok(()) => {
            recorded(&visit);
            Ok(visit::back("/access", done))
        }
        Err(error) => refused(&visit, error).await,
    }
}

fn recorded(visit: &Visit) {
    visit.state.events().changed(vec![Collection::Records]);
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    role: Role,
}

pub(super) async fn invite(visit: Visit, Form(form): Form<Chosen>) -> Result<Response, Problem> {
    match visit.state.accounts().invite(visit.caller.identity(), form.role, visit.shell.now).await {
        Ok(secret) => {
            let link = format!("{}/login/{}", visit.shell.address, secret.reveal());
            shown(&visit, access::Made::Invitation { role: form.role.word(), link }).await
        }
        Err(error) => refused(&visit, error).await,
    }
}

pub(super) async fn role(
    visit: Visit,
    Path(id): Path<i64>,
    Form(form): Form<Chosen>,
) -> Result<Response, Problem> {
    let (accounts, by) = (visit.state.accounts(), visit.caller.identity());
    let result = accounts.set_role(by, id, form.role, visit.shell.now).await;
    visit.state.events().tell(Event::SessionEnded(None));
    came(visit, result, "role").await
}

pub(super) async fn disable(visit: Visit, Path(id): Path<i64>) -> Result<Response, Problem> {
    set_disabled(visit, id, true, "disabled").await
}

pub(super) async fn enable(visit: Visit, Path(id): Path<i64>) -> Result<Response, Problem> {
    set_disabled(visit, id, false, "enabled").await
}

async fn set_disabled(visit: Visit, id: i64, disabled: bool, done: &str) -> Result<Response, Problem> {
    let (accounts, by) = (visit.state.accounts(), visit.caller.identity());
    let result = accounts.set_disabled(by, id, disabled, visit.shell.now).await;
    visit.state.events().tell(Event::SessionEnded(None));
    came(visit, result, done).await
}

#[derive(Deserialize)]
pub(super) struct NewToken {
    name: String,
    role: Role,
    /// How many days it lives; 0: until it is revoked.
    days: u16,
}

pub(super) async fn create_token(visit: Visit, Form(form): Form<NewToken>) -> Result<Response, Problem> {
    let (accounts, by) = (visit.state.accounts(), visit.caller.identity());
    let life = (form.days > 0).then(|| SignedDuration::from_hours(DAY_HOURS * i64::from(form.days)));
    match accounts.create_token_as(by, &form.name, form.role, life, visit.shell.now).await {
        Ok((secret, token)) => {
            shown(&visit, access::Made::Token { name: token.name, secret: secret.reveal().to_owned() }).await
        }
        Err(error) => refused(&visit, error).await,
    }
}

pub(super) async fn revoke_token(visit: Visit, Path(id): Path<i64>) -> Result<Response, Problem> {
    let (accounts, by) = (visit.state.accounts(), visit.caller.identity());
    let result = accounts.revoke_token_as(by, id, visit.shell.now).await;
    visit.state.events().tell(Event::SessionEnded(None));
    came(visit, result, "token-revoked").await
}

pub(super) async fn end(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let result = end_session(&visit, id).await;
    came(visit, result, "ended").await
}

async fn end_session(visit: &Visit, id: String) -> Result<(), AccessError> {
    visit.state.accounts().end_session(visit.caller.identity(), &id, visit.shell.now).await?;
    visit.state.events().tell(Event::SessionEnded(Some(id)));
    Ok(())
}

async fn account_page(visit: &Visit, problem: Option<String>) -> Result<maud::Markup, Problem> {
    let (accounts, by) = (visit.state.accounts(), visit.caller.identity());
    let sessions = match by.signed_in() {
        Some(person) => accounts.sessions(by, Some(person), visit.shell.now).await?,
        None => Vec::new(),
    };
    let here = visit.caller.session().map(str::to_owned);
    Ok(account::page(&visit.shell, &account::Model { sessions, here, problem }))
}

pub(super) async fn account(visit: Visit) -> Result<Response, Problem> {
    Ok(account_page(&visit, None).await?.into_response())
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    current: String,
    new: String,
}

pub(super) async fn password(visit: Visit, Form(form): Form<NewPassword>) -> Result<Response, Problem> {
    let (accounts, by) = (visit.state.accounts(), visit.caller.identity());
    match accounts.change_password(by, &form.current, &form.new, visit.shell.now).await {
        Ok(()) => {
            visit.state.events().tell(Event::SessionEnded(None));
            recorded(&visit);
            Ok(visit::back("/account", "password"))
        }
        Err(error @ (AccessError::Wrong | AccessError::TooMany(_) | AccessError::Password(_))) => {
            let said = match &error {
                AccessError::Wrong => "the password that you have is another one".to_owned(),
                other => other.to_string(),
            };
            let status = match Problem::from(error).status() {
                axum::http::StatusCode::UNAUTHORIZED => axum::http::StatusCode::FORBIDDEN,
                status => status,
            };
            Ok((status, account_page(&visit, Some(said)).await?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn end_own(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    // Who manages access may end anyone's session, and does that on the page that says whose it is.
    let by = visit.caller.identity();
    let own = match by.signed_in() {
        Some(person) => visit.state.accounts().sessions(by, Some(person), visit.shell.now).await?,
        // A token has no sessions.
        None => Vec::new(),
    };
    if !own.iter().any(|session| session.hash == id) {
        return Err(Problem::not_found("session"));
    }
    end_session(&visit, id).await?;
    recorded(&visit);
    Ok(visit::back("/account", "ended"))
}
