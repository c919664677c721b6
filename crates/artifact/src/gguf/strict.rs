//! All that a GGUF file says, held against itself and against what llama.cpp accepts: names, places, sizes, shards,
//! templates, what follows the end. It knows nothing of how a header is laid out.

use std::{collections::HashSet, io};

use sha2::{Digest, Sha256};

use super::{Value, tables::tensor_type};
use crate::{
    inspect::{Bytes, Look},
    reader::cut,
    rules::weights as rules,
    safetensors::trailing,
    texts::jinja::{self, Place},
};

/// Names that are told apart; more are more work than is done.
pub(super) const NAMES: usize = 1 << 20;
/// Templates of one file that are judged.
const TEMPLATES: usize = 64;
/// The longest name of a tensor, with its final zero, in llama.cpp; other runtimes take four times as much.
const NAME_LENGTH: (u64, u64) = (64, 256);

/// A text in the file that is a template.
#[derive(Debug)]
struct Template {
    key: String,
    at: u64,
    len: u64,
}

/// A tensor as its description has it.
#[derive(Debug)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) name_length: u64,
    /// Where its description begins.
    pub(super) at: u64,
    /// Its first extent, in which blocks are counted.
    pub(super) row: u64,
    pub(super) elements: u64,
    pub(super) kind: u32,
    /// Where its data begins behind the start of all data.
    pub(super) offset: u64,
}

/// What is gathered on the way through a header.
#[derive(Debug, Default)]
pub(super) struct Strict {
    keys: HashSet<[u8; 16]>,
    names: HashSet<[u8; 16]>,
    duplicates: Vec<(u64, String)>,
    templates: Vec<Template>,
    too_many_templates: bool,
    tensors: Vec<Tensor>,
    split: [Option<u64>; 3],
}

impl Strict {
    /// Takes in a key and its value; a text lies at `at` and has `len` bytes.
    pub(super) fn key(&mut self, key: &str, value: &Value, at: u64, len: u64) {
        if !self.keys.insert(print(key)) {
            self.duplicate(at, format!("the key `{}`", cut(key)));
        }
        if matches!(value, Value::Text(_)) && key.contains("template") {
            self.too_many_templates |= self.templates.len() >= TEMPLATES;
            if !self.too_many_templates {
                self.templates.push(Template { key: cut(key), at, len });
            }
        }
        if let Value::Number(number) = value {
            let [no, count, tensors] = &mut self.split;
            match key {
                "split.no" => *no = Some(*number),
                "split.count" => *count = Some(*number),
                "split.tensors.count" => *tensors = Some(*number),
                _ => {}
            }
        }
    }

    /// Takes in a tensor.
    pub(super) fn tensor(&mut self, tensor: Tensor) {
        if !self.names.insert(print(&tensor.name)) {
            self.duplicate(tensor.at, format!("the tensor `{}`", cut(&tensor.name)));
        }
        self.tensors.push(tensor);
    }

    fn duplicate(&mut self, at: u64, what: String) {
        if self.duplicates.len() < 64 {
            self.duplicates.push((at, what));
        }
    }

    /// Whether there are more names than are told apart.
    pub(super) fn is_full(&self) -> bool {
        self.keys.len() >= NAMES || self.names.len() >= NAMES
    }

    /// Judges everything that was taken in, even when the header could not be read to its end.
    pub(super) fn judge(&self, bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
        for (at, what) in &self.duplicates {
            look.say(&rules::GGUF_DUPLICATE, *at, what, format!("{what} stands twice"));
        }
        self.split(look);
        if self.too_many_templates {
            let message = format!("there are more than {TEMPLATES} templates");
            look.say(&crate::rules::TOO_MUCH_WORK, None, "templates", message);
        }
        for template in &self.templates {
            let Some(span) = bytes.span(template.at, template.len) else { continue };
            let Some(text) = span.whole(look.limits.text)? else { continue };
            let place = Place { key: &template.key, offset: Some(template.at) };
            jinja::judge(&String::from_utf8_lossy(&text), place, look);
        }
        Ok(())
    }

