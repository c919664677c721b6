//! Pickles with and without a protocol mark, and the legacy PyTorch checkpoint.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"\x80\x02",
    b"\x80\x04\x95",
    b"(",
    b"c",
    b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::check(magic, data);
});
