//! Reports and commands from the other side: never a panic, never more memory than the limits, and what is read can be written.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("messages", data));
