//! ONNX: a protocol buffer without a magic number, told by the fields of its outermost message and of its graph.
//!
//! Source: `onnx/onnx.proto` (`ModelProto`, `GraphProto`). Field order is free, so fields are walked over, never assumed.

mod operators;
mod tensors;
mod walk;

use std::io::{self, Read, Seek};

use domain::Role;

use self::walk::{Inspector, WEIGHTS};
pub(crate) use self::{
    operators::{Needs, needs},
    walk::inspect,
};
use crate::{
    Format, Identified, Sureness, prototext,
    reader::{Bounded, Fault},
};

/// Fields of the outermost message that are walked over; a model has about ten, and one per metadata entry.
const FIELDS: u32 = 4096;
/// Fields of the graph that must look right.
const GRAPH_FIELDS: u32 = 4;
/// Names of producers and operator sets are short.
const NAME: u64 = 1024;

const BYTES: u64 = 2;

/// The wire type that a field of `ModelProto` must have; `None` for a field we do not know.
const fn wire_type(field: u64) -> Option<u64> {
    match field {
        1 | 5 => Some(0),
        2..=4 | 6..=8 | 14 | 20 | 25 | 26 => Some(BYTES),
        _ => None,
    }
}

/// Whether a field of `GraphProto` has that number.
const fn in_graph(field: u64) -> bool {
    matches!(field, 1 | 2 | 5 | 10..=16)
}

/// What a model begins with as text.
const TEXT: [&str; 11] = [
    "ir_version",
    "producer_name",
    "producer_version",
    "domain",
    "model_version",
    "doc_string",
    "graph",
    "opset_import",
    "metadata_props",
    "training_info",
    "functions",
];

/// Whether the fields of the head, as far as they can be seen, could be those of a model.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    has_fields(head, len) || text(head).is_some()
}

/// The version and the producer of a model that is written as text; its graph must show, or an operator set.
fn text(head: &[u8]) -> Option<(u64, [String; 2])> {
    let fields = prototext::of_head(head, &TEXT)?;
    let version = prototext::all(&fields, "ir_version").next()?.text().parse().ok()?;
    let graphs = || prototext::all(&fields, "graph").flat_map(prototext::Value::fields);
    let is_graph =
        graphs().any(|field| matches!(field.name.as_str(), "node" | "name" | "initializer" | "input"));
    let is_model = is_graph || prototext::all(&fields, "opset_import").next().is_some();
    let of = |name| prototext::all(&fields, name).next().map(prototext::Value::text).unwrap_or_default();
    is_model.then(|| (version, [of("producer_name"), of("producer_version")]))
}

fn has_fields(head: &[u8], len: u64) -> bool {
    let mut at = 0usize;
    let mut known = false;
    while let Some(rest) = head.get(at..).filter(|rest| !rest.is_empty()) {
        let Some((key, used)) = varint(rest) else { return rest.len() < 10 };
        let (field, wire) = (key >> 3, key & 7);
        if field == 0 || wire_type(field).is_some_and(|needed| needed != wire) {
            return false;
        }
        let Some(rest) = rest.get(used..) else { return false };
        let size = match wire {
            0 => varint(rest).map(|(_, used)| used as u64),
            1 => Some(8),
            2 => varint(rest).and_then(|(size, used)| size.checked_add(used as u64)),
            5 => Some(4),
            _ => return false,
        };
        let Some(size) = size else { return rest.len() < 10 };
        known |= matches!(field, 1 | 7);
        let next = (at as u64).checked_add(used as u64).and_then(|next| next.checked_add(size));
        match next {
            Some(next) if next <= len => at = usize::try_from(next).unwrap_or(usize::MAX),
            // A model that was cut off ends inside one of its fields, mostly the graph.
            _ => return known,
        }
    }
    at > 0
}

fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        let shift = u32::try_from(index).ok()?.checked_mul(7)?;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if *byte < 0x80 {
            return Some((value, index.checked_add(1)?));
        }
    }
    None
}

/// What the fields add up to.
#[derive(Debug, Default)]
struct Seen {
    version: Option<u64>,
    graph: bool,
    producer: [String; 2],
    name: String,
    opsets: Vec<String>,
}

