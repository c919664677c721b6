//! Cleaning of command lines: never a panic, and a second time changes nothing.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("secrets", data));
