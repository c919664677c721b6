//! Formats of engines: TVM, NCNN, RKNN and their like.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("engines", data));
