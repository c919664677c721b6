//! Under which names the server answers while it listens on this machine only. A page from elsewhere whose name was made to
//! point to 127.0.0.1 (DNS rebinding) gets nothing.

use std::net::SocketAddr;

use axum::{
    extract::Request,
    http::{StatusCode, header, uri::Authority},
};

use crate::Problem;

/// The names that are answered to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// Any: it listens to a network, and how it is called there is not known here.
    Any,
    /// These, each with its port.
    Only(Vec<String>),
}

impl Hosts {
    /// The names of a server that listens at `listen` and says that it is at `public_url`.
    pub(crate) fn of(listen: SocketAddr, public_url: &str) -> Self {
        if !listen.ip().is_loopback() {
            return Self::Any;
        }
        let port = listen.port();
        let own = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
        let bare = (port == 80).then(|| ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned));
        Self::Only(own.into_iter().chain(bare.into_iter().flatten()).chain(authority(public_url)).collect())
    }

    /// Checks the host that a request names.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Problem> {
        let Self::Only(names) = self else { return Ok(()) };
        let host = host(request).map(str::to_ascii_lowercase);
        if host.is_some_and(|host| names.contains(&host)) {
            return Ok(());
        }
        let detail = format!(
            "this server answers to {} only: open it under one of these names, or start it with --url",
            names.join(", ")
        );
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail))
    }
}

/// The only host that a request names; none when it names two.
pub(crate) fn host(request: &Request) -> Option<&str> {
    let mut headers = request.headers().get_all(header::HOST).into_iter();
    let named = headers.next().map(|value| value.to_str().ok());
    if headers.next().is_some() {
        return None;
    }
    let target = request.uri().authority().map(Authority::as_str);
    match (named, target) {
        (Some(named), None) => named,
        (None, target) => target,
        (Some(named), Some(target)) => named.filter(|named| named.eq_ignore_ascii_case(target)),
    }
}

/// Host and port of a URL as a browser sends them: without the port that goes without saying.
fn authority(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let usual = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    Some(authority.strip_suffix(usual).unwrap_or(&authority).to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(hosts: &[&str]) -> Request {
        let builder =
            hosts.iter().fold(Request::builder().uri("/"), |builder, host| builder.header("host", *host));
        builder.body(Body::empty()).unwrap()
    }

    #[test]
    fn on_loopback_only_the_own_names_are_answered_to() {
        let hosts = Hosts::of("127.0.0.1:7411".parse().unwrap(), "https://Eyeline.example:443/");
        for host in ["127.0.0.1:7411", "localhost:7411", "[::1]:7411", "LOCALHOST:7411", "eyeline.example"] {
            assert!(hosts.check(&request(&[host])).is_ok(), "{host}");
        }
        for host in
            ["evil.example:7411", "127.0.0.1", "127.0.0.1:80", "localhost", "", "eyeline.example:7411"]
        {
            let problem = hosts.check(&request(&[host])).unwrap_err();
            assert_eq!(problem.status, 421, "{host}");
        }
        assert!(hosts.check(&request(&[])).is_err(), "no host at all");
        assert!(hosts.check(&request(&["127.0.0.1:7411", "evil.example"])).is_err(), "two of them");
    }

    #[test]
    fn a_target_that_names_another_host_than_the_header_is_refused() {
        let hosts = Hosts::of("127.0.0.1:7411".parse().unwrap(), "");
        let two = Request::builder().uri("http://evil.example/").header("host", "127.0.0.1:7411");
        assert!(hosts.check(&two.body(Body::empty()).unwrap()).is_err());
    }

    #[test]
    fn on_a_network_every_name_is_answered_to() {
        let hosts = Hosts::of("0.0.0.0:7411".parse().unwrap(), "http://x");
        assert!(hosts.check(&request(&["anything"])).is_ok());
    }
}
