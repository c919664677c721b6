//! Trick 28: headers that lie. Each malicious file differs from its benign twin in what it lies about.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use domain::{Severity, Verdict};
use proptest::prelude::*;

use crate::{testkit, tests::inspected_as};

fn judged(bytes: &[u8]) -> (Verdict, Vec<String>) {
    let found = inspected_as(bytes, "model.safetensors");
    let grave = found.facts.into_iter().filter(|fact| fact.severity > Severity::Low);
    (found.verdict, grave.map(|fact| fact.rule).collect())
}

fn clean() -> (Verdict, Vec<String>) {
    (Verdict::Clean, vec![])
}

fn suspicious(rule: &str) -> (Verdict, Vec<String>) {
    (Verdict::Suspicious, vec![rule.to_owned()])
}

/// A header, and that many bytes behind it.
fn file(header: &str, data: usize) -> (Verdict, Vec<String>) {
    let mut bytes = testkit::safetensors_header(header);
    bytes.resize(bytes.len() + data, 1);
    judged(&bytes)
}

const W: &str = r#""w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#;

#[test]
fn the_benign_twins_are_clean() {
    assert_eq!(judged(&testkit::safetensors(&[("format", "pt")], &[("w", &[8, 8]), ("b", &[8])])), clean());
    assert_eq!(file(&format!("{{{W}}}"), 8), clean());
    assert_eq!(file(&format!("{{{W}}}      "), 8), clean(), "padding with spaces is the library's own");
    let mixed = r#"{"a":{"dtype":"BF16","shape":[2,2],"data_offsets":[8,16]},"e":{"dtype":"I8","shape":[0],"data_offsets":[8,8]},"s":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}"#;
    assert_eq!(file(mixed, 16), clean());
    assert_eq!(file(r#"{"q":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}}"#, 2), clean());
}

#[test]
fn trick_28_a_huge_header() {
    let mut bytes = testkit::safetensors_header(&format!("{{{W}}}"));
    bytes.extend([0; 8]);
    bytes[..8].copy_from_slice(&(1u64 << 60).to_le_bytes());
    assert_eq!(judged(&bytes), (Verdict::Unscannable, vec!["safetensors-truncated".to_owned()]));
    // 101 MB of spaces: legitimate headers of that size exist, the library refuses them.
    let mut bytes = testkit::safetensors_header(&format!("{{{W}}}{}", " ".repeat(101_000_000)));
    bytes.extend([0; 8]);
    assert_eq!(judged(&bytes), clean());
}

#[test]
fn trick_28_a_name_that_stands_twice() {
    assert_eq!(file(&format!("{{{W},{W}}}"), 8).0, Verdict::Suspicious);
    let split = r#"{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#;
    assert_eq!(file(split, 8), suspicious("safetensors-duplicate"));
    let metadata = format!(r#"{{"__metadata__":{{"a":"1","a":"2"}},{W}}}"#);
    assert_eq!(file(&metadata, 8), suspicious("safetensors-duplicate"));
    let metadata = format!(r#"{{"__metadata__":{{}},"__metadata__":{{}},{W}}}"#);
    assert_eq!(file(&metadata, 8), suspicious("safetensors-duplicate"));
}

#[test]
fn trick_28_tensors_that_overlap_or_leave_gaps() {
    let two = |begin: u64| {
        let end = begin + 8;
        format!(r#"{{{W},"x":{{"dtype":"F32","shape":[2],"data_offsets":[{begin},{end}]}}}}"#)
    };
    assert_eq!(file(&two(8), 16), clean());
    assert_eq!(file(&two(4), 12), suspicious("safetensors-overlap"));
    assert_eq!(file(&two(4096), 4104), suspicious("safetensors-gap"));
}

#[test]
fn trick_28_a_place_that_does_not_fit_shape_and_type() {
    for (shape, place) in
        [("[3]", "[0,8]"), ("[4294967296,4294967296]", "[0,8]"), ("[2]", "[8,0]"), ("[]", "[0,8]")]
    {
        let header = format!(r#"{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":{place}}}}}"#);
        let (verdict, rules) = file(&header, 8);
        assert_eq!(verdict, Verdict::Suspicious, "{shape} {place}");
        assert!(rules.contains(&"safetensors-size".to_owned()), "{shape} {place}: {rules:?}");
    }
    assert_eq!(file(r#"{"w":{"dtype":"Q9","shape":[2],"data_offsets":[0,8]}}"#, 8).0, Verdict::Unscannable);
}

#[test]
fn trick_28_what_the_library_refuses_is_never_clean() {
    for header in [
        format!("{{{W},\"x\":nonsense}}"),
        format!("{{{W}}}\0\0\0"),
        format!("{{{W}}} {{}}"),
        format!(r#"{{"__metadata__":{{"a":1}},{W}}}"#),
        format!(r#"{{"__metadata__":["a"],{W}}}"#),
        format!("{{{W},}}"),
        format!(r#"{{{W},"x":{{"dtype":"F32","dtype":"F64","shape":[],"data_offsets":[8,8]}}}}"#),
    ] {
        assert_eq!(file(&header, 8).0, Verdict::Unscannable, "{header}");
    }
}

#[test]
fn trick_25_and_28_bytes_behind_the_last_tensor() {
    let with = |tail: &[u8]| {
        let mut bytes = testkit::safetensors(&[], &[("w", &[2])]);
        bytes.extend(tail);
        judged(&bytes)
    };
    assert_eq!(with(b""), clean());
    assert_eq!(with(b"x"), suspicious("safetensors-trailing-bytes"));
    assert!(with(b"\x80\x04cos\nsystem\n.").0 >= Verdict::Suspicious);
    assert!(with(&testkit::zip(&[("a/data.pkl", b"\x80\x02.")])).0 >= Verdict::Suspicious);
}

#[test]
fn trick_20_a_zip_archive_as_the_last_tensor_is_seen() {
    let archive = testkit::zip(&[("archive/data.pkl", b"\x80\x02.")]);
    let header = format!(r#"{{"w":{{"dtype":"U8","shape":[{0}],"data_offsets":[0,{0}]}}}}"#, archive.len());
    let mut bytes = testkit::safetensors_header(&header);
    bytes.extend(&archive);
    assert_eq!(judged(&bytes), suspicious("ends-as-archive"));
    let same = bytes.len();
    bytes[same - 22] = 0;
    assert_eq!(judged(&bytes), clean());
}

#[test]
fn the_weights_have_the_same_digest_under_another_label() {
    let file = |title| testkit::safetensors(&[("modelspec.title", title)], &[("w", &[8, 8])]);
    let (one, other) = (inspected_as(&file("one"), "x"), inspected_as(&file("a longer title"), "x"));
    assert_eq!(one.weights_sha256, other.weights_sha256);
    assert!(one.weights_sha256.is_some() && one.sha256 != other.sha256);
}

proptest! {
    #[test]
    fn any_header_is_inspected_without_a_panic(header in "[\\[\\]{}:,\"a-z0-9 ]{0,200}", data in 0usize..64) {
        file(&format!("{{{W},{header}"), data);
    }

    #[test]
    fn places_that_tile_the_file_are_clean_and_others_are_not(
        sizes in prop::collection::vec(1u64..50, 1..12),
        shift in 0u64..3,
    ) {
        let mut at = 0;
        let tensors: Vec<String> = sizes.iter().enumerate().map(|(n, size)| {
            let begin = at + if n == sizes.len() / 2 { shift } else { 0 };
            at = begin + size;
            format!(r#""t{n}":{{"dtype":"U8","shape":[{size}],"data_offsets":[{begin},{at}]}}"#)
        }).collect();
        let (verdict, _) = file(&format!("{{{}}}", tensors.join(",")), usize::try_from(at).unwrap());
        prop_assert_eq!(verdict == Verdict::Clean, shift == 0);
    }
}
