//! Llamafiles: a program with a zip archive at its end that holds a GGUF model.
//!
//! Source: Cosmopolitan `ape/specification.md` for the two magic numbers of portable executables; ELF and plain PE
//! are what such a file becomes once it was installed for one system.

use std::io::{self, Read, Seek};

use domain::{Fact, Role, Severity, Verdict};

use crate::{
    Format, Identified, Sureness,
    reader::{Bounded, Fault},
    zip,
};

/// How much of the tail of an ordinary program is read. Every program of a home comes here, so it is little; a
/// portable executable is rare and gets the whole search.
const SMALL_TAIL: u64 = 4096;

/// The kind of program the head belongs to, and how far back its archive is looked for.
fn program(head: &[u8]) -> Option<(&'static str, u64)> {
    if head.starts_with(b"MZqFpD='") || head.starts_with(b"jartsr='") {
        Some(("a portable executable", zip::FULL_TAIL))
    } else if head.starts_with(b"\x7fELF") {
        Some(("an ELF program", SMALL_TAIL))
    } else {
        head.starts_with(b"MZ").then_some(("a Windows program", SMALL_TAIL))
    }
}

/// Whether the head is that of a program.
pub(crate) fn plausible(head: &[u8]) -> bool {
    program(head).is_some()
}

/// Identifies a program whose archive holds a GGUF model. Without one it is just a program.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    let Some((kind, tail)) = program(head) else { return Ok(None) };
    let mut models = Vec::new();
    let outcome = find_models(&mut Bounded::new(reader, len), len, tail, &mut models);
    if let Err(Fault::Io(error)) = outcome {
        return Err(error);
    }
    let Some(first) = models.first() else { return Ok(None) };
    let reason = format!("{kind} with {first} in the archive at its end");
    let mut found = Identified::new(Format::Llamafile, Sureness::Certain, Role::Weights, reason);
    found.keep("members", &models.join(", "));
    found.verdict = Verdict::Suspicious;
    let message = format!("the file is {kind}: whoever uses the model runs the program");
    found.facts.push(Fact::new("executes-by-design", Severity::Medium, message).at(0));
    found.settle(outcome, "zip-truncated")?;
    Ok(Some(found))
}

fn find_models<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    len: u64,
    tail: u64,
    models: &mut Vec<String>,
) -> Result<(), Fault> {
    let Some(directory) = zip::directory(reader, len, tail)? else { return Ok(()) };
    zip::walk(reader, directory, |member| {
        if member.name.to_ascii_lowercase().ends_with(".gguf") {
            models.push(member.name);
        }
        models.len() < 8
    })
}
