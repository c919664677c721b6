//! Browsers that are signed in.

use jiff::Timestamp;

use super::{
    Actor, Person, SessionRow,
    people::{end_sessions, person},
};
use crate::{
    Store, StoreError,
    db::{Row, Transaction, Value},
    events::{Event, record},
};

const COLUMNS: &str = "s.hash, s.person, s.created_at, s.used_at, s.expires_at, s.address, s.client";
/// What is kept of a browser's own name.
const CLIENT_LIMIT: usize = 200;

fn session(row: &Row) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        hash: row.text(0)?,
        person: row.int(1)?,
        created_at: row.time(2)?,
        used_at: row.time(3)?,
        expires_at: row.time(4)?,
        address: row.text(5)?,
        client: row.text(6)?,
    })
}

fn event(kind: &'static str, person: &Person, detail: String) -> Event {
    let subject_id = Some(person.id.to_string());
    Event { kind, subject: person.name.clone(), subject_id, detail, ..Event::default() }
}

impl Store {
    /// Signs someone in.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when there is no such person; [`StoreError`] of the database.
    pub async fn add_session(&self, session: &SessionRow, actor: &Actor) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        let sql = "INSERT INTO sessions (hash, person, created_at, used_at, expires_at, address, client)
                   SELECT ?, id, ?, ?, ?, ?, ? FROM people WHERE id = ?";
        let client: String = session.client.chars().take(CLIENT_LIMIT).collect();
        let values = vec![
            session.hash.as_str().into(),
            session.created_at.into(),
            session.used_at.into(),
            session.expires_at.into(),
            session.address.as_str().into(),
            client.into(),
            session.person.into(),
        ];
        if transaction.execute(sql, values).await? == 0 {
            return Err(StoreError::Refused(format!("there is no person {}", session.person)));
        }
        let event = Event {
            kind: "signed-in",
            subject: actor.name.clone(),
            subject_id: Some(session.person.to_string()),
            detail: format!("from {}", session.address),
            ..Event::default()
        };
        record(&mut transaction, event, actor, session.created_at).await?;
        transaction.commit().await
    }

    /// The session and its person, when neither has ended.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn session(
        &self,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<(SessionRow, Person)>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, p.id, p.name, p.role, p.password, p.created_at, p.disabled_at
             FROM sessions s JOIN people p ON p.id = s.person
             WHERE s.hash = ? AND s.expires_at > ? AND p.disabled_at IS NULL"
        );
        let row = self.db.row(&sql, vec![hash.into(), now.into()]).await?;
        row.map(|row| Ok((session(&row)?, person(&row, 7)?))).transpose()
    }

    /// Says when sessions were used, all in one batch. One that has ended meanwhile stays ended.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn touch_sessions(&self, used: &[(String, Timestamp)]) -> Result<(), StoreError> {
        let sql = "UPDATE sessions SET used_at = d.c1 FROM d WHERE sessions.hash = d.c0 AND sessions.used_at < d.c1";
        let rows = used.iter().map(|(hash, at)| vec![hash.as_str().into(), (*at).into()]).collect();
        self.touch(sql, rows).await
    }

    /// One batch of times, each later than the one that is stored.
    pub(crate) async fn touch(&self, sql: &str, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut transaction = self.db.begin().await?;
        transaction.update(sql, rows).await?;
        transaction.commit().await
    }

    /// Sessions that have not ended, of one person or of all, the last used first.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn sessions(&self, person: Option<i64>, now: Timestamp) -> Result<Vec<SessionRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions s WHERE s.expires_at > ? AND s.person = COALESCE(?, s.person)
             ORDER BY s.used_at DESC, s.hash"
        );
        self.db.rows(&sql, vec![now.into(), person.into()]).await?.iter().map(session).collect()
    }

    /// Ends a session; `person` limits it to their own. Says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn end_session(
        &self,
        hash: &str,
        person: Option<i64>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.db.begin().await?;
        let sql = "DELETE FROM sessions WHERE hash = ? AND person = COALESCE(?, person) RETURNING person";
        let Some(row) = transaction.row(sql, vec![hash.into(), person.into()]).await? else {
            return Ok(false);
        };
        let person = owner(&mut transaction, row.int(0)?).await?;
        record(&mut transaction, event("signed-out", &person, String::new()), actor, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends every session of a person; says how many there were.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn end_sessions_of(
        &self,
        person: i64,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.db.begin().await?;
        let ended = end_sessions(&mut transaction, person).await?;
        if ended == 0 {
            return Ok(0);
        }
        let person = owner(&mut transaction, person).await?;
        let event = event("signed-out", &person, format!("{ended} sessions"));
        record(&mut transaction, event, actor, now).await?;
        transaction.commit().await?;
        Ok(ended)
    }
}

/// Whose session it is.
async fn owner(transaction: &mut Transaction, id: i64) -> Result<Person, StoreError> {
    let sql = "SELECT id, name, role, password, created_at, disabled_at FROM people WHERE id = ?";
    let row = transaction.row(sql, vec![id.into()]).await?;
    row.map_or_else(|| Err(StoreError::Refused(format!("there is no person {id}"))), |row| person(&row, 0))
}
