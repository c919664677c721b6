//! Bytes that come once, such as standard input, kept where they can be read again and again.

use std::{
    fs::File,
    io::{self, Read},
};

/// Copies everything into a file without a name, which the system removes with the last handle.
///
/// # Errors
/// The reader's or the system's error; `FileTooLarge` when there are more than `limit` bytes.
pub fn spool(reader: impl Read, limit: u64) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    let copied = io::copy(&mut reader.take(limit.saturating_add(1)), &mut file)?;
    if copied > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {limit} bytes")));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{Window, identity_of_file};

    #[test]
    fn what_came_once_can_be_read_twice_and_has_a_limit() {
        let file = spool(&b"12345"[..], 5).unwrap();
        for _ in 0..2 {
            let mut text = String::new();
            Window::new(&file, identity_of_file(&file).unwrap().size).read_to_string(&mut text).unwrap();
            assert_eq!(text, "12345");
        }
        assert_eq!(spool(&b"12345"[..], 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
