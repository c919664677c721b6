//! Shared libraries that, mapped into a process, say what it does. It does not look at processes.

use serde::Deserialize;

use crate::pattern::glob_match;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) library: Vec<Library>,
}

/// A family of shared libraries.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// The id, such as `onnxruntime`.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// File names, with `*`.
    pub names: Vec<String>,
    /// Whether it runs models. Where it does not, it only says that an accelerator is used.
    pub inference: bool,
    /// Fields that were checked against the real library.
    #[serde(default)]
    pub verified: Vec<String>,
}

impl Library {
    /// Whether a file of this name (without folders) is of the family.
    pub fn matches(&self, file_name: &str) -> bool {
        self.names.iter().any(|name| glob_match(name, file_name))
    }
}
