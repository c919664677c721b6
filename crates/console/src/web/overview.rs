//! The overview.

use maud::Markup;
use server::Problem;
use store::ListRequest;

use super::visit::Visit;
use crate::overview;

pub(super) async fn page(visit: Visit) -> Result<Markup, Problem> {
    let store = visit.state.store();
    let seen = visit.state.overview(visit.scope()).await?;
    let machine = match visit.shell.one_machine() {
        true => store.devices(&ListRequest { limit: 1, ..visit.request() }).await?.items.pop(),
        false => None,
    };
    let seen_so_far = match &machine {
        Some(machine) if machine.reported_at.is_none() => {
            let detail = store.device(&machine.id, visit.scope(), visit.shell.now).await?;
            detail.and_then(|detail| detail.coverage).map(|coverage| coverage.files)
        }
        _ => None,
    };
    Ok(overview::page(&visit.shell, &seen, machine.as_ref(), seen_so_far))
}
