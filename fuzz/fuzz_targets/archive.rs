//! Zip archives: the fuzzer has to find the directory at the tail by itself.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("archive", data));
