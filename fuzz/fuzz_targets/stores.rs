//! Stores and indexes that name other files, and models in one layer of compression: OCDBT, TensorFlow's index, MLC's list, NumPy, tar.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"\x0c\xdb\x3a\x2a",
    b"\x0c\xdb\x20\xde\x20\0\0\0\0\0\0\0\0\0",
    b"\0\0\x06\x08\x01\x1a\x02\x08\x01",
    b"{\"metadata\":{\"ParamSize\":1},\"records\":[{\"dataPath\":",
    b"\x93NUMPY\x01\0\x40\0{'descr': '",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b"\x78\x9c",
];
/// What the last eight bytes of an index are.
const TABLE: [u8; 8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::check(magic, data);
    eyeline_fuzz::inspect_after(magic, data);
    eyeline_fuzz::inspect_after(magic, &[data, &TABLE].concat());
    eyeline_fuzz::inspect_after(&[], &artifact::testkit::ocdbt_around(data));
});
