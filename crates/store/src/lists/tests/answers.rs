//! What queries find.

use super::*;

/// Values to ask each kind of field for.
fn samples(collection: Collection) -> Vec<String> {
    use protocol::query::Kind;
    let texts = [
        "*",
        "a*",
        "*-1*",
        "kestrel-*",
        "mit",
        "gguf",
        "Person 03",
        "none",
        "me",
        "ollama",
        "!mit",
        "*ünï_%\\*",
    ];
    let mut queries: Vec<String> = ["kestrel", "lap", "Ü", "nosuch", "50%", "_"].map(str::to_owned).into();
    for field in collection.fields() {
        let values: Vec<String> = match field.kind {
            Kind::Text => texts.iter().map(|text| format!("\"{text}\"")).chain(texts.map(quoted)).collect(),
            Kind::Path => vec!["/home/ann/*".into(), "/usr/lib/python3/torch".into(), "/Home/*".into()],
            Kind::Word(words) => words.iter().map(|word| (*word).to_owned()).chain(["*o*".into()]).collect(),
            Kind::Number => vec!["0".into(), ">1".into(), "<=2".into()],
            Kind::Size => vec![">20GB".into(), "<1GiB".into()],
            Kind::Time => [
                "<30d",
                ">=10d",
                "<2026-10-01",
                ">2026-10-01",
                "2026-10-05",
                "<=2026-12-07",
                ">=2026-12-07",
                ">300000y",
            ]
            .map(str::to_owned)
            .into(),
        };
        queries.extend(values.iter().map(|value| format!("{}:{value}", field.name)));
        if let [one, two, ..] = values.as_slice() {
            queries.push(format!("{}:{one},{two}", field.name));
        }
    }
    queries
}

/// With its stars as wildcards, but its spaces kept.
fn quoted(text: &str) -> String {
    text.split('*')
        .map(|piece| if piece.is_empty() { String::new() } else { format!("\"{piece}\"") })
        .collect::<Vec<_>>()
        .join("*")
}

/// One fleet on both engines.
async fn both(place: &Place) -> [Store; 2] {
    let sqlite = crate::Location::Sqlite(place.folder().join("other.db"));
    let sqlite = Store::open(&sqlite).await.unwrap();
    seed::fill(&sqlite, Scale::SMALL, now()).await.unwrap();
    [fleet(place).await, sqlite]
}

#[test]
fn both_engines_answer_every_query_the_same_and_a_negation_finds_the_rest() {
    common::on_postgres(async |place| {
        let stores = both(place).await;
        for collection in ALL {
            let all = store_count(&stores[0], collection, everything(collection)).await;
            for (at, query) in samples(collection).into_iter().enumerate() {
                let columns = collection.columns();
                let sort = Some(Sort { column: columns[at % columns.len()].name, descending: at % 2 == 0 });
                let state = if query.contains("state:") { "" } else { everything(collection) };
                let query = format!("{state} {query}");
                let request = ListRequest { sort, limit: 11, me: Some(4), ..asked(collection, &query) };
                let first = every(&stores[0], collection, request.clone()).await;
                assert_eq!(first, every(&stores[1], collection, request).await, "{collection:?} {query}");
                assert_eq!(store_count(&stores[0], collection, &query).await, first.len() as u64, "{query}");
                let negated = match query.trim_start_matches(state).trim() {
                    term if term.starts_with("state:") && !everything(collection).is_empty() => {
                        format!("state:* -{term}")
                    }
                    term => format!("{state} -{term}"),
                };
                let rest = store_count(&stores[0], collection, &negated).await;
                assert_eq!(rest + first.len() as u64, all, "{collection:?} {query} and {negated}");
            }
        }
    });
}

async fn store_count(store: &Store, collection: Collection, query: &str) -> u64 {
    let request = ListRequest { me: Some(4), ..asked(collection, query) };
    store.tally(collection, &request).await.unwrap().number
}

async fn found(store: &Store, collection: Collection, query: &str) -> Vec<Json> {
    every(store, collection, ListRequest { me: Some(4), ..asked(collection, query) }).await
}

