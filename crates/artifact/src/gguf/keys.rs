//! What the keys of a GGUF file mean: who the model says it is, what it was made from, under which licence.
//!
//! Source: ggml `docs/gguf.md`, "Standardized key-value pairs".

use std::collections::BTreeMap;

use domain::Role;

use super::{
    Value,
    tables::{file_type, tensor_type},
};
use crate::Identified;

/// Models beyond this one are not listed as bases.
const BASES: u32 = 16;
/// Keys of interest beyond this number are not kept while walking.
const KEPT: usize = 256;

/// The keys of interest, and what the tensors add up to.
#[derive(Debug, Default)]
pub(super) struct Keys {
    values: BTreeMap<String, Value>,
    /// Elements by tensor type.
    by_type: BTreeMap<u32, u64>,
    /// The number of tensors, once the keys were all read.
    pub(super) tensors: Option<u64>,
    /// The number of weights, once all tensors were read.
    pub(super) parameters: Option<u64>,
}

impl Keys {
    /// Keeps a value if its key is one that is shown or used.
    pub(super) fn note(&mut self, key: &str, value: Value) {
        let wanted = key.starts_with("general.")
            || key.starts_with("split.")
            || key.starts_with("adapter.")
            || key == "tokenizer.ggml.model"
            || [".context_length", ".block_count", ".vocab_size", ".embedding_length"]
                .iter()
                .any(|end| key.ends_with(end));
        if wanted && value != Value::Array && self.values.len() < KEPT {
            // The first of two equal keys is the one llama.cpp's lookup finds.
            self.values.entry(key.to_owned()).or_insert(value);
        }
    }

    /// Counts the elements of a tensor towards its type.
    pub(super) fn weigh(&mut self, kind: u32, elements: u64) {
        // Unknown numbers share one place, so that a hostile file cannot make the map grow.
        let kind = if tensor_type(kind).is_some() { kind } else { u32::MAX };
        let sum = self.by_type.entry(kind).or_default();
        *sum = sum.saturating_add(elements);
    }

    /// The alignment of the tensor data in bytes.
    pub(super) fn alignment(&self) -> u64 {
        self.number("general.alignment").unwrap_or(32)
    }

    fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key)? {
            Value::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    fn number(&self, key: &str) -> Option<u64> {
        match self.values.get(key)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Writes everything known into the answer.
    pub(super) fn describe(&self, found: &mut Identified) {
        let architecture = self.text("general.architecture");
        found.metadata.architecture = architecture.map(str::to_owned);
        found.metadata.name =
            self.text("general.name").or_else(|| self.text("general.basename")).map(str::to_owned);
        found.metadata.role = Some(self.role());
        found.metadata.quantization = self.quantization().map(str::to_owned);
        found.metadata.tensors = self.tensors;
        found.metadata.parameters = self.parameters;
        found.metadata.context_length =
            architecture.and_then(|name| self.number(&format!("{name}.context_length")));
        found.metadata.base_models = (0..self.bases()).filter_map(|index| self.base(index)).collect();
        self.claims(found);
        for (key, value) in self.values.iter().filter(|(key, _)| !has_its_own_field(key)) {
            match value {
                Value::Text(text) | Value::Other(text) => found.keep(key, text),
                Value::Number(number) => found.keep(key, &number.to_string()),
                Value::Array => {}
            }
        }
    }

    fn role(&self) -> Role {
        match self.text("general.type") {
            Some("adapter") => Role::Adapter,
            Some("dataset" | "imatrix") => Role::Data,
            None if self.text("adapter.type").is_some() => Role::Adapter,
            _ => Role::Weights,
        }
    }

    fn quantization(&self) -> Option<&'static str> {
        let declared = self.number("general.file_type").and_then(file_type);
        declared.or_else(|| {
            let (kind, _) = self.by_type.iter().max_by_key(|(_, elements)| **elements)?;
            tensor_type(*kind).map(|known| known.name)
        })
    }

    fn bases(&self) -> u32 {
        let count = self.number("general.base_model.count").unwrap_or(0);
        u32::try_from(count).unwrap_or(BASES).min(BASES)
    }

    /// The repository where it is named, else organisation and name, else the name.
    fn base(&self, index: u32) -> Option<String> {
        let key = |leaf: &str| format!("general.base_model.{index}.{leaf}");
        if let Some(url) = self.text(&key("repo_url")) {
            return Some(repository(url).unwrap_or(url).to_owned());
        }
        let name = self.text(&key("name"))?;
        Some(match self.text(&key("organization")) {
            Some(organization) => format!("{organization}/{name}"),
            None => name.to_owned(),
        })
    }

    fn claims(&self, found: &mut Identified) {
        for (key, value) in &self.values {
            let Value::Text(value) = value else { continue };
            let evidence = format!("GGUF key {key}");
            match key.as_str() {
                "general.license" | "general.license.name" | "general.license.link" => {
                    found.claim_license(value, evidence);
                }
                // What it was converted or made from is its lineage, and no place this file came from.
                "general.url" | "general.repo_url" => found.claim_origin(value, evidence),
                "general.source.huggingface.repository" => {
                    found.claim_origin(&hub_address(value), evidence);
                }
                _ => {}
            }
        }
    }
}

/// Whether the value is already told in a field of the metadata.
fn has_its_own_field(key: &str) -> bool {
    matches!(key, "general.architecture" | "general.name")
        || key.starts_with("general.base_model.")
        || key.ends_with(".context_length")
}

/// The address of a repository that is named without one.
fn hub_address(repository: &str) -> String {
    if repository.contains("://") {
        repository.to_owned()
    } else {
        format!("https://huggingface.co/{repository}")
    }
}

/// `org/name` out of a URL whose path is exactly that.
fn repository(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    let path = path.trim_end_matches('/');
    (path.split('/').filter(|part| !part.is_empty()).count() == 2 && !path.contains(['?', '#']))
        .then_some(path)
}
