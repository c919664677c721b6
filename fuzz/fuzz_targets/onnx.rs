//! A protocol buffer, with the version or the graph first.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("onnx", data));