crate::both_engines! {
    async fn what_is_found_is_what_was_asked_for(place) {
        let store = fleet(place).await;
        let artifacts = found(&store, Collection::Artifacts, "").await;
        let expect = async |query: &str, fits: &dyn Fn(&Json) -> bool| {
            let rows = found(&store, Collection::Artifacts, query).await;
            let expected: Vec<_> = artifacts.iter().filter(|row| fits(row)).cloned().collect();
            assert!(!expected.is_empty(), "{query} should find something");
            assert_eq!(rows, expected, "{query}");
        };
        let text = |row: &Json, pointer: &str| row.pointer(pointer).and_then(Json::as_str).map(str::to_lowercase);
        expect("license:MIT", &|row| text(row, "/license/id").as_deref() == Some("mit")).await;
        expect("-license:mit", &|row| text(row, "/license/id").as_deref() != Some("mit")).await;
        expect("-license:*", &|row| row["license"].is_null()).await;
        expect("license:*,!mit,!other", &|row| {
            text(row, "/license/id").is_some_and(|id| id != "mit" && id != "other")
        }).await;
        expect("commercial:unknown", &|row| {
            text(row, "/license/commercial_use").is_none_or(|known| known == "unknown")
        }).await;
        expect("origin:unknown", &|row| row["origin"].is_null()).await;
        expect("name:KESTREL-*", &|row| text(row, "/name").unwrap().starts_with("kestrel-")).await;
        expect("iris", &|row| text(row, "/name").unwrap().contains("iris")).await;
        expect("held:>2 size:>10GB", &|row| {
            row["devices"].as_u64().unwrap() > 2 && row["size"].as_u64().unwrap() > 10_000_000_000
        }).await;
        expect("severity:none", &|row| row["severity"].is_null()).await;
        expect("format:onnx,keras", &|row| ["onnx", "keras"].contains(&row["format"].as_str().unwrap())).await;
        let since = "2026-11-10T12:00:00Z";
        expect("seen:<10d", &|row| row["first_seen_at"].as_str().unwrap() > since).await;
    }

    async fn a_path_is_found_by_its_beginning_in_its_own_case(place) {
        let store = fleet(place).await;
        let all = found(&store, Collection::Holdings, "").await;
        let below = |start: &str| all.iter().filter(|row| row["path"].as_str().unwrap().starts_with(start)).count();
        assert!(below("/home/Bob/") > 0);
        assert_eq!(found(&store, Collection::Holdings, "path:/home/Bob/*").await.len(), below("/home/Bob/"));
        assert_eq!(found(&store, Collection::Holdings, "path:/home/bob/*").await.len(), 0);
        let path = all[3]["path"].as_str().unwrap();
        assert_eq!(found(&store, Collection::Holdings, &format!("path:\"{path}\"")).await, [all[3].clone()]);
    }

    async fn a_word_finds_holdings_by_their_artifact_or_their_device(place) {
        let store = fleet(place).await;
        let all = found(&store, Collection::Holdings, "").await;
        for word in ["kestrel", "srv-"] {
            let fits = |row: &&Json| {
                row["name"].as_str().unwrap().to_lowercase().contains(word)
                    || row["device"]["name"].as_str().unwrap().to_lowercase().contains(word)
            };
            let expected: Vec<_> = all.iter().filter(fits).cloned().collect();
            assert!(!expected.is_empty());
            assert_eq!(found(&store, Collection::Holdings, word).await, expected);
        }
    }

    async fn the_artifacts_of_a_device_are_those_it_holds_however_many_devices_are_meant(place) {
        let store = fleet(place).await;
        let holdings = found(&store, Collection::Holdings, "").await;
        let one = holdings[0]["device"]["name"].as_str().unwrap().to_owned();
        for pattern in [one.as_str(), "lap-*", "*"] {
            let start = pattern.trim_end_matches('*').to_lowercase();
            let held: std::collections::BTreeSet<_> = holdings
                .iter()
                .filter(|row| row["device"]["name"].as_str().unwrap().to_lowercase().starts_with(&start))
                .map(|row| row["artifact"].as_str().unwrap().to_owned())
                .collect();
            let listed = found(&store, Collection::Artifacts, &format!("device:{pattern}")).await;
            let listed: std::collections::BTreeSet<_> =
                listed.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
            assert_eq!(listed, held, "{pattern}");
        }
    }

    async fn findings_are_found_by_who_looks_after_them_and_when_they_are_due(place) {
        let store = fleet(place).await;
        let all = found(&store, Collection::Findings, "").await;
        let count = |fits: &dyn Fn(&Json) -> bool| all.iter().filter(|row| fits(row)).count();
        let own = count(&|row| row["assignee"]["id"] == 4);
        assert!(own > 0);
        assert_eq!(found(&store, Collection::Findings, "assignee:me").await.len(), own);
        assert_eq!(found(&store, Collection::Findings, "assignee:\"Person 03\"").await.len(), own);
        let nobody = count(&|row| row["assignee"].is_null());
        assert_eq!(found(&store, Collection::Findings, "assignee:none").await.len(), nobody);
        let soon = count(&|row| row["due"].as_str().is_some_and(|due| due < "2026-12-15"));
        assert!(soon > 0);
        assert_eq!(found(&store, Collection::Findings, "due:<2026-12-15").await.len(), soon);
        assert_eq!(found(&store, Collection::Findings, "due:>0d").await.len(), 0);
    }

    async fn a_device_with_capitals_that_are_not_ascii_is_found_by_its_name(place) {
        let store = fleet(place).await;
        place.run("UPDATE devices SET name = 'MÜLLER-1', search = 'müller-1' WHERE id = 3").await;
        for query in ["device:müller-1", "device:MÜLLER-*", "müller", "device:*Ü*"] {
            assert_eq!(found(&store, Collection::Devices, query).await.len(), 1, "{query}");
        }
    }
}
