//! `eyeline token`: API tokens for scripts, made by whoever owns the data directory, whether the product runs or not.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use accounts::{Accounts, Role};
use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::SignedDuration;
use platform::data::DataDirectory;
use server::control::{self, Answer, Request};
use store::{Store, TokenRow};

use crate::{data::Holder, exit::Exit};

/// Arguments of `eyeline token`.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a token; it is printed alone on the last line and cannot be shown again
    Create {
        /// What it may do: owner, admin, policy-author, reviewer, analyst, auditor, device-user
        #[arg(long)]
        role: Role,
        /// How long it works, such as 12h or 30d [default: until it is revoked]
        #[arg(long, value_parser = accounts::parse_ttl)]
        ttl: Option<SignedDuration>,
        /// What it is for, for those who read the list
        #[arg(long, default_value = "command line")]
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// List tokens, never their secrets
    List {
        #[command(flatten)]
        place: Place,
    },
    /// End a token at once
    Revoke {
        /// Its number in the list
        #[arg(value_name = "ID")]
        id: i64,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args)]
struct Place {
    /// The data directory of the server [default: $EYELINE_DATA, else $XDG_DATA_HOME/eyeline; root: /var/lib/eyeline]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Does it.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let (request, place) = match arguments.action {
        Action::Create { role, ttl, name, place } => {
            let ttl_seconds = ttl.map(|ttl| ttl.as_secs());
            (Request::CreateToken { role, ttl_seconds, name }, place)
        }
        Action::List { place } => (Request::ListTokens, place),
        Action::Revoke { id, place } => (Request::RevokeToken { id }, place),
    };
    let path = crate::data::directory(place.data)?;
    if !matches!(request, Request::CreateToken { .. }) && !path.exists() {
        bail!("there is no data directory `{}`: name the server's with --data", path.display());
    }
    print(answer(&path, &request)?)?;
    Ok(Exit::Fine)
}

/// The running product's answer, or our own where none runs.
fn answer(path: &Path, request: &Request) -> anyhow::Result<Answer> {
    match crate::data::own_or_ask(path, request)? {
        Holder::Us(directory) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(alone(&directory, request))
        }
        Holder::Server(answer) => Ok(answer),
    }
}

async fn alone(directory: &DataDirectory, request: &Request) -> anyhow::Result<Answer> {
    let location = crate::data::database(directory, None)?;
    let store = Store::open(&location).await.map_err(|error| crate::data::explain(&error, &location))?;
    let accounts = Accounts::new(store.clone());
    let answer = control::answer(&accounts, request, platform::clock::now()).await;
    store.close().await;
    Ok(answer)
}

fn print(answer: Answer) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    match answer {
        Answer::Token { secret, .. } => writeln!(out, "{secret}")?,
        Answer::Tokens { tokens } => table(&mut out, &tokens)?,
        Answer::Done => {}
        Answer::Failed { message } => bail!(message),
        other => bail!("the running one answered {other:?}"),
    }
    Ok(out.flush()?)
}

fn table(out: &mut impl Write, tokens: &[TokenRow]) -> std::io::Result<()> {
    if tokens.is_empty() {
        return writeln!(out, "no tokens: make one with eyeline token create --role ROLE");
    }
    writeln!(out, "{:>4}  {:<14} {:<24} {:<20} {:<20}", "id", "role", "made", "ends", "name")?;
    for token in tokens {
        let ends = match (token.revoked_at, token.expires_at) {
            (Some(_), _) => "revoked".to_owned(),
            (None, Some(end)) => end.strftime("%Y-%m-%d %H:%M").to_string(),
            (None, None) => "never".to_owned(),
        };
        let made = token.created_at.strftime("%Y-%m-%d %H:%M");
        writeln!(out, "{:>4}  {:<14} {made:<24} {ends:<20} {:<20}", token.id, token.role, token.name)?;
    }
    Ok(())
}
