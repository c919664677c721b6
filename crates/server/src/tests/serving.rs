//! The listener: real connections, and an end that waits for nobody for ever.

use std::net::TcpListener;

use accounts::Role;
use axum::{
    http::Method,
    response::sse::{Event as Message, Sse},
};
use futures_util::{StreamExt as _, stream};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};

use crate::{
    Client, Event, Routes, State, app, local_url, routes, serve,
    testkit::{Fixture, HOST},
};

async fn connect(url: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn text(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// A stream that ends when the server does, as pages listen to one.
async fn live(state: State) -> Sse<impl stream::Stream<Item = Result<Message, std::convert::Infallible>>> {
    let events = tokio_stream::wrappers::BroadcastStream::new(state.events().listen());
    let going = events.take_while(|event| std::future::ready(!matches!(event, Ok(Event::Ending))));
    let first = stream::once(async { Ok(Message::default().data("first")) });
    Sse::new(first.chain(going.map(|_| Ok(Message::default().data("more")))))
}

#[tokio::test]
async fn the_end_closes_streams_and_lets_the_rest_finish() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path()).await;
    let own = Routes::new().public(Method::GET, "/live", live).public(
        Method::GET,
        "/whence",
        async |Client(client): Client| client.address.to_string(),
    );
    let app = app(routes(&fixture.state).merge(own), fixture.state.clone());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = local_url(&listener).unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let ending = async { ended.await.unwrap_or_default() };
    let server = tokio::spawn(serve(listener, app, fixture.state.clone(), ending));

    assert!(text(connect(&url, "/healthz").await).await.ends_with("ok\n"));
    assert!(text(connect(&url, "/whence").await).await.ends_with("127.0.0.1"));
    let mut open = connect(&url, "/live").await;
    let mut seen = vec![0; 4096];
    let mut read = String::new();
    while !read.contains("first") {
        let count = open.read(&mut seen).await.unwrap();
        read.push_str(std::str::from_utf8(&seen[..count]).unwrap());
    }
    end.send(()).unwrap();
    server.await.unwrap().unwrap();
    text(open).await;
    assert!(
        TcpStream::connect(url.strip_prefix("http://").unwrap()).await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn an_address_for_every_network_is_reached_on_this_machine() {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(local_url(&listener).unwrap(), format!("http://127.0.0.1:{port}"));
}

#[tokio::test]
async fn the_server_counts_a_day_and_throws_away_what_is_over_when_it_begins() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path()).await;
    fixture.person("ada", Role::Owner).await;
    serve::tidy(&fixture.state, fixture.state.now()).await;
    let overview = fixture.state.store().overview(store::Scope::All, fixture.state.now()).await.unwrap();
    assert_eq!(overview.figures.devices.days, [0]);
}
