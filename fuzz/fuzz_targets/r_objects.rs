//! Objects of R in all three styles.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("r_objects", data));
