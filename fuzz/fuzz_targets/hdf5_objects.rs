//! Objects, heaps and trees of HDF5.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"\x89HDF\r\n\x1a\n\x02\x08\x08\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0\x30\0\0\0\0\0\0\0\0\0\0\0OHDR\x02\x02",
    b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0\x04\0\x10\0",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::inspect_after(magic, data);
});
