//! Where a command remembers what it found out, so that the next one is quicker.

use std::path::PathBuf;

use inventory::scan::Remember;
use platform::data::{DataDirectory, DataError};

/// Where a scan or an inspection from the command line remembers.
pub(crate) enum Remembered {
    /// Nowhere.
    Nowhere,
    /// In a directory that is ours now.
    Own(DataDirectory),
    /// In the directory of a running product, which remembers by itself: this one only uses what is known.
    Beside(PathBuf),
}

impl Remembered {
    /// Opens the data directory that was named, else the default one, and says what to know if that is not possible. Whoever asks
    /// goes on without.
    pub(crate) fn at(named: Option<PathBuf>, no_cache: bool, what: &str) -> (Self, Option<String>) {
        let path = named.or_else(|| platform::data::default_directory(&crate::data::environment));
        let Some(path) = path.filter(|_| !no_cache) else { return (Self::Nowhere, None) };
        match DataDirectory::own(&path) {
            Ok(directory) => (Self::Own(directory), None),
            Err(DataError::InUse { path, .. }) => (Self::Beside(path), None),
            Err(error) => (Self::Nowhere, Some(format!("{what} are not remembered: {error}"))),
        }
    }

    /// The same, as the inventory wants it.
    pub(crate) fn as_request(&self) -> Remember<'_> {
        match self {
            Self::Nowhere => Remember::No,
            Self::Own(directory) => Remember::Own(directory),
            Self::Beside(path) => Remember::ReadOnly(path),
        }
    }
}
