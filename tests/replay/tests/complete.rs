//! The lists agree: a program in `fuzz/` per target, and a target per parser of what strangers write.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Sources of the crate of artefacts that read no bytes themselves.
const READ_NOTHING: &[&str] = &[
    "crates/artifact/src/identified.rs",
    "crates/artifact/src/lib.rs",
    "crates/artifact/src/references.rs",
    "crates/artifact/src/rules.rs",
    "crates/artifact/src/testkit.rs",
    "crates/artifact/src/tests.rs",
];

/// Sources whose properties are not those of a parser of a stranger's bytes, or that no target can reach, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("crates/accounts/src/ttl.rs", "a word of the command line"),
    ("crates/console/src/assets.rs", "reads what we built"),
    (
        "crates/console/src/list/state.rs",
        "the address is read by the queries' target; the rest is a round trip",
    ),
    ("crates/console/src/models/content.rs", "makes a tree of names that were read already"),
    ("crates/console/src/words.rs", "writes numbers for people"),
    ("crates/inventory/src/inspect/bundles.rs", "puts names together, and reads no content"),
    (
        "crates/inventory/src/inspect/image.rs",
        "two fields of JSON, read through files; its property reads any document",
    ),
    ("crates/inventory/src/memory.rs", "files of ours, sealed; its property damages them"),
    ("crates/inventory/src/programs/invocation.rs", "compares words that were taken apart before"),
    ("crates/inventory/src/stores/marker.rs", "compares patterns of the catalogue with paths"),
    ("crates/sensor/src/command.rs", "an envelope and a command, which `signing` and `messages` read"),
    ("crates/sensor/src/delta.rs", "compares what was read already"),
    ("crates/sensor/src/pace.rs", "arithmetic of times"),
    ("crates/server/src/tests/control.rs", "routes of the server, whose bodies `messages` reads"),
    ("crates/store/src/ingest/identity.rs", "names what was read already"),
    ("crates/store/src/lists/cursor.rs", "a few words in base64 that we wrote; its property reads any text"),
    ("crates/store/src/text.rs", "cuts texts that were read already"),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two folders above").to_owned()
}

fn parsers() -> BTreeSet<&'static str> {
    replay::targets().flat_map(|target| target.parsers).copied().collect()
}

#[test]
fn every_target_has_a_program_that_calls_it_and_no_program_is_left_over() {
    let fuzz = repository().join("fuzz");
    let manifest: toml::Table = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap().parse().unwrap();
    let bins = manifest["bin"].as_array().unwrap().iter();
    let built: BTreeSet<_> = bins.map(|bin| bin["name"].as_str().unwrap().to_owned()).collect();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let files = fs::read_dir(fuzz.join("fuzz_targets")).unwrap().map(|entry| entry.unwrap().path());
    let written: BTreeSet<_> = files.map(stem).collect();
    let targets: BTreeSet<_> = replay::targets().map(|target| target.name.to_owned()).collect();
    assert_eq!((&targets, &targets), (&built, &written));
    for name in targets {
        let text = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(text.contains(&format!("replay::run(\"{name}\", data)")), "{text}");
    }
}

#[test]
fn every_parser_that_a_target_names_is_there() {
    let missing: Vec<_> = parsers().into_iter().filter(|path| !repository().join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_format_that_is_read_has_a_target() {
    let sources = fs::read_dir(repository().join("crates/artifact/src")).unwrap();
    let paths = sources.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let names = paths.map(|path| path.strip_prefix(repository()).unwrap().display().to_string());
    let known = parsers();
    let without: Vec<_> = names
        .filter(|name| !known.contains(name.as_str()) && !READ_NOTHING.contains(&name.as_str()))
        .collect();
    assert!(without.is_empty(), "a parser needs a target: {without:?}");
}

/// The `.rs` files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The source that a file with properties is about: `x/tests.rs` and `x/mod.rs` are about `x.rs`.
fn subject(path: &Path) -> String {
    let path = path.strip_prefix(repository()).unwrap().display().to_string();
    let about = path.strip_suffix("/tests.rs").map(|module| format!("{module}.rs"));
    about.unwrap_or(path)
}

#[test]
fn whatever_has_properties_has_a_target_or_a_reason_to_have_none() {
    let crates = fs::read_dir(repository().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let mut files = Vec::new();
    for one in crates.filter(|one| !one.ends_with("artifact")) {
        sources(&one.join("src"), &mut files);
    }
    let known = parsers();
    let reasons: BTreeSet<_> = OTHERWISE.iter().map(|(path, _)| *path).collect();
    let with: BTreeSet<_> =
        files.iter().filter(|path| fs::read_to_string(path).unwrap().contains("proptest! {")).collect();
    let subjects: BTreeSet<_> = with.into_iter().map(|path| subject(path)).collect();
    let reached =
        |path: &str| known.iter().any(|one| one.trim_end_matches(".rs") == module(path) || path == *one);
    let without: Vec<_> =
        subjects.iter().filter(|path| !reached(path) && !reasons.contains(path.as_str())).collect();
    assert!(without.is_empty(), "a parser needs a target, or its reason to have none: {without:?}");
    let stale: Vec<_> = reasons.iter().filter(|path| !subjects.contains(**path) || reached(path)).collect();
    assert!(stale.is_empty(), "these need no reason any more: {stale:?}");
}

/// The module that a file of a folder belongs to.
fn module(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(folder, _)| folder)
}