    fn split(&self, look: &mut Look<'_>) {
        let [no, count, tensors] = self.split;
        let outside = matches!((no, count), (Some(no), Some(count)) if no >= count.max(1));
        if outside || count.is_some_and(|count| count > 10_000) {
            let message = format!("it says that it is shard {} of {}", no.unwrap_or(0), count.unwrap_or(0));
            look.say(&rules::GGUF_SPLIT, None, "split.count", message);
        }
        let own = self.tensors.len() as u64;
        if tensors.is_some_and(|tensors| tensors < own) {
            let message =
                format!("it has {own} tensors and says that all shards have {}", tensors.unwrap_or(0));
            look.say(&rules::GGUF_SPLIT, None, "split.tensors.count", message);
        }
    }

    /// Judges the tensors of a whole header, which ends at `header_end`; answers where the data ends.
    pub(super) fn places(
        &mut self,
        bytes: &Bytes<'_>,
        header_end: u64,
        alignment: u64,
        look: &mut Look<'_>,
    ) -> Option<u64> {
        let start = header_end.checked_next_multiple_of(alignment)?;
        self.tensors.sort_by_key(|tensor| tensor.offset);
        let mut end = 0u64;
        let mut known = true;
        for tensor in &self.tensors {
            tensor.check_name(look);
            let Some(kind) = tensor_type(tensor.kind) else {
                let message =
                    format!("the tensor `{}` has the unknown type {}", cut(&tensor.name), tensor.kind);
                look.say(&rules::GGUF_TENSOR_TYPE, tensor.at, &tensor.kind.to_string(), message);
                known = false;
                continue;
            };
            if !tensor.row.is_multiple_of(kind.block()) {
                let message = format!("rows of {} do not fill the blocks of {}", tensor.row, kind.name);
                look.say(&rules::GGUF_BLOCKS, tensor.at, kind.name, message);
            }
            if !tensor.offset.is_multiple_of(alignment) {
                let message =
                    format!("the tensor `{}` lies at {}, not aligned", cut(&tensor.name), tensor.offset);
                look.say(&rules::GGUF_TENSOR_OFFSET, tensor.at, "alignment", message);
            }
            let size = kind.bytes(tensor.elements);
            if known && size > 0 {
                self.check_neighbour(tensor, end, alignment, look);
            }
            end = end.max(tensor.offset.saturating_add(size));
        }
        let end = start.checked_add(end).filter(|_| known)?;
        if look.depth() == 0 && end > start && end <= bytes.len() {
            look.weights.push(start..end);
        }
        Some(end)
    }

    fn check_neighbour(&self, tensor: &Tensor, end: u64, alignment: u64, look: &mut Look<'_>) {
        if tensor.offset < end {
            let message = format!("the tensor `{}` lies where another one ends", cut(&tensor.name));
            look.say(&rules::GGUF_OVERLAP, tensor.at, "", message);
        } else if end.checked_next_multiple_of(alignment).is_some_and(|next| tensor.offset > next) {
            let gap = tensor.offset.saturating_sub(end);
            look.say(
                &rules::GGUF_GAP,
                tensor.at,
                "",
                format!("{gap} bytes before `{}` belong to no tensor", cut(&tensor.name)),
            );
        }
    }
}

impl Tensor {
    fn check_name(&self, look: &mut Look<'_>) {
        let (limit, others) = NAME_LENGTH;
        if self.name_length >= others {
            let message = format!("the name of a tensor has {} bytes", self.name_length);
            look.say(&rules::GGUF_NAME_OVERFLOW, self.at, "", message);
        } else if self.name_length >= limit {
            let message =
                format!("the name of a tensor has {} bytes; loaders take {limit} at most", self.name_length);
            look.say(&rules::GGUF_NAME_LENGTH, self.at, "", message);
        }
    }
}

/// Looks at what follows the end of the data, which writers pad to the alignment.
pub(super) fn after(bytes: &Bytes<'_>, end: u64, alignment: u64, look: &mut Look<'_>) -> io::Result<()> {
    let padded = end.checked_next_multiple_of(alignment).unwrap_or(end);
    trailing::judge(bytes, end, padded, &rules::GGUF_TRAILING, look)
}

/// What stands for a name: names are long, and there may be a million.
fn print(name: &str) -> [u8; 16] {
    let digest = Sha256::digest(name.as_bytes());
    digest.first_chunk().copied().unwrap_or_default()
}
