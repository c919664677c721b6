//! HTTP requests signed by a device: one profile of RFC 9421, with the digest of the body of RFC 9530.
//!
//! Covered are the method, the path and the digest of the body as it is sent; the parameters say when, with which key, and a
//! number used once. A request has no query, so nothing in it is outside the signature.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use super::{KeyId, decode_exactly};

/// The header with the digest of the body.
pub const CONTENT_DIGEST: &str = "content-digest";
/// The header that says what is signed.
pub const SIGNATURE_INPUT: &str = "signature-input";
/// The header with the signature.
pub const SIGNATURE: &str = "signature";
/// How far the clocks of device and server may differ, in seconds, either way.
pub const CLOCK_TOLERANCE: u64 = 300;

const LABEL: &str = "eyeline=";
const COMPONENTS: &str = r#"("@method" "@path" "content-digest")"#;

/// A number used once.
pub type Nonce = [u8; 16];

/// Why a signed request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is not of this profile.
    #[error("the header `{0}` is not of this profile")]
    Malformed(&'static str),
    /// The body is another one.
    #[error("the body is not the one that was signed")]
    Body,
    /// The signature is not by this key over this request.
    #[error("the signature does not hold")]
    Signature,
}

/// The three headers of a signed request, as they were received.
#[derive(Debug, Clone, Copy)]
pub struct SignatureHeaders<'a> {
    /// The value of [`CONTENT_DIGEST`].
    pub content_digest: &'a str,
    /// The value of [`SIGNATURE_INPUT`].
    pub signature_input: &'a str,
    /// The value of [`SIGNATURE`].
    pub signature: &'a str,
}

/// What a request says of its signature. Nothing of it is true before it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// When it was signed by the device's clock, in seconds since 1970.
    pub created: i64,
    /// The number used once.
    pub nonce: Nonce,
    /// Whose key.
    pub key_id: KeyId,
    digest: [u8; 32],
    signature: [u8; 64],
}

impl SignedRequest {
    /// Reads the headers.
    ///
    /// # Errors
    /// When one of them is not of this profile, to the letter.
    pub fn parse(headers: SignatureHeaders<'_>) -> Result<Self, SignatureError> {
        let malformed = SignatureError::Malformed;
        let digest = parse_digest(headers.content_digest).ok_or(malformed(CONTENT_DIGEST))?;
        let (created, nonce, key_id) =
            parse_input(headers.signature_input).ok_or(malformed(SIGNATURE_INPUT))?;
        let signature = parse_signature(headers.signature).ok_or(malformed(SIGNATURE))?;
        Ok(Self { created, nonce, key_id, digest, signature })
    }

    /// Whether it was signed within [`CLOCK_TOLERANCE`] of `now`, in seconds since 1970.
    pub fn is_fresh(&self, now: i64) -> bool {
        now.abs_diff(self.created) <= CLOCK_TOLERANCE
    }

    /// Checks the signature. The body need not be there yet: strangers are turned away before it is read.
    ///
    /// # Errors
    /// When it is not by this key over this method, path and digest.
    pub fn check_signature(
        &self,
        key: &VerifyingKey,
        method: &str,
        path: &str,
    ) -> Result<(), SignatureError> {
        let digest = format_digest(&self.digest);
        let base = signature_base(
            &[("@method", method), ("@path", path), (CONTENT_DIGEST, &digest)],
            &parameters(self.created, &self.nonce, &self.key_id),
        );
        key.verify_strict(base.as_bytes(), &Signature::from_bytes(&self.signature))
            .map_err(|_| SignatureError::Signature)
    }

    /// Checks the body, as it was received, against the digest that was signed.
    ///
    /// # Errors
    /// When it is another one.
    pub fn check_body(&self, body: &[u8]) -> Result<(), SignatureError> {
        if self.digest == <[u8; 32]>::from(Sha256::digest(body)) { Ok(()) } else { Err(SignatureError::Body) }
    }
}

