//! What lists promise, on both engines, over a made-up fleet. Here a page may be found by both ways at a few rows.

mod answers;
mod people;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::*;
use crate::{
    common::{self, Place},
    seed::{self, Scale},
};

pub(super) const ALL: [Collection; 8] = [
    Collection::Devices,
    Collection::Artifacts,
    Collection::Holdings,
    Collection::Runtimes,
    Collection::Agents,
    Collection::Packages,
    Collection::Findings,
    Collection::Records,
];

pub(super) fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// A store with the fleet in it.
pub(super) async fn fleet(place: &Place) -> Store {
    let store = place.open().await;
    seed::fill(&store, Scale::SMALL, now()).await.unwrap();
    store
}

/// A page of any list, as JSON.
pub(super) async fn page(store: &Store, collection: Collection, request: &ListRequest) -> Page<Json> {
    fn json<T: Serialize>(page: Page<T>) -> Page<Json> {
        let items = page.items.iter().map(|item| serde_json::to_value(item).unwrap()).collect();
        Page { items, next: page.next }
    }
    match collection {
        Collection::Devices => json(store.devices(request).await.unwrap()),
        Collection::Artifacts => json(store.artifacts(request).await.unwrap()),
        Collection::Holdings => json(store.holdings(request).await.unwrap()),
        Collection::Runtimes => json(store.runtimes(request).await.unwrap()),
        Collection::Agents => json(store.agents(request).await.unwrap()),
        Collection::Packages => json(store.packages(request).await.unwrap()),
        Collection::Findings => json(store.findings(request).await.unwrap()),
        Collection::Records => json(store.records(request).await.unwrap()),
    }
}

/// All rows of a list, page by page.
pub(super) async fn every(store: &Store, collection: Collection, mut request: ListRequest) -> Vec<Json> {
    let mut rows = Vec::new();
    loop {
        let page = page(store, collection, &request).await;
        assert!(page.items.len() <= request.limit as usize);
        assert!(page.next.is_none() || page.items.len() == request.limit as usize);
        rows.extend(page.items);
        match page.next {
            Some(next) => request.after = Some(next),
            None => return rows,
        }
    }
}

pub(super) fn asked(collection: Collection, query: &str) -> ListRequest {
    ListRequest { query: collection.query(query).unwrap(), limit: 1000, ..ListRequest::all(now()) }
}

/// Programs are only those that run, unless somebody says otherwise.
pub(super) fn everything(collection: Collection) -> &'static str {
    match collection {
        Collection::Runtimes | Collection::Agents => "state:running,installed",
        _ => "",
    }
}

#[test]
fn every_field_is_explained_and_every_word_has_its_meaning() {
    use protocol::query::Kind;
    for collection in ALL {
        let shape = collection.shape();
        for known in shape.known {
            let field = known.field;
            assert!(!field.about.is_empty() && field.name.chars().all(|c| c.is_ascii_alphanumeric()));
            assert_eq!(shape.known.iter().filter(|other| other.field.name == field.name).count(), 1);
            if let (Kind::Word(words), shape::Meaning::Words(meant) | shape::Meaning::Common(meant)) =
                (field.kind, known.meaning)
            {
                assert_eq!(words, meant.iter().map(|(word, _)| *word).collect::<Vec<_>>());
            }
        }
        assert!(shape.key(shape.usual.column).is_some());
    }
}

