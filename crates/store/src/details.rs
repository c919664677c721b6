//! Single things, the overview, and the timeline of a device.

use jiff::Timestamp;

use crate::{
    ArtifactDetail, ArtifactRow, Collection, DeviceDetail, DeviceRow, FindingRow, HoldingRow, ListError,
    ListRequest, Overview, PackageRow, Page, ProgramRow, RecordRow, Scope, Store, StoreError, Tally,
};

macro_rules! pending {
    () => {
        Err(StoreError::Refused("not there yet".into()).into())
    };
}

#[allow(unused_variables, missing_docs)]
impl Store {
    pub async fn devices(&self, request: &ListRequest) -> Result<Page<DeviceRow>, ListError> {
        pending!()
    }
    pub async fn artifacts(&self, request: &ListRequest) -> Result<Page<ArtifactRow>, ListError> {
        pending!()
    }
    pub async fn holdings(&self, request: &ListRequest) -> Result<Page<HoldingRow>, ListError> {
        pending!()
    }
    pub async fn runtimes(&self, request: &ListRequest) -> Result<Page<ProgramRow>, ListError> {
        pending!()
    }
    pub async fn agents(&self, request: &ListRequest) -> Result<Page<ProgramRow>, ListError> {
        pending!()
    }
    pub async fn packages(&self, request: &ListRequest) -> Result<Page<PackageRow>, ListError> {
        pending!()
    }
    pub async fn findings(&self, request: &ListRequest) -> Result<Page<FindingRow>, ListError> {
        pending!()
    }
    pub async fn records(&self, request: &ListRequest) -> Result<Page<RecordRow>, ListError> {
        pending!()
    }
    /// How many rows match, counted to [`Tally::MOST`] in collections that may be very large.
    pub async fn tally(&self, collection: Collection, request: &ListRequest) -> Result<Tally, ListError> {
        pending!()
    }

    pub async fn device(
        &self,
        uid: &str,
        scope: Scope,
        now: Timestamp,
    ) -> Result<Option<DeviceDetail>, StoreError> {
        Err(StoreError::Refused(String::new()))
    }
    pub async fn artifact(&self, uid: &str, scope: Scope) -> Result<Option<ArtifactDetail>, StoreError> {
        Err(StoreError::Refused(String::new()))
    }
    pub async fn program(&self, uid: &str, scope: Scope) -> Result<Option<ProgramRow>, StoreError> {
        Err(StoreError::Refused(String::new()))
    }
    pub async fn finding(&self, uid: &str, scope: Scope) -> Result<Option<FindingRow>, StoreError> {
        Err(StoreError::Refused(String::new()))
    }
    pub async fn overview(&self, scope: Scope, now: Timestamp) -> Result<Overview, StoreError> {
        Err(StoreError::Refused(String::new()))
    }
    /// Open findings, devices, artefacts, runtimes, agents: the counts beside the words of the navigation.
    pub async fn navigation(&self, scope: Scope, now: Timestamp) -> Result<[u64; 5], StoreError> {
        Err(StoreError::Refused(String::new()))
    }
}