/// Identifies a model that has a version and a graph with the fields of one.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    if let Some((version, [producer, producer_version])) = text(head) {
        let reason = format!("text form of a protocol buffer with IR version {version} and a graph");
        let mut found = Identified::new(Format::Onnx, Sureness::Probable, Role::Weights, reason);
        found.keep("producer_name", &producer);
        found.keep("producer_version", &producer_version);
        return Ok(Some(found));
    }
    if !has_fields(head, len) {
        return Ok(None);
    }
    let mut seen = Seen::default();
    let outcome = seen.model(&mut Bounded::new(reader, len), len);
    let truncated = match outcome {
        Ok(true) => false,
        Ok(false) => return Ok(None),
        Err(Fault::Io(error)) => return Err(error),
        Err(_) => true,
    };
    let Some(version) = seen.version.filter(|_| seen.graph) else { return Ok(None) };
    let sure = if truncated { Sureness::Probable } else { Sureness::Certain };
    let reason = format!("protocol buffer with IR version {version} and a graph");
    let mut found = Identified::new(Format::Onnx, sure, Role::Weights, reason);
    let [producer, producer_version] = &seen.producer;
    found.keep("producer_name", producer);
    found.keep("producer_version", producer_version);
    found.keep("opset_import", &seen.opsets.join(", "));
    found.metadata.name = Some(seen.name).filter(|name| !name.is_empty());
    let outcome = if truncated { Err(Fault::End(len)) } else { Ok(()) };
    found.settle(outcome, "onnx-truncated")?;
    Ok(Some(found))
}

impl Seen {
    /// Walks over the outermost fields. False when one of them is not that of a model.
    fn model<R: Read + Seek>(&mut self, reader: &mut Bounded<'_, R>, len: u64) -> Result<bool, Fault> {
        for _ in 0..FIELDS {
            if reader.offset() >= len {
                return Ok(true);
            }
            let key = reader.varint()?;
            let (field, wire) = (key >> 3, key & 7);
            if field == 0 || wire_type(field).is_some_and(|needed| needed != wire) {
                return Ok(false);
            }
            let fits = match wire {
                0 => self.number(field, reader.varint()?),
                1 => reader.skip(8).map(|()| true)?,
                2 => self.payload(field, reader)?,
                5 => reader.skip(4).map(|()| true)?,
                _ => false,
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(self.graph)
    }

    fn number(&mut self, field: u64, value: u64) -> bool {
        if field == 1 {
            self.version = Some(value);
        }
        field != 1 || (1..=64).contains(&value)
    }

    fn payload<R: Read + Seek>(&mut self, field: u64, reader: &mut Bounded<'_, R>) -> Result<bool, Fault> {
        let size = reader.varint()?;
        let start = reader.offset();
        let end = start.checked_add(size).ok_or(Fault::End(start))?;
        let fits = match field {
            2 | 3 => {
                let bytes = reader.field(size, usize::try_from(NAME).unwrap_or(0))?;
                let text = String::from_utf8(bytes)
                    .ok()
                    .filter(|text| !text.chars().any(|c| c.is_control() && !c.is_whitespace()));
                let fits = text.is_some() && size <= NAME;
                if let Some(slot) = self.producer.get_mut(usize::from(field == 3)) {
                    *slot = text.unwrap_or_default();
                }
                fits
            }
            7 => {
                self.graph = self.graph(reader, end)?;
                self.graph
            }
            8 => size <= NAME && self.opset(reader, end)?,
            _ => true,
        };
        if fits {
            reader.seek(end)?;
        }
        Ok(fits)
    }

    /// Whether the first fields of the graph are fields of a graph. A graph that is cut off may still be one.
    fn graph<R: Read + Seek>(&mut self, reader: &mut Bounded<'_, R>, end: u64) -> Result<bool, Fault> {
        let mut fields = 0u32;
        while fields < GRAPH_FIELDS && reader.offset() < end && reader.remaining() > 0 {
            let key = reader.varint()?;
            if key & 7 != BYTES || !in_graph(key >> 3) {
                return Ok(false);
            }
            let size = reader.varint()?;
            let next = reader.offset().checked_add(size).filter(|next| *next <= end);
            let Some(next) = next else { return Ok(false) };
            self.graph = true;
            if key >> 3 == 2 {
                self.name = reader.text(size)?;
            }
            reader.seek(next)?;
            fields = fields.saturating_add(1);
        }
        Ok(fields > 0)
    }

    /// An operator set: a domain and a version.
    fn opset<R: Read + Seek>(&mut self, reader: &mut Bounded<'_, R>, end: u64) -> Result<bool, Fault> {
        let (mut domain, mut version) = (String::new(), 0);
        while reader.offset() < end {
            match reader.varint()? {
                0x0a => {
                    let size = reader.varint()?;
                    domain = reader.text(size)?;
                }
                0x10 => version = reader.varint()?,
                _ => return Ok(false),
            }
        }
        if self.opsets.len() < 16 {
            let domain = if domain.is_empty() { "ai.onnx" } else { &domain };
            self.opsets.push(format!("{domain} {version}"));
        }
        Ok(reader.offset() == end)
    }
}
