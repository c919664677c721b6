//! Parameters of Flax.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"\x81\xa6params\x81\xa1w\xc7\x14\x01\x93\x91\x02\xa7float32\xc4\x08\0\0\0\0\0\0\0\0",
    b"\x82\xa1a\xc7\x0e\x01\x93\x90\xa7float32\xc4\x00",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::inspect_after(magic, data);
});
