//! What people decide about findings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

mod common;

use common::inventory::*;
use domain::Severity;
use protocol::sensor::Changes;
use store::{Actor, FindingRow, FindingState, Scope, Store, StoreError, Triage};

/// A store with one finding about a model, and who looks at it.
async fn one(place: &common::Place) -> (Store, Sensor, String, Actor) {
    let store = place.open().await;
    let ada = store.add_person("ada", "owner", None, &actor(), at(0)).await.unwrap();
    let mut sensor = Sensor::enrolled(&store, "one").await;
    let report = sensor.full(Changes {
        artifacts: put(vec![artifact(&["/a"], 1)]),
        findings: put(vec![finding("a-rule", Severity::High, &["/a"])]),
        ..Changes::default()
    });
    sensor.tells(&store, report, at(20)).await;
    let finding = place.texts("SELECT uid FROM findings").await.remove(0);
    (store, sensor, finding, Actor { person: Some(ada.id), name: ada.name })
}

fn reason(reason: &str) -> Triage {
    Triage::Acknowledge { reason: reason.into() }
}

async fn told(place: &common::Place) -> Vec<String> {
    place.texts("SELECT kind || ': ' || detail FROM records WHERE kind LIKE 'finding%' ORDER BY id").await
}

both_engines! {
    async fn an_acknowledgement_has_a_reason_and_takes_the_finding_off_the_counts(place) {
        let (store, sensor, finding, ada) = one(place).await;
        let after: FindingRow =
            store.triage(&finding, &reason("  a test model "), Scope::All, &ada, at(30)).await.unwrap().unwrap();
        let acknowledged = after.acknowledged.unwrap();
        assert_eq!((after.state, acknowledged.reason.as_str()), (FindingState::Acknowledged, "a test model"));
        assert_eq!((acknowledged.name.as_str(), acknowledged.at), ("ada", at(30)));
        assert_eq!(place.number("SELECT high FROM devices").await, 0);
        assert_eq!(place.number("SELECT COUNT(*) FROM artifacts WHERE severity IS NULL").await, 1);
        store.triage(&finding, &reason("a test model"), Scope::All, &ada, at(31)).await.unwrap().unwrap();
        let again = store.triage(&finding, &Triage::Reopen, Scope::All, &ada, at(32)).await.unwrap().unwrap();
        assert_eq!((again.state, again.acknowledged.is_none()), (FindingState::Open, true));
        assert_eq!(place.number("SELECT high FROM devices").await, 1);
        store.triage(&finding, &Triage::Reopen, Scope::All, &ada, at(33)).await.unwrap().unwrap();
        assert_eq!(told(place).await, ["finding-acknowledged: a test model", "finding-reopened: "]);
        for empty in ["", " \n"] {
            let refused = store.triage(&finding, &reason(empty), Scope::All, &ada, at(34)).await.unwrap_err();
            assert!(matches!(&refused, StoreError::Refused(why) if why.contains("reason")), "{refused}");
        }
        drop(sensor);
    }

    async fn a_finding_has_someone_who_looks_after_it_and_a_date(place) {
        let (store, _, finding, ada) = one(place).await;
        let assign = |person| Triage::Assign { person };
        let due = |date| Triage::Due { date };
        let day = jiff::civil::date(2027, 3, 1);
        for _ in 0..2 {
            let row = store.triage(&finding, &assign(ada.person), Scope::All, &ada, at(30)).await.unwrap().unwrap();
            assert_eq!(row.assignee.unwrap().name, "ada");
            let row = store.triage(&finding, &due(Some(day)), Scope::All, &ada, at(30)).await.unwrap().unwrap();
            assert_eq!(row.due, Some(day));
        }
        store.triage(&finding, &assign(Some(99)), Scope::All, &ada, at(31)).await.unwrap_err();
        let row = store.triage(&finding, &assign(None), Scope::All, &ada, at(32)).await.unwrap().unwrap();
        assert!(row.assignee.is_none());
        store.triage(&finding, &due(None), Scope::All, &ada, at(33)).await.unwrap().unwrap();
        assert_eq!(told(place).await, ["finding-assigned: to ada", "finding-due: 2027-03-01",
            "finding-assigned: to nobody", "finding-due: no date"]);
    }

    async fn what_is_resolved_or_out_of_sight_cannot_be_changed(place) {
        let (store, mut sensor, finding, ada) = one(place).await;
        let stranger = Scope::Person(ada.person.unwrap());
        assert!(store.triage(&finding, &reason("mine"), stranger, &ada, at(30)).await.unwrap().is_none());
        assert!(store.triage("nothing", &reason("mine"), Scope::All, &ada, at(30)).await.unwrap().is_none());
        store.set_device_person(&sensor.uid, ada.person, &ada, at(30)).await.unwrap();
        assert!(store.triage(&finding, &reason("mine"), stranger, &ada, at(30)).await.unwrap().is_some());
        let report = sensor.delta(Changes { findings: remove(&["a-rule\0subject of a-rule"]), ..Changes::default() });
        sensor.tells(&store, report, at(40)).await;
        for change in [reason("late"), Triage::Reopen] {
            let refused = store.triage(&finding, &change, Scope::All, &ada, at(50)).await.unwrap_err();
            assert!(matches!(&refused, StoreError::Refused(why) if why.contains("resolved")), "{refused}");
        }
    }
}
