//! Zip archives that are models: PyTorch, `torch.export`, Keras, NumPy, skops, MediaPipe and Qualcomm's containers, told apart by
//! the names of their members.
//!
//! Sources: PyTorch `caffe2/serialize/inline_container.cc` and `torch/export/pt2_archive/constants.py`, Keras `saving/saving_lib.py`,
//! NumPy `lib/format.py`, skops `io/_persist.py`, MediaPipe `tasks/cc/core/model_asset_bundle_resources.cc` and
//! `tasks/cc/genai/inference/utils/llm_utils/model_data.cc`. Of Qualcomm's container only the names of its members are public.

use std::io::{self, Read, Seek};

use domain::{Role, Severity};

use crate::{
    Format, Identified, Sureness, pickle,
    reader::{Bounded, Fault, contains, cut},
    zip::{self, Member},
};

/// How much of Keras' `metadata.json` is read; it has three lines.
const METADATA: usize = 4096;
/// How much of a skops schema is read: what loads the outermost object stands first.
const SCHEMA: usize = 64 << 10;
/// What MediaPipe's bundles of language models call their members.
const LANGUAGE: [&str; 4] = ["TF_LITE_", "METADATA", "TOKENIZER_MODEL", "PREFILL_DECODE"];

/// Whether the head is that of an archive with a first member.
pub(crate) fn plausible(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// What the names of the members add up to.
#[derive(Debug, Default)]
struct Names {
    members: u64,
    arrays: u64,
    data_pickle: Option<Member>,
    version: bool,
    code: bool,
    keras_config: bool,
    keras_weights: bool,
    keras_metadata: Option<Member>,
    /// What `torch.export` writes: a mark of the archive, and graphs as JSON.
    export_mark: bool,
    /// Before PyTorch 2.8 there was no mark, and a name that nothing else has.
    old_export: bool,
    exported_graph: bool,
    /// Models, and members that go with them, in a bundle of MediaPipe.
    bundled: u64,
    bundled_models: u64,
    skops_schema: Option<Member>,
    /// Bits of a container of Qualcomm's: a network, its parameters, a description.
    qualcomm: u8,
}

impl Names {
    fn see(&mut self, member: Member) {
        self.members = self.members.saturating_add(1);
        let name = member.name.as_str();
        let leaf = name.rsplit('/').next().unwrap_or(name);
        let count = |number: &mut u64, is: bool| *number = number.saturating_add(u64::from(is));
        count(&mut self.arrays, name.ends_with(".npy"));
        let model =
            [".tflite", ".task"].iter().any(|end| name.ends_with(end)) || name.starts_with("TF_LITE_");
        let beside = [".binarypb", ".pbtxt", ".txt"].iter().any(|end| name.ends_with(end))
            || LANGUAGE.iter().any(|begin| name.starts_with(begin));
        count(&mut self.bundled_models, model);
        count(&mut self.bundled, model || beside);
        self.export_mark |= leaf == "archive_format";
        self.old_export |= leaf == "serialized_exported_program.json";
        self.exported_graph |= self.old_export
            || (leaf.ends_with(".json") && (name.contains("/models/") || name.starts_with("models/")));
        self.qualcomm |= match name {
            "model" => 1,
            "model.params" => 2,
            "dlc.metadata" => 4,
            _ => 0,
        };
        self.version |= name.ends_with("/version");
        self.code |= leaf == "constants.pkl"
            || leaf == "bytecode.pkl"
            || (name.ends_with(".py") && (name.contains("/code/") || name.starts_with("code/")));
        match name {
            "config.json" => self.keras_config = true,
            "model.weights.h5" => self.keras_weights = true,
            "metadata.json" => self.keras_metadata = Some(member),
            "schema.json" => self.skops_schema = Some(member),
            _ if leaf == "data.pkl" && self.data_pickle.is_none() => self.data_pickle = Some(member),
            _ => {}
        }
    }

    fn format(&self) -> Option<(Format, Sureness, Role, &'static str)> {
        if let Some(data) = &self.data_pickle {
            // The loader looks for `<archive>/data.pkl`, one level down, and writes a version beside it.
            let exact = self.version && data.name.matches('/').count() == 1;
            let sure = if exact { Sureness::Certain } else { Sureness::Probable };
            return Some(match self.code {
                true => (Format::Torchscript, sure, Role::Weights, "zip with data.pkl and code"),
                false => (Format::Pytorch, sure, Role::Weights, "zip with data.pkl"),
            });
        }
        if self.keras_config && self.keras_weights && self.keras_metadata.is_some() {
            let reason = "zip with config.json, metadata.json and model.weights.h5";
            return Some((Format::Keras, Sureness::Certain, Role::Weights, reason));
        }
        if self.exported_graph && (self.export_mark || self.old_export) {
            let reason = "zip with the graph of an exported program";
            return Some((Format::TorchExport, Sureness::Certain, Role::Weights, reason));
        }
        if self.arrays > 0 && self.arrays == self.members {
            return Some((Format::Npz, Sureness::Certain, Role::Data, "zip of .npy members only"));
        }
        if self.bundled_models > 0 && self.bundled == self.members {
            let reason = "zip of TensorFlow Lite models and what goes with them";
            return Some((Format::Mediapipe, Sureness::Probable, Role::Weights, reason));
        }
        if self.qualcomm & 4 != 0 || self.qualcomm == 3 {
            let sure = if self.qualcomm & 5 == 5 { Sureness::Certain } else { Sureness::Probable };
            return Some((Format::Dlc, sure, Role::Weights, "zip with model, model.params or dlc.metadata"));
        }
        let reason = "zip with a schema.json that names loaders of skops";
        self.skops_schema.as_ref().map(|_| (Format::Skops, Sureness::Certain, Role::Weights, reason))
    }
}

/// Identifies an archive by its directory; one without a sound directory by its first member.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    if !plausible(head) {
        return Ok(None);
    }
    let mut bounded = Bounded::new(reader, len);
    let mut names = Names::default();
    let outcome = read_names(&mut bounded, len, &mut names);
    if names.format().is_none()
        && outcome.is_err()
        && let Some(name) = zip::first_name(head)
    {
        names.see(Member { name, plain: false, size: 0, offset: 0 });
    }
    let Some((format, sure, role, reason)) = names.format() else {
        return match outcome {
            Err(Fault::Io(error)) => Err(error),
            _ => Ok(None),
        };
    };
    if format == Format::Skops && !is_skops(&mut bounded, &names)? {
        return Ok(None);
    }
    let mut found = Identified::new(format, sure, role, reason);
    if format == Format::Npz && outcome.is_ok() {
        found.metadata.tensors = Some(names.arrays);
    }
    if outcome.is_err() {
        found.sure = Sureness::Probable;
    }
    found.settle(outcome, "zip-truncated")?;
    look_inside(&mut bounded, &names, &mut found)?;
    Ok(Some(found))
}

