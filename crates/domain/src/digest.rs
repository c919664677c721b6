//! SHA-256 digests: the name of an artefact everywhere in Eyeline.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The SHA-256 of some bytes. Prints and parses as 64 lower-case hexadecimal digits, without a prefix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest([u8; 32]);

/// Why a text is not a SHA-256 digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// The text has another length than 64.
    #[error("a sha256 digest has 64 hexadecimal digits, this has {0}")]
    Length(usize),
    /// A character is not a hexadecimal digit.
    #[error("`{0}` is not a hexadecimal digit")]
    Digit(char),
}

impl Sha256Digest {
    /// Wraps the 32 bytes of a digest that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the spellings stores use: `<hex>`, `sha256:<hex>` and `sha256-<hex>`.
    pub fn from_store_name(name: &str) -> Option<Self> {
        let hex = name.strip_prefix("sha256:").or_else(|| name.strip_prefix("sha256-")).unwrap_or(name);
        hex.parse().ok()
    }
}

impl FromStr for Sha256Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        if let Some(odd) = text.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(DigestError::Digit(odd));
        }
        if text.len() != 64 {
            return Err(DigestError::Length(text.len()));
        }
        let mut bytes = [0u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = pair.iter().fold(0, |value, &digit| value << 4 | nibble(digit));
        }
        Ok(Self(bytes))
    }
}

/// The value of an ASCII hexadecimal digit; the caller has checked that it is one.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({self})")
    }
}

impl Serialize for Sha256Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_digest_reads_back_what_it_prints(bytes: [u8; 32]) {
            let digest = Sha256Digest::from_bytes(bytes);
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
            prop_assert_eq!(digest.to_string().to_uppercase().parse(), Ok(digest));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,80}") {
            let _ = text.parse::<Sha256Digest>();
        }
    }

    #[test]
    fn the_spellings_of_stores_are_read() {
        let hex = "ab".repeat(32);
        let digest = Sha256Digest::from_bytes([0xab; 32]);
        for name in [hex.clone(), format!("sha256:{hex}"), format!("sha256-{hex}")] {
            assert_eq!(Sha256Digest::from_store_name(&name), Some(digest));
        }
        assert_eq!(Sha256Digest::from_store_name("sha256-partial"), None);
    }

    #[test]
    fn a_wrong_digest_is_explained() {
        assert_eq!("abc".parse::<Sha256Digest>(), Err(DigestError::Length(3)));
        assert_eq!("z".repeat(64).parse::<Sha256Digest>(), Err(DigestError::Digit('z')));
    }
}
