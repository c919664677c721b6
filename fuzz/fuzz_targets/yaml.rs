//! YAML with targets and tags.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("yaml", data));
