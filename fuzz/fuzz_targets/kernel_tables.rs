//! What the kernel writes into `/proc` and `/sys`, parts of which other programs choose.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("kernel_tables", data));
