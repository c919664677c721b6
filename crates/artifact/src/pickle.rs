//! Python pickles, and the legacy PyTorch checkpoints that are a series of them. Nothing is ever unpickled.
//!
//! Protocols 2 to 5 begin with `80 0N`. Older ones, and ones that leave the mark out, begin with any opcode, so they
//! are told by a trial walk that ordinary text and data do not survive.

mod arrays;
mod calls;
mod globals;
mod input;
mod legacy;
mod lines;
mod lookups;
mod machine;
mod makers;
mod memo;
mod nested;
mod opcode;
mod pushes;
mod report;
mod shares;
mod stack;
mod streams;
#[cfg(test)]
mod tests;
mod values;
mod walk;

use std::io::{self, Read, Seek};

use domain::{Role, Severity};

use self::{
    globals::Globals,
    walk::{Deaf, End, File, Head, Walked, walk},
};
use crate::{
    Format, Identified, Sureness,
    inspect::{Bytes, Look},
    reader::{Bounded, Fault},
};

/// How much of opcodes and lines a trial walk reads.
const WINDOW: u64 = 65_536;
/// A number of ten bytes, at the start of every legacy PyTorch checkpoint, pickled with protocol 2.
const TORCH_MAGIC: &[u8; 15] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";
/// Pickles one after the other in a legacy checkpoint: magic, version, system, object, list of storages.
const TORCH_PICKLES: usize = 4;

fn has_protocol(head: &[u8]) -> bool {
    matches!(head, [0x80, 0..=5, ..])
}

/// Whether the head may be that of a pickle.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    if has_protocol(head) {
        return true;
    }
    // Most files end here, before a walk is set up.
    if !head.first().is_some_and(|first| opcode::may_begin(*first)) {
        return false;
    }
    let mut bytes = Head { head, at: 0, len };
    let walked = walk(&mut bytes, &mut Deaf);
    matches!(walked.end, End::Window) || bare(&walked, true) || is_import(&walked, bytes.at == len)
}

/// Whether a walk that did not begin with a protocol was one over a pickle.
fn bare(walked: &Walked, at_end: bool) -> bool {
    let remembers = walked.globals > 0 || walked.puts > 0;
    match walked.end {
        End::Stop => walked.distinct() >= 4 && (remembers || at_end),
        End::Window => walked.distinct() >= 4 && walked.opcodes >= 16 && remembers,
        // What ran before the mistake has run: a pickle may well be broken on purpose.
        End::Broken => walked.distinct() >= 4 && walked.runs > 0,
        End::Io(_) => false,
    }
}

/// Whether a walk was over next to nothing but the name of a global, which is imported all the same.
fn is_import(walked: &Walked, at_end: bool) -> bool {
    matches!(walked.end, End::Stop) && walked.globals > 0 && at_end
}

/// Whether a walk that began with a protocol was one over a pickle.
fn marked(walked: &Walked) -> bool {
    match walked.end {
        End::Stop | End::Window => walked.opcodes >= 2,
        End::Broken => walked.opcodes >= 4 || walked.runs > 0,
        End::Io(_) => false,
    }
}

/// Identifies a pickle by walking over its first opcodes.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    if !plausible(head, len) {
        return Ok(None);
    }
    let mut bounded = Bounded::new(reader, len);
    if head.starts_with(TORCH_MAGIC) {
        return legacy_torch(&mut bounded).map(Some);
    }
    let mut globals = Globals::default();
    let walked = walk(&mut File { reader: &mut bounded, budget: WINDOW }, &mut globals);
    let end = bounded.offset();
    if let End::Io(error) = walked.end {
        return Err(error);
    }
    let recognised = if has_protocol(head) {
        marked(&walked)
    } else {
        bare(&walked, end == len) || is_import(&walked, end == len)
    };
    if !recognised {
        return Ok(None);
    }
    let protocol = match head {
        [0x80, protocol, ..] => format!("pickle protocol {protocol}"),
        _ => "pickle without a protocol mark".to_owned(),
    };
    let reason = format!("{protocol}, {} opcodes read", walked.opcodes);
    let certain = !matches!(walked.end, End::Broken);
    let sure = if certain { Sureness::Certain } else { Sureness::Probable };
    let mut found = Identified::new(Format::Pickle, sure, globals.role(len), reason);
    globals.note(&mut found);
    if globals.has_inline_arrays() {
        found.reason.push_str(", joblib arrays between the opcodes");
    } else {
        found.settle(outcome(&walked, end), "pickle-truncated")?;
    }
    Ok(Some(found))
}

fn outcome(walked: &Walked, end: u64) -> Result<(), Fault> {
    if !matches!(walked.end, End::Broken) {
        return Ok(());
    }
    let message = format!("the pickle cannot be read on after {} opcodes", walked.opcodes);
    Err(Fault::broken("pickle-broken", Severity::Medium, end, message))
}

fn legacy_torch<R: Read + Seek>(reader: &mut Bounded<'_, R>) -> io::Result<Identified> {
    let reason = "magic number of a legacy PyTorch checkpoint";
    let mut found = Identified::new(Format::Pytorch, Sureness::Certain, Role::Weights, reason);
    let mut globals = Globals::default();
    let mut outcome_of_all = Ok(());
    for _ in 0..TORCH_PICKLES {
        let walked = walk(&mut File { reader, budget: WINDOW }, &mut globals);
        globals.next_pickle();
        match walked.end {
            End::Stop => {}
            End::Io(error) => return Err(error),
            _ => {
                outcome_of_all = outcome(&walked, reader.offset());
                break;
            }
        }
    }
    globals.note(&mut found);
    found.settle(outcome_of_all, "pickle-truncated")?;
    Ok(found)
}

/// Notes the globals of a pickle that lies where the reader stands, such as a member of an archive.
pub(crate) fn note_globals<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    found: &mut Identified,
) -> Result<(), Fault> {
    let mut globals = Globals::default();
    let walked = walk(&mut File { reader, budget: WINDOW }, &mut globals);
    globals.note(found);
    match walked.end {
        End::Io(error) => Err(Fault::Io(error)),
        _ => Ok(()),
    }
}

/// Where a pickle lies, which says who loads it and what it may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// A file of its own, or a member that nothing else explains.
    Plain,
    /// The object of a PyTorch checkpoint.
    Torch,
    /// Constants or byte code of a TorchScript archive.
    Torchscript,
    /// The elements of a NumPy array of objects.
    Numpy,
}

impl Context {
    /// The word that `catalog/globals.toml` has for it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Torch => "torch",
            Self::Torchscript => "torchscript",
            Self::Numpy => "numpy",
        }
    }
}

/// Interprets every opcode of every pickle in these bytes.
pub(crate) fn inspect(bytes: &Bytes<'_>, context: Context, look: &mut Look<'_>) -> io::Result<()> {
    streams::inspect(bytes, context, look)
}
