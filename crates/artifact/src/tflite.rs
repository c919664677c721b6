//! TensorFlow Lite: a FlatBuffer with the identifier `TFL3`.
//!
//! Source: `tensorflow/lite/schema/schema.fbs` (table `Model`: version, operator codes, subgraphs, description, buffers, metadata) and
//! `metadata_schema.fbs`, whose buffer describes the model to people.

mod walk;

use std::io::{self, Read, Seek};

use domain::Role;

pub(crate) use self::walk::inspect;
use crate::{
    Format, Identified, Sureness,
    flatbuffer::{Flat, has_identifier},
    reader::Fault,
};

/// Whether the identifier is there and the root table lies inside the file.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    has_identifier(head, len, b"TFL3")
}

/// Identifies a model by its identifier and a root table that has the fields of one.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    if !plausible(head, len) {
        return Ok(None);
    }
    let mut found =
        Identified::new(Format::Tflite, Sureness::Certain, Role::Weights, "FlatBuffer identifier TFL3");
    let outcome = root(&mut Flat::new(reader, 0, len), &mut found);
    found.settle(outcome, "tflite-truncated")?;
    Ok(Some(found))
}

fn root<R: Read + Seek>(flat: &mut Flat<'_, R>, found: &mut Identified) -> Result<(), Fault> {
    let model = flat.root()?;
    let version = flat.u32(&model, 0, 0)?;
    if version > 0 {
        found.keep("version", &version.to_string());
    }
    found.keep("description", &flat.text(&model, 3)?);
    Ok(())
}
