//! A protocol buffer, with the version or the graph first.

#![no_main]

const MAGICS: &[&[u8]] = &[b"\x08\x0a", b"\x08\x07\x12", b"\x3a", b""];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::check(magic, data);
});
