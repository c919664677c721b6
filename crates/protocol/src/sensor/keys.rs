//! What the things of a device are called in reports, and the hash over all of them.

use std::collections::BTreeMap;

use domain::{Agent, Artifact, Finding, HostPath, Package, Program, Runtime};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Something that a report carries.
pub trait Item: Serialize {
    /// What it is called among its kind on its device.
    fn key(&self) -> String;
}

impl Item for Artifact {
    fn key(&self) -> String {
        artifact_key(self.path())
    }
}

impl Item for Package {
    fn key(&self) -> String {
        let Self { ecosystem, name, version, tool: _, path } = self;
        [ecosystem, name, version.as_deref().unwrap_or_default(), &artifact_key(path)].join("\0")
    }
}

impl Item for Finding {
    fn key(&self) -> String {
        format!("{}\0{}", self.rule, self.subject)
    }
}

/// A thing whose name depends on the others of its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Keyed<T> {
    /// Its name.
    pub key: String,
    /// The thing.
    pub item: T,
}

impl<T: Serialize> Item for Keyed<T> {
    fn key(&self) -> String {
        self.key.clone()
    }
}

/// The key of the artefact whose first path this is: the path where its text is exact, else `base64:` and its bytes.
pub fn artifact_key(path: &HostPath) -> String {
    match (path.exact_text(), path.base64()) {
        (Some(text), _) => text.to_owned(),
        (None, exact) => format!("base64:{}", exact.unwrap_or_default()),
    }
}

/// Runtimes with their keys.
pub fn keyed_runtimes(runtimes: Vec<Runtime>) -> Vec<Keyed<Runtime>> {
    keyed(runtimes, |runtime| runtime)
}

/// Agents with their keys.
pub fn keyed_agents(agents: Vec<Agent>) -> Vec<Keyed<Agent>> {
    keyed(agents, |agent| &agent.program)
}

/// Programs of one name are numbered from the second on.
fn keyed<T>(items: Vec<T>, program: impl Fn(&T) -> &Program) -> Vec<Keyed<T>> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let numbered = items.into_iter().map(|item| {
        let name = program_key(program(&item));
        let count = seen.entry(name.clone()).and_modify(|count| *count += 1).or_insert(1);
        let key = if *count == 1 { name } else { format!("{name}-{count}") };
        Keyed { key, item }
    });
    numbered.collect()
}

/// A process by its number and start, so that a number used again is another program; what is only installed by what it is.
fn program_key(program: &Program) -> String {
    match program.pid {
        Some(pid) => {
            let started = program.started_at.map_or(0, jiff::Timestamp::as_millisecond);
            format!("p{pid}-{started}")
        }
        None => {
            let exe = || program.exe.as_ref().map(artifact_key);
            let name = program.tool.clone().or_else(exe).unwrap_or_default();
            format!("i-{name}-{}", program.user.as_deref().unwrap_or_default())
        }
    }
}

/// The state of one thing, as a number: half a SHA-256 of its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark([u8; 16]);

impl Mark {
    /// The mark of a thing.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn of(item: &impl Serialize) -> Result<Self, serde_json::Error> {
        struct Hash(Sha256);
        impl std::io::Write for Hash {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.update(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut hash = Hash(Sha256::new());
        serde_json::to_writer(&mut hash, item)?;
        let mut mark = [0; 16];
        mark.iter_mut().zip(hash.0.finalize()).for_each(|(half, byte)| *half = byte);
        Ok(Self(mark))
    }
}

/// The hash over everything that is known of a device. Only the sensor computes it; to the server it is a name of a state.
#[derive(Debug, Default)]
pub struct StateHash(Sha256);

impl StateHash {
    /// Adds one kind of things, sorted by their keys.
    pub fn add<'a>(&mut self, kind: &str, marks: impl Iterator<Item = (&'a str, &'a Mark)>) {
        self.part(kind.as_bytes());
        for (key, mark) in marks {
            self.part(key.as_bytes());
            self.0.update(mark.0);
        }
        // No key has this length, so kinds cannot run into each other.
        self.0.update(u64::MAX.to_le_bytes());
    }

    fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// The name of the state: 64 hexadecimal digits.
    pub fn finish(self) -> String {
        domain::Sha256Digest::from_bytes(self.0.finalize().into()).to_string()
    }
}
