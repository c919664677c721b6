//! The formats of llama.cpp and whisper.cpp before GGUF: a magic number, mostly a version, then model numbers.
//!
//! Source: the loaders of llama.cpp up to August 2023. They had no checks, so the check here is that the numbers
//! after the magic are of the size that model numbers have.

use std::io::{self, Read, Seek};

use domain::{Role, Severity};

use crate::{
    Format, Identified, Sureness,
    gguf::file_type,
    inspect::{Bytes, Look},
    reader::{Bounded, Fault},
};

/// Vocabulary sizes and dimensions stay below this.
const SANE: u32 = 1 << 24;

/// The name of the variant, whether a version follows, and the newest version.
fn variant(head: &[u8]) -> Option<(&'static str, Option<u32>)> {
    match head.first_chunk()? {
        b"lmgg" => Some(("ggml", None)),
        b"fmgg" => Some(("ggmf", Some(1))),
        b"tjgg" => Some(("ggjt", Some(3))),
        b"algg" => Some(("ggla", Some(1))),
        _ => None,
    }
}

/// Whether the head begins with one of the magic numbers.
pub(crate) fn plausible(head: &[u8]) -> bool {
    variant(head).is_some()
}

/// Identifies a legacy file by its magic and the numbers after it.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    let Some((name, newest)) = variant(head) else { return Ok(None) };
    let mut bounded = Bounded::new(reader, len);
    let mut numbers = [0u32; 9];
    let outcome = read_numbers(&mut bounded, &mut numbers);
    let version = newest.map(|_| *numbers.get(1).unwrap_or(&0));
    if let (Some(newest), Some(version)) = (newest, version)
        && !(1..=newest).contains(&version)
    {
        return Ok(None);
    }
    let model = numbers.get(if newest.is_some() { 2 } else { 1 }..).unwrap_or_default();
    let role = if name == "ggla" { Role::Adapter } else { Role::Weights };
    let reason = match version {
        Some(version) => format!("magic {name}, version {version}"),
        None => format!("magic {name}"),
    };
    let mut found = Identified::new(Format::Ggml, Sureness::Certain, role, reason);
    // An adapter has its rank and scale there, a model five dimensions at least.
    let needed = if role == Role::Adapter { 2 } else { 5 };
    let dimensions = model.get(..needed).unwrap_or_default();
    if outcome.is_ok() && !dimensions.iter().all(|number| (1..SANE).contains(number)) {
        return Ok(None);
    }
    // Only the versioned model files have the quantisation at a place that is the same in all of them.
    if newest.is_some() && role == Role::Weights {
        let kind = model.get(6).and_then(|number| file_type(u64::from(*number)));
        found.metadata.quantization = kind.map(str::to_owned);
    }
    match outcome {
        Err(Fault::End(_)) => {
            let message = "the file ends inside the numbers that describe the model";
            found.settle(Err(Fault::broken("ggml-truncated", Severity::Medium, len, message)), "")?;
        }
        other => found.settle(other, "ggml-truncated")?,
    }
    Ok(Some(found))
}

fn read_numbers<R: Read + Seek>(reader: &mut Bounded<'_, R>, numbers: &mut [u32]) -> Result<(), Fault> {
    for number in numbers {
        *number = reader.u32()?;
    }
    Ok(())
}

/// Looks at all of the file.
pub(crate) fn inspect(_bytes: &Bytes<'_>, _look: &mut Look<'_>) -> io::Result<()> {
    Ok(())
}
