//! The answering half of the control socket.

use std::{
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use platform::data::SocketPath;
use store::Collection;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
};

use super::{Answer, LINE, Request, SOCKET};
use crate::{Event, State};

/// How many commands are answered at once.
const AT_ONCE: usize = 16;

/// How long a command may take to ask.
const PATIENCE: Duration = Duration::from_secs(10);

/// The socket, served until this is dropped; then its file is gone.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
    state: StateBox,
}

/// The state has no text form; the socket needs one for its own.
struct StateBox(State);

impl std::fmt::Debug for StateBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

/// Opens the socket of a data directory and answers until `ending` is done.
///
/// # Errors
/// The system's error, when it cannot be opened.
pub async fn serve(
    directory: PathBuf,
    state: State,
    ending: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let control = Control::open(&directory, state)?;
    tokio::select! {
        () = control.serve() => {}
        () = ending => {}
    }
    Ok(())
}

impl Control {
    /// Opens the socket of a data directory whose lock this process holds. A file that a server left there when it died is
    /// replaced: nobody else can own it now.
    ///
    /// # Errors
    /// The system's error.
    pub fn open(directory: &Path, state: State) -> io::Result<Self> {
        let path = directory.join(SOCKET);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(SocketPath::of(directory, SOCKET)?.path())?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path, state: StateBox(state) })
    }

    /// Answers until it is dropped.
    pub async fn serve(self) {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) if is_owner(&stream) => {
                    let state = self.state.0.clone();
                    tokio::spawn(async move {
                        let _turn = turn;
                        if let Err(error) = converse(stream, &state).await {
                            tracing::debug!(%error, "a command went away");
                        }
                    });
                }
                Ok(_) => tracing::warn!("another account tried to use the control socket"),
                Err(error) => {
                    tracing::warn!(%error, "the control socket failed");
                    // Out of descriptors: trying at once again would take a whole processor.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // It may be gone with its directory already.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the other end runs as this account, or as root.
fn is_owner(stream: &UnixStream) -> bool {
    let own = platform::accounts::current();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == 0 || Some(peer.uid()) == own)
}

async fn converse(stream: UnixStream, state: &State) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let read = async { BufReader::new(reader.take(LINE)).read_line(&mut line).await };
    tokio::time::timeout(PATIENCE, read).await??;
    let answer = match serde_json::from_str(&line) {
        Ok(request) => answer(&request, state).await,
        Err(error) => Answer::Failed { message: format!("the command was not understood: {error}") },
    };
    let mut line = serde_json::to_vec(&answer).map_err(io::Error::other)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

/// What only a running server knows is answered here, the rest as without one.
async fn answer(request: &Request, state: &State) -> Answer {
    match request {
        Request::Status => Answer::Status {
            version: state.settings().version.to_owned(),
            pid: std::process::id(),
            url: state.public_url().to_owned(),
            engine: format!("{:?}", state.store().engine()).to_lowercase(),
            connected: u64::try_from(state.presence().count()).unwrap_or(u64::MAX),
        },
        Request::LoginLink => match state.login_link(None).await {
            Ok(url) => Answer::LoginLink { url },
            Err(error) => Answer::Failed { message: error.to_string() },
        },
        request => {
            let answer = super::answer(state.accounts(), request, state.now()).await;
            if matches!(answer, Answer::Token { .. } | Answer::Done) {
                state.events().changed(vec![Collection::Records]);
            }
            if answer == Answer::Done {
                state.events().tell(Event::SessionEnded(None));
            }
            answer
        }
    }
}
