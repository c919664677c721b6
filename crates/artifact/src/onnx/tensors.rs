//! Tensors of ONNX: how many weights they hold, and where those that lie in other files are said to lie.
//!
//! Sources: `onnx/onnx.proto` (`TensorProto`), `onnx/external_data_helper.py` (each key becomes an attribute of an object).

use std::io::{Read, Seek};

use super::Inspector;
use crate::{
    protobuf::{Field, Span, Value},
    reader::Fault,
    references::leads_away,
    rules::graphs as say,
};

/// What is read of one tensor.
#[derive(Debug, Default)]
struct Tensor {
    /// The number of elements; none when it overflows or an extent is negative.
    elements: Option<u64>,
    scalar: bool,
    kind: u64,
    name: String,
    raw: Option<Span>,
    entries: Vec<(String, String)>,
    external: bool,
}

/// Names of the types, and the bits of an element, by number.
pub(super) const fn element(kind: u64) -> (&'static str, u64) {
    match kind {
        1 => ("float32", 32),
        2 => ("uint8", 8),
        3 => ("int8", 8),
        4 => ("uint16", 16),
        5 => ("int16", 16),
        6 => ("int32", 32),
        7 => ("int64", 64),
        8 => ("string", 0),
        9 => ("bool", 8),
        10 => ("float16", 16),
        11 => ("float64", 64),
        12 => ("uint32", 32),
        13 => ("uint64", 64),
        14 => ("complex64", 64),
        15 => ("complex128", 128),
        16 => ("bfloat16", 16),
        17 => ("float8e4m3fn", 8),
        18 => ("float8e4m3fnuz", 8),
        19 => ("float8e5m2", 8),
        20 => ("float8e5m2fnuz", 8),
        21 => ("uint4", 4),
        22 => ("int4", 4),
        23 => ("float4e2m1", 4),
        24 => ("float8e8m0", 8),
        25 => ("uint2", 2),
        26 => ("int2", 2),
        _ => ("unknown", 0),
    }
}

