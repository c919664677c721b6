//! The listener, the upkeep beside it, and an end that loses nothing.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::net::TcpListener;

use crate::State;

/// How long requests that are under way may take at the end.
const FAREWELL: Duration = Duration::from_secs(10);

/// How often what was heard of devices is written down.
const UPKEEP: Duration = Duration::from_secs(300);

/// Serves until `ending` is done; then ends streams, lets requests that are under way finish, and writes down what was heard.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    state: State,
    ending: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (tell, mut told) = tokio::sync::watch::channel(false);
    let streams = state.clone();
    let signal = async move {
        ending.await;
        streams.end();
        tell.send_replace(true);
    };
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(signal);
    let overdue = async {
        // The sender is dropped only after it has told.
        let _ = told.wait_for(|ended| *ended).await;
        tokio::time::sleep(FAREWELL).await;
    };
    let served = tokio::select! {
        served = async { server.await } => served,
        () = overdue => Ok(()),
    };
    write_down(&state).await;
    served
}

/// Upkeep of a server: runs until it is dropped.
pub async fn housekeeping(state: State) {
    let mut tick = tokio::time::interval(UPKEEP);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        tick.tick().await;
        write_down(&state).await;
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
