//! Names for people, from the catalogue. An id that the catalogue does not know is its own name.

use std::sync::Arc;

use catalog::Catalog;
use domain::{CommercialUse, License, Origin};

/// The catalogue as a dictionary.
#[derive(Clone)]
pub(crate) struct Names(pub(crate) Arc<Catalog>);

impl Names {
    /// A tool's name.
    pub(crate) fn tool<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.tool(id).map_or(id, |tool| &tool.name)
    }

    /// A tool's name, if the catalogue has it.
    pub(crate) fn known_tool(&self, id: &str) -> Option<&str> {
        self.0.tool(id).map(|tool| tool.name.as_str())
    }

    /// A store's name.
    pub(crate) fn store<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.store(id).map_or(id, |store| &store.name)
    }

    /// A format's name.
    pub(crate) fn format<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.format(id).map_or(id, |format| &format.name)
    }

    /// A licence's short name: its SPDX identifier where it has one.
    pub(crate) fn license<'a>(&'a self, id: &'a str) -> &'a str {
        match self.0.licenses.get(id) {
            Some(entry) => entry.spdx.as_deref().unwrap_or(&entry.name),
            None => id,
        }
    }

    /// What a licence asks for, in a line, if the catalogue knows it.
    pub(crate) fn conditions(&self, id: &str) -> Option<&str> {
        self.0.licenses.get(id).map(|entry| entry.conditions.as_str()).filter(|text| !text.is_empty())
    }
}

/// What a licence says of commercial use, as a line under its name; nothing where it simply allows it.
pub(crate) fn commercial(license: &License) -> Option<&'static str> {
    match license.commercial_use {
        CommercialUse::Yes => None,
        CommercialUse::No => Some("no commercial use"),
        CommercialUse::Conditional => Some("with conditions"),
        CommercialUse::Unknown => Some("terms not known"),
    }
}

/// An origin as one address, without what everybody knows: `hf.co/org/name`.
pub(crate) fn origin(origin: &Origin) -> String {
    let registry = match origin.registry.as_str() {
        "huggingface.co" => "hf.co",
        other => other,
    };
    match &origin.repository {
        Some(repository) => format!("{registry}/{repository}"),
        None => registry.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_gives_names_and_an_unknown_id_is_its_own() {
        let names = Names(Arc::new(catalog::load().unwrap()));
        assert_eq!(names.tool("ollama"), "Ollama");
        assert_eq!(names.license("apache-2.0"), "Apache-2.0");
        assert_eq!(names.format("gguf"), "GGUF");
        assert_eq!(names.tool("no-such-tool"), "no-such-tool");
    }

    #[test]
    fn an_origin_is_one_address() {
        let from = |repository: Option<&str>| Origin {
            registry: "huggingface.co".into(),
            repository: repository.map(Into::into),
            revision: None,
            evidence: String::new(),
        };
        assert_eq!(origin(&from(Some("Qwen/Qwen3-8B"))), "hf.co/Qwen/Qwen3-8B");
        assert_eq!(origin(&from(None)), "hf.co");
    }
}
