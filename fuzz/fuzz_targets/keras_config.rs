//! The configuration of a Keras model, as an attribute of HDF5.

#![no_main]

use artifact::testkit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let config = String::from_utf8_lossy(data.get(..60_000).unwrap_or(data));
    let file = testkit::hdf5_new(&[("model_config", &config)], &[]);
    eyeline_fuzz::inspect_after(&[], &file);
});
