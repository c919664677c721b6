//! The places of all tensors of a safetensors file, held against each other and against the file, as its library does.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use crate::{inspect::Look, reader::cut, rules::weights as rules};

/// Names and sizes that are wrong and told; more are as bad as these.
const TOLD: usize = 64;

/// Where a tensor says that it lies, behind the header.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    begin: u64,
    end: u64,
}

/// What is gathered on the way through a header.
#[derive(Debug, Default)]
pub(super) struct Strict {
    names: HashSet<[u8; 16]>,
    places: Vec<Place>,
    twice: Vec<String>,
    wrong_size: Vec<String>,
    unknown_types: Vec<(String, String)>,
}

impl Strict {
    /// Takes in a name of the header or of its metadata.
    pub(super) fn name(&mut self, name: &str) {
        let digest = Sha256::digest(name.as_bytes());
        if !self.names.insert(digest.first_chunk().copied().unwrap_or_default()) {
            self.twice(name);
        }
    }

    /// Keeps a name that stands twice.
    pub(super) fn twice(&mut self, name: &str) {
        tell(&mut self.twice, cut(name));
    }

    /// Takes in the type, number of elements and place of a tensor.
    pub(super) fn tensor(&mut self, name: &str, dtype: &str, elements: Option<u64>, [begin, end]: [u64; 2]) {
        match bits(dtype) {
            None => tell(&mut self.unknown_types, (cut(name), cut(dtype))),
            Some(bits) => {
                let size = elements.and_then(|elements| elements.checked_mul(bits));
                let fits = size.is_some_and(|size| {
                    size.is_multiple_of(8) && end.checked_sub(begin) == Some(size.div_euclid(8))
                });
                if !fits {
                    tell(&mut self.wrong_size, cut(name));
                }
            }
        }
        self.places.push(Place { begin, end });
    }

    /// Says what is wrong with names and sizes.
    pub(super) fn judge(&self, look: &mut Look<'_>) {
        for name in &self.twice {
            look.say(
                &rules::SAFETENSORS_DUPLICATE,
                None,
                name,
                format!("`{name}` stands twice in the header"),
            );
        }
        for name in &self.wrong_size {
            let message = format!("the place of `{name}` does not fit its shape and type");
            look.say(&rules::SAFETENSORS_SIZE, None, name, message);
        }
        for (name, dtype) in &self.unknown_types {
            let message = format!("the type `{dtype}` of `{name}` is not known");
            look.say(&rules::SAFETENSORS_DTYPE, None, dtype, message);
        }
    }

    /// Says which places overlap or leave gaps; `start` is where the data begins in the file.
    pub(super) fn places(&mut self, start: u64, look: &mut Look<'_>) {
        self.places.sort_unstable();
        let mut end = 0u64;
        for place in &self.places {
            let at = start.saturating_add(place.begin);
            if place.begin < end && place.end > place.begin {
                look.say(
                    &rules::SAFETENSORS_OVERLAP,
                    at,
                    "",
                    format!(
                        "a tensor begins {} bytes before another one ends",
                        end.saturating_sub(place.begin)
                    ),
                );
            } else if place.begin > end {
                let gap = place.begin.saturating_sub(end);
                look.say(
                    &rules::SAFETENSORS_GAP,
                    at,
                    "",
                    format!("{gap} bytes before a tensor belong to none"),
                );
            }
            end = end.max(place.end);
        }
    }
}

fn tell<T>(list: &mut Vec<T>, item: T) {
    if list.len() < TOLD {
        list.push(item);
    }
}

/// The bits of an element of a type.
///
/// Source: the `safetensors` library, `Dtype`.
fn bits(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" | "F8_E5M2" | "F8_E4M3" | "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" => 8,
        "I16" | "U16" | "F16" | "BF16" => 16,
        "I32" | "U32" | "F32" => 32,
        "I64" | "U64" | "F64" | "C64" => 64,
        "C128" => 128,
        _ => return None,
    })
}
