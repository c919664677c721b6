//! Inspection: all of a file read the way its loader reads it, and a verdict with evidence.
//!
//! [`inspect`] identifies the file, hands it to the inspector of its format, goes into members, and digests every byte on the way. A
//! file is `clean` only when an inspector understood all of it; whatever stops one makes it `unscannable`.

mod bytes;
mod digests;
mod look;
mod purse;

use std::{
    cell::RefCell,
    io::{self, Read, Seek},
    rc::Rc,
};

use catalog::Catalog;
use domain::{Fact, Metadata, Sha256Digest, Verdict};
use serde::{Deserialize, Serialize};

use self::digests::Digesting;
pub(crate) use self::{
    bytes::{Bytes, Reader, TAKEN_APART},
    digests::Checksum,
    look::Look,
    purse::Purse,
};
pub use digests::SecondCore;

use crate::{
    Format, Identified, compiled, containers, coreml, executorch, ggml, gguf, hdf5, identify, keras, msgpack,
    numpy, onnx, openvino, orbax, ort, paddle,
    pickle::{self, Context},
    rdata,
    reader::cut,
    rules, safetensors, tarball, tensorflow, texts, tflite, trees, wrapped,
};

/// What one inspection may spend. No number in a file moves these.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Members of members that are gone into.
    pub depth: usize,
    /// Bytes that are unpacked, all members together.
    pub unpacked: u64,
    /// What unpacking any file may cost, however small it is, in bytes that the fastest codec unpacks. A larger one may cost more.
    pub burst: u64,
    /// Bytes of one text that is taken apart: a configuration, a template, the header of safetensors.
    pub text: usize,
    /// Members of one archive.
    pub members: u64,
    /// Whether all bytes are digested.
    pub digest: bool,
    /// How a second core is come by, for the digest of the weights of a large file; none where all cores have work already.
    pub second_core: Option<SecondCore>,
}

impl PartialEq for Limits {
    /// Cores change the time that an inspection takes, not what it finds.
    fn eq(&self, other: &Self) -> bool {
        let all = |limits: &Self| {
            (limits.depth, limits.unpacked, limits.burst, limits.text, limits.members, limits.digest)
        };
        all(self) == all(other)
    }
}

impl Eq for Limits {}

impl Limits {
    /// Everything, to the last byte.
    pub const fn full() -> Self {
        Self {
            depth: 8,
            unpacked: 64 << 30,
            burst: 1 << 30,
            text: 128 << 20,
            members: 200_000,
            digest: true,
            second_core: None,
        }
    }

    /// What can be had without reading tensors: structure, pickles, texts; no digest.
    pub const fn quick() -> Self {
        Self { unpacked: 1 << 30, digest: false, ..Self::full() }
    }
}

/// A member of a file, at any depth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name; members of members are parted by ` > `.
    pub path: String,
    /// Its size in bytes, unpacked.
    pub size: u64,
    /// The catalogue id of its format, where it is in one.
    pub format: Option<String>,
    /// The verdict of this member alone.
    pub verdict: Verdict,
}

/// A file that another one names as a part of it, by its path from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its path, which stays in the folder of the file that names it.
    pub path: String,
    /// How many bytes it must have at least; 0 where that is not said.
    pub least: u64,
}

/// What an inspection concluded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// The format and what the file says about itself; none for a file in no format we know.
    pub identified: Option<Identified>,
    /// The verdict.
    pub verdict: Verdict,
    /// What was seen, the gravest first.
    pub facts: Vec<Fact>,
    /// Its members, where it is an archive.
    pub members: Vec<Member>,
    /// Members that are not listed because there are too many.
    pub unlisted_members: u64,
    /// Files that belong to it and lie beside it.
    pub parts: Vec<Part>,
    /// The SHA-256 of all bytes, if they were all read.
    pub sha256: Option<Sha256Digest>,
    /// The SHA-256 of the weights apart from the header, which a relabelled copy keeps.
    pub weights_sha256: Option<Sha256Digest>,
    /// How many bytes were read.
    pub bytes_read: u64,
}

