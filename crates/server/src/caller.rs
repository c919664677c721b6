//! Who stands behind a request, and from where it comes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use accounts::{Identity, Origin, Permission, Secret, session};
use axum::{
    extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};

use crate::{Problem, State};

/// The identity behind a request that its guard let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(Identity);

impl Caller {
    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.0
    }

    /// As what.
    pub fn role(&self) -> accounts::Role {
        self.0.role
    }

    /// Whether they may: to show only what can be used. The guard of each route checks for itself.
    pub fn may(&self, permission: Permission) -> bool {
        self.0.may(permission)
    }

    /// What they see.
    pub fn scope(&self) -> store::Scope {
        self.0.scope()
    }

    /// Who does it, for records.
    pub fn actor(&self) -> store::Actor {
        self.0.actor()
    }

    /// The id of the session, for those who have one.
    pub fn session(&self) -> Option<&str> {
        self.0.session.as_deref()
    }
}

/// Who a request is from by its token or cookie. A token that is there and wrong is not made up for by a cookie.
pub(crate) async fn authenticate(headers: &HeaderMap, state: &State) -> Result<Option<Caller>, Problem> {
    let now = state.now();
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let Some(token) = bearer(authorization) else { return Ok(None) };
        return Ok(state.accounts().by_token(token, now).await?.map(Caller));
    }
    let Some(secret) = cookie(headers, session::COOKIE) else { return Ok(None) };
    Ok(state.accounts().by_session(secret, now).await?.map(Caller))
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}

impl FromRequestParts<State> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::unauthorized("sign in, or send a token"))
    }
}

impl OptionalFromRequestParts<State> for Caller {
    type Rejection = Problem;

    /// For public routes, whose guard does not ask who it is.
    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Option<Self>, Problem> {
        match parts.extensions.get::<Self>() {
            Some(caller) => Ok(Some(caller.clone())),
            None => authenticate(&parts.headers, state).await,
        }
    }
}

/// From where a request comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client(pub Origin);

impl FromRequestParts<State> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Self::Rejection> {
        let client = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let address = address(parts);
        Ok(Self(Origin { address, client: client.unwrap_or_default().to_owned() }))
    }
}

/// The address of the other end. What proxies say of it is not believed.
fn address(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip())
}

/// The `Set-Cookie` of a session that just began.
pub fn session_cookie(state: &State, secret: &Secret) -> HeaderValue {
    let secure = if state.is_https() { "; Secure" } else { "" };
    let age = session::ABSOLUTE.as_secs();
    let name = session::COOKIE;
    let text = format!("{name}={}; HttpOnly; SameSite=Lax; Path=/; Max-Age={age}{secure}", secret.reveal());
    let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// The `Set-Cookie` that forgets a session.
pub fn clear_session_cookie(state: &State) -> HeaderValue {
    let secure = if state.is_https() { "; Secure" } else { "" };
    let text = format!("{}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0{secure}", session::COOKIE);
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}
