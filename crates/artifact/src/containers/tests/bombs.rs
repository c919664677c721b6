//! What unpacks to more than it is worth is given up soon and named, and an array of zeros is not.

use std::io::Cursor;

use domain::Verdict;

use super::{
    assert_ordinary, catalog, rules, says,
    writer::{self, deflated, npy, part, zip},
};
use crate::{
    Inspection, Limits,
    containers::packed::{Codec, Outcome, unpack},
    inspect,
    inspect::{Bytes, Look},
    testkit::pickles::{joblib_array, pickle},
};

const MIB: usize = 1 << 20;

/// Limits under which a small test is a bomb.
const fn limits() -> Limits {
    Limits { burst: 8 << 20, ..Limits::full() }
}

fn look(bytes: &[u8]) -> Inspection {
    inspect(Cursor::new(bytes), bytes.len() as u64, "x", catalog(), &limits()).unwrap()
}

#[test]
fn a_bomb_is_named_however_it_is_packed() {
    let zeros = vec![0; 24 * MIB];
    let twice = writer::zstd(&zeros);
    for (what, bomb) in [
        ("bzip2", writer::bzip2(&zeros)),
        ("zstd", twice.clone()),
        ("gzip in gzip", writer::gzip(&writer::gzip(&zeros))),
        (
            "a zip in zips",
            (0..5).fold(zip(&[deflated("a", &zeros)]), |inner, _| zip(&[deflated("b", &inner)])),
        ),
        ("zstd in a zip", zip(&[part("a.zst", &twice)])),
    ] {
        let seen = look(&bomb);
        assert!(says(&seen, "decompression-bomb"), "{what}: {:?}", rules(&seen));
    }
}

#[test]
fn an_array_of_zeros_is_no_bomb() {
    let zeros = vec![0; 24 * MIB];
    let array = npy("'<f4'", &format!("({},)", 6 * MIB), &zeros);
    assert_ordinary(&look(&zip(&[deflated("a.npy", &array)])));
    assert_ordinary(&look(&writer::gzip(&array)));
    let joblib = pickle(&[&joblib_array("f4", b"J\x00\x00\x60\x00\x85", Some(3), &zeros)]);
    assert_ordinary(&look(&writer::zlib(&joblib)));
}

#[test]
fn opcodes_that_come_out_of_nothing_are_not_followed_without_end() {
    let idle = pickle(&[&b"N0".repeat(4 * MIB), b"N"]);
    let seen = look(&writer::zlib(&idle));
    assert!(seen.verdict >= Verdict::Unscannable && says(&seen, "too-much-work"), "{:?}", rules(&seen));
    assert_ordinary(&look(&idle));
}

#[test]
fn members_of_nothing_in_a_bomb_are_not_counted_to_the_end() {
    let members: Vec<_> = (0..8000).map(|at| part(&format!("{at}"), b"")).collect();
    let archives: Vec<_> = (0..8).map(|at| deflated(&format!("{at}.zip"), &zip(&members))).collect();
    let seen = look(&writer::gzip(&zip(&archives)));
    assert!(seen.verdict >= Verdict::Unscannable && says(&seen, "too-much-work"), "{:?}", rules(&seen));
    assert!(seen.members.len() as u64 + seen.unlisted_members < 40_000);
    // Once it is said that reading stopped, what was not read is no news.
    assert!(!says(&seen, "zip-broken-directory"), "{:?}", rules(&seen));
}

#[test]
fn behind_a_bomb_nothing_more_is_unpacked() {
    let limits = limits();
    let mut look = Look::new(catalog(), &limits);
    let bomb = Bytes::in_memory(writer::bzip2(&vec![0; 16 * MIB]));
    let first = unpack(&bomb, Codec::Bzip2, &mut look).unwrap();
    assert!(first.outcome == Outcome::Stopped && first.bytes.len() > 0);
    let second = unpack(&bomb, Codec::Bzip2, &mut look).unwrap();
    assert_eq!((second.outcome, second.bytes.len()), (Outcome::Stopped, 0));
    assert_eq!(look.verdict(), Verdict::Suspicious);
}
