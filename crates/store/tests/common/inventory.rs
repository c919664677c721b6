//! Devices that report, as small as they can be.

use domain::{
    Agent, Artifact, Confidence, Coverage, Device, Digest, Finding, HostPath, LoadedModel, Metadata, Package,
    Program, Runtime, Severity, Sha256Digest, Verdict,
};
use jiff::Timestamp;
use protocol::sensor::{Changes, Delta, Keyed, Report, ScanSummary};
use store::{Actor, Enrolment, Ingested, Store};

/// A time, in seconds.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// Someone without an account.
pub(crate) fn actor() -> Actor {
    Actor { person: None, name: "command line".into() }
}

/// A device and what its sensor remembers.
#[derive(Debug, Clone)]
pub(crate) struct Sensor {
    pub(crate) uid: String,
    pub(crate) sequence: u64,
    pub(crate) state: Option<String>,
    pub(crate) coverage: Coverage,
}

impl Sensor {
    /// Enrols a device.
    pub(crate) async fn enrolled(store: &Store, name: &str) -> Self {
        let token = format!("token of {name}");
        store.add_enrolment_token(&token, 1, at(3600), &actor(), at(0)).await.unwrap();
        let uid = format!("{name:0>32}");
        let enrolment = Enrolment {
            token_hash: token,
            uid: uid.clone(),
            public_key: vec![7; 32],
            device: device(name),
            sensor_version: "0.1.0".into(),
        };
        assert!(store.enrol(&enrolment, at(1)).await.unwrap());
        Self { uid, sequence: 0, state: None, coverage: Coverage::default() }
    }

    /// The next report, of everything.
    pub(crate) fn full(&mut self, changes: Changes) -> Report {
        self.report(Changes { full: true, ..changes })
    }

    /// The next report, of what changed.
    pub(crate) fn delta(&mut self, changes: Changes) -> Report {
        self.report(changes)
    }

    fn report(&mut self, changes: Changes) -> Report {
        self.sequence += 1;
        let base = self.state.take().filter(|_| !changes.full);
        self.state = Some(format!("state {}", self.sequence));
        Report {
            sequence: self.sequence,
            base,
            state: self.state.clone().unwrap(),
            sensor_version: "0.1.0".into(),
            scan: ScanSummary {
                device: device(self.uid.trim_start_matches('0')),
                started_at: at(10),
                elapsed_ms: 1_234,
                complete: true,
                coverage: self.coverage.clone(),
                accelerators: Vec::new(),
                notes: Vec::new(),
            },
            changes,
            answers: Vec::new(),
        }
    }

    /// Reports, and it is stored.
    pub(crate) async fn tells(
        &self,
        store: &Store,
        report: Report,
        now: Timestamp,
    ) -> Vec<store::Collection> {
        match store.ingest(&self.uid, report, now).await.unwrap() {
            Ingested::Stored { changed } => changed,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn device(name: &str) -> Device {
    Device {
        id: None,
        hostname: Some(name.to_owned()),
        os: "linux".into(),
        os_version: Some("Debian 12".into()),
        arch: "x86_64".into(),
    }
}

pub(crate) fn put<T>(put: Vec<T>) -> Delta<T> {
    Delta { put, remove: Vec::new() }
}

pub(crate) fn remove<T>(keys: &[&str]) -> Delta<T> {
    Delta { put: Vec::new(), remove: keys.iter().map(ToString::to_string).collect() }
}

pub(crate) fn sha(byte: u8) -> Sha256Digest {
    Sha256Digest::from_bytes([byte; 32])
}

/// An artefact whose digest was computed.
pub(crate) fn artifact(paths: &[&str], byte: u8) -> Artifact {
    Artifact {
        paths: paths.iter().map(|path| HostPath::from(*path)).collect(),
        size: 1_000 + u64::from(byte),
        format: "gguf".into(),
        digest: Digest::computed(sha(byte), None),
        store: None,
        origin: None,
        license: None,
        metadata: Metadata::default(),
        verdict: Verdict::NotScanned,
        facts: Vec::new(),
        content: domain::Content::default(),
    }
}

/// An artefact of which a store says the digest.
pub(crate) fn claimed(paths: &[&str], byte: u8) -> Artifact {
    Artifact { digest: Digest::claimed(sha(byte)), ..artifact(paths, byte) }
}

/// An artefact that nobody has hashed.
pub(crate) fn pending(paths: &[&str], byte: u8) -> Artifact {
    Artifact { digest: Digest::PENDING, ..artifact(paths, byte) }
}

pub(crate) fn runtime(pid: u32, listeners: &[&str], models: &[&str]) -> Keyed<Runtime> {
    let mut item = Program::installed(Some("ollama".into()), None, Vec::new(), Confidence::Confirmed);
    item.pid = Some(pid);
    item.listeners = listeners.iter().map(ToString::to_string).collect();
    let model =
        |path: &&str| LoadedModel { path: HostPath::from(*path), format: "gguf".into(), sha256: None };
    item.models = models.iter().map(model).collect();
    Keyed { key: format!("p{pid}-0"), item }
}

pub(crate) fn agent(key: &str, pid: Option<u32>) -> Keyed<Agent> {
    let mut program = Program::installed(Some("claude-code".into()), None, Vec::new(), Confidence::Likely);
    program.pid = pid;
    Keyed { key: key.to_owned(), item: Agent::new(program) }
}

pub(crate) fn package(name: &str, version: &str) -> Package {
    Package {
        ecosystem: "pypi".into(),
        name: name.to_owned(),
        version: Some(version.to_owned()),
        tool: None,
        path: HostPath::from("/usr/lib/python3"),
    }
}

pub(crate) fn finding(rule: &str, severity: Severity, paths: &[&str]) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity,
        subject: format!("subject of {rule}"),
        message: format!("{rule} is the case"),
        evidence: vec!["it was seen".into()],
        help: "look".into(),
        paths: paths.iter().map(|path| HostPath::from(*path)).collect(),
    }
}
