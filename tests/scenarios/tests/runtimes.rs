//! Real programs, seen while they run and gone when they stopped. No rule of the catalogue names these runtimes; what
//! tells of them is the model and the library in their memory.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use scenarios::{Running, Scan, eventually, repository, schema::assert_follows_schema, tools, tree::Tree};
use serde_json::Value;

/// Long enough for a real runtime to load half a megabyte on a busy machine.
const START: Duration = Duration::from_secs(120);

/// A tree with the tiny model under an ordinary name.
fn tree_with_a_model() -> (Tree, PathBuf) {
    let tree = Tree::new();
    let model = tree.path("weights.bin");
    fs::copy(tools::tiny_gguf(), &model).expect("the model is copied");
    (tree, model)
}

/// Serves the model by Node; gives the process and its port.
fn serve(node: &Path, model: &Path) -> (Running, String) {
    let mut command = Command::new(node);
    command.arg(repository().join("tests/tools/serve.mjs")).arg(tools::node_modules()).arg(model);
    let mut running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::piped()));
    let line = running.wait_for_line("listening", START);
    let port = line.rsplit(' ').next().expect("a port").to_owned();
    (running, port)
}

fn runtime_of(root: &Path, pid: u32) -> Option<Value> {
    let answer = Scan::with_processes(root).run();
    assert_follows_schema(&answer.json());
    answer.process("runtimes", pid)
}

fn has_family(program: &Value, family: &str) -> bool {
    program["evidence"].as_array().is_some_and(|all| all.iter().any(|piece| piece["family"] == family))
}

/// It is there, with its model, by evidence that renaming does not change.
fn assert_seen(tree: &Tree, model: &Path, pid: u32) -> Value {
    let runtime = runtime_of(tree.root(), pid).expect("the runtime is listed");
    let models = runtime["models"].as_array().expect("a list of models");
    assert!(models.iter().any(|one| one["path"].as_str() == model.to_str()), "{runtime:#}");
    assert!(models.iter().all(|one| one["format"] == "gguf"), "{runtime:#}");
    assert!(has_family(&runtime, "mapped-model") && has_family(&runtime, "mapped-library"), "{runtime:#}");
    assert_eq!(runtime["confidence"], "confirmed", "{runtime:#}");
    runtime
}

fn assert_gone(tree: &Tree, pid: u32) {
    let gone = eventually(Duration::from_secs(10), || runtime_of(tree.root(), pid).is_none().then_some(()));
    assert!(gone.is_some(), "process {pid} stopped and is still listed");
}

#[test]
fn a_model_served_by_node_on_an_odd_port_is_a_running_runtime_until_it_stops() {
    let (tree, model) = tree_with_a_model();
    let (running, port) = serve(&tools::node(), &model);
    let pid = running.pid();
    let runtime = assert_seen(&tree, &model, pid);
    let listeners = runtime["listeners"].as_array().expect("a list of listeners");
    assert!(listeners.iter().any(|one| *one == format!("127.0.0.1:{port}")), "{runtime:#}");
    running.stop();
    assert_gone(&tree, pid);
}

#[test]
fn a_renamed_copy_of_the_program_is_seen_all_the_same() {
    let (tree, model) = tree_with_a_model();
    let renamed = tree.path("notepad");
    fs::copy(tools::node(), &renamed).expect("the program is copied");
    let (running, _) = serve(&renamed, &model);
    let runtime = assert_seen(&tree, &model, running.pid());
    assert_eq!(runtime["exe"].as_str(), renamed.to_str());
}

#[test]
fn a_model_loaded_inside_python_is_a_running_runtime_until_it_stops() {
    let (tree, model) = tree_with_a_model();
    let mut command = Command::new(tools::python());
    command.arg(repository().join("tests/tools/load.py")).arg(tree.root()).arg(model.file_name().unwrap());
    command.env("HF_HUB_OFFLINE", "1").env("HOME", tree.path("home"));
    let mut running =
        Running::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()));
    running.wait_for_line("ready", START);
    let pid = running.pid();
    assert_seen(&tree, &model, pid);
    running.stop();
    assert_gone(&tree, pid);
}

#[test]
fn the_same_program_without_a_model_is_no_runtime() {
    let tree = Tree::new();
    let mut command = Command::new(tools::node());
    let script = "require('http').createServer().listen(0, '127.0.0.1', () => console.log('listening'))";
    let mut running =
        Running::start(command.args(["-e", script]).stdin(Stdio::null()).stdout(Stdio::piped()));
    running.wait_for_line("listening", START);
    assert_eq!(runtime_of(tree.root(), running.pid()), None);
}
