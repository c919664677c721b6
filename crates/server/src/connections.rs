//! Connections: who may hold one, for how long without asking anything, and how they end.
//!
//! Knows nothing of routes. HTTP/1.1 alone: a proxy in front speaks the rest.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tower::ServiceExt as _;

/// What a server grants to who connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How many connections at once; more wait until one ends.
    pub(crate) at_once: usize,
    /// How long one may take to ask: the head of the first request, and of each further one. Longer than sensors keep an idle
    /// connection, so that none of them asks on one that is about to end.
    pub(crate) to_ask: Duration,
    /// How long requests that are under way may take at the end.
    pub(crate) farewell: Duration,
}

/// The most connections: a channel for each device of a large fleet.
const MOST: usize = 120_000;

/// The most bytes that are read ahead of a connection; heads have to fit.
const BUFFER: usize = 64 * 1024;

/// How long to wait before asking again for a connection that the system could not give.
const PAUSE: Duration = Duration::from_millis(500);

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: at_once(platform::limits::open_files()),
            to_ask: Duration::from_secs(30),
            farewell: Duration::from_secs(3),
        }
    }
}

/// A quarter of the files that the process may open are for the database, scans and the channel of this machine.
fn at_once(files: u64) -> usize {
    usize::try_from(files / 4 * 3).unwrap_or(MOST).clamp(16, MOST)
}

/// Serves until `ended` says so; then takes no one in, lets who asks have their answer for a while, and drops the rest.
pub(crate) async fn serve(listener: TcpListener, app: Router, limits: Limits, ended: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(limits.at_once));
    // Dropped, it ends every connection that is left.
    let mut open = JoinSet::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            next = next => next,
            Some(_) = open.join_next() => continue,
            () = told(ended.clone()) => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let connection = converse(stream, address, app.clone(), limits, ended.clone());
                open.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken");
                // Out of descriptors: trying at once again would take a whole processor.
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    let rest = async { while open.join_next().await.is_some() {} };
    // Who is not done by then is cut off.
    let _ = tokio::time::timeout(limits.farewell, rest).await;
}

/// The end was told, or who would tell it is gone.
async fn told(mut ended: watch::Receiver<bool>) {
    let _ = ended.wait_for(|ended| *ended).await;
}

/// Whether it went away before it was taken in.
fn is_of_the_client(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One connection, to its end.
async fn converse(
    stream: TcpStream,
    address: SocketAddr,
    app: Router,
    limits: Limits,
    ended: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(address));
        let app = app.clone();
        async move { Ok::<_, Infallible>(app.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.to_ask).max_buf_size(BUFFER);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let done = tokio::select! {
        done = connection.as_mut() => done,
        () = told(ended) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a connection broke");
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A server with these limits, and what ends it.
    async fn started(limits: Limits) -> (SocketAddr, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let app = Router::new().route("/", axum::routing::get(async || "here"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = watch::channel(false);
        (address, end, tokio::spawn(serve(listener, app, limits, ended)))
    }

    async fn says(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn all(mut stream: TcpStream) -> String {
        let mut text = Vec::new();
        // A connection that is cut off may end with an error.
        let _ = stream.read_to_end(&mut text).await;
        String::from_utf8(text).unwrap()
    }

    const WHOLE: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    const HALF: &str = "GET / HTTP/1.1\r\nhost: a\r\nslow: ";

    #[tokio::test]
    async fn who_asks_half_or_nothing_loses_the_connection() {
        let limits = Limits { to_ask: Duration::from_millis(50), ..Limits::default() };
        let (address, _end, _server) = started(limits).await;
        assert!(!all(says(address, HALF).await).await.contains("here"));
        assert_eq!(all(says(address, "").await).await, "");
        let idle = all(says(address, WHOLE).await).await;
        assert!(idle.ends_with("here"), "an answer, and then nothing was asked: {idle}");
    }

    #[tokio::test]
    async fn one_more_connection_than_there_are_places_waits_for_one() {
        let limits = Limits { at_once: 2, to_ask: Duration::from_millis(200), ..Limits::default() };
        let (address, _end, _server) = started(limits).await;
        let slow = [says(address, HALF).await, says(address, HALF).await];
        assert!(all(says(address, WHOLE).await).await.contains("here"));
        drop(slow);
    }

    #[tokio::test]
    async fn the_end_waits_a_bounded_time_for_half_a_request() {
        let farewell = Duration::from_millis(50);
        let (address, end, server) = started(Limits { farewell, ..Limits::default() }).await;
        let slow = says(address, HALF).await;
        assert!(
            all(says(address, &WHOLE.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")).await)
                .await
                .contains("here")
        );
        end.send_replace(true);
        server.await.unwrap();
        assert!(!all(slow).await.contains("here"));
    }

    #[test]
    fn some_files_are_left_for_other_things() {
        assert_eq!(at_once(1024), 768);
        assert_eq!(at_once(u64::MAX), MOST);
        assert_eq!(at_once(0), 16);
    }
}
