//! From an owned directory to a running product and back: the order in which things begin and end.
//!
//! Begin: port, database, sockets, banner, sensor. End: sensor, server, database; each waits a bounded time.

use std::{io::IsTerminal, net::TcpListener, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use axum::Router;
use catalog::Catalog;
use ed25519_dalek::SigningKey;
use platform::data::DataDirectory;
use protocol::signing::EnrolmentToken;
use server::{Clock, State};
use store::Store;
use tokio::{sync::watch, task::JoinHandle};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::{Arguments, banner, place};
use crate::exit::Exit;

/// The server's key in the data directory.
const SERVER_KEY: &str = "server.key";
/// Threads that answer requests; hashing and scanning have their own.
const WORKERS: usize = 2;
/// How long the link that is printed works, if it is not used: as long as people leave a terminal open.
const LOGIN_LIFE: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
/// How long sensor and database have to end.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long the sensor of this process has to enrol.
const ENROLMENT_LIFE: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// Runs until a signal.
pub(super) fn run(arguments: Arguments, directory: DataDirectory) -> anyhow::Result<Exit> {
    let catalog = Arc::new(catalog::load().context("the catalogue of this build is broken")?);
    log(arguments.verbose);
    // Every open page and every device takes one.
    platform::limits::raise_open_files();
    let listener = place::listen(arguments.listen)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("server")
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let served = runtime.block_on(serve(arguments, Arc::new(directory), catalog, listener));
    // A thread that hangs in the system must not keep the process.
    runtime.shutdown_background();
    served.map(|()| Exit::Fine)
}

/// One line per event on standard error, without colours where nobody looks. What the sensor does is told, requests only where
/// something is wrong with them, unless more is asked for.
fn log(verbose: bool) {
    let colours = std::io::stderr().is_terminal() && crate::data::environment("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .compact();
    let told = if verbose { LevelFilter::INFO } else { LevelFilter::WARN };
    let wanted = Targets::new().with_default(told).with_target("sensor", LevelFilter::INFO);
    // A second subscriber in one process is refused; the first one stays.
    let _ = tracing_subscriber::registry().with(lines.with_filter(wanted)).try_init();
}

async fn serve(
    arguments: Arguments,
    directory: Arc<DataDirectory>,
    catalog: Arc<Catalog>,
    listener: TcpListener,
) -> anyhow::Result<()> {
    let location = crate::data::database(&directory, arguments.database.as_deref())?;
    let store = Store::open(&location).await.map_err(|error| crate::data::explain(&error, &location))?;
    // Only one that can be used is remembered: a mistyped address must not be in the way of the next start.
    crate::data::remember(&directory, arguments.database.as_deref())?;
    let state = state(&arguments, &directory, &catalog, &listener, store.clone())?;
    let app: Router = server::app(server::routes(&state).merge(console::routes()), state.clone());

    let (stop, mut stopped) = watch::channel(false);
    let ending = async move {
        // An error means that the sender has gone, which is the end as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let own = server::local_url(&listener)?;
    let server = tokio::spawn(server::serve(listener, app, state.clone(), ending));
    let control = control(&directory, &state)?;

    // Whoever reads that it is up may end it.
    let signals = Signals::listen()?;
    let new = !state.accounts().has_owner().await?;
    let link = state.login_link(Some(LOGIN_LIFE)).await?;
    if let Err(error) = banner::started(&link, directory.path(), new) {
        // Whoever should read it is gone, which is no reason to stop what works.
        tracing::warn!(%error, "the login link could not be printed: run the same command again for a new one");
    }
    let token = state.enrolment_token(&own, 1, ENROLMENT_LIFE).await?;
    let sensor = sensor(&arguments, &directory, &catalog, token)?;

    signals.end().await?;
    tracing::info!("stopping");
    sensor.stop();
    control.abort();
    let _ = stop.send(true);
    let ended = server.await.map_err(|error| anyhow!("the server died: {error}"))?;
    let joined = tokio::task::spawn_blocking(move || sensor.join());
    let end = async {
        let joined = joined.await;
        store.close().await;
        joined
    };
    // What was acknowledged is on the disk. Whatever does not end now ends with the process.
    match tokio::time::timeout(FAREWELL, end).await {
        Ok(joined) => joined?,
        Err(_) => tracing::warn!("not everything ended in time"),
    }
    ended.context("the server ended with an error")
}

/// Other commands ask here.
#[cfg(unix)]
fn control(directory: &DataDirectory, state: &State) -> anyhow::Result<JoinHandle<()>> {
    let control = server::control::Control::open(directory.path(), state.clone());
    let control =
        control.with_context(|| format!("cannot open a socket in `{}`", directory.path().display()))?;
    Ok(tokio::spawn(control.serve()))
}

#[cfg(not(unix))]
fn control(_: &DataDirectory, _: &State) -> anyhow::Result<JoinHandle<()>> {
    Ok(tokio::spawn(async {}))
}

fn state(
    arguments: &Arguments,
    directory: &Arc<DataDirectory>,
    catalog: &Arc<Catalog>,
    listener: &TcpListener,
    store: Store,
) -> anyhow::Result<State> {
    let key = directory.read_or_make_key(SERVER_KEY)?;
    let listen = listener.local_addr()?;
    let public_url = arguments.url.clone().map_or_else(|| server::local_url(listener), Ok)?;
    Ok(State::new(server::Settings {
        store,
        signing_key: SigningKey::from_bytes(&key),
        catalog: Arc::clone(catalog),
        public_url,
        listen,
        clock: Clock::system(),
        data: Some(directory.path().to_owned()),
        version: env!("CARGO_PKG_VERSION"),
    }))
}

fn sensor(
    arguments: &Arguments,
    directory: &Arc<DataDirectory>,
    catalog: &Arc<Catalog>,
    token: EnrolmentToken,
) -> anyhow::Result<sensor::Handle> {
    let settings = sensor::Settings {
        data: Arc::clone(directory),
        catalog: Arc::clone(catalog),
        roots: arguments.roots.clone(),
        hash: arguments.hash,
        inspect: !arguments.no_inspect,
        processes: true,
        environment: Arc::new(crate::data::environment),
        enrolment: Some(token),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        observer: Arc::new(banner::sensor),
        pace: sensor::pace::Pace::default(),
    };
    Ok(sensor::Sensor::start(settings)?)
}

/// The signals that ask for the end. From the moment they exist, one is waited for and no longer kills.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let heard = |kind| signal(kind).context("cannot listen for signals");
            Ok(Self {
                terminate: heard(SignalKind::terminate())?,
                interrupt: heard(SignalKind::interrupt())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the signal to end. A second one ends at once.
    async fn end(mut self) -> anyhow::Result<()> {
        self.next().await?;
        tokio::spawn(async move {
            if self.next().await.is_ok() {
                std::process::exit(130);
            }
        });
        Ok(())
    }

    async fn next(&mut self) -> anyhow::Result<()> {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
            Ok(())
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await.context("cannot listen for interrupts")
    }
}
