//! The one task that writes reports. It takes what waits, up to a limit, into one transaction, and answers after the commit.

use jiff::Timestamp;
use protocol::sensor::Report;
use tokio::sync::{mpsc, oneshot};

use super::{Ingested, apply, limits, tally::Tally};
use crate::{
    StoreError,
    db::{Database, Transaction},
};

/// How many reports share a transaction, and how many more may wait.
const MOST: usize = 64;

/// A report that waits.
pub(crate) struct Job {
    /// The id of its device.
    pub(crate) device: String,
    /// What it says.
    pub(crate) report: Report,
    /// When it arrived.
    pub(crate) now: Timestamp,
    /// Who waits for it.
    pub(crate) answer: oneshot::Sender<Outcome>,
}

/// Where reports wait. The task ends when the last of these is gone.
pub(crate) type Queue = mpsc::Sender<Job>;

type Outcome = Result<Ingested, StoreError>;

/// Starts the task.
pub(crate) fn start(database: Database) -> Queue {
    let (sender, mut waiting) = mpsc::channel(MOST);
    tokio::spawn(async move {
        let mut jobs = Vec::with_capacity(MOST);
        while waiting.recv_many(&mut jobs, MOST).await > 0 {
            // A task of its own: should one batch panic, those who wait for it get an error and the next batch is taken.
            let batch = tokio::spawn(batch(database.clone(), std::mem::take(&mut jobs)));
            if let Err(error) = batch.await {
                tracing::error!(%error, "reports were not stored");
            }
        }
    });
    sender
}

async fn batch(database: Database, jobs: Vec<Job>) {
    let (asked, waiting): (Vec<_>, Vec<_>) =
        jobs.into_iter().map(|job| ((job.device, job.report, job.now), job.answer)).unzip();
    let count = waiting.len();
    let outcomes = together(&database, asked)
        .await
        .unwrap_or_else(|error| std::iter::repeat_n(Err(error), count).collect());
    for (answer, outcome) in waiting.into_iter().zip(outcomes) {
        // Who no longer waits has no use for the answer; the report is stored all the same.
        let _ = answer.send(outcome);
    }
}

/// Stores reports in one transaction. An error is one that concerns all of them.
async fn together(
    database: &Database,
    reports: Vec<(String, Report, Timestamp)>,
) -> Result<Vec<Outcome>, StoreError> {
    let mut transaction = database.begin().await?;
    let alone = reports.len() == 1;
    let (mut outcomes, mut all) = (Vec::with_capacity(reports.len()), Tally::default());
    for (device, report, now) in reports {
        if !alone {
            transaction.script("SAVEPOINT report").await?;
        }
        let mut tally = Tally::default();
        let outcome = one(&mut transaction, &device, report, now, &mut tally).await;
        match &outcome {
            Err(error) if concerns_all(error) || alone => return Err(error.clone()),
            Err(_) => transaction.script("ROLLBACK TO SAVEPOINT report; RELEASE SAVEPOINT report").await?,
            Ok(_) if alone => all.merge(tally),
            Ok(_) => {
                transaction.script("RELEASE SAVEPOINT report").await?;
                all.merge(tally);
            }
        }
        outcomes.push(outcome);
    }
    all.write(&mut transaction).await?;
    transaction.commit().await?;
    Ok(outcomes)
}

async fn one(
    transaction: &mut Transaction,
    device: &str,
    report: Report,
    now: Timestamp,
    tally: &mut Tally,
) -> Outcome {
    apply::report(transaction, device, limits::within(report)?, now, tally).await
}

/// Whether the database itself is in trouble, and not one report.
fn concerns_all(error: &StoreError) -> bool {
    match error {
        StoreError::Unreachable(_)
        | StoreError::Full
        | StoreError::ReadOnly(_)
        | StoreError::Corrupt(_)
        | StoreError::Newer { .. }
        | StoreError::InUse => true,
        StoreError::Unexpected(_) | StoreError::Refused(_) | StoreError::TooMuch(_) => false,
    }
}
