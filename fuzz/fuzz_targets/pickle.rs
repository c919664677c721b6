//! Pickles with and without a protocol mark, and the legacy PyTorch checkpoint.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("pickle", data));
