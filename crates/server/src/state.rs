//! What every request shares.

use std::{convert::Infallible, net::SocketAddr, path::PathBuf, sync::Arc};

use accounts::Accounts;
use axum::{extract::FromRequestParts, http::request::Parts};
use catalog::Catalog;
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use store::Store;

use crate::{Clock, events::Events};

/// What a server needs to know to begin.
#[derive(Clone)]
pub struct Settings {
    /// The database.
    pub store: Store,
    /// The key that signs what devices are told.
    pub signing_key: SigningKey,
    /// The facts about tools and licences.
    pub catalog: Arc<Catalog>,
    /// Where people reach it, without a slash at the end: `http://127.0.0.1:7411`.
    pub public_url: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The time.
    pub clock: Clock,
    /// The data directory, whose disk must have room.
    pub data: Option<PathBuf>,
    /// The version of this program.
    pub version: &'static str,
}

/// What every request shares. Cheap to clone; a handler takes it as an argument.
#[derive(Clone)]
pub struct State(Arc<Inner>);

struct Inner {
    settings: Settings,
    accounts: Accounts,
    events: Events,
}

impl State {
    /// A server's state.
    pub fn new(settings: Settings) -> Self {
        let accounts = Accounts::new(settings.store.clone());
        Self(Arc::new(Inner { accounts, events: Events::new(), settings }))
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.settings.store
    }

    /// People, sessions and tokens.
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// The facts about tools and licences.
    pub fn catalog(&self) -> &Catalog {
        &self.0.settings.catalog
    }

    /// What happens, for who listens.
    pub fn events(&self) -> &Events {
        &self.0.events
    }

    /// The key that signs what devices are told.
    pub fn signing_key(&self) -> &SigningKey {
        &self.0.settings.signing_key
    }

    /// Where people reach it, without a slash at the end.
    pub fn public_url(&self) -> &str {
        &self.0.settings.public_url
    }

    /// What it was made of.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.0.settings.clock.now()
    }

    /// Whether browsers reach it over TLS only.
    pub fn is_https(&self) -> bool {
        self.public_url().starts_with("https://")
    }
}

impl FromRequestParts<Self> for State {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &Self) -> Result<Self, Infallible> {
        Ok(state.clone())
    }
}
