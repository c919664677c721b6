//! Programs with an archive at the tail.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("llamafile", data));
