//! What stands beside the weights in a folder of a repository: the model card, and code that loading may run.

use std::{ffi::OsString, path::Path};

use platform::read::EntryKind;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Claim, LicenseClaim, LicenseText, card,
    reader::{Reader, name_of, shown, unexpected},
};

/// The longest model card and configuration, in bytes.
const DOCUMENT: usize = 4 << 20;

/// Configurations that may name a class in Python code of the repository.
const CONFIGURATIONS: [&str; 5] = [
    "config.json",
    "tokenizer_config.json",
    "processor_config.json",
    "preprocessor_config.json",
    "generation_config.json",
];

/// What the files of a folder say about all of its weights.
#[derive(Debug, Clone, Default)]
pub(super) struct Folder {
    license: Option<LicenseClaim>,
    base_models: Vec<String>,
    remote_code: Option<String>,
}

impl Folder {
    /// Reads the card and the configurations of `directory`; links are followed only inside `within`.
    pub(super) fn read(reader: &mut Reader<'_>, within: &Path, directory: &Path) -> Self {
        let entries = reader.entries(directory);
        let readable = |kind| matches!(kind, EntryKind::File | EntryKind::Link);
        let names: Vec<_> =
            entries.into_iter().filter(|entry| readable(entry.kind)).map(|entry| entry.name).collect();
        let mut folder = Self::default();
        if names.iter().any(|name| name == "README.md") {
            folder.read_card(reader, within, &directory.join("README.md"), &names);
        }
        let code =
            names.iter().find(|name| Path::new(name).extension().is_some_and(|extension| extension == "py"));
        if let Some(code) = code {
            let configurations =
                CONFIGURATIONS.iter().filter(|name| names.iter().any(|found| found == *name));
            folder.remote_code = configurations
                .filter(|name| names_code(reader, within, &directory.join(name)))
                .map(|name| format!("`auto_map` in {name}, and {} stands beside it", shown(code)))
                .next();
        }
        folder
    }

    /// Reads a card, and the text of the licence among the `names` beside it.
    fn read_card(&mut self, reader: &mut Reader<'_>, within: &Path, path: &Path, names: &[OsString]) {
        let Some(content) = reader.linked_bytes(within, path, DOCUMENT) else { return };
        let (card, problem) = card::read(&content);
        if let Some(problem) = problem {
            reader.problem(path, problem);
        }
        let file = card.license_files().find(|file| names.iter().any(|name| name == file));
        let text = file.and_then(|file| license_text(reader, within, &path.with_file_name(file)));
        self.license = card.license_claim("README.md", text);
        self.base_models = card.base_models;
    }

    /// What this folder says, and where it is silent, what `other` says.
    pub(super) fn or(mut self, other: Self) -> Self {
        self.license = self.license.or(other.license);
        self.remote_code = self.remote_code.or(other.remote_code);
        if self.base_models.is_empty() {
            self.base_models = other.base_models;
        }
        self
    }

    /// Adds what the folder says to a claim about one of its files.
    pub(super) fn describe(&self, claim: &mut Claim) {
        claim.license.clone_from(&self.license);
        claim.base_models.clone_from(&self.base_models);
        claim.remote_code.clone_from(&self.remote_code);
    }
}

fn license_text(reader: &mut Reader<'_>, within: &Path, path: &Path) -> Option<LicenseText> {
    let content = reader.linked_bytes(within, path, card::LICENSE_TEXT)?;
    reader.spend_text(path, content.len())?;
    Some(LicenseText { name: name_of(path), text: String::from_utf8_lossy(&content).into() })
}

/// The part of a configuration that names classes in code of the repository.
#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    auto_map: Option<Value>,
}

fn names_code(reader: &mut Reader<'_>, within: &Path, path: &Path) -> bool {
    let Some(content) = reader.linked_bytes(within, path, DOCUMENT) else { return false };
    match serde_json::from_slice::<Configuration>(&content) {
        Ok(configuration) => {
            configuration.auto_map.is_some_and(|map| map.as_object().is_some_and(|map| !map.is_empty()))
        }
        Err(error) => {
            reader.problem(path, unexpected(&error));
            false
        }
    }
}
