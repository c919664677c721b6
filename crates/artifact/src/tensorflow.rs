//! TensorFlow: SavedModel, frozen graphs, the Keras metadata beside them, and the index of a checkpoint.
//!
//! Sources: `tensorflow/core/protobuf/saved_model.proto`, `meta_graph.proto`, `core/framework/graph.proto`, and
//! `core/util/tensor_bundle/tensor_bundle.h`, whose index is a table of LevelDB with a first key that no database has.

mod operators;
mod walk;

use std::io::{self, Read, Seek};

use domain::Role;

pub(crate) use self::walk::{inspect, is_dangerous_flex};
use crate::{
    Format, Identified, Sureness,
    protobuf::{Span, Wire},
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
}

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
        [0x08, 1..=2, 0x12, ..] => is_saved_model(head, len).then_some(Kind::SavedModel),
        [0x0a, ..] if is_graph(head, len) => Some(Kind::Graph),
        [0x0a, ..] => is_keras_metadata(head).then_some(Kind::KerasMetadata),
        _ => None,
    }
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

/// A meta graph begins with its description, or with a graph.
fn is_saved_model(head: &[u8], len: u64) -> bool {
    let looks = in_head(head, len, |wire, mut model| {
        wire.next(&mut model)?;
        let Some(mut meta) = wire.next(&mut model)?.and_then(super::protobuf::Field::payload) else {
            return Ok(false);
        };
        let Some(first) = wire.next(&mut meta)? else { return Ok(false) };
        let Some(mut inside) = first.payload() else { return Ok(false) };
        match first.number {
            // The description: stripped operators, tags, versions of TensorFlow.
            1 => {
                while let Some(field) = wire.next(&mut inside)? {
                    if field.number == 2 {
                        return Ok(true);
                    }
                    if !(1..=8).contains(&field.number) {
                        return Ok(false);
                    }
                    if matches!(field.number, 5 | 6) {
                        let Some(span) = field.payload() else { return Ok(false) };
                        return wire.text(span).map(|text| text.is_ascii());
                    }
                }
                Ok(false)
            }
            2 => nodes(wire, inside),
            _ => Ok(false),
        }
    });
    looks == Some(true)
}

#[expect(clippy::redundant_closure, reason = "the function alone is not general enough in its lifetimes")]
fn is_graph(head: &[u8], len: u64) -> bool {
    in_head(head, len, |wire, graph| nodes(wire, graph)) == Some(true)
}

/// Whether a graph begins with a node that has a name and an operator which TensorFlow has.
fn nodes<R: Read + Seek>(wire: &mut Wire<'_, R>, mut graph: Span) -> Result<bool, Fault> {
    let first = wire.next(&mut graph)?.filter(|field| field.number == 1);
    let Some(mut node) = first.and_then(super::protobuf::Field::payload) else { return Ok(false) };
    let (name, operator) = (wire.next(&mut node)?, wire.next(&mut node)?);
    let (Some(name), Some(operator)) = (name, operator) else { return Ok(false) };
    match (name.number, name.payload(), operator.number, operator.payload()) {
        (1, Some(name), 2, Some(operator)) if operator.len() < 128 => {
            let name = wire.text(name)?;
            let operator = wire.text(operator)?;
            Ok(!name.chars().any(char::is_control) && operators::is_known(&operator))
        }
        _ => Ok(false),
    }
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
            Kind::SavedModel => "SavedModel",
            Kind::Graph => "GraphDef",
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
