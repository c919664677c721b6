//! What a disk can hold against whoever reads it. Each is handled, counted, and holds nothing else up.

#![cfg(target_os = "linux")]

use std::{
    ffi::OsStr,
    fs::{self, OpenOptions},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, net::UnixListener},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use scenarios::{
    Answer, Scan, models,
    schema::assert_follows_schema,
    tree::{Chain, Tree},
};

/// A tree with an honest model, which every scan of it must list whatever lies beside it.
fn tree() -> Tree {
    let tree = Tree::new();
    tree.write("honest/model.gguf", models::plain_gguf());
    tree
}

fn scan(tree: &Tree) -> Answer {
    let answer = Scan::of(tree.root()).run();
    assert_follows_schema(&answer.json());
    assert_eq!(answer.json()["complete"], true);
    assert!(answer.artifact_at(&tree.path("honest/model.gguf")).is_some(), "the honest model is listed");
    answer
}

#[test]
fn fifos_and_sockets_are_counted_and_never_opened() {
    let tree = tree();
    mknodat(CWD, tree.path("pipe.gguf"), FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    let _socket = UnixListener::bind(tree.path("socket.gguf")).unwrap();
    let answer = scan(&tree);
    assert_eq!(answer.counted("special"), 2);
    assert_eq!(answer.list("artifacts").len(), 1);
}

#[test]
fn devices_are_counted_and_never_opened() {
    // Null, zero, full, random, tty: opening and reading some of them never ends.
    let answer = Scan::of(Path::new("/dev")).run();
    assert_follows_schema(&answer.json());
    assert!(answer.counted("special") >= 5, "{:#}", answer.json()["coverage"]);
}

#[test]
fn loops_of_links_end_and_lead_nowhere() {
    let tree = tree();
    tree.link("loop/up", "..");
    tree.link("loop/self", "self");
    tree.link("loop/ping", "pong");
    tree.link("loop/pong", "ping");
    tree.link("honest/again", "../honest");
    let answer = scan(&tree);
    assert_eq!(answer.counted("links"), 5);
    assert_eq!(answer.counted("files"), 1);
    assert_eq!(answer.list("artifacts").len(), 1);
}

#[test]
fn no_link_leads_out_of_a_root() {
    let (tree, outside) = (tree(), Tree::new());
    let secret = outside.write("other/secret.gguf", models::plain_gguf());
    tree.link("way/out", outside.path("other"));
    tree.link("way/model.gguf", &secret);
    let answer = scan(&tree);
    assert!(answer.artifact_at(&secret).is_none());
    assert_eq!(answer.list("artifacts").len(), 1);
}

#[test]
fn a_name_that_is_not_utf8_is_escaped_and_kept_exactly() {
    let tree = tree();
    let path = tree.write(OsStr::from_bytes(b"caf\xe9.gguf"), models::plain_gguf());
    let answer = scan(&tree);
    let artifacts = answer.list("artifacts");
    let odd = artifacts.iter().find(|one| one.get("path_base64").is_some()).expect("a path with exact bytes");
    assert!(odd["path"].as_str().unwrap().ends_with("/caf\\xe9.gguf"));
    let exact = BASE64_STANDARD.decode(odd["path_base64"].as_str().unwrap()).unwrap();
    assert_eq!(exact, path.as_os_str().as_bytes());
}

#[test]
fn a_name_with_escape_sequences_is_never_drawn_raw() {
    let tree = tree();
    tree.write("\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}evil.gguf", models::plain_gguf());
    for format in ["table", "csv", "json"] {
        let scan = Scan::new().word("--no-cache").word("--no-processes").word("--format").word(format);
        let text = scan.word(tree.root()).run().stdout;
        assert!(text.contains("evil.gguf"), "{format}: {text}");
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{format}: {text:?}");
    }
}

#[test]
fn what_configurations_and_packages_say_is_never_drawn_raw() {
    let evil = |word: &str| format!("{word}\u{1b}[31mRED\u{1b}[2J\u{9b}2J\u{202e}");
    let tree = tree();
    let servers = serde_json::json!({ "mcpServers": {
        evil("local"): { "command": "npx", "args": ["-y", evil("argument")], "env": { evil("API_TOKEN"): "abc" } },
        evil("remote"): { "url": format!("https://example.org/{}", evil("path")) },
    }});
    tree.write("project/.mcp.json", servers.to_string());
    let package = "project/.venv/lib/python3.12/site-packages/torch-2.9.0.dist-info";
    tree.write(format!("{package}/METADATA"), format!("Name: torch\nVersion: {}\n", evil("2.9.0")));
    let folder = format!("project/other/site-packages/torch-{}.dist-info", evil("2.8.0"));
    tree.write(format!("{folder}/METADATA"), "Name: torch\n");
    for format in ["table", "csv"] {
        let scan = Scan::new().word("--no-cache").word("--no-processes").word("--format").word(format);
        let text = scan.word(tree.root()).run().stdout;
        assert!(text.contains("local\\u{1b}[31mRED") && text.contains("torch"), "{format}: {text}");
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{format}: {text:?}");
    }
}

/// Renames, truncates, removes and makes models anew until told to stop.
fn disturb(tree: &Tree, stop: &AtomicBool) {
    let (path, other) = (tree.path("busy/model.gguf"), tree.path("busy/other.gguf"));
    while !stop.load(Ordering::Relaxed) {
        fs::write(&path, models::plain_gguf()).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(5000).unwrap();
        fs::rename(&path, &other).unwrap();
        fs::write(&other, models::pickle()).unwrap();
        fs::remove_file(&other).unwrap();
        fs::create_dir(&path).unwrap();
        fs::remove_dir(&path).unwrap();
    }
}

/// Stops the disturbance, also when an assertion fails first.
struct Disturbed<'a>(&'a AtomicBool);

