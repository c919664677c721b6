//! The globals that a pickle names, and what they say about its role.
//!
//! Only texts are followed through stack and memo, which is enough to hear what STACK_GLOBAL names in any pickle a
//! pickler wrote. A pickle that hides it is for the inspection to take apart, not for identification.

use std::collections::{BTreeMap, BTreeSet};

use domain::Role;

use super::walk::Listen;
use crate::{Identified, reader::cut};

/// Globals that are kept, texts in the memo that are followed, and the longest text that can be a name.
const KEPT: usize = 32;
const MEMO: usize = 4096;
const NAME: usize = 128;
/// Below this size an array is an index or a setting, not weights.
const WEIGHTS: u64 = 65_536;

/// Libraries whose objects are models, or are kept for the sake of one.
const MODEL_LIBRARIES: [&str; 48] = [
    "bitsandbytes",
    "catboost",
    "chainer",
    "detectron2",
    "diffusers",
    "fairseq",
    "fastai",
    "flax",
    "gensim",
    "hdbscan",
    "hmmlearn",
    "imblearn",
    "implicit",
    "jax",
    "jaxlib",
    "joblib",
    "keras",
    "lightgbm",
    "lightning",
    "lightning_fabric",
    "mmcv",
    "mmdet",
    "mmengine",
    "mxnet",
    "nemo",
    "onnx",
    "optimum",
    "paddle",
    "peft",
    "pmdarima",
    "prophet",
    "pyro",
    "pytorch_lightning",
    "sentence_transformers",
    "sklearn",
    "spacy",
    "speechbrain",
    "stable_baselines3",
    "statsmodels",
    "tensorflow",
    "thinc",
    "timm",
    "torch",
    "torch_geometric",
    "torchvision",
    "transformers",
    "ultralytics",
    "xgboost",
];

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Globals {
    seen: BTreeSet<String>,
    models: bool,
    arrays: bool,
    inline_arrays: bool,
    /// The last two values pushed, when they are names.
    last: [Option<String>; 2],
    memo: BTreeMap<u32, String>,
    puts: u32,
}

impl Globals {
    /// The memo does not outlive a pickle.
    pub(super) fn next_pickle(&mut self) {
        self.last = [None, None];
        self.memo.clear();
        self.puts = 0;
    }

    /// Weights when a model library is named, or when large arrays are; otherwise data.
    pub(super) fn role(&self, len: u64) -> Role {
        if self.models || (self.arrays && len > WEIGHTS) { Role::Weights } else { Role::Data }
    }

    /// Whether joblib wrote arrays as plain bytes between the opcodes, where a walk cannot follow.
    pub(super) fn has_inline_arrays(&self) -> bool {
        self.inline_arrays
    }

    /// Writes the globals into the answer.
    pub(super) fn note(&self, found: &mut Identified) {
        let list: Vec<&str> = self.seen.iter().map(String::as_str).collect();
        found.keep("pickle.globals", &list.join(" "));
    }

    fn name(&mut self, module: &str, name: &str) {
        let root = module.split('.').next().unwrap_or(module);
        self.models |= MODEL_LIBRARIES.binary_search(&root).is_ok();
        self.arrays |= root == "numpy" && matches!(name, "_reconstruct" | "scalar" | "_frombuffer");
        self.inline_arrays |= root == "joblib" && name == "NumpyArrayWrapper";
        if self.seen.len() < KEPT {
            self.seen.insert(cut(&format!("{module}.{name}")));
        }
    }

    fn push(&mut self, value: Option<String>) {
        let [_, last] = &mut self.last;
        let before = std::mem::replace(last, value);
        let [first, _] = &mut self.last;
        *first = before;
    }
}

impl Listen for Globals {
    const TEXT: u64 = NAME as u64;

    fn global(&mut self, module: &[u8], name: &[u8]) {
        self.name(&String::from_utf8_lossy(module), &String::from_utf8_lossy(name));
    }

    fn pushed(&mut self, text: Option<&[u8]>) {
        let text =
            text.filter(|text| text.len() <= NAME).map(|text| String::from_utf8_lossy(text).into_owned());
        self.push(text);
    }

    fn ran(&mut self, opcode: u8) {
        if opcode == 0x93
            && let [Some(module), Some(name)] = std::mem::take(&mut self.last)
        {
            self.name(&module, &name);
        }
        self.push(None);
    }

    fn put(&mut self, place: Option<u32>) {
        let place = place.unwrap_or(self.puts);
        self.puts = self.puts.saturating_add(1);
        let [_, top] = &self.last;
        match top {
            Some(text) if self.memo.len() < MEMO => {
                self.memo.insert(place, text.clone());
            }
            _ => {
                self.memo.remove(&place);
            }
        }
    }

    fn got(&mut self, place: u32) {
        let value = self.memo.get(&place).cloned();
        self.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_are_in_the_order_that_the_search_needs() {
        assert!(MODEL_LIBRARIES.is_sorted());
    }

    #[test]
    fn a_module_that_is_used_again_comes_from_the_memo() {
        let mut globals = Globals::default();
        globals.pushed(Some(b"torch"));
        globals.put(None);
        globals.pushed(Some(b"Size"));
        globals.put(None);
        globals.ran(0x93);
        globals.got(0);
        globals.pushed(Some(b"device"));
        globals.ran(0x93);
        assert_eq!(globals.seen.iter().collect::<Vec<_>>(), ["torch.Size", "torch.device"]);
        assert_eq!(globals.role(10), Role::Weights);
    }
}
