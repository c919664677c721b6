//! Ensembles of trees as JSON, UBJSON and text.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("trees", data));