impl Inspection {
    /// Whether the file is in no format we know, so that it is no model as far as anybody can tell.
    pub fn is_unknown(&self) -> bool {
        let unknown = |fact: &Fact| fact.rule == rules::UNKNOWN_FORMAT.id && fact.member.is_none();
        self.identified.is_none() && self.facts.iter().any(unknown)
    }
}

/// Inspects a source of `len` bytes. `name` is the file's own name, a hint for formats that are plain text and for nothing else.
///
/// # Errors
///
/// Only those of the reader. What is wrong with the content is in the answer.
pub fn inspect<R: Read + Seek>(
    source: R,
    len: u64,
    name: &str,
    catalog: &Catalog,
    limits: &Limits,
) -> io::Result<Inspection> {
    let source = Rc::new(RefCell::new(Digesting::new(source, len).with(limits.second_core)));
    let mut look = Look::new(catalog, limits);
    look.allow_for(len);
    let mut identified = {
        let bytes = Bytes::shared(Rc::clone(&source) as Rc<RefCell<_>>, len);
        look_at(&bytes, name, &mut look)?
    };
    let mut source = source.try_borrow_mut().map_err(io::Error::other)?;
    let digests = if limits.digest {
        source.expect(std::mem::take(&mut look.checksums))?;
        source.finish(&look.weights)?
    } else {
        None
    };
    for wrong in source.wrong_checksums() {
        containers::say_wrong_checksum(wrong.crc32, wrong.stretch.start, &wrong.member, &mut look)?;
    }
    if let Some(identified) = &mut identified {
        identified.license_claims.append(&mut look.license_claims);
        add_base_models(&mut identified.metadata, std::mem::take(&mut look.base_models));
        add_learned(&mut identified.metadata, std::mem::take(&mut look.learned));
    }
    let parts = std::mem::take(&mut look.parts);
    let parts = parts.into_iter().map(|(path, least)| Part { path, least }).collect();
    let (verdict, facts, members, unlisted_members) = look.into_parts();
    Ok(Inspection {
        identified,
        verdict,
        facts,
        members,
        unlisted_members,
        parts,
        sha256: digests.map(|digests| digests.whole),
        weights_sha256: digests.and_then(|digests| digests.weights),
        bytes_read: source.bytes_read(),
    })
}

fn add_base_models(metadata: &mut Metadata, more: Vec<String>) {
    for model in more {
        if !metadata.base_models.contains(&model) {
            metadata.base_models.push(cut(&model));
        }
    }
}

/// What the header said stands; what only the whole file tells is added.
fn add_learned(metadata: &mut Metadata, learned: Metadata) {
    metadata.name = metadata.name.take().or(learned.name);
    metadata.architecture = metadata.architecture.take().or(learned.architecture);
    metadata.quantization = metadata.quantization.take().or(learned.quantization);
    metadata.parameters = metadata.parameters.or(learned.parameters);
    metadata.tensors = metadata.tensors.or(learned.tensors);
    metadata.context_length = metadata.context_length.or(learned.context_length);
    for (key, value) in learned.keys {
        metadata.keys.entry(key).or_insert(value);
    }
}

/// The format of a file that somebody asks about: also of those which lie around in numbers and are no models by themselves.
fn named(bytes: &Bytes<'_>) -> io::Result<Option<Identified>> {
    if let Some(found) = identify(&mut bytes.reader(), bytes.len())? {
        return Ok(Some(found));
    }
    match numpy::describe(bytes)? {
        Some(found) => Ok(Some(found)),
        None => orbax::describe(bytes),
    }
}

/// Looks at a file that is not inside another one.
fn look_at(bytes: &Bytes<'_>, name: &str, look: &mut Look<'_>) -> io::Result<Option<Identified>> {
    let identified = named(bytes)?;
    match &identified {
        Some(found) => look_inside(bytes, found, name, look)?,
        None if look_at_other(bytes, name, look)? => {}
        None => look.say(&rules::UNKNOWN_FORMAT, None, "", "no model format was recognised"),
    }
    Ok(identified)
}

