//! What holds for every request alike: limits, headers, and how problems look.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State as Extract},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use protocol::sensor::REPORT_PATH;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use crate::{
    Problem, Routes, State, caller::authenticate, cross_site, guard, hosts::Hosts, log, routes::ErrorPage,
};

/// The most bytes of an ordinary body: forms and small documents.
const BODY: usize = 256 * 1024;

/// How long a request may take until its answer begins.
const PATIENCE: Duration = Duration::from_secs(30);

/// A report may come over a slow line.
const PATIENCE_FOR_REPORTS: Duration = Duration::from_secs(180);

/// What browsers may do with an answer.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Headers on every answer, whatever it is.
#[derive(Debug)]
pub struct HeaderPolicy;

impl HeaderPolicy {
    /// Names and values.
    pub const ALL: [(&'static str, &'static str); 5] = [
        ("content-security-policy", CONTENT_POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
}

/// The whole application: these routes with everything around them.
pub fn app(routes: Routes, state: State) -> Router {
    let page = routes.page();
    let hosts = Arc::new(Hosts::of(state.settings().listen, state.public_url()));
    routes
        .into_router(&state)
        .fallback(missing)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(CatchPanicLayer::custom(|_| Problem::internal(&"a handler panicked").into_response()))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(hosts, admissible))
        .layer(middleware::from_fn_with_state((state.clone(), page), dress))
        .layer(middleware::from_fn_with_state(state.clone(), log::observe))
        .layer(CompressionLayer::new())
        .with_state(state)
}

/// Names and sites that are not ours are turned away before anything else is looked at.
async fn admissible(Extract(hosts): Extract<Arc<Hosts>>, request: Request, next: Next) -> Response {
    match hosts.check(&request).and_then(|()| cross_site::check(&request)) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// An answer begins within a time, or the request is given up. What streams has begun by then.
async fn in_time(request: Request, next: Next) -> Response {
    let patience = if request.uri().path() == REPORT_PATH { PATIENCE_FOR_REPORTS } else { PATIENCE };
    tokio::time::timeout(patience, next.run(request)).await.unwrap_or_else(|_| {
        let detail = "this took too long; try again";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(5).into_response()
    })
}

/// Only who is signed in learns what is not there.
async fn missing(state: State, request: Request) -> Result<Response, Problem> {
    match authenticate(request.headers(), &state).await? {
        Some(_) => Err(Problem::not_found("page")),
        None => Ok(guard::anonymous(&request)),
    }
}

async fn wrong_method(request: Request) -> Problem {
    let detail = format!("{} cannot be done here", request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

/// Puts the headers on, and makes a page of a problem where a browser asked.
async fn dress(
    Extract((state, page)): Extract<(State, Option<ErrorPage>)>,
    request: Request,
    next: Next,
) -> Response {
    let fragment = request.headers().contains_key("hx-request");
    let browser = !guard::is_api(request.uri().path());
    let mut response = shaped(next.run(request).await).await;
    let problem = response.extensions_mut().remove::<Problem>();
    if problem.as_ref().is_some_and(Problem::is_of_the_database) {
        state.metrics().database_error();
    }
    if let (Some(problem), Some(page), true) = (problem, page, browser) {
        let status = response.status();
        let kept = response.headers().clone();
        response = page(&state, &problem, fragment);
        *response.status_mut() = status;
        keep(response.headers_mut(), &kept);
    }
    for (name, value) in HeaderPolicy::ALL {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let caching = response.headers_mut().entry(header::CACHE_CONTROL);
    caching.or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The most bytes of what the framework says about a request that it could not read.
const SAID: usize = 1024;

/// Gives an error that the framework worded itself the shape of all others.
async fn shaped(response: Response) -> Response {
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let plain = kind.is_none_or(|kind| kind.starts_with(b"text/plain"));
    if !failed || !plain || response.extensions().get::<Problem>().is_some() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let said = axum::body::to_bytes(body, SAID).await.unwrap_or_default();
    let mut shaped = Problem::new(status, String::from_utf8_lossy(&said)).into_response();
    keep(shaped.headers_mut(), &parts.headers);
    shaped
}

/// Headers of a problem that its page needs too.
fn keep(headers: &mut HeaderMap, from: &HeaderMap) {
    for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::ALLOW] {
        if let Some(value) = from.get(&name) {
            headers.insert(name, value.clone());
        }
    }
}
