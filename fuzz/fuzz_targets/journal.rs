//! Journals: notes, proofs and whole logs; what was altered is named.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("journal", data));
