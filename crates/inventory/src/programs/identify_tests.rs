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
    Seen::of(process)
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
        tool.kind == ToolKind::Agent && tool.process.path("/x/node_modules/@openai/codex/bin/y").is_some()
    });
    let tool = tool.unwrap();
    let seen =
        process("/home/a/n/node_modules/@openai/codex-linux-x64/vendor/x/bin/notes", &["notes", "exec"]);
    let found = identify(&catalog, &seen, &Silent);
    assert_eq!((found.tool, confidence(&found.evidence)), (Some(tool.id.as_str()), Some(Confidence::Likely)));
}

#[test]
fn a_program_that_is_told_about_an_agent_is_none() {
    let catalog = catalog();
    for (exe, line) in [
        ("/usr/bin/watch", "watch -n 60 opencode run"),
        ("/usr/bin/timeout", "timeout 100 codex exec"),
        ("/usr/bin/xargs", "xargs -I{} codex exec {}"),
        ("/usr/bin/grep", "grep -r /x/node_modules/@openai/codex"),
        ("/usr/bin/python3", "python3 -c pass codex exec"),
    ] {
        let words: Vec<_> = line.split(' ').collect();
        assert_eq!(identify(&catalog, &process(exe, &words), &Silent), Identity::default(), "{line}");
    }
}

#[test]
fn a_script_is_known_by_where_its_link_leads_and_by_its_own_name() {
    let catalog = catalog();
    let mut seen = process("/usr/bin/node", &["node", "/x/node_modules/.bin/qwen", "-y"]);
    seen.invocation.scripts = ["/x/node_modules/.bin/qwen", "/x/node_modules/@qwen-code/qwen-code/cli.js"]
        .map(PathBuf::from)
        .to_vec();
    let found = identify(&catalog, &seen, &Silent);
    let families: Vec<_> = found.evidence.iter().map(|piece| piece.family).collect();
    assert!(families.contains(&EvidenceFamily::Store), "{found:?}");
    assert_eq!(confidence(&found.evidence), Some(Confidence::Confirmed));
}

#[test]
fn an_inherited_descriptor_and_an_unused_import_are_only_hints() {
    let catalog = catalog();
    let mut import = process("/usr/bin/python3", &["python3"]);
    import.libraries.push("/v/libonnxruntime.so.1".into());
    assert_eq!(confidence(&identify(&catalog, &import, &Silent).evidence), Some(Confidence::Possible));
    let mut shell = process("/usr/bin/sleep", &["sleep", "9"]);
    shell.written.push("/home/a/.codex/sessions/x/r.jsonl".into());
    assert_eq!(confidence(&identify(&catalog, &shell, &Silent).evidence), Some(Confidence::Possible));
}

#[test]
fn a_console_script_with_its_package_beside_it_is_confirmed() {
    let catalog = catalog();
    let mut seen = process("/usr/bin/python3", &["python3", "/v/bin/aider", "--model", "x"]);
    let script = seen.process.arguments[1..].to_vec();
    seen.invocation.scripts.push("/v/bin/aider".into());
    seen.invocation.commands.push(script);
    let tool = identify(&catalog, &seen, &Silent).tool.unwrap();
    seen.installed_beside.push(tool.to_owned());
    assert_eq!(confidence(&identify(&catalog, &seen, &Silent).evidence), Some(Confidence::Confirmed));
}
