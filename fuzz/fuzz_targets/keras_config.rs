//! The configuration of a Keras model, as an attribute of HDF5.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("keras_config", data));
