//! Chat templates: words, grammar and judgement.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("jinja", data));
