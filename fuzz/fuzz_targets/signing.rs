//! Signatures, envelopes, tokens and keys from strangers: never a panic, and nothing that was not signed is let through.

#![no_main]

use protocol::signing::{
    EnrolmentToken, Envelope, EnvelopeSignature, KeyId, PublicKey, SignatureHeaders, SignedRequest,
    SigningKey,
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (first, second, third) = (line(), line(), line());
    let headers = SignatureHeaders { content_digest: first, signature_input: second, signature: third };
    let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
    if let Ok(request) = SignedRequest::parse(headers) {
        assert!(request.check_signature(&key, "POST", "/").is_err(), "nobody signed this");
    }
    let signatures = vec![EnvelopeSignature { keyid: String::new(), sig: third.into() }];
    let envelope = Envelope { payload_type: first.into(), payload: second.into(), signatures };
    assert!(envelope.open(&key, first).is_err(), "nobody signed this");
    if let Ok(token) = EnrolmentToken::parse(&text) {
        assert_eq!(EnrolmentToken::parse(&token.encode()), Ok(token));
    }
    let _ = (KeyId::try_from(first.to_owned()), PublicKey::try_from(first.to_owned()));
});
