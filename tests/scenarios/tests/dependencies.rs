//! The rules of `deny.toml` about bans, licences and sources, checked without cargo-deny so that every test run sees them.

use std::{collections::BTreeMap, fs};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use scenarios::repository;
use spdx::{Expression, ParseMode};
use toml::{Table, Value};

fn rules() -> Table {
    fs::read_to_string(repository().join("deny.toml")).expect("deny.toml").parse().expect("deny.toml is TOML")
}

fn metadata() -> Metadata {
    let options = ["--locked".to_owned(), "--all-features".to_owned()];
    MetadataCommand::new().current_dir(repository()).other_options(options).exec().expect("cargo metadata")
}

/// The packages of others.
fn foreign(metadata: &Metadata) -> Vec<&Package> {
    metadata.packages.iter().filter(|package| !metadata.workspace_members.contains(&package.id)).collect()
}

fn is_allowed(license: &str, allowed: &[&str]) -> bool {
    Expression::parse_mode(license, ParseMode::LAX)
        .is_ok_and(|terms| terms.evaluate(|term| allowed.contains(&term.to_string().as_str())))
}

#[test]
fn every_license_is_in_the_list() {
    let rules = rules();
    let list = rules["licenses"]["allow"].as_array().expect("a list of licences");
    let allowed: Vec<_> = list.iter().filter_map(Value::as_str).collect();
    let metadata = metadata();
    let wrong: Vec<_> = foreign(&metadata)
        .into_iter()
        .filter(|package| !package.license.as_deref().is_some_and(|license| is_allowed(license, &allowed)))
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.license))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_license_outside_the_list_is_refused() {
    assert!(is_allowed("MIT/Apache-2.0", &["MIT"]));
    assert!(is_allowed("GPL-3.0-only OR MIT", &["MIT"]));
    assert!(!is_allowed("GPL-3.0-only AND MIT", &["MIT"]));
    assert!(!is_allowed("no such license", &["MIT"]));
}

#[test]
fn everything_comes_from_the_index() {
    let metadata = metadata();
    for package in foreign(&metadata) {
        let from_index = package.source.as_ref().is_some_and(|source| source.is_crates_io());
        assert!(from_index, "{} comes from {:?}", package.name, package.source);
    }
}

#[test]
fn what_is_banned_is_absent() {
    let metadata = metadata();
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for package in &metadata.packages {
        *versions.entry(package.name.as_str()).or_default() += 1;
    }
    let rules = rules();
    for rule in rules["bans"]["deny"].as_array().expect("a list of bans") {
        let name = rule["crate"].as_str().expect("a ban names a crate");
        if let Some(wrappers) = rule.get("wrappers").and_then(Value::as_array) {
            let allowed = |user: &String| wrappers.iter().any(|wrapper| wrapper.as_str() == Some(user));
            let others: Vec<_> =
                users_of(&metadata, name).into_iter().filter(|user| !allowed(user)).collect();
            assert!(others.is_empty(), "{others:?} use `{name}`: {:?}", rule.get("reason"));
            continue;
        }
        let once = rule.get("deny-multiple-versions").and_then(Value::as_bool) == Some(true);
        let limit = usize::from(once);
        let count = versions.get(name).copied().unwrap_or_default();
        assert!(count <= limit, "{count} versions of `{name}`: {:?}", rule.get("reason"));
    }
}

/// Who really brings a crate, optional dependencies that nobody switched on left out.
fn users_of(metadata: &Metadata, name: &str) -> Vec<String> {
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    let uses = |node: &&cargo_metadata::Node| node.deps.iter().any(|one| *metadata[&one.pkg].name == *name);
    resolve.nodes.iter().filter(uses).map(|node| metadata[&node.id].name.to_string()).collect()
}

#[test]
fn no_dependency_is_a_wildcard() {
    for package in metadata().workspace_packages() {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_none()) {
            let version = dependency.req.to_string();
            assert!(version != "*", "{} takes any version of `{}`", package.name, dependency.name);
        }
    }
}
