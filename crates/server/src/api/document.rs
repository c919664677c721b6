//! The OpenAPI document: what the routes say of themselves, and what holds for all of them.

use accounts::session;
use utoipa::openapi::{
    Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, SecurityRequirement,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::TagBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::{Problem, Routes};

const ABOUT: &str = "What AI is on an organisation's devices, and what is wrong with it. Times are RFC 3339 in UTC, sizes are bytes. \
    Lists answer `{\"items\": […], \"next\": cursor or null}`; errors are problem details (RFC 9457).";

const TAGS: [(&str, &str); 5] = [
    ("lists", "Lists with one query grammar, order and cursor."),
    ("things", "Single things of the inventory."),
    ("findings", "What people do with findings."),
    ("devices", "Enrolling and commanding devices."),
    ("access", "Tokens and sessions."),
];

/// The document of these routes.
pub(super) fn document(routes: &Routes, version: &str) -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info =
        InfoBuilder::new().title("Eyeline").version(version).description(Some(ABOUT)).license(Some(license));
    let tags = TAGS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build());
    let none: [&str; 0] = [];
    let either = [SecurityRequirement::new("token", none), SecurityRequirement::new("session", none)];
    let mut document = OpenApiBuilder::new()
        .info(info.build())
        .tags(Some(tags))
        .security(Some(either))
        .components(Some(schemes()))
        .build();
    routes.describe(&mut document);
    let components = document.components.get_or_insert_default();
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    document
}

fn schemes() -> Components {
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API token: `hf_` and 40 letters and digits."))
        .build();
    let about =
        "A session of the console. Requests that change something must come from a page of this server.";
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description(session::COOKIE, about));
    let mut components = Components::new();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    components
}
