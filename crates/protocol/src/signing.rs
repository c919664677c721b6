//! How sensor and server know each other: Ed25519 keys, signed requests, signed envelopes, enrolment tokens.
//!
//! Pure: keys, time and random numbers are arguments, and nothing here knows what is signed. Every parser refuses what it does
//! not know to the letter, because there is one writer of each form.

mod envelope;
mod request;
mod token;

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use ed25519_dalek::SigningKey;
pub use envelope::{Envelope, EnvelopeError, EnvelopeSignature, pre_authentication_encoding};
pub use request::{
    CLOCK_TOLERANCE, CONTENT_DIGEST, Nonce, SIGNATURE, SIGNATURE_INPUT, SignatureError, SignatureHeaders,
    SignedRequest, content_digest, sign_request, verify_request,
};
pub use token::{EnrolmentToken, SECRET_LENGTH, TokenError};

/// The name of a key: the first 16 bytes of the SHA-256 of its 32 bytes, as 32 lower-case hexadecimal digits. The id of a device
/// is that of its key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

/// A text that names no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key id has 32 lower-case hexadecimal digits")]
pub struct NotAKeyId;

impl KeyId {
    /// How long it is, in characters.
    pub const LENGTH: usize = 32;

    /// The name of a key.
    pub fn of(key: &VerifyingKey) -> Self {
        let hash = Sha256::digest(key.as_bytes());
        Self(hash.iter().take(Self::LENGTH / 2).map(|byte| format!("{byte:02x}")).collect())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = NotAKeyId;

    fn from_str(text: &str) -> Result<Self, NotAKeyId> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for KeyId {
    type Error = NotAKeyId;

    fn try_from(text: String) -> Result<Self, NotAKeyId> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && text.len() == Self::LENGTH { Ok(Self(text)) } else { Err(NotAKeyId) }
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({})", self.0)
    }
}

/// A public key as it travels: 32 bytes in base64. One of small order, which would accept signatures nobody made, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(VerifyingKey);

/// A text that is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public key is 32 bytes of Ed25519 in base64")]
pub struct NotAPublicKey;

impl PublicKey {
    /// Wraps a key.
    pub const fn new(key: VerifyingKey) -> Self {
        Self(key)
    }

    /// Reads the 32 bytes of a key.
    ///
    /// # Errors
    /// When they are no point of the curve, or one of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, NotAPublicKey> {
        let key = VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak());
        key.map(Self).ok_or(NotAPublicKey)
    }

    /// The key.
    pub const fn key(&self) -> &VerifyingKey {
        &self.0
    }

    /// Its name.
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.0)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = NotAPublicKey;

    fn try_from(text: String) -> Result<Self, NotAPublicKey> {
        Self::from_bytes(&decode_exactly(&text).ok_or(NotAPublicKey)?)
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        BASE64_STANDARD.encode(key.0.as_bytes())
    }
}

/// Base64 of exactly so many bytes.
fn decode_exactly<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Checked first, so that nothing is made of a text of any length.
    if text.len() != N.div_ceil(3) * 4 {
        return None;
    }
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_of_small_order_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), Err(NotAPublicKey));
    }

    #[test]
    fn only_what_names_a_key_is_a_key_id() {
        assert!("0123456789abcdef0123456789abcdef".parse::<KeyId>().is_ok());
        for wrong in
            ["", "0123456789abcdef0123456789abcdeF", "0123456789abcdef", "../3456789abcdef0123456789abcdef"]
        {
            assert_eq!(wrong.parse::<KeyId>(), Err(NotAKeyId));
        }
    }

    proptest! {
        #[test]
        fn a_public_key_reads_back_what_it_writes(seed: [u8; 32]) {
            let key = PublicKey::new(SigningKey::from_bytes(&seed).verifying_key());
            let json = serde_json::to_string(&key).unwrap();
            prop_assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key);
            prop_assert_eq!(key.id().to_string().parse::<KeyId>(), Ok(key.id()));
        }

        #[test]
        fn no_text_makes_a_parser_panic(text: String) {
            let _ = (KeyId::try_from(text.clone()), PublicKey::try_from(text));
        }
    }
}
