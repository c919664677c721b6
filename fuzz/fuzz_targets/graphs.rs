//! Messages of protocol buffers: ONNX, Core ML, TensorFlow, PaddlePaddle.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("graphs", data));
