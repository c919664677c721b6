//! Where a scan looks: the places it takes by itself, and what was named.

#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use scenarios::{Answer, Scan, models, schema::assert_follows_schema, tree::Tree};

/// A scan of the default places by an account with this home, or with none.
fn of_defaults(home: Option<&Path>) -> Scan {
    let scan = Scan::new().as_nobody();
    let scan = if let Some(home) = home { scan.home(home) } else { scan };
    scan.word("--format").word("json").word("--no-cache").word("--no-processes")
}

fn paths(answer: &Answer, name: &str) -> Vec<PathBuf> {
    let coverage = answer.json()["coverage"].clone();
    let list =
        coverage[name].as_array().unwrap_or_else(|| panic!("no list `{name}` in {coverage:#}")).clone();
    list.iter().map(|one| one.as_str().or(one["path"].as_str()).expect("a path").into()).collect()
}

#[test]
fn a_home_on_a_file_system_that_is_not_entered_is_skipped_and_listed() {
    // The kernel's own file systems stand here for those behind a network: both are left out by the mount table.
    let home = Path::new("/proc/sys");
    let answer = of_defaults(Some(home)).run();
    assert_follows_schema(&answer.json());
    assert!(!paths(&answer, "roots").iter().any(|root| root.starts_with("/proc")));
    assert!(paths(&answer, "skipped_mounts").contains(&home.to_owned()), "{:#}", answer.json()["coverage"]);
}

#[test]
fn a_root_that_was_named_is_entered_whatever_it_is_on() {
    let named = Path::new("/proc/sys/kernel/random");
    let answer = Scan::of(named).run();
    assert_eq!(paths(&answer, "roots"), [named]);
    assert!(answer.counted("files") > 0);
}

#[test]
fn a_default_place_that_may_not_be_entered_is_unreadable_and_one_that_is_absent_is_not() {
    let tree = Tree::new();
    let place = tree.path("service/models");
    fs::create_dir_all(&place).unwrap();
    let closed = tree.path("service");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let answer = of_defaults(None).env("OLLAMA_MODELS", &place).run();
    let absent = of_defaults(None).env("OLLAMA_MODELS", tree.path("absent/models")).run();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    assert_follows_schema(&answer.json());
    assert!(paths(&answer, "unreadable").contains(&place), "{:#}", answer.json()["coverage"]);
    assert!(!paths(&absent, "unreadable").iter().any(|path| path.starts_with(tree.root())));
}

#[test]
fn packages_for_every_account_are_looked_at() {
    let answer = of_defaults(None).run();
    let roots = paths(&answer, "roots");
    for folder in ["/usr/lib/python3/dist-packages", "/usr/lib/node_modules", "/usr/local/lib/node_modules"] {
        // Debian has some of them as links to others.
        let Ok(folder) = Path::new(folder).canonicalize() else { continue };
        assert!(roots.iter().any(|root| folder.starts_with(root)), "{}: {roots:?}", folder.display());
    }
}

#[test]
fn a_root_that_is_one_file_is_counted() {
    let tree = Tree::new();
    let path = tree.write("models/plain.gguf", models::plain_gguf());
    tree.write("models/other.gguf", models::plain_gguf());
    let answer = Scan::of(&path).run();
    assert_follows_schema(&answer.json());
    assert!(answer.artifact_at(&path).is_some());
    assert_eq!((answer.counted("files"), answer.counted("directories")), (1, 0));
    assert!(answer.counted("bytes_read") >= 4096);
    assert_eq!(answer.list("artifacts").len(), 1);
}

#[test]
fn a_root_that_is_a_fifo_is_counted_and_never_opened() {
    let tree = Tree::new();
    mknodat(CWD, tree.path("pipe"), FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    let answer = Scan::of(&tree.path("pipe")).run();
    assert_eq!((answer.counted("files"), answer.counted("special")), (0, 1));
}

#[test]
fn a_root_that_is_one_file_without_the_right_to_read_it_is_unreadable() {
    let tree = Tree::new();
    let path = tree.write("closed.gguf", models::plain_gguf());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let scan =
        Scan::new().as_nobody().word("--format").word("json").word("--no-cache").word("--no-processes");
    let answer = scan.word(&path).run();
    assert_eq!((answer.counted("files"), answer.counted("unreadable_total")), (1, 1));
    assert_eq!(paths(&answer, "unreadable"), [path]);
}
