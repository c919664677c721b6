//! One shape for every error: RFC 9457 problem details. What went wrong inside is for the log, not for the caller.

use accounts::{AccessError, TtlError};
use axum::{
    Json,
    extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use store::{ListError, StoreError};
use utoipa::ToSchema;

/// Why a request was not served (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is: `about:blank` where the status says it all.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: &'static str,
    /// The kind in a few words.
    pub title: String,
    /// The HTTP status.
    #[schema(example = 400)]
    pub status: u16,
    /// What is the case here, and what to do about it.
    pub detail: String,
    /// The database is the cause.
    #[serde(skip)]
    #[schema(ignore)]
    database: bool,
    /// Headers that go with it.
    #[serde(skip)]
    #[schema(ignore)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem whose kind is told by the status.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Problem").to_owned();
        Self {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            detail: detail.into(),
            database: false,
            headers: Vec::new(),
        }
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Of a kind that programs tell apart.
    #[must_use]
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// With other words for the kind.
    #[must_use]
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With a hint when to come back.
    #[must_use]
    pub fn retry_after(self, seconds: i64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// Whether the database is the cause.
    pub(crate) fn is_of_the_database(&self) -> bool {
        self.database
    }

    /// There is nothing of that name, or nothing that the caller may see.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    /// The request makes no sense.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The caller is known and may not.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// The caller is not known.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        let challenge = HeaderValue::from_static("Bearer realm=\"eyeline\"");
        Self::new(StatusCode::UNAUTHORIZED, detail).header(header::WWW_AUTHENTICATE, challenge)
    }

    /// Something inside failed; the caller learns that, the log learns what.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the server failed at this request; its log says more under the request id",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        // The page of a browser is made of it further out.
        response.extensions_mut().insert(self);
        response
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database failed");
        let failed =
            |title: &str, detail: &str| Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail).title(title);
        let problem = match error {
            StoreError::Unreachable(_) | StoreError::InUse => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the database cannot be reached now; try again in a moment",
            )
            .title("The database is away")
            .retry_after(5),
            StoreError::Full => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "the disk that holds the database is full: make room on it, nothing that was acknowledged is lost",
            ),
            StoreError::ReadOnly(_) => failed(
                "The database cannot be written",
                "make its directory writable for the account that the server runs as",
            ),
            StoreError::Corrupt(_) => failed(
                "The database is damaged",
                "stop the server and put back a copy; the log says what is damaged",
            ),
            StoreError::TooMuch(detail) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
            StoreError::Newer { .. } => {
                failed("The database is newer than the server", "run the newer version of the server")
            }
            StoreError::Unexpected(_) | StoreError::Refused(_) => failed(
                "The database answered something unexpected",
                "this is a fault of the server; its log says more under the request id",
            ),
        };
        Self { database: true, ..problem }
    }
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Store(error) => error.into(),
            error => Self::bad_request(error.to_string()),
        }
    }
}

impl From<TtlError> for Problem {
    fn from(error: TtlError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let detail = error.to_string();
        match error {
            AccessError::Wrong => Self::unauthorized(detail),
            AccessError::TooMany(too_many) => Self::new(StatusCode::TOO_MANY_REQUESTS, detail)
                .retry_after(too_many.retry_after.as_secs().saturating_add(1)),
            AccessError::Link => Self::new(StatusCode::GONE, detail),
            AccessError::Password(_) | AccessError::Name(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
            }
            AccessError::Taken(_) | AccessError::LastOwner => Self::new(StatusCode::CONFLICT, detail),
            AccessError::Forbidden(_) => Self::forbidden(detail),
            AccessError::Missing(_) => Self::new(StatusCode::NOT_FOUND, detail),
            AccessError::Store(error) => error.into(),
            AccessError::System(error) => Self::internal(&error),
        }
    }
}

macro_rules! from_rejection {
    ($($rejection:ty),*) => {$(
        impl From<$rejection> for Problem {
            fn from(rejection: $rejection) -> Self {
                Self::new(rejection.status(), rejection.body_text())
            }
        }
    )*};
}

from_rejection!(FormRejection, JsonRejection, PathRejection, QueryRejection);
