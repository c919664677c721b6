//! Server-sent events: never a panic, never more than the limits, and the same however the stream is cut.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("events", data));
