//! GGUF of every version and byte order.

#![no_main]

const MAGICS: &[&[u8]] = &[b"GGUF\x01\0\0\0", b"GGUF\x02\0\0\0", b"GGUF\x03\0\0\0", b"GGUF\0\0\0\x03"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::check(magic, data);
    eyeline_fuzz::check_inspection("model", &[magic, data].concat());
});
