//! Formats of engines: TVM, NCNN, RKNN and their like.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"\xb7\x9c\x04\x05\x4f\x8d\xe5\xf7",
    b"7767517\n2 2\n",
    b"RKNN\0\0\0\0\x06\0\0\0\0\0\0\0",
    b"\x01HEF\0\0\0\x01",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::inspect_after(magic, data);
});
