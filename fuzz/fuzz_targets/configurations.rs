//! Configurations and code beside a model, each under a name that has a meaning of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("configurations", data));
