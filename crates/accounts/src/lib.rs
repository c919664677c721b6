//! Who may do what: roles, passwords, sessions, tokens, login links, and how often someone may guess.
//!
//! First floor, on `store`. Knows nothing of HTTP: the server turns cookies and headers into calls of [`Accounts`], the console
//! and the command line make people, tokens and links through it. Secrets are made here, shown once, and kept as hashes.

mod limiter;
mod password;
mod role;
mod secret;
mod service;
mod ttl;

pub use limiter::{Limiter, Quota, TooMany};
pub use password::{MIN_PASSWORD, PasswordError};
pub use role::{Permission, Role, UnknownRole};
pub use secret::{Secret, TOKEN_PREFIX, hash_of};
pub use service::{AccessError, Accounts, Identity, Link, Origin, SignedIn, Who, session};
pub use ttl::{TtlError, parse_ttl};
