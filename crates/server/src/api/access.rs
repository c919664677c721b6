//! Tokens and sessions.

use accounts::{Role, parse_ttl};
use axum::{Json, http::StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Collection, SessionRow, TokenRow};
use utoipa::ToSchema;

use super::reply::{Named, Queried, Sent, ThingProblems, made};
use crate::{Caller, Event, Problem, State};

/// Every token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Tokens {
    /// Also those that have ended.
    items: Vec<TokenRow>,
    /// There are no further pages.
    next: Option<String>,
}

/// Tokens
///
/// Every API token, also those that have ended; never their secrets.
#[utoipa::path(
    get, path = "/api/v1/tokens", tag = "access",
    responses((status = 200, description = "The tokens.", body = Tokens), ThingProblems)
)]
pub(super) async fn tokens(state: State) -> Result<Json<Tokens>, Problem> {
    Ok(Json(Tokens { items: state.accounts().tokens().await?, next: None }))
}

/// What a token shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenOrder {
    /// What it is for: 1 to 64 characters.
    name: String,
    /// As what it may act.
    role: Role,
    /// How long it lives, such as `12h` or `30d`; without end when absent.
    ttl: Option<String>,
}

/// A new token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewToken {
    /// The token, told this once.
    secret: String,
    /// What is known of it from now on.
    token: TokenRow,
}

/// Make a token
///
/// Only an owner makes a token with the role `owner`.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "access", request_body = TokenOrder,
    responses((status = 201, description = "The token with its secret.", body = NewToken), ThingProblems)
)]
pub(super) async fn create_token(
    state: State,
    caller: Caller,
    Sent(order): Sent<TokenOrder>,
) -> Result<(StatusCode, Json<NewToken>), Problem> {
    let ttl = order.ttl.as_deref().map(parse_ttl).transpose()?;
    let (accounts, now) = (state.accounts(), state.now());
    let (secret, token) =
        accounts.create_token_as(caller.identity(), &order.name, order.role, ttl, now).await?;
    Ok(made(&state, NewToken { secret: secret.reveal().to_owned(), token }))
}

/// Revoke a token
///
/// It opens nothing from the next request on.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{id}", tag = "access", params(("id" = i64, Path, description = "The token's number.")),
    responses((status = 204, description = "It is revoked."), ThingProblems)
)]
pub(super) async fn revoke_token(
    state: State,
    caller: Caller,
    Named(id): Named<i64>,
) -> Result<StatusCode, Problem> {
    state.accounts().revoke_token_as(caller.identity(), id, state.now()).await?;
    state.events().tell(Event::SessionEnded(None));
    state.events().changed(vec![Collection::Records]);
    Ok(StatusCode::NO_CONTENT)
}

/// Whose sessions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// Those of everybody, for who manages access; else one's own.
    #[serde(default)]
    all: bool,
}

/// A browser that is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Session {
    /// Its id.
    id: String,
    /// Whose.
    person: i64,
    /// Since when.
    created_at: Timestamp,
    /// When it was last used; minutes old at most.
    used_at: Timestamp,
    /// When it ends whatever happens.
    expires_at: Timestamp,
    /// The address it signed in from.
    address: String,
    /// What the browser calls itself.
    client: String,
    /// It is the one that asks.
    current: bool,
}

/// Sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sessions {
    /// Those that have not ended.
    items: Vec<Session>,
    /// There are no further pages.
    next: Option<String>,
}

/// Sessions
///
/// One's own, or with `all=true` those of everybody. A token has none of its own.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "access", params(Whose),
    responses((status = 200, description = "The sessions.", body = Sessions), ThingProblems)
)]
pub(super) async fn sessions(
    state: State,
    caller: Caller,
    Queried(whose): Queried<Whose>,
) -> Result<Json<Sessions>, Problem> {
    let own = caller.identity().signed_in();
    let person = if whose.all { None } else { own };
    if person.is_none() && !whose.all {
        return Ok(Json(Sessions { items: Vec::new(), next: None }));
    }
    let rows = state.accounts().sessions(caller.identity(), person, state.now()).await?;
    let items = rows.into_iter().map(|row| session(row, &caller)).collect();
    Ok(Json(Sessions { items, next: None }))
}

fn session(row: SessionRow, caller: &Caller) -> Session {
    let SessionRow { hash: id, person, created_at, used_at, expires_at, address, client } = row;
    let current = caller.session() == Some(&id);
    Session { id, person, created_at, used_at, expires_at, address, client, current }
}

/// End a session
///
/// One's own, or anybody's for who manages access.
#[utoipa::path(
    delete, path = "/api/v1/sessions/{id}", tag = "access", params(("id" = String, Path, description = "The session's id.")),
    responses((status = 204, description = "It has ended."), ThingProblems)
)]
pub(super) async fn end_session(
    state: State,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    state.accounts().end_session(caller.identity(), &id, state.now()).await?;
    state.events().tell(Event::SessionEnded(Some(id)));
    state.events().changed(vec![Collection::Records]);
    Ok(StatusCode::NO_CONTENT)
}
