//! Archives whose end record or first checksum is right, so that the fuzzer plays with members and directory alone.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("directories", data));
