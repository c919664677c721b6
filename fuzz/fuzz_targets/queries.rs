//! Queries that anyone types into an address: never a panic, never more than the limits, and what is understood reads back.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("queries", data));
