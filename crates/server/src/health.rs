//! Whether the process lives, whether it can work, and its numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::Method;

use crate::{Problem, Routes, State};

/// Failures of the database since the process began.
static DATABASE_ERRORS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn count_database_error() {
    DATABASE_ERRORS.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn routes() -> Routes {
    Routes::new().public(Method::GET, "/healthz", async || "ok\n").public(Method::GET, "/readyz", ready)
}

/// Whether it can work: the database answers.
async fn ready(state: State) -> Result<&'static str, Problem> {
    state.store().ready().await?;
    Ok("ok\n")
}
