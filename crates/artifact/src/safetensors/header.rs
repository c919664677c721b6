//! The JSON header of safetensors, streamed: what it adds up to, and its `__metadata__`.

use std::{collections::BTreeMap, fmt, io::Read};

use domain::Role;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};

use super::strict::Strict;
use crate::{Identified, Sureness, reader::cut};

/// Entries of `__metadata__` that are kept.
const KEPT: usize = 256;
/// Types of tensors that are told apart; there are about twenty.
const TYPES: usize = 64;

/// What a header adds up to.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) tensors: u64,
    /// The sum of the products of the shapes; `None` after an overflow.
    parameters: u64,
    overflow: bool,
    /// The end of the last tensor, counted from the end of the header.
    pub(super) data_end: u64,
    adapter_tensors: u64,
    /// How weights are packed, by the names of the tensors that it takes.
    packing: Packing,
    types: BTreeMap<String, u64>,
    /// Whether there was a `__metadata__` of the right shape.
    pub(super) metadata: bool,
    entries: BTreeMap<String, String>,
    /// The first thing that the library would refuse.
    pub(super) problem: Option<&'static str>,
    /// What an inspection gathers on the way.
    pub(super) strict: Option<Strict>,
}

impl Header {
    /// Reads one JSON object and what may follow it: spaces only.
    pub(super) fn read<R: Read>(&mut self, source: R) -> serde_json::Result<()> {
        let mut json = serde_json::Deserializer::from_reader(source);
        (&mut json).deserialize_map(Top(self))?;
        json.end()
    }

    fn add(&mut self, name: &str, tensor: &Tensor) {
        self.tensors = self.tensors.saturating_add(1);
        if let Some(strict) = &mut self.strict {
            strict.tensor(name, &tensor.dtype, tensor.elements.0, tensor.data_offsets);
        }
        self.packing.see(name);
        if ["lora_", "lokr_", "hada_w"].iter().any(|mark| name.contains(mark)) {
            self.adapter_tensors = self.adapter_tensors.saturating_add(1);
        }
        match tensor.elements.0.and_then(|count| self.parameters.checked_add(count)) {
            Some(sum) => self.parameters = sum,
            None => {
                self.overflow = true;
                self.problem.get_or_insert("the shape of a tensor overflows when multiplied");
            }
        }
        if tensor.data_offsets[0] > tensor.data_offsets[1] {
            self.problem.get_or_insert("a tensor ends before it begins");
        }
        self.data_end = self.data_end.max(tensor.data_offsets[1]);
        if self.types.len() < TYPES || self.types.contains_key(&tensor.dtype) {
            let sum = self.types.entry(cut(&tensor.dtype)).or_default();
            *sum = sum.saturating_add(tensor.elements.0.unwrap_or(0).max(1));
        }
    }

    /// Writes everything known into the answer.
    pub(super) fn describe(&self, found: &mut Identified) {
        found.metadata.tensors = Some(self.tensors);
        let mlx = self.entries.get("format").is_some_and(|format| format == "mlx");
        let packing = self.packing.scheme(mlx);
        // Several weights share a number where they are packed, how many is said elsewhere.
        found.metadata.parameters = (!self.overflow && packing.is_none()).then_some(self.parameters);
        let commonest = self.types.iter().max_by_key(|(_, elements)| **elements);
        found.metadata.quantization =
            packing.map(str::to_owned).or_else(|| commonest.map(|(name, _)| name.clone()));
        if self.tensors == 0 {
            found.sure = Sureness::Probable;
            found.metadata.role = Some(Role::Data);
        } else if self.adapter_tensors.saturating_mul(2) >= self.tensors {
            found.metadata.role = Some(Role::Adapter);
        }
        for (key, value) in &self.entries {
            let evidence = format!("safetensors __metadata__ key {key}");
            match key.as_str() {
                "modelspec.title" => found.metadata.name = Some(value.clone()),
                "name" => found.metadata.name = found.metadata.name.take().or(Some(value.clone())),
                "modelspec.architecture" => found.metadata.architecture = Some(value.clone()),
                "base_model" | "ss_base_model" | "ss_sd_model_name" => {
                    found.metadata.base_models.push(value.clone());
                }
                "license" | "modelspec.license" => found.claim_license(value, evidence),
                "source" | "url" | "repo_url" | "modelspec.source" | "modelspec.website"
                | "modelspec.url" => {
                    found.claim_origin(value, evidence);
                }
                _ => {}
            }
            found.keep(key, value);
        }
    }
}

