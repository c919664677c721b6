use super::*;
use crate::{Cosigner, Log, MemoryFolder, Signer};

fn signer(name: &str) -> Signer {
    Signer::new(name, &[7; 32]).unwrap()
}

/// A log of so many published entries and two that wait, with its last but one checkpoint witnessed.
fn log(name: &str, size: u64) -> (MemoryFolder, Note) {
    let folder = MemoryFolder::new();
    let mut log = Log::open(folder.clone(), signer(name)).unwrap().log;
    let mut witnessed = None;
    for end in [size / 2, size] {
        let entries: Vec<_> = (log.size()..end).map(|n| format!("{name} {n}")).collect();
        log.append(&entries).unwrap();
        let note = log.publish().unwrap();
        witnessed.get_or_insert(note);
    }
    let note = witnessed.unwrap();
    let cosignature = witness().sign(&note.text, 1_700_000_000);
    log.keep_witnessed(note, cosignature).unwrap();
    log.append(&["one that waits", "another"]).unwrap();
    let newest = log.newest().unwrap().unwrap();
    (folder, newest)
}

fn witness() -> Cosigner {
    Cosigner::new("witness.example", &[9; 32]).unwrap()
}

fn check(folder: &MemoryFolder, seen: &[Seen]) -> Report {
    verify(folder, &signer("one").verifier(), &[witness().verifier()], seen)
}

#[test]
fn a_log_that_nobody_touched_has_no_fault() {
    let report = check(&log("one", 600).0, &[]);
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!((report.entries, report.waiting), (600, 2));
    assert_eq!(report.witnessed, Some((300, 1_700_000_000)));
}

#[test]
fn whatever_byte_of_whatever_file_is_altered_it_is_named() {
    let (folder, _) = log("one", 600);
    for (name, bytes) in folder.files() {
        // Every byte of what is short, some of what is long.
        for at in (0..bytes.len()).step_by(bytes.len().div_ceil(40).max(1)) {
            let mut files = folder.files();
            files.get_mut(&name).unwrap()[at] ^= 1 << (at % 8);
            let report = check(&MemoryFolder::of(files), &[]);
            let last_waiting = name == "wal" && report.waiting == 1;
            assert!(!report.faults.is_empty() || last_waiting, "byte {at} of {name}");
        }
    }
}

#[test]
fn an_altered_entry_is_told_by_its_number() {
    let (folder, _) = log("one", 600);
    let mut files = folder.files();
    let bundle = files.get_mut("tile/entries/001").unwrap();
    let at = bundle.windows(7).position(|part| part == b"one 300").unwrap();
    bundle[at + 6] = b'1';
    let faults = check(&MemoryFolder::of(files), &[]).faults;
    let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(words[0], "`tile/entries/001` was altered: entry 300 is not the one that was written");
}

#[test]
fn a_missing_file_is_named_and_so_is_one_that_does_not_belong_there() {
    let (folder, _) = log("one", 600);
    for name in folder.files().keys().filter(|name| !["wal", WITNESSED].contains(&name.as_str())) {
        let mut files = folder.files();
        files.remove(name);
        let report = check(&MemoryFolder::of(files), &[]);
        assert!(!report.faults.is_empty(), "{name}");
    }
    let mut files = folder.files();
    files.insert("tile/0/007x".into(), vec![]);
    files.insert("tile/0/001.p/3".into(), vec![1; 96]);
    let faults = check(&MemoryFolder::of(files), &[]).faults;
    let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        ["`tile/0/001.p/3` does not belong to the log", "`tile/0/007x` does not belong to the log"]
    );
}

#[test]
fn an_old_copy_and_a_log_that_was_made_anew_do_not_have_what_was_seen() {
    let (long, newest) = log("one", 600);
    let seen = [Seen { place: "the copy at the auditor's".into(), note: newest }];
    assert!(check(&long, &seen).faults.is_empty());
    let (short, _) = log("one", 500);
    let faults = check(&short, &seen).faults;
    assert_eq!(
        faults[0].to_string(),
        "the checkpoint of 600 entries in the copy at the auditor's is not the beginning of this log"
    );
    // The same key, other entries.
    let folder = MemoryFolder::new();
    let mut anew = Log::open(folder.clone(), signer("one")).unwrap().log;
    anew.append(&(0..700).map(|n| format!("other {n}")).collect::<Vec<_>>()).unwrap();
    anew.publish().unwrap();
    assert!(matches!(check(&folder, &seen).faults.as_slice(), [Fault::Forked { size: 600, .. }]));
}

#[test]
fn the_log_of_another_device_is_not_this_one() {
    let faults = check(&log("two", 10).0, &[]).faults;
    assert_eq!(faults[0].to_string(), "the checkpoint: it is not signed by `one`");
}

#[test]
fn entries_in_another_order_are_altered_entries() {
    let (folder, _) = log("one", 600);
    let mut files = folder.files();
    let (first, second) = (files["tile/entries/000"].clone(), files["tile/entries/001"].clone());
    files.insert("tile/entries/000".into(), second);
    files.insert("tile/entries/001".into(), first);
    // Each entry, the tile above them and the root.
    assert_eq!(check(&MemoryFolder::of(files), &[]).faults.len(), 514);
}