/// Signs a request; `created` is in seconds since 1970. Gives the headers to add.
pub fn sign_request(
    key: &SigningKey,
    method: &str,
    path: &str,
    body: &[u8],
    created: i64,
    nonce: &Nonce,
) -> [(&'static str, String); 3] {
    let digest = content_digest(body);
    let parameters = parameters(created, nonce, &KeyId::of(&key.verifying_key()));
    let base =
        signature_base(&[("@method", method), ("@path", path), (CONTENT_DIGEST, &digest)], &parameters);
    let signature = BASE64_STANDARD.encode(key.sign(base.as_bytes()).to_bytes());
    [
        (CONTENT_DIGEST, digest),
        (SIGNATURE_INPUT, format!("{LABEL}{parameters}")),
        (SIGNATURE, format!("{LABEL}:{signature}:")),
    ]
}

/// Checks headers, signature and body at once. Whether it is fresh and its nonce new is for the caller to say.
///
/// # Errors
/// What does not hold.
pub fn verify_request(
    headers: SignatureHeaders<'_>,
    key: &VerifyingKey,
    method: &str,
    path: &str,
    body: &[u8],
) -> Result<SignedRequest, SignatureError> {
    let request = SignedRequest::parse(headers)?;
    request.check_signature(key, method, path)?;
    request.check_body(body)?;
    Ok(request)
}

/// The value of [`CONTENT_DIGEST`] for a body (RFC 9530, section 2).
pub fn content_digest(body: &[u8]) -> String {
    format_digest(&Sha256::digest(body).into())
}

fn format_digest(digest: &[u8; 32]) -> String {
    format!("sha-256=:{}:", BASE64_STANDARD.encode(digest))
}

/// RFC 9421, section 2.5.
fn signature_base(components: &[(&str, &str)], parameters: &str) -> String {
    let lines: String = components.iter().map(|(name, value)| format!("\"{name}\": {value}\n")).collect();
    format!("{lines}\"@signature-params\": {parameters}")
}

/// RFC 9421, section 2.3.
fn parameters(created: i64, nonce: &Nonce, key: &KeyId) -> String {
    let nonce = BASE64_URL_SAFE_NO_PAD.encode(nonce);
    format!(r#"{COMPONENTS};created={created};nonce="{nonce}";keyid="{key}";alg="ed25519""#)
}

fn parse_digest(header: &str) -> Option<[u8; 32]> {
    decode_exactly(header.strip_prefix("sha-256=:")?.strip_suffix(':')?)
}

fn parse_signature(header: &str) -> Option<[u8; 64]> {
    decode_exactly(header.strip_prefix(LABEL)?.strip_prefix(':')?.strip_suffix(':')?)
}

fn parse_input(header: &str) -> Option<(i64, Nonce, KeyId)> {
    let rest = header.strip_prefix(LABEL)?.strip_prefix(COMPONENTS)?.strip_prefix(";created=")?;
    let (created, rest) = rest.split_once(";nonce=\"")?;
    let (nonce, rest) = rest.split_once("\";keyid=\"")?;
    let key = rest.strip_suffix("\";alg=\"ed25519\"")?.parse().ok()?;
    let created: i64 = created.parse().ok()?;
    // 22 characters hold 132 bits: the reader refuses a text whose surplus bits are not zero.
    let nonce = (nonce.len() == 22).then(|| BASE64_URL_SAFE_NO_PAD.decode(nonce).ok())??;
    let parsed = (created, Nonce::try_from(nonce).ok()?, key);
    // Numbers have several spellings; the signature is over the only one that is written.
    (header.strip_prefix(LABEL)? == parameters(parsed.0, &parsed.1, &parsed.2)).then_some(parsed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers<'a>(signed: &'a [(&'static str, String); 3]) -> SignatureHeaders<'a> {
        let [(_, content_digest), (_, signature_input), (_, signature)] = signed;
        SignatureHeaders { content_digest, signature_input, signature }
    }

    #[test]
    fn the_signature_of_rfc_9421_appendix_b_2_6_holds() {
        let point = BASE64_URL_SAFE_NO_PAD.decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs").unwrap();
        let key = VerifyingKey::from_bytes(&point.try_into().unwrap()).unwrap();
        let parameters = concat!(
            r#"("date" "@method" "@path" "@authority" "content-type" "content-length")"#,
            r#";created=1618884473;keyid="test-key-ed25519""#
        );
        let base = signature_base(
            &[
                ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
                ("@method", "POST"),
                ("@path", "/foo"),
                ("@authority", "example.com"),
                ("content-type", "application/json"),
                ("content-length", "18"),
            ],
            parameters,
        );
        let signature = parse_signature(&format!(
            "{LABEL}:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
        ));
        key.verify_strict(base.as_bytes(), &Signature::from_bytes(&signature.unwrap())).unwrap();
    }

    #[test]
    fn the_digest_of_rfc_9421_appendix_b_2_holds() {
        let expected = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
        assert_eq!(content_digest(br#"{"hello": "world"}"#), expected);
    }

    #[test]
    fn a_request_is_fresh_for_five_minutes_either_way() {
        let signed = sign_request(&SigningKey::from_bytes(&[1; 32]), "GET", "/", b"", 1000, &[0; 16]);
        let request = SignedRequest::parse(headers(&signed)).unwrap();
        assert!(request.is_fresh(700) && request.is_fresh(1300));
        assert!(!request.is_fresh(699) && !request.is_fresh(1301) && !request.is_fresh(i64::MIN));
    }

    #[test]
    fn another_spelling_of_the_same_parameters_is_refused() {
        let signed = sign_request(&SigningKey::from_bytes(&[1; 32]), "GET", "/", b"", 1000, &[0; 16]);
        let [digest, (_, input), signature] = signed;
        for (from, to) in [
            ("=1000", "=+1000"),
            ("=1000", "=01000"),
            ("ed25519", "hmac-sha256"),
            ("\"@path\" ", ""),
            ("eyeline", "other"),
        ] {
            let changed = [digest.clone(), (SIGNATURE_INPUT, input.replacen(from, to, 1)), signature.clone()];
            assert_eq!(
                SignedRequest::parse(headers(&changed)),
                Err(SignatureError::Malformed(SIGNATURE_INPUT)),
                "{to}"
            );
        }
    }

    proptest! {
        // Signing is slow without optimisation.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_was_signed_is_verified_and_nothing_else(
            seed: [u8; 32], path in "/[a-z/]{0,20}", body: Vec<u8>, created: i64, nonce: Nonce,
        ) {
            let key = SigningKey::from_bytes(&seed);
            let signed = sign_request(&key, "POST", &path, &body, created, &nonce);
            let (headers, public) = (headers(&signed), key.verifying_key());
            let request = verify_request(headers, &public, "POST", &path, &body).unwrap();
            prop_assert_eq!((request.created, request.nonce, request.key_id), (created, nonce, KeyId::of(&public)));

            let longer: Vec<_> = body.iter().copied().chain([0]).collect();
            let other = SigningKey::from_bytes(&seed.map(|byte| byte ^ 1)).verifying_key();
            for refused in [
                verify_request(headers, &public, "PUT", &path, &body),
                verify_request(headers, &public, "POST", &format!("{path}x"), &body),
                verify_request(headers, &public, "POST", &path, &longer),
                verify_request(headers, &other, "POST", &path, &body),
            ] {
                prop_assert!(refused.is_err());
            }
        }

        #[test]
        fn a_flipped_bit_in_any_header_is_refused(
            header in 0usize..3, at in any::<prop::sample::Index>(), bit in 0u8..7,
        ) {
            let key = SigningKey::from_bytes(&[3; 32]);
            let mut signed = sign_request(&key, "POST", "/p", b"body", 1_618_884_473, &[9; 16]);
            let mut bytes = signed[header].1.clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            signed[header].1 = String::from_utf8(bytes).unwrap();
            prop_assert!(verify_request(headers(&signed), &key.verifying_key(), "POST", "/p", b"body").is_err());
        }

        #[test]
        fn no_header_makes_the_parser_panic(content_digest: String, tail: String, signature: String) {
            let signature_input = format!("{LABEL}{COMPONENTS}{tail}");
            let headers = SignatureHeaders {
                content_digest: &content_digest, signature_input: &signature_input, signature: &signature,
            };
            prop_assert!(SignedRequest::parse(headers).is_err());
        }
    }
}
