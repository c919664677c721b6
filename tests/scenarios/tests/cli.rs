//! `eyeline scan` as a person or a script uses it: formats, exit codes, streams, interruption, what is kept between scans.

#![cfg(target_os = "linux")]

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use scenarios::{Answer, Scan, eyeline, home::Home, models, schema::assert_follows_schema, tree::Tree};
use sha2::{Digest, Sha256};

const ESCAPE: char = '\u{1b}';

/// A tree with one model of unknown origin: worth a finding, nothing to worry about.
fn tree_with_a_model() -> Tree {
    let tree = Tree::new();
    tree.write("models/plain.gguf", models::plain_gguf());
    tree.write("notes.txt", "nothing to see");
    tree
}

fn run(words: &[&str]) -> Answer {
    Answer::from(Command::new(eyeline()).args(words).stdin(Stdio::null()).output().expect("eyeline starts"))
}

#[test]
fn version_names_the_program() {
    let answer = run(&["--version"]);
    assert_eq!(answer.code, Some(0));
    assert_eq!(answer.stdout.trim_end(), concat!("eyeline ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_goes_to_standard_output_and_names_the_formats() {
    let answer = run(&["scan", "--help"]);
    assert_eq!(answer.code, Some(0));
    for word in ["--format", "--fail-on", "--hash", "--no-cache", "--data"] {
        assert!(answer.stdout.contains(word), "`{word}` is missing in: {}", answer.stdout);
    }
}

#[test]
fn json_is_one_document_that_follows_its_schema() {
    let tree = tree_with_a_model();
    let answer = Scan::of(tree.root()).run();
    let document = answer.json();
    assert_follows_schema(&document);
    assert_eq!(document["complete"], true);
    assert_eq!(answer.artifact_at(&tree.path("models/plain.gguf")).unwrap()["format"], "gguf");
}

#[test]
fn json_of_the_whole_machine_follows_its_schema() {
    let tree = tree_with_a_model();
    assert_follows_schema(&Scan::with_processes(tree.root()).run().json());
}

#[test]
fn csv_has_a_header_and_one_record_for_every_artifact() {
    let tree = tree_with_a_model();
    let scan =
        Scan::new().word("--no-cache").word("--no-processes").word("--format").word("csv").word(tree.root());
    let answer = scan.run();
    let mut reader = csv::Reader::from_reader(answer.stdout.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let column = |name: &str| heads.iter().position(|head| head == name).expect("the column");
    let (kind, path) = (column("kind"), column("path"));
    let records: Vec<_> =
        reader.records().map(|record| record.expect("as many fields as the header has")).collect();
    let artifacts: Vec<_> = records.iter().filter(|record| record.get(kind) == Some("artifact")).collect();
    assert_eq!(artifacts.len(), 1, "{records:#?}");
    assert_eq!(artifacts[0].get(path), tree.path("models/plain.gguf").to_str());
}

#[test]
fn the_table_is_the_default_and_readable_without_color() {
    let tree = tree_with_a_model();
    let answer = Scan::new().word("--no-cache").word(tree.root()).run();
    assert!(answer.stdout.contains("plain.gguf"), "{}", answer.stdout);
    assert!(!answer.stdout.contains(ESCAPE), "not a terminal, and yet colour: {:?}", answer.stdout);
}

#[test]
fn standard_output_carries_only_the_result() {
    let tree = tree_with_a_model();
    let answer = Scan::of(tree.root()).run();
    assert!(answer.stdout.trim_start().starts_with('{') && answer.stdout.trim_end().ends_with('}'));
    // Progress is for terminals.
    assert!(!answer.stderr.contains('\r') && !answer.stderr.contains(ESCAPE), "{:?}", answer.stderr);
}

#[test]
fn nothing_found_is_exit_0() {
    let tree = Tree::new();
    tree.write("notes.txt", "nothing to see");
    assert_eq!(Scan::of(tree.root()).run().code, Some(0));
}

#[test]
fn a_finding_at_the_level_of_fail_on_is_exit_1_and_below_it_is_exit_0() {
    let tree = tree_with_a_model();
    let at = |level: &str| Scan::of(tree.root()).word("--fail-on").word(level).run();
    let answer = at("info");
    assert!(!answer.list("findings").is_empty(), "a model of unknown origin is a finding");
    assert_eq!(answer.code, Some(1));
    assert_eq!(at("critical").code, Some(0));
}

#[test]
fn wrong_usage_is_exit_2_and_says_what_is_right() {
    for words in [
        &["scan", "--format", "poem"][..],
        &["scan", "--fail-on", "urgent"],
        &["scan", "--no-such-flag"],
        &["sacn"],
    ] {
        let answer = run(words);
        assert_eq!(answer.code, Some(2), "{words:?}: {}", answer.stderr);
        assert_eq!(answer.stdout, "", "{words:?}");
        assert!(!answer.stderr.is_empty(), "{words:?}");
    }
    assert!(run(&["scan", "--fail-on", "urgent"]).stderr.contains("medium"));
}

#[test]
fn a_root_that_does_not_exist_is_exit_3_and_is_named() {
    let tree = Tree::new();
    let answer = Scan::of(&tree.path("absent")).run();
    assert_eq!(answer.code, Some(3), "{}", answer.stderr);
    assert!(answer.stderr.contains("absent"), "{}", answer.stderr);
}

#[test]
fn a_root_that_leads_nowhere_is_exit_3_too() {
    let tree = Tree::new();
    tree.link("dangling", "missing");
    tree.link("loop", "loop");
    for root in ["dangling", "loop"] {
        let answer = Scan::of(&tree.path(root)).run();
        assert_eq!(answer.code, Some(3), "{root}");
        assert!(answer.stderr.contains(root), "{}", answer.stderr);
    }
}

#[test]
fn a_reader_that_closes_the_pipe_does_not_turn_findings_into_success() {
    let tree = tree_with_a_model();
    let scan = Scan::of(tree.root()).word("--fail-on").word("info");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = scan.command().stdout(writer).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn what_could_not_be_decided_is_exit_4() {
    let tree = Tree::new();
    tree.write("half-00001-of-00002.gguf", models::plain_gguf());
    let answer = Scan::of(tree.root()).run();
    assert_eq!(answer.code, Some(4), "{}", answer.stderr);
}

#[test]
fn ctrl_c_ends_cleanly_with_what_was_found_marked_incomplete() {
    let tree = tree_with_a_model();
    // Hashing this takes minutes: a hole of 256 GiB after an honest head.
    let endless = tree.write("models/endless.gguf", models::plain_gguf());
    OpenOptions::new().write(true).open(endless).unwrap().set_len(256 << 30).unwrap();
    let scan = Scan::of(tree.root()).word("--hash");
    let running = scan.start();
    thread::sleep(Duration::from_secs(2));
    let asked = Instant::now();
    running.signal(Signal::INT);
    let answer = Answer::from(running.finish(Duration::from_secs(20)));
    assert!(asked.elapsed() < Duration::from_secs(5), "it took {:?} to end", asked.elapsed());
    let document = answer.json();
    assert_follows_schema(&document);
    assert_eq!(document["complete"], false);
    assert_eq!(answer.code, Some(3));
    assert!(answer.artifact_at(&tree.path("models/plain.gguf")).is_some(), "what was found is listed");
}

#[test]
fn an_interrupted_scan_says_so_in_every_format() {
    let tree = tree_with_a_model();
    let endless = tree.write("models/endless.gguf", models::plain_gguf());
    OpenOptions::new().write(true).open(endless).unwrap().set_len(256 << 30).unwrap();
    let scan = |format: &str| Scan::new().word("--no-cache").word("--hash").word("--format").word(format);
    for (format, mark) in
        [("table", "Interrupted"), ("csv", "\ncoverage,incomplete,"), ("json", "\"complete\": false")]
    {
        let scan = scan(format).word(tree.root());
        let running = scan.start();
        thread::sleep(Duration::from_secs(2));
        running.signal(Signal::INT);
        let answer = Answer::from(running.finish(Duration::from_secs(20)));
        assert_eq!(answer.code, Some(3), "{format}");
        assert!(answer.stdout.contains(mark), "{format}: {}", answer.stdout);
        let lines: Vec<_> = answer.stderr.lines().filter(|line| line.contains("interrupted")).collect();
        assert_eq!(lines.len(), 1, "{format}: {}", answer.stderr);
    }
}

#[test]
fn csv_says_what_was_not_seen() {
    let tree = tree_with_a_model();
    let closed = tree.write("closed/model.gguf", models::plain_gguf());
    fs::set_permissions(closed.parent().unwrap(), fs::Permissions::from_mode(0o000)).unwrap();
    let scan = Scan::new().as_nobody().word("--no-cache").word("--no-processes").word("--format").word("csv");
    let answer = scan.word(tree.root()).run();
    fs::set_permissions(closed.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(answer.stdout.lines().filter(|line| line.starts_with("coverage,complete,")).count(), 1);
    let unreadable = format!("unreadable,,{}", closed.parent().unwrap().display());
    assert!(answer.stdout.lines().any(|line| line.starts_with(&unreadable)), "{}", answer.stdout);
}

#[test]
fn hash_computes_what_no_store_claims() {
    let tree = tree_with_a_model();
    let path = tree.path("models/plain.gguf");
    let pending = Scan::of(tree.root()).run().artifact_at(&path).unwrap();
    assert_eq!(pending["digest"]["status"], "pending");
    let computed = Scan::of(tree.root()).word("--hash").run().artifact_at(&path).unwrap();
    let sum: String = Sha256::digest(models::plain_gguf()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(computed["digest"]["status"], "computed");
    assert_eq!(computed["digest"]["sha256"], sum.as_str());
}

#[test]
fn a_blob_that_is_not_what_its_name_says_is_a_finding_once_it_is_hashed() {
    let home = Home::new();
    home.ollama("tampered", "latest", &models::plain_gguf(), "MIT License");
    let blobs = home.tree.path(".ollama/models/blobs");
    let mut blobs = fs::read_dir(&blobs).unwrap().map(|entry| entry.unwrap().path());
    let blob = blobs.find(|path| fs::metadata(path).unwrap().len() > 4096).expect("the model's blob");
    let mut bytes = fs::read(&blob).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&blob, bytes).unwrap();

    let claimed = Scan::of(home.tree.root()).run();
    assert_eq!(claimed.artifact_at(&blob).unwrap()["digest"]["status"], "claimed");
    assert_eq!(claimed.code, Some(0));
    let hashed = Scan::of(home.tree.root()).word("--hash").run();
    let digest = hashed.artifact_at(&blob).unwrap()["digest"].clone();
    assert_eq!(digest["status"], "computed");
    assert!(blob.to_string_lossy().ends_with(digest["claimed"].as_str().unwrap()), "{digest}");
    assert!(hashed.list("findings").iter().any(|finding| finding["rule"] == "digest-mismatch"));
    assert_eq!(hashed.code, Some(1));
}
#[test]
fn a_blob_with_a_lying_name_does_not_accuse_the_same_bytes_under_their_right_name() {
    let home = Home::new();
    home.ollama("good", "latest", &models::plain_gguf(), "MIT License");
    let lying =
        home.tree.write(format!(".ollama/models/blobs/sha256-{}", "f".repeat(64)), models::plain_gguf());
    let hashed = Scan::of(home.tree.root()).word("--hash").run();
    let findings = hashed.list("findings");
    let found: Vec<_> = findings.iter().filter(|finding| finding["rule"] == "digest-mismatch").collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0]["message"].as_str().unwrap().contains(lying.to_str().unwrap()), "{found:#?}");
    let evidence = found[0]["evidence"].as_array().unwrap();
    assert!(evidence.contains(&lying.to_str().unwrap().into()), "{found:#?}");
}
