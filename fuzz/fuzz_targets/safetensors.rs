//! A safetensors header, with a length that fits and with ones that lie.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("safetensors", data));
