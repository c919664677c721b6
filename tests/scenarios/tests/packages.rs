//! AI packages where package managers put them, and the tools that they install.

use scenarios::{Answer, Scan, schema::assert_follows_schema, tree::Tree};
use serde_json::Value;

fn scan(tree: &Tree) -> Answer {
    let answer = Scan::of(tree.root()).home(tree.root()).run();
    assert_follows_schema(&answer.json());
    answer
}

fn package(answer: &Answer, ecosystem: &str, name: &str) -> Option<Value> {
    answer
        .list("packages")
        .into_iter()
        .find(|package| package["ecosystem"] == ecosystem && package["name"] == name)
}

#[test]
fn python_node_and_editor_packages_are_listed_with_their_versions() {
    let tree = Tree::new();
    tree.write("app/.venv/lib/python3.12/site-packages/Torch-2.9.1.dist-info/METADATA", "Name: torch");
    tree.write("app/.venv/lib/python3.12/site-packages/requests-2.32.0.dist-info/METADATA", "Name: requests");
    tree.write("old/lib/site-packages/transformers-4.9.0-py3.8.egg-info/PKG-INFO", "Name: transformers");
    let manifest = r#"{"name": "@openai/codex", "version": "0.169.0"}"#;
    tree.write("web/node_modules/@openai/codex/package.json", manifest);
    tree.write("web/node_modules/left-pad/package.json", r#"{"version": "1.0.0"}"#);
    tree.write(".vscode/extensions/saoudrizwan.claude-dev-3.32.8/package.json", "{}");
    let answer = scan(&tree);
    assert_eq!(answer.list("packages").len(), 4, "{:#?}", answer.list("packages"));
    assert_eq!(package(&answer, "pypi", "torch").expect("torch")["version"], "2.9.1");
    assert_eq!(package(&answer, "pypi", "transformers").expect("an older installation")["version"], "4.9.0");
    let codex = package(&answer, "npm", "@openai/codex").expect("the agent");
    assert_eq!((codex["version"].as_str(), codex["tool"].as_str()), (Some("0.169.0"), Some("codex")));
    assert_eq!(
        package(&answer, "vscode", "saoudrizwan.claude-dev").expect("the extension")["version"],
        "3.32.8"
    );
}

#[test]
fn a_package_that_installs_an_agent_makes_it_an_installed_agent() {
    let tree = Tree::new();
    tree.write("web/node_modules/@openai/codex/package.json", r#"{"version": "0.169.0"}"#);
    let agents = scan(&tree).list("agents");
    let codex = agents.iter().find(|agent| agent["tool"] == "codex").expect("the agent is listed");
    assert_eq!((codex.get("pid"), codex["confidence"].as_str()), (None, Some("likely")));
}

#[test]
fn a_manifest_that_is_no_json_or_a_fifo_costs_only_the_version() {
    let tree = Tree::new();
    tree.write("node_modules/openai/package.json", "{ not json");
    let found = package(&scan(&tree), "npm", "openai").expect("the package is listed");
    assert_eq!(found["version"], Value::Null);
}