fn read_names<R: Read + Seek>(reader: &mut Bounded<'_, R>, len: u64, names: &mut Names) -> Result<(), Fault> {
    let Some(directory) = zip::directory(reader, len, zip::FULL_TAIL)? else {
        let message = "the archive has no directory: it was cut off, or never finished";
        return Err(Fault::broken("zip-broken-directory", Severity::Medium, len, message));
    };
    zip::walk(reader, directory, |member| {
        names.see(member);
        true
    })
}

/// Whether the schema says which loader each object has. One that is packed cannot be read here.
fn is_skops<R: Read + Seek>(reader: &mut Bounded<'_, R>, names: &Names) -> io::Result<bool> {
    let Some(member) = names.skops_schema.as_ref().filter(|member| member.plain) else { return Ok(false) };
    match zip::enter(reader, member).and_then(|()| reader.field(member.size, SCHEMA)) {
        Ok(schema) => Ok(contains(&schema, b"\"__loader__\"")),
        Err(Fault::Io(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

/// Reads the small members that say more, where they are stored plainly. What they lack is no fault of the archive.
fn look_inside<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    names: &Names,
    found: &mut Identified,
) -> io::Result<()> {
    let outcome = match found.format {
        Format::Pytorch | Format::Torchscript => globals(reader, names, found),
        Format::Keras => keras_metadata(reader, names, found),
        _ => Ok(()),
    };
    match outcome {
        Err(Fault::Io(error)) => Err(error),
        _ => Ok(()),
    }
}

fn globals<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    names: &Names,
    found: &mut Identified,
) -> Result<(), Fault> {
    if let Some(member) = names.data_pickle.as_ref().filter(|member| member.plain) {
        zip::enter(reader, member)?;
        pickle::note_globals(reader, found)?;
    }
    Ok(())
}

fn keras_metadata<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    names: &Names,
    found: &mut Identified,
) -> Result<(), Fault> {
    let Some(member) = names.keras_metadata.as_ref().filter(|member| member.plain) else { return Ok(()) };
    zip::enter(reader, member)?;
    let bytes = reader.field(member.size, METADATA)?;
    if let Ok(serde_json::Value::Object(entries)) = serde_json::from_slice(&bytes) {
        for (key, value) in &entries {
            if let Some(text) = value.as_str() {
                found.keep(key, &cut(text));
            }
        }
    }
    Ok(())
}
