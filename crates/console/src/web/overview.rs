//! The overview.

use maud::Markup;
use server::Problem;

use super::visit::Visit;
use crate::overview;

pub(super) async fn page(visit: Visit) -> Result<Markup, Problem> {
    let seen = visit.state.store().overview(visit.scope(), visit.shell.now).await?;
    Ok(overview::page(&visit.shell, &seen))
}
