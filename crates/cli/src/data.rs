//! Which data directory a command means, and which database belongs to it.

use std::ffi::OsString;
#[cfg(feature = "server")]
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

#[cfg(feature = "server")]
use anyhow::{Context, bail};
#[cfg(feature = "server")]
use platform::data::{DataDirectory, DataError};
#[cfg(feature = "server")]
use server::control::{self, Answer, AskError, Request};

/// Remembers a database that is not in the directory. It may hold a password.
#[cfg(feature = "server")]
const DATABASE: &str = "database";
/// The one that is.
#[cfg(feature = "server")]
const SQLITE: &str = "eyeline.db";
/// How `--database` names it.
#[cfg(feature = "server")]
const SQLITE_WORD: &str = "sqlite";
#[cfg(feature = "server")]
const LONGEST: usize = 4096;

/// A variable of the environment.
#[allow(clippy::disallowed_methods, reason = "the command line is where the environment comes in")]
pub(crate) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The directory that was named, else the default one.
#[cfg(feature = "server")]
pub(crate) fn directory(named: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    match named.or_else(|| platform::data::default_directory(&environment)) {
        // Links and sockets are told by their full names, wherever a later command is started.
        Some(path) => Ok(std::path::absolute(&path).unwrap_or(path)),
        None => bail!("no place for data is known: name one with --data"),
    }
}

/// How long a command waits for a process that has the directory and does not answer: one that starts, or another command.
#[cfg(feature = "server")]
const PATIENCE: Duration = Duration::from_secs(10);

/// Who has a data directory.
#[cfg(feature = "server")]
pub(crate) enum Holder {
    /// This process, from now on.
    Us(DataDirectory),
    /// A running server, which answered.
    Server(Answer),
}

/// Takes a data directory, or asks the server that has it. Two commands that are started at the same moment both succeed.
#[cfg(feature = "server")]
pub(crate) fn own_or_ask(path: &Path, request: &Request) -> anyhow::Result<Holder> {
    let began = platform::clock::monotonic();
    loop {
        match DataDirectory::own(path) {
            Ok(directory) => return Ok(Holder::Us(directory)),
            Err(DataError::InUse { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        match control::ask(path, request) {
            Ok(answer) => return Ok(Holder::Server(answer)),
            Err(AskError::Nobody) if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(error) => {
                return Err(error).context(
                    "another process uses the directory and does not answer: wait until it ends if it is a scan, else stop it, or use another one with --data",
                );
            }
        }
    }
}

/// The database of a directory: the one that is named now, else the one that was named before, else its own.
#[cfg(feature = "server")]
pub(crate) fn database(directory: &DataDirectory, named: Option<&str>) -> anyhow::Result<store::Location> {
    let own = || {
        // SQLite gives its other files the rights of this one.
        let kept = directory.keep_private(SQLITE);
        kept.with_context(|| format!("cannot keep a database in `{}`", directory.path().display()))?;
        Ok(store::Location::Sqlite(directory.path().join(SQLITE)))
    };
    let file = directory.path().join(DATABASE);
    match named {
        Some(SQLITE_WORD) => own(),
        Some(url) => Ok(store::Location::Postgres(url.to_owned())),
        None => match platform::read::whole(&file, LONGEST) {
            Ok(url) => Ok(store::Location::Postgres(String::from_utf8_lossy(&url).trim().to_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => own(),
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", file.display())),
        },
    }
}

/// Remembers a database that was named and could be opened, for later commands.
#[cfg(feature = "server")]
pub(crate) fn remember(directory: &DataDirectory, named: Option<&str>) -> anyhow::Result<()> {
    match named {
        None => Ok(()),
        Some(SQLITE_WORD) => forget(&directory.path().join(DATABASE)),
        Some(url) => {
            directory.write(DATABASE, &[url.as_bytes(), b"\n"]).context("cannot remember the database")
        }
    }
}

/// Whether `--database` can be one at all. What is refused is not repeated: it may hold a password.
#[cfg(feature = "server")]
pub(crate) fn check_database(named: &str) -> Result<(), String> {
    let postgres = ["postgres://", "postgresql://"].iter().any(|scheme| named.starts_with(scheme));
    if postgres || named == SQLITE_WORD {
        return Ok(());
    }
    Err("the address given with --database is none of PostgreSQL: write postgres://USER@HOST/NAME, or `sqlite` for the database in the data directory".into())
}

#[cfg(feature = "server")]
fn forget(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", file.display()))
        }
        _ => Ok(()),
    }
}

/// Says what to do about a database that cannot be opened.
#[cfg(feature = "server")]
pub(crate) fn explain(error: &store::StoreError, location: &store::Location) -> anyhow::Error {
    let name = match location {
        store::Location::Sqlite(path) => format!("`{}`", path.display()),
        // The address may hold a password.
        store::Location::Postgres(_) => "the PostgreSQL database".to_owned(),
    };
    let remedy = match error {
        store::StoreError::Corrupt(_) => {
            ": put a copy of it back, or move it away (with its -wal and -shm) and start again; devices then report everything again, accounts and decisions are lost"
        }
        store::StoreError::Full => ": make room and start again",
        store::StoreError::Unreachable(_) => {
            ": is it there, and does the address given with --database still hold?"
        }
        _ => "",
    };
    anyhow::anyhow!("cannot use {name}: {error}{remedy}")
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use store::Location;

    use super::*;

    #[test]
    fn a_database_is_remembered_when_told_to_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDirectory::own(dir.path()).unwrap();
        let url = "postgres://ada@db.test/eyeline";
        let elsewhere = Location::Postgres(url.to_owned());
        let own = Location::Sqlite(dir.path().join(SQLITE));
        assert_eq!(database(&data, Some(url)).unwrap(), elsewhere);
        assert_eq!(database(&data, None).unwrap(), own, "nothing was remembered");
        remember(&data, Some(url)).unwrap();
        remember(&data, None).unwrap();
        assert_eq!(database(&data, None).unwrap(), elsewhere);
        assert_eq!(database(&data, Some("sqlite")).unwrap(), own);
        assert_eq!(database(&data, None).unwrap(), elsewhere, "going back was not told yet");
        remember(&data, Some("sqlite")).unwrap();
        assert_eq!(database(&data, None).unwrap(), own);
    }
}
