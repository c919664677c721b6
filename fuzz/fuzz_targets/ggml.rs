//! The formats before GGUF.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("ggml", data));
