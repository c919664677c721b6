//! What an inspection read of an artefact beside its facts: how its format was told, what it consists of.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use crate::{
    HostPath, Role, Sha256Digest, Verdict,
    path::{NotBase64, exact, serialize_path},
};

/// What is inside an artefact. Empty for one that nobody looked into.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// How its format was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identification: Option<Identification>,
    /// The SHA-256 of its weights apart from what describes them: a relabelled copy has the same.
    #[serde(rename = "weights_sha256", skip_serializing_if = "Option::is_none")]
    pub weights: Option<Sha256Digest>,
    /// Which files it consists of, if it is more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<Bundle>,
    /// Its members: the files of a bundle, or what an archive holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// Members that are not listed because there are too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub unlisted_members: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What told the format of an artefact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identification {
    /// How sure it is.
    pub confidence: Sureness,
    /// What says so, in words: `magic GGUF, version 3`.
    pub reason: String,
}

/// How sure it is what a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sureness {
    /// A weak sign, and a structure that fits as far as it was read.
    Probable,
    /// A sign and a structure that nothing else has.
    Certain,
}

/// An artefact of several files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BundleWire")]
pub struct Bundle {
    /// What holds them together.
    pub kind: BundleKind,
    /// The folder that the paths of its members begin at.
    pub folder: HostPath,
}

/// What holds the files of an artefact together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BundleKind {
    /// Numbered parts: `model-00001-of-00005.safetensors`.
    Shards,
    /// A graph and the file of its weights: OpenVINO's XML and BIN, ONNX and its external data, a TensorFlow checkpoint.
    Pair,
    /// A folder with a configuration, weights and a tokenizer.
    Snapshot,
    /// A folder with an adapter and its configuration.
    Adapter,
    /// A folder of models that work together, named by a `model_index.json`.
    Pipeline,
    /// A folder with a TensorFlow `saved_model.pb`.
    SavedModel,
    /// A Core ML package or compiled model.
    CoreMl,
    /// A container image: a folder or an archive of layers.
    Image,
}

impl BundleKind {
    /// What people call it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Shards => "one model in numbered parts",
            Self::Pair => "a graph and its weights",
            Self::Snapshot => "a folder with configuration and weights",
            Self::Adapter => "an adapter and its configuration",
            Self::Pipeline => "a pipeline of models",
            Self::SavedModel => "a TensorFlow SavedModel",
            Self::CoreMl => "a Core ML package",
            Self::Image => "a container image",
        }
    }
}

impl Serialize for Bundle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Bundle", 3)?;
        out.serialize_field("kind", &self.kind)?;
        serialize_path(&mut out, &self.folder)?;
        out.end()
    }
}

/// What is read of a bundle.
#[derive(Deserialize)]
struct BundleWire {
    kind: BundleKind,
    path: HostPath,
    path_base64: Option<String>,
}

impl TryFrom<BundleWire> for Bundle {
    type Error = NotBase64;

    fn try_from(wire: BundleWire) -> Result<Self, NotBase64> {
        Ok(Self { kind: wire.kind, folder: exact(wire.path, wire.path_base64.as_deref())? })
    }
}

/// A part of an artefact: a file of a bundle, or what lies in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Where it lies; members of members are parted by ` > `.
    pub path: String,
    /// Its size in bytes, unpacked.
    pub size: u64,
    /// The catalogue id of its format, where it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// What it is for, where its format tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The SHA-256 of its bytes, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Digest>,
    /// The verdict of this member alone.
    pub verdict: Verdict,
}
