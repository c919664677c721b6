//! Model files by their content: which format, what the file says about itself, and whether its header holds together.
//!
//! Pure: bytes in, values out, over `Read + Seek`. No file system, no clock, and no name of a file: a model is one
//! whatever it is called. [`identify`] reads head, tail and shallow structure; [`inspect`] reads all of it. Each format is read the way its loader reads it, within bounds of memory, depth and time
//! that no number in the file can move; what passes them is `unscannable`, never clean.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod archive;
mod compiled;
mod containers;
mod coreml;
mod executorch;
mod flatbuffer;
mod ggml;
mod gguf;
mod hdf5;
mod identified;
mod inspect;
mod keras;
mod llamafile;
mod msgpack;
mod numpy;
mod onnx;
mod openvino;
mod orbax;
mod ort;
mod paddle;
mod pickle;
mod protobuf;
mod prototext;
mod rdata;
mod reader;
mod references;
pub mod rules;
mod safetensors;
mod tarball;
mod tensorflow;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
#[cfg(test)]
mod tests;
mod texts;
mod tflite;
mod trees;
mod wrapped;
mod xml;
mod zip;

use std::io::{self, Read, Seek, SeekFrom};

pub use identified::{Claim, Format, Identified, Sureness};
pub use inspect::{Inspection, Limits, Member, Part, SecondCore, inspect};
pub use rules::{Rule, revision, rule, rules};

/// Raised whenever identification learns something, so that remembered "not an artefact" answers are forgotten.
pub const IDENTIFICATION_REVISION: u32 = 3;

/// Bytes of a file's head that [`plausible`] needs.
pub const HEAD: usize = 4096;

/// A cheap test on the first `min(HEAD, len)` bytes of a file of `len` bytes.
///
/// It is never false for a file that [`identify`] recognises, and it is true for every program and every zip archive,
/// which only [`identify`] can settle. Where the first bytes are those of no format it does not allocate.
pub fn plausible(head: &[u8], len: u64) -> bool {
    gguf::plausible(head)
        || ggml::plausible(head)
        || archive::plausible(head)
        || llamafile::plausible(head)
        || tflite::plausible(head, len)
        || hdf5::plausible(head)
        || safetensors::plausible(head)
        || onnx::plausible(head, len)
        || tensorflow::plausible(head, len)
        || coreml::plausible(head)
        || paddle::plausible(head)
        || ort::plausible(head, len)
        || executorch::plausible(head, len)
        || rdata::plausible(head)
        || numpy::plausible(head)
        || orbax::plausible(head)
        || tarball::plausible(head)
        || msgpack::plausible(head, len)
        || trees::plausible(head, len)
        || openvino::plausible(head)
        || compiled::plausible(head, len)
        || wrapped::plausible(head)
        || pickle::plausible(head, len)
}

/// Identifies a file of `len` bytes by its content. `Ok(None)` means that it is in no model format we know.
///
/// # Errors
///
/// Only those of the reader. What is wrong with the content is in the answer.
pub fn identify<R: Read + Seek>(reader: &mut R, len: u64) -> io::Result<Option<Identified>> {
    let mut head = [0u8; HEAD];
    reader.seek(SeekFrom::Start(0))?;
    let wanted = usize::try_from(len).unwrap_or(HEAD).min(HEAD);
    let got = reader::read_up_to(reader, head.get_mut(..wanted).unwrap_or_default())?;
    let head = head.get(..got).unwrap_or_default();
    // Strong magic numbers first. What begins like a program or an archive and is neither may still be safetensors,
    // whose first bytes are a number.
    let formats = [
        gguf::identify::<R>,
        ggml::identify,
        archive::identify,
        llamafile::identify,
        tflite::identify,
        ort::identify,
        executorch::identify,
        hdf5::identify,
        safetensors::identify,
        rdata::identify,
        numpy::identify,
        orbax::identify,
        tarball::identify,
        compiled::identify,
        trees::identify,
        openvino::identify,
        paddle::identify,
        onnx::identify,
        coreml::identify,
        tensorflow::identify,
        msgpack::identify,
        wrapped::identify,
        pickle::identify,
    ];
    for format in formats {
        if let Some(found) = format(reader, head, len)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
