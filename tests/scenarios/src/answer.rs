//! What a run answered: exit code, standard output, standard error, and the parts of the document.

use std::{path::Path, process::Output};

use serde_json::Value;

/// What a run of the binary answered.
#[derive(Debug)]
pub struct Answer {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Answer {
    /// The whole document. Fails with everything that was printed when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "not one JSON document: {error}\nexit {:?}\nstdout: {}\nstderr: {}",
                self.code, self.stdout, self.stderr
            )
        })
    }

    /// The items of a list of the document.
    pub fn list(&self, name: &str) -> Vec<Value> {
        let document = self.json();
        document[name].as_array().unwrap_or_else(|| panic!("no list `{name}` in {document:#}")).clone()
    }

    /// The artefact held at a path, if the scan lists one.
    pub fn artifact_at(&self, path: &Path) -> Option<Value> {
        let path = path.to_str().expect("the tests that ask by path use UTF-8");
        let holds = |artifact: &Value| {
            artifact["paths"].as_array().is_some_and(|paths| paths.iter().any(|one| one == path))
        };
        self.list("artifacts").into_iter().find(holds)
    }

    /// A number of the coverage.
    pub fn counted(&self, name: &str) -> u64 {
        self.json()["coverage"][name].as_u64().unwrap_or_else(|| panic!("coverage has no number `{name}`"))
    }

    /// The runtime or agent with a process id, if the scan lists one.
    pub fn process(&self, list: &str, pid: u32) -> Option<Value> {
        self.list(list).into_iter().find(|program| program["pid"] == pid)
    }
}
