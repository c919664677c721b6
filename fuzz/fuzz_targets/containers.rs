//! Archives and compressed files, inspected to the last byte: behind a magic number, or as a zip archive whose end record is right, so
//! that the fuzzer plays with members and directory alone.

#![no_main]

use std::{io::Cursor, sync::LazyLock};

use artifact::{Limits, inspect};
use catalog::Catalog;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| catalog::load().expect("the catalogue is whole"));

const MAGICS: [&[u8]; 12] = [
    b"",
    b"PK\x03\x04",
    b"\x1f\x8b\x08\0",
    b"BZh91AY&SY",
    b"\x78\x9c",
    b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0\x21\x01\x16\0\0\0\x74\x2f\xe5\xa3",
    b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0",
    b"\x04\x22\x4d\x18",
    b"\x28\xb5\x2f\xfd",
    b"\x93NUMPY\x01\0",
    b"PK\x03\x04\x14\0\0\0\x08\0\0\0\x21\0",
    b"MZ",
];

/// An archive of these members and this directory.
fn zip(data: &[u8]) -> Vec<u8> {
    let (first, rest) = data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest));
    let (members, directory) = rest.split_at((first * 4).min(rest.len()));
    let mut out = [b"PK\x03\x04", members, b"PK\x01\x02", directory].concat();
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend((directory.len() as u32 + 4).to_le_bytes());
    out.extend((members.len() as u32 + 4).to_le_bytes());
    out.extend([0, 0]);
    out
}

/// A tar archive whose first header has the right checksum.
fn tar(data: &[u8]) -> Vec<u8> {
    let mut out = data.to_vec();
    out.resize(out.len().next_multiple_of(512).max(512), 0);
    out[148..156].fill(b' ');
    let sum: u32 = out[..512].iter().map(|byte| u32::from(*byte)).sum();
    out[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let file = match kind % 16 {
        12 | 13 => zip(rest),
        14 | 15 => tar(rest),
        magic => [MAGICS[usize::from(magic)], rest].concat(),
    };
    let limits = Limits { unpacked: 4 << 20, ..Limits::full() };
    let len = file.len() as u64;
    let seen = inspect(Cursor::new(&file), len, "file", &CATALOG, &limits).expect("a file in memory has no errors");
    assert!(seen.bytes_read < 100 * len + (256 << 20), "{} of {len} bytes were read", seen.bytes_read);
    assert!(seen.facts.len() <= 512);
});
