//! Random numbers of the system, for keys.

use std::io;

/// Fills the buffer with random bytes fit for keys.
///
/// # Errors
/// The system's error.
pub fn fill(buffer: &mut [u8]) -> io::Result<()> {
    getrandom::fill(buffer).map_err(|error| io::Error::other(error.to_string()))
}
