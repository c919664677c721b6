//! What changed between two scans. Pure: of the earlier one only the marks of its things are known.

use std::collections::BTreeMap;

use domain::{Agent, Artifact, Finding, Package, Runtime};
use protocol::sensor::{Changes, Delta, Item, Keyed, Mark, StateHash, keyed_agents, keyed_runtimes};

/// Things of one kind, by their keys.
pub type Things<T> = BTreeMap<String, T>;
type Marks = BTreeMap<String, Mark>;

/// Everything that a scan found, by kind and key. Two things of one key are one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Items {
    artifacts: Things<Artifact>,
    runtimes: Things<Keyed<Runtime>>,
    agents: Things<Keyed<Agent>>,
    packages: Things<Package>,
    findings: Things<Finding>,
}

/// What a scan found, not yet named.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Models.
    pub artifacts: Vec<Artifact>,
    /// Runtimes.
    pub runtimes: Vec<Runtime>,
    /// Agents.
    pub agents: Vec<Agent>,
    /// AI packages.
    pub packages: Vec<Package>,
    /// Conclusions.
    pub findings: Vec<Finding>,
}

impl From<Found> for Items {
    fn from(found: Found) -> Self {
        Self {
            artifacts: by_key(found.artifacts),
            runtimes: by_key(keyed_runtimes(found.runtimes)),
            agents: by_key(keyed_agents(found.agents)),
            packages: by_key(found.packages),
            findings: by_key(found.findings),
        }
    }
}

fn by_key<T: Item>(items: Vec<T>) -> Things<T> {
    items.into_iter().map(|item| (item.key(), item)).collect()
}

/// What is known of a state that was reported: enough to tell what changed since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    artifacts: Marks,
    runtimes: Marks,
    agents: Marks,
    packages: Marks,
    findings: Marks,
}

impl Known {
    /// The state after a scan.
    ///
    /// # Errors
    /// When a thing cannot be written as JSON.
    pub fn of(items: &Items) -> Result<Self, serde_json::Error> {
        Ok(Self {
            artifacts: marks(&items.artifacts)?,
            runtimes: marks(&items.runtimes)?,
            agents: marks(&items.agents)?,
            packages: marks(&items.packages)?,
            findings: marks(&items.findings)?,
        })
    }

    /// This state, and what an earlier one has beside it: after a look that did not reach everything nothing is gone.
    #[must_use]
    pub fn beside(mut self, earlier: &Self) -> Self {
        let both = [
            (&mut self.artifacts, &earlier.artifacts),
            (&mut self.runtimes, &earlier.runtimes),
            (&mut self.agents, &earlier.agents),
            (&mut self.packages, &earlier.packages),
            (&mut self.findings, &earlier.findings),
        ];
        for (marks, earlier) in both {
            for (key, mark) in earlier {
                marks.entry(key.clone()).or_insert(*mark);
            }
        }
        self
    }

    /// The name of the state.
    pub fn state(&self) -> String {
        let mut hash = StateHash::default();
        for (kind, marks) in [
            ("artifact", &self.artifacts),
            ("runtime", &self.runtimes),
            ("agent", &self.agents),
            ("package", &self.packages),
            ("finding", &self.findings),
        ] {
            hash.add(kind, marks.iter().map(|(key, mark)| (key.as_str(), mark)));
        }
        hash.finish()
    }
}

fn marks<T: Item>(things: &Things<T>) -> Result<Marks, serde_json::Error> {
    things.iter().map(|(key, thing)| Ok((key.clone(), Mark::of(thing)?))).collect()
}

/// The changes from a known state to the one after a scan, `after` being that of `items`; everything when no state is known.
pub fn changes(before: Option<&Known>, after: &Known, items: &Items) -> Changes {
    let nothing = Known::default();
    let full = before.is_none();
    let before = before.unwrap_or(&nothing);
    Changes {
        full,
        artifacts: delta(&before.artifacts, &after.artifacts, &items.artifacts),
        runtimes: delta(&before.runtimes, &after.runtimes, &items.runtimes),
        agents: delta(&before.agents, &after.agents, &items.agents),
        packages: delta(&before.packages, &after.packages, &items.packages),
        findings: delta(&before.findings, &after.findings, &items.findings),
    }
}

fn delta<T: Clone>(before: &Marks, after: &Marks, things: &Things<T>) -> Delta<T> {
    let changed = things.iter().filter(|(key, _)| before.get(*key) != after.get(*key));
    Delta {
        put: changed.map(|(_, thing)| thing.clone()).collect(),
        remove: before.keys().filter(|key| !after.contains_key(*key)).cloned().collect(),
    }
}

