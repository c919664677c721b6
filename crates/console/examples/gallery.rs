//! The console over a made-up fleet, to look at: `cargo run -p eyeline-console --example gallery -- PORT DATABASE`. It prints the link of the owner,
//! and serves until it is stopped. An empty database is filled; `DATABASE` may be `-` for a console with nothing in it.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool to look with: it stops at the first surprise"
)]

use std::{net::SocketAddr, sync::Arc};

use server::{Clock, Settings, State};
use store::{Location, Store, seed};

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().unwrap().parse().unwrap();
    let file = arguments.next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = if file == "-" { folder.path().join("empty.db") } else { file.into() };
    let fresh = !path.exists();
    let store = Store::open(&Location::Sqlite(path)).await.unwrap();
    let now = platform::clock::now();
    if fresh && folder.path().read_dir().unwrap().next().is_none() {
        let scale = seed::Scale { artifacts: 300, holdings: 900, devices: 20, ..seed::Scale::SMALL };
        seed::fill(&store, scale, now).await.unwrap();
    }
    let listen = SocketAddr::from(([127, 0, 0, 1], port));
    let state = State::new(Settings {
        store,
        signing_key: ed25519_dalek::SigningKey::from_bytes(&[7; 32]),
        catalog: Arc::new(catalog::load().unwrap()),
        public_url: format!("http://{listen}"),
        listen,
        clock: Clock::system(),
        data: None,
        version: "gallery",
    });
    let link = state.accounts().owner_link(None, now).await.unwrap();
    println!("http://{listen}/login/{}", link.reveal());
    let app = server::app(server::routes(&state).merge(console::routes()), state.clone());
    let listener = std::net::TcpListener::bind(listen).unwrap();
    server::serve(listener, app, state, std::future::pending()).await.unwrap();
}
