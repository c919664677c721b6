//! People, sessions, tokens, login links and enrolment tokens, as rows. Secrets arrive here as hashes; what a role may do and
//! whether a password is right is for `accounts` to say.

mod links;
mod people;
mod sessions;
mod tokens;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

/// What came of making an account by a login link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// There is an account, and the link is used up.
    Person(Person),
    /// Somebody has the name; the link is still good.
    NameTaken,
    /// The link was used meanwhile, has ended, or never was one.
    LinkEnded,
}

/// Who does something, for its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person, if one is signed in.
    pub person: Option<i64>,
    /// A name for people: the person's, `token NAME`, or `command line`.
    pub name: String,
}