impl Drop for Disturbed<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn files_that_change_or_vanish_while_they_are_read_do_no_harm() {
    let tree = tree();
    for number in 0..200 {
        tree.write(format!("busy/{number}.gguf"), models::plain_gguf());
    }
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let _until_here = Disturbed(&stop);
        scope.spawn(|| disturb(&tree, &stop));
        let answers: Vec<_> = (0..5).map(|_| Scan::of(tree.root()).run()).collect();
        for answer in answers {
            assert_follows_schema(&answer.json());
            assert_eq!(answer.json()["complete"], true);
            assert_ne!(answer.code, Some(3), "{}", answer.stderr);
            assert!(answer.artifact_at(&tree.path("busy/199.gguf")).is_some(), "what kept still is listed");
        }
    });
}

#[test]
fn a_chain_of_10_000_directories_is_walked_or_counted_never_lost() {
    let tree = tree();
    let _chain = Chain::new(tree.root(), 10_000, "bottom.gguf", &models::plain_gguf());
    let answer = scan(&tree);
    let reached = answer
        .list("artifacts")
        .iter()
        .any(|artifact| artifact["path"].as_str().is_some_and(|path| path.ends_with("/d/d/bottom.gguf")));
    assert!(reached || answer.counted("unreadable_total") > 0, "{:#}", answer.json()["coverage"]);
    assert!(!reached || answer.counted("directories") >= 10_000);
}

#[test]
fn a_gguf_that_claims_2_to_the_60_keys_is_listed_and_never_clean() {
    let tree = tree();
    let path = tree.write("many.gguf", models::gguf_claiming_keys(1 << 60));
    let said = |depth: &str| {
        let answer = Scan::of(tree.root()).word("--inspect").word(depth).run();
        (answer.artifact_at(&path).expect("it is listed")["verdict"].clone(), answer.code)
    };
    assert_eq!(said("none"), ("unscannable".into(), Some(4)));
    // It is made to break its reader, as only a look inside tells.
    assert_eq!(said("quick"), ("suspicious".into(), Some(1)));
}

#[test]
fn an_empty_file_with_the_name_of_a_model_is_counted_and_no_model() {
    let tree = tree();
    let path = tree.write("empty.gguf", "");
    let answer = scan(&tree);
    assert_eq!(answer.counted("empty"), 1);
    assert!(answer.artifact_at(&path).is_none());
}

#[test]
fn a_hole_of_a_terabyte_costs_no_more_than_its_head() {
    let tree = tree();
    let path = tree.write("hole.gguf", models::plain_gguf());
    OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let answer = scan(&tree);
    assert_eq!(answer.artifact_at(&path).expect("it is listed")["size"], 1u64 << 40);
    assert!(answer.counted("bytes_read") < 64 << 20);
}

#[test]
fn a_manifest_that_is_not_json_is_named_and_its_blob_still_listed() {
    let tree = tree();
    let models_folder = Path::new(".ollama/models");
    let blob =
        tree.write(models_folder.join(format!("blobs/sha256-{}", "ab".repeat(32))), models::plain_gguf());
    let manifest = models_folder.join("manifests/registry.ollama.ai/library/odd/latest");
    let manifest = tree.write(manifest, "{\"schemaVersion\": 2, \"layers\": [");
    let answer = Scan::of(tree.root()).home(tree.root()).run();
    assert_follows_schema(&answer.json());
    assert_ne!(answer.code, Some(3), "{}", answer.stderr);
    assert!(answer.artifact_at(&blob).is_some(), "the blob is a model whatever its manifest says");
    let unreadable = answer.json()["coverage"]["unreadable"].clone();
    let named = unreadable.as_array().unwrap().iter().any(|one| one["path"].as_str() == manifest.to_str());
    assert!(named, "{unreadable:#}");
}

#[test]
fn an_unreadable_directory_is_named_and_alone_never_fails() {
    let tree = Tree::new();
    tree.write("closed/model.gguf", models::plain_gguf());
    let closed = tree.path("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let answer = Scan::of(tree.root()).as_nobody().run();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    let document = answer.json();
    assert_follows_schema(&document);
    let unreadable = document["coverage"]["unreadable"].as_array().unwrap();
    assert!(unreadable.iter().any(|one| one["path"].as_str() == closed.to_str()), "{document:#}");
    assert_eq!(answer.counted("unreadable_total"), 1);
    assert_eq!(document["complete"], true);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
}
