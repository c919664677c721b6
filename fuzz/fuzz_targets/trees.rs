//! Ensembles of trees as JSON, UBJSON and text.

#![no_main]

const MAGICS: &[&[u8]] = &[
    b"{L\0\0\0\0\0\0\0\x07learner{",
    b"{\"learner\":{\"attributes\":{},\"feature_names\":[]",
    b"tree\nversion=v4\nnum_class=1\n",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let magic = eyeline_fuzz::choose(MAGICS, &mut data);
    eyeline_fuzz::inspect_after(magic, data);
});
