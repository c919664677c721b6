//! The PyTorch checkpoint from before zip archives: five pickles, and the storages as plain bytes behind them.
//!
//! Source: PyTorch `torch/serialization.py`, `_legacy_save` and `_legacy_load`.

use std::collections::HashMap;

use super::{
    input::{Halt, Input},
    report::Report,
    values::{Group, Texts, Value},
};

/// Storages that are followed.
const STORAGES: usize = 1 << 18;

/// What a legacy checkpoint says of its storages.
#[derive(Debug, Default)]
pub(super) struct Storages {
    /// Bytes of an element, by the key of the storage.
    elements: HashMap<Box<str>, u64>,
    /// The keys in the order in which the storages follow, once they are listed.
    keys: Vec<Box<str>>,
    listing: bool,
    following: bool,
}

impl Storages {
    /// From here on storages that are referred to are remembered.
    pub(super) fn follow(&mut self) {
        self.following = true;
    }

    /// From here on texts are keys of storages.
    pub(super) fn list(&mut self) {
        self.listing = true;
    }

    #[inline]
    pub(super) fn text(&mut self, texts: &Texts<'_>, value: Value) {
        if self.listing
            && self.keys.len() < STORAGES
            && let Some(text) = texts.whole(value)
        {
            self.keys.push(text.into());
        }
    }

    /// Remembers the storage that a persistent id names: `('storage', class, key, place, count, view)`.
    pub(super) fn refer(&mut self, id: &Group, texts: &Texts<'_>, report: &Report<'_>) {
        if !self.following || self.elements.len() >= STORAGES {
            return;
        }
        let class = match id.get(1) {
            Value::Global(place) => report.seen(place).map(|seen| seen.path.as_str()),
            _ => None,
        };
        let size = class.and_then(|path| element_size(path.rsplit('.').next().unwrap_or(path)));
        if let (Some(key), Some(size)) = (texts.whole(id.get(2)), size) {
            self.elements.insert(key.into(), size);
        }
    }

    /// Moves past the storages; false when where they end cannot be told.
    pub(super) fn skip(&self, input: &mut Input<'_>) -> Result<bool, Halt> {
        for key in &self.keys {
            let count = u64::from_le_bytes(input.array()?);
            let Some(size) = self.elements.get(key).and_then(|size| size.checked_mul(count)) else {
                return Ok(false);
            };
            input.skip(size)?;
        }
        Ok(self.keys.len() < STORAGES)
    }
}

/// Bytes of an element of a class of storages.
fn element_size(class: &str) -> Option<u64> {
    Some(match class.strip_suffix("Storage")? {
        "ComplexDouble" => 16,
        "Double" | "Long" | "ComplexFloat" => 8,
        "Float" | "Int" | "QInt32" => 4,
        "Half" | "BFloat16" | "Short" => 2,
        "Byte" | "Char" | "Bool" | "QInt8" | "QUInt8" | "QUInt4x2" | "QUInt2x4" | "Untyped" => 1,
        _ => return None,
    })
}
