//! A safetensors header, with a length that fits and with ones that lie.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"\x80\0\0\0\0\0\0\0{\"",
    b"\0\x02\0\0\0\0\0\0{\"w\":{\"dtype\":\"F32\",\"shape\":[",
    b"\xff\xff\xff\xff\xff\xff\xff\xff{\"",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::check(magic, data);
    eyeline_fuzz::check_inspection("model", &[magic, data].concat());
});
