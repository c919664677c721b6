//! A server over a fresh database, and a check of every route with every role. For tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod table;

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use accounts::{Identity, Origin, Role, Secret, session};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header, request::Builder},
};
use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};
use store::{Actor, Location, Store};
use tower::ServiceExt as _;

pub use table::{differences, try_everybody};

use crate::{Clock, Settings, State};

/// The host that requests name.
pub const HOST: &str = "127.0.0.1:7411";

/// A server's state over a fresh SQLite database, with a clock that stands still until it is moved.
#[derive(Clone)]
pub struct Fixture {
    /// The state.
    pub state: State,
    seconds: Arc<AtomicI64>,
}

/// An answer that was read whole.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Fixture {
    /// Makes the database in a folder.
    pub async fn new(directory: &Path) -> Self {
        let store = Store::open(&Location::Sqlite(directory.join("eyeline.db"))).await.unwrap();
        let seconds = Arc::new(AtomicI64::new(1_800_000_000));
        let told = Arc::clone(&seconds);
        let settings = Settings {
            store,
            signing_key: SigningKey::from_bytes(&[7; 32]),
            catalog: Arc::new(catalog::load().unwrap()),
            public_url: format!("http://{HOST}"),
            listen: HOST.parse().unwrap(),
            clock: Clock::new(move || Timestamp::from_second(told.load(Ordering::SeqCst)).unwrap()),
            data: Some(directory.to_owned()),
            version: "0.0.0-test",
        };
        Self { state: State::new(settings), seconds }
    }

    /// Lets time pass, or sets the clock back.
    pub fn pass(&self, duration: SignedDuration) {
        self.seconds.fetch_add(duration.as_secs(), Ordering::SeqCst);
    }

    /// The application with the server's own routes.
    pub fn app(&self) -> Router {
        crate::app(crate::routes(&self.state), self.state.clone())
    }

    /// A token with a role.
    pub async fn token(&self, role: Role) -> Secret {
        let made = self.state.accounts().create_token("test", role, None, &actor(), self.state.now()).await;
        made.unwrap().0
    }

    /// A person with a role and without a password, signed in: their session's secret, and who they are.
    pub async fn person(&self, name: &str, role: Role) -> (Secret, Identity) {
        let (store, now) = (self.state.store(), self.state.now());
        let person = store.add_person(name, role.word(), None, &actor(), now).await.unwrap();
        let link = Secret::random().unwrap();
        let until = now + SignedDuration::from_hours(1);
        store.add_login_link(&link.hash(), role.word(), Some(person.id), until, &actor(), now).await.unwrap();
        let origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST), client: "test".into() };
        let signed_in = self.state.accounts().accept(link.reveal(), &origin, now).await.unwrap();
        let identity =
            self.state.accounts().by_session(signed_in.secret.reveal(), now).await.unwrap().unwrap();
        (signed_in.secret, identity)
    }
}

fn actor() -> Actor {
    Actor { person: None, name: "test".into() }
}

/// A request to a path of this server.
pub fn request(method: &str, path: &str) -> Builder {
    Request::builder().method(method).uri(path).header(header::HOST, HOST)
}

/// With a token.
pub fn with_token(builder: Builder, token: &Secret) -> Builder {
    builder.header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()))
}

/// With a session, as from a page of this server.
pub fn with_session(builder: Builder, secret: &Secret) -> Builder {
    let cookie = format!("{}={}", session::COOKIE, secret.reveal());
    builder.header(header::COOKIE, cookie).header("sec-fetch-site", "same-origin")
}

/// Sends a request and reads the whole answer.
pub async fn send(app: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, text }
}

/// Gets a path as someone with a token.
pub async fn get(app: &Router, path: &str, token: &Secret) -> Answer {
    send(app, with_token(request("GET", path), token).body(Body::empty()).unwrap()).await
}

/// Sends JSON as someone with a token.
pub async fn send_json(
    app: &Router,
    method: &str,
    path: &str,
    token: &Secret,
    body: serde_json::Value,
) -> Answer {
    let builder = with_token(request(method, path), token).header(header::CONTENT_TYPE, "application/json");
    send(app, builder.body(Body::from(body.to_string())).unwrap()).await
}
