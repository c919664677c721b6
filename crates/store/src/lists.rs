//! Lists: which there are, what a caller asks of one, and what it gets. How a list becomes SQL is in the modules below.

use jiff::Timestamp;
use protocol::query::{Field, Query, QueryError};
use serde::Serialize;

use crate::StoreError;

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Collection {
    /// Machines with a sensor.
    Devices,
    /// Models.
    Artifacts,
    /// Models at their paths on devices.
    Holdings,
    /// Programs that run inference.
    Runtimes,
    /// AI agents.
    Agents,
    /// AI packages.
    Packages,
    /// Conclusions that someone should act on.
    Findings,
    /// What happened and who did it.
    Records,
}

/// A column that a list can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in `sort=`.
    pub name: &'static str,
    /// Whether people expect the greatest first: numbers, times, severities.
    pub descending_first: bool,
}

/// Whose eyes look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// Only what is on devices of this person.
    Person(i64),
}

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// One of [`Collection::columns`].
    pub column: &'static str,
    /// The greatest first.
    pub descending: bool,
}

/// What is asked of a list.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Which rows.
    pub query: Query,
    /// In which order; the collection's own when there is none.
    pub sort: Option<Sort>,
    /// Where the page before ended: its `next`.
    pub after: Option<String>,
    /// How many rows, 1 to 1,000.
    pub limit: u32,
    /// Whose eyes look.
    pub scope: Scope,
    /// The time from which ages count.
    pub now: Timestamp,
}

impl ListRequest {
    /// The first 50 rows of everything.
    pub fn all(now: Timestamp) -> Self {
        Self { query: Query::default(), sort: None, after: None, limit: 50, scope: Scope::All, now }
    }
}

/// Rows, and where the next ones begin.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to pass as `after` for the rows behind these; null when there are none.
    pub next: Option<String>,
}

/// How many rows match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Their number, at most [`Tally::MOST`].
    pub number: u64,
    /// There are more.
    pub more: bool,
}

impl Tally {
    /// Where counting stops in collections that may have millions of rows.
    pub const MOST: u64 = 10_000;
}

/// Why a list could not be given.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The query was not understood.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// There is no such order.
    #[error("there is no order `{0}`")]
    Sort(String),
    /// `after` was not made by this list in this order.
    #[error("`after` does not belong to this list in this order: begin at the first page")]
    Cursor,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Collection {
    /// Its name in paths and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Devices => "devices",
            Self::Artifacts => "artifacts",
            Self::Holdings => "holdings",
            Self::Runtimes => "runtimes",
            Self::Agents => "agents",
            Self::Packages => "packages",
            Self::Findings => "findings",
            Self::Records => "records",
        }
    }

    /// Reads `?q=` for this collection.
    ///
    /// # Errors
    /// [`ListError::Query`].
    pub fn query(self, text: &str) -> Result<Query, ListError> {
        Ok(Query::parse(text, self.fields())?)
    }

    /// Reads `?sort=`: a column's name, `-` in front for the greatest first.
    ///
    /// # Errors
    /// [`ListError::Sort`].
    pub fn sort(self, text: &str) -> Result<Sort, ListError> {
        let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let column = self.columns().iter().find(|column| column.name == name);
        let column = column.ok_or_else(|| ListError::Sort(name.to_owned()))?.name;
        Ok(Sort { column, descending })
    }

    /// The fields that its queries may name.
    pub fn fields(self) -> &'static [Field] {
        &[]
    }

    /// The columns that it can be sorted by.
    pub fn columns(self) -> &'static [Column] {
        &[]
    }
}
