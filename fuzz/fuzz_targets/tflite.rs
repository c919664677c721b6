//! A TensorFlow Lite FlatBuffer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| eyeline_fuzz::check(b"\x14\0\0\0TFL3", data));
