//! HDF5 superblocks of every version.

#![no_main]

const MAGICS: &[&[u8]] = &[b"\x89HDF\r\n\x1a\n\0", b"\x89HDF\r\n\x1a\n\x02", b"\x89HDF\r\n\x1a\n\x03"];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::check(magic, data);
});
