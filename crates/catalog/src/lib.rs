//! The only reader of `catalog/`: what is known about tools, stores, licences, formats, libraries, packages and
//! secrets, as typed tables for everyone else.
//!
//! Pure. The tables are compiled into the library; nothing here touches a file, a process or the network. No tool,
//! store or licence is named in this code: knowledge is data, and a new tool is a new file in `catalog/tools/`.

mod embedded;
pub mod format;
pub mod globals;
pub mod library;
pub mod license;
pub mod packages;
pub mod pattern;
pub mod secrets;
pub mod store;
pub mod tool;

use std::collections::{HashMap, HashSet};

pub use embedded::revision;
pub use format::{Executes, Format};
pub use globals::Globals;
pub use library::Library;
pub use license::{LicenseEntry, Licenses};
pub use packages::{KnownPackage, Packages};
pub use pattern::{PathRun, glob_match, tokens_begin, tokens_match};
pub use secrets::Secrets;
pub use store::Store;
pub use tool::{HttpFingerprint, Tool, ToolKind};

/// Why the catalogue could not be read. It is compiled in, so this is a mistake in `catalog/` and never in a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// A table is not what its type says.
    #[error("failed to read `{file}`, line {line}: {message}")]
    Table {
        /// The file, from the root of the repository.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// An id stands twice in one kind of table.
    #[error("failed to read `{file}`: the id `{id}` is already taken")]
    Duplicate {
        /// The file, from the root of the repository.
        file: String,
        /// The id that stands twice.
        id: String,
    },
    /// A pattern is no regular expression.
    #[error("failed to read `{file}`: `{pattern}` is not a pattern: {message}")]
    Pattern {
        /// The file, from the root of the repository.
        file: String,
        /// The pattern as it is written.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
}

/// Everything that is known.
#[derive(Debug)]
pub struct Catalog {
    /// Runtimes, agents, apps, gateways and frameworks, by file name.
    pub tools: Vec<Tool>,
    /// Shared libraries that say what a process does.
    pub libraries: Vec<Library>,
    /// HTTP answers that say "a model is served here" and name no tool.
    pub fingerprints: Vec<HttpFingerprint>,
    /// File formats of models.
    pub formats: Vec<Format>,
    /// Globals of Python that a pickle may name.
    pub globals: Globals,
    /// Licences of models.
    pub licenses: Licenses,
    /// What a secret looks like, and how text is cleaned of it.
    pub secrets: Secrets,
    /// Packages of languages and editors that are AI.
    pub packages: Packages,
    /// Where tools keep models, and how those places are laid out.
    pub stores: Vec<Store>,
    tool_index: HashMap<String, usize>,
}

/// Reads the catalogue that was compiled in.
///
/// # Errors
/// A mistake in `catalog/`, with its file and line. The tests of this crate read all of it, so a build that passed
/// them does not meet one.
pub fn load() -> Result<Catalog, CatalogError> {
    let tools: Vec<Tool> = embedded::each(embedded::TOOLS)?;
    let stores: Vec<Store> = embedded::each(embedded::STORES)?;
    let libraries = embedded::table::<library::Table>(embedded::LIBRARIES)?.library;
    let formats = embedded::table::<format::Table>(embedded::FORMATS)?.format;
    unique("catalog/tools", tools.iter().map(|tool| tool.id.as_str()))?;
    unique("catalog/stores", stores.iter().map(|store| store.id.as_str()))?;
    unique(embedded::LIBRARIES.0, libraries.iter().map(|library| library.id.as_str()))?;
    unique(embedded::FORMATS.0, formats.iter().map(|format| format.id.as_str()))?;
    let licenses = embedded::table::<license::Table>(embedded::LICENSES)?;
    unique(embedded::LICENSES.0, licenses.license.iter().map(|license| license.id.as_str()))?;
    let packages = embedded::table::<packages::Table>(embedded::PACKAGES)?;
    Ok(Catalog {
        tool_index: tools.iter().enumerate().map(|(at, tool)| (tool.id.clone(), at)).collect(),
        packages: Packages::new(&packages, &tools),
        globals: Globals::new(embedded::table(embedded::GLOBALS)?),
        licenses: Licenses::new(licenses.license),
        secrets: Secrets::new(embedded::table(embedded::SECRETS)?)?,
        fingerprints: embedded::table::<tool::FingerprintTable>(embedded::FINGERPRINTS)?.http,
        tools,
        libraries,
        formats,
        stores,
    })
}

fn unique<'a>(file: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), CatalogError> {
    let mut seen = HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(CatalogError::Duplicate { file: file.to_owned(), id: id.to_owned() });
        }
    }
    Ok(())
}

impl Catalog {
    /// The tool with this id.
    pub fn tool(&self, id: &str) -> Option<&Tool> {
        self.tools.get(*self.tool_index.get(id)?)
    }

    /// The format with this id.
    pub fn format(&self, id: &str) -> Option<&Format> {
        self.formats.iter().find(|format| format.id == id)
    }

    /// The store with this id.
    pub fn store(&self, id: &str) -> Option<&Store> {
        self.stores.iter().find(|store| store.id == id)
    }

    /// What is known of a package. `ecosystem` is `pypi`, `npm` or `vscode`; any spelling of the name that the
    /// ecosystem takes for the same package is found.
    pub fn package(&self, ecosystem: &str, name: &str) -> Option<KnownPackage<'_>> {
        self.packages.find(ecosystem, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_stands_twice_is_named() {
        let error = unique("catalog/x.toml", ["a", "b", "a"].into_iter()).unwrap_err();
        assert_eq!(error.to_string(), "failed to read `catalog/x.toml`: the id `a` is already taken");
        assert_eq!(unique("catalog/x.toml", ["a", "b"].into_iter()), Ok(()));
    }

    #[test]
    fn what_is_not_in_the_catalogue_is_unknown() {
        let catalog = load().unwrap();
        assert!(catalog.tool("").is_none() && catalog.format("x").is_none() && catalog.store("x").is_none());
        assert!(catalog.package("pypi", "").is_none());
    }
}
