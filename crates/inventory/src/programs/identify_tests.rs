use std::path::PathBuf;

use domain::Confidence;
use platform::process::Process;

use super::*;
use crate::programs::observe::SeenModel;

struct Silent;

impl Ask for Silent {
    fn answers(&self, _: &Seen, _: &HttpFingerprint) -> bool {
        false
    }
}

/// Answers the questions of one tool.
struct Answers(HttpFingerprint);

impl Ask for Answers {
    fn answers(&self, _: &Seen, fingerprint: &HttpFingerprint) -> bool {
        *fingerprint == self.0
    }
}

fn process(exe: &str, arguments: &[&str]) -> Seen {
    let name = exe.rsplit('/').next().unwrap().to_owned();
    let process = Process {
        pid: 7,
        parent: Some(1),
        name,
        exe: Some(exe.into()),
        arguments: arguments.iter().map(ToString::to_string).collect(),
        user_id: None,
        user: None,
        started_at: None,
        directory: None,
    };
    Seen {
        process,
        models: vec![],
        libraries: vec![],
        written: vec![],
        variables: vec![],
        listeners: vec![],
        shares_network: true,
    }
}

fn model(path: &str, mapped: bool) -> SeenModel {
    SeenModel { path: path.into(), file: None, format: "gguf", mapped }
}

fn catalog() -> Catalog {
    catalog::load().unwrap()
}

#[test]
fn an_ordinary_process_is_nothing() {
    let catalog = catalog();
    for (exe, arguments) in [
        ("/usr/bin/vim", &["vim", "/home/a/.codex/config.toml"][..]),
        ("/usr/bin/python3.11", &["python3", "manage.py", "runserver"]),
        ("/usr/bin/node", &["node", "server.js"]),
        ("/usr/bin/git", &["git", "commit", "-m", "ollama serve"]),
    ] {
        let found = identify(&catalog, &process(exe, arguments), &Silent);
        assert_eq!(found, Identity::default(), "{exe}");
    }
}

#[test]
fn a_renamed_program_with_weights_and_a_library_mapped_is_a_runtime_that_no_entry_needs_to_explain() {
    let catalog = catalog();
    let mut seen = process("/opt/x/payroll", &["payroll", "--quiet"]);
    seen.models.push(model("/data/accounts.db", true));
    seen.libraries.push(PathBuf::from("/opt/x/libggml-base.so.0"));
    let found = identify(&catalog, &seen, &Silent);
    assert_eq!(found.tool, None);
    assert_eq!(confidence(&found.evidence), Some(Confidence::Confirmed));
}

#[test]
fn a_program_that_only_copies_a_model_is_no_runtime() {
    let mut seen = process("/usr/bin/cp", &["cp", "/m/a.gguf", "/mnt"]);
    seen.models.push(model("/m/a.gguf", false));
    assert_eq!(identify(&catalog(), &seen, &Silent), Identity::default());
}

#[test]
fn a_port_is_no_evidence_and_a_variable_alone_is_none_either() {
    let catalog = catalog();
    let tool = catalog
        .tools
        .iter()
        .find(|tool| !tool.network.ports.is_empty() && !tool.process.env.is_empty())
        .unwrap();
    let mut seen = process("/usr/bin/python3", &["python3"]);
    seen.listeners.push(([127, 0, 0, 1], tool.network.ports[0]).into());
    seen.variables = tool.process.env.clone();
    assert_eq!(identify(&catalog, &seen, &Silent), Identity::default());
}

#[test]
fn an_answer_confirms_a_name() {
    let catalog = catalog();
    let tool = catalog
        .tools
        .iter()
        .find(|tool| {
            tool.kind == ToolKind::Runtime
                && !tool.http.is_empty()
                && tool.process.names.iter().any(|name| !name.contains('*'))
        })
        .unwrap();
    let name = tool.process.names.iter().find(|name| !name.contains('*')).unwrap();
    let mut seen = process(&format!("/usr/bin/{name}"), &[name]);
    assert_eq!(confidence(&identify(&catalog, &seen, &Silent).evidence), Some(Confidence::Possible));
    seen.listeners.push(([127, 0, 0, 1], 9999).into());
    let found = identify(&catalog, &seen, &Answers(tool.http[0].clone()));
    assert_eq!(
        (found.tool, confidence(&found.evidence)),
        (Some(tool.id.as_str()), Some(Confidence::Confirmed))
    );
}

#[test]
fn a_program_without_evidence_is_never_asked() {
    struct Forbidden;
    impl Ask for Forbidden {
        fn answers(&self, _: &Seen, _: &HttpFingerprint) -> bool {
            panic!("asked a service that has nothing to do with us")
        }
    }
    let mut seen = process("/usr/bin/python3", &["python3", "-m", "http.server"]);
    seen.listeners.push(([127, 0, 0, 1], 11434).into());
    identify(&catalog(), &seen, &Forbidden);
}

#[test]
fn an_agent_under_another_name_is_known_by_where_it_lies() {
    let catalog = catalog();
    let tool = catalog.tools.iter().find(|tool| {
        tool.kind == ToolKind::Agent && tool.process.path("/x/node_modules/@openai/codex/y").is_some()
    });
    let tool = tool.unwrap();
    let seen = process("/home/a/n/node_modules/@openai/codex/vendor/notes", &["notes", "exec"]);
    let found = identify(&catalog, &seen, &Silent);
    assert_eq!((found.tool, confidence(&found.evidence)), (Some(tool.id.as_str()), Some(Confidence::Likely)));
}

#[test]
fn what_a_shell_searches_for_is_not_what_it_runs() {
    assert_eq!(script(Some(Path::new("/usr/bin/grep")), &["grep", "/x/node_modules/@openai/codex"]), None);
    assert_eq!(script(Some(Path::new("/usr/bin/node")), &["node", "--flag", "/a/b.js"]), Some("/a/b.js"));
}
