//! Configurations and code beside a model, each under a name that has a meaning of its own.

#![no_main]

const NAMES: &[&[u8]] = &[
    b"config.json",
    b"tokenizer_config.json",
    b"tokenizer.json",
    b"model_index.json",
    b"adapter_config.json",
    b"modules.json",
    b"configuration.json",
    b"schema.json",
    b"model.safetensors.index.json",
    b"preset.ini",
    b"Modelfile",
    b"README.md",
    b"modeling_x.py",
    b"MLmodel",
    b"config.pbtxt",
    b"requirements.txt",
    b"conda.yaml",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let name = eyeline_fuzz::choose(NAMES, &mut data);
    eyeline_fuzz::check_inspection(std::str::from_utf8(name).expect("names are text"), data);
});
