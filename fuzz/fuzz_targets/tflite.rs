//! A TensorFlow Lite FlatBuffer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("tflite", data));
