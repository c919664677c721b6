//! One thing: its panel where a script opens it beside a list, its page otherwise.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use server::Problem;

use super::{
    lists::{Kind, Open},
    visit::{self, Visit},
};

pub(super) async fn page<K: Kind>(mut visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let beside = visit.into.is_some();
    visit.list = visit.list.settled(K::SPEC.usual).opening(&id);
    let open = if beside { Open::Beside } else { Open::Page };
    let shown = K::open(&visit, &id, open).await?.ok_or_else(|| Problem::not_found(K::SPEC.noun.0))?;
    Ok(if beside { visit::part(shown) } else { shown.into_response() })
}
