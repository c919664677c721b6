//! Programs with an archive at the tail.

#![no_main]

const MAGICS: &[&[u8]] = &[b"MZqFpD='", b"jartsr='", b"\x7fELF", b"MZ"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::check(magic, data);
});
