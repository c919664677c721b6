//! The service over the store: who someone is, and every change of people, sessions, tokens and links.
//!
//! The time is an argument of every call. Hashing of passwords runs on blocking threads, two at a time at most, so that a
//! flood of logins takes neither the memory nor the processors of the machine.

mod links;
mod people;
pub mod session;
#[cfg(test)]
mod tests;
mod tokens;

use std::{net::IpAddr, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use store::{Actor, Person, Scope, Store, StoreError, TokenRow};
use tokio::sync::Semaphore;

pub use links::Link;

use crate::{Limiter, PasswordError, Permission, Quota, Role, Secret, TooMany, password};

/// Guesses at one account from one address: ten, then one every half minute.
const BY_ACCOUNT: Quota = Quota { burst: 10, every: SignedDuration::from_secs(30) };

/// Guesses at one account from everywhere: so many more that a stranger with one address does not lock out whom it belongs to.
const BY_ACCOUNT_ANYWHERE: Quota = Quota { burst: 100, every: SignedDuration::from_secs(10) };

/// Guesses from one address: thirty, then one every three seconds, for many people can share one.
const BY_ADDRESS: Quota = Quota { burst: 30, every: SignedDuration::from_secs(3) };

/// Why something about access was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The name or the password is wrong; which one is not told.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many attempts.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The link is unknown, was used, or has ended.
    #[error("this link was used, or has ended: ask for a new one")]
    Link,
    /// The password is not taken.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The name is not taken.
    #[error("`{0}` cannot be a name: use 1 to 64 letters, digits, spaces and `. _ - @ '`")]
    Name(String),
    /// Somebody has the name.
    #[error("the name `{0}` is taken: choose another")]
    Taken(String),
    /// The role may not do that.
    #[error("{0}")]
    Forbidden(&'static str),
    /// It would leave nobody who can let others in.
    #[error("this is the last owner: make another one first")]
    LastOwner,
    /// There is no such person, session or token.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system: no random numbers, or a thread that died.
    #[error("the system refused: {0}")]
    System(String),
}

impl From<std::io::Error> for AccessError {
    fn from(error: std::io::Error) -> Self {
        Self::System(error.to_string())
    }
}

/// From where someone signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The address.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub client: String,
}

/// Someone who just signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// What the cookie holds.
    pub secret: Secret,
    /// When the session ends whatever happens.
    pub expires_at: Timestamp,
}

/// Who stands behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A person.
    Person {
        /// Their id.
        id: i64,
        /// Their name.
        name: String,
    },
    /// A token.
    Token {
        /// Its number.
        id: i64,
        /// What it is for.
        name: String,
        /// Who made it; `None` for the command line.
        person: Option<i64>,
    },
}

/// Who someone is and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub who: Who,
    /// As what.
    pub role: Role,
    /// The id of the session, for those who have one.
    pub session: Option<String>,
}

impl Identity {
    /// Whether they may.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }

    /// The person: the one who is signed in, or who made the token.
    pub fn person(&self) -> Option<i64> {
        match &self.who {
            Who::Person { id, .. } => Some(*id),
            Who::Token { person, .. } => *person,
        }
    }

    /// The person who is signed in themselves; a token is nobody.
    pub fn signed_in(&self) -> Option<i64> {
        match &self.who {
            Who::Person { id, .. } => Some(*id),
            Who::Token { .. } => None,
        }
    }

    /// Their name for people.
    pub fn name(&self) -> String {
        match &self.who {
            Who::Person { name, .. } => name.clone(),
            Who::Token { name, .. } => format!("token {name}"),
        }
    }

    /// What they see. A device user's token that nobody in particular made sees nothing.
    pub fn scope(&self) -> Scope {
        if self.role.sees_own_devices_only() {
            Scope::Person(self.person().unwrap_or(NOBODY))
        } else {
            Scope::All
        }
    }

    /// Who does it, for records.
    pub fn actor(&self) -> Actor {
        Actor { person: self.person(), name: self.name() }
    }
}

/// No person has this id.
const NOBODY: i64 = -1;

/// Everything about access over one database. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    shared: Arc<Shared>,
}

struct Shared {
    by_account: Limiter,
    by_account_anywhere: Limiter,
    by_address: Limiter,
    hashing: Semaphore,
}

impl Accounts {
    /// Over this database.
    pub fn new(store: Store) -> Self {
        let shared = Shared {
            by_account: Limiter::new(BY_ACCOUNT),
            by_account_anywhere: Limiter::new(BY_ACCOUNT_ANYWHERE),
            by_address: Limiter::new(BY_ADDRESS),
            hashing: Semaphore::new(2),
        };
        Self { store, shared: Arc::new(shared) }
    }

    /// Counts an attempt from an address: also for links and enrolment.
    ///
    /// # Errors
    /// [`AccessError::TooMany`].
    pub fn count(&self, address: IpAddr, now: Timestamp) -> Result<(), AccessError> {
        Ok(self.shared.by_address.take(&address_key(address), now)?)
    }

    /// Takes an attempt back that was a right one: many people and devices may share an address.
    pub fn give_back(&self, address: IpAddr) {
        self.shared.by_address.give_back(&address_key(address));
    }

    async fn hash(&self, password: String) -> Result<String, AccessError> {
        let hashed = self.blocking(move || password::hash(&password)).await?;
        Ok(hashed?)
    }

    async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AccessError> {
        self.blocking(move || password::verify(&password, hash.as_deref())).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AccessError> {
        let failed = |error: String| AccessError::System(error);
        let _turn = self.shared.hashing.acquire().await.map_err(|error| failed(error.to_string()))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| failed(error.to_string()))
    }
}

/// One key for a network that one customer has: an IPv4 address, or the /64 of an IPv6 one.
fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The role of a row. A word that this version does not know may do nothing.
fn role_of(word: &str) -> Result<Role, AccessError> {
    word.parse().map_err(|_| AccessError::Store(StoreError::Unexpected(format!("role `{word}`"))))
}

impl Accounts {
    /// Who has this token, which must begin with [`crate::TOKEN_PREFIX`]; `None` for one that is unknown, revoked or has ended, or
    /// whose maker may no longer give its role.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn by_token(&self, token: &str, now: Timestamp) -> Result<Option<Identity>, AccessError> {
        if !token.starts_with(crate::TOKEN_PREFIX) || token.len() > 100 {
            return Ok(None);
        }
        let Some(row) = self.store.token(&crate::hash_of(token), now).await? else { return Ok(None) };
        if stale(row.used_at, now) {
            // Reading must go on when nothing can be written.
            let _ = self.store.touch_tokens(&[(row.id, now)]).await;
        }
        let TokenRow { id, name, role, person, .. } = row;
        let role = role_of(&role)?;
        match person {
            Some(maker) if !self.vouches_for(maker, role).await? => Ok(None),
            _ => Ok(Some(Identity { who: Who::Token { id, name, person }, role, session: None })),
        }
    }

    /// Whether the person who made a token could still make it. One who was shut out, or may less now, must not go on by a
    /// token from before.
    async fn vouches_for(&self, maker: i64, role: Role) -> Result<bool, AccessError> {
        let Some(maker) = self.store.person(maker).await? else { return Ok(false) };
        Ok(maker.disabled_at.is_none() && role_of(&maker.role)?.may_give(role))
    }
}

/// Whether a time of last use is old enough to be written anew.
fn stale(used_at: Option<Timestamp>, now: Timestamp) -> bool {
    used_at.is_none_or(|used_at| now.duration_since(used_at) >= SignedDuration::from_mins(5))
}
