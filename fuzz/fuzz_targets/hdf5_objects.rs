//! Objects, heaps and trees of HDF5.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("hdf5_objects", data));
