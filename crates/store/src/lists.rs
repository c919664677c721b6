//! Lists: which there are, what a caller asks of one, and what it gets. How a list becomes SQL is in the modules below.

mod compile;
mod cursor;
mod fields;
mod load;
mod page;
mod shape;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use protocol::query::{Field, Query, QueryError};
use serde::Serialize;

use crate::{
    ArtifactRow, DeviceRow, FindingRow, HoldingRow, PackageRow, ProgramRow, RecordRow, Store, StoreError,
};

pub(crate) use compile::Sql;
pub(crate) use load::{SILENT_AFTER, artifacts, devices, due, findings, programs, severity};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Who is meant by `me` in the query, where somebody is signed in.
    pub me: Option<i64>,
    /// How many paths an artefact shows, 1 to 100.
    pub paths: u32,
    /// The time from which ages count.
    pub now: Timestamp,
}

impl ListRequest {
    /// The first 50 rows of everything.
    pub fn all(now: Timestamp) -> Self {
        Self {
            query: Query::default(),
            sort: None,
            after: None,
            limit: 50,
            scope: Scope::All,
            me: None,
            paths: 5,
            now,
        }
    }

    /// Who is meant by `me`.
    pub(crate) fn viewer(&self) -> Option<i64> {
        match self.scope {
            Scope::Person(person) => Some(person),
            Scope::All => self.me,
        }
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
    /// Their number: exactly for all devices, artefacts, programs or findings, else at most [`Tally::MOST`].
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
        self.shape().fields
    }

    /// The columns that it can be sorted by. What is absent is the least, but of dates the last.
    pub fn columns(self) -> &'static [Column] {
        self.shape().columns
    }

    /// How it is sorted when nobody says.
    pub fn usual_sort(self) -> Sort {
        self.shape().usual
    }
}

/// Programs are asked for as they run now, unless the query says which.
fn running(collection: Collection, request: &ListRequest) -> Result<ListRequest, ListError> {
    let mut request = request.clone();
    if !request.query.names("state") {
        request.query.terms.extend(collection.query("state:running")?.terms);
    }
    Ok(request)
}

impl Store {
    /// Machines with a sensor.
    ///
    /// # Errors
    /// [`ListError`], as for every list.
    pub async fn devices(&self, request: &ListRequest) -> Result<Page<DeviceRow>, ListError> {
        let keys = page::keys(&self.db, Collection::Devices, request).await?;
        Ok(Page { items: devices(&self.db, &keys.ids, request.now).await?, next: keys.next })
    }

    /// Models, with the first places where they are held.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn artifacts(&self, request: &ListRequest) -> Result<Page<ArtifactRow>, ListError> {
        let keys = page::keys(&self.db, Collection::Artifacts, request).await?;
        Ok(Page { items: artifacts(&self.db, &keys.ids, request).await?, next: keys.next })
    }

    /// Models at their paths on devices.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn holdings(&self, request: &ListRequest) -> Result<Page<HoldingRow>, ListError> {
        let keys = page::keys(&self.db, Collection::Holdings, request).await?;
        Ok(Page { items: load::holdings(&self.db, &keys.ids).await?, next: keys.next })
    }

    /// Programs that run inference: those that run, unless the query names a `state`.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn runtimes(&self, request: &ListRequest) -> Result<Page<ProgramRow>, ListError> {
        self.programs(Collection::Runtimes, request).await
    }

    /// AI agents: those that run, unless the query names a `state`.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn agents(&self, request: &ListRequest) -> Result<Page<ProgramRow>, ListError> {
        self.programs(Collection::Agents, request).await
    }

    async fn programs(
        &self,
        collection: Collection,
        request: &ListRequest,
    ) -> Result<Page<ProgramRow>, ListError> {
        let keys = page::keys(&self.db, collection, &running(collection, request)?).await?;
        Ok(Page { items: programs(&self.db, &keys.ids).await?, next: keys.next })
    }

    /// AI packages.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn packages(&self, request: &ListRequest) -> Result<Page<PackageRow>, ListError> {
        let keys = page::keys(&self.db, Collection::Packages, request).await?;
        Ok(Page { items: load::packages(&self.db, &keys.ids).await?, next: keys.next })
    }

    /// Conclusions that someone should act on.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn findings(&self, request: &ListRequest) -> Result<Page<FindingRow>, ListError> {
        let keys = page::keys(&self.db, Collection::Findings, request).await?;
        Ok(Page { items: findings(&self.db, &keys.ids).await?, next: keys.next })
    }

    /// What happened and who did it.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn records(&self, request: &ListRequest) -> Result<Page<RecordRow>, ListError> {
        let keys = page::keys(&self.db, Collection::Records, request).await?;
        Ok(Page { items: load::records(&self.db, &keys.ids).await?, next: keys.next })
    }

    /// How many rows match what a list of this collection would give; see [`Tally::number`].
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn tally(&self, collection: Collection, request: &ListRequest) -> Result<Tally, ListError> {
        let request = match collection {
            Collection::Runtimes | Collection::Agents => &running(collection, request)?,
            _ => request,
        };
        Ok(page::tally(&self.db, collection, request).await?)
    }
}
