//! A real agent, seen while it works and gone when it stopped. Its model is a scripted server on the loopback that
//! gives it one command to run and then keeps it waiting.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use scenarios::{Running, Scan, eventually, schema::assert_follows_schema, tools, tree::Tree};
use serde_json::{Value, json};

/// What the model asks for: it outlasts the test and does nothing.
const COMMAND: &str = "sleep 60";

const START: Duration = Duration::from_secs(60);

/// A model in name only. It speaks enough of the `responses` wire to hand out one command, and then holds every answer.
struct ScriptedModel {
    address: String,
    asked: mpsc::Receiver<usize>,
}

impl ScriptedModel {
    fn start(command: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let (tell, asked) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tell = tell.clone();
                thread::spawn(move || answer(&stream, command, &tell));
            }
        });
        Self { address, asked }
    }

    /// Waits until the agent came back with what its command said, or was asked the first time.
    fn wait_for_request(&self) -> usize {
        self.asked.recv_timeout(START).expect("the agent asks its model")
    }
}

fn answer(stream: &TcpStream, command: &str, tell: &mpsc::Sender<usize>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    while let Some((path, body)) = request(&mut reader) {
        if !path.contains("/responses") {
            let models = r#"{"object":"list","data":[{"id":"scripted","object":"model"}]}"#;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                models.len()
            );
            let mut writer = stream;
            let _ = writer.write_all(format!("{head}{models}").as_bytes());
            continue;
        }
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let results = request["input"]
            .as_array()
            .map_or(0, |items| items.iter().filter(|item| is_result(item)).count());
        let call = shell_call(&request, command).filter(|_| results == 0);
        let _ = tell.send(results);
        match call {
            Some(call) => send_events(stream, &call),
            // The test ends before this does.
            None => thread::sleep(Duration::from_secs(600)),
        }
        return;
    }
}

fn is_result(item: &Value) -> bool {
    matches!(item["type"].as_str(), Some("function_call_output" | "local_shell_call_output"))
}

/// A call of whatever tool of the request runs a command.
fn shell_call(request: &Value, command: &str) -> Option<Value> {
    let names = ["shell", "shell_command", "exec_command", "container.exec"];
    let tool =
        request["tools"].as_array()?.iter().find(|tool| names.iter().any(|name| tool["name"] == *name))?;
    let properties = &tool["parameters"]["properties"];
    let key = if properties.get("cmd").is_some() { "cmd" } else { "command" };
    let words =
        if properties[key]["type"] == "array" { json!(["sh", "-c", command]) } else { json!(command) };
    let arguments = json!({ key: words }).to_string();
    Some(
        json!({"type": "function_call", "id": "item", "call_id": "call", "name": tool["name"], "arguments": arguments}),
    )
}

fn send_events(mut stream: &TcpStream, item: &Value) {
    let usage = json!({"input_tokens": 1, "input_tokens_details": null, "output_tokens": 1,
        "output_tokens_details": null, "total_tokens": 2});
    let events = [
        json!({"type": "response.created", "response": {"id": "response"}}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        json!({"type": "response.completed", "response": {"id": "response", "usage": usage}}),
    ];
    let body: String = events
        .iter()
        .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()))
        .collect();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

/// One request: its path and body. Only bodies with a length, which is what this agent sends.
fn request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|&length| length > 0)?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|&length| length > 0)?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}

/// Starts the agent as a person does: by the launcher that npm installs.
fn start_agent(tree: &Tree, model: &ScriptedModel) -> Running {
    let config = format!(
        "model = \"scripted\"\nmodel_provider = \"local\"\n[model_providers.local]\nname = \"local\"\n\
         base_url = \"http://{}/v1\"\nwire_api = \"responses\"\nenv_key = \"SCRIPTED_KEY\"\n",
        model.address
    );
    tree.write("agent-home/config.toml", config);
    let work = tree.path("work");
    fs::create_dir_all(&work).expect("a folder to work in");
    let mut command = Command::new(tools::node());
    command.arg(tools::node_modules().join("@openai/codex/bin/codex.js"));
    command.args(["exec", "--skip-git-repo-check", "-s", "danger-full-access", "wait a while"]);
    command.current_dir(work).env("CODEX_HOME", tree.path("agent-home")).env("SCRIPTED_KEY", "none");
    Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))
}

/// A process and everything below it.
fn family(pid: u32) -> BTreeSet<u64> {
    let mut family = BTreeSet::from([u64::from(pid)]);
    loop {
        let before = family.len();
        for entry in fs::read_dir("/proc").expect("/proc").flatten() {
            let Some(child) = entry.file_name().to_str().and_then(|name| name.parse::<u64>().ok()) else {
                continue;
            };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // pid (name) state parent: the name may hold anything, so the fields after it are counted from its end.
            let parent =
                stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse::<u64>().ok());
            if parent.is_some_and(|parent| family.contains(&parent)) {
                family.insert(child);
            }
        }
        if family.len() == before {
            return family;
        }
    }
}

fn runs_the_command(family: &BTreeSet<u64>) -> bool {
    let line =
        |pid: &u64| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ");
    family.iter().any(|pid| line(pid).trim_end() == COMMAND)
}

fn agents_among(tree: &Tree, family: &BTreeSet<u64>) -> Vec<Value> {
    let answer = Scan::with_processes(tree.root()).run();
    assert_follows_schema(&answer.json());
    let mut agents = answer.list("agents");
    agents.retain(|agent| agent["pid"].as_u64().is_some_and(|pid| family.contains(&pid)));
    agents
}

#[test]
fn a_real_agent_is_listed_once_while_it_works_and_gone_when_it_stopped() {
    let tree = Tree::new();
    let model = ScriptedModel::start(COMMAND);
    let running = start_agent(&tree, &model);
    assert_eq!(model.wait_for_request(), 0, "the first request brings no result of a command");
    let everyone = eventually(START, || Some(family(running.pid())).filter(runs_the_command));
    let everyone = everyone.expect("the agent runs the command that its model asked for");
    let agents = agents_among(&tree, &everyone);
    assert_eq!(agents.len(), 1, "{agents:#?}");
    assert_eq!(agents[0]["tool"], "codex", "{agents:#?}");
    running.stop();
    let gone =
        eventually(Duration::from_secs(10), || agents_among(&tree, &everyone).is_empty().then_some(()));
    assert!(gone.is_some(), "the agent stopped and is still listed");
}
