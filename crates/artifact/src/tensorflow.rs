//! TensorFlow: SavedModel, frozen graphs, the Keras metadata beside them, and the index of a checkpoint.
//!
//! Sources: `tensorflow/core/protobuf/saved_model.proto`, `meta_graph.proto`, `core/framework/graph.proto`, and
//! `core/util/tensor_bundle/tensor_bundle.h`, whose index is a table of LevelDB with a first key that no database has.

mod index;
mod operators;
mod walk;

use std::io::{self, Read, Seek};

use domain::Role;

pub(crate) use self::walk::{inspect, is_dangerous_flex};
use crate::{
    Format, Identified, Sureness,
    protobuf::{
        Field, Span,
        Value::{Number, Payload},
        Wire,
    },
    prototext::{self, Value},
    reader::Fault,
};

/// What the last eight bytes of a table are.
const TABLE: [u8; 8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/// The kinds of files that TensorFlow writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `saved_model.pb`.
    SavedModel,
    /// A graph with its weights in it.
    Graph,
    /// `keras_metadata.pb`.
    KerasMetadata,
    /// The index of a checkpoint.
    Index,
    /// `saved_model.pbtxt`.
    SavedModelText,
    /// A graph as text.
    GraphText,
}

/// What graphs and saved models begin with as text.
const TEXT: [&str; 5] = ["node", "library", "versions", "saved_model_schema_version", "meta_graphs"];
/// Fields of one message of the head that are looked at.
const FIELDS: u32 = 32;

/// Whether the head may be that of one of them.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    kind(head, len).is_some()
}

/// The kind that the head belongs to. Only the head is read, and every field in it must be whole or reach beyond it.
fn kind(head: &[u8], len: u64) -> Option<Kind> {
    match head {
        [0, 0, size @ 4..=64, 0x08, rest @ ..] if rest.len() > usize::from(*size) => {
            is_index(rest).then_some(Kind::Index)
        }
        [0x08 | 0x12, ..] if is_saved_model(head, len) => Some(Kind::SavedModel),
        [0x0a | 0x12 | 0x1a | 0x22, ..] if is_graph(head, len) => Some(Kind::Graph),
        [0x0a, ..] => is_keras_metadata(head).then_some(Kind::KerasMetadata),
        _ => kind_of_text(head),
    }
}

/// What a text is, by the fields that its head shows: a graph has a node with an operator that TensorFlow has.
fn kind_of_text(head: &[u8]) -> Option<Kind> {
    let fields = prototext::of_head(head, &TEXT)?;
    let is_node = |node: &Value| {
        prototext::all(node.fields(), "op").any(|operator| operators::is_known(&operator.text()))
    };
    let library = || prototext::all(&fields, "library").flat_map(Value::fields);
    let called = |field: &prototext::Field| prototext::all(field.value.fields(), "node_def").any(is_node);
    if prototext::all(&fields, "node").any(is_node) || library().any(called) {
        return Some(Kind::GraphText);
    }
    let of_model = |meta: &Value| {
        meta.fields().iter().any(|field| matches!(field.name.as_str(), "meta_info_def" | "graph_def"))
    };
    prototext::all(&fields, "meta_graphs").any(of_model).then_some(Kind::SavedModelText)
}

/// The header of a bundle: a number of shards, a byte order where it is not little, and a version.
fn is_index(rest: &[u8]) -> bool {
    let shards = rest.iter().position(|byte| *byte < 0x80).and_then(|end| rest.get(end.saturating_add(1)..));
    matches!(shards, Some([0x1a, 2, 0x08, 1, ..] | [0x10, 0 | 1, 0x1a, 2, 0x08, 1, ..]))
}

