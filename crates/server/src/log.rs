//! One line of log and one count per request, under an id that the answer carries too. Paths are logged as their routes: what
//! stands in their place may be a secret, and what stands behind `?` is nobody's business.

use axum::{
    extract::{MatchedPath, Request, State as Extract},
    http::{HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use tracing::Instrument as _;

use crate::State;

/// The header with the id of a request.
const REQUEST_ID: &str = "x-request-id";

/// Logs and counts a request.
pub(crate) async fn observe(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    let began = platform::clock::monotonic();
    let id = request_id();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "other".to_owned());
    let span = tracing::info_span!("request", id, %method, route);
    async move {
        let mut response = next.run(request).await;
        let status = response.status();
        let took = began.elapsed();
        state.metrics().request(&method, &route, status, took);
        let ms = took.as_millis();
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), ms, "failed");
        } else if matches!(method, Method::GET | Method::HEAD) {
            tracing::debug!(status = status.as_u16(), ms, "served");
        } else {
            tracing::info!(status = status.as_u16(), ms, "served");
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
    .instrument(span)
    .await
}

/// Eight random bytes in hex. Without random numbers a request is served all the same.
fn request_id() -> String {
    let mut bytes = [0; 8];
    let _ = platform::random::fill(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes))
}