crate::both_engines! {
    async fn every_row_is_on_one_page_whatever_the_order_and_the_limit(place) {
        let store = fleet(place).await;
        for collection in ALL {
            for column in collection.columns() {
                for (descending, limit) in [(false, 7), (true, 13)] {
                    let sort = Some(Sort { column: column.name, descending });
                    let request = ListRequest { sort, limit, ..asked(collection, everything(collection)) };
                    let request = ListRequest { limit, ..request };
                    let walked = every(&store, collection, request.clone()).await;
                    // Nothing has this name, so this is everything again, found the other way.
                    let all = asked(collection, &format!("{} -device:nosuch", everything(collection)));
                    let whole = every(&store, collection, ListRequest { sort, limit: 1000, ..all }).await;
                    assert_eq!(walked, whole, "{collection:?} by {sort:?}");
                    let expected = store.tally(collection, &request).await.unwrap();
                    assert_eq!((walked.len() as u64, expected.more), (expected.number, false));
                    let distinct: std::collections::HashSet<_> = walked.iter().map(Json::to_string).collect();
                    assert_eq!(distinct.len(), walked.len());
                }
            }
        }
    }

    async fn rows_stand_in_the_order_that_was_asked_for(place) {
        let store = fleet(place).await;
        let texts = |rows: &[Json], field: &str| -> Vec<String> {
            rows.iter().map(|row| row[field].as_str().unwrap_or_default().to_lowercase()).collect()
        };
        let numbers = |rows: &[Json], field: &str| -> Vec<i64> {
            rows.iter().map(|row| row[field].as_i64().unwrap_or(-1)).collect()
        };
        let sorted = |collection: Collection, sort: &str| {
            let sort = Some(collection.sort(sort).unwrap());
            every(&store, collection, ListRequest { sort, limit: 9, ..asked(collection, everything(collection)) })
        };
        let names = texts(&sorted(Collection::Devices, "name").await, "hostname");
        assert!(names.is_sorted() && names.len() == 40);
        let names = texts(&sorted(Collection::Artifacts, "-name").await, "name");
        assert!(names.is_sorted_by(|a, b| a >= b) && names.len() == 120);
        assert!(numbers(&sorted(Collection::Artifacts, "size").await, "size").is_sorted());
        assert!(numbers(&sorted(Collection::Artifacts, "held").await, "devices").is_sorted());
        let dues = sorted(Collection::Findings, "due").await;
        let first_without = dues.iter().position(|row| row["due"].is_null()).unwrap();
        assert!(first_without > 0 && dues[first_without..].iter().all(|row| row["due"].is_null()));
        assert!(texts(&dues[..first_without], "due").is_sorted());
    }

    async fn a_page_of_another_order_is_refused(place) {
        let store = fleet(place).await;
        let request = ListRequest { limit: 5, ..asked(Collection::Artifacts, "") };
        let after = store.artifacts(&request).await.unwrap().next;
        let sort = Some(Collection::Artifacts.sort("size").unwrap());
        let other = ListRequest { after: after.clone(), sort, ..request.clone() };
        assert!(matches!(store.artifacts(&other).await, Err(ListError::Cursor)));
        let other = ListRequest { after, ..asked(Collection::Devices, "") };
        assert!(matches!(store.devices(&other).await, Err(ListError::Cursor)));
        let wrong = ListRequest { after: Some("x".into()), ..request };
        assert!(matches!(store.artifacts(&wrong).await, Err(ListError::Cursor)));
        let none = ListRequest { limit: 0, ..asked(Collection::Devices, "") };
        assert_eq!(store.devices(&none).await.unwrap().items.len(), 1);
    }

    async fn only_running_programs_are_listed_unless_a_state_is_named(place) {
        let store = fleet(place).await;
        let running = every(&store, Collection::Agents, asked(Collection::Agents, "")).await;
        assert!(!running.is_empty() && running.iter().all(|row| !row["pid"].is_null()));
        let installed = every(&store, Collection::Agents, asked(Collection::Agents, "state:installed")).await;
        assert!(!installed.is_empty() && installed.iter().all(|row| row["pid"].is_null()));
        let all = store.tally(Collection::Agents, &asked(Collection::Agents, "state:*")).await.unwrap();
        assert_eq!(all.number, (running.len() + installed.len()) as u64);
    }

    async fn an_artifact_shows_its_first_paths_and_no_more_than_asked(place) {
        let store = fleet(place).await;
        let sort = Some(Collection::Artifacts.sort("-held").unwrap());
        let request = ListRequest { sort, limit: 10, paths: 2, ..asked(Collection::Artifacts, "") };
        let artifacts = store.artifacts(&request).await.unwrap().items;
        assert!(artifacts.iter().all(|artifact| artifact.paths.len() == 2 && artifact.holdings >= 2));
        let detail = store.artifact(&artifacts[0].id, Scope::All).await.unwrap().unwrap();
        assert_eq!(detail.row.paths.len() as u64, detail.row.holdings);
        assert_eq!(detail.row.paths[..2], artifacts[0].paths);
    }
}
