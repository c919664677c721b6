//! Stores and indexes that name other files, and models in one layer of compression: OCDBT, TensorFlow's index, MLC's list, NumPy, tar.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("stores", data));
