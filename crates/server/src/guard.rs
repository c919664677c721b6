//! The guard of each route: who may come in. What holds for every request alike is in `app`.

use axum::{
    extract::{Request, State as Extract},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{Access, Problem, State, caller::authenticate, sensor};

/// Lets a request in or answers why not.
pub(crate) async fn admit(
    Extract((state, access)): Extract<(State, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    let permission = match access {
        Access::Public => return next.run(request).await,
        Access::Enrolment => return pass(sensor::guard::newcomer(&state, request).await, next).await,
        Access::Sensor => return pass(sensor::guard::enrolled(&state, request).await, next).await,
        Access::SignedIn(permission) => permission,
    };
    match authenticate(request.headers(), &state).await {
        Err(problem) => problem.into_response(),
        Ok(None) => anonymous(&request),
        Ok(Some(caller)) if !caller.may(permission) => {
            let role = caller.role();
            Problem::forbidden(format!("the role {role} may not do this: it takes {permission}"))
                .into_response()
        }
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    }
}

async fn pass(checked: Result<Request, Problem>, next: Next) -> Response {
    match checked {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The answer to nobody in particular: a browser is led to the login, a program learns that it needs a token.
pub(crate) fn anonymous(request: &Request) -> Response {
    let path = request.uri().path();
    if is_api(path) {
        return Problem::unauthorized("sign in, or send a token: `Authorization: Bearer TOKEN`")
            .into_response();
    }
    // A form that was sent cannot be sent again after the login; its page can be looked at again.
    let wanted = request.uri().path_and_query().map_or(path, |whole| whole.as_str());
    let next = if request.method() == Method::GET && path != "/" { wanted } else { "" };
    let login = if next.is_empty() { "/login".to_owned() } else { format!("/login?next={}", escape(next)) };
    if request.headers().contains_key("hx-request") {
        return (StatusCode::OK, [("hx-redirect", login)]).into_response();
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, login)]).into_response()
}

/// Whether programs use it rather than browsers: the API, and what watches the server.
pub(crate) fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || matches!(path, "/api" | "/healthz" | "/readyz" | "/metrics")
}

/// Percent-encodes everything but what is plain in a query.
fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
