//! API tokens and enrolment tokens.

use jiff::{SignedDuration, Timestamp};
use store::{Actor, TokenRow};

use super::{AccessError, Accounts, Identity};
use crate::{Role, Secret};

/// The most characters that the name of a token or person has.
const NAME: usize = 64;

impl Accounts {
    /// Makes an API token. The secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// [`AccessError::Name`], or the database.
    pub async fn create_token(
        &self,
        name: &str,
        role: Role,
        ttl: Option<SignedDuration>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Secret, TokenRow), AccessError> {
        let name = clean_name(name)?;
        let secret = Secret::token()?;
        let expires_at = ttl.map(|ttl| now.saturating_add(ttl).unwrap_or(Timestamp::MAX));
        let row = self.store.add_token(&secret.hash(), &name, role.word(), expires_at, actor, now).await?;
        Ok((secret, row))
    }

    /// Makes a token as someone who may give its role.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] when they may not; else as [`Accounts::create_token`].
    pub async fn create_token_as(
        &self,
        by: &Identity,
        name: &str,
        role: Role,
        ttl: Option<SignedDuration>,
        now: Timestamp,
    ) -> Result<(Secret, TokenRow), AccessError> {
        may_give(by, role)?;
        self.create_token(name, role, ttl, &by.actor(), now).await
    }

    /// Every token, also those that have ended.
    ///
    /// # Errors
    /// The database.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, AccessError> {
        Ok(self.store.tokens().await?)
    }

    /// Revokes a token: it opens nothing from the next request on.
    ///
    /// # Errors
    /// [`AccessError::Missing`] when there is none that still works.
    pub async fn revoke_token(&self, id: i64, actor: &Actor, now: Timestamp) -> Result<(), AccessError> {
        match self.store.revoke_token(id, actor, now).await? {
            true => Ok(()),
            false => Err(AccessError::Missing("token")),
        }
    }

    /// Revokes a token as someone who could have made it.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for an owner's token and anyone but an owner; [`AccessError::Missing`].
    pub async fn revoke_token_as(&self, by: &Identity, id: i64, now: Timestamp) -> Result<(), AccessError> {
        let tokens = self.store.tokens().await?;
        let token = tokens.iter().find(|token| token.id == id).ok_or(AccessError::Missing("token"))?;
        may_give(by, super::role_of(&token.role)?)?;
        self.revoke_token(id, &by.actor(), now).await
    }

    /// Makes the secret of an enrolment token.
    ///
    /// # Errors
    /// The database.
    pub async fn create_enrolment(
        &self,
        uses: u32,
        ttl: SignedDuration,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Secret, Timestamp), AccessError> {
        let secret = Secret::enrolment()?;
        let expires_at = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
        self.store.add_enrolment_token(&secret.hash(), uses, expires_at, actor, now).await?;
        Ok((secret, expires_at))
    }
}

/// Only an owner gives or takes what an owner has.
pub(super) fn may_give(by: &Identity, role: Role) -> Result<(), AccessError> {
    match (by.role.may_give(role), role) {
        (true, _) => Ok(()),
        (false, Role::Owner) => Err(AccessError::Forbidden("only an owner makes or changes an owner")),
        (false, _) => Err(AccessError::Forbidden("only who manages access gives roles")),
    }
}

/// A name as it is kept: trimmed, and of characters that cannot be mistaken for anything else on a page or in a log.
pub(super) fn clean_name(name: &str) -> Result<String, AccessError> {
    let name = name.trim();
    let fine = |c: char| c.is_alphanumeric() || " ._-@'".contains(c);
    if name.is_empty() || name.chars().count() > NAME || !name.chars().all(fine) {
        let shown = name.chars().filter(|c| !c.is_control()).take(NAME).collect();
        return Err(AccessError::Name(shown));
    }
    Ok(name.to_owned())
}
