//! `eyeline up`: server, sensor and console for this machine, in one process.

mod banner;
mod place;
mod run;

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use server::control;

use crate::{data::Holder, exit::Exit};

/// Where people look for it.
const ADDRESS: &str = "127.0.0.1:7411";

/// Arguments of `eyeline up`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where everything is kept [default: $EYELINE_DATA, else $XDG_DATA_HOME/eyeline; root: /var/lib/eyeline]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen; an address that others reach needs --url
    #[arg(long, value_name = "ADDR", default_value = ADDRESS)]
    listen: SocketAddr,
    /// The address under which people reach it, when a proxy that speaks TLS stands in front
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A PostgreSQL database instead of the SQLite one in DIR, as postgres://USER@HOST/NAME; `sqlite` for going back
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Where to look, instead of at homes, stores and shared folders; may be repeated
    #[arg(long = "root", value_name = "ROOT")]
    roots: Vec<PathBuf>,
    /// Compute the SHA-256 of every model (reads all of each file once)
    #[arg(long)]
    hash: bool,
    /// Do not look into models (all of each file is read once, one after another, at the lowest priority)
    #[arg(long)]
    no_inspect: bool,
    /// Log every request
    #[arg(long, short)]
    verbose: bool,
}

/// Runs until it is asked to stop.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let database = arguments.database.as_deref().map_or(Ok(()), crate::data::check_database);
    if let Err(wrong) = place::check(arguments.listen, arguments.url.as_deref()).and(database) {
        anstream::eprintln!("eyeline: {wrong}");
        return Ok(Exit::Usage);
    }
    for root in &arguments.roots {
        let shown = domain::HostPath::from(root.as_path());
        root.canonicalize().with_context(|| format!("cannot look into `{shown}`"))?;
    }
    let path = crate::data::directory(arguments.data.clone())?;
    match crate::data::own_or_ask(&path, &control::Request::LoginLink)? {
        Holder::Us(directory) => run::run(arguments, directory),
        Holder::Server(answer) => beside(answer, &path),
    }
}

/// There is one already: leads to it.
fn beside(answer: control::Answer, path: &std::path::Path) -> anyhow::Result<Exit> {
    match answer {
        control::Answer::LoginLink { url } => {
            banner::beside(&url, path)?;
            Ok(Exit::Fine)
        }
        control::Answer::Failed { message } => bail!(message),
        other => bail!("the running one answered {other:?}"),
    }
}
