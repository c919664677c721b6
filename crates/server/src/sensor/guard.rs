//! Whether a request is signed by a device that is trusted, now and for the first time.
//!
//! Strangers are turned away before their body is read. Every refusal carries the server's time, so that a device with a
//! wrong clock can sign again.

use axum::{
    body::{self, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
};
use ed25519_dalek::VerifyingKey;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use protocol::{
    sensor::EnrolRequest,
    signing::{CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT, SignatureHeaders, SignedRequest},
};

use super::{
    largest_body,
    nonces::{Nonces, Novelty},
};
use crate::{Problem, State};

/// The device that sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sender {
    /// Its id.
    pub(crate) device: String,
}

/// The body of a request as its sender signed it. It was read within the limit of its route, which is larger than that of others.
#[derive(Debug, Clone)]
pub(crate) struct Body(pub(crate) Bytes);

/// Someone who asks to be let in, and has the key that they bring.
#[derive(Debug, Clone)]
pub(crate) struct Newcomer(pub(crate) EnrolRequest);

/// Checks the request of an enrolled device.
pub(crate) async fn enrolled(state: &State, request: Request) -> Result<Request, Problem> {
    let (mut parts, body) = request.into_parts();
    let signed = signed(state, &parts.headers)?;
    let device = signed.key_id.as_str().to_owned();
    let known = state.store().device_key(&device).await?;
    let known = known.ok_or_else(|| refuse(state, "this device is not enrolled here: enrol it"))?;
    let key = <[u8; 32]>::try_from(known.public_key).ok().and_then(|key| VerifyingKey::from_bytes(&key).ok());
    let key = key.ok_or_else(|| Problem::internal(&"a stored device key is no key"))?;
    check(state, &signed, &key, &parts)?;
    if known.revoked {
        let detail = "this device is no longer trusted here: enrol it again with a new key";
        return Err(Problem::forbidden(detail).kind("urn:eyeline:problem:revoked"));
    }
    let body = read(state, &signed, &parts, body).await?;
    once(state, state.nonces(), &signed)?;
    parts.extensions.insert(Sender { device });
    parts.extensions.insert(Body(body));
    Ok(Request::from_parts(parts, body::Body::empty()))
}

/// Checks the request of a device that is not known yet: the key it brings must have signed it.
pub(crate) async fn newcomer(state: &State, request: Request) -> Result<Request, Problem> {
    let (mut parts, body) = request.into_parts();
    let signed = signed(state, &parts.headers)?;
    let body = read(state, &signed, &parts, body).await?;
    let asked: EnrolRequest = serde_json::from_slice(&body).map_err(|error| {
        Problem::bad_request(format!("the request cannot be read at column {}", error.column()))
    })?;
    if asked.public_key.id() != signed.key_id {
        return Err(refuse(state, "the request is not signed with the key that it brings"));
    }
    check(state, &signed, asked.public_key.key(), &parts)?;
    once(state, state.nonces_of_newcomers(), &signed)?;
    parts.extensions.insert(Newcomer(asked));
    Ok(Request::from_parts(parts, body::Body::empty()))
}

/// The signature as it was sent, if it is not too old or too young.
fn signed(state: &State, headers: &HeaderMap) -> Result<SignedRequest, Problem> {
    let value = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(content_digest), Some(signature_input), Some(signature)) =
        (value(CONTENT_DIGEST), value(SIGNATURE_INPUT), value(SIGNATURE))
    else {
        return Err(refuse(state, "sensors sign their requests"));
    };
    let parsed = SignedRequest::parse(SignatureHeaders { content_digest, signature_input, signature })
        .map_err(|error| refuse(state, &error.to_string()))?;
    if !parsed.is_fresh(state.now().as_second()) {
        let detail = "the clocks of device and server differ by more than five minutes";
        return Err(refuse(state, detail).kind("urn:eyeline:problem:clock"));
    }
    Ok(parsed)
}

fn check(state: &State, signed: &SignedRequest, key: &VerifyingKey, parts: &Parts) -> Result<(), Problem> {
    // The signature covers no query, so there may be none.
    if parts.uri.query().is_some() {
        return Err(Problem::bad_request("a request of a sensor has no query"));
    }
    let checked = signed.check_signature(key, parts.method.as_str(), parts.uri.path());
    checked.map_err(|error| refuse(state, &error.to_string()))
}

async fn read(
    state: &State,
    signed: &SignedRequest,
    parts: &Parts,
    body: body::Body,
) -> Result<Bytes, Problem> {
    let most = largest_body(parts.uri.path());
    let body = Limited::new(body, most).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let detail = format!("the body has more than {most} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        } else {
            Problem::bad_request("the body ended early")
        }
    })?;
    let body = body.to_bytes();
    signed.check_body(&body).map_err(|error| refuse(state, &error.to_string()))?;
    Ok(body)
}

fn once(state: &State, nonces: &Nonces, signed: &SignedRequest) -> Result<(), Problem> {
    match nonces.take(&signed.key_id, signed.nonce, state.now().as_second()) {
        Novelty::New => Ok(()),
        Novelty::Used => Err(refuse(state, "this request was sent before: sign it anew")),
        Novelty::Full => {
            let detail = "too many requests at once; try again in a moment";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(30))
        }
    }
}

/// Not let in, with the time.
fn refuse(state: &State, detail: &str) -> Problem {
    let problem = Problem::new(StatusCode::UNAUTHORIZED, detail)
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Signature"));
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&state.now());
    match date.ok().and_then(|date| HeaderValue::from_str(&date).ok()) {
        Some(date) => problem.header(header::DATE, date),
        None => problem,
    }
}
