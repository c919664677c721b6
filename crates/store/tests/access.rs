//! People and their keys, devices and their orders, and what is thrown away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

mod common;

use common::inventory::*;
use jiff::Timestamp;
use protocol::sensor::Changes;
use store::{Actor, Enrolment, SessionRow, StoreError};

fn session(hash: &str, person: i64) -> SessionRow {
    SessionRow {
        hash: hash.into(),
        person,
        created_at: at(0),
        used_at: at(0),
        expires_at: at(1000),
        address: "127.0.0.1".into(),
        client: "x".repeat(5_000),
    }
}

fn by(person: i64) -> Actor {
    Actor { person: Some(person), name: "ada".into() }
}

both_engines! {
    async fn every_change_of_access_is_a_record_with_who_did_it(place) {
        let store = place.open().await;
        let ada = store.add_person("ada", "owner", Some("hash"), &actor(), at(0)).await.unwrap();
        let bob = store.add_person("bob", "analyst", None, &by(ada.id), at(1)).await.unwrap();
        store.set_password(bob.id, "other", &by(bob.id), at(2)).await.unwrap();
        store.set_role(bob.id, "auditor", &by(ada.id), at(3)).await.unwrap();
        store.set_role(bob.id, "auditor", &by(ada.id), at(4)).await.unwrap();
        store.set_disabled(bob.id, true, &by(ada.id), at(5)).await.unwrap();
        store.add_session(&session("one", ada.id), &by(ada.id)).await.unwrap();
        assert!(store.end_session("one", Some(ada.id), &by(ada.id), at(6)).await.unwrap());
        let token = store.add_token("hash", "ci", "auditor", None, &by(ada.id), at(7)).await.unwrap();
        assert!(store.revoke_token(token.id, &by(ada.id), at(8)).await.unwrap());
        assert!(!store.revoke_token(token.id, &by(ada.id), at(9)).await.unwrap());
        let kinds = place.texts("SELECT kind FROM records ORDER BY id").await;
        assert_eq!(kinds, ["person-added", "person-added", "password-set", "role-changed", "person-disabled",
            "signed-in", "signed-out", "token-created", "token-revoked"]);
        assert_eq!(place.number("SELECT COUNT(*) FROM records WHERE actor IS NOT NULL AND actor_name = 'ada'").await, 8);
        let everything = place.texts("SELECT subject || detail || search FROM records").await.join(" ");
        assert!(!everything.contains("other") && !everything.contains("hash"), "{everything}");
    }

    async fn a_name_is_taken_once_and_the_last_owner_stays(place) {
        let store = place.open().await;
        let ada = store.add_person("ada", "owner", None, &actor(), at(0)).await.unwrap();
        let refused = store.add_person("ada", "analyst", None, &actor(), at(0)).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Refused(why) if why.contains("`ada`")), "{refused}");
        for refused in [
            store.set_role(ada.id, "analyst", &by(ada.id), at(1)).await,
            store.set_disabled(ada.id, true, &by(ada.id), at(1)).await,
            store.set_password(99, "x", &by(ada.id), at(1)).await,
        ] {
            assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
        }
        let bob = store.add_person("bob", "owner", None, &actor(), at(2)).await.unwrap();
        store.set_disabled(ada.id, true, &by(bob.id), at(3)).await.unwrap();
        assert_eq!(store.owner().await.unwrap(), Some(bob));
        assert_eq!(store.people().await.unwrap().len(), 2);
    }

    async fn two_owners_cannot_demote_each_other_at_once(place) {
        let store = place.open().await;
        let ada = store.add_person("ada", "owner", None, &actor(), at(0)).await.unwrap();
        let bob = store.add_person("bob", "owner", None, &actor(), at(0)).await.unwrap();
        let (actor, now) = (by(ada.id), at(1));
        let both = tokio::join!(
            store.set_role(ada.id, "analyst", &actor, now),
            store.set_role(bob.id, "analyst", &actor, now),
        );
        assert_eq!([both.0.is_ok(), both.1.is_ok()].iter().filter(|ok| **ok).count(), 1);
        assert!(store.owner().await.unwrap().is_some());
    }

    async fn a_session_ends_with_its_time_its_person_and_its_role(place) {
        let store = place.open().await;
        let ada = store.add_person("ada", "owner", None, &actor(), at(0)).await.unwrap();
        let bob = store.add_person("bob", "analyst", None, &actor(), at(0)).await.unwrap();
        for hash in ["one", "two"] {
            store.add_session(&session(hash, bob.id), &by(bob.id)).await.unwrap();
        }
        let (row, person) = store.session("one", at(10)).await.unwrap().unwrap();
        assert_eq!((row.client.len(), person.name.as_str()), (200, "bob"));
        assert_eq!(store.session("one", at(1000)).await.unwrap(), None);
        store.touch_sessions(&[("one".into(), at(50)), ("gone".into(), at(50))]).await.unwrap();
        store.touch_sessions(&[("one".into(), at(40)), ("two".into(), at(30))]).await.unwrap();
        let used: Vec<Timestamp> = store.sessions(Some(bob.id), at(60)).await.unwrap().iter().map(|row| row.used_at).collect();
        assert_eq!(used, [at(50), at(30)]);
        assert!(!store.end_session("one", Some(ada.id), &by(ada.id), at(61)).await.unwrap());
        store.set_role(bob.id, "auditor", &by(ada.id), at(62)).await.unwrap();
        assert!(store.sessions(None, at(63)).await.unwrap().is_empty());
        store.add_session(&session("three", bob.id), &by(bob.id)).await.unwrap();
        assert_eq!(store.end_sessions_of(bob.id, &by(ada.id), at(64)).await.unwrap(), 1);
        store.add_session(&session("four", bob.id), &by(bob.id)).await.unwrap();
        store.set_disabled(bob.id, true, &by(ada.id), at(65)).await.unwrap();
        assert_eq!(store.session("four", at(66)).await.unwrap(), None);
    }

    async fn a_token_is_good_until_it_ends_or_is_revoked(place) {
        let store = place.open().await;
        let token = store.add_token("hash", "ci", "auditor", Some(at(100)), &actor(), at(0)).await.unwrap();
        assert_eq!(store.token("hash", at(99)).await.unwrap().as_ref(), Some(&token));
        assert_eq!(store.token("hash", at(100)).await.unwrap(), None);
        assert_eq!(store.token("hush", at(1)).await.unwrap(), None);
        store.touch_tokens(&[(token.id, at(7)), (99, at(7))]).await.unwrap();
        assert_eq!(store.tokens().await.unwrap()[0].used_at, Some(at(7)));
        store.revoke_token(token.id, &actor(), at(8)).await.unwrap();
        assert_eq!(store.token("hash", at(9)).await.unwrap(), None);
    }

    async fn a_login_link_is_used_once_whoever_comes_first(place) {
        let store = place.open().await;
        for hash in ["old", "new"] {
            store.add_login_link(hash, "owner", None, at(100), &actor(), at(0)).await.unwrap();
        }
        assert_eq!(store.login_link("old").await.unwrap(), None);
        assert_eq!(store.login_link("new").await.unwrap().unwrap().used_at, None);
        let both = tokio::join!(store.use_login_link("new", at(1)), store.use_login_link("new", at(1)));
        assert!(both.0.unwrap() ^ both.1.unwrap());
        assert_eq!(store.login_link("new").await.unwrap().unwrap().used_at, Some(at(1)));
        store.add_login_link("late", "owner", None, at(100), &actor(), at(0)).await.unwrap();
        assert!(!store.use_login_link("late", at(100)).await.unwrap());
    }

    async fn an_enrolment_spends_a_token_once_and_the_same_key_is_the_same_device(place) {
        let store = place.open().await;
        store.add_enrolment_token("token", 1, at(100), &actor(), at(0)).await.unwrap();
        let enrolment = |uid: &str, token: &str| Enrolment {
            token_hash: token.into(),
            uid: uid.into(),
            public_key: vec![7; 32],
            device: device("laptop"),
            sensor_version: "0.1.0".into(),
        };
        assert!(!store.enrol(&enrolment("a", "other"), at(1)).await.unwrap());
        assert!(!store.enrol(&enrolment("a", "token"), at(100)).await.unwrap());
        assert!(store.enrol(&enrolment("a", "token"), at(1)).await.unwrap());
        assert!(!store.enrol(&enrolment("b", "token"), at(2)).await.unwrap());
        assert!(store.enrol(&enrolment("a", "token"), at(200)).await.unwrap());
        assert_eq!(place.number("SELECT COUNT(*) FROM devices").await, 1);
        assert_eq!(place.number("SELECT COUNT(*) FROM records WHERE kind = 'device-enrolled'").await, 1);
        assert_eq!(store.device_key("a").await.unwrap().unwrap().public_key, [7; 32]);
        assert!(store.revoke_device("a", &actor(), at(3)).await.unwrap());
        assert!(!store.revoke_device("a", &actor(), at(4)).await.unwrap());
        assert!(store.device_key("a").await.unwrap().unwrap().revoked);
        assert!(!store.enrol(&enrolment("a", "token"), at(5)).await.unwrap());
        assert_eq!(store.order("a", "{}", at(9), &actor(), at(5)).await.unwrap(), None);
    }

    async fn presence_only_moves_forward_and_an_owner_is_a_person(place) {
        let store = place.open().await;
        let sensor = Sensor::enrolled(&store, "one").await;
        store.touch_devices(&[(sensor.uid.clone(), at(70))]).await.unwrap();
        store.touch_devices(&[(sensor.uid.clone(), at(60)), ("gone".into(), at(60))]).await.unwrap();
        assert_eq!(place.number("SELECT seen_at FROM devices").await, at(70).as_millisecond());
        let ada = store.add_person("ada", "device-user", None, &actor(), at(0)).await.unwrap();
        assert!(store.set_device_person(&sensor.uid, Some(ada.id), &actor(), at(1)).await.unwrap());
        assert!(store.set_device_person(&sensor.uid, Some(ada.id), &actor(), at(2)).await.unwrap());
        assert!(!store.set_device_person("gone", None, &actor(), at(2)).await.unwrap());
        store.set_device_person(&sensor.uid, Some(99), &actor(), at(3)).await.unwrap_err();
        assert_eq!(place.number("SELECT COUNT(*) FROM records WHERE kind = 'device-assigned'").await, 1);
    }

    async fn what_is_over_is_thrown_away_and_what_is_not_stays(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let ada = store.add_person("ada", "owner", None, &actor(), at(0)).await.unwrap();
        store.add_session(&session("one", ada.id), &by(ada.id)).await.unwrap();
        store.add_login_link("link", "owner", None, at(100), &actor(), at(0)).await.unwrap();
        let serial = store.order(&sensor.uid, "{}", at(600), &actor(), at(2)).await.unwrap().unwrap();
        let report = sensor.full(Changes { runtimes: put(vec![runtime(7, &[], &[])]), ..Changes::default() });
        sensor.tells(&store, report, at(20)).await;
        store.prune(at(500)).await.unwrap();
        for (table, rows) in [("sessions", 1), ("login_links", 1), ("orders", 1), ("enrolment_tokens", 0)] {
            assert_eq!(place.number(&format!("SELECT COUNT(*) FROM {table}")).await, rows, "{table}");
        }
        store.count_day(at(500)).await.unwrap();
        store.count_day(at(501)).await.unwrap();
        assert_eq!(place.number("SELECT runtimes * 100 + devices * 10 + agents FROM days").await, 110);
        store.prune(at(401 * 86_400)).await.unwrap();
        for table in ["sessions", "login_links", "orders", "records"] {
            assert_eq!(place.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
        }
        // The number of an order is never used again: an old one cannot be played back.
        assert!(store.order(&sensor.uid, "{}", at(600), &actor(), at(2)).await.unwrap().unwrap() > serial);
    }
}
