//! Model cards that lie beside files outside of any store.
//!
//! A card speaks for its model only: in a folder where several models lie, nobody knows which one it is about.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use artifact::Format;
use catalog::Catalog;
use domain::{HostPath, Role};

use super::{Holding, Holdings, license::license_of_store};
use crate::{
    files::plain_error,
    stores::{LicenseText, Problem, card},
};

/// Longer model cards are not read; front matter stands at the start.
const CARD_LIMIT: usize = 4 << 20;
/// What stands in the folder of a model whose parts have names that do not tell the model.
const CONFIGURATIONS: [&str; 3] = ["config.json", "adapter_config.json", "model_index.json"];
/// Formats that need no configuration beside them, so that one says nothing of them.
const SELF_CONTAINED: [Format; 3] = [Format::Gguf, Format::Ggml, Format::Llamafile];
/// How the file of a projector begins, which goes with a model of another name.
const PROJECTOR: &str = "mmproj";
/// What makers of quantisations write before the quantisation.
const METHODS: [&str; 4] = ["-ud", "-i1", "-imat", "-imatrix"];

impl Holdings {
    /// Model cards beside files whose licence is not known yet. Gives the cards that could not be read.
    pub fn read_cards(&mut self, catalog: &Catalog) -> Vec<Problem> {
        let mut folders: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for (at, holding) in self.list.iter().enumerate() {
            if let Some(folder) = holding.real.parent() {
                folders.entry(folder.to_path_buf()).or_default().push(at);
            }
        }
        let mut problems = Vec::new();
        for (folder, members) in folders {
            let holdings: Vec<_> = members.iter().filter_map(|at| self.list.get(*at)).collect();
            let wanted = holdings.iter().any(|holding| holding.artifact.license.is_none());
            if !wanted || !is_one_model(&folder, &holdings) {
                continue;
            }
            if let Some(card) = Beside::read(&folder, &mut problems) {
                for at in members {
                    self.list.get_mut(at).into_iter().for_each(|holding| card.describe(catalog, holding));
                }
            }
        }
        problems
    }
}

/// A card, and the text of the licence beside it.
struct Beside {
    path: PathBuf,
    card: card::Card,
    text: Option<LicenseText>,
}

impl Beside {
    fn read(folder: &Path, problems: &mut Vec<Problem>) -> Option<Self> {
        let path = folder.join("README.md");
        let content = whole(&path, CARD_LIMIT, problems)?;
        let (card, problem) = card::read(&content);
        problems.extend(problem.map(|error| Problem { path: path.clone(), error }));
        let text = card.license_files().find_map(|name| {
            let content = whole(&folder.join(name), card::LICENSE_TEXT, problems)?;
            Some(LicenseText { name: name.to_owned(), text: String::from_utf8_lossy(&content).into() })
        });
        Some(Self { path, card, text })
    }

    fn describe(&self, catalog: &Catalog, holding: &mut Holding) {
        let artifact = &mut holding.artifact;
        if artifact.license.is_some() {
            return;
        }
        let claim =
            self.card.license_claim(&HostPath::from(self.path.as_path()).to_string(), self.text.clone());
        artifact.license = claim.map(|claim| license_of_store(catalog, &claim));
        if artifact.metadata.base_models.is_empty() {
            artifact.metadata.base_models.clone_from(&self.card.base_models);
        }
    }
}

/// A file, if it is there; that it cannot be read is a problem.
fn whole(path: &Path, limit: usize, problems: &mut Vec<Problem>) -> Option<Vec<u8>> {
    match platform::read::whole(path, limit) {
        Ok(content) => Some(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            problems.push(Problem { path: path.to_path_buf(), error: plain_error(&error) });
            None
        }
    }
}

/// Whether the weights in a folder are those of one model: its shards, its quantisations, the parts of one snapshot.
fn is_one_model(folder: &Path, holdings: &[&Holding]) -> bool {
    let is_weights = |holding: &Holding| {
        matches!(holding.artifact.metadata.role, Some(Role::Weights | Role::Adapter))
            && !name(holding).starts_with(PROJECTOR)
    };
    let weights: Vec<_> = holdings.iter().filter(|holding| is_weights(holding)).collect();
    let counted = if weights.is_empty() { holdings.iter().collect() } else { weights };
    let configured = CONFIGURATIONS.iter().any(|name| platform::read::kind(&folder.join(name)).is_ok());
    let models: BTreeSet<String> = counted
        .into_iter()
        .map(|holding| {
            let own = SELF_CONTAINED.iter().any(|format| format.as_str() == holding.artifact.format);
            if configured && !own { String::new() } else { model_name(&name(holding)) }
        })
        .collect();
    models.len() <= 1
}

fn name(holding: &Holding) -> String {
    holding.real.file_name().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The name of a file without extension, number of the shard and quantisation.
fn model_name(file: &str) -> String {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let stem = without_shard(stem);
    let separators = stem.match_indices(['-', '_', '.']).map(|(at, _)| at);
    let base = separators
        .filter_map(|at| Some((stem.get(..at)?, stem.get(at + 1..)?)))
        .find(|(_, end)| is_quantization(end))
        .map_or(if is_quantization(stem) { "" } else { stem }, |(base, _)| base);
    METHODS.iter().fold(base, |base, method| base.strip_suffix(method).unwrap_or(base)).to_owned()
}

/// `model-00001-of-00003` without its end.
fn without_shard(stem: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let split = |text| str::rsplit_once(text, ['-', '_']).filter(|(_, number)| is_number(number));
    let base = split(stem).and_then(|(rest, _)| {
        let rest = rest.strip_suffix("-of").or_else(|| rest.strip_suffix("_of"))?;
        split(rest).map(|(base, _)| base)
    });
    base.unwrap_or(stem)
}

/// `q4_k_m`, `iq2_xxs`, `tq1_0`, `bf16`: the spellings of llama.cpp and of number types.
fn is_quantization(text: &str) -> bool {
    const TYPES: [&str; 9] = ["f16", "f32", "bf16", "fp16", "fp32", "fp8", "int8", "int4", "mxfp4"];
    let block = text.trim_start_matches(['i', 't']).strip_prefix('q').is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_digit())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    block || TYPES.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_and_quantisations_have_the_name_of_their_model() {
        let same = [
            "qwen2.5-7b-instruct-q4_k_m.gguf",
            "qwen2.5-7b-instruct.q8_0.gguf",
            "qwen2.5-7b-instruct-ud-iq2_xxs.gguf",
            "qwen2.5-7b-instruct-bf16-00001-of-00002.gguf",
            "qwen2.5-7b-instruct-fp16.safetensors",
            "qwen2.5-7b-instruct.gguf",
        ];
        for name in same {
            assert_eq!(model_name(name), "qwen2.5-7b-instruct", "{name}");
        }
        assert_eq!(model_name("model-00002-of-00005.safetensors"), "model");
        assert_eq!(model_name("q4_k_m.gguf"), "");
    }

    #[test]
    fn two_models_have_two_names() {
        assert_ne!(model_name("qwen2.5-7b-q4_k_m.gguf"), model_name("qwen2.5-14b-q4_k_m.gguf"));
        assert_ne!(model_name("llama-3-8b.gguf"), model_name("llama-3-8b-instruct.gguf"));
        assert_ne!(model_name("a-00001.gguf"), model_name("a-00002.gguf"));
    }
}
