//! Licences as their authors spell them, and patterns of the catalogue on any text.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("licenses", data));
