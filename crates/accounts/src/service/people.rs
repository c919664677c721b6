//! People: their roles and passwords, and who may change them.

use jiff::Timestamp;
use store::Person;

use super::{AccessError, Accounts, Identity, role_of, tokens};
use crate::{Role, password};

impl Accounts {
    /// Everybody with an account, also those who may not use it.
    ///
    /// # Errors
    /// The database.
    pub async fn people(&self) -> Result<Vec<Person>, AccessError> {
        Ok(self.store.people().await?)
    }

    /// Whether anybody can let others in yet.
    ///
    /// # Errors
    /// The database.
    pub async fn has_owner(&self) -> Result<bool, AccessError> {
        Ok(self.store.owner().await?.is_some())
    }

    /// Changes one's own password. Every other session of the person ends.
    ///
    /// # Errors
    /// [`AccessError::Wrong`] when `current` is not their password, [`AccessError::TooMany`], [`AccessError::Password`].
    pub async fn change_password(
        &self,
        by: &Identity,
        current: &str,
        new: &str,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let id = by.signed_in().ok_or(AccessError::Forbidden("a token has no password"))?;
        let person = self.store.person(id).await?.ok_or(AccessError::Missing("person"))?;
        password::check(new)?;
        let account = crate::hash_of(&person.name.to_lowercase());
        self.shared.by_account.take(&account, now)?;
        if !self.verify(current.to_owned(), person.password.clone()).await? {
            return Err(AccessError::Wrong);
        }
        self.shared.by_account.give_back(&account);
        let hash = self.hash(new.to_owned()).await?;
        self.store.set_password(id, &hash, &by.actor(), now).await?;
        for other in self.store.sessions(Some(id), now).await? {
            if Some(&other.hash) != by.session.as_ref() {
                self.store.end_session(&other.hash, Some(id), &by.actor(), now).await?;
            }
        }
        Ok(())
    }

    /// Gives a person another role.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::LastOwner`], [`AccessError::Missing`].
    pub async fn set_role(
        &self,
        by: &Identity,
        person: i64,
        role: Role,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let target = self.changeable(by, person).await?;
        tokens::may_give(by, role)?;
        if role != Role::Owner {
            self.keep_an_owner(&target).await?;
        }
        Ok(self.store.set_role(person, role.word(), &by.actor(), now).await?)
    }

    /// Shuts a person out, or lets them in again. Being shut out ends their sessions.
    ///
    /// # Errors
    /// As [`Accounts::set_role`].
    pub async fn set_disabled(
        &self,
        by: &Identity,
        person: i64,
        disabled: bool,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let target = self.changeable(by, person).await?;
        if disabled {
            self.keep_an_owner(&target).await?;
        }
        self.store.set_disabled(person, disabled, &by.actor(), now).await?;
        if disabled {
            self.store.end_sessions_of(person, &by.actor(), now).await?;
        }
        Ok(())
    }

    /// A person whom the caller may change.
    async fn changeable(&self, by: &Identity, person: i64) -> Result<Person, AccessError> {
        let target = self.store.person(person).await?.ok_or(AccessError::Missing("person"))?;
        tokens::may_give(by, role_of(&target.role)?)?;
        Ok(target)
    }

    async fn keep_an_owner(&self, target: &Person) -> Result<(), AccessError> {
        let owner = Role::Owner.word();
        let people = self.store.people().await?;
        let another =
            |person: &Person| person.id != target.id && person.role == owner && person.disabled_at.is_none();
        if target.role == owner && target.disabled_at.is_none() && !people.iter().any(another) {
            return Err(AccessError::LastOwner);
        }
        Ok(())
    }
}
