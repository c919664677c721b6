//! What is kept between scans: that it is used, that only its owner reads it, and that a scan does well without it.

#![cfg(target_os = "linux")]

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use scenarios::{Answer, Scan, eventually, models, schema::assert_follows_schema, tree::Tree};

/// A file that changed a moment before a scan could change once more within the same tick of the clock, so a scan remembers
/// only those that have been left alone for longer.
const SETTLE: Duration = Duration::from_secs(4);

/// A tree with one model of unknown origin: worth a finding, nothing to worry about.
fn tree_with_a_model() -> Tree {
    let tree = Tree::new();
    tree.write("models/plain.gguf", models::plain_gguf());
    tree.write("notes.txt", "nothing to see");
    tree
}

fn scan_with_memory(tree: &Tree, data: &Path) -> Answer {
    let scan = Scan::new().word("--format").word("json").word("--no-processes");
    scan.word("--data").word(data).word(tree.root()).run()
}

/// A file as large as a model that is none.
fn write_no_model(tree: &Tree) -> PathBuf {
    tree.write("data.bin", vec![b'a'; models::plain_gguf().len()])
}

#[test]
fn a_second_scan_opens_nothing_that_did_not_change() {
    let tree = tree_with_a_model();
    write_no_model(&tree);
    let data = tempfile::tempdir().unwrap();
    thread::sleep(SETTLE);
    let first = scan_with_memory(&tree, data.path());
    let second = scan_with_memory(&tree, data.path());
    assert_eq!(first.counted("unchanged"), 0);
    assert_eq!(second.counted("unchanged"), 1);
    assert!(second.counted("bytes_read") < first.counted("bytes_read"));
    assert_eq!(first.list("artifacts"), second.list("artifacts"));
    assert_eq!(first.list("findings"), second.list("findings"));
}

#[test]
fn a_file_that_became_a_model_of_the_same_size_is_found_by_the_second_scan() {
    let tree = tree_with_a_model();
    let path = write_no_model(&tree);
    let data = tempfile::tempdir().unwrap();
    thread::sleep(SETTLE);
    assert!(scan_with_memory(&tree, data.path()).artifact_at(&path).is_none());
    fs::write(&path, models::plain_gguf()).unwrap();
    assert!(scan_with_memory(&tree, data.path()).artifact_at(&path).is_some());
}

fn notes(answer: &Answer) -> String {
    answer.list("notes").iter().map(|note| note.as_str().expect("a note is text").to_owned() + "\n").collect()
}

#[test]
fn only_the_owner_can_read_what_a_scan_keeps() {
    let (tree, data) = (tree_with_a_model(), Tree::new());
    for old in [false, true] {
        if old {
            fs::set_permissions(data.path("lock"), fs::Permissions::from_mode(0o644)).unwrap();
        }
        scan_with_memory(&tree, data.root());
        let names = ["lock", "format", "scan/key"].map(|name| data.path(name));
        let sets = fs::read_dir(data.path("scan")).unwrap().map(|entry| entry.unwrap().path());
        for path in names.into_iter().chain(sets) {
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
        }
        assert_eq!(fs::metadata(data.path("scan")).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn a_data_directory_that_may_not_be_written_is_a_note_and_no_failure() {
    let (tree, data) = (tree_with_a_model(), Tree::new());
    fs::set_permissions(data.root(), fs::Permissions::from_mode(0o555)).unwrap();
    let scan = Scan::new().as_nobody().word("--format").word("json").word("--no-processes");
    let answer = scan.word("--data").word(data.root()).word(tree.root()).run();
    assert_follows_schema(&answer.json());
    assert_eq!((answer.code, answer.list("artifacts").len()), (Some(0), 1), "{}", answer.stderr);
    assert!(notes(&answer).contains("not remembered"), "{}", notes(&answer));
}

/// `sh -c` in a mount namespace of its own, with a file system of so many bytes on a folder; `None` where that is not allowed.
fn on_a_small_disk(folder: &Path, size: &str, scan: &Scan) -> Option<Answer> {
    let mount = format!("mount -t tmpfs -o size={size},mode=755 tmpfs '{}'", folder.display());
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"]);
        command
    };
    if !unshare(&mount).output().is_ok_and(|tried| tried.status.success()) {
        return None;
    }
    let scan = scan.command();
    let mut command = unshare(&format!("{mount} && exec \"$@\""));
    command.arg(scan.get_program()).args(scan.get_args());
    for (name, value) in scan.get_envs() {
        value.map(|value| command.env(name, value));
    }
    Some(Answer::from(command.output().expect("unshare starts")))
}

#[test]
fn a_full_disk_is_a_note_and_no_failure() {
    let (tree, data) = (tree_with_a_model(), Tree::new());
    for number in 0..40 {
        tree.write(format!("many/{number}"), vec![b'a'; 5000]);
    }
    // From no room for anything to room for all but what comes last.
    for (size, forgets) in [("4k", true), ("16k", false), ("64k", false), ("512k", false)] {
        let scan = Scan::new().word("--format").word("json").word("--no-processes").word("--hash");
        let scan = scan.word("--data").word(data.root()).word(tree.root());
        let Some(answer) = on_a_small_disk(data.root(), size, &scan) else { return };
        assert_follows_schema(&answer.json());
        assert_eq!((answer.code, answer.list("artifacts").len()), (Some(0), 1), "{size}: {}", answer.stderr);
        assert_eq!((answer.json()["complete"].as_bool(), answer.counted("files")), (Some(true), 42));
        assert_eq!(answer.stderr, "", "{size}");
        assert!(!forgets || notes(&answer).contains("not remembered"), "{size}: {answer:?}");
    }
}

#[test]
fn a_scan_beside_a_process_that_owns_the_memory_writes_nothing_and_says_nothing_of_it() {
    let (tree, data) = (tree_with_a_model(), Tree::new());
    let endless = tree.write("endless/endless.gguf", models::plain_gguf());
    OpenOptions::new().write(true).open(endless).unwrap().set_len(256 << 30).unwrap();
    let scan = Scan::new().word("--format").word("json").word("--no-processes").word("--hash");
    let first = scan.word("--data").word(data.root()).word(tree.root()).start();
    eventually(Duration::from_secs(20), || data.path("scan/key").exists().then_some(()))
        .expect("the first began");
    let scan = Scan::new().word("--format").word("json").word("--no-processes");
    let second = scan.word("--data").word(data.root()).word(tree.path("models")).run();
    assert_follows_schema(&second.json());
    assert_eq!((second.code, second.list("artifacts").len()), (Some(0), 1), "{}", second.stderr);
    assert_eq!((notes(&second).as_str(), second.stderr.as_str()), ("", ""));
    assert_eq!(fs::read_dir(data.path("scan")).unwrap().count(), 1, "only the key that the first made");
    first.stop();
}

#[test]
fn nothing_is_written_outside_the_data_directory() {
    let tree = tree_with_a_model();
    let (home, data) = (Tree::new(), tempfile::tempdir().unwrap());
    let scan = Scan::new().home(home.root()).word("--data").word(data.path()).word(tree.root());
    scan.run();
    assert!(fs::read_dir(data.path()).unwrap().count() > 0, "what is kept between scans is kept in --data");
    assert_eq!(fs::read_dir(home.root()).unwrap().count(), 0, "something was written into the home");
    assert_eq!(fs::read_dir(tree.root()).unwrap().count(), 2, "something was written into the scanned tree");
}
