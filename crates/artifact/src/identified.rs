//! What identification answers: the format, how sure it is, and what the file claims about itself.

use std::io;

pub use domain::Sureness;
use domain::{Fact, Metadata, Role, Severity, Verdict};
use serde::{Deserialize, Serialize};

use crate::reader::{Fault, cut};

/// The most entries of [`Metadata::keys`], and of each list of claims, that are kept of one file.
const KEPT: usize = 96;

/// A model format that is recognised by content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// GGUF, versions 1 to 3.
    Gguf,
    /// The formats of llama.cpp and whisper.cpp before GGUF.
    Ggml,
    /// Safetensors.
    Safetensors,
    /// A PyTorch checkpoint: a zip around a pickle, or the legacy stream of pickles.
    Pytorch,
    /// A PyTorch program: a checkpoint with code.
    Torchscript,
    /// A Python pickle.
    Pickle,
    /// ONNX.
    Onnx,
    /// TensorFlow Lite.
    Tflite,
    /// HDF5 without a sign of a model in it.
    Hdf5,
    /// Keras: HDF5 with a model in it, or the version 3 archive.
    Keras,
    /// An archive of NumPy arrays.
    Npz,
    /// A llamafile: an executable with a GGUF model inside.
    Llamafile,
    /// ONNX Runtime's own form of ONNX.
    Ort,
    /// TensorFlow: a SavedModel, a graph, the index of a checkpoint.
    Tensorflow,
    /// Core ML.
    Coreml,
    /// An OpenVINO network.
    Openvino,
    /// An ExecuTorch program.
    Executorch,
    /// LiteRT-LM: language models for TensorFlow Lite.
    Litertlm,
    /// A TensorRT plan.
    Tensorrt,
    /// A PaddlePaddle program.
    Paddle,
    /// Parameters of Flax in MessagePack.
    Flax,
    /// Objects of R.
    Rdata,
    /// XGBoost.
    Xgboost,
    /// LightGBM.
    Lightgbm,
    /// CatBoost.
    Catboost,
    /// PMML.
    Pmml,
    /// A network for Rockchip accelerators.
    Rknn,
    /// A network for Hailo accelerators.
    Hailo,
    /// An MNN network.
    Mnn,
    /// The text form of an NCNN network.
    Ncnn,
    /// Parameters of TVM.
    Tvm,
    /// A PyTorch program as `torch.export` saves it.
    TorchExport,
    /// One NumPy array.
    Npy,
    /// A model of NVIDIA NeMo: a tar with its configuration.
    Nemo,
    /// A scikit-learn model as skops saves it.
    Skops,
    /// A bundle of MediaPipe: an archive of TensorFlow Lite models.
    Mediapipe,
    /// A container of Qualcomm's runtime.
    Dlc,
    /// A checkpoint of Orbax, and the store of values that it lies in.
    Orbax,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 38] = [
        Self::Gguf,
        Self::Ggml,
        Self::Safetensors,
        Self::Pytorch,
        Self::Torchscript,
        Self::Pickle,
        Self::Onnx,
        Self::Tflite,
        Self::Hdf5,
        Self::Keras,
        Self::Npz,
        Self::Llamafile,
        Self::Ort,
        Self::Tensorflow,
        Self::Coreml,
        Self::Openvino,
        Self::Executorch,
        Self::Litertlm,
        Self::Tensorrt,
        Self::Paddle,
        Self::Flax,
        Self::Rdata,
        Self::Xgboost,
        Self::Lightgbm,
        Self::Catboost,
        Self::Pmml,
        Self::Rknn,
        Self::Hailo,
        Self::Mnn,
        Self::Ncnn,
        Self::Tvm,
        Self::TorchExport,
        Self::Npy,
        Self::Nemo,
        Self::Skops,
        Self::Mediapipe,
        Self::Dlc,
        Self::Orbax,
    ];

    /// The catalogue id of the format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gguf => "gguf",
            Self::Ggml => "ggml",
            Self::Safetensors => "safetensors",
            Self::Pytorch => "pytorch",
            Self::Torchscript => "torchscript",
            Self::Pickle => "pickle",
            Self::Onnx => "onnx",
            Self::Tflite => "tflite",
            Self::Hdf5 => "hdf5",
            Self::Keras => "keras",
            Self::Npz => "npz",
            Self::Llamafile => "llamafile",
            Self::Ort => "ort",
            Self::Tensorflow => "tensorflow",
            Self::Coreml => "coreml",
            Self::Openvino => "openvino",
            Self::Executorch => "executorch",
            Self::Litertlm => "litertlm",
            Self::Tensorrt => "tensorrt",
            Self::Paddle => "paddle",
            Self::Flax => "flax",
            Self::Rdata => "rdata",
            Self::Xgboost => "xgboost",
            Self::Lightgbm => "lightgbm",
            Self::Catboost => "catboost",
            Self::Pmml => "pmml",
            Self::Rknn => "rknn",
            Self::Hailo => "hailo",
            Self::Mnn => "mnn",
            Self::Ncnn => "ncnn",
            Self::Tvm => "tvm",
            Self::TorchExport => "torch-export",
            Self::Npy => "npy",
            Self::Nemo => "nemo",
            Self::Skops => "skops",
            Self::Mediapipe => "mediapipe",
            Self::Dlc => "dlc",
            Self::Orbax => "orbax",
        }
    }
}

