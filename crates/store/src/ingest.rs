//! Reports of sensors become rows: what a device holds and runs, and the lives of its findings.
//!
//! One task writes all reports, so that many devices share one commit ([`queue`]). A report is first cut to its limits
//! ([`limits`]), because a device may be hostile; then its parts are compared with what is stored, and what differs is written.
//! Nothing here decides whether a device may report, nor who may see what it said.

mod apply;
mod artifacts;
mod findings;
mod holdings;
mod identity;
mod limits;
mod packages;
mod programs;
mod queue;
mod tally;

use jiff::Timestamp;
use protocol::sensor::Report;
use tokio::sync::oneshot;

use crate::{Store, StoreError};

use queue::Job;
pub(crate) use queue::{Queue, start};

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

impl Store {
    /// Takes in a report. When this returns, it is on disk. Reports of many devices share transactions.
    ///
    /// # Errors
    /// [`StoreError::TooMuch`] when it goes beyond its limits; [`StoreError::Refused`] for a device that is not enrolled or not
    /// trusted, and for an interrupted scan that claims to be everything; [`StoreError`] of the database. Then nothing of the
    /// report is stored.
    pub async fn ingest(&self, device: &str, report: Report, now: Timestamp) -> Result<Ingested, StoreError> {
        let (answer, outcome) = oneshot::channel();
        let job = Job { device: device.to_owned(), report, now, answer };
        let stopped = || StoreError::Unreachable("the server is stopping".into());
        self.reports.send(job).await.map_err(|_| stopped())?;
        outcome.await.map_err(|_| stopped())?
    }
}
