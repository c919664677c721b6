//! Configurations of agents as people and attackers leave them: linked, huge, for everyone on the device.

#![cfg(target_os = "linux")]

use scenarios::{Answer, Scan, schema::assert_follows_schema, tree::Tree};
use serde_json::Value;

const CODEX: &str = "[mcp_servers.ledger]\ncommand = \"uvx\"\nargs = [\"mcp-ledger\"]\n";

/// A home, scanned as such, without processes.
fn scan(tree: &Tree, home: &str) -> Answer {
    let home = tree.path(home);
    let answer = Scan::of(&home).home(&home).run();
    assert_follows_schema(&answer.json());
    answer
}

fn of_tool(answer: &Answer, tool: &str) -> Vec<Value> {
    answer.list("agents").into_iter().filter(|agent| agent["tool"] == tool).collect()
}

#[test]
fn a_configuration_linked_into_a_folder_of_the_same_home_is_read() {
    let tree = Tree::new();
    tree.write("home/dotfiles/codex/config.toml", CODEX);
    tree.link("home/.codex", "dotfiles/codex");
    tree.write("home/dotfiles/claude.json", r#"{"mcpServers": {"ledger": {"command": "ledger"}}}"#);
    tree.link("home/.claude.json", tree.path("home/dotfiles/claude.json"));
    let answer = scan(&tree, "home");
    for tool in ["codex", "claude-code"] {
        let agents = of_tool(&answer, tool);
        assert_eq!(agents.len(), 1, "{tool}: {agents:#?}");
        assert_eq!(agents[0]["mcp_servers"][0]["name"], "ledger", "{agents:#?}");
    }
}

#[test]
fn a_configuration_behind_a_link_out_of_the_home_is_not_shown() {
    let tree = Tree::new();
    tree.write("out/.codex/config.toml", CODEX);
    tree.link("home/.codex", "../out/.codex");
    tree.write("out/mcp.json", r#"{"mcpServers": {"ledger": {"command": "ledger"}}}"#);
    tree.link("home/.cursor/mcp.json", tree.path("out/mcp.json"));
    let answer = scan(&tree, "home");
    assert!(of_tool(&answer, "codex").is_empty(), "{:#}", answer.json());
    assert!(!answer.stdout.contains("ledger"), "{}", answer.stdout);
}

#[test]
fn a_state_file_of_many_megabytes_gives_its_servers_and_a_long_toml_a_gap() {
    let tree = Tree::new();
    let history = "[],".repeat(4 << 20);
    let state =
        format!("{{\"history\": [{history}7], \"mcpServers\": {{\"ledger\": {{\"command\": \"ledger\"}}}}}}");
    tree.write("home/.claude.json", state);
    tree.write("home/.codex/config.toml", format!("{CODEX}x = [{history}7]\n"));
    let answer = scan(&tree, "home");
    assert_eq!(of_tool(&answer, "claude-code")[0]["mcp_servers"][0]["name"], "ledger");
    let unreadable = answer.json()["coverage"]["unreadable"].to_string();
    assert!(unreadable.contains(".codex/config.toml") && unreadable.contains("longer than"), "{unreadable}");
}

#[test]
fn a_broken_configuration_that_several_tools_read_is_told_once() {
    let tree = Tree::new();
    tree.write(".mcp.json", "{ broken");
    tree.write(".cursor/mcp.json", "{ broken");
    let answer = Scan::of(tree.root()).home(tree.root()).run();
    let coverage = &answer.json()["coverage"];
    let paths: Vec<_> =
        coverage["unreadable"].as_array().unwrap().iter().map(|one| one["path"].clone()).collect();
    assert_eq!((coverage["unreadable_total"].as_u64(), paths.len()), (Some(2), 2), "{paths:?}");
}
