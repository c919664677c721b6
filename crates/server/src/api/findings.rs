//! A finding, and what people do with it.

use axum::{Json, http::StatusCode};
use jiff::civil::Date;
use serde::Deserialize;
use store::{Collection, FindingRow, Triage};
use utoipa::ToSchema;

use super::reply::{Named, Sent, ThingProblems, one};
use crate::{Caller, Problem, State};

/// The longest reason, in characters.
const REASON: usize = 2000;

/// A change of a finding: exactly one of these.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Change {
    /// Leave it as it is.
    #[serde(rename_all = "kebab-case")]
    Acknowledge {
        /// Why; not empty, at most 2000 characters.
        reason: String,
    },
    /// Open it again.
    Reopen {},
    /// Say who looks after it.
    Assign {
        /// The person's id; null for nobody.
        person: Option<i64>,
    },
    /// Say until when.
    Due {
        /// The day; null for none.
        #[schema(value_type = Option<String>, example = "2026-12-01")]
        date: Option<Date>,
    },
}

impl Change {
    fn triage(self) -> Result<Triage, Problem> {
        Ok(match self {
            Self::Acknowledge { reason } => {
                let reason = reason.trim().to_owned();
                if reason.is_empty() || reason.chars().count() > REASON {
                    let detail = format!("say why, in at most {REASON} characters");
                    return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
                }
                Triage::Acknowledge { reason }
            }
            Self::Reopen {} => Triage::Reopen,
            Self::Assign { person } => Triage::Assign { person },
            Self::Due { date } => Triage::Due { date },
        })
    }
}

/// A finding
#[utoipa::path(
    get, path = "/api/v1/findings/{id}", tag = "findings", params(("id" = String, Path, description = "The finding's id.")),
    responses((status = 200, description = "The finding.", body = FindingRow), ThingProblems)
)]
pub(super) async fn finding(
    state: State,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Json<FindingRow>, Problem> {
    one(state.store().finding(&id, caller.scope()).await?, "finding")
}

/// Change a finding
///
/// Acknowledge it with a reason, open it again, assign it or give it a date. Each change is a record.
#[utoipa::path(
    patch, path = "/api/v1/findings/{id}", tag = "findings", params(("id" = String, Path, description = "The finding's id.")),
    request_body = Change,
    responses((status = 200, description = "The finding afterwards.", body = FindingRow), ThingProblems)
)]
pub(super) async fn change(
    state: State,
    caller: Caller,
    Named(id): Named<String>,
    Sent(change): Sent<Change>,
) -> Result<Json<FindingRow>, Problem> {
    let triage = change.triage()?;
    let assigned_to_nobody = match triage {
        Triage::Assign { person: Some(person) } => state.store().person(person).await?.is_none(),
        _ => false,
    };
    if assigned_to_nobody {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "there is no such person to assign it to",
        ));
    }
    let changed = state.store().triage(&id, &triage, caller.scope(), &caller.actor(), state.now()).await?;
    let changed = changed.ok_or_else(|| Problem::not_found("finding"))?;
    state.events().changed(vec![Collection::Findings, Collection::Records]);
    Ok(Json(changed))
}
