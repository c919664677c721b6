//! Whatever the numbers in a file claim, identification answers, quickly and in little memory.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use domain::Verdict;
use proptest::prelude::*;

use super::{found, look, rules, samples};
use crate::{Format, identify, testkit};

/// The rules of an unscannable file of that format.
fn unscannable(format: Format, bytes: &[u8]) -> Vec<String> {
    let found = found(bytes);
    assert_eq!((found.format, found.verdict), (format, Verdict::Unscannable), "{:?}", found.facts);
    rules(&found).into_iter().map(str::to_owned).collect()
}

fn gguf_counts(tensors: u64, keys: u64) -> Vec<u8> {
    [&b"GGUF\x03\0\0\0"[..], &tensors.to_le_bytes(), &keys.to_le_bytes(), &[0; 4096]].concat()
}

#[test]
fn gguf_with_more_keys_or_tensors_than_fit_is_unscannable() {
    assert_eq!(unscannable(Format::Gguf, &gguf_counts(0, 1 << 60)), ["gguf-key-count"]);
    assert_eq!(unscannable(Format::Gguf, &gguf_counts(1 << 60, 0)), ["gguf-tensor-count"]);
    assert_eq!(unscannable(Format::Gguf, &gguf_counts(u64::MAX, u64::MAX)), ["gguf-key-count"]);
}

#[test]
fn gguf_with_a_text_longer_than_the_file_is_unscannable() {
    let mut bytes = testkit::gguf(&[("general.name", testkit::Value::Text("x"))], &[("w", &[64])]);
    let value = bytes.windows(9).position(|window| window == b"\x01\0\0\0\0\0\0\0x").unwrap();
    bytes[value..value + 8].copy_from_slice(&(1u64 << 63).to_le_bytes());
    assert_eq!(unscannable(Format::Gguf, &bytes), ["gguf-string-length"]);
}

#[test]
fn gguf_with_an_array_longer_than_the_file_is_unscannable() {
    for kind in [0u32, 5, 8, 9, 12] {
        let mut bytes = gguf_counts(0, 1);
        bytes.truncate(24);
        bytes.extend([&1u64.to_le_bytes()[..], b"k", &9u32.to_le_bytes(), &kind.to_le_bytes()].concat());
        bytes.extend((1u64 << 60).to_le_bytes());
        bytes.resize(8192, 0);
        assert_eq!(unscannable(Format::Gguf, &bytes), ["gguf-array-length"], "elements of type {kind}");
    }
}

#[test]
fn gguf_arrays_in_arrays_do_not_recurse_for_long() {
    let mut bytes = gguf_counts(0, 1);
    bytes.truncate(24);
    bytes.extend([&1u64.to_le_bytes()[..], b"k", &9u32.to_le_bytes()].concat());
    for _ in 0..100_000 {
        bytes.extend([&9u32.to_le_bytes()[..], &1u64.to_le_bytes()].concat());
    }
    assert_eq!(unscannable(Format::Gguf, &bytes), ["gguf-array-depth"]);
}

#[test]
fn gguf_dimensions_that_overflow_are_unscannable_and_never_a_number() {
    let whole = testkit::gguf(&[], &[("w", &[3, 5])]);
    let shape = whole.windows(8).position(|window| window == 3u64.to_le_bytes()).unwrap();
    let mut bytes = whole.clone();
    bytes[shape..shape + 16].copy_from_slice(&[0xff; 16]);
    assert_eq!(unscannable(Format::Gguf, &bytes), ["gguf-dimensions"]);
    assert_eq!(found(&bytes).metadata.parameters, None);
    let mut bytes = whole;
    bytes[shape - 4..shape].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(unscannable(Format::Gguf, &bytes), ["gguf-dimensions"]);
}

#[test]
fn a_model_that_was_cut_off_is_unscannable() {
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() - 100].to_vec();
    assert_eq!(unscannable(Format::Gguf, &cut(testkit::gguf(&[], &[("w", &[64, 64])]))), ["gguf-truncated"]);
    let safetensors = testkit::safetensors(&[], &[("w", &[64, 64])]);
    assert_eq!(unscannable(Format::Safetensors, &cut(safetensors)), ["safetensors-truncated"]);
    let torch = testkit::torch_zip(&testkit::pickle(&[("torch", "Size")]));
    assert_eq!(unscannable(Format::Pytorch, &cut(torch)), ["zip-broken-directory"]);
    assert_eq!(unscannable(Format::Onnx, &cut(testkit::onnx(false))), ["onnx-truncated"]);
    assert_eq!(unscannable(Format::Hdf5, &cut(testkit::hdf5(&[]))), ["hdf5-truncated"]);
}

#[test]
fn safetensors_with_a_lying_header_is_unscannable() {
    let tensor = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#;
    let length = |announced: u64| {
        let mut bytes = testkit::safetensors_header(&format!("{tensor}}}"));
        bytes.extend([0; 8]);
        bytes[..8].copy_from_slice(&announced.to_le_bytes());
        bytes
    };
    assert_eq!(unscannable(Format::Safetensors, &length(1 << 60)), ["safetensors-truncated"]);
    let broken = testkit::safetensors_header(&format!("{tensor},\"x\":nonsense}}"));
    assert_eq!(unscannable(Format::Safetensors, &broken), ["safetensors-header"]);
    let mut trailing = testkit::safetensors(&[], &[("w", &[2])]);
    trailing.extend(b"#!/bin/sh");
    assert_eq!(unscannable(Format::Safetensors, &trailing), ["safetensors-trailing-bytes"]);
    let overflow = r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#;
    let bytes = testkit::safetensors_header(overflow);
    assert_eq!(unscannable(Format::Safetensors, &bytes), ["safetensors-header"]);
    assert_eq!(found(&bytes).metadata.parameters, None);
}

