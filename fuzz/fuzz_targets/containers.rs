//! Archives and compressed files, inspected to the last byte behind a magic number.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("containers", data));
