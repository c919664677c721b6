//! The interpreter of pickles: every byte of the input is walked over as a loader would, in each context.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("pickle_inspect", data));
