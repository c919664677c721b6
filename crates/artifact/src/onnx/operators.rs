//! Which operators of ONNX come with its runtimes and which need something more. It knows names alone.

/// What an operator needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing but the runtime.
    Nothing,
    /// A well-known extension of a vendor.
    Vendor,
    /// It calls Python.
    Python,
    /// It carries, or points at, what a vendor's compiler made.
    Compiled,
    /// A library of which nothing is known.
    Library,
}

/// Sets of operators that the runtime itself has.
const STANDARD: [&str; 12] = [
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "ai.onnx.training",
    "ai.onnx.preview",
    "ai.onnx.preview.training",
    "com.microsoft",
    "com.microsoft.experimental",
    "com.microsoft.nchwc",
    "com.microsoft.dml",
    "com.ms.internal.nhwc",
    "com.intel.ai",
];

/// Sets of operators of extensions that vendors publish.
const VENDORS: [&str; 14] = [
    "ai.onnx.contrib",
    "org.pytorch.aten",
    "org.pytorch._caffe2",
    "org.openvinotoolkit",
    "trt.plugins",
    "mmcv",
    "mmdeploy",
    "com.amd.quark",
    "com.xilinx",
    "com.nvidia",
    "onnx.brevitas",
    "qonnx.custom_op.general",
    "com.qti.aisw",
    "com.quadric",
];

/// What an operator needs, by its set and its name.
pub(crate) fn needs(domain: &str, operator: &str) -> Needs {
    match operator {
        "PyOp" | "PythonOp" | "PythonOpGrad" | "PyFunc" | "PyCustomOp" | "PyLayer" => Needs::Python,
        "EPContext" | "TRT_EngineOp" | "TRTEngineOp" => Needs::Compiled,
        _ if domain == "pyop" || domain.contains("python") => Needs::Python,
        _ if STANDARD.contains(&domain) => Needs::Nothing,
        _ if VENDORS.iter().any(|vendor| domain.starts_with(vendor)) => Needs::Vendor,
        _ => Needs::Library,
    }
}
