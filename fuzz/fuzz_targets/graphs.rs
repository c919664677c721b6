//! Messages of protocol buffers: ONNX, Core ML, TensorFlow, PaddlePaddle.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"\x08\x0a\x3a",
    b"\x08\x04\x12",
    b"\x08\x01\x12",
    b"\x0a",
    b"\x0a\x20\x08\x00\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::inspect_after(magic, data);
});
