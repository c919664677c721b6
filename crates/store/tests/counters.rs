//! Numbers that are kept beside rows are what a count says, whatever devices report and people decide.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::inventory::*;
use domain::{Artifact, HostPath, Severity};
use proptest::{prelude::*, test_runner::TestRunner};
use protocol::sensor::{Changes, Delta, Item};
use store::Store;
use tokio::{runtime::Handle, task::block_in_place};

const PATHS: [&str; 6] = ["/a", "/b", "/c", "/d", "/e", "/f"];
const RULES: [&str; 3] = ["rule-a", "rule-b", "rule-c"];

/// What lies at each path, what programs have loaded, and what is the case; then whether all of it is reported.
#[derive(Debug, Clone)]
struct Scene {
    device: usize,
    /// Contents, how the digest is known, and whether paths of the same contents are links of one file.
    paths: [Option<(u8, u8)>; 6],
    linked: bool,
    loaded: [Option<[usize; 2]>; 2],
    findings: [Option<(Severity, usize)>; 3],
    full: bool,
    acknowledge: Option<usize>,
}

fn scene() -> impl Strategy<Value = Scene> {
    let path = proptest::option::weighted(0.6, (0..3_u8, 0..3_u8));
    let program = proptest::option::of([0..6_usize, 0..6_usize]);
    let finding = proptest::option::of((proptest::sample::select(&Severity::ALL[..]), 0..6_usize));
    (
        0..3_usize,
        proptest::array::uniform6(path),
        any::<bool>(),
        [program.clone(), program],
        [finding.clone(), finding.clone(), finding],
        proptest::bool::weighted(0.2),
        proptest::option::of(0..3_usize),
    )
        .prop_map(|(device, paths, linked, loaded, findings, full, acknowledge)| Scene {
            device,
            paths,
            linked,
            loaded,
            findings,
            full,
            acknowledge,
        })
}

impl Scene {
    fn artifacts(&self) -> Vec<Artifact> {
        let mut groups: BTreeMap<(u8, u8, usize), Vec<&str>> = BTreeMap::new();
        for (at, (path, content)) in PATHS.iter().zip(self.paths).enumerate() {
            if let Some((byte, status)) = content {
                let group = if self.linked { 0 } else { at };
                groups.entry((byte, status, group)).or_default().push(path);
            }
        }
        let make = |((byte, status, _), paths): (&(u8, u8, usize), &Vec<&str>)| match status {
            0 => artifact(paths, *byte),
            1 => claimed(paths, *byte),
            _ => pending(paths, *byte),
        };
        groups.iter().map(make).collect()
    }

    fn changes(&self) -> Changes {
        let program = |(at, models): (usize, &Option<[usize; 2]>)| {
            let models: BTreeSet<&str> = models.as_ref()?.iter().map(|path| PATHS[*path]).collect();
            Some(runtime(u32::try_from(at).unwrap() + 1, &[], &Vec::from_iter(models)))
        };
        let case = |(rule, case): (&&str, &Option<(Severity, usize)>)| {
            case.map(|(severity, path)| finding(rule, severity, &[PATHS[path]]))
        };
        Changes {
            artifacts: put(self.artifacts()),
            runtimes: put(self.loaded.iter().enumerate().filter_map(program).collect()),
            findings: put(RULES.iter().zip(&self.findings).filter_map(case).collect()),
            ..Changes::default()
        }
    }
}

/// What a sensor sends: what is new or changed, and the keys of what is gone.
fn delta<T: Item + Clone + PartialEq>(before: &[T], after: &[T]) -> Delta<T> {
    let old: BTreeMap<String, &T> = before.iter().map(|item| (item.key(), item)).collect();
    let new: BTreeMap<String, &T> = after.iter().map(|item| (item.key(), item)).collect();
    let changed = new.iter().filter(|(key, item)| old.get(*key) != Some(item));
    Delta {
        put: changed.map(|(_, item)| (*item).clone()).collect(),
        remove: old.keys().filter(|key| !new.contains_key(*key)).cloned().collect(),
    }
}

