//! Configurations of agents, model cards and the small files of stores.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("documents", data));
