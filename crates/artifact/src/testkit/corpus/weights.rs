//! Tricks 27 and 28: numbers and names in the headers of weights that break what loads them.

use super::Case;
use crate::testkit::{
    Value::{Text, U32},
    gguf, safetensors, safetensors_header,
};

pub(super) fn cases() -> Vec<Case> {
    [gguf_numbers(), gguf_names(), safetensors_headers()].concat()
}

/// A file of one key and two tensors.
fn twin() -> Vec<u8> {
    gguf(&[("general.alignment", U32(32))], &[("first", &[32, 4]), ("other", &[64])])
}

/// The same with the bytes at `mark` + `skip` replaced.
fn changed(mark: &[u8], skip: usize, by: &[u8]) -> Vec<u8> {
    let mut bytes = twin();
    let at = bytes.windows(mark.len()).position(|window| window == mark).unwrap_or_default() + skip;
    bytes[at..at + by.len()].copy_from_slice(by);
    bytes
}

fn number(what: &str, rules: &'static [&'static str], malicious: Vec<u8>) -> Case {
    Case::new(&[27], "gguf", what, rules, malicious, twin()).called("model.gguf")
}

fn gguf_numbers() -> Vec<Case> {
    const HUGE: [u8; 8] = (1u64 << 60).to_le_bytes();
    let square = (1u64 << 32).to_le_bytes().repeat(2);
    // Behind a name: how many dimensions, the dimensions, the type, and where the tensor begins.
    let (offset, kind) = (5 + 4 + 8 + 4, 5 + 4 + 8);
    let mut array = b"GGUF\x03\0\0\0".to_vec();
    array.extend([0u64, 1, 1].map(u64::to_le_bytes).concat());
    array.extend(
        [&b"k"[..], &9u32.to_le_bytes(), &10u32.to_le_bytes(), &(1u64 << 61 | 1).to_le_bytes(), &[0; 64]]
            .concat(),
    );
    let mut nested = [&b"GGUF\x03\0\0\0"[..], &[0u64, 1, 1].map(u64::to_le_bytes).concat(), b"k"].concat();
    nested.extend(9u32.to_le_bytes());
    nested.extend([&9u32.to_le_bytes()[..], &1u64.to_le_bytes()].concat().repeat(100_000));
    let mut cases = vec![
        number("arrays in arrays without end", &["gguf-array-depth"], nested),
        number("bytes behind the last tensor", &["gguf-trailing-bytes"], [&twin()[..], b"anything"].concat()),
        number("more tensors than fit", &["gguf-tensor-count"], changed(b"GGUF", 8, &HUGE)),
        number("more keys than fit", &["gguf-key-count"], changed(b"GGUF", 16, &HUGE)),
        number(
            "160 bytes that ask for gigabytes",
            &["gguf-key-count"],
            changed(b"GGUF", 16, &(1u64 << 33).to_le_bytes())[..160].to_vec(),
        ),
        number("a text beyond the file", &["gguf-string-length"], changed(b"GGUF", 24, &[0xff; 8])),
        number("an array whose size overflows", &["gguf-array-length"], array),
        number("five dimensions", &["gguf-dimensions"], changed(b"first", 5, &5u32.to_le_bytes())),
        number("dimensions that overflow", &["gguf-dimensions"], changed(b"first", 9, &square)),
        number("an offset that overflows", &["gguf-tensor-offset"], changed(b"other", offset, &[0xff; 8])),
        number(
            "an offset between two steps",
            &["gguf-tensor-offset"],
            changed(b"other", offset, &500u64.to_le_bytes()),
        ),
        number("tensors that overlap", &["gguf-overlap"], changed(b"other", offset, &256u64.to_le_bytes())),
        number(
            "a type that nobody knows",
            &["gguf-tensor-type"],
            changed(b"other", kind, &99u32.to_le_bytes()),
        ),
    ];
    for alignment in [0u32, 3, 1 << 31, u32::MAX] {
        let bytes = changed(b"general.alignment", 21, &alignment.to_le_bytes());
        cases.push(number(&format!("an alignment of {alignment}"), &["gguf-alignment"], bytes));
    }
    cases
}

