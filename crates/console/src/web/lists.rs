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

use super::visit::{self, Visit};
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
    /// The file of an export; the addresses of both kinds.
    const FILES: [&'static str; 2];
    const COLUMNS: &'static [&'static str];

    fn rows(
        store: &Store,
        request: &ListRequest,
    ) -> impl Future<Output = Result<Page<Self::Row>, ListError>> + Send;
    fn cells(shell: &Shell, state: &State, row: &Self::Row) -> Markup;
    fn total(shell: &Shell) -> Option<u64>;
    fn lead(shell: &Shell) -> Markup;
    fn empty() -> Markup;
    fn export(row: &Self::Row) -> Vec<Value>;
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
    let [csv, json] = K::FILES;
    routes
        .signed_in(permission, Method::GET, K::SPEC.place.path(), page::<K>)
        .signed_in(permission, Method::GET, csv, |visit| file::<K>(visit, Format::Csv))
        .signed_in(permission, Method::GET, json, |visit| file::<K>(visit, Format::Json))
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
    let page = K::rows(store, &asked).await?;
    let tally = match request.after.is_none() && page.next.is_none() {
        true => Tally { number: u64::try_from(page.items.len()).unwrap_or(u64::MAX), more: false },
        false => store.tally(K::SPEC.collection, &asked).await?,
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
            total: K::total(shell),
            lead: K::lead(shell),
            rows: self.page.items.iter().map(|row| K::cells(shell, &visit.list, row)).collect(),
            next: self.page.next.clone(),
            empty: html! { (K::empty()) },
            panel,
        }
    }
}

/// All rows that match, as a file.
async fn file<K: Kind>(mut visit: Visit, format: Format) -> Result<Response, Problem> {
    visit.list = visit.list.settled(K::SPEC.usual);
    let asked = ListRequest { after: None, limit: export::PAGE, ..asked::<K>(&request::<K>(&visit)?) };
    let store = visit.state.store().clone();
    let file =
        Export { name: K::SPEC.collection.name(), format, columns: K::COLUMNS.to_vec(), cells: K::export };
    let fetch = move |after: Option<String>| {
        let (store, asked) = (store.clone(), ListRequest { after, ..asked.clone() });
        async move { K::rows(&store, &asked).await }
    };
    export::export(file, fetch).await
}
