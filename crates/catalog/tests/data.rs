//! What the catalogue promises about its own tables.

// A test may fail loudly, its helpers too.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use catalog::tool::{Tool, key_steps};
use catalog::{Catalog, HttpFingerprint, PathRun, ToolKind};

/// Programs that run other people's programs: their names say nothing about AI.
const GENERIC: &str = "python python3 python3.11 python.exe node bun deno podman docker chat q server main interpreter \
    mini cn amp bash sh java electron code cursor-x uvicorn gunicorn java ruby go npx uvx npm";

fn catalog() -> Catalog {
    catalog::load().unwrap()
}

fn fingerprints(catalog: &Catalog) -> impl Iterator<Item = (&str, &HttpFingerprint)> {
    let of_tools =
        catalog.tools.iter().flat_map(|tool| tool.http.iter().map(|http| (tool.id.as_str(), http)));
    of_tools.chain(catalog.fingerprints.iter().map(|http| ("no tool", http)))
}

#[test]
fn every_known_tool_and_license_has_its_row() {
    let catalog = catalog();
    assert!(catalog.tools.len() >= 60, "{} tools", catalog.tools.len());
    assert!(catalog.licenses.iter().len() >= 112, "{} licences", catalog.licenses.iter().len());
    for kind in [ToolKind::Runtime, ToolKind::Agent, ToolKind::App, ToolKind::Gateway, ToolKind::Framework] {
        assert!(catalog.tools.iter().any(|tool| tool.kind == kind), "no {}", kind.as_str());
    }
}

#[test]
fn a_tool_lies_in_the_file_that_has_its_id() {
    for tool in catalog().tools {
        let file = format!("{}/../../catalog/tools/{}.toml", env!("CARGO_MANIFEST_DIR"), tool.id);
        assert!(std::path::Path::new(&file).is_file(), "{}", tool.id);
        assert_eq!(catalog().tool(&tool.id).map(|found| found.name.clone()), Some(tool.name));
    }
}

#[test]
fn no_generic_name_is_evidence() {
    for tool in catalog().tools {
        for generic in GENERIC.split_whitespace() {
            assert_eq!(tool.process.name_of_program(generic), None, "{}: `{generic}`", tool.id);
            assert_eq!(tool.process.name_of_comm(generic), None, "{}: `{generic}`", tool.id);
            assert_eq!(tool.process.argument(&[generic]), None, "{}: `{generic}`", tool.id);
        }
    }
}

#[test]
fn a_name_means_one_tool() {
    let mut owners = BTreeMap::<String, String>::new();
    for tool in catalog().tools {
        for name in &tool.process.names {
            let other = owners.insert(name.to_lowercase(), tool.id.clone());
            assert!(
                other.as_ref().is_none_or(|other| *other == tool.id),
                "`{name}` is {} and {other:?}",
                tool.id
            );
        }
    }
}

#[test]
fn ordinary_programs_carry_no_mark() {
    let lines: [&[&str]; 9] = [
        &["git", "clone", "https://github.com/AUTOMATIC1111/stable-diffusion-webui"],
        &["npm", "install", "-g", "@openai/codex", "@anthropic-ai/claude-code"],
        &["vim", "/home/u/CLAUDE.md"],
        &["/usr/bin/python3", "-m", "http.server", "8080"],
        &["node", "server.js", "--model", "x"],
        &["bash", "-c", "ollama serve"],
        &["wget", "https://example.org/model.llamafile"],
        &["grep", "-r", "vllm serve", "."],
        &["goose", "up"],
    ];
    for tool in catalog().tools {
        for line in lines {
            assert_eq!(tool.process.argument(line), None, "{}: {line:?}", tool.id);
        }
        for path in [
            "/usr/bin/python3",
            "/home/u/.cache/huggingface/hub/x",
            "/usr/lib/libc.so.6",
            "/home/u/notes.txt",
        ] {
            assert_eq!(tool.process.path(path), None, "{}: {path}", tool.id);
        }
        for name in [
            "HF_TOKEN",
            "HF_HOME",
            "OPENAI_API_KEY",
            "OPENAI_API_BASE",
            "DATA_DIR",
            "PATH",
            "OLLAMA_HOST",
            "MODEL_ID",
        ] {
            assert_eq!(tool.process.variable(name), None, "{}: {name}", tool.id);
        }
    }
}

#[test]
fn renamed_and_interpreted_tools_carry_a_mark() {
    let catalog = catalog();
    let process = |id: &str| &catalog.tool(id).unwrap().process;
    assert!(process("codex").argument(&["/usr/lib/node_modules/@openai/codex/bin/codex.js"]).is_some());
    assert!(process("claude-code").path("/home/u/.local/share/claude/versions/2.0.1").is_some());
    assert!(process("vllm").argument(&["-m", "vllm.entrypoints.openai.api_server"]).is_some());
    assert!(process("llama-cpp-python").argument(&["-m", "llama_cpp.server", "--model", "x"]).is_some());
    assert!(process("aider").argument(&["/v/bin/aider", "--model", "x"]).is_some());
    assert!(process("tgi").name_of_comm("text-generation").is_some());
    assert_eq!(
        process("codex").risks(&["codex", "-s", "danger-full-access"]).collect::<Vec<_>>(),
        ["-s danger-full-access"]
    );
    assert_eq!(process("codex").risks(&["codex", "-s", "read-only"]).count(), 0);
    assert!(catalog.tool("node-llama-cpp").unwrap().runs_under_another_name());
}

