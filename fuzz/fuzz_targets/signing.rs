//! Signatures, envelopes, tokens and keys from strangers: never a panic, and nothing that was not signed is let through.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("signing", data));
