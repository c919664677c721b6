//! Calm: the home of someone who uses AI every day, and nothing is badly wrong with it. Few findings, or nobody reads them.

#![cfg(target_os = "linux")]

use artifact::testkit;
use scenarios::{Answer, Scan, home::Home, models, schema::assert_follows_schema};
use serde_json::{Value, json};

const MIT: &str = "MIT License\n\nCopyright (c) 2025 The Authors\n\nPermission is hereby granted, free of charge, to any \
    person obtaining a copy of this software and associated documentation files (the \"Software\"), to deal in the \
    Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, \
    distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished \
    to do so, subject to the following conditions:\n";
const APACHE: &str =
    "                                 Apache License\n                           Version 2.0, January 2004\n";
const LLAMA: &str =
    "LLAMA 3.2 COMMUNITY LICENSE AGREEMENT\nLlama 3.2 Version Release Date: September 25, 2024\n";
const GEMMA: &str = "Gemma Terms of Use\n\nLast modified: February 21, 2024\n";

/// A GGUF that no other model of the home equals.
fn gguf(name: &str, architecture: &str, license: Option<&str>) -> Vec<u8> {
    let mut keys = vec![("general.architecture", architecture), ("general.name", name)];
    keys.extend(license.map(|license| ("general.license", license)));
    models::gguf(&keys)
}

fn safetensors(name: &str) -> Vec<u8> {
    testkit::safetensors(&[("format", "pt"), ("title", name)], &[("model.embed_tokens.weight", &[64, 64])])
}

/// Ten popular models over three stores.
fn fill_with_models(home: &Home) {
    home.ollama("llama3.2", "latest", &gguf("Llama 3.2 3B Instruct", "llama", None), LLAMA);
    home.ollama("qwen3", "8b", &gguf("Qwen3 8B", "qwen3", Some("apache-2.0")), APACHE);
    home.ollama("gemma3", "4b", &gguf("Gemma 3 4B", "gemma3", None), GEMMA);
    home.ollama("phi4-mini", "latest", &gguf("Phi 4 Mini", "phi3", Some("mit")), MIT);
    home.ollama(
        "nomic-embed-text",
        "latest",
        &gguf("Nomic Embed Text", "nomic-bert", Some("apache-2.0")),
        APACHE,
    );
    home.hugging_face("Qwen/Qwen2.5-0.5B-Instruct", "model.safetensors", &safetensors("qwen"), "apache-2.0");
    home.hugging_face(
        "sentence-transformers/all-MiniLM-L6-v2",
        "model.safetensors",
        &safetensors("minilm"),
        "apache-2.0",
    );
    home.hugging_face("openai/whisper-small", "model.safetensors", &safetensors("whisper"), "apache-2.0");
    let mistral = gguf("Mistral 7B Instruct v0.3", "llama", Some("apache-2.0"));
    home.lm_studio(
        "lmstudio-community/Mistral-7B-Instruct-v0.3-GGUF",
        "Mistral-7B-Instruct-v0.3-Q4_K_M.gguf",
        &mistral,
    );
    let deepseek = gguf("DeepSeek R1 Distill Qwen 7B", "qwen2", Some("mit"));
    home.lm_studio(
        "lmstudio-community/DeepSeek-R1-Distill-Qwen-7B-GGUF",
        "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf",
        &deepseek,
    );
}

/// Two agents and three MCP servers, two of them started as whatever is published today.
fn fill_with_agents(home: &Home) {
    let servers = json!({ "mcpServers": {
        "filesystem": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/srv/notes"] },
        "github": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-github@2025.4.8"],
            "env": { "GITHUB_PERSONAL_ACCESS_TOKEN": "${GITHUB_TOKEN}" } },
    } });
    home.tree.write(".claude.json", servers.to_string());
    home.tree.write(".claude/settings.json", "{}");
    let codex = "model = \"gpt-5\"\n[mcp_servers.fetch]\ncommand = \"uvx\"\nargs = [\"mcp-server-fetch\"]\n";
    home.tree.write(".codex/config.toml", codex);
    home.tree.write("projects/shop/AGENTS.md", "# Shop\nRun the tests before you commit.\n");
    home.tree.write("projects/shop/src/main.py", "print('hello')\n".repeat(400));
}

fn scan(home: &Home) -> Answer {
    // Files and configuration only: what else runs on the machine of the test is not part of this home.
    let root = home.tree.root();
    let answer = Scan::of(root).home(root).run();
    assert_follows_schema(&answer.json());
    answer
}

