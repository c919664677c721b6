#![allow(clippy::cast_possible_truncation, reason = "the numbers of a test are small")]

use proptest::prelude::*;

use super::*;
use crate::{MemoryFolder, verify};

fn signer() -> Signer {
    Signer::new("eyeline/device/one", &[7; 32]).unwrap()
}

fn open(folder: &MemoryFolder) -> Result<Opened<MemoryFolder>, LogError> {
    Log::open(folder.clone(), signer())
}

fn entry(n: u64) -> Vec<u8> {
    format!("{{\"entry\":{n}}}").into_bytes()
}

/// Adds entries up to a number of them, some at a time.
fn fill(log: &mut Log<MemoryFolder>, to: u64, at_once: u64) {
    while log.size() < to {
        let end = (log.size() + at_once).min(to);
        let entries: Vec<_> = (log.size()..end).map(entry).collect();
        log.append(&entries).unwrap();
    }
}

fn assert_holds(folder: &MemoryFolder, size: u64) {
    let report = verify(folder, &signer().verifier(), &[], &[]);
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!(report.entries + report.waiting, size);
    let mut reader = Reader::open(folder, &signer().verifier()).unwrap();
    for index in (0..reader.checkpoint().size).step_by(37) {
        assert_eq!(reader.entry(index).unwrap(), entry(index));
    }
}

#[test]
fn what_was_added_is_there_in_order_and_proven() {
    let folder = MemoryFolder::new();
    let mut log = open(&folder).unwrap().log;
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 700, 66_000] {
        fill(&mut log, size, 1000);
        let note = log.publish().unwrap();
        let mut reader = Reader::open(&folder, &log.verifier()).unwrap();
        assert_eq!((reader.checkpoint().size, reader.note()), (size, &note));
        for index in [0, 254, 255, 256, 511, 65_535, 65_536, size.saturating_sub(1)] {
            if index >= size {
                assert!(matches!(reader.prove(index), Err(ReadError::NoEntry { .. })));
                continue;
            }
            let (bytes, proof) = reader.prove(index).unwrap();
            assert_eq!(bytes, entry(index));
            let read = crate::Proof::parse(&proof.to_string()).unwrap();
            assert_eq!(read.verify(&bytes, &log.verifier()).unwrap().size, size);
        }
        assert_holds(&folder, size);
    }
    let again = open(&folder).unwrap();
    assert_eq!((again.log.size(), again.recovered, again.damaged), (66_000, 0, None));
}

#[test]
fn every_older_checkpoint_is_the_beginning_of_every_newer_one() {
    let folder = MemoryFolder::new();
    let mut log = open(&folder).unwrap().log;
    let mut known = Vec::new();
    for size in [0, 1, 3, 200, 256, 300, 512, 513, 1000] {
        fill(&mut log, size, 64);
        log.publish().unwrap();
        let mut reader = Reader::open(&folder, &log.verifier()).unwrap();
        known.push((size, reader.checkpoint().root));
        let new = (size, reader.checkpoint().root);
        for &old in &known {
            let proof = reader.consistency(old.0).unwrap();
            assert_eq!(crate::check_consistency(&proof, old, new), Ok(()), "{old:?}");
        }
    }
}

#[test]
fn an_entry_that_is_too_long_is_refused_with_all_that_came_with_it() {
    let folder = MemoryFolder::new();
    let mut log = open(&folder).unwrap().log;
    let error = log.append(&[entry(0), vec![0; MAX_ENTRY + 1]]).unwrap_err();
    assert!(matches!(error, LogError::TooLong(TooLong(65_536))), "{error}");
    log.append(&[vec![0; MAX_ENTRY]]).unwrap();
    log.publish().unwrap();
    assert_eq!(Reader::open(&folder, &log.verifier()).unwrap().entry(0).unwrap().len(), MAX_ENTRY);
}

#[test]
fn a_log_belongs_to_one_key() {
    let folder = MemoryFolder::new();
    let mut log = open(&folder).unwrap().log;
    fill(&mut log, 3, 3);
    log.publish().unwrap();
    let other = Signer::new("eyeline/device/two", &[7; 32]).unwrap();
    assert!(matches!(Log::open(folder.clone(), other), Err(LogError::Damaged(ReadError::Checkpoint(_)))));
    let same_name = Signer::new("eyeline/device/one", &[8; 32]).unwrap();
    assert!(matches!(Log::open(folder, same_name), Err(LogError::Damaged(ReadError::Checkpoint(_)))));
}

#[test]
fn a_full_disk_takes_nothing_in_and_loses_nothing() {
    let folder = MemoryFolder::new();
    let mut log = open(&folder).unwrap().log;
    fill(&mut log, 10, 10);
    log.publish().unwrap();
    let used: usize = folder.files().values().map(Vec::len).sum();
    folder.fill_at(used + 50);
    let entries: Vec<_> = (10..20).map(entry).collect();
    assert!(matches!(log.append(&entries), Err(LogError::NotWritten(_))));
    assert_eq!(log.size(), 10);
    folder.fill_at(usize::MAX);
    fill(&mut log, 12, 1);
    assert_eq!(open(&folder).unwrap().recovered, 2);
    log.publish().unwrap();
    assert_holds(&folder, 12);
}

