//! TensorFlow Lite: a FlatBuffer with the identifier `TFL3`.
//!
//! Source: `tensorflow/lite/schema/schema.fbs` (table `Model`: version, operator codes, subgraphs, description, buffers, metadata) and
//! `metadata_schema.fbs`, whose buffer describes the model to people.

mod walk;

use std::io::{self, Read, Seek};

pub(crate) use self::walk::inspect;
use crate::{Format, Identified, flatbuffer::Marked, rules::graphs as say};

const TFLITE: Marked =
    Marked { identifier: b"TFL3", format: Format::Tflite, truncated: &say::TFLITE_TRUNCATED };

/// Whether the head is that of a model.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    TFLITE.plausible(head, len)
}

/// Identifies a model by its identifier and a root table that has the fields of one.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    TFLITE.identify(reader, head, len, |flat, model, found| {
        let version = flat.u32(model, 0, 0)?;
        if version > 0 {
            found.keep("version", &version.to_string());
        }
        found.keep("description", &flat.text(model, 3)?);
        Ok(())
    })
}
