//! The real runtimes and agents that `./dev test` brings. A test without them fails with the line to run, it never skips.

use std::{
    env,
    path::PathBuf,
    process::Command,
    sync::{Mutex, PoisonError},
};

use crate::repository;

/// Where `./dev test` puts what it brings.
fn folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from).join("tools")
}

fn brought(path: &str) -> PathBuf {
    let full = folder().join(path);
    assert!(full.exists(), "`{}` is missing; this brings it: ./dev test", full.display());
    full
}

/// The Python that has the runtime for Python and the writer of models.
pub fn python() -> PathBuf {
    brought("venv/bin/python")
}

/// The folder whose `node_modules` holds the runtime for Node and the agent.
pub fn node_modules() -> PathBuf {
    brought("node/node_modules")
}

/// The Node program: the one that was brought, else the system's.
pub fn node() -> PathBuf {
    let brought = folder().join("bin/node");
    let node = if brought.exists() { brought } else { PathBuf::from("node") };
    let output = Command::new(&node).args(["--print", "process.execPath"]).output();
    let output = output.expect("Node 20 or newer is missing; this brings it: ./dev test");
    PathBuf::from(String::from_utf8(output.stdout).expect("a path in UTF-8").trim())
}

/// A small model that real runtimes load: random weights, 0.5 MB. Made once.
pub fn tiny_gguf() -> PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = brought("venv").with_file_name("tiny.gguf");
    if !path.exists() {
        let half = path.with_extension("half");
        let script = repository().join("tests/tools/make_gguf.py");
        let status = Command::new(python()).arg(script).arg(&half).status().expect("python starts");
        assert!(status.success(), "make_gguf.py failed");
        std::fs::rename(half, &path).expect("the model gets its name once it is whole");
    }
    path
}