fn gguf_names() -> Vec<Case> {
    let split = |no, count, tensors| {
        let keys =
            [("split.no", U32(no)), ("split.count", U32(count)), ("split.tensors.count", U32(tensors))];
        gguf(&keys, &[("a", &[32]), ("b", &[32])])
    };
    let mut blocks = gguf(&[], &[("w", &[33])]);
    let at = blocks.windows(8).position(|window| window == 33u64.to_le_bytes()).unwrap_or_default() + 8;
    blocks[at] = 2;
    vec![
        number(
            "a key that stands twice",
            &["gguf-duplicate"],
            gguf(&[("a", Text("x")), ("a", Text("y"))], &[("w", &[32])]),
        ),
        number("a tensor that stands twice", &["gguf-duplicate"], gguf(&[], &[("w", &[32]), ("w", &[32])])),
        number("a name of 300 bytes", &["gguf-name-overflow"], gguf(&[], &[(&"n".repeat(300), &[32])])),
        number("rows that do not fill blocks", &["gguf-blocks"], blocks),
        Case::new(&[27], "gguf", "a shard behind the last", &["gguf-split"], split(7, 2, 9), split(0, 2, 9)),
    ]
}

fn safetensors_headers() -> Vec<Case> {
    const W: &str = r#""w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#;
    let file = |header: &str, data: usize| {
        let mut bytes = safetensors_header(header);
        bytes.resize(bytes.len() + data, 1);
        bytes
    };
    let one = |shape: &str, place: &str| {
        file(&format!(r#"{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":{place}}}}}"#), 8)
    };
    let two = |begin: u64| {
        let end = begin + 8;
        let second = format!(r#""x":{{"dtype":"F32","shape":[2],"data_offsets":[{begin},{end}]}}"#);
        file(&format!("{{{W},{second}}}"), end as usize)
    };
    let mut huge = file(&format!("{{{W}}}"), 8);
    huge[..8].copy_from_slice(&(1u64 << 60).to_le_bytes());
    let whole = file(&format!("{{{W}}}"), 8);
    let header = |what: &str, rules, malicious: Vec<u8>, benign: &[u8]| {
        Case::new(&[28], "safetensors", what, rules, malicious, benign)
    };
    vec![
        header("a header beyond the file", &["safetensors-truncated"], huge, &whole),
        header(
            "a name that stands twice in a header",
            &["safetensors-duplicate"],
            file(&format!("{{{W},{W}}}"), 8),
            &whole,
        ),
        header(
            "a note that stands twice",
            &["safetensors-duplicate"],
            file(&format!(r#"{{"__metadata__":{{"a":"1","a":"2"}},{W}}}"#), 8),
            &file(&format!(r#"{{"__metadata__":{{"a":"1","b":"2"}},{W}}}"#), 8),
        ),
        header("tensors that overlap", &["safetensors-overlap"], two(4), &two(8)),
        header("a gap between tensors", &["safetensors-gap"], two(4096), &two(8)),
        header(
            "a shape that overflows",
            &["safetensors-size"],
            one("[4294967296,4294967296]", "[0,8]"),
            &whole,
        ),
        header("a shape that does not fit", &["safetensors-size"], one("[3]", "[0,8]"), &one("[2]", "[0,8]")),
        header("an end before the beginning", &["safetensors-size"], one("[2]", "[8,0]"), &whole),
        header(
            "a header that is no JSON",
            &["safetensors-header"],
            file(&format!("{{{W},\"x\":nonsense}}"), 8),
            &whole,
        ),
        header(
            "bytes behind the last tensor",
            &["safetensors-trailing-bytes"],
            [&safetensors(&[], &[("w", &[2])])[..], b"x"].concat(),
            &whole,
        ),
    ]
}