/// A walk over the head alone; it ends where the head does.
fn in_head<T>(
    head: &[u8],
    end: u64,
    walk: impl FnOnce(&mut Wire<'_, io::Cursor<&[u8]>>, Span) -> Result<T, Fault>,
) -> Option<T> {
    let mut cursor = io::Cursor::new(head);
    walk(&mut Wire::new(&mut cursor, end), Span { at: 0, end }).ok()
}

/// Whether one of the first fields is a meta graph. Writers choose the order.
fn is_saved_model(head: &[u8], len: u64) -> bool {
    let looks = in_head(head, len, |wire, mut model| {
        for _ in 0..FIELDS {
            match wire.next(&mut model)? {
                Some(Field { number: 1, value: Number(_), .. }) => {}
                Some(Field { number: 2, value: Payload(meta), .. }) => return is_meta_graph(wire, meta),
                _ => break,
            }
        }
        Ok(false)
    });
    looks == Some(true)
}

/// Whether a message has the description of a meta graph, or a graph.
fn is_meta_graph<R: Read + Seek>(wire: &mut Wire<'_, R>, mut meta: Span) -> Result<bool, Fault> {
    for _ in 0..FIELDS {
        let Some(Field { number: number @ 1..=7, value: Payload(span), .. }) = wire.next(&mut meta)? else {
            break;
        };
        let fits = match number {
            1 => is_description(wire, span)?,
            2 => nodes(wire, span)?,
            _ => false,
        };
        if fits {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The description: stripped operators, tags, versions of TensorFlow.
fn is_description<R: Read + Seek>(wire: &mut Wire<'_, R>, mut message: Span) -> Result<bool, Fault> {
    while let Some(field) = wire.next(&mut message)? {
        match (field.number, field.value) {
            (2, _) => return Ok(true),
            (5 | 6, Payload(span)) => return wire.text(span).map(|text| text.is_ascii()),
            (1..=8, _) => {}
            _ => break,
        }
    }
    Ok(false)
}

#[expect(clippy::redundant_closure, reason = "the function alone is not general enough in its lifetimes")]
fn is_graph(head: &[u8], len: u64) -> bool {
    in_head(head, len, |wire, graph| nodes(wire, graph)) == Some(true)
}

/// Whether one of the first nodes of a graph, or of its functions, has an operator which TensorFlow has.
fn nodes<R: Read + Seek>(wire: &mut Wire<'_, R>, mut graph: Span) -> Result<bool, Fault> {
    for _ in 0..FIELDS {
        let fits = match wire.next(&mut graph)? {
            Some(Field { number: 1, value: Payload(node), .. }) => is_node(wire, node)?,
            Some(Field { number: 2, value: Payload(library), .. }) => is_library(wire, library)?,
            Some(Field { number: 3, value: Number(_), .. } | Field { number: 4, value: Payload(_), .. }) => {
                false
            }
            _ => break,
        };
        if fits {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_node<R: Read + Seek>(wire: &mut Wire<'_, R>, mut node: Span) -> Result<bool, Fault> {
    let (mut named, mut known) = (false, false);
    for _ in 0..FIELDS {
        match wire.next(&mut node)? {
            Some(Field { number: 1, value: Payload(name), .. }) => {
                named = !wire.text(name)?.chars().any(char::is_control);
            }
            Some(Field { number: 2, value: Payload(operator), .. }) if operator.len() < 128 => {
                known = operators::is_known(&wire.text(operator)?);
            }
            Some(Field { number: 3..=6, value: Payload(_), .. }) => {}
            _ => break,
        }
        if named && known {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the first function has a node with an operator which TensorFlow has.
fn is_library<R: Read + Seek>(wire: &mut Wire<'_, R>, mut library: Span) -> Result<bool, Fault> {
    let Some(Field { number: 1, value: Payload(mut function), .. }) = wire.next(&mut library)? else {
        return Ok(false);
    };
    for _ in 0..FIELDS {
        match wire.next(&mut function)? {
            Some(Field { number: 3, value: Payload(node), .. }) if is_node(wire, node)? => return Ok(true),
            Some(Field { value: Payload(_), .. }) => {}
            _ => break,
        }
    }
    Ok(false)
}

fn is_keras_metadata(head: &[u8]) -> bool {
    head.windows(10).take(64).any(|window| window == b"_tf_keras_")
}

/// Identifies what TensorFlow writes.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    let Some(kind) = kind(head, len) else { return Ok(None) };
    let (sure, role, reason) = match kind {
        Kind::SavedModel => {
            (Sureness::Certain, Role::Weights, "protocol buffer with a schema version and meta graphs")
        }
        Kind::Graph => {
            (Sureness::Probable, Role::Weights, "protocol buffer with nodes of TensorFlow's operators")
        }
        Kind::KerasMetadata => {
            (Sureness::Probable, Role::Data, "protocol buffer with metadata of Keras objects")
        }
        Kind::SavedModelText | Kind::GraphText => {
            (Sureness::Probable, Role::Weights, "text form of a protocol buffer with TensorFlow's graphs")
        }
        Kind::Index if ends_as_table(reader, len)? => {
            (Sureness::Certain, Role::Weights, "table with the header of a tensor bundle")
        }
        Kind::Index => return Ok(None),
    };
    let mut found = Identified::new(Format::Tensorflow, sure, role, reason);
    found.metadata.architecture = None;
    found.keep(
        "kind",
        match kind {
            Kind::SavedModel | Kind::SavedModelText => "SavedModel",
            Kind::Graph | Kind::GraphText => "GraphDef",
            Kind::KerasMetadata => "Keras metadata",
            Kind::Index => "checkpoint index",
        },
    );
    Ok(Some(found))
}

fn ends_as_table<R: Read + Seek>(reader: &mut R, len: u64) -> io::Result<bool> {
    let mut end = [0; 8];
    reader.seek(io::SeekFrom::Start(len.saturating_sub(8)))?;
    Ok(crate::reader::read_up_to(reader, &mut end)? == 8 && end == TABLE)
}
