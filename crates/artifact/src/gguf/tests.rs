//! Trick 27: numbers that break loaders. Each malicious file differs from its benign twin in the number it lies about.

#![allow(clippy::cast_possible_truncation, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use domain::{Severity, Verdict};
use proptest::prelude::*;

use crate::{
    testkit::{
        self,
        Value::{Bool, Text, Texts, U32},
    },
    tests::inspected_as,
};

/// The verdict and the rules above `low`.
fn judged(bytes: &[u8]) -> (Verdict, Vec<String>) {
    let found = inspected_as(bytes, "model.gguf");
    let grave = found.facts.into_iter().filter(|fact| fact.severity > Severity::Low);
    (found.verdict, grave.map(|fact| fact.rule).collect())
}

fn clean() -> (Verdict, Vec<String>) {
    (Verdict::Clean, vec![])
}

fn suspicious(rule: &str) -> (Verdict, Vec<String>) {
    (Verdict::Suspicious, vec![rule.to_owned()])
}

/// A file with one key and two tensors.
fn twin() -> Vec<u8> {
    testkit::gguf(&[("general.alignment", U32(32))], &[("first", &[32, 4]), ("other", &[64])])
}

/// The same with the bytes at `mark` + `skip` replaced.
fn changed(mark: &[u8], skip: usize, by: &[u8]) -> Vec<u8> {
    let mut bytes = twin();
    let at = bytes.windows(mark.len()).position(|window| window == mark).unwrap() + skip;
    bytes[at..at + by.len()].copy_from_slice(by);
    bytes
}

const HUGE: [u8; 8] = (1u64 << 60).to_le_bytes();

#[test]
fn the_benign_twin_is_clean_in_every_version_and_order() {
    assert_eq!(judged(&twin()), clean());
    for (version, big_endian) in [(1, false), (2, false), (3, false), (3, true)] {
        let layout = testkit::Layout { version, big_endian };
        let keys = [("general.architecture", Text("llama")), ("a", Texts(&["x", "y"])), ("b", Bool(true))];
        let bytes = testkit::gguf_as(layout, &keys, &[("w", &[32, 4])]);
        assert_eq!(judged(&bytes), clean(), "{layout:?}");
    }
}

#[test]
fn trick_27_a_count_of_keys_or_tensors_beyond_the_file() {
    assert_eq!(judged(&changed(b"GGUF", 8, &HUGE)), suspicious("gguf-tensor-count"));
    assert_eq!(judged(&changed(b"GGUF", 16, &HUGE)), suspicious("gguf-key-count"));
    assert_eq!(judged(&changed(b"GGUF", 8, &[0xff; 16])), suspicious("gguf-key-count"));
}

#[test]
fn trick_27_a_text_or_an_array_beyond_the_file() {
    assert_eq!(judged(&changed(b"GGUF", 24, &[0xff; 8])), suspicious("gguf-string-length"));
    let mut bytes = b"GGUF\x03\0\0\0".to_vec();
    bytes.extend([&0u64.to_le_bytes()[..], &1u64.to_le_bytes(), &1u64.to_le_bytes(), b"k"].concat());
    bytes.extend(
        [&9u32.to_le_bytes()[..], &10u32.to_le_bytes(), &0x2000_0000_0000_0001u64.to_le_bytes()].concat(),
    );
    bytes.extend([0; 64]);
    assert_eq!(judged(&bytes), suspicious("gguf-array-length"));
}

#[test]
fn trick_27_dimensions_that_are_too_many_or_overflow() {
    assert_eq!(judged(&changed(b"first", 5, &5u32.to_le_bytes())), suspicious("gguf-dimensions"));
    let square = (1u64 << 32).to_le_bytes().repeat(2);
    assert_eq!(judged(&changed(b"first", 9, &square)), suspicious("gguf-dimensions"));
    let negative = [[0; 8], [0xff; 8]].concat();
    assert_eq!(judged(&changed(b"first", 9, &negative)), suspicious("gguf-dimensions"));
}

#[test]
fn trick_27_an_offset_that_overflows_overlaps_or_is_not_aligned() {
    let offset_of_other = 5 + 4 + 8 + 4;
    assert_eq!(judged(&changed(b"other", offset_of_other, &[0xff; 8])), suspicious("gguf-tensor-offset"));
    let overlap = judged(&changed(b"other", offset_of_other, &256u64.to_le_bytes()));
    assert_eq!(overlap, suspicious("gguf-overlap"));
    let (verdict, rules) = judged(&changed(b"other", offset_of_other, &500u64.to_le_bytes()));
    assert_eq!((verdict, rules.contains(&"gguf-tensor-offset".to_owned())), (Verdict::Suspicious, true));
    let outside = judged(&changed(b"other", offset_of_other, &(1u64 << 40).to_le_bytes()));
    assert_eq!(outside, (Verdict::Unscannable, vec!["gguf-truncated".to_owned()]));
}

#[test]
fn trick_27_an_alignment_of_nothing_or_of_everything() {
    for alignment in [0u32, 3, 33, u32::MAX, 1 << 31] {
        let bytes = changed(b"general.alignment", 21, &alignment.to_le_bytes());
        assert_eq!(judged(&bytes), suspicious("gguf-alignment"), "{alignment}");
    }
}

#[test]
fn trick_27_a_small_file_that_asks_for_gigabytes_is_answered_in_little_memory() {
    let bytes = &changed(b"GGUF", 16, &(1u64 << 33).to_le_bytes())[..160];
    assert_eq!(judged(bytes).0, Verdict::Suspicious);
}