#[test]
fn safetensors_beyond_the_limit_of_its_library_is_unscannable_after_a_short_walk() {
    let tensor = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#;
    let mut bytes = testkit::safetensors_header(tensor);
    bytes[..8].copy_from_slice(&100_000_001u64.to_le_bytes());
    bytes.resize(100_000_100, b' ');
    let mut counted = Counted { inner: Cursor::new(&bytes), read: 0 };
    let found = identify(&mut counted, bytes.len() as u64).unwrap().unwrap();
    assert_eq!(rules(&found), ["safetensors-header-limit"]);
    assert!(counted.read < 17 << 20, "{} bytes were read", counted.read);
}

#[test]
fn what_merely_looks_like_safetensors_is_none() {
    for json in ["{}", r#"{"name":"app"}"#, r#"{"a":{"dtype":"F32"}}"#, r#"{"a":"#, r#"{"w":{"shape":[1]}}"#]
    {
        let mut bytes = testkit::safetensors_header(json);
        bytes.extend([b' '; 5000]);
        assert_eq!(look(&bytes), None, "{json}");
    }
    assert_eq!(look(b"var x = {\"w\": {\"dtype\": 1}}").map(|found| found.format), None);
}

#[test]
fn deep_json_does_not_overflow_the_stack() {
    let deep = format!(r#"{{"w":{{"dtype":"F32","shape":[1],"x":{}"#, "[".repeat(1_000_000));
    assert_eq!(look(&testkit::safetensors_header(&deep)), None);
}

#[test]
fn a_zip_that_announces_a_huge_directory_is_not_believed() {
    let mut bytes = testkit::torch_zip(b"\x80\x02.");
    let end = bytes.len() - 22;
    bytes[end + 10..end + 12].copy_from_slice(&0xfffeu16.to_le_bytes());
    assert_eq!(unscannable(Format::Pytorch, &bytes), ["zip-broken-directory"]);
    bytes[end + 12..end + 16].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
    assert_eq!(unscannable(Format::Pytorch, &bytes), ["zip-broken-directory"]);
}

#[test]
fn no_cut_makes_a_parser_fail() {
    for (format, bytes) in samples() {
        for end in (0..bytes.len().min(2048)).chain((2048..bytes.len()).step_by(97)) {
            let found = look(&bytes[..end]);
            assert!(found.is_none_or(|found| found.reason.len() < 1000), "{format} cut at {end}");
        }
    }
}

#[test]
fn no_changed_byte_makes_a_parser_fail() {
    for (_, bytes) in samples() {
        let last = bytes.len().saturating_sub(1100);
        for at in (0..bytes.len().min(400)).chain((last..bytes.len()).step_by(3)) {
            for value in [0, 0xff, bytes[at] ^ 1] {
                let mut changed = bytes.clone();
                changed[at] = value;
                look(&changed);
            }
        }
    }
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.read += count as u64;
        Ok(count)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[test]
fn a_program_is_settled_by_two_small_reads() {
    let mut program = b"\x7fELF\x02\x01\x01".to_vec();
    program.resize(10 << 20, 0x90);
    let mut counted = Counted { inner: Cursor::new(&program), read: 0 };
    assert_eq!(identify(&mut counted, program.len() as u64).unwrap(), None);
    assert!(counted.read <= 8192, "{} bytes were read", counted.read);
}

#[test]
fn a_huge_operator_set_is_not_walked() {
    let mut bytes = vec![8, 10, 0x42, 0x80, 0x80, 0x80, 0x10];
    bytes.resize(32 << 20, 0x10);
    bytes.extend(testkit::onnx(false));
    let mut counted = Counted { inner: Cursor::new(&bytes), read: 0 };
    assert_eq!(identify(&mut counted, bytes.len() as u64).unwrap(), None);
    assert!(counted.read < 100_000, "{} bytes were read", counted.read);
}

/// Fails at the second read, as a disk may.
struct Failing(u8);

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.0 > 0 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.0 += 1;
        let head = b"GGUF\x03\0\0\0";
        out[..head.len()].copy_from_slice(head);
        out[head.len()..].fill(0);
        Ok(out.len())
    }
}

impl Seek for Failing {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn an_error_of_the_reader_is_an_error_and_not_an_answer() {
    let error = identify(&mut Failing(0), 10_000).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}

fn magic() -> impl Strategy<Value = Vec<u8>> {
    let mut heads: Vec<Vec<u8>> = samples()
        .iter()
        .flat_map(|(_, bytes)| [4usize, 9, 16, 24, 64].map(|end| bytes[..end.min(bytes.len())].to_vec()))
        .collect();
    heads.extend(
        [&b"\x80\x02"[..], b"\x80\x04\x95", b"(lp0\n", b"\x08\x07", b"\x3a", b""].map(<[u8]>::to_vec),
    );
    proptest::sample::select(heads)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_bytes_behind_any_magic_are_answered(
        mut bytes in magic(),
        rest in prop::collection::vec(any::<u8>(), 0..6000),
        tail in prop::sample::select(vec![&b""[..], b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2e\0\0\0\0\0\0\0\0\0"]),
    ) {
        bytes.extend(rest);
        bytes.extend(tail);
        if let Some(found) = look(&bytes) {
            prop_assert!(found.metadata.keys.values().all(|value| value.chars().count() <= 256));
            prop_assert!(found.facts.len() <= 8);
        }
    }
}
