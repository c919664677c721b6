//! What the server knows, in SQLite or PostgreSQL: devices, what they hold and run, findings and their lives, people and their
//! keys.
//!
//! First floor. One SQL text serves both engines ([`db`] says how); every table is reached through a method of [`Store`], so
//! that nothing outside this crate writes SQL. Nothing here decides who may see what: callers pass a [`Scope`].

mod access;
mod counts;
mod db;
mod details;
mod devices;
mod events;
mod ingest;
mod lists;
mod migrate;
mod rows;
#[cfg(any(test, feature = "seed"))]
pub mod seed;
mod text;
mod triage;
mod upkeep;

pub use access::{Actor, Joined, LoginLink, Person, SessionRow, TokenRow};
pub use db::{Engine, Location, StoreError};
pub use devices::{DeviceKey, Enrolment, OrderRow};
pub use ingest::Ingested;

pub use lists::{Collection, Column, ListError, ListRequest, Page, Scope, Sort, Tally};
pub use rows::*;
pub use triage::Triage;

use db::Database;

#[cfg(test)]
extern crate self as store;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;

/// The database of one server. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Database,
    pub(crate) reports: ingest::Queue,
}

impl Store {
    /// Opens a database, or makes it, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be reached, is damaged, newer, or another server has it.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        let db = Database::open(location).await?;
        migrate::migrate(&db, migrate::MIGRATIONS).await?;
        let reports = ingest::start(db.clone());
        Ok(Self { db, reports })
    }

    /// Whether it answers now.
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.db.row("SELECT 1", Vec::new()).await.map(|_| ())
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        self.db.engine()
    }

    /// Closes it. What was acknowledged is on disk with or without this.
    pub async fn close(&self) {
        self.db.close().await;
    }
}
