//! GGUF of every version and byte order.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("gguf", data));
