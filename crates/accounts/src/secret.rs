//! Secrets: made of the system's random numbers, shown once, kept as SHA-256.
//!
//! A secret has more than 200 bits, so a plain hash is enough: there is nothing to guess. Passwords are another matter and
//! another module.

use std::{fmt, io};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// What an API token begins with. Clients of model registries drop a token of any other shape.
pub const TOKEN_PREFIX: &str = "hf_";

const ALPHANUMERICS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A secret in plain text. It shows itself only to whom asks on purpose.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// An API token: `hf_` and 40 alphanumerics.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn token() -> io::Result<Self> {
        Ok(Self(format!("{TOKEN_PREFIX}{}", alphanumerics()?)))
    }

    /// What an enrolment token carries: 40 alphanumerics.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn enrolment() -> io::Result<Self> {
        alphanumerics().map(Self)
    }

    /// A session or a login link: 32 random bytes in base64url.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; 32];
        platform::random::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The plain text, to show it once or to put it in a cookie.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> String {
        hash_of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 in lower hex: what is kept of a secret, and by what it is found again. Looking up by a hash tells a clock nothing
/// about the secret, because nobody can choose what their guess hashes to.
pub fn hash_of(secret: &str) -> String {
    use fmt::Write as _;
    let digest: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    let mut text = String::with_capacity(64);
    for byte in digest {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// 40 of them, each equally likely: bytes that would favour the first letters are thrown away.
fn alphanumerics() -> io::Result<String> {
    let mut text = String::with_capacity(40);
    let mut bytes = [0; 64];
    while text.len() < 40 {
        platform::random::fill(&mut bytes)?;
        let fair =
            bytes.iter().map(|byte| usize::from(byte & 63)).filter_map(|index| ALPHANUMERICS.get(index));
        let missing = 40 - text.len();
        text.extend(fair.take(missing).map(|byte| char::from(*byte)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_the_shape_that_clients_expect() {
        let token = Secret::token().unwrap();
        let body = token.reveal().strip_prefix("hf_").unwrap();
        assert_eq!(body.len(), 40);
        assert!(body.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(token, Secret::token().unwrap());
    }

    #[test]
    fn a_secret_does_not_show_itself_by_accident() {
        let secret = Secret::random().unwrap();
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        assert_eq!(secret.reveal().len(), 43);
    }

    #[test]
    fn what_is_kept_is_the_sha_256_in_hex() {
        // The published value for "abc" (FIPS 180-4, example B.1).
        assert_eq!(hash_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn every_letter_and_digit_occurs() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            seen.extend(Secret::enrolment().unwrap().reveal().chars());
        }
        assert_eq!(seen.len(), 62);
    }
}
