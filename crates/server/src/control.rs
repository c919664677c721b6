//! How commands on the same machine speak to a running server: JSON lines over a socket in its data directory.
//!
//! One line asks, one line answers. Who may open the socket is decided by the system: the file is the owner's, and the other
//! end must be the owner's account or root. The asking half needs no async runtime.

#[cfg(unix)]
mod listener;

use std::{io, path::Path};

use accounts::{AccessError, Accounts, Role, parse_ttl};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Actor;

#[cfg(unix)]
pub use listener::Control;

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
        /// How long it lives, such as `30d`; without end when absent.
        #[serde(default)]
        ttl: Option<String>,
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
        tokens: Vec<Token>,
    },
    /// It is done.
    Done,
    /// A link.
    Link {
        /// The whole URL, good for one use.
        url: String,
    },
    /// It could not be done.
    Failed {
        /// Why, and what to do.
        message: String,
    },
}

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// Its role's word.
    pub role: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl From<store::TokenRow> for Token {
    fn from(row: store::TokenRow) -> Self {
        let store::TokenRow { id, name, role, person: _, created_at, expires_at, used_at, revoked_at } = row;
        Self { id, name, role, created_at, expires_at, used_at, revoked_at }
    }
}

impl std::fmt::Debug for Answer {
    /// Tokens and links do not show themselves.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Status { .. } => "Status",
            Self::Token { .. } => "Token",
            Self::Tokens { .. } => "Tokens",
            Self::Done => "Done",
            Self::Link { .. } => "Link",
            Self::Failed { message } => return f.debug_tuple("Failed").field(message).finish(),
        };
        f.write_str(name)
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

/// Does what a command asks about tokens. It needs no running server: a command does it itself where none serves the directory.
///
/// # Errors
/// Why not, for people.
pub async fn about_tokens(accounts: &Accounts, request: Request, now: Timestamp) -> Result<Answer, String> {
    let actor = Actor { person: None, name: "command line".into() };
    let words = |error: AccessError| error.to_string();
    match request {
        Request::CreateToken { role, ttl, name } => {
            let ttl = ttl.as_deref().map(parse_ttl).transpose().map_err(|error| error.to_string())?;
            let (secret, row) = accounts.create_token(&name, role, ttl, &actor, now).await.map_err(words)?;
            let (id, expires_at) = (row.id, row.expires_at);
            Ok(Answer::Token { secret: secret.reveal().to_owned(), id, expires_at })
        }
        Request::ListTokens => {
            let tokens = accounts.tokens().await.map_err(words)?;
            Ok(Answer::Tokens { tokens: tokens.into_iter().map(Into::into).collect() })
        }
        Request::RevokeToken { id } => {
            accounts.revoke_token(id, &actor, now).await.map_err(words)?;
            Ok(Answer::Done)
        }
        Request::Status | Request::LoginLink => Err("no server runs here: start it with eyeline up".into()),
    }
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

    use super::{Answer, AskError, LINE, Request, SOCKET};

    /// Making a token waits for the database, which may be busy.
    const PATIENCE: Duration = Duration::from_secs(30);

    pub(super) fn ask(directory: &Path, request: &Request) -> Result<Answer, AskError> {
        let mut stream = UnixStream::connect(directory.join(SOCKET)).map_err(|error| match error.kind() {
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
