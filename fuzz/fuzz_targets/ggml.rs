//! The formats before GGUF.

#![no_main]

const MAGICS: &[&[u8]] = &[b"lmgg", b"fmgg\x01\0\0\0", b"tjgg\x03\0\0\0", b"algg\x01\0\0\0"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::check(magic, data);
    eyeline_fuzz::check_inspection("model", &[magic, data].concat());
});
