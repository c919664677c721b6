//! What the kernel writes into `/proc` and `/sys`, parts of which other programs choose.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| platform::fuzz_kernel_tables(data));
