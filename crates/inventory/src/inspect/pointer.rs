//! Pointers of Git LFS: small texts that stand where a model should be.
//!
//! Format: version 1 of the pointer specification of Git LFS: lines of `key value`, the first of them the version.

use std::{fs::File, io, str::FromStr};

use domain::{Fact, Sha256Digest};
use platform::read::Window;

/// The specification allows no longer one.
const LONGEST: usize = 1024;
const VERSION: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// What a pointer names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pointer {
    /// The SHA-256 of the model.
    pub(crate) sha256: Option<Sha256Digest>,
    /// Its size in bytes.
    pub(crate) size: Option<u64>,
}

impl Pointer {
    /// The pointer in a file; none when it is something else.
    pub(crate) fn of(file: &File, len: u64) -> io::Result<Option<Self>> {
        if len > LONGEST as u64 {
            return Ok(None);
        }
        let mut text = Vec::new();
        io::Read::read_to_end(&mut Window::new(file, len), &mut text)?;
        Ok(Self::read(&text))
    }

    /// The pointer that this text is.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let rest = text.strip_prefix(VERSION).filter(|_| text.len() <= LONGEST)?;
        let mut pointer = Self { sha256: None, size: None };
        for line in String::from_utf8_lossy(rest).lines() {
            match line.split_once(' ') {
                Some(("oid", oid)) => pointer.sha256 = oid.strip_prefix("sha256:").and_then(parsed),
                Some(("size", size)) => pointer.size = parsed(size),
                _ => {}
            }
        }
        Some(pointer)
    }

    /// What there is to say of it.
    pub(crate) fn fact(&self) -> Fact {
        let size = self.size.map(|size| format!(" of {size} bytes")).unwrap_or_default();
        let digest = self.sha256.map(|digest| format!(", sha256 {digest}")).unwrap_or_default();
        super::fact(&artifact::rules::bundles::LFS_POINTER, format!("pointer: not the model{size}{digest}"))
    }
}

fn parsed<T: FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pointer_names_digest_and_size() {
        let oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
        let text = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n");
        let pointer = Pointer::read(text.as_bytes()).unwrap();
        assert_eq!((pointer.sha256, pointer.size), (oid.parse().ok(), Some(12345)));
        assert!(pointer.fact().message.contains("not the model of 12345 bytes"));
        assert_eq!(Pointer::read(b"version 1\n"), None);
    }

    proptest! {
        #[test]
        fn no_text_brings_it_down(rest in proptest::collection::vec(any::<u8>(), 0..1200)) {
            let text = [VERSION, &rest].concat();
            prop_assert_eq!(Pointer::read(&text).is_some(), text.len() <= LONGEST);
            prop_assert_eq!(Pointer::read(&rest), None);
        }
    }
}
