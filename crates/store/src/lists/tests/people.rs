//! Who sees what, and that the overview says what the lists say.

use std::collections::BTreeSet;

use super::*;

const OWN: Scope = Scope::Person(4);

fn ids(rows: &[Json], pointer: &str) -> BTreeSet<String> {
    rows.iter().filter_map(|row| Some(row.pointer(pointer)?.as_str()?.to_owned())).collect()
}

crate::both_engines! {
    async fn a_person_sees_what_is_on_their_devices_and_nothing_of_others(place) {
        let store = fleet(place).await;
        let own = |collection| {
            every(&store, collection, ListRequest { scope: OWN, limit: 7, ..asked(collection, everything(collection)) })
        };
        let devices = own(Collection::Devices).await;
        assert!(!devices.is_empty() && devices.iter().all(|row| row["person"]["id"] == 4));
        let devices = ids(&devices, "/id");
        for collection in ALL.into_iter().filter(|other| !matches!(other, Collection::Devices | Collection::Artifacts)) {
            let rows = own(collection).await;
            assert!(ids(&rows, "/device/id").is_subset(&devices), "{collection:?}");
            assert!(rows.iter().all(|row| !row["device"].is_null()));
            let all = every(&store, collection, asked(collection, everything(collection))).await;
            let expected = all.iter().filter(|row| devices.contains(row["device"]["id"].as_str().unwrap_or("")));
            assert_eq!(rows.len(), expected.count(), "{collection:?}");
        }
        let holdings = own(Collection::Holdings).await;
        let artifacts = own(Collection::Artifacts).await;
        assert_eq!(ids(&artifacts, "/id"), ids(&holdings, "/artifact"));
        for artifact in &artifacts {
            let held = holdings.iter().filter(|row| row["artifact"] == artifact["id"]).count();
            assert_eq!(artifact["holdings"].as_u64().unwrap(), held as u64);
            let paths = artifact["paths"].as_array().unwrap();
            assert!(!paths.is_empty() && ids(paths, "/device/id").is_subset(&devices));
        }
    }

    async fn what_a_person_may_not_see_is_not_there_by_its_id_or_by_a_query_either(place) {
        let store = fleet(place).await;
        let every = |collection| every(&store, collection, asked(collection, everything(collection)));
        let mine = |row: &Json| row["person"]["id"] == 4;
        let devices = every(Collection::Devices).await;
        for device in &devices {
            let id = device["id"].as_str().unwrap();
            assert_eq!(store.device(id, OWN, now()).await.unwrap().is_some(), mine(device));
        }
        let own = ids(&devices.into_iter().filter(mine).collect::<Vec<_>>(), "/id");
        for finding in every(Collection::Findings).await {
            let seen = store.finding(finding["id"].as_str().unwrap(), OWN).await.unwrap();
            assert_eq!(seen.is_some(), own.contains(finding["device"]["id"].as_str().unwrap()));
        }
        for runtime in every(Collection::Runtimes).await {
            let seen = store.program(runtime["id"].as_str().unwrap(), OWN).await.unwrap();
            assert_eq!(seen.is_some(), own.contains(runtime["device"]["id"].as_str().unwrap()));
        }
        let holdings = every(Collection::Holdings).await;
        for artifact in every(Collection::Artifacts).await {
            let held = holdings.iter().filter(|row| row["artifact"] == artifact["id"]);
            let held = held.filter(|row| own.contains(row["device"]["id"].as_str().unwrap())).count();
            let seen = store.artifact(artifact["id"].as_str().unwrap(), OWN).await.unwrap();
            assert_eq!(seen.map_or(0, |seen| seen.row.holdings), held as u64);
        }
        // A device of somebody else, by name: that it holds the same artefact stays unknown.
        let foreign = holdings.iter().find(|row| !own.contains(row["device"]["id"].as_str().unwrap())).unwrap();
        let query = format!("device:{}", foreign["device"]["id"].as_str().unwrap());
        let request = ListRequest { scope: OWN, ..asked(Collection::Artifacts, &query) };
        assert!(store.artifacts(&request).await.unwrap().items.is_empty());
    }

    async fn the_overview_says_what_the_lists_say(place) {
        let store = fleet(place).await;
        for scope in [Scope::All, OWN] {
            let count = async |collection, query: &str| {
                let request = ListRequest { scope, ..asked(collection, query) };
                store.tally(collection, &request).await.unwrap().number
            };
            let overview = store.overview(scope, now()).await.unwrap();
            let open = count(Collection::Findings, "state:open -severity:info").await;
            assert_eq!(overview.open, open);
            assert!(overview.needs.is_sorted_by(|a, b| a.severity >= b.severity));
            for need in &overview.needs {
                let query = format!("state:open rule:{}", need.rule);
                assert_eq!(need.findings, count(Collection::Findings, &query).await);
                let request = ListRequest { scope, ..asked(Collection::Findings, &query) };
                let findings = store.findings(&request).await.unwrap().items;
                let newest = findings.iter().max_by_key(|finding| finding.first_seen_at).unwrap();
                assert_eq!((&need.newest, &need.message), (&newest.id, &newest.message));
                let on: BTreeSet<_> = findings.iter().map(|finding| &finding.device.id).collect();
                assert_eq!(need.devices, on.len() as u64);
                assert_eq!(need.due, findings.iter().filter_map(|finding| finding.due).min());
                let assigned = findings.iter().filter(|finding| finding.assignee.is_some()).count();
                assert_eq!(need.assigned, assigned as u64);
            }
            let figures = &overview.figures;
            assert_eq!(figures.artifacts.now, count(Collection::Artifacts, "-role:data").await);
            assert!(figures.artifacts.now < count(Collection::Artifacts, "").await);
            assert_eq!(figures.noncommercial, count(Collection::Artifacts, "commercial:no -role:data").await);
            assert_eq!(figures.unknown_origin, count(Collection::Artifacts, "origin:unknown -role:data").await);
            assert_eq!(figures.runtimes.now, count(Collection::Runtimes, "").await);
            assert_eq!(figures.confirmed_runtimes, count(Collection::Runtimes, "confidence:confirmed").await);
            assert_eq!(figures.installed_agents, count(Collection::Agents, "state:*").await);
            assert_eq!(figures.devices.now, count(Collection::Devices, "state:reporting").await);
            assert_eq!(figures.silent_devices, count(Collection::Devices, "state:silent").await);
            assert_eq!(overview.new_count, count(Collection::Artifacts, "seen:<=1d -role:data").await);
            assert_eq!(overview.new_artifacts.len() as u64, overview.new_count.min(8));
            assert_eq!(overview.sight.partial, count(Collection::Devices, "sight:partial -state:revoked").await);
            for gap in &overview.gaps {
                assert_eq!(gap.devices, count(Collection::Devices, &format!("gap:{}", gap.capability)).await);
            }
            let navigation = store.navigation(scope, now()).await.unwrap();
            let devices = count(Collection::Devices, "").await;
            let agents = count(Collection::Agents, "state:running,installed").await;
            assert_eq!(navigation[..3], [open, devices, figures.artifacts.now]);
            assert_eq!(navigation[3..], [figures.runtimes.now, agents]);
        }
        let overview = store.overview(Scope::All, now()).await.unwrap();
        assert_eq!(overview.figures.artifacts.days.len(), 14);
        assert!(overview.figures.artifacts.days.is_sorted() && overview.new_publishers <= overview.new_count);
    }
}
