//! Tables of FlatBuffers: TensorFlow Lite, ONNX Runtime, ExecuTorch, CatBoost, MNN, LiteRT-LM.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"\x10\0\0\0TFL3",
    b"\x10\0\0\0ORTM",
    b"\x10\0\0\0ET12",
    b"CBM1\x40\0\0\0",
    b"\x10\0\0\0\0\0\0\0",
    b"LITERTLM\x01\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::inspect_after(magic, data);
});
