//! Zip archives: the fuzzer has to find the directory at the tail by itself.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| eyeline_fuzz::check(b"PK\x03\x04", data));