#[test]
fn every_fingerprint_asks_for_a_path_and_expects_something() {
    let catalog = catalog();
    for (tool, http) in fingerprints(&catalog) {
        assert!(http.path.starts_with('/') && !http.path.contains([' ', '#']), "{tool}: {}", http.path);
        assert!(http.status.is_none_or(|status| (200..300).contains(&status)), "{tool}");
        assert!(
            http.body.is_some() || http.json.is_some() || http.header.is_some(),
            "{tool}: a status tells nothing"
        );
        assert!(http.json.as_ref().is_none_or(|pointer| pointer.starts_with('/')), "{tool}: no JSON pointer");
        assert!(http.json_equals.is_none() || http.json.is_some(), "{tool}: equal to what?");
        assert!(
            http.header.as_ref().is_none_or(|header| header.contains(": ")),
            "{tool}: a header has a name"
        );
    }
    assert!(
        catalog.tools.iter().all(|tool| tool.http.len() <= 3),
        "each question costs the listener an answer"
    );
}

#[test]
fn every_configuration_key_has_steps_and_every_path_a_place() {
    for tool in catalog().tools {
        for config in &tool.config.mcp {
            assert!(
                config.path.starts_with("~/") || config.path.starts_with('/'),
                "{}: {}",
                tool.id,
                config.path
            );
            assert!(
                key_steps(&config.key).iter().all(|step| !step.is_empty()),
                "{}: {}",
                tool.id,
                config.key
            );
        }
        for os in ["linux", "macos", "windows"] {
            assert!(tool.config.homes.on(os).all(|home| home.starts_with("~/")), "{}", tool.id);
        }
        assert!(tool.config.instructions.iter().all(|name| !name.starts_with(['/', '~'])), "{}", tool.id);
    }
}

#[test]
fn patterns_are_not_so_wide_that_they_match_anything() {
    fn patterns(tool: &Tool) -> impl Iterator<Item = &str> {
        let marks = &tool.process;
        let texts = marks.names.iter().chain(&marks.arguments).chain(&marks.env).chain(&marks.libraries);
        texts.map(String::as_str).chain(marks.paths.iter().map(PathRun::as_str))
    }
    let catalog = catalog();
    let of_tools = catalog.tools.iter().flat_map(patterns);
    let of_libraries = catalog.libraries.iter().flat_map(|library| library.names.iter().map(String::as_str));
    for pattern in of_tools.chain(of_libraries) {
        let fixed = pattern.chars().filter(|c| c.is_alphanumeric()).count();
        assert!(fixed >= 3 && !pattern.trim().is_empty(), "`{pattern}`");
        assert_eq!(pattern, pattern.trim(), "`{pattern}`");
    }
}

#[test]
fn a_package_has_one_owner_and_is_found_in_any_spelling() {
    let catalog = catalog();
    let mut seen = BTreeSet::new();
    for tool in &catalog.tools {
        for name in tool.packages.pypi.iter().chain(&tool.packages.npm).chain(&tool.packages.vscode) {
            assert!(seen.insert(name.to_lowercase()), "`{name}` belongs to two tools");
        }
    }
    assert_eq!(catalog.package("pypi", "Aider_Chat").and_then(|package| package.tool), Some("aider"));
    assert_eq!(catalog.package("npm", "@openai/codex").and_then(|package| package.tool), Some("codex"));
    assert_eq!(
        catalog.package("vscode", "continue.CONTINUE").and_then(|package| package.tool),
        Some("continue")
    );
    assert_eq!(catalog.package("pypi", "torch").map(|package| package.tool), Some(None));
    assert!(catalog.package("pypi", "requests").is_none() && catalog.package("npm", "express").is_none());
}

#[test]
fn libraries_and_formats_are_known_by_their_names() {
    let catalog = catalog();
    let library = |file: &str| {
        catalog
            .libraries
            .iter()
            .find(|library| library.matches(file))
            .map(|found| (found.id.as_str(), found.inference))
    };
    assert_eq!(library("libggml-cpu-zen4.so"), Some(("ggml", true)));
    assert_eq!(library("libonnxruntime.so.1.22.0"), Some(("onnxruntime", true)));
    assert_eq!(library("libcudart.so.12"), Some(("cuda", false)));
    assert_eq!(library("libc.so.6"), None);
    assert_eq!(library("libtorrent.so.2"), None);
    assert_eq!(catalog.format("pickle").map(|format| format.executes.as_str()), Some("pickle"));
    for format in &catalog.formats {
        assert!(
            format.extensions.iter().all(|end| end.starts_with('.') && *end == end.to_lowercase()),
            "{}",
            format.id
        );
        assert!(
            format.safe_alternative.as_ref().is_none_or(|id| catalog.format(id).is_some()),
            "{}",
            format.id
        );
    }
}

#[test]
fn a_store_belongs_to_a_tool_that_exists() {
    let catalog = catalog();
    assert!(!catalog.stores.is_empty());
    for store in &catalog.stores {
        assert!(
            store.tool.as_ref().is_none_or(|id| catalog.tool(id).is_some()),
            "{}: {:?}",
            store.id,
            store.tool
        );
    }
    assert_eq!(catalog.store("ollama").map(|store| store.id.as_str()), Some("ollama"));
}
