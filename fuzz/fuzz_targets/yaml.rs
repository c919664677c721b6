//! YAML with targets and tags.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| eyeline_fuzz::check_inspection("model_config.yaml", data));
