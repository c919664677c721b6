//! What reports become.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

mod common;

use common::inventory::*;
use domain::{Fact, Gap, HostPath, Member, Role, Severity, Verdict};
use protocol::sensor::{Changes, Delta, Item};
use store::{Collection, Ingested, Scope, StoreError};

const KINDS: &str = "SELECT kind FROM records ORDER BY id";

/// Records that are not about the test's own doing.
async fn told(place: &common::Place) -> Vec<String> {
    let kinds = place.texts(KINDS).await;
    kinds.into_iter().filter(|kind| !kind.starts_with("enrolment") && kind != "device-enrolled").collect()
}

both_engines! {
    async fn the_first_report_of_a_device_is_one_record(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let report = sensor.full(Changes {
            artifacts: put((1..=40).map(|n| artifact(&[&format!("/m/{n}.gguf")], n)).collect()),
            runtimes: put(vec![runtime(7, &["127.0.0.1:11434"], &["/m/1.gguf"])]),
            findings: put(vec![finding("a-rule", Severity::High, &["/m/2.gguf"])]),
            ..Changes::default()
        });
        sensor.tells(&store, report, at(20)).await;
        assert_eq!(told(place).await, ["first-report"]);
        let detail = place.texts("SELECT detail FROM records ORDER BY id DESC LIMIT 1").await;
        assert_eq!(detail, ["40 models, 1 runtime, 0 agents, 0 packages, 1 finding"]);
        assert_eq!(place.number("SELECT COUNT(*) FROM holdings").await, 40);
        let linked = "SELECT COUNT(*) FROM findings f JOIN artifacts a ON a.id = f.artifact WHERE a.name = '2.gguf' AND a.severity = 3";
        assert_eq!(place.number(linked).await, 1);
        assert_eq!(place.number("SELECT loaded FROM artifacts WHERE name = '1.gguf'").await, 1);
    }

    async fn a_first_scan_in_parts_is_one_record_and_the_device_has_reported_when_it_is_over(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let begun = "SELECT COUNT(*) FROM devices WHERE reported_at IS NULL AND sight = 'none' AND coverage IS NOT NULL";
        let a = put(vec![artifact(&["/a"], 1)]);
        let mut part = sensor.full(Changes { artifacts: a, ..Changes::default() });
        part.scan.complete = false;
        sensor.tells(&store, part, at(20)).await;
        let mut part = sensor.delta(Changes { artifacts: put(vec![artifact(&["/b"], 2)]), ..Changes::default() });
        part.scan.complete = false;
        sensor.tells(&store, part, at(30)).await;
        assert_eq!((place.number(begun).await, told(place).await), (1, Vec::<String>::new()));
        assert_eq!(place.texts("SELECT path FROM holdings ORDER BY path").await, ["/a", "/b"]);
        let end = sensor.delta(Changes { runtimes: put(vec![runtime(7, &[], &["/b"])]), ..Changes::default() });
        sensor.tells(&store, end, at(40)).await;
        assert_eq!((place.number(begun).await, told(place).await), (0, vec!["first-report".to_owned()]));
        let detail = place.texts("SELECT detail FROM records ORDER BY id DESC LIMIT 1").await;
        assert_eq!(detail, ["2 models, 1 runtime, 0 agents, 0 packages, 0 findings"]);
    }

    async fn the_evidence_of_a_verdict_and_copies_with_other_labels_are_kept_whole(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let mut one = artifact(&["/one.pt"], 1);
        one.verdict = Verdict::Malicious;
        one.facts = vec![Fact {
            member: Some("a > b".into()),
            name: Some("os.system".into()),
            count: 3,
            help: Some("do not load it".into()),
            ..Fact::new("a-rule", Severity::Critical, "calls it").at(9)
        }];
        one.content.weights = Some(sha(77));
        let format = Some("pickle".to_owned());
        one.content.members =
            vec![Member { path: "a > b".into(), size: 7, format, role: None, sha256: None, verdict: Verdict::Malicious }];
        let mut two = artifact(&["/two.pt"], 2);
        two.content.weights = Some(sha(77));
        let report =
            sensor.full(Changes { artifacts: put(vec![one.clone(), two]), ..Changes::default() });
        sensor.tells(&store, report, at(20)).await;
        let detail = store.artifact(&sha(1).to_string(), Scope::All).await.unwrap().unwrap();
        assert_eq!((detail.facts, detail.content), (one.facts, one.content));
        let names: Vec<_> = detail.same_weights.iter().map(|twin| twin.name.as_str()).collect();
        assert_eq!(names, ["two.pt"]);
        let stranger = store.artifact(&sha(1).to_string(), Scope::Person(99)).await.unwrap();
        assert!(stranger.is_none_or(|detail| detail.same_weights.is_empty()));
    }

    async fn data_that_is_dangerous_stands_among_the_models_until_it_is_found_harmless(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let mut data = artifact(&["/data.pkl"], 1);
        data.metadata.role = Some(Role::Data);
        let models = "SELECT COUNT(*) FROM artifacts WHERE role IS NULL";
        for (verdict, number) in
            [(Verdict::NotScanned, 0), (Verdict::Malicious, 1), (Verdict::Suspicious, 1), (Verdict::Clean, 0)]
        {
            data.verdict = verdict;
            let report = sensor.full(Changes { artifacts: put(vec![data.clone()]), ..Changes::default() });
            sensor.tells(&store, report, at(20)).await;
            assert_eq!(place.number(models).await, number, "{verdict:?}");
        }
    }

    async fn what_comes_and_goes_is_told_once(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let report = sensor.full(Changes::default());
        sensor.tells(&store, report, at(20)).await;
        let report = sensor.delta(Changes {
            artifacts: put(vec![artifact(&["/a", "/b"], 1)]),
            runtimes: put(vec![runtime(7, &[], &[])]),
            agents: put(vec![agent("p8-0", Some(8)), agent("i-claude-code-ada", None)]),
            packages: put(vec![package("torch", "2.9")]),
            findings: put(vec![finding("a-rule", Severity::Low, &["/a"])]),
            ..Changes::default()
        });
        let changed = sensor.tells(&store, report.clone(), at(30)).await;
        let all = [Collection::Devices, Collection::Artifacts, Collection::Holdings, Collection::Runtimes,
            Collection::Agents, Collection::Packages, Collection::Findings, Collection::Records];
        assert_eq!(changed, all);
        assert_eq!(store.ingest(&sensor.uid, report, at(31)).await.unwrap(), Ingested::Repeated);
        let report = sensor.delta(Changes {
            artifacts: remove(&["/a"]),
            runtimes: remove(&["p7-0"]),
            agents: remove(&["p8-0", "i-claude-code-ada"]),
            packages: remove(&[package("torch", "2.9").key().as_str()]),
            findings: remove(&["a-rule\0subject of a-rule"]),
            ..Changes::default()
        });
        sensor.tells(&store, report, at(40)).await;
        assert_eq!(told(place).await[1..], [
            "artifact-appeared", "runtime-started", "agent-installed", "agent-started", "finding-opened",
            "artifact-removed", "runtime-stopped", "agent-removed", "agent-stopped", "finding-resolved",
        ].map(str::to_owned));
        for table in ["holdings", "programs", "packages", "loaded"] {
            assert_eq!(place.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
        }
        // The finding keeps its words and loses the link.
        assert_eq!(place.number("SELECT COUNT(*) FROM artifacts").await, 0);
        assert_eq!(place.number("SELECT COUNT(*) FROM findings WHERE artifact IS NULL").await, 1);
    }

    async fn an_artifact_that_nobody_holds_is_forgotten(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let report = sensor.full(Changes { artifacts: put(vec![artifact(&["/a"], 1)]), ..Changes::default() });
        sensor.tells(&store, report, at(20)).await;
        let report = sensor.delta(Changes { artifacts: remove(&["/a"]), ..Changes::default() });
        sensor.tells(&store, report, at(30)).await;
        assert_eq!(place.number("SELECT COUNT(*) FROM artifacts").await, 0);
    }

    async fn a_full_report_of_what_is_known_writes_the_device_and_nothing_else(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let all = Changes {
            artifacts: put(vec![artifact(&["/a", "/b"], 1), pending(&["/c"], 2), claimed(&["/d"], 3)]),
            runtimes: put(vec![runtime(7, &["0.0.0.0:1"], &["/a"])]),
            agents: put(vec![agent("i-claude-code-", None)]),
            packages: put(vec![package("torch", "2.9")]),
            findings: put(vec![finding("a-rule", Severity::Low, &["/c"])]),
            ..Changes::default()
        };
        let report = sensor.full(all.clone());
        sensor.tells(&store, report, at(20)).await;
        let report = sensor.full(all);
        assert_eq!(sensor.tells(&store, report, at(30)).await, [Collection::Devices]);
        assert_eq!(told(place).await, ["first-report"]);
        assert_eq!(place.number("SELECT COUNT(*) FROM programs WHERE exposed = 1").await, 1);
    }

    async fn a_full_report_is_the_whole_truth(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let report = sensor.full(Changes {
            artifacts: put(vec![artifact(&["/a"], 1), artifact(&["/b"], 2)]),
            packages: put(vec![package("torch", "2.9"), package("vllm", "0.9")]),
            findings: put(vec![finding("a-rule", Severity::Low, &[]), finding("b-rule", Severity::Low, &[])]),
            ..Changes::default()
        });
        sensor.tells(&store, report, at(20)).await;
        let report = sensor.full(Changes {
            artifacts: put(vec![artifact(&["/b"], 2)]),
            packages: put(vec![package("vllm", "0.9")]),
            findings: put(vec![finding("b-rule", Severity::Low, &[])]),
            ..Changes::default()
        });
        sensor.tells(&store, report, at(30)).await;
        assert_eq!(place.texts("SELECT path FROM holdings").await, ["/b"]);
        assert_eq!(place.texts("SELECT name FROM packages").await, ["vllm"]);
        assert_eq!(place.texts("SELECT rule FROM findings WHERE state = 'open'").await, ["b-rule"]);
        assert_eq!(told(place).await[1..], ["artifact-removed".to_owned(), "finding-resolved".to_owned()]);
    }

    async fn a_report_on_another_state_is_asked_for_in_full(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let report = sensor.delta(Changes::default());
        assert_eq!(store.ingest(&sensor.uid, report, at(20)).await.unwrap(), Ingested::Resend);
        let report = sensor.full(Changes::default());
        sensor.tells(&store, report, at(20)).await;
        sensor.state = Some("another".into());
        let report = sensor.delta(Changes { artifacts: put(vec![artifact(&["/a"], 1)]), ..Changes::default() });
        assert_eq!(store.ingest(&sensor.uid, report, at(30)).await.unwrap(), Ingested::Resend);
        assert_eq!(place.number("SELECT COUNT(*) FROM holdings").await, 0);
    }

    async fn a_digest_that_is_now_computed_is_the_same_artifact(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let report = sensor.full(Changes {
            artifacts: put(vec![pending(&["/a"], 1)]),
            runtimes: put(vec![runtime(7, &[], &["/a"])]),
            findings: put(vec![finding("a-rule", Severity::Critical, &["/a"])]),
            ..Changes::default()
        });
        sensor.tells(&store, report, at(20)).await;
        let report = sensor.delta(Changes { artifacts: put(vec![artifact(&["/a"], 1)]), ..Changes::default() });
        sensor.tells(&store, report, at(99)).await;
        assert_eq!(told(place).await, ["first-report"]);
        let whole = format!("SELECT COUNT(*) FROM artifacts WHERE uid = '{}' AND severity = 4 AND loaded = 1 AND devices = 1", sha(1));
        assert_eq!(place.number(&whole).await, 1);
        assert_eq!(place.number("SELECT COUNT(*) FROM artifacts").await, 1);
        assert_eq!(place.number("SELECT first_seen_at FROM holdings").await, at(20).as_millisecond());
    }

    async fn other_bytes_at_a_path_are_another_artifact(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let report = sensor.full(Changes { artifacts: put(vec![artifact(&["/a"], 1)]), ..Changes::default() });
        sensor.tells(&store, report, at(20)).await;
        let report = sensor.delta(Changes { artifacts: put(vec![artifact(&["/a"], 2)]), ..Changes::default() });
        sensor.tells(&store, report, at(99)).await;
        assert_eq!(told(place).await[1..], ["artifact-appeared".to_owned(), "artifact-removed".to_owned()]);
        assert_eq!(place.number("SELECT first_seen_at FROM holdings").await, at(99).as_millisecond());
    }

    async fn a_finding_that_comes_back_is_open_again_and_an_acknowledged_one_stays_until_it_is_graver(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let with = |severity| Changes { findings: put(vec![finding("a-rule", severity, &[])]), ..Changes::default() };
        let without = || Changes { findings: remove(&["a-rule\0subject of a-rule"]), ..Changes::default() };
        let report = sensor.full(with(Severity::Medium));
        sensor.tells(&store, report, at(20)).await;
        place.run("UPDATE findings SET state = 'acknowledged', reason = 'known', acknowledged_at = 1").await;
        for (changes, state) in [
            (with(Severity::Low), "acknowledged known"),
            (with(Severity::High), "open "),
            (without(), "resolved "),
            (with(Severity::High), "open "),
        ] {
            let report = sensor.delta(changes);
            sensor.tells(&store, report, at(30)).await;
            assert_eq!(place.texts("SELECT state || ' ' || COALESCE(reason, '') FROM findings").await, [state]);
        }
        assert_eq!(told(place).await[1..], ["finding-reopened", "finding-resolved", "finding-reopened"].map(str::to_owned));
        assert_eq!(place.number("SELECT high * 10 + low + medium FROM devices").await, 10);
    }

    async fn what_cannot_be_seen_is_kept_with_the_device(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let gap = |capability: &str| Gap { capability: capability.into(), lost: "much".into(), remedy: "root".into() };
        sensor.coverage.gaps = vec![gap("process-maps"), gap("process-maps"), gap("sockets")];
        let report = sensor.full(Changes::default());
        sensor.tells(&store, report, at(20)).await;
        assert_eq!(place.texts("SELECT capability FROM gaps ORDER BY capability").await, ["process-maps", "sockets"]);
        assert_eq!(place.texts("SELECT sight FROM devices").await, ["partial"]);
        sensor.coverage.gaps.clear();
        let report = sensor.delta(Changes::default());
        sensor.tells(&store, report, at(30)).await;
        assert_eq!(place.number("SELECT COUNT(*) FROM gaps").await, 0);
        assert_eq!(place.texts("SELECT sight FROM devices").await, ["full"]);
    }

    async fn a_path_that_is_no_text_or_very_long_is_kept_byte_for_byte(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let mut odd = artifact(&["/x"], 1);
        odd.paths = vec![HostPath::from_bytes(*b"/m/caf\xe9.gguf"), HostPath::from(format!("/{}", "é/".repeat(1500)).as_str())];
        let key = odd.key();
        let report = sensor.full(Changes { artifacts: put(vec![odd]), ..Changes::default() });
        sensor.tells(&store, report, at(20)).await;
        assert_eq!(place.number("SELECT COUNT(*) FROM holdings WHERE exact <> ''").await, 2);
        let report = sensor.delta(Changes { artifacts: remove(&[&key]), ..Changes::default() });
        sensor.tells(&store, report, at(30)).await;
        assert_eq!(place.number("SELECT COUNT(*) FROM holdings").await, 0);
    }

    async fn a_hostile_device_is_cut_or_refused_and_harms_no_other(place) {
        let store = place.open().await;
        let (mut bad, mut good) = (Sensor::enrolled(&store, "bad").await, Sensor::enrolled(&store, "good").await);
        let mut loud = finding("a-rule", Severity::Low, &["/a"]);
        (loud.subject, loud.message) = ("s\0".repeat(50_000), "m".repeat(1 << 20));
        loud.evidence = vec!["e".repeat(1 << 20); 300];
        let mut model = artifact(&["/a"], 1);
        model.format = "\u{202e}\0".repeat(10_000);
        model.metadata.name = Some("n".repeat(1 << 20));
        let report = bad.full(Changes { artifacts: put(vec![model]), findings: put(vec![loud]), ..Changes::default() });
        let mut many = report.clone();
        many.sequence += 1;
        many.changes.findings = Delta { put: Vec::new(), remove: vec![String::new(); 100_001] };
        let mut interrupted = report.clone();
        (interrupted.sequence, interrupted.state) = (report.sequence + 2, "another".into());
        interrupted.scan.complete = false;
        let fine = good.full(Changes { artifacts: put(vec![artifact(&["/a"], 2)]), ..Changes::default() });
        let outcomes = tokio::join!(
            store.ingest(&bad.uid, many, at(20)),
            store.ingest("nobody", fine.clone(), at(20)),
            store.ingest(&good.uid, fine, at(20)),
            store.ingest(&bad.uid, report, at(20)),
        );
        let refused = outcomes.0.as_ref().unwrap_err();
        assert!(refused.to_string().contains("100001 findings"), "{refused}");
        assert!(matches!(outcomes.1, Err(StoreError::Refused(_))));
        assert!(outcomes.2.is_ok() && outcomes.3.is_ok(), "{outcomes:?}");
        let part = store.ingest(&bad.uid, interrupted, at(20)).await;
        assert!(matches!(part, Err(StoreError::Refused(_))), "{part:?}");
        let largest = "SELECT CAST(MAX(LENGTH(evidence) + LENGTH(message) + LENGTH(subject)) AS BIGINT) FROM findings";
        assert!(place.number(largest).await < 1 << 20);
        assert_eq!(place.number("SELECT COUNT(*) FROM devices WHERE artifacts = 1").await, 2);
    }

    async fn an_answered_order_does_not_wait_any_longer(place) {
        let store = place.open().await;
        let mut sensor = Sensor::enrolled(&store, "one").await;
        let serial = store.order(&sensor.uid, r#"{"type":"rescan"}"#, at(600), &actor(), at(2)).await.unwrap().unwrap();
        assert_eq!(store.orders(&sensor.uid, 0, at(3)).await.unwrap().len(), 1);
        assert!(store.orders(&sensor.uid, serial, at(3)).await.unwrap().is_empty());
        assert!(store.orders(&sensor.uid, 0, at(601)).await.unwrap().is_empty());
        let mut report = sensor.full(Changes::default());
        report.answers = vec![serial.unsigned_abs(), u64::MAX];
        sensor.tells(&store, report, at(20)).await;
        assert!(store.orders(&sensor.uid, 0, at(21)).await.unwrap().is_empty());
    }
}
