//! Chat templates: words, grammar and judgement.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| eyeline_fuzz::check_inspection("chat_template.jinja", data));
