//! Enrolment tokens: where the server is, which key it has, and the secret that lets a device in.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::KeyId;

const PREFIX: &str = "eye1.";
/// No token that we make is longer, in characters.
const LONGEST: usize = 4096;

/// How many alphanumerics a secret has.
pub const SECRET_LENGTH: usize = 40;

/// What a device needs to enrol. Printed for debugging it hides its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentToken {
    /// Where the server is, such as `http://127.0.0.1:7411`, without a slash at the end.
    pub url: String,
    /// The id of the server's key. A server with another key is not this one.
    pub key: KeyId,
    /// The secret, [`SECRET_LENGTH`] alphanumerics.
    pub secret: String,
}

/// Why a text is no enrolment token. Says nothing of the text itself, which may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an enrolment token: it begins with `{PREFIX}`, copy all of it")]
pub struct TokenError;

impl EnrolmentToken {
    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let body = text.trim().strip_prefix(PREFIX).filter(|body| body.len() <= LONGEST).ok_or(TokenError)?;
        let json = BASE64_URL_SAFE_NO_PAD.decode(body).map_err(|_| TokenError)?;
        let token: Self = serde_json::from_slice(&json).map_err(|_| TokenError)?;
        let secret = token.secret.len() == SECRET_LENGTH
            && token.secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if secret && is_address(&token.url) { Ok(token) } else { Err(TokenError) }
    }

    /// As one word to copy.
    pub fn encode(&self) -> String {
        let Self { url, key, secret } = self;
        let json = serde_json::json!({ "url": url, "key": key, "secret": secret }).to_string();
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

/// An address that paths can be put behind.
fn is_address(url: &str) -> bool {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    host.is_some_and(|host| {
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'@' | b'"' | b'\\');
        !host.is_empty() && !host.starts_with('/') && !host.ends_with('/') && host.bytes().all(plain)
    })
}

impl fmt::Debug for EnrolmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentToken")
            .field("url", &self.url)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(url: &str, secret: &str) -> EnrolmentToken {
        let key = "0123456789abcdef0123456789abcdef".parse().unwrap();
        EnrolmentToken { url: url.into(), key, secret: secret.into() }
    }

    #[test]
    fn a_secret_is_not_shown_by_accident() {
        let secret = "s".repeat(SECRET_LENGTH);
        let shown = format!("{:?}", token("http://h:1", &secret));
        assert!(!shown.contains(&secret) && shown.contains("http://h:1"), "{shown}");
        assert!(!EnrolmentToken::parse(&secret).unwrap_err().to_string().contains(&secret));
    }

    #[test]
    fn an_address_that_a_path_cannot_stand_behind_is_refused() {
        let secret = "s".repeat(SECRET_LENGTH);
        for url in
            ["", "ftp://h", "http://", "http:///x", "http://h/", "http://h?x", "http://u@h", "http://h\n"]
        {
            assert_eq!(EnrolmentToken::parse(&token(url, &secret).encode()), Err(TokenError), "{url}");
        }
        assert!(EnrolmentToken::parse(&token("https://[::1]:7411/below", &secret).encode()).is_ok());
    }

    proptest! {
        #[test]
        fn a_token_reads_back_what_it_writes(
            url in "https?://[a-z][a-z.]{0,9}(:[0-9]{1,5})?", secret in "[A-Za-z0-9]{40}",
        ) {
            let token = token(&url, &secret);
            prop_assert_eq!(EnrolmentToken::parse(&format!(" {}\n", token.encode())), Ok(token));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String, body: Vec<u8>) {
            prop_assert!(EnrolmentToken::parse(&text).is_err());
            let _ = EnrolmentToken::parse(&format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(body)));
        }
    }
}
