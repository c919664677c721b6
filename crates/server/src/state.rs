//! What every request shares.

use std::{convert::Infallible, net::SocketAddr, path::PathBuf, sync::Arc};

use accounts::{AccessError, Accounts, Secret};
use axum::{extract::FromRequestParts, http::request::Parts};
use catalog::Catalog;
use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};
use store::{Overview, Scope, Store, StoreError};

use tokio::sync::Semaphore;

use crate::{
    Clock, Event, events::Events, metrics::Metrics, presence::Presence, recent::Recent, sensor::Nonces,
};

/// How many reports are unpacked at once: the largest takes hundreds of megabytes while it is.
const UNPACKING: usize = 2;

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
    presence: Presence,
    metrics: Metrics,
    nonces: Nonces,
    nonces_of_newcomers: Nonces,
    unpacking: Semaphore,
    overviews: Recent<Arc<Overview>>,
    navigations: Recent<[u64; 5]>,
}

impl State {
    /// A server's state.
    pub fn new(settings: Settings) -> Self {
        let accounts = Accounts::new(settings.store.clone());
        Self(Arc::new(Inner {
            accounts,
            events: Events::new(),
            presence: Presence::default(),
            metrics: Metrics::default(),
            nonces: Nonces::default(),
            nonces_of_newcomers: Nonces::default(),
            unpacking: Semaphore::new(UNPACKING),
            overviews: Recent::default(),
            navigations: Recent::default(),
            settings,
        }))
    }

    /// Which devices are connected.
    pub fn presence(&self) -> &Presence {
        &self.0.presence
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn nonces(&self) -> &Nonces {
        &self.0.nonces
    }

    /// Apart from those of devices: anyone can make a key and sign with it.
    pub(crate) fn nonces_of_newcomers(&self) -> &Nonces {
        &self.0.nonces_of_newcomers
    }

    pub(crate) fn unpacking(&self) -> &Semaphore {
        &self.0.unpacking
    }

    /// Ends everything that streams: the server ends.
    pub fn end(&self) {
        self.presence().end(self.now());
        self.events().tell(Event::Ending);
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.settings.store
    }

    /// What the overview says: as the database does, or as it did a moment ago if nothing has changed since.
    ///
    /// # Errors
    /// What the database says.
    pub async fn overview(&self, scope: Scope) -> Result<Arc<Overview>, StoreError> {
        let now = self.now();
        let count = async { self.store().overview(scope, now).await.map(Arc::new) };
        self.0.overviews.get(scope, self.events().changes(), now, count).await
    }

    /// The counts beside the words of the navigation, as [`State::overview`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn navigation(&self, scope: Scope) -> Result<[u64; 5], StoreError> {
        let now = self.now();
        let count = self.store().navigation(scope, now);
        self.0.navigations.get(scope, self.events().changes(), now, count).await
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

    /// A link for who started this server: signs in the first owner, or makes one. Works once, for `life` or 15 minutes; one
    /// that was made before works no more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn login_link(&self, life: Option<SignedDuration>) -> Result<String, AccessError> {
        Ok(self.login_url(&self.accounts().owner_link(life, self.now()).await?))
    }

    /// Where a login link leads.
    pub fn login_url(&self, secret: &Secret) -> String {
        format!("{}/login/{}", self.public_url(), secret.reveal())
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
