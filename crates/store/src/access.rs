//! People, sessions, tokens, login links and enrolment tokens, as rows. Secrets arrive here as hashes; what a role may do and
//! whether a password is right is for `accounts` to say.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Store, StoreError};

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: i64,
    /// Their name, by which they sign in.
    pub name: String,
    /// Their role's word.
    pub role: String,
    /// The hash of their password (PHC string), if they have one.
    pub password: Option<String>,
    /// Since when they have the account.
    pub created_at: Timestamp,
    /// Since when they may not use it.
    pub disabled_at: Option<Timestamp>,
}

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of its secret, in hex.
    pub hash: String,
    /// Who.
    pub person: i64,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used; minutes old at most.
    pub used_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// The address it signed in from.
    pub address: String,
    /// What the browser calls itself, cut at 200 characters.
    pub client: String,
}

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenRow {
    /// Its number.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// Its role's word.
    pub role: String,
    /// Who made it; null for one made on the command line.
    pub person: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used; minutes old at most.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A login link that was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginLink {
    /// The role of the account that it makes.
    pub role: String,
    /// Who it signs in; `None` makes an account.
    pub person: Option<i64>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Who does something, for its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person, if one is signed in.
    pub person: Option<i64>,
    /// A name for people: the person's, `token NAME`, or `command line`.
    pub name: String,
}

macro_rules! pending {
    () => {
        Err(StoreError::Refused("not there yet".into()))
    };
}

#[allow(unused_variables, missing_docs)]
impl Store {
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        pending!()
    }
    pub async fn person(&self, id: i64) -> Result<Option<Person>, StoreError> {
        pending!()
    }
    pub async fn person_by_name(&self, name: &str) -> Result<Option<Person>, StoreError> {
        pending!()
    }
    /// The first owner that is not disabled.
    pub async fn owner(&self) -> Result<Option<Person>, StoreError> {
        pending!()
    }
    /// Fails with `Refused` when the name is taken.
    pub async fn add_person(
        &self,
        name: &str,
        role: &str,
        password: Option<&str>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Person, StoreError> {
        pending!()
    }
    pub async fn set_password(
        &self,
        person: i64,
        password: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        pending!()
    }
    /// Also ends sessions where the role changes. The last active owner cannot be demoted or disabled (`Refused`).
    pub async fn set_role(
        &self,
        person: i64,
        role: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        pending!()
    }
    pub async fn set_disabled(
        &self,
        person: i64,
        disabled: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        pending!()
    }

    pub async fn add_session(&self, session: &SessionRow, actor: &Actor) -> Result<(), StoreError> {
        pending!()
    }
    /// The session and its person, when neither has ended.
    pub async fn session(
        &self,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<(SessionRow, Person)>, StoreError> {
        pending!()
    }
    /// One batch for all that were used.
    pub async fn touch_sessions(&self, used: &[(String, Timestamp)]) -> Result<(), StoreError> {
        pending!()
    }
    pub async fn sessions(&self, person: Option<i64>, now: Timestamp) -> Result<Vec<SessionRow>, StoreError> {
        pending!()
    }
    /// Says whether there was one; `person` limits it to their own.
    pub async fn end_session(
        &self,
        hash: &str,
        person: Option<i64>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        pending!()
    }
    pub async fn end_sessions_of(
        &self,
        person: i64,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        pending!()
    }

    pub async fn add_token(
        &self,
        hash: &str,
        name: &str,
        role: &str,
        expires_at: Option<Timestamp>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<TokenRow, StoreError> {
        pending!()
    }
    /// A token that was neither revoked nor has ended.
    pub async fn token(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRow>, StoreError> {
        pending!()
    }
    pub async fn touch_tokens(&self, used: &[(i64, Timestamp)]) -> Result<(), StoreError> {
        pending!()
    }
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        pending!()
    }
    pub async fn revoke_token(&self, id: i64, actor: &Actor, now: Timestamp) -> Result<bool, StoreError> {
        pending!()
    }

    /// Revokes every unused link of the same kind (person and role) first.
    pub async fn add_login_link(
        &self,
        hash: &str,
        role: &str,
        person: Option<i64>,
        expires_at: Timestamp,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        pending!()
    }
    pub async fn login_link(&self, hash: &str) -> Result<Option<LoginLink>, StoreError> {
        pending!()
    }
    /// Exactly one caller gets `true`.
    pub async fn use_login_link(&self, hash: &str, now: Timestamp) -> Result<bool, StoreError> {
        pending!()
    }

    pub async fn add_enrolment_token(
        &self,
        hash: &str,
        uses: u32,
        expires_at: Timestamp,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        pending!()
    }
}
