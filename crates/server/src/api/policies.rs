//! The rules in force; requests and releases.

use axum::Json;
use domain::Severity;
use serde::Serialize;
use utoipa::ToSchema;

use super::reply::{ListProblems, ListQuery, Queried};
use crate::{Problem, State};

/// Policies.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Policies {
    /// The policies in force.
    items: Vec<Policy>,
    /// There are no further pages.
    next: Option<String>,
}

/// A policy in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Policy {
    /// Its id.
    id: &'static str,
    /// Where it comes from.
    about: &'static str,
    /// What it decides by.
    rules: Vec<Rule>,
}

/// A rule of a policy.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Rule {
    /// Its id, which findings carry.
    id: &'static str,
    /// The gravest that its findings are.
    #[schema(value_type = String, example = "high")]
    severity: Severity,
    /// When it has something to say.
    about: &'static str,
}

/// Policies
///
/// The rules that decide what becomes a finding: the built-in ones.
#[utoipa::path(
    get, path = "/api/v1/policies", tag = "lists",
    responses((status = 200, description = "The policies in force.", body = Policies), ListProblems)
)]
pub(super) async fn policies(_: State) -> Json<Policies> {
    let rules =
        assess::RULES.iter().map(|rule| Rule { id: rule.id, severity: rule.severity, about: rule.about });
    let built_in =
        Policy { id: "built-in", about: "the rules that come with this version", rules: rules.collect() };
    Json(Policies { items: vec![built_in], next: None })
}

/// A list of what this version does not make.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Nothing {
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    items: [(); 0],
    /// There are no further pages.
    next: Option<String>,
}

/// Requests
///
/// Someone asking for a release. Nothing in this version makes one, so the list is empty.
#[utoipa::path(
    get, path = "/api/v1/requests", tag = "lists", params(ListQuery),
    responses((status = 200, description = "An empty list.", body = Nothing), ListProblems)
)]
pub(super) async fn requests(Queried(_): Queried<ListQuery>) -> Result<Json<Nothing>, Problem> {
    Ok(Json(Nothing { items: [], next: None }))
}

/// Releases
///
/// Approved sets of artefacts in the hub. Nothing in this version makes one, so the list is empty.
#[utoipa::path(
    get, path = "/api/v1/releases", tag = "lists", params(ListQuery),
    responses((status = 200, description = "An empty list.", body = Nothing), ListProblems)
)]
pub(super) async fn releases(Queried(_): Queried<ListQuery>) -> Result<Json<Nothing>, Problem> {
    Ok(Json(Nothing { items: [], next: None }))
}
