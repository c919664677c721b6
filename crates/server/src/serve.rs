//! The listener, the upkeep beside it, and an end that loses nothing.

use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener},
    time::Duration,
};

use axum::Router;
use jiff::{SignedDuration, Timestamp};

use crate::{
    State,
    connections::{self, Limits},
};

/// How long writing down what was heard may take at the end: a database that is away must not hold it up.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How often what was heard of devices is written down.
const UPKEEP: Duration = Duration::from_secs(300);

/// Where someone on this machine reaches a listener.
///
/// # Errors
/// When the system does not say where it listens.
pub fn local_url(listener: &TcpListener) -> io::Result<String> {
    let mut address = listener.local_addr()?;
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok(format!("http://{address}"))
}

/// How often the database is tidied and the day counted: more than once, so that a machine that sleeps at night has its days.
const HOURLY: SignedDuration = SignedDuration::from_hours(1);

/// Serves until `ending` is done; then ends streams, lets requests that are under way finish, and writes down what was heard.
///
/// # Errors
/// When the listener is none that this runtime can use.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    state: State,
    ending: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (tell, told) = tokio::sync::watch::channel(false);
    let streams = state.clone();
    let end = async move {
        ending.await;
        streams.end();
        tell.send_replace(true);
        // Kept until the connections have ended.
        std::future::pending::<()>().await;
        drop(tell);
    };
    tokio::select! {
        () = connections::serve(listener, app, Limits::default(), told) => {}
        () = end => {}
        () = housekeeping(&state) => {}
    }
    if tokio::time::timeout(LAST_WORDS, write_down(&state)).await.is_err() {
        tracing::warn!("when devices were heard from last could not be written in time");
    }
    Ok(())
}

/// Upkeep of a server: never ends.
async fn housekeeping(state: &State) {
    let mut tick = tokio::time::interval(UPKEEP);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tidied = None;
    loop {
        tick.tick().await;
        write_down(state).await;
        let now = state.now();
        // A clock that was set back must not stop this for as long as it was set back.
        if tidied.is_none_or(|at| now.duration_since(at).abs() >= HOURLY) {
            tidied = Some(now);
            tidy(state, now).await;
        }
    }
}

/// Throws away what is over, and counts the day.
pub(crate) async fn tidy(state: &State, now: Timestamp) {
    let store = state.store();
    for done in [store.prune(now).await, store.count_day(now).await] {
        if let Err(error) = done {
            tracing::warn!(%error, "upkeep of the database failed; later, then");
            state.metrics().database_error();
        }
    }
}

/// Writes in one batch which devices were heard from.
pub(crate) async fn write_down(state: &State) {
    let batch = state.presence().take(state.now());
    if batch.is_empty() {
        return;
    }
    if let Err(error) = state.store().touch_devices(&batch).await {
        tracing::warn!(%error, "when devices were heard from could not be written; later, then");
        state.presence().put_back(batch);
    }
}
