//! Sessions: signing in with a password, staying signed in, and ending it.

use jiff::{SignedDuration, Timestamp};
use store::{Actor, Person, SessionRow};

use super::{AccessError, Accounts, Identity, Origin, SignedIn, Who, address_key, role_of, stale};
use crate::{Permission, Secret, hash_of};

/// The name of the cookie.
pub const COOKIE: &str = "eyeline_session";

/// A session that is not used ends after so long.
pub const IDLE: SignedDuration = SignedDuration::from_hours(12);

/// A session ends after so long whatever happens.
pub const ABSOLUTE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many characters of a browser's name are kept.
const CLIENT: usize = 200;

impl Accounts {
    /// Signs in by name and password. Names that nobody has cost the same time.
    ///
    /// # Errors
    /// [`AccessError::Wrong`], [`AccessError::TooMany`], or the database.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<SignedIn, AccessError> {
        let name = name.trim();
        let account = hash_of(&name.to_lowercase());
        self.count(origin.address, now)?;
        let from = format!("{account} {}", address_key(origin.address));
        self.shared.by_account.take(&from, now)?;
        self.shared.by_account_anywhere.take(&account, now)?;
        let person = self.store.person_by_name(name).await?.filter(|person| person.disabled_at.is_none());
        let kept = person.as_ref().and_then(|person| person.password.clone());
        let right = self.verify(password.to_owned(), kept).await?;
        let person = person.filter(|_| right).ok_or(AccessError::Wrong)?;
        self.shared.by_account.give_back(&from);
        self.shared.by_account_anywhere.give_back(&account);
        self.give_back(origin.address);
        self.begin(person, origin, now).await
    }

    /// Begins a session, with a secret nobody has seen before.
    pub(super) async fn begin(
        &self,
        person: Person,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<SignedIn, AccessError> {
        let secret = Secret::random()?;
        let expires_at = now.saturating_add(ABSOLUTE).unwrap_or(now);
        let row = SessionRow {
            hash: secret.hash(),
            person: person.id,
            created_at: now,
            used_at: now,
            expires_at,
            address: origin.address.to_string(),
            client: origin.client.chars().filter(|c| !c.is_control()).take(CLIENT).collect(),
        };
        let actor = Actor { person: Some(person.id), name: person.name.clone() };
        self.store.add_session(&row, &actor).await?;
        Ok(SignedIn { person, secret, expires_at })
    }

    /// Who has this session; `None` for one that is unknown, was ended or has ended by itself.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn by_session(&self, secret: &str, now: Timestamp) -> Result<Option<Identity>, AccessError> {
        if secret.is_empty() || secret.len() > 100 {
            return Ok(None);
        }
        let hash = hash_of(secret);
        let Some((row, person)) = self.store.session(&hash, now).await? else { return Ok(None) };
        if now.duration_since(row.used_at) >= IDLE || person.disabled_at.is_some() {
            return Ok(None);
        }
        if stale(Some(row.used_at), now) {
            // Reading must go on when nothing can be written.
            let _ = self.store.touch_sessions(&[(hash.clone(), now)]).await;
        }
        let role = role_of(&person.role)?;
        let who = Who::Person { id: person.id, name: person.name };
        Ok(Some(Identity { who, role, session: Some(hash) }))
    }

    /// The sessions of a person, or of everybody, that have not ended.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for those of others without the permission.
    pub async fn sessions(
        &self,
        by: &Identity,
        person: Option<i64>,
        now: Timestamp,
    ) -> Result<Vec<SessionRow>, AccessError> {
        if (person.is_none() || person != by.signed_in()) && !by.may(Permission::ManageAccess) {
            return Err(AccessError::Forbidden("only who manages access sees the sessions of others"));
        }
        let sessions = self.store.sessions(person, now).await?;
        Ok(sessions.into_iter().filter(|row| now.duration_since(row.used_at) < IDLE).collect())
    }

    /// Ends a session by its id: one's own, or anyone's with the permission.
    ///
    /// # Errors
    /// [`AccessError::Missing`] when there is none that they may end.
    pub async fn end_session(&self, by: &Identity, id: &str, now: Timestamp) -> Result<(), AccessError> {
        let limit = if by.may(Permission::ManageAccess) {
            None
        } else {
            Some(by.signed_in().unwrap_or(super::NOBODY))
        };
        match self.store.end_session(id, limit, &by.actor(), now).await? {
            true => Ok(()),
            false => Err(AccessError::Missing("session")),
        }
    }

    /// Signs out: ends the session that the caller uses.
    ///
    /// # Errors
    /// The database.
    pub async fn sign_out(&self, by: &Identity, now: Timestamp) -> Result<(), AccessError> {
        if let Some(session) = &by.session {
            self.store.end_session(session, by.signed_in(), &by.actor(), now).await?;
        }
        Ok(())
    }
}
