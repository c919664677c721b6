//! API tokens and enrolment tokens.

use jiff::Timestamp;

use super::{Actor, TokenRow};
use crate::{
    Store, StoreError,
    db::Row,
    events::{Event, record},
};

const COLUMNS: &str = "id, name, role, person, created_at, expires_at, used_at, revoked_at";

fn token(row: &Row) -> Result<TokenRow, StoreError> {
    Ok(TokenRow {
        id: row.int(0)?,
        name: row.text(1)?,
        role: row.text(2)?,
        person: row.maybe_int(3)?,
        created_at: row.time(4)?,
        expires_at: row.maybe_time(5)?,
        used_at: row.maybe_time(6)?,
        revoked_at: row.maybe_time(7)?,
    })
}

fn event(kind: &'static str, token: &TokenRow) -> Event {
    let detail = format!("as {}", token.role);
    Event {
        kind,
        subject: token.name.clone(),
        subject_id: Some(token.id.to_string()),
        detail,
        ..Event::default()
    }
}

impl Store {
    /// Adds an API token.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn add_token(
        &self,
        hash: &str,
        name: &str,
        role: &str,
        expires_at: Option<Timestamp>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<TokenRow, StoreError> {
        let mut transaction = self.db.begin().await?;
        let sql = format!(
            "INSERT INTO tokens (hash, name, role, person, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING {COLUMNS}"
        );
        let values =
            vec![hash.into(), name.into(), role.into(), actor.person.into(), now.into(), expires_at.into()];
        let row = transaction.row(&sql, values).await?.unwrap_or_default();
        let token = token(&row)?;
        record(&mut transaction, event("token-created", &token), actor, now).await?;
        transaction.commit().await?;
        Ok(token)
    }

    /// A token that was neither revoked nor has ended.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn token(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM tokens WHERE hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"
        );
        self.db.row(&sql, vec![hash.into(), now.into()]).await?.as_ref().map(token).transpose()
    }

    /// Says when tokens were used, all in one batch.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn touch_tokens(&self, used: &[(i64, Timestamp)]) -> Result<(), StoreError> {
        let sql = "UPDATE tokens SET used_at = d.c1 FROM d WHERE tokens.id = d.c0 AND COALESCE(tokens.used_at, 0) < d.c1";
        let rows = used.iter().map(|(id, at)| vec![(*id).into(), (*at).into()]).collect();
        self.touch(sql, rows).await
    }

    /// All of them, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM tokens ORDER BY id DESC");
        self.db.rows(&sql, Vec::new()).await?.iter().map(token).collect()
    }

    /// Revokes a token. Says whether there was one that was not revoked yet.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn revoke_token(&self, id: i64, actor: &Actor, now: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.db.begin().await?;
        let sql = format!(
            "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING {COLUMNS}"
        );
        let Some(row) = transaction.row(&sql, vec![now.into(), id.into()]).await? else {
            return Ok(false);
        };
        record(&mut transaction, event("token-revoked", &token(&row)?), actor, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Lets so many devices be enrolled with a secret, until a time.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn add_enrolment_token(
        &self,
        hash: &str,
        uses: u32,
        expires_at: Timestamp,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        let sql = "INSERT INTO enrolment_tokens (hash, created_by, created_at, expires_at, uses_left) VALUES (?, ?, ?, ?, ?)";
        let values = vec![hash.into(), actor.person.into(), now.into(), expires_at.into(), uses.into()];
        transaction.execute(sql, values).await?;
        let event = Event {
            kind: "enrolment-token-created",
            subject: "enrolment token".into(),
            detail: format!(
                "for {uses} {}, valid until {expires_at:.0}",
                if uses == 1 { "device" } else { "devices" }
            ),
            ..Event::default()
        };
        record(&mut transaction, event, actor, now).await?;
        transaction.commit().await
    }
}
