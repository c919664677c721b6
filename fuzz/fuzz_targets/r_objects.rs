//! Objects of R in all three styles.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"X\n\0\0\0\x03\0\x04\x03\x01\0\x03\x05\0\0\0\0\x05UTF-8",
    b"X\n\0\0\0\x02\0\x04\x03\x01\0\x02\x03\0",
    b"A\n3\n262913\n197888\n5\nUTF-8\n",
    b"B\n\x02\0\0\0\x01\x03\x04\0\0\x03\x02\0",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::inspect_after(magic, data);
});
