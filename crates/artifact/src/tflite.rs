//! TensorFlow Lite: a FlatBuffer with the identifier `TFL3`.
//!
//! Source: FlatBuffers "Internals" and `tensorflow/lite/schema/schema.fbs` (table `Model`: version, operator_codes,
//! subgraphs, description, …).

use std::io::{self, Read, Seek, SeekFrom};

use domain::Role;

use crate::{
    Format, Identified, Sureness,
    inspect::{Bytes, Look},
    reader::{Bounded, Fault, u32_at},
};

/// Whether the identifier is there and the root table lies inside the file.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    head.get(4..8) == Some(b"TFL3") && u32_at(head, 0).is_some_and(|root| root >= 8 && u64::from(root) < len)
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
    reader.seek(SeekFrom::Start(0))?;
    let mut found =
        Identified::new(Format::Tflite, Sureness::Certain, Role::Weights, "FlatBuffer identifier TFL3");
    let outcome = root(&mut Bounded::new(reader, len), &mut found);
    found.settle(outcome, "tflite-truncated")?;
    Ok(Some(found))
}

fn root<R: Read + Seek>(reader: &mut Bounded<'_, R>, found: &mut Identified) -> Result<(), Fault> {
    let table = u64::from(reader.u32()?);
    reader.seek(table)?;
    // The table of fields lies this far before the table itself, or behind it when negative.
    let back = i64::from(reader.u32()?.cast_signed());
    let fields = table.checked_add_signed(back.saturating_neg()).ok_or(Fault::End(table))?;
    reader.seek(fields)?;
    let size = reader.u16()?;
    reader.skip(2)?;
    let count = size.saturating_sub(4) / 2;
    let mut places = [0u16; 4];
    for place in places.iter_mut().take(usize::from(count)) {
        *place = reader.u16()?;
    }
    let [version, _, _, description] = places;
    if version != 0 {
        reader.seek(table.saturating_add(version.into()))?;
        let version = reader.u32()?;
        found.keep("version", &version.to_string());
    }
    if description != 0 {
        let place = table.saturating_add(description.into());
        reader.seek(place)?;
        let text = place.saturating_add(reader.u32()?.into());
        reader.seek(text)?;
        let length = u64::from(reader.u32()?);
        let description = reader.text(length)?;
        found.keep("description", &description);
    }
    Ok(())
}

/// Looks at all of the file.
pub(crate) fn inspect(_bytes: &Bytes<'_>, _look: &mut Look<'_>) -> io::Result<()> {
    Ok(())
}
