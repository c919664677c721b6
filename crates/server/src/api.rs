//! The API under `/api/v1`.

use axum::{Json, http::Method};

use crate::{Routes, State};

/// The routes of the API, and its document.
pub fn routes(_: &State) -> Routes {
    let routes = Routes::new();
    let mut document = utoipa::openapi::OpenApi::default();
    routes.describe(&mut document);
    let document = std::sync::Arc::new(document);
    routes.public(Method::GET, "/api/v1/openapi.json", async move || Json(document.as_ref().clone()))
}
