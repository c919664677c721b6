//! Login links: one use each, looked at as often as anyone likes.

use jiff::{SignedDuration, Timestamp};
use store::{Actor, Joined, Person};

use super::{AccessError, Accounts, Identity, Origin, SignedIn, role_of, tokens};
use crate::{Role, Secret, hash_of};

/// How long a link lives.
const LIFE: SignedDuration = SignedDuration::from_mins(15);

/// How long an invitation lives: someone has to read their mail.
const INVITATION: SignedDuration = SignedDuration::from_hours(72);

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// A new account with this role.
    Create(Role),
    /// This person's session.
    SignIn(Person),
}

impl Accounts {
    /// A link for the one who started this server: signs in the first owner, or makes one where there is none. Links made
    /// before end.
    ///
    /// # Errors
    /// The database.
    pub async fn owner_link(
        &self,
        life: Option<SignedDuration>,
        now: Timestamp,
    ) -> Result<Secret, AccessError> {
        let owner = self.store.owner().await?;
        let person = owner.as_ref().map(|owner| owner.id);
        let actor = Actor { person: None, name: "command line".into() };
        self.add_link(Role::Owner, person, life.unwrap_or(LIFE), &actor, now).await
    }

    /// A link that makes an account with a role.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], or the database.
    pub async fn invite(&self, by: &Identity, role: Role, now: Timestamp) -> Result<Secret, AccessError> {
        tokens::may_give(by, role)?;
        self.add_link(role, None, INVITATION, &by.actor(), now).await
    }

    async fn add_link(
        &self,
        role: Role,
        person: Option<i64>,
        life: SignedDuration,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Secret, AccessError> {
        let secret = Secret::random()?;
        let expires_at = now.saturating_add(life).unwrap_or(now);
        self.store.add_login_link(&secret.hash(), role.word(), person, expires_at, actor, now).await?;
        Ok(secret)
    }

    /// Where a link leads, without using it: mail programs and browsers open links by themselves.
    ///
    /// # Errors
    /// [`AccessError::Link`] when it leads nowhere (any more).
    pub async fn link(&self, secret: &str, now: Timestamp) -> Result<Link, AccessError> {
        let link = self.store.login_link(&hash_of(secret)).await?.ok_or(AccessError::Link)?;
        if link.used_at.is_some() || link.expires_at <= now {
            return Err(AccessError::Link);
        }
        let Some(id) = link.person else { return Ok(Link::Create(role_of(&link.role)?)) };
        let person = self.store.person(id).await?.filter(|person| person.disabled_at.is_none());
        person.map(Link::SignIn).ok_or(AccessError::Link)
    }

    /// Uses a link to a person's session.
    ///
    /// # Errors
    /// [`AccessError::Link`] when it leads elsewhere or nowhere, [`AccessError::TooMany`].
    pub async fn accept(
        &self,
        secret: &str,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<SignedIn, AccessError> {
        let Link::SignIn(person) = self.followed(secret, origin, now).await? else {
            return Err(AccessError::Link);
        };
        self.spend(secret, now).await?;
        self.begin(person, origin, now).await
    }

    /// Uses a link to make an account, and signs it in. A name or password that is not taken leaves the link as it was.
    ///
    /// # Errors
    /// [`AccessError::Link`], [`AccessError::Name`], [`AccessError::Taken`], [`AccessError::Password`], [`AccessError::TooMany`].
    pub async fn accept_new(
        &self,
        secret: &str,
        name: &str,
        password: &str,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<SignedIn, AccessError> {
        let Link::Create(_) = self.followed(secret, origin, now).await? else {
            return Err(AccessError::Link);
        };
        let name = tokens::clean_name(name)?;
        // Before the work of hashing; another may still take it meanwhile.
        if self.store.person_by_name(&name).await?.is_some() {
            return Err(AccessError::Taken(name));
        }
        let hash = self.hash(password.to_owned()).await?;
        match self.store.join(&hash_of(secret), &name, &hash, now).await? {
            Joined::Person(person) => self.begin(person, origin, now).await,
            Joined::NameTaken => Err(AccessError::Taken(name)),
            Joined::LinkEnded => Err(AccessError::Link),
        }
    }

    /// Where a link leads. Only wrong ones count as attempts: who has a right one guesses nothing, and is not kept out by others
    /// who do from the same address.
    async fn followed(&self, secret: &str, origin: &Origin, now: Timestamp) -> Result<Link, AccessError> {
        let link = self.link(secret, now).await;
        if matches!(link, Err(AccessError::Link)) {
            self.count(origin.address, now)?;
        }
        link
    }

    async fn spend(&self, secret: &str, now: Timestamp) -> Result<(), AccessError> {
        match self.store.use_login_link(&hash_of(secret), now).await? {
            true => Ok(()),
            false => Err(AccessError::Link),
        }
    }
}
