//! Whether the process lives, whether it can work, and its numbers.

use std::io::ErrorKind;

use accounts::Permission;
use axum::http::{Method, StatusCode, header};
use store::{Collection, ListRequest};

use crate::{Caller, Problem, Routes, State, metrics::Looked};

/// How much room the disk of the data directory must have: a database that cannot grow loses reports.
const ROOM: u64 = 64 << 20;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .public(Method::GET, "/healthz", async || "ok\n")
        .public(Method::GET, "/readyz", ready)
        .signed_in(Permission::ReadMetrics, Method::GET, "/metrics", metrics)
}

/// Whether it can work: the database answers, and the disk has room.
async fn ready(state: State) -> Result<&'static str, Problem> {
    let away = |detail: &str| Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(5);
    let free = state.settings().data.as_ref().map(|data| platform::disk::free(data));
    // Asked first: what is written into a database whose file was removed is gone with the process, and it may answer still.
    if matches!(&free, Some(Err(error)) if error.kind() == ErrorKind::NotFound) {
        return Err(away("disk: the data directory is gone, put it back and start the server again"));
    }
    if let Err(error) = state.store().ready().await {
        tracing::warn!(%error, "the database does not answer");
        return Err(away("database: it does not answer"));
    }
    if matches!(free, Some(Ok(free)) if free < ROOM) {
        return Err(away("disk: the data directory has less than 64 MiB left, make room on its disk"));
    }
    Ok("ok\n")
}

async fn metrics(state: State, caller: Caller) -> ([(header::HeaderName, &'static str); 1], String) {
    let mut findings = Vec::new();
    for severity in ["critical", "high", "medium", "low", "info"] {
        if let Some(count) = open_findings(&state, &caller, severity).await {
            findings.push((severity, count));
        }
    }
    let channels = state.presence().count();
    let looked = Looked { version: state.settings().version, channels, findings };
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], state.metrics().text(&looked))
}

/// Numbers of the process are told also when the database does not answer.
async fn open_findings(state: &State, caller: &Caller, severity: &str) -> Option<u64> {
    let query = Collection::Findings.query(&format!("state:open severity:{severity}")).ok()?;
    let request = ListRequest { query, scope: caller.scope(), ..ListRequest::all(state.now()) };
    match state.store().tally(Collection::Findings, &request).await {
        Ok(tally) => Some(tally.number),
        Err(error) => {
            tracing::warn!(%error, "open findings could not be counted");
            state.metrics().database_error();
            None
        }
    }
}
