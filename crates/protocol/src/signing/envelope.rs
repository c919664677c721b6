//! Signed envelopes: DSSE version 1 (secure-systems-lab/dsse, `protocol.md` and `envelope.md`).

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::KeyId;

/// How many signatures of one envelope are looked at.
const SIGNATURES: usize = 8;

/// A payload and who signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// What the payload is.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// The payload, in base64.
    pub payload: String,
    /// The signatures over both.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeSignature {
    /// Whose key. Only a hint: it is not signed.
    #[serde(default)]
    pub keyid: String,
    /// The signature, in base64.
    pub sig: String,
}

/// Why an envelope is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It holds something else than was expected.
    #[error("the envelope holds `{0}`")]
    Type(String),
    /// The payload is not base64.
    #[error("the payload of the envelope is not base64")]
    Payload,
    /// No signature is by the key.
    #[error("no signature of the envelope is by the expected key")]
    Signature,
}

impl Envelope {
    /// Signs a payload.
    pub fn sign(key: &SigningKey, payload_type: &str, payload: &[u8]) -> Self {
        let signature = key.sign(&pre_authentication_encoding(payload_type, payload));
        Self {
            payload_type: payload_type.to_owned(),
            payload: BASE64_STANDARD.encode(payload),
            signatures: vec![EnvelopeSignature {
                keyid: KeyId::of(&key.verifying_key()).into(),
                sig: BASE64_STANDARD.encode(signature.to_bytes()),
            }],
        }
    }

    /// The payload, if the key signed it and it is what is expected.
    ///
    /// # Errors
    /// What does not hold. Nothing of the payload is read before its signature holds.
    pub fn open(&self, key: &VerifyingKey, payload_type: &str) -> Result<Vec<u8>, EnvelopeError> {
        if self.payload_type != payload_type {
            return Err(EnvelopeError::Type(self.payload_type.clone()));
        }
        let payload = decode(&self.payload).ok_or(EnvelopeError::Payload)?;
        let signed = pre_authentication_encoding(payload_type, &payload);
        let holds = |one: &EnvelopeSignature| {
            let bytes = decode(&one.sig).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
            bytes.is_some_and(|bytes| key.verify_strict(&signed, &Signature::from_bytes(&bytes)).is_ok())
        };
        if self.signatures.iter().take(SIGNATURES).any(holds) {
            Ok(payload)
        } else {
            Err(EnvelopeError::Signature)
        }
    }
}

/// A reader takes either alphabet.
fn decode(text: &str) -> Option<Vec<u8>> {
    let urlsafe = text.contains(['-', '_']);
    if urlsafe { BASE64_URL_SAFE.decode(text).ok() } else { BASE64_STANDARD.decode(text).ok() }
}

/// The bytes that are signed: lengths before contents, so that no two pairs look alike.
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_published_example_is_encoded_as_published() {
        assert_eq!(
            pre_authentication_encoding("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn the_json_has_the_published_names() {
        let json =
            serde_json::to_value(Envelope::sign(&SigningKey::from_bytes(&[1; 32]), "t", b"x")).unwrap();
        let names: Vec<_> = json.as_object().unwrap().keys().collect();
        assert_eq!(names, ["payload", "payloadType", "signatures"]);
        assert_eq!(json["signatures"][0].as_object().unwrap().keys().collect::<Vec<_>>(), ["keyid", "sig"]);
    }

    #[test]
    fn an_envelope_may_carry_signatures_of_others_but_not_hide_one_behind_many() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let mut envelope = Envelope::sign(&key, "t", b"x");
        let other = Envelope::sign(&SigningKey::from_bytes(&[2; 32]), "t", b"x").signatures.remove(0);
        envelope.signatures.insert(0, other.clone());
        assert_eq!(envelope.open(&key.verifying_key(), "t"), Ok(b"x".to_vec()));
        (0..SIGNATURES).for_each(|_| envelope.signatures.insert(0, other.clone()));
        assert_eq!(envelope.open(&key.verifying_key(), "t"), Err(EnvelopeError::Signature));
    }

    proptest! {
        // Signing is slow without optimisation.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn an_envelope_opens_for_its_key_and_type_only(seed: [u8; 32], payload: Vec<u8>) {
            let key = SigningKey::from_bytes(&seed);
            let other = SigningKey::from_bytes(&seed.map(|byte| byte ^ 1)).verifying_key();
            let envelope = Envelope::sign(&key, "type", &payload);
            prop_assert_eq!(envelope.open(&key.verifying_key(), "type").unwrap(), payload);
            prop_assert_eq!(envelope.open(&other, "type"), Err(EnvelopeError::Signature));
            prop_assert!(matches!(envelope.open(&key.verifying_key(), "other"), Err(EnvelopeError::Type(_))));
            let moved = Envelope { payload_type: "other".into(), ..envelope };
            prop_assert_eq!(moved.open(&key.verifying_key(), "other"), Err(EnvelopeError::Signature));
        }

        #[test]
        fn no_envelope_makes_the_reader_panic(payload: String, keyid: String, sig: String) {
            let signatures = vec![EnvelopeSignature { keyid, sig }];
            let envelope = Envelope { payload_type: "t".into(), payload, signatures };
            prop_assert!(envelope.open(&SigningKey::from_bytes(&[1; 32]).verifying_key(), "t").is_err());
        }
    }
}
