//! Reports of sensors become rows: what a device holds and runs, and the lives of its findings.

use jiff::Timestamp;
use protocol::sensor::Report;

use crate::{Store, StoreError};

/// What a report came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingested {
    /// It is on disk.
    Stored {
        /// Something in these collections changed.
        changed: Vec<crate::Collection>,
    },
    /// It was there already.
    Repeated,
    /// It builds on another state than the stored one: the sensor must send everything.
    Resend,
}

#[allow(unused_variables, missing_docs)]
impl Store {
    /// When this returns, the report is on disk. Reports of many devices share transactions.
    pub async fn ingest(&self, device: &str, report: Report, now: Timestamp) -> Result<Ingested, StoreError> {
        Err(StoreError::Refused("not there yet".into()))
    }
}
