//! HDF5 superblocks of every version.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("hdf5", data));
