//! Being built.

pub mod assets;
