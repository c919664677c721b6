//! Login links, each good for one use.

use jiff::Timestamp;

use super::{Actor, LoginLink};
use crate::{
    Store, StoreError,
    events::{Event, record},
};

impl Store {
    /// Adds a login link. Every unused link of the same kind, which is of the same person and role, is no longer good.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn add_login_link(
        &self,
        hash: &str,
        role: &str,
        person: Option<i64>,
        expires_at: Timestamp,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        let same = "DELETE FROM login_links WHERE used_at IS NULL AND role = ? AND COALESCE(person, 0) = COALESCE(?, 0)";
        transaction.execute(same, vec![role.into(), person.into()]).await?;
        let sql =
            "INSERT INTO login_links (hash, role, person, created_at, expires_at) VALUES (?, ?, ?, ?, ?)";
        let values = vec![hash.into(), role.into(), person.into(), now.into(), expires_at.into()];
        transaction.execute(sql, values).await?;
        let event = Event {
            kind: "login-link-created",
            subject: "login link".into(),
            subject_id: person.map(|person| person.to_string()),
            detail: format!("as {role}"),
            ..Event::default()
        };
        record(&mut transaction, event, actor, now).await?;
        transaction.commit().await
    }

    /// A link, used or not, ended or not.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn login_link(&self, hash: &str) -> Result<Option<LoginLink>, StoreError> {
        let sql = "SELECT role, person, expires_at, used_at FROM login_links WHERE hash = ?";
        let row = self.db.row(sql, vec![hash.into()]).await?;
        row.map(|row| {
            Ok(LoginLink {
                role: row.text(0)?,
                person: row.maybe_int(1)?,
                expires_at: row.time(2)?,
                used_at: row.maybe_time(3)?,
            })
        })
        .transpose()
    }

    /// Uses a link that is unused and has not ended. Exactly one caller gets `true`.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn use_login_link(&self, hash: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE login_links SET used_at = ? WHERE hash = ? AND used_at IS NULL AND expires_at > ?";
        Ok(self.db.execute(sql, vec![now.into(), hash.into(), now.into()]).await? == 1)
    }
}
