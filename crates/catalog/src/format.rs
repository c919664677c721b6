//! File formats of models: what they are called and whether loading one runs code. It does not read files.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) format: Vec<Format>,
}

/// A file format that holds a model or a part of one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// The id that reports use, such as `gguf`.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// Usual extensions, with the dot, in lower case. A hint only: content decides.
    pub extensions: Vec<String>,
    /// What loading such a file can run.
    pub executes: Executes,
    /// What to use instead, if this format can run code.
    pub safe_alternative: Option<String>,
    /// What surprises people about it.
    pub note: Option<String>,
}

/// What loading a file of a format can run, with the loader's usual settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Executes {
    /// Nothing: it is data.
    Never,
    /// Whatever its pickle says.
    Pickle,
    /// Code that the file carries: it is a program, or holds serialised functions.
    Code,
}

impl Executes {
    /// The word that `catalog/formats.toml` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Pickle => "pickle",
            Self::Code => "code",
        }
    }
}
