//! What the server does from time to time: throw away what is over, and count the day.

use jiff::{SignedDuration, Timestamp};

use crate::{Store, StoreError};

const DAY_MS: i64 = 86_400_000;
/// How long records are kept.
const RECORDS_DAYS: i64 = 400;

/// What is thrown away, by a time before which it is over. Orders and links stay a day, so that a late question about them gets the
/// right answer.
const PRUNED: [(&str, i64); 6] = [
    ("DELETE FROM records WHERE at < ?", RECORDS_DAYS),
    ("DELETE FROM sessions WHERE expires_at < ?", 0),
    ("DELETE FROM login_links WHERE expires_at < ?", 1),
    ("DELETE FROM login_links WHERE used_at < ?", 1),
    ("DELETE FROM enrolment_tokens WHERE uses_left <= 0 OR expires_at < ?", 0),
    ("DELETE FROM orders WHERE answered_at IS NOT NULL OR expires_at < ?", 1),
];

impl Store {
    /// Throws away old records, ended sessions, spent links and enrolment tokens, and orders that are answered or void.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        for (sql, days) in PRUNED {
            let before = now.as_millisecond().saturating_sub(days.saturating_mul(DAY_MS));
            transaction.execute(sql, vec![before.into()]).await?;
        }
        transaction.commit().await
    }

    /// Counts what there is on this day (UTC); the last count of a day stays.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn count_day(&self, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO days (day, artifacts, runtimes, agents, devices)
            SELECT ?,
                (SELECT COUNT(*) FROM artifacts WHERE holdings > 0 AND COALESCE(role, '') <> 'data'),
                (SELECT COUNT(*) FROM programs WHERE kind = 'runtime' AND pid IS NOT NULL),
                (SELECT COUNT(*) FROM programs WHERE kind = 'agent' AND pid IS NOT NULL),
                (SELECT COUNT(*) FROM devices WHERE revoked_at IS NULL AND seen_at > ?)
            WHERE 1 = 1
            ON CONFLICT (day) DO UPDATE SET artifacts = excluded.artifacts, runtimes = excluded.runtimes,
                agents = excluded.agents, devices = excluded.devices";
        let day = now.as_millisecond().div_euclid(DAY_MS);
        let yesterday = now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
        self.db.execute(sql, vec![day.into(), yesterday.into()]).await.map(|_| ())
    }
}
