//! One finding and what people do with it.

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use maud::Markup;
use serde::Deserialize;
use server::Problem;
use store::{Collection, ListRequest, RecordRow, Triage};

use super::{
    lists::Open,
    visit::{self, Visit, words_for},
};
use crate::findings::{self, Beside};

/// The longest reason, in characters.
const REASON: usize = 2000;
/// So many of the last things that happened to a finding stand in its panel.
const RECORDS: u32 = 12;

/// What came of a form: done, or why not.
pub(super) type Outcome = Result<&'static str, String>;

/// A finding beside its list or on its page, with what came of a form.
pub(super) async fn open(
    visit: &Visit,
    id: &str,
    open: Open,
    outcome: Option<Outcome>,
) -> Result<Option<Markup>, Problem> {
    let Some(finding) = visit.state.store().finding(id, visit.scope()).await? else { return Ok(None) };
    let (done, problem) = match outcome {
        Some(Ok(done)) => (words_for(done), None),
        Some(Err(problem)) => (None, Some(problem)),
        None => (None, None),
    };
    let people = if visit.shell.reader.may.triage { visit.people().await? } else { Vec::new() };
    let beside = Beside { people, records: records(visit, id).await?, notice: done, problem };
    Ok(Some(match open {
        Open::Page => findings::page(&visit.shell, &finding, &beside),
        Open::Beside => findings::panel(&visit.shell, open.frame(visit), &finding, &beside),
    }))
}

/// What happened to it, for those who may see records.
async fn records(visit: &Visit, id: &str) -> Result<Vec<RecordRow>, Problem> {
    if !visit.shell.reader.may.read_records {
        return Ok(Vec::new());
    }
    let query = Collection::Records.query(&format!("id:{id}"))?;
    Ok(visit.state.store().records(&ListRequest { query, limit: RECORDS, ..visit.request() }).await?.items)
}

/// Changes it, and shows it as it is then: in the panel, or by leading back to its page.
async fn change(
    mut visit: Visit,
    id: String,
    triage: Result<Triage, String>,
    done: &'static str,
) -> Result<Response, Problem> {
    let outcome = match triage {
        Ok(triage) => {
            let (store, actor) = (visit.state.store(), visit.caller.actor());
            let changed = store.triage(&id, &triage, visit.scope(), &actor, visit.shell.now).await?;
            if changed.is_none() {
                return Err(Problem::not_found("finding"));
            }
            visit.state.events().changed(vec![Collection::Findings, Collection::Records]);
            Ok(done)
        }
        Err(problem) => Err(problem),
    };
    if let (None, Ok(done)) = (&visit.into, &outcome) {
        return Ok(visit::back(&format!("/findings/{id}"), done));
    }
    visit.list = visit.list.settled(findings::SPEC.usual).opening(&id);
    let how = if visit.into.is_some() { Open::Beside } else { Open::Page };
    let shown = open(&visit, &id, how, Some(outcome)).await?.ok_or_else(|| Problem::not_found("finding"))?;
    Ok(if visit.into.is_some() { visit::part(shown) } else { shown.into_response() })
}

#[derive(Deserialize)]
pub(super) struct Reason {
    reason: String,
}

pub(super) async fn acknowledge(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Reason>,
) -> Result<Response, Problem> {
    change(visit, id, reason(&form.reason), "acknowledged").await
}

fn reason(text: &str) -> Result<Triage, String> {
    match text.trim() {
        "" => Err("Say why it may stay as it is: the reason is what others find later.".to_owned()),
        long if long.chars().count() > REASON => {
            Err(format!("The reason has more than {REASON} characters; shorten it."))
        }
        reason => Ok(Triage::Acknowledge { reason: reason.to_owned() }),
    }
}

pub(super) async fn reopen(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    change(visit, id, Ok(Triage::Reopen), "reopened").await
}

#[derive(Deserialize)]
pub(super) struct Assignment {
    #[serde(default)]
    person: String,
    /// The button of those who take it themselves.
    #[serde(default)]
    me: String,
}

pub(super) async fn assign(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Assignment>,
) -> Result<Response, Problem> {
    let person = match (form.me.is_empty(), form.person.as_str()) {
        (false, _) => visit.caller.identity().person(),
        (true, "") => None,
        (true, chosen) => match visit.people().await?.iter().find(|person| person.id.to_string() == chosen) {
            Some(person) => Some(person.id),
            None => {
                return change(visit, id, Err("There is no such person; choose another.".to_owned()), "")
                    .await;
            }
        },
    };
    let done = if person.is_some() { "assigned" } else { "unassigned" };
    change(visit, id, Ok(Triage::Assign { person }), done).await
}

#[derive(Deserialize)]
pub(super) struct Due {
    #[serde(default)]
    date: String,
}

pub(super) async fn due(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Due>,
) -> Result<Response, Problem> {
    let date = match form.date.trim() {
        "" => Ok(None),
        text => text.parse::<Date>().map(Some).map_err(|_| "Write the date as 2026-12-31.".to_owned()),
    };
    let done = if matches!(date, Ok(Some(_))) { "due" } else { "undue" };
    change(visit, id, date.map(|date| Triage::Due { date }), done).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_acknowledges_without_a_reason() {
        assert!(reason("  \n").is_err());
        assert!(reason(&"x".repeat(REASON + 1)).is_err());
        assert_eq!(reason(" a test model ").unwrap(), Triage::Acknowledge { reason: "a test model".into() });
    }
}
