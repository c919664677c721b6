//! Graphs as text: TensorFlow's and ONNX's in the text form of protocol buffers, those of `torch.export` as JSON in their archive.

#![no_main]

const BEGINS: &[&[u8]] = &[
    b"node { name: \"x\" op: \"MatMul\" ",
    b"meta_graphs { graph_def { node { op: \"MatMul\" ",
    b"ir_version: 8 opset_import { version: 21 } graph { ",
    b"{\"graph_module\": ",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let begin = eyeline_fuzz::choose(BEGINS, &mut data);
    let text = [begin, data].concat();
    eyeline_fuzz::check_inspection("", &text);
    eyeline_fuzz::check("".as_bytes(), &text);
    eyeline_fuzz::check_inspection("", &artifact::testkit::torch_export(&String::from_utf8_lossy(data)));
});
