//! Tables of FlatBuffers: TensorFlow Lite, ONNX Runtime, ExecuTorch, CatBoost, MNN, LiteRT-LM.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("flatbuffers", data));