async fn play(place: &common::Place, store: &Store, number: u32, scenes: Vec<Scene>) {
    let mut sensors = Vec::new();
    for device in ["x", "y", "z"] {
        sensors.push((Sensor::enrolled(store, &format!("{device}{number}")).await, None::<Changes>));
    }
    for scene in scenes {
        let (sensor, before) = &mut sensors[scene.device];
        let after = scene.changes();
        let report = match before.as_ref().filter(|_| !scene.full) {
            None => sensor.full(after.clone()),
            Some(before) => sensor.delta(Changes {
                artifacts: delta(&before.artifacts.put, &after.artifacts.put),
                runtimes: delta(&before.runtimes.put, &after.runtimes.put),
                findings: delta(&before.findings.put, &after.findings.put),
                ..Changes::default()
            }),
        };
        sensor.tells(store, report, at(50)).await;
        let held: Vec<String> =
            scene.artifacts().iter().flat_map(|artifact| &artifact.paths).map(HostPath::to_string).collect();
        let sql = format!(
            "SELECT h.path FROM holdings h JOIN devices d ON d.id = h.device WHERE d.uid = '{}' ORDER BY h.path",
            sensor.uid
        );
        let mut held = held;
        held.sort();
        assert_eq!(place.texts(&sql).await, held);
        *before = Some(after);
        if let Some(rule) = scene.acknowledge {
            let sql = format!(
                "SELECT uid FROM findings WHERE rule = '{}' AND state = 'open' ORDER BY id LIMIT 1",
                RULES[rule]
            );
            for uid in place.texts(&sql).await {
                let change = store::Triage::Acknowledge { reason: "known".into() };
                store.triage(&uid, &change, store::Scope::All, &actor(), at(60)).await.unwrap();
            }
        }
        recount(place).await;
    }
}

/// Each kept number beside its count; rows where they differ.
const WRONG: [(&str, &str, &str); 9] = [
    ("artifacts", "holdings", "SELECT COUNT(*) FROM holdings h WHERE h.artifact = t.id"),
    ("artifacts", "devices", "SELECT COUNT(DISTINCT h.device) FROM holdings h WHERE h.artifact = t.id"),
    ("artifacts", "loaded", "SELECT COUNT(*) FROM loaded l WHERE l.artifact = t.id"),
    (
        "artifacts",
        "COALESCE(severity, -1)",
        "SELECT COALESCE(MAX(f.severity), -1) FROM findings f WHERE f.artifact = t.id AND f.state = 'open'",
    ),
    ("devices", "artifacts", "SELECT COUNT(DISTINCT h.artifact) FROM holdings h WHERE h.device = t.id"),
    ("devices", "runtimes", "SELECT COUNT(*) FROM programs p WHERE p.device = t.id"),
    (
        "devices",
        "critical",
        "SELECT COUNT(*) FROM findings f WHERE f.device = t.id AND f.state = 'open' AND f.severity = 4",
    ),
    (
        "devices",
        "high",
        "SELECT COUNT(*) FROM findings f WHERE f.device = t.id AND f.state = 'open' AND f.severity = 3",
    ),
    (
        "devices",
        "info",
        "SELECT COUNT(*) FROM findings f WHERE f.device = t.id AND f.state = 'open' AND f.severity = 0",
    ),
];

async fn recount(place: &common::Place) {
    for (table, kept, count) in WRONG {
        let sql = format!("SELECT COUNT(*) FROM {table} t WHERE {kept} <> ({count})");
        assert_eq!(place.number(&sql).await, 0, "{table}.{kept}");
    }
    // What nobody holds is not there, and what is loaded is held.
    let orphans = "SELECT COUNT(*) FROM artifacts WHERE holdings = 0";
    assert_eq!(place.number(orphans).await, 0, "forgotten artefacts");
    let strays = "SELECT COUNT(*) FROM loaded l JOIN programs p ON p.id = l.program
        WHERE NOT EXISTS (SELECT 1 FROM holdings h WHERE h.device = p.device AND h.artifact = l.artifact)";
    assert_eq!(place.number(strays).await, 0, "loaded and not held");
}

both_engines! {
    async fn kept_numbers_are_what_a_count_says(place) {
        let store = place.open().await;
        let mut runner = TestRunner::new(ProptestConfig { cases: 8, max_shrink_iters: 200, ..ProptestConfig::default() });
        let number = std::cell::Cell::new(0);
        let outcome = runner.run(&proptest::collection::vec(scene(), 1..12), |scenes| {
            number.set(number.get() + 1);
            block_in_place(|| Handle::current().block_on(play(place, &store, number.get(), scenes)));
            Ok(())
        });
        outcome.unwrap();
    }
}
