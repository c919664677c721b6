//! What answers of the API have in common: the query of lists, bodies as JSON, and which problems may come.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, request::Parts},
};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use store::{Collection, ListRequest};
use utoipa::{
    IntoResponses, ToSchema as _,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

use crate::{Caller, Problem, State};

/// The most rows of an answer.
const MOST: u32 = 1000;

/// The most paths of an artefact in a list.
const PATHS: u32 = 100;

/// Which rows, in which order, from where on and how many.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Which rows: the query language of the console, such as `severity:high,critical seen:<7d`.
    #[serde(default)]
    q: String,
    /// In which order: the name of a column, `-` in front for the greatest first.
    sort: Option<String>,
    /// Where the page before ended: its `next`.
    after: Option<String>,
    /// How many rows: 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

impl ListQuery {
    /// What it asks of a collection.
    pub(super) fn of(
        self,
        collection: Collection,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<ListRequest, Problem> {
        let limit = self.limit.unwrap_or(100);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::bad_request(format!("`limit` is 1 to {MOST}, not `{limit}`")));
        }
        let sort =
            self.sort.filter(|sort| !sort.is_empty()).map(|sort| collection.sort(&sort)).transpose()?;
        let after = self.after.filter(|after| !after.is_empty());
        let query = collection.query(&self.q)?;
        let (scope, me) = (caller.scope(), caller.identity().person());
        Ok(ListRequest { query, sort, after, limit, scope, me, paths: PATHS, ..ListRequest::all(now) })
    }
}

/// The query of a request, as a problem where it is none.
pub(super) struct Queried<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<State> for Queried<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let Query(query) = Query::from_request_parts(parts, state).await?;
        Ok(Self(query))
    }
}

/// What stands in the path, as a problem where it is none.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<State> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let Path(name) = Path::from_request_parts(parts, state).await?;
        Ok(Self(name))
    }
}

/// The body of a request, as a problem where it is none.
pub(super) struct Sent<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<State> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// Problems that any list may answer with.
pub(super) struct ListProblems;

/// Problems that a single thing, or a change of one, may answer with.
pub(super) struct ThingProblems;

const EVERYWHERE: [(&str, &str); 4] = [
    ("400", "The request was not understood."),
    ("401", "No token or session, or one that has ended."),
    ("403", "The role may not."),
    ("503", "The database is away; `Retry-After` says when to come back."),
];

const OF_THINGS: [(&str, &str); 2] = [
    ("404", "There is nothing of that id, or nothing that the caller may see."),
    ("422", "A value makes no sense."),
];

impl IntoResponses for ListProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        EVERYWHERE.into_iter().map(problem).collect()
    }
}

impl IntoResponses for ThingProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        EVERYWHERE.into_iter().chain(OF_THINGS).map(problem).collect()
    }
}

fn problem((status, about): (&str, &str)) -> (String, RefOr<Response>) {
    let schema = Ref::from_schema_name(Problem::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(about).content("application/problem+json", content);
    (status.to_owned(), response.build().into())
}

/// One thing as an answer, or that there is none that the caller may see.
pub(super) fn one<T>(found: Option<T>, what: &str) -> Result<Json<T>, Problem> {
    found.map(Json).ok_or_else(|| Problem::not_found(what))
}

/// Something new, of which a record was written.
pub(super) fn made<T>(state: &State, thing: T) -> (StatusCode, Json<T>) {
    state.events().changed(vec![Collection::Records]);
    (StatusCode::CREATED, Json(thing))
}
