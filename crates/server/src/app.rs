//! What holds for every request alike: limits, headers, and how problems look.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State as Extract},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use crate::{Problem, Routes, State, caller::authenticate, guard, routes::ErrorPage};

/// The most bytes of an ordinary body: forms and small documents.
const BODY: usize = 256 * 1024;

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
    routes
        .into_router(&state)
        .fallback(missing)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(CatchPanicLayer::custom(|_| Problem::internal(&"a handler panicked").into_response()))
        .layer(middleware::from_fn_with_state((state.clone(), page), dress))
        .layer(CompressionLayer::new())
        .with_state(state)
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
    Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, detail)
}

/// Puts the headers on, and makes a page of a problem where a browser asked.
async fn dress(
    Extract((state, page)): Extract<(State, Option<ErrorPage>)>,
    request: Request,
    next: Next,
) -> Response {
    let fragment = request.headers().contains_key("hx-request");
    let browser = !guard::is_api(request.uri().path());
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem>();
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

/// Headers of a problem that its page needs too.
fn keep(headers: &mut HeaderMap, from: &HeaderMap) {
    for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::ALLOW] {
        if let Some(value) = from.get(&name) {
            headers.insert(name, value.clone());
        }
    }
}
