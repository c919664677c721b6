//! Every list, one route each.

use axum::Json;
use store::{
    ArtifactRow, Collection, DeviceRow, FindingRow, HoldingRow, PackageRow, Page, ProgramRow, RecordRow,
};

use super::reply::{ListProblems, ListQuery, Queried};
use crate::{Caller, Problem, State};

macro_rules! list {
    ($(#[$about:meta])* $name:ident, $path:literal, $collection:ident, $row:ty) => {
        $(#[$about])*
        #[utoipa::path(
            get, path = $path, tag = "lists", params(ListQuery),
            responses((status = 200, description = "The rows, and where the next ones begin.", body = Page<$row>), ListProblems)
        )]
        pub(super) async fn $name(
            state: State,
            caller: Caller,
            Queried(query): Queried<ListQuery>,
        ) -> Result<Json<Page<$row>>, Problem> {
            let request = query.of(Collection::$collection, &caller, state.now())?;
            Ok(Json(state.store().$name(&request).await?))
        }
    };
}

list! {
    /// Devices
    ///
    /// Machines with a sensor.
    devices, "/api/v1/devices", Devices, DeviceRow
}
list! {
    /// Artefacts
    ///
    /// Models, each once, with the first paths at which they are held.
    artifacts, "/api/v1/artifacts", Artifacts, ArtifactRow
}
list! {
    /// Holdings
    ///
    /// Models at their paths on devices.
    holdings, "/api/v1/holdings", Holdings, HoldingRow
}
list! {
    /// Runtimes
    ///
    /// Programs that run inference, the running ones.
    runtimes, "/api/v1/runtimes", Runtimes, ProgramRow
}
list! {
    /// Agents
    ///
    /// AI agents, the running ones.
    agents, "/api/v1/agents", Agents, ProgramRow
}
list! {
    /// Packages
    ///
    /// AI packages where they are installed.
    packages, "/api/v1/packages", Packages, PackageRow
}
list! {
    /// Findings
    ///
    /// Conclusions that someone should act on, in every state of their life.
    findings, "/api/v1/findings", Findings, FindingRow
}
list! {
    /// Records
    ///
    /// What happened and who did it, the newest first.
    records, "/api/v1/records", Records, RecordRow
}
