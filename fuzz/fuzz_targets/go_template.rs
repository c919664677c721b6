//! Prompt templates of Ollama.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("go_template", data));