/// Tensors that only one way of packing weights has.
#[derive(Debug, Default)]
struct Packing {
    words: bool,
    groups: bool,
    zeros: bool,
    exllama: bool,
    trellis: bool,
    scales: bool,
    biases: bool,
    bits_and_bytes: Option<&'static str>,
}

impl Packing {
    fn see(&mut self, name: &str) {
        match name.rsplit('.').next().unwrap_or_default() {
            "qweight" => self.words = true,
            "g_idx" => self.groups = true,
            "qzeros" => self.zeros = true,
            "q_invperm" | "q_weight" => self.exllama = true,
            "trellis" => self.trellis = true,
            "scales" => self.scales = true,
            "biases" => self.biases = true,
            "bitsandbytes__nf4" => self.bits_and_bytes = Some("bitsandbytes NF4"),
            "bitsandbytes__fp4" => self.bits_and_bytes = Some("bitsandbytes FP4"),
            "SCB" => self.bits_and_bytes = Some("bitsandbytes INT8"),
            _ => {}
        }
    }

    /// The name of the way. That of int8 keeps a number for each weight, but counts its scales with them.
    fn scheme(&self, mlx: bool) -> Option<&'static str> {
        match self {
            Self { trellis: true, .. } => Some("EXL3"),
            Self { exllama: true, .. } => Some("EXL2"),
            Self { words: true, groups: true, .. } => Some("GPTQ"),
            Self { words: true, zeros: true, .. } => Some("AWQ"),
            Self { words: true, .. } => Some("GPTQ"),
            Self { scales: true, biases: true, .. } if mlx => Some("MLX"),
            Self { bits_and_bytes, .. } => *bits_and_bytes,
        }
    }
}

/// The header itself.
struct Top<'h>(&'h mut Header);

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if let Some(strict) = &mut self.0.strict {
                strict.name(&name);
            }
            if name == "__metadata__" {
                map.next_value_seed(Entries(&mut self.0.entries, &mut self.0.strict))?;
                self.0.metadata = true;
            } else {
                let tensor = map.next_value::<Tensor>()?;
                self.0.add(&name, &tensor);
            }
        }
        Ok(())
    }
}

/// One tensor: its type, shape and place.
#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    #[serde(rename = "shape")]
    elements: Elements,
    data_offsets: [u64; 2],
}

/// The product of a shape, without the shape.
struct Elements(Option<u64>);

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Product;
        impl<'de> Visitor<'de> for Product {
            type Value = Elements;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a shape")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut extents: A) -> Result<Elements, A::Error> {
                let mut product = Some(1u64);
                while let Some(extent) = extents.next_element::<u64>()? {
                    product = product.and_then(|sum| sum.checked_mul(extent));
                }
                Ok(Elements(product))
            }
        }
        deserializer.deserialize_seq(Product)
    }
}

/// `__metadata__`: texts, kept up to a number and cut to a length.
struct Entries<'h>(&'h mut BTreeMap<String, String>, &'h mut Option<Strict>);

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value::<String>().map_err(|_| A::Error::custom("metadata is text"))?;
            let key = cut(&key);
            if let (Some(strict), true) = (self.1.as_mut(), self.0.contains_key(&key)) {
                strict.twice(&key);
            }
            if self.0.len() < KEPT {
                self.0.insert(key, cut(&value));
            }
        }
        Ok(())
    }
}
