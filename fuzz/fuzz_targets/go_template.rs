//! Prompt templates of Ollama.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| eyeline_fuzz::check_inspection("template", data));
