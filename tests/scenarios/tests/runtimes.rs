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

/// The marks of a manager come from the catalogue, so that this test names no tool: one that answers a plain greeting.
fn manager() -> (String, String, String) {
    let catalog = catalog::load().expect("the catalogue is read");
    let tools = catalog.tools.iter().filter(|tool| tool.manager);
    let mut greeted = tools.filter_map(|tool| {
        let greeting = tool.http.iter().find(|answer| answer.path == "/")?.body.clone()?;
        Some((tool.id.clone(), tool.process.names.first()?.clone(), greeting))
    });
    greeted.next().expect("a manager that greets")
}

#[test]
fn the_worker_of_a_manager_is_the_managers_and_not_a_runtime_of_its_own() {
    let (tree, model) = tree_with_a_model();
    let (id, name, greeting) = manager();
    let (program, worker) = (tree.path(&name), tree.path("llama-server"));
    for copy in [&program, &worker] {
        fs::copy(tools::node(), copy).expect("the program is copied");
    }
    let mut command = Command::new(&program);
    command.arg(repository().join("tests/tools/manager.mjs")).arg(greeting).arg(&worker);
    command.arg(repository().join("tests/tools/serve.mjs")).arg(tools::node_modules()).arg(&model);
    let mut running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::piped()));
    let line = running.wait_for_line("listening", START);
    let child: u32 = line.rsplit(' ').next().and_then(|pid| pid.parse().ok()).expect("the child's id");

    let answer = Scan::with_processes(tree.root()).run();
    let runtime = answer.process("runtimes", running.pid()).expect("the manager is listed");
    assert_eq!(
        (runtime["tool"].as_str(), runtime["confidence"].as_str()),
        (Some(id.as_str()), Some("confirmed"))
    );
    assert!(has_family(&runtime, "http") && has_family(&runtime, "mapped-model"), "{runtime:#}");
    assert_eq!(runtime["children"], serde_json::json!([child]));
    assert_eq!(runtime["models"][0]["path"].as_str(), model.to_str());
    assert_eq!(answer.process("runtimes", child), None, "the worker is not listed by itself");
}

#[test]
fn a_runtime_that_the_network_can_reach_is_a_finding_and_its_secrets_are_not_shown() {
    let (tree, model) = tree_with_a_model();
    let secret = "sk-proj-Zx9vQ2mL7kT4wB8nR1cY6hJ3";
    let mut command = Command::new(tools::node());
    command
        .arg(repository().join("tests/tools/serve.mjs"))
        .arg(tools::node_modules())
        .arg(&model)
        .arg("0.0.0.0");
    command.args(["--api-key", secret, "--note=kept"]);
    let mut running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::piped()));
    running.wait_for_line("listening", START);

    let answer = Scan::with_processes(tree.root()).run();
    let exposed = answer.list("findings").into_iter().find(|finding| finding["rule"] == "runtime-exposed");
    assert_eq!(exposed.expect("it is a finding")["severity"], "high");
    assert_eq!(answer.code, Some(1));
    let runtime = answer.process("runtimes", running.pid()).expect("the runtime is listed");
    let words = runtime["cmdline"].as_array().expect("a command line");
    assert!(words.iter().any(|word| *word == "--note=kept"), "{runtime:#}");
    assert!(!answer.stdout.contains(secret), "a secret of a command line is printed");
}
