//! How commands on the same machine speak to a running server: JSON lines over a socket in its data directory.
//!
//! One line asks, one line answers. Who may open the socket is decided by the system: the file is the owner's, and the other
//! end must be the owner's account or root. The asking half needs no async runtime.

#[cfg(unix)]
mod listener;

use std::{io, path::Path};

use accounts::{AccessError, Accounts, Role};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Actor, TokenRow};

#[cfg(unix)]
pub use listener::{Control, serve};

/// The name of the socket in a data directory.
pub const SOCKET: &str = "control.sock";

/// The longest line, in bytes.
const LINE: u64 = 1 << 20;

/// What a command asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// What runs here.
    Status,
    /// Make an API token.
    CreateToken {
        /// As what it may act.
        role: Role,
        /// How long it lives, in seconds; until it is revoked when absent.
        #[serde(default)]
        ttl_seconds: Option<i64>,
        /// What it is for.
        name: String,
    },
    /// Every API token.
    ListTokens,
    /// Revoke one.
    RevokeToken {
        /// Its number.
        id: i64,
    },
    /// A link that signs in the owner, or makes one.
    LoginLink,
}

/// What it gets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// What runs here.
    Status {
        /// The version.
        version: String,
        /// The process.
        pid: u32,
        /// Where people reach it.
        url: String,
        /// `sqlite` or `postgres`.
        engine: String,
        /// How many devices are connected.
        connected: u64,
    },
    /// A new token.
    Token {
        /// The secret, told this once.
        secret: String,
        /// Its number.
        id: i64,
        /// When it ends.
        expires_at: Option<Timestamp>,
    },
    /// Every token.
    Tokens {
        /// Without their secrets.
        tokens: Vec<TokenRow>,
    },
    /// It is done.
    Done,
    /// A link.
    LoginLink {
        /// The whole URL, good for one use.
        url: String,
    },
    /// It could not be done.
    Failed {
        /// Why, and what to do.
        message: String,
    },
}

impl std::fmt::Debug for Answer {
    /// Tokens and links do not show themselves.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Status { .. } => "Status",
            Self::Token { .. } => "Token",
            Self::Tokens { .. } => "Tokens",
            Self::Done => "Done",
            Self::LoginLink { .. } => "LoginLink",
            Self::Failed { message } => return f.debug_tuple("Failed").field(message).finish(),
        };
        f.write_str(name)
    }
}

/// Answers what needs no running server, for a command that owns the data directory itself.
pub async fn answer(accounts: &Accounts, request: &Request, now: Timestamp) -> Answer {
    match perform(accounts, request, now).await {
        Ok(answer) => answer,
        Err(error) => Answer::Failed { message: error.to_string() },
    }
}

async fn perform(accounts: &Accounts, request: &Request, now: Timestamp) -> Result<Answer, AccessError> {
    let actor = Actor { person: None, name: "command line".into() };
    match request {
        Request::CreateToken { role, ttl_seconds, name } => {
            let ttl = ttl_seconds.map(SignedDuration::from_secs);
            let (secret, row) = accounts.create_token(name, *role, ttl, &actor, now).await?;
            let (id, expires_at) = (row.id, row.expires_at);
            Ok(Answer::Token { secret: secret.reveal().to_owned(), id, expires_at })
        }
        Request::ListTokens => Ok(Answer::Tokens { tokens: accounts.tokens().await? }),
        Request::RevokeToken { id } => {
            accounts.revoke_token(*id, &actor, now).await?;
            Ok(Answer::Done)
        }
        Request::Status | Request::LoginLink => {
            Ok(Answer::Failed { message: "no server serves this data directory".into() })
        }
    }
}

/// Why a running server could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens: no server runs here.
    #[error("no server serves this data directory")]
    Nobody,
    /// The system refused, or the server did not answer.
    #[error("the server did not answer: {0}")]
    Io(#[from] io::Error),
    /// The answer is none: the server is another version.
    #[error("the server answered something unexpected: is it another version?")]
    Answer,
}

/// Asks the server that serves this data directory, and waits for the answer.
///
/// # Errors
/// [`AskError::Nobody`] when none does.
pub fn ask(directory: &Path, request: &Request) -> Result<Answer, AskError> {
    #[cfg(unix)]
    {
        asking::ask(directory, request)
    }
    #[cfg(not(unix))]
    {
        let _ = (directory, request);
        Err(AskError::Io(io::ErrorKind::Unsupported.into()))
    }
}

#[cfg(unix)]
mod asking {
    use std::{
        io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
        os::unix::net::UnixStream,
        path::Path,
        time::Duration,
    };

    use platform::data::SocketPath;

    use super::{Answer, AskError, LINE, Request, SOCKET};

    /// Making a token waits for the database, which may be busy.
    const PATIENCE: Duration = Duration::from_secs(30);

    pub(super) fn ask(directory: &Path, request: &Request) -> Result<Answer, AskError> {
        let connected = SocketPath::of(directory, SOCKET).and_then(|path| UnixStream::connect(path.path()));
        let mut stream = connected.map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => AskError::Nobody,
            _ => AskError::Io(error),
        })?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut line = serde_json::to_vec(request).map_err(|_| AskError::Answer)?;
        line.push(b'\n');
        stream.write_all(&line)?;
        let mut answer = String::new();
        BufReader::new(stream.take(LINE)).read_line(&mut answer)?;
        serde_json::from_str(&answer).map_err(|_| AskError::Answer)
    }
}