/// How many things a report puts and removes.
pub fn count(changes: &Changes) -> (usize, usize) {
    let Changes { full: _, artifacts, runtimes, agents, packages, findings } = changes;
    (
        artifacts.put.len() + runtimes.put.len() + agents.put.len() + packages.put.len() + findings.put.len(),
        artifacts.remove.len()
            + runtimes.remove.len()
            + agents.remove.len()
            + packages.remove.len()
            + findings.remove.len(),
    )
}

#[cfg(test)]
mod tests {
    use domain::{Confidence, Digest, HostPath, Metadata, Program, Severity, Verdict};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// Small numbers, so that things of two scans meet: which thing it is, and what is said of it.
    type Said = Vec<(u8, u8)>;

    fn found((artifacts, runtimes, agents, packages, findings): (Said, Said, Said, Said, Said)) -> Found {
        let program = |(name, pid): (u8, u8)| {
            let pid = Some(u32::from(pid)).filter(|pid| *pid > 1);
            Program { pid, ..Program::installed(Some(name.to_string()), None, vec![], Confidence::Likely) }
        };
        Found {
            artifacts: artifacts.into_iter().map(artifact).collect(),
            runtimes: runtimes.into_iter().map(program).collect(),
            agents: agents.into_iter().map(|said| Agent::new(program(said))).collect(),
            packages: packages.into_iter().map(package).collect(),
            findings: findings.into_iter().map(finding).collect(),
        }
    }

    fn artifact((name, size): (u8, u8)) -> Artifact {
        Artifact {
            paths: vec![HostPath::from_bytes([b'/', name])],
            size: size.into(),
            format: "gguf".into(),
            digest: Digest::PENDING,
            store: None,
            origin: None,
            license: None,
            metadata: Metadata::default(),
            verdict: Verdict::Clean,
            facts: vec![],
            content: domain::Content::default(),
        }
    }

    fn package((name, tool): (u8, u8)) -> Package {
        Package {
            ecosystem: "npm".into(),
            name: name.to_string(),
            version: None,
            tool: Some(tool.to_string()),
            path: HostPath::from("/p"),
        }
    }

    fn finding((subject, message): (u8, u8)) -> Finding {
        Finding {
            rule: "r".into(),
            severity: Severity::Low,
            subject: subject.to_string(),
            message: message.to_string(),
            evidence: vec![],
            help: String::new(),
            paths: vec![],
        }
    }

    fn apply<T: Item>(things: &mut Things<T>, delta: Delta<T>) {
        delta.remove.iter().for_each(|key| assert!(things.remove(key).is_some(), "`{key}` was not there"));
        delta.put.into_iter().for_each(|thing| drop(things.insert(thing.key(), thing)));
    }

    fn apply_all(items: &mut Items, changes: Changes) {
        if changes.full {
            *items = Items::default();
        }
        apply(&mut items.artifacts, changes.artifacts);
        apply(&mut items.runtimes, changes.runtimes);
        apply(&mut items.agents, changes.agents);
        apply(&mut items.packages, changes.packages);
        apply(&mut items.findings, changes.findings);
    }

    fn scan() -> impl Strategy<Value = Items> {
        let said = || vec((0u8..4, 0u8..3), 0..4);
        (said(), said(), said(), said(), said()).prop_map(|said| found(said).into())
    }

    proptest! {
        #[test]
        fn a_look_that_did_not_reach_everything_takes_nothing_away(one in scan(), other in scan()) {
            let before = Known::of(&one).unwrap();
            let after = Known::of(&other).unwrap().beside(&before);
            let (mut server, changes) = (one.clone(), changes(Some(&before), &after, &other));
            let removed = count(&changes).1;
            apply_all(&mut server, changes);
            prop_assert_eq!((removed, Known::of(&server).unwrap().state()), (0, after.state()));
        }

        #[test]
        fn whoever_applies_every_delta_has_what_the_last_scan_found(
            scans in vec((scan(), any::<bool>()), 1..6),
        ) {
            let (mut server, mut known) = (Items::default(), None);
            for (items, forgotten) in scans {
                if forgotten {
                    known = None;
                }
                let after = Known::of(&items).unwrap();
                let changes = changes(known.as_ref(), &after, &items);
                prop_assert_eq!(changes.full, known.is_none());
                apply_all(&mut server, changes);
                prop_assert_eq!(&server, &items);
                prop_assert_eq!(Known::of(&server).unwrap().state(), after.state());
                known = Some(after);
            }
        }

        #[test]
        fn two_states_have_one_name_only_when_they_are_the_same(one in scan(), other in scan()) {
            let (a, b) = (Known::of(&one).unwrap(), Known::of(&other).unwrap());
            prop_assert_eq!(a.state() == b.state(), one == other);
            prop_assert_eq!(changes(Some(&a), &b, &other).is_empty(), one == other);
        }
    }
}