impl<R: Read + Seek> Inspector<'_, '_, '_, R> {
    /// Reads a tensor; `weight` is true for the initializers of a graph.
    pub(super) fn tensor(&mut self, mut message: Span, weight: bool) -> Result<(), Fault> {
        let at = message.at;
        let mut tensor = Tensor { elements: Some(1), scalar: true, ..Tensor::default() };
        while let Some(field) = self.wire.next(&mut message)? {
            self.tensor_field(&mut tensor, field)?;
        }
        if tensor.external || !tensor.entries.is_empty() {
            self.external(&tensor, at);
        } else {
            self.inline(&tensor, at);
        }
        if weight {
            self.count(&tensor);
        }
        Ok(())
    }

    fn tensor_field(&mut self, tensor: &mut Tensor, field: Field) -> Result<(), Fault> {
        match (field.number, field.value) {
            (1, _) => {
                let elements = &mut tensor.elements;
                // An extent below zero, as a 64-bit number, is larger than any tensor.
                self.wire.numbers(field, |extent| {
                    let extent = i64::try_from(extent).ok().and_then(|extent| u64::try_from(extent).ok());
                    *elements = elements.zip(extent).and_then(|(all, extent)| all.checked_mul(extent));
                })?;
                tensor.scalar = false;
            }
            (2, Value::Number(kind)) => tensor.kind = kind,
            (8, Value::Payload(span)) => tensor.name = self.wire.text(span)?,
            (9, Value::Payload(span)) => tensor.raw = Some(span),
            (13, Value::Payload(span)) => {
                let (key, value) = self.wire.entry(span, 4096)?;
                if tensor.entries.len() < 64 {
                    tensor.entries.push((key, String::from_utf8_lossy(&value).into_owned()));
                }
            }
            (14, Value::Number(place)) => tensor.external = place == 1,
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, tensor: &Tensor) {
        self.found.tensors = self.found.tensors.saturating_add(1);
        self.found.parameters =
            self.found.parameters.zip(tensor.elements).and_then(|(sum, more)| sum.checked_add(more));
        let of_kind = self.found.kinds.entry(tensor.kind).or_default();
        *of_kind = of_kind.saturating_add(tensor.elements.unwrap_or(0));
        if let Some(raw) = tensor.raw.filter(|raw| raw.len() > 0)
            && self.found.weights.len() < super::WEIGHTS
        {
            self.found.weights.push((tensor.name.clone(), raw.at..raw.end));
        }
    }

    /// The bytes that the shape asks for.
    fn needed(tensor: &Tensor) -> Option<u64> {
        let (_, bits) = element(tensor.kind);
        let bits = tensor.elements?.checked_mul(bits).filter(|_| bits > 0)?;
        Some(bits.div_ceil(8))
    }

    fn inline(&mut self, tensor: &Tensor, at: u64) {
        if tensor.elements.is_none() {
            let message = format!("the extents of tensor `{}` are below zero or overflow", tensor.name);
            self.look.say(&say::TENSOR_SIZE, at, &tensor.name, message);
        } else if let (Some(raw), Some(needed)) = (tensor.raw, Self::needed(tensor))
            && raw.len() != needed
        {
            let message =
                format!("tensor `{}` holds {} bytes, its shape asks for {needed}", tensor.name, raw.len());
            self.look.say(&say::TENSOR_SIZE, at, &tensor.name, message);
        }
    }

    fn external(&mut self, tensor: &Tensor, at: u64) {
        self.part(tensor);
        for (key, value) in &tensor.entries {
            match key.as_str() {
                "location" => self.location(tensor, value, at),
                "offset" | "length" => self.range(tensor, key, value, at),
                "checksum" => {}
                _ if key.starts_with("prepacked_") => {}
                _ if key.starts_with('_') || key == "basepath" => {
                    let message = format!(
                        "external data of `{}` sets the attribute `{key}` of the loader's object",
                        tensor.name
                    );
                    self.look.say(&say::EXTERNAL_KEY, at, key, message);
                }
                _ => {
                    let message = format!(
                        "external data of `{}` has the key `{key}`, which the format does not have",
                        tensor.name
                    );
                    self.look.say(&say::EXTERNAL_KEY_UNKNOWN, at, key, message);
                }
            }
        }
    }

    /// The file that holds the weights, and how far they reach in it.
    fn part(&mut self, tensor: &Tensor) {
        let of =
            |key: &str| tensor.entries.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value);
        let number = |key| of(key).and_then(|value| value.trim().parse::<u64>().ok());
        let length = number("length").or_else(|| Self::needed(tensor)).unwrap_or(0);
        let least = number("offset").unwrap_or(0).saturating_add(length);
        if let Some(place) = of("location").filter(|place| leads_away(place).is_none()) {
            self.look.name_part(place, least);
        }
    }

    fn location(&mut self, tensor: &Tensor, place: &str, at: u64) {
        if let Some(fault) = leads_away(place) {
            let message = format!("the weights of `{}` are to be read from `{place}`: {fault}", tensor.name);
            self.look.say(&say::EXTERNAL_PATH, at, place, message);
        } else if self.found.files.len() < 64 {
            self.found.files.insert(place.to_owned());
        }
    }

    fn range(&mut self, tensor: &Tensor, key: &str, value: &str, at: u64) {
        let number = value.trim().parse::<u64>().ok().filter(|number| *number < 1 << 62);
        let message = match number {
            None => {
                format!("the {key} of `{}` in its file is `{value}`, which is no such number", tensor.name)
            }
            Some(length) if key == "length" && Self::needed(tensor).is_some_and(|needed| length < needed) => {
                let needed = Self::needed(tensor).unwrap_or(0);
                format!(
                    "`{}` is said to have {length} bytes in its file, its shape asks for {needed}",
                    tensor.name
                )
            }
            Some(_) => return,
        };
        self.look.say(&say::EXTERNAL_RANGE, at, &tensor.name, message);
    }
}