fn typical_home() -> Home {
    let home = Home::new();
    fill_with_models(&home);
    fill_with_agents(&home);
    home
}

fn above_info(answer: &Answer) -> Vec<Value> {
    answer.list("findings").into_iter().filter(|finding| finding["severity"] != "info").collect()
}

#[test]
fn a_typical_home_opens_at_most_five_findings_above_info() {
    let findings = above_info(&scan(&typical_home()));
    assert!(findings.len() <= 5, "{} findings: {findings:#?}", findings.len());
}

#[test]
fn calm_is_not_blindness_every_model_has_its_origin_and_license() {
    let answer = scan(&typical_home());
    let artifacts = answer.list("artifacts");
    let weights: Vec<_> = artifacts.iter().filter(|one| one["metadata"]["role"] != "data").collect();
    assert_eq!(weights.len(), 10, "{weights:#?}");
    for artifact in weights {
        assert!(artifact["origin"].is_object(), "{artifact:#}");
        assert!(artifact["license"].is_object(), "{artifact:#}");
        assert_ne!(artifact["license"]["commercial_use"], "unknown", "{artifact:#}");
    }
}

#[test]
fn a_link_of_a_snapshot_and_its_blob_are_one_artifact_with_two_paths() {
    let answer = scan(&typical_home());
    let artifacts = answer.list("artifacts");
    let of_cache: Vec<_> = artifacts.iter().filter(|one| one["store"] == "hugging-face").collect();
    assert_eq!(of_cache.len(), 3, "{of_cache:#?}");
    for artifact in of_cache {
        assert_eq!(artifact["paths"].as_array().map(Vec::len), Some(2), "{artifact:#}");
        assert_eq!(artifact["digest"]["status"], "claimed", "{artifact:#}");
        let revision = artifact["origin"]["revision"].as_str();
        assert!(revision.is_some_and(|commit| commit.len() == 40), "{artifact:#}");
    }
}

#[test]
fn both_agents_are_listed_with_the_servers_they_start() {
    let agents = scan(&typical_home()).list("agents");
    let servers = |tool: &str| -> Vec<Value> {
        let of_tool = agents.iter().filter(|agent| agent["tool"] == tool);
        of_tool.flat_map(|agent| agent["mcp_servers"].as_array().cloned().unwrap_or_default()).collect()
    };
    let pinned =
        |tool: &str| -> Vec<Value> { servers(tool).iter().map(|server| server["pinned"].clone()).collect() };
    let mut of_claude = pinned("claude-code");
    of_claude.sort_by_key(|pinned| pinned.as_bool());
    assert_eq!(of_claude, [json!(false), json!(true)], "{agents:#?}");
    assert_eq!(pinned("codex"), [json!(false)], "{agents:#?}");
}

#[test]
fn an_unpinned_server_is_a_finding_and_a_pinned_one_is_none() {
    let answer = scan(&typical_home());
    let findings = answer.list("findings");
    let about = |word: &str| {
        let text = |finding: &Value| finding["subject"].as_str().unwrap_or_default().to_owned();
        findings.iter().any(|finding| text(finding).contains(word))
    };
    assert!(about("filesystem") && about("fetch"), "{findings:#?}");
    assert!(!about("server-github"), "{findings:#?}");
}

#[test]
fn a_secret_in_a_configuration_is_named_and_its_value_appears_nowhere() {
    let home = Home::new();
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let servers = json!({ "mcpServers": { "github": { "command": "npx",
        "args": ["-y", "@modelcontextprotocol/server-github@2025.4.8", format!("--token={secret}")],
        "env": { "GITHUB_PERSONAL_ACCESS_TOKEN": secret } } } });
    home.tree.write(".claude.json", servers.to_string());
    for format in ["json", "table", "csv"] {
        let root = home.tree.root();
        let data = tempfile::tempdir().unwrap();
        let scan = Scan::new().home(root).word("--format").word(format).word("--data").word(data.path());
        let answer = scan.word("--no-processes").word(root).run();
        assert!(!answer.stdout.contains(secret) && !answer.stderr.contains(secret), "{format}");
        for entry in std::fs::read_dir(data.path()).unwrap().flatten() {
            let kept = std::fs::read(entry.path()).unwrap_or_default();
            assert!(
                !kept.windows(secret.len()).any(|window| window == secret.as_bytes()),
                "{:?}",
                entry.path()
            );
        }
    }
    let agents = scan(&home).list("agents");
    assert!(json!(agents).to_string().contains("GITHUB_PERSONAL_ACCESS_TOKEN"), "{agents:#?}");
}
