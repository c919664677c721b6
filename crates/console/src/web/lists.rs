//! Lists: from the state in the address to rows, the list around them, or a file of all of them.

use std::future::Future;

use accounts::Permission;
use axum::{
    http::Method,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use protocol::query::Query;
use serde_json::Value;
use server::{
    Problem, Routes,
    export::{self, Export, Format},
};
use store::{ListError, ListRequest, Page, Store, Tally};

use super::{
    details,
    visit::{self, Visit},
};
use crate::{
    list::{self, List, Spec, State},
    panel::Frame,
    shell::Shell,
};

/// How many rows a page of a list has.
const ROWS: u32 = 50;

/// A kind of list: where its rows come from and how one looks.
pub(super) trait Kind: 'static {
    type Row: Send + Sync + 'static;
    const SPEC: &'static Spec;
    const CELLS: fn(&Shell, &State, &Self::Row) -> Markup;
    /// What the cells say, one value for each head: exact, as machines read it.
    const VALUES: fn(&Shell, &Self::Row) -> Vec<Value>;
    const TOTAL: fn(&Shell) -> Option<u64>;
    const LEAD: fn(&Shell) -> Markup;
    const EMPTY: fn() -> Markup;

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<Self::Row>, ListError>> + Send;
    /// What opens beside the list, or on a page of its own; nothing where there is no such thing.
    fn open(
        visit: &Visit,
        id: &str,
        frame: Open,
    ) -> impl Future<Output = Result<Option<Markup>, Problem>> + Send;
}

/// How a thing is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// Beside its list.
    Beside,
    /// On a page of its own, whole.
    Page,
}

impl Open {
    /// The frame of a panel.
    pub(super) fn frame(self, visit: &Visit) -> Frame<'_> {
        match self {
            Self::Beside => Frame::Beside(&visit.list),
            Self::Page => Frame::Page,
        }
    }
}

/// The routes of a list and its exports.
pub(super) fn routes<K: Kind>(routes: Routes, permission: Permission) -> Routes {
    let path = K::SPEC.place.path();
    routes
        .signed_in(permission, Method::GET, path, page::<K>)
        .signed_in(permission, Method::GET, &format!("{path}.csv"), |visit| file::<K>(visit, Format::Csv))
        .signed_in(permission, Method::GET, &format!("{path}.json"), |visit| file::<K>(visit, Format::Json))
}

/// The routes of a list whose rows have pages of their own.
pub(super) fn openable<K: Kind>(routes: Routes, permission: Permission) -> Routes {
    let path = format!("{}/{{id}}", K::SPEC.place.path());
    self::routes::<K>(routes, permission).signed_in(permission, Method::GET, &path, details::page::<K>)
}

/// What the address asks for.
fn request<K: Kind>(visit: &Visit) -> Result<ListRequest, ListError> {
    let (state, collection) = (&visit.list, K::SPEC.collection);
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Ok(ListRequest {
        query: collection.query(state.query())?,
        sort: text(&state.sort).map(|sort| collection.sort(&sort)).transpose()?,
        after: text(&state.after),
        limit: ROWS,
        ..visit.request()
    })
}

async fn page<K: Kind>(mut visit: Visit) -> Result<Response, Problem> {
    visit.list = visit.list.settled(K::SPEC.usual);
    let shell = &visit.shell;
    if visit.into.as_deref() == Some("side") {
        let panel = K::open(&visit, &visit.list.open, Open::Beside).await?;
        return panel.map(visit::part).ok_or_else(|| Problem::not_found(K::SPEC.noun.0));
    }
    let found = match request::<K>(&visit) {
        Ok(request) => found::<K>(&visit, request).await,
        Err(error) => Err(error),
    };
    let found = match found {
        Ok(found) => found,
        Err(ListError::Store(error)) => return Err(error.into()),
        Err(problem) => Found::nothing(problem.to_string()),
    };
    let panel = match visit.list.open.as_str() {
        "" => None,
        _ if visit.into.is_some() => None,
        id => K::open(&visit, id, Open::Beside).await?,
    };
    let list = found.list::<K>(&visit, panel);
    Ok(match visit.into {
        Some(_) => visit::part(list::part(shell, &list, visit.query_asked)),
        None => list::page(shell, &list).into_response(),
    })
}

/// What the store is asked.
fn asked<K: Kind>(request: &ListRequest) -> ListRequest {
    ListRequest { query: K::SPEC.with_unsaid(&request.query), ..request.clone() }
}

/// What was found for a list.
struct Found<R> {
    query: Query,
    problem: Option<String>,
    tally: Tally,
    page: Page<R>,
}

async fn found<K: Kind>(visit: &Visit, request: ListRequest) -> Result<Found<K::Row>, ListError> {
    let store = visit.state.store();
    let asked = asked::<K>(&request);
    // The number is mostly wanted, and is counted meanwhile.
    let (page, counted) = tokio::try_join!(K::rows(store, &asked), store.tally(K::SPEC.collection, &asked))?;
    let tally = match request.after.is_none() && page.next.is_none() {
        true => Tally { number: u64::try_from(page.items.len()).unwrap_or(u64::MAX), more: false },
        false => counted,
    };
    Ok(Found { query: request.query, problem: None, tally, page })
}

impl<R> Found<R> {
    fn nothing(problem: String) -> Self {
        let page = Page { items: Vec::new(), next: None };
        Self {
            query: Query::default(),
            problem: Some(problem),
            tally: Tally { number: 0, more: false },
            page,
        }
    }

    fn list<'a, K: Kind<Row = R>>(&'a self, visit: &'a Visit, panel: Option<Markup>) -> List<'a> {
        let shell = &visit.shell;
        List {
            spec: K::SPEC,
            state: &visit.list,
            query: &self.query,
            problem: self.problem.clone(),
            tally: self.tally,
            total: (K::TOTAL)(shell),
            lead: (K::LEAD)(shell),
            rows: self.page.items.iter().map(|row| (K::CELLS)(shell, &visit.list, row)).collect(),
            next: self.page.next.clone(),
            empty: html! { ((K::EMPTY)()) },
            panel,
        }
    }
}

/// All rows that match, as a file.
async fn file<K: Kind>(mut visit: Visit, format: Format) -> Result<Response, Problem> {
    visit.list = visit.list.settled(K::SPEC.usual);
    let asked = ListRequest { after: None, limit: export::PAGE, ..asked::<K>(&request::<K>(&visit)?) };
    let store = visit.state.store().clone();
    let (columns, shell) = (K::SPEC.columns(), visit.shell.clone());
    let cells = move |row: &K::Row| (K::VALUES)(&shell, row);
    let file = Export { name: K::SPEC.collection.name(), format, columns, cells };
    let fetch = move |after: Option<String>| {
        let (store, asked) = (store.clone(), ListRequest { after, ..asked.clone() });
        async move { K::rows(&store, &asked).await }
    };
    export::export(file, fetch).await
}