#[test]
fn trick_27_an_unknown_type_or_rows_that_do_not_fill_blocks() {
    let unknown = judged(&changed(b"other", 5 + 4 + 8, &99u32.to_le_bytes()));
    assert_eq!(unknown, (Verdict::Unscannable, vec![]));
    let q4 = testkit::gguf(&[], &[("w", &[33])]);
    let at = q4.windows(8).position(|window| window == 33u64.to_le_bytes()).unwrap() + 8;
    let mut bytes = q4;
    bytes[at..at + 4].copy_from_slice(&2u32.to_le_bytes());
    let (verdict, rules) = judged(&bytes);
    assert_eq!((verdict, rules.contains(&"gguf-blocks".to_owned())), (Verdict::Suspicious, true));
}

#[test]
fn trick_27_names_and_keys_that_stand_twice_or_never_end() {
    let twice = testkit::gguf(&[("a", U32(1)), ("a", U32(2))], &[("w", &[32])]);
    assert_eq!(judged(&twice), suspicious("gguf-duplicate"));
    let twice = testkit::gguf(&[], &[("w", &[32]), ("w", &[32])]);
    assert_eq!(judged(&twice), suspicious("gguf-duplicate"));
    for (length, expected) in [(63, clean()), (70, clean()), (300, suspicious("gguf-name-overflow"))] {
        let name = "n".repeat(length);
        assert_eq!(judged(&testkit::gguf(&[], &[(&name, &[32])])), expected, "{length}");
    }
}

#[test]
fn shards_that_contradict_themselves_are_suspicious_and_honest_ones_clean() {
    let split = |no, count, tensors| {
        judged(&testkit::gguf(
            &[("split.no", U32(no)), ("split.count", U32(count)), ("split.tensors.count", U32(tensors))],
            &[("a", &[32]), ("b", &[32])],
        ))
    };
    assert_eq!(split(0, 2, 9), clean());
    assert_eq!(split(1, 2, 2), clean());
    assert_eq!(split(0, 0, 2), clean());
    for (no, count, tensors) in [(2, 2, 9), (7, 2, 9), (0, 2, 1), (0, 65_000, 9)] {
        assert_eq!(split(no, count, tensors), suspicious("gguf-split"), "{no} {count} {tensors}");
    }
}

const INJECTION: &str = "{{ cycler.__init__.__globals__.os.popen('id').read() }}";
const CHAT: &str = "{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}";

#[test]
fn trick_26_a_template_under_any_key_is_judged() {
    for key in ["tokenizer.chat_template", "tokenizer.chat_template.tool_use", "prompt_template"] {
        let file = |template| testkit::gguf(&[(key, Text(template))], &[("w", &[32])]);
        assert_eq!(judged(&file(CHAT)), clean(), "{key}");
        let found = inspected_as(&file(INJECTION), "x");
        assert_eq!(found.verdict, Verdict::Malicious, "{key}");
        let fact = &found.facts[0];
        assert_eq!((fact.rule.as_str(), fact.name.as_deref()), ("template-internals", Some("__globals__")));
        let at = fact.offset.unwrap() as usize;
        assert!(file(INJECTION)[at..].starts_with(b".__globals__"), "the offset is that of the file");
    }
}

#[test]
fn trick_26_a_template_before_a_broken_tail_is_judged() {
    let mut bytes = testkit::gguf(&[("tokenizer.chat_template", Text(INJECTION))], &[("w", &[32, 32])]);
    bytes.truncate(bytes.len() - 4000);
    assert_eq!(judged(&bytes).0, Verdict::Malicious);
    let second = testkit::gguf(
        &[("tokenizer.chat_template", Text(CHAT)), ("tokenizer.chat_template", Text(INJECTION))],
        &[("w", &[32])],
    );
    assert_eq!(judged(&second).0, Verdict::Malicious);
}

#[test]
fn trick_25_what_follows_the_last_tensor_is_seen() {
    let with = |tail: &[u8]| judged(&[&twin()[..], tail].concat());
    assert_eq!(with(&[0; 4096]), clean());
    assert_eq!(with(b"anything else"), suspicious("gguf-trailing-bytes"));
    for tail in [&b"\x80\x04cos\nsystem\n."[..], b"\x7fELF\x02\x01\x01", b"#!/bin/sh\n", b"\0\0\0\0\x80\x02."]
    {
        assert!(with(tail).0 >= Verdict::Suspicious, "{tail:?}");
    }
    let archive = testkit::zip_after(twin(), &[("archive/data.pkl", b"\x80\x02.")]);
    assert!(judged(&archive).0 >= Verdict::Suspicious);
}

#[test]
fn the_weights_have_the_same_digest_under_another_label() {
    let file = |name| testkit::gguf(&[("general.name", Text(name))], &[("w", &[32, 4])]);
    let (one, other) =
        (inspected_as(&file("one"), "x"), inspected_as(&file("a longer other name of it"), "x"));
    assert_eq!(one.weights_sha256, other.weights_sha256);
    assert!(one.weights_sha256.is_some() && one.sha256 != other.sha256);
    let cut = file("one");
    let cut = inspected_as(&cut[..cut.len() - 8], "x");
    assert!(cut.sha256.is_some() && cut.weights_sha256.is_none(), "half of the weights have no digest");
}

proptest! {
    #[test]
    fn any_header_is_inspected_without_a_panic(rest in prop::collection::vec(any::<u8>(), 0..600)) {
        inspected_as(&[&b"GGUF\x03\0\0\0"[..], &rest].concat(), "x");
    }

    #[test]
    fn no_changed_byte_makes_an_inspection_fail(at in 4usize..200, value in any::<u8>()) {
        let mut bytes = twin();
        bytes[at] = value;
        inspected_as(&bytes, "x");
    }
}
