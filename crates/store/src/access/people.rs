//! People with accounts.

use jiff::Timestamp;

use super::{Actor, Joined, Person};
use crate::{
    Store, StoreError,
    db::{Row, Transaction, Value},
    events::{Event, record},
};

const COLUMNS: &str = "id, name, role, password, created_at, disabled_at";

pub(super) fn person(row: &Row, at: usize) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.int(at)?,
        name: row.text(at + 1)?,
        role: row.text(at + 2)?,
        password: row.maybe_text(at + 3)?,
        created_at: row.time(at + 4)?,
        disabled_at: row.maybe_time(at + 5)?,
    })
}

fn event(kind: &'static str, person: &Person, detail: String) -> Event {
    Event {
        kind,
        subject: person.name.clone(),
        subject_id: Some(person.id.to_string()),
        detail,
        ..Event::default()
    }
}

/// The person whose account is about to be changed.
async fn existing(transaction: &mut Transaction, id: i64) -> Result<Person, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM people WHERE id = ?");
    let row = transaction.row(&sql, vec![id.into()]).await?;
    row.map_or_else(|| Err(StoreError::Refused(format!("there is no person {id}"))), |row| person(&row, 0))
}

/// Without an owner nobody could give access any more.
async fn refuse_last_owner(transaction: &mut Transaction, person: &Person) -> Result<(), StoreError> {
    let others = "SELECT COUNT(*) FROM people WHERE role = 'owner' AND disabled_at IS NULL AND id <> ?";
    let others = transaction.row(others, vec![person.id.into()]).await?.map_or(Ok(0), |row| row.int(0))?;
    if person.role == "owner" && person.disabled_at.is_none() && others == 0 {
        let name = &person.name;
        return Err(StoreError::Refused(format!("`{name}` is the last owner: make another owner first")));
    }
    Ok(())
}

/// A new account; nothing where the name is taken.
async fn added(
    transaction: &mut Transaction,
    name: &str,
    role: &str,
    password: Option<&str>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Option<Person>, StoreError> {
    let sql = format!(
        "INSERT INTO people (name, role, password, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (name) DO NOTHING RETURNING {COLUMNS}"
    );
    let values = vec![name.into(), role.into(), password.into(), now.into()];
    let Some(row) = transaction.row(&sql, values).await? else { return Ok(None) };
    let person = person(&row, 0)?;
    record(transaction, event("person-added", &person, format!("as {role}")), actor, now).await?;
    Ok(Some(person))
}

pub(super) async fn end_sessions(transaction: &mut Transaction, person: i64) -> Result<u64, StoreError> {
    transaction.execute("DELETE FROM sessions WHERE person = ?", vec![person.into()]).await
}

impl Store {
    /// Everyone with an account, by name.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM people ORDER BY name");
        self.db.rows(&sql, Vec::new()).await?.iter().map(|row| person(row, 0)).collect()
    }

    async fn one_person(&self, condition: &str, values: Vec<Value>) -> Result<Option<Person>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM people WHERE {condition}");
        self.db.row(&sql, values).await?.map(|row| person(&row, 0)).transpose()
    }

    /// The person with an id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn person(&self, id: i64) -> Result<Option<Person>, StoreError> {
        self.one_person("id = ?", vec![id.into()]).await
    }

    /// The person with a name, letter for letter.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn person_by_name(&self, name: &str) -> Result<Option<Person>, StoreError> {
        self.one_person("name = ?", vec![name.into()]).await
    }

    /// The first owner that is not disabled.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn owner(&self) -> Result<Option<Person>, StoreError> {
        self.one_person("role = 'owner' AND disabled_at IS NULL ORDER BY id LIMIT 1", Vec::new()).await
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the name is taken; [`StoreError`] of the database.
    pub async fn add_person(
        &self,
        name: &str,
        role: &str,
        password: Option<&str>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Person, StoreError> {
        let mut transaction = self.db.begin().await?;
        let Some(person) = added(&mut transaction, name, role, password, actor, now).await? else {
            return Err(StoreError::Refused(format!("there is an account `{name}` already")));
        };
        transaction.commit().await?;
        Ok(person)
    }

    /// Makes an account by a login link that makes one, and uses the link up: both or neither, whoever else does the same.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn join(
        &self,
        link: &str,
        name: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<Joined, StoreError> {
        let mut transaction = self.db.begin().await?;
        let sql = "UPDATE login_links SET used_at = ? WHERE hash = ? AND used_at IS NULL AND expires_at > ? AND person IS NULL
            RETURNING role";
        let Some(row) = transaction.row(sql, vec![now.into(), link.into(), now.into()]).await? else {
            return Ok(Joined::LinkEnded);
        };
        let (role, actor) = (row.text(0)?, Actor { person: None, name: name.to_owned() });
        let Some(person) = added(&mut transaction, name, &role, Some(password), &actor, now).await? else {
            return Ok(Joined::NameTaken);
        };
        transaction.commit().await?;
        Ok(Joined::Person(person))
    }

    /// Changes a password's hash.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when there is no such person; [`StoreError`] of the database.
    pub async fn set_password(
        &self,
        person: i64,
        password: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        let person = existing(&mut transaction, person).await?;
        let values = vec![password.into(), person.id.into()];
        transaction.execute("UPDATE people SET password = ? WHERE id = ?", values).await?;
        record(&mut transaction, event("password-set", &person, String::new()), actor, now).await?;
        transaction.commit().await
    }

    /// Changes a role, and ends the person's sessions where that is a change.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for the last active owner, or when there is no such person; [`StoreError`] of the database.
    pub async fn set_role(
        &self,
        person: i64,
        role: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        let person = existing(&mut transaction, person).await?;
        if person.role == role {
            return Ok(());
        }
        refuse_last_owner(&mut transaction, &person).await?;
        let values = vec![role.into(), person.id.into()];
        transaction.execute("UPDATE people SET role = ? WHERE id = ?", values).await?;
        end_sessions(&mut transaction, person.id).await?;
        let detail = format!("{} to {role}", person.role);
        record(&mut transaction, event("role-changed", &person, detail), actor, now).await?;
        transaction.commit().await
    }

    /// Closes an account and ends its sessions, or opens it again.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for the last active owner, or when there is no such person; [`StoreError`] of the database.
    pub async fn set_disabled(
        &self,
        person: i64,
        disabled: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        let person = existing(&mut transaction, person).await?;
        if person.disabled_at.is_some() == disabled {
            return Ok(());
        }
        if disabled {
            refuse_last_owner(&mut transaction, &person).await?;
            end_sessions(&mut transaction, person.id).await?;
        }
        let values = vec![disabled.then_some(now).into(), person.id.into()];
        transaction.execute("UPDATE people SET disabled_at = ? WHERE id = ?", values).await?;
        let kind = if disabled { "person-disabled" } else { "person-enabled" };
        record(&mut transaction, event(kind, &person, String::new()), actor, now).await?;
        transaction.commit().await
    }
}