#[test]
fn a_checkpoint_that_does_not_fit_on_the_disk_is_made_later() {
    let folder = MemoryFolder::new();
    let mut log = open(&folder).unwrap().log;
    fill(&mut log, 300, 300);
    let used: usize = folder.files().values().map(Vec::len).sum();
    folder.fill_at(used + 1000);
    assert!(matches!(log.publish(), Err(LogError::NotWritten(_))));
    assert_eq!(open(&folder).unwrap().recovered, 300);
    folder.fill_at(usize::MAX);
    log.publish().unwrap();
    assert_holds(&folder, 300);
}

#[test]
fn entries_that_wait_and_were_altered_are_told_and_kept_aside() {
    let folder = MemoryFolder::new();
    let mut log = open(&folder).unwrap().log;
    fill(&mut log, 10, 1);
    let mut files = folder.files();
    files.get_mut(WAL).unwrap()[40] ^= 1;
    let altered = MemoryFolder::of(files.clone());
    let opened = open(&altered).unwrap();
    let aside = opened.damaged.unwrap();
    assert_eq!((opened.recovered, opened.log.size()), (1, 1));
    assert_eq!(altered.files().get(&aside), files.get(WAL));
}

#[test]
fn tiles_without_a_checkpoint_are_no_new_log() {
    let folder = MemoryFolder::new();
    let mut log = open(&folder).unwrap().log;
    fill(&mut log, 10, 1);
    log.publish().unwrap();
    let mut files = folder.files();
    files.remove(CHECKPOINT);
    let error = open(&MemoryFolder::of(files)).unwrap_err();
    assert!(matches!(error, LogError::Damaged(ReadError::Missing(_))), "{error}");
}

/// Does what a product does, and says how many entries were acknowledged.
fn work(folder: &MemoryFolder, steps: &[(u64, bool)]) -> u64 {
    let Ok(opened) = open(folder) else { return 0 };
    let mut log = opened.log;
    let mut acknowledged = log.size();
    for &(number, publish) in steps {
        let entries: Vec<_> = (log.size()..log.size() + number).map(entry).collect();
        if let Ok(appended) = log.append(&entries) {
            acknowledged = appended.end;
        }
        if publish {
            let _ = log.publish();
        }
    }
    acknowledged
}

const STEPS: [(u64, bool); 8] =
    [(1, true), (3, false), (250, true), (2, true), (0, true), (300, false), (300, true), (5, false)];

#[test]
fn whatever_write_or_sync_fails_and_whatever_power_loss_leaves_nothing_acknowledged_is_lost() {
    let whole = MemoryFolder::new();
    assert_eq!(work(&whole, &STEPS), 861);
    for steps in 0..=whole.steps() {
        for seed in 0u64..6 {
            let folder = MemoryFolder::new();
            folder.fail_after(steps);
            let acknowledged = work(&folder, &STEPS);
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let left = folder.after_power_loss(|below| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                match seed {
                    0 => 0,
                    1 => below - 1,
                    _ => (state % below as u64) as usize,
                }
            });
            let mut log = open(&left).unwrap_or_else(|error| panic!("{steps} {seed}: {error}")).log;
            assert!(log.size() >= acknowledged, "{steps} {seed}: {} of {acknowledged}", log.size());
            let size = log.size();
            log.publish().unwrap();
            fill(&mut log, size + 3, 2);
            log.publish().unwrap();
            assert_holds(&left, size + 3);
        }
    }
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_until_the_log_is_opened_anew() {
    let folder = MemoryFolder::new();
    let mut log = open(&folder).unwrap().log;
    fill(&mut log, 2, 2);
    folder.fail_after(1);
    assert!(matches!(log.append(&[entry(2)]), Err(LogError::Closed(_))));
    folder.fail_after(u64::MAX);
    assert!(matches!(log.append(&[entry(2)]), Err(LogError::Closed(_))));
    assert!(open(&folder).unwrap().log.size() >= 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_file_stops_the_opening(which: proptest::sample::Index, at: proptest::sample::Index, to: u8, cut: bool) {
        let folder = MemoryFolder::new();
        let mut log = open(&folder).unwrap().log;
        fill(&mut log, 300, 100);
        log.publish().unwrap();
        fill(&mut log, 310, 5);
        let mut files = folder.files();
        let name = files.keys().nth(which.index(files.len())).unwrap().clone();
        let bytes = files.get_mut(&name).unwrap();
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = to }
        }
        if let Ok(opened) = open(&MemoryFolder::of(files)) {
            prop_assert!(opened.log.size() <= 310);
        }
    }
}