/// Something that the file says about itself, and where it says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What it says, cut at 256 characters.
    pub value: String,
    /// Where, in words: `GGUF key general.license`.
    pub evidence: String,
}

/// A model file, as far as its content tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identified {
    /// The format.
    pub format: Format,
    /// How sure that is.
    pub sure: Sureness,
    /// What says so, in words: `magic GGUF, version 3`.
    pub reason: String,
    /// What the file says about itself.
    pub metadata: Metadata,
    /// Licences the file claims.
    pub license_claims: Vec<Claim>,
    /// Places the file says it came from.
    pub origin_claims: Vec<Claim>,
    /// `NotScanned`, unless the header alone already says more.
    pub verdict: Verdict,
    /// What was seen on the way.
    pub facts: Vec<Fact>,
}

impl Identified {
    pub(crate) fn new(format: Format, sure: Sureness, role: Role, reason: impl Into<String>) -> Self {
        Self {
            format,
            sure,
            reason: reason.into(),
            metadata: Metadata { role: Some(role), ..Metadata::default() },
            license_claims: Vec::new(),
            origin_claims: Vec::new(),
            verdict: Verdict::NotScanned,
            facts: Vec::new(),
        }
    }

    /// Keeps a key worth showing, unless there are too many already.
    pub(crate) fn keep(&mut self, key: &str, value: &str) {
        if self.metadata.keys.len() < KEPT && !value.is_empty() {
            self.metadata.keys.insert(cut(key), cut(value));
        }
    }

    pub(crate) fn claim_license(&mut self, value: &str, evidence: String) {
        claim(&mut self.license_claims, value, evidence);
    }

    pub(crate) fn claim_origin(&mut self, value: &str, evidence: String) {
        claim(&mut self.origin_claims, value, evidence);
    }

    /// Notes that the file is of its format and could not be read to the end of its header.
    pub(crate) fn unscannable(&mut self, fact: Fact) {
        self.verdict = self.verdict.max(Verdict::Unscannable);
        self.facts.push(fact);
    }

    /// Takes in how the walk over the header ended; `truncated` is the rule for a file that ends too early.
    pub(crate) fn settle(&mut self, outcome: Result<(), Fault>, truncated: &str) -> io::Result<()> {
        match outcome {
            Ok(()) => {}
            Err(Fault::Io(error)) => return Err(error),
            Err(Fault::Broken(fact)) => self.unscannable(*fact),
            Err(Fault::End(offset)) => {
                let message = format!("the file ends before what it announces at byte {offset}");
                self.unscannable(Fact::new(truncated, Severity::Medium, message).at(offset));
            }
        }
        Ok(())
    }
}

fn claim(claims: &mut Vec<Claim>, value: &str, evidence: String) {
    let value = cut(value.trim());
    if claims.len() < KEPT && !value.is_empty() {
        claims.push(Claim { value, evidence });
    }
}
