//! The server: routes and who may use them, the API, the sensors' side, live events, metrics and the control socket.
//!
//! Second floor, on `store` and `accounts`. Knows nothing of pages: the console brings its own [`Routes`], and [`app`] puts the
//! guards around all of them. Every route is added through [`Routes`] with the permission that it asks for.

pub mod api;
mod app;
mod caller;
mod clock;
mod connections;
pub mod control;
mod cross_site;
pub mod events;
pub mod export;
mod guard;
mod health;
mod hosts;
mod log;
mod metrics;
mod presence;
mod problem;
mod recent;
pub mod routes;
mod sensor;
mod serve;
mod state;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
#[cfg(test)]
mod tests;

pub use app::{HeaderPolicy, app};
pub use caller::{Caller, Client, clear_session_cookie, session_cookie};
pub use clock::Clock;
pub use events::Event;
pub use presence::Presence;
pub use problem::Problem;
pub use routes::{Access, Routes};
pub use serve::{local_url, serve};
pub use state::{Settings, State};

/// Everything that the server itself serves: the API, the sensors' side, health and metrics.
pub fn routes(state: &State) -> Routes {
    api::routes(state).merge(sensor::routes()).merge(health::routes())
}
