//! Graphs as text: TensorFlow's and ONNX's in the text form of protocol buffers, those of `torch.export` as JSON in their archive.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("text_graphs", data));