/// Looks at a member, unpacked, whatever it is, and lists it. Where archives hold plain tensors, a member in no format is no fault.
pub(crate) fn look_at_member(bytes: &Bytes<'_>, name: &str, look: &mut Look<'_>) -> io::Result<()> {
    let identified = named(bytes)?;
    let format = identified.as_ref().map(|found| found.format.as_str());
    look.enter(name, |look| {
        let verdict = look.verdict_of(|look| match &identified {
            Some(found) => look_inside(bytes, found, name, look),
            None => look_at_other(bytes, name, look).map(drop),
        })?;
        look.list(bytes.len(), format, verdict);
        Ok(())
    })?;
    Ok(())
}

/// Hands a file to the inspector of its format.
fn look_inside(bytes: &Bytes<'_>, found: &Identified, name: &str, look: &mut Look<'_>) -> io::Result<()> {
    for fact in &found.facts {
        look.keep(fact.clone());
    }
    match found.format {
        Format::Pickle | Format::Rdata if wrapped::begins(bytes)? => {
            containers::inspect(bytes, name, look).map(drop)
        }
        Format::Gguf => gguf::inspect(bytes, look),
        Format::Ggml => ggml::inspect(bytes, look),
        Format::Safetensors => safetensors::inspect(bytes, look),
        Format::Pickle => pickle::inspect(bytes, Context::Plain, look),
        Format::Keras if hdf5::is_hdf5(bytes)? => hdf5::inspect(bytes, look),
        Format::Nemo | Format::Npy => containers::inspect(bytes, name, look).map(drop),
        Format::Pytorch if tarball::begins(bytes)? => containers::inspect(bytes, name, look).map(drop),
        Format::Pytorch
        | Format::Torchscript
        | Format::TorchExport
        | Format::Npz
        | Format::Keras
        | Format::Llamafile
        | Format::Skops
        | Format::Mediapipe => containers::inspect_model(bytes, found.format, look),
        Format::Dlc => {
            containers::inspect_model(bytes, found.format, look)?;
            compiled::inspect(bytes, found.format, look)
        }
        Format::Orbax if is_json(bytes)? => texts::inspect(bytes, name, look).map(drop),
        Format::Orbax => orbax::inspect(bytes, look),
        Format::Onnx => onnx::inspect(bytes, look),
        Format::Tflite => tflite::inspect(bytes, look),
        Format::Hdf5 => hdf5::inspect(bytes, look),
        Format::Ort => ort::inspect(bytes, look),
        Format::Tensorflow => tensorflow::inspect(bytes, look),
        Format::Coreml => coreml::inspect(bytes, look),
        Format::Openvino | Format::Pmml => openvino::inspect(bytes, look),
        Format::Executorch => executorch::inspect(bytes, look),
        Format::Paddle => paddle::inspect(bytes, look),
        Format::Flax => msgpack::inspect(bytes, look),
        Format::Rdata => rdata::inspect(bytes, look),
        Format::Xgboost | Format::Lightgbm | Format::Catboost => trees::inspect(bytes, look),
        Format::Tensorrt
        | Format::Rknn
        | Format::Hailo
        | Format::Mnn
        | Format::Ncnn
        | Format::Tvm
        | Format::Litertlm => compiled::inspect(bytes, found.format, look),
    }
}

fn is_json(bytes: &Bytes<'_>) -> io::Result<bool> {
    let mut first = [0];
    Ok(bytes.head(&mut first)? == 1 && first == [b'{'])
}

/// Looks at what is in no model format: a program, a container, or a configuration or template by its name. Answers whether it was one.
fn look_at_other(bytes: &Bytes<'_>, name: &str, look: &mut Look<'_>) -> io::Result<bool> {
    Ok(containers::inspect(bytes, name, look)?
        || keras::inspect(bytes, name, look)?
        || texts::inspect(bytes, name, look)?)
}
