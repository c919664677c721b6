//! XML: OpenVINO and PMML.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"<net name=\"x\" version=\"11\"><layers>",
    b"<PMML version=\"4.4\">",
    b"<?xml version=\"1.0\"?><!DOCTYPE ",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::inspect_after(magic, data);
});
