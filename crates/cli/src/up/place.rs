//! Where it listens: whether it may, and who is there already.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::Path,
};

use anyhow::{anyhow, bail};

/// Whether it may listen there. Tokens and passwords never cross a network in plain text.
pub(super) fn check(listen: SocketAddr, url: Option<&str>) -> Result<(), String> {
    let secure = url.is_some_and(|url| url.starts_with("https://"));
    if let Some(url) = url.filter(|url| !is_origin(url)) {
        return Err(format!(
            "`{url}` is no address of a server: write it as https://HOST or https://HOST:PORT"
        ));
    }
    if !listen.ip().is_loopback() && !secure {
        return Err(format!(
            "others would reach `{listen}` and passwords would cross the network in plain text: put a proxy that speaks TLS in \
             front and name its address with --url https://HOST, or listen on 127.0.0.1"
        ));
    }
    Ok(())
}

/// Scheme and host, nothing behind them.
fn is_origin(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ', '\\']))
}

/// Whether the path of the control socket fits into its address, before anything is made (unix(7), `sun_path`; the shortest of
/// the systems we know has 104 bytes with the zero at the end). Linux opens one at any path: `platform::data::SocketPath`.
pub(super) fn check_socket(data: &Path) -> anyhow::Result<()> {
    const MOST: usize = 103;
    let length = data.join(server::control::SOCKET).as_os_str().len();
    if length > MOST && cfg!(not(target_os = "linux")) {
        bail!(
            "the path of `{}` is too long for the socket in it: choose a directory with --data that is at least {} bytes shorter",
            data.display(),
            length - MOST
        );
    }
    Ok(())
}

/// Listens.
pub(super) fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            let holder = platform::network::holder_of(address);
            let who = holder.map_or_else(String::new, |(pid, name)| format!(" by `{name}` (process {pid})"));
            anyhow!("`{address}` is in use{who}: stop it, or choose another port with --listen 127.0.0.1:PORT")
        }
        ErrorKind::PermissionDenied => {
            anyhow!("the system does not let this account listen on `{address}`: choose a port above 1023 with --listen")
        }
        _ => anyhow!("cannot listen on `{address}`: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_reach_needs_tls_in_front() {
        let open: SocketAddr = "0.0.0.0:7411".parse().unwrap();
        let own: SocketAddr = "[::1]:7411".parse().unwrap();
        assert!(check(own, None).is_ok() && check(own, Some("http://eyeline.test")).is_ok());
        assert!(check(open, None).is_err() && check(open, Some("http://eyeline.test")).is_err());
        assert!(check(open, Some("https://eyeline.test:8443")).is_ok());
    }

    #[test]
    fn a_url_is_a_scheme_and_a_host() {
        for wrong in ["eyeline.test", "https://", "https://h/path", "https://u@h", "ftp://h", "https://h?x"] {
            assert!(check("127.0.0.1:1".parse().unwrap(), Some(wrong)).is_err(), "{wrong}");
        }
    }
}
