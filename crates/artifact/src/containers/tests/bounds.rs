//! Whatever an archive claims, a look at it ends, soon and in little memory.

use std::io::Cursor;

use domain::Verdict;
use proptest::prelude::*;

use super::{
    catalog, evil_protocol_2, good, look, says,
    writer::{self, deflated, part, torch, zip, zip_behind},
};
use crate::{Limits, inspect, testkit};

fn samples() -> Vec<Vec<u8>> {
    vec![
        torch(&good(), &[]),
        testkit::npz(2),
        zip(&[
            deflated("a.bin", &[7; 3000]),
            part("b/", b""),
            part("c.npy", &writer::npy("'|O'", "(1,)", &good())),
        ]),
        zip_behind(b"#!/bin/sh\n", &[part("x", b"yyyy")]),
        writer::tar(&[
            writer::entry("a", b'0', "", &torch(&good(), &[])),
            writer::entry("b", b'2', "a", b""),
        ]),
        writer::gzip(&writer::tar(&[writer::entry("a", b'0', "", b"x")])),
        writer::npy("[('a', '<f4'), ('b', '|O')]", "(2, 3)", &good()),
    ]
}

/// Inspects, and checks that no more was read than several times what there is.
fn bounded(bytes: &[u8]) -> Verdict {
    let limits = Limits { unpacked: 64 << 20, ..Limits::full() };
    let seen = inspect(Cursor::new(bytes), bytes.len() as u64, "x", catalog(), &limits).unwrap();
    let most = 100 * bytes.len() as u64 + (64 << 20);
    assert!(seen.bytes_read < most, "{} of {} bytes were read", seen.bytes_read, bytes.len());
    assert!(seen.facts.len() <= 400);
    seen.verdict
}

#[test]
fn sixty_thousand_entries_for_one_member_are_one_member() {
    let mut bytes = zip(&[part("archive/data.pkl", &evil_protocol_2())]);
    let start = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let end = bytes.windows(4).position(|four| four == b"PK\x05\x06").unwrap();
    let (entry, record) = (bytes[start..end].to_vec(), bytes[end..].to_vec());
    bytes.truncate(start);
    for number in 0..60_000u32 {
        let at = bytes.len();
        bytes.extend(&entry);
        bytes[at + 12..at + 16].copy_from_slice(&number.to_le_bytes());
    }
    bytes.extend(record);
    let size = (60_000 * entry.len()) as u32;
    let at = bytes.len() - 14;
    bytes[at..at + 4].copy_from_slice(&[0x60, 0xea, 0x60, 0xea]);
    bytes[at + 2..at + 6].copy_from_slice(&size.to_le_bytes());
    assert!(bounded(&bytes) >= Verdict::Suspicious);
}

#[test]
fn a_gap_full_of_headers_is_not_walked_for_ever() {
    let header = zip(&[part("x", b"").with(|part| part.in_directory.absent = true)]);
    let gap = header[..31].repeat(30_000);
    let bytes = zip(&[part("a", b"1"), part("b", b"2").with(|part| part.gap = gap)]);
    let seen = look(&bytes, "m.zip");
    assert!(says(&seen, "too-much-work") && says(&seen, "zip-hidden-member"), "{:?}", seen.facts);
}

#[test]
fn members_inside_each_other_cost_no_more_than_the_archive_is_worth() {
    // Every member holds all those behind it.
    let count = 2000u32;
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for number in 0..count {
        let at = bytes.len() as u32;
        let name = format!("{number:06}");
        let size = (count - number) * 36 + 3_000_000;
        let common = [
            &[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..],
            &[0; 4],
            &size.to_le_bytes(),
            &size.to_le_bytes(),
            &6u16.to_le_bytes(),
            &[0; 2],
        ]
        .concat();
        bytes.extend([&b"PK\x03\x04"[..], &common, name.as_bytes()].concat());
        directory.extend(
            [&b"PK\x01\x02\x14\0"[..], &common, &[0; 10], &at.to_le_bytes(), name.as_bytes()].concat(),
        );
    }
    bytes.resize(bytes.len() + 4_000_000, 1);
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(
        [
            &b"PK\x05\x06\0\0\0\0"[..],
            &(count as u16).to_le_bytes(),
            &(count as u16).to_le_bytes(),
            &(directory.len() as u32).to_le_bytes(),
            &start.to_le_bytes(),
            &[0; 2],
        ]
        .concat(),
    );
    assert!(bounded(&bytes) >= Verdict::Suspicious);
}

#[test]
fn archives_that_can_be_read_in_many_ways_on_every_level_do_not_multiply() {
    // Each level can be read as two sizes, in each of which the same archive lies.
    let mut bytes = zip(&[part("x.pkl", &evil_protocol_2())]);
    for _ in 0..7 {
        let size = bytes.len() as u32;
        bytes.extend([1; 8]);
        let many: Vec<_> = (0..4u32)
            .map(|at| {
                part(&format!("{at}"), &bytes)
                    .with(|part| (part.size, part.in_directory.size) = (size, Some(size + at)))
            })
            .collect();
        bytes = zip(&many);
        if bytes.len() > 4 << 20 {
            break;
        }
    }
    assert!(bounded(&bytes) >= Verdict::Suspicious);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_damage_brings_an_inspection_down(which in 0usize..7, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), cut in any::<prop::sample::Index>(), cuts in any::<bool>()) {
        let mut bytes = samples()[which].clone();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        bounded(&bytes);
    }

    #[test]
    fn no_bytes_behind_a_magic_number_bring_an_inspection_down(which in 0usize..8, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let magics: [&[u8]; 8] = [b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY\x01\0", b"\x1f\x8b\x08\0", b"BZh9", b"\x78\x9c", b"MZ", b"ZF0x"];
        bounded(&[magics[which], &bytes].concat());
    }
}
