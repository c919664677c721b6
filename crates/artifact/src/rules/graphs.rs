//! What can be said of formats that hold a program of operators: ONNX, TensorFlow, Keras and their like.

use domain::{Severity, Verdict};

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[
    &EXTERNAL_PATH,
    &EXTERNAL_KEY,
    &EXTERNAL_KEY_UNKNOWN,
    &EXTERNAL_RANGE,
    &EXTERNAL_DATA,
    &PYTHON_OPERATOR,
    &CUSTOM_OPERATOR,
    &PROGRAM_TARGET,
    &VENDOR_OPERATOR,
    &COMPILED_PART,
    &TENSORRT,
    &CODE_IN_TEXT,
    &TENSOR_SIZE,
    &INDEX,
    &MALFORMED,
    &TRUNCATED,
    &ONNX_TRUNCATED,
    &TFLITE_TRUNCATED,
    &HDF5_TRUNCATED,
    &TRAILING,
    &APPENDED,
    &FILE_WRITE,
    &FILE_READ,
    &KERAS_LAMBDA_ATTACKS,
    &KERAS_LAMBDA,
    &KERAS_INJECTION,
    &KERAS_FOREIGN,
    &KERAS_CUSTOM,
    &KERAS_UNSAFE,
    &KERAS_LOADER,
    &KERAS_PATH,
    &KERAS_CONFIG,
    &HDF5_EXTERNAL,
    &HDF5_EXTERNAL_KERAS,
    &HDF5_FILTER,
    &COREML_CUSTOM,
    &COREML_LINKED,
    &XML_ENTITY,
    &XML_DOCTYPE,
    &MSGPACK_EXTENSION,
    &R_PROMISE,
    &R_CALL,
    &R_LAZY,
    &R_FUNCTION,
];

/// A file that ends before what is said of it.
const fn truncated(id: &'static str, title: &'static str) -> Rule {
    Rule {
        id,
        severity: Severity::Medium,
        verdict: Verdict::Unscannable,
        title,
        does: "A part is missing, or the numbers in the file are lies.",
        help: "fetch it again, and compare its digest with the publisher's",
        example: "a download that broke off",
        references: &[],
    }
}

/// The model reads or writes a file elsewhere on the device.
pub(crate) static EXTERNAL_PATH: Rule = Rule {
    id: "external-data-path",
    severity: Severity::High,
    verdict: Verdict::Malicious,
    title: "the model reads or writes a file elsewhere on the device",
    does: "Whoever loads the model opens a path that the file chose: secrets are read into tensors, fetched from the network, or overwritten.",
    help: "do not load it: nothing that belongs to a model lies outside its folder",
    example: "external_data location = ../../../etc/passwd",
    references: &[
        "CVE-2022-25882",
        "CVE-2024-27318",
        "CVE-2025-51480",
        "CVE-2025-12058",
        "https://cwe.mitre.org/data/definitions/22.html",
    ],
};

/// External data sets attributes of the loader's own objects.
pub(crate) static EXTERNAL_KEY: Rule = Rule {
    id: "external-data-attribute",
    severity: Severity::High,
    verdict: Verdict::Malicious,
    title: "external data sets attributes of the loader's own objects",
    does: "Each key of external data becomes an attribute of a Python object; names with underscores replace what makes the object work.",
    help: "do not load it: no tool writes such a key",
    example: "external_data key = __class__",
    references: &["CVE-2026-34445", "https://cwe.mitre.org/data/definitions/915.html"],
};

/// External data has a key that the format does not have.
pub(crate) static EXTERNAL_KEY_UNKNOWN: Rule = Rule {
    id: "external-data-unknown-key",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "external data has a key that the format does not have",
    does: "Some loaders turn every key into an attribute of an object, whatever its name.",
    help: "export the model again with current tools",
    example: "external_data key = serialized_path",
    references: &["CVE-2026-34445"],
};

/// Weights are to lie where they cannot lie.
pub(crate) static EXTERNAL_RANGE: Rule = Rule {
    id: "external-data-range",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "weights are to lie where they cannot lie",
    does: "Offsets and lengths that do not fit the shape make careless loaders read beyond their memory.",
    help: "export the model again; find out who made this one",
    example: "external_data length = 4, for a tensor of 1,000 numbers",
    references: &["https://cwe.mitre.org/data/definitions/125.html"],
};

/// The weights lie in other files.
pub(crate) static EXTERNAL_DATA: Rule = Rule {
    id: "external-data",
    severity: Severity::Info,
    verdict: Verdict::Clean,
    title: "the weights lie in other files",
    does: "The file names others beside it, and is not whole without them.",
    help: "inspect the folder, so that all of its files are looked at",
    example: "model.onnx and model.onnx_data",
    references: &["https://onnx.ai/onnx/repo-docs/ExternalData.html"],
};

/// An operator calls Python code.
pub(crate) static PYTHON_OPERATOR: Rule = Rule {
    id: "python-operator",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "an operator calls Python code",
    does: "The model names a function, and the loader's process runs it with tensors as arguments.",
    help: "ask whoever brought it for the model in a format that cannot run code, such as safetensors, or ONNX without custom operators",
    example: "node of type PyOp, EagerPyFunc or PythonOp",
    references: &["https://www.tensorflow.org/api_docs/python/tf/py_function"],
};

/// An operator needs a library of native code.
pub(crate) static CUSTOM_OPERATOR: Rule = Rule {
    id: "custom-operator",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "an operator needs a library of native code",
    does: "No runtime has this operator: the model works only together with a library from somewhere, which runs as native code.",
    help: "find out which library it needs and who wrote it, or ask for a model without it",
    example: "node com.example.FastThing",
    references: &["https://onnxruntime.ai/docs/reference/operators/add-custom-op.html"],
};

/// A node of an exported program calls a function that is none of tensors.
pub(crate) static PROGRAM_TARGET: Rule = Rule {
    id: "torch-program-target",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a node of an exported program calls a function that does not compute on tensors",
    does: "The loader walks the dotted name from `torch`, `operator` or `math`, through whatever modules these have imported, and calls what it finds with the arguments beside it.",
    help: "do not load it before somebody has explained the function that is named",
    example: "target: torch.os.system",
    references: &["https://docs.pytorch.org/docs/stable/export.html"],
};

/// An operator comes with a known extension.
pub(crate) static VENDOR_OPERATOR: Rule = Rule {
    id: "vendor-operator",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "an operator comes with a known extension",
    does: "The model needs an extension that its vendor publishes.",
    help: "take the extension from its vendor only",
    example: "ai.onnx.contrib, FlexRegexReplace, TFLite_Detection_PostProcess",
    references: &[],
};

/// A part was compiled for one engine, and cannot be looked into.
pub(crate) static COMPILED_PART: Rule = Rule {
    id: "compiled-part",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a part was compiled for one engine, and cannot be looked into",
    does: "Only the engine or accelerator that it was compiled for can read this part.",
    help: "ask for the model before it was compiled, and inspect that",
    example: "EPContext, TRTEngineOp, a delegate of ExecuTorch, RKNN, HEF",
    references: &[],
};

/// A TensorRT plan is native code.
pub(crate) static TENSORRT: Rule = Rule {
    id: "tensorrt-plan",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a TensorRT plan is native code",
    does: "A plan holds programs for the GPU, and may hold libraries of plugins that run in the loader's process.",
    help: "build the plan from an ONNX file that was inspected",
    example: "a .plan or .engine file",
    references: &["https://docs.nvidia.com/deeplearning/tensorrt/latest/"],
};

/// A text of the model holds program code.
pub(crate) static CODE_IN_TEXT: Rule = Rule {
    id: "code-in-text",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a text of the model holds program code",
    does: "Names, labels and descriptions are texts for people; some loaders evaluate them all the same.",
    help: "look at the text that is named; do not load the model before it is explained",
    example: "metadata names = __import__('os').system('id')",
    references: &["https://cwe.mitre.org/data/definitions/95.html"],
};

/// A tensor does not have the bytes that its shape asks for.
pub(crate) static TENSOR_SIZE: Rule = Rule {
    id: "tensor-size-mismatch",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a tensor does not have the bytes that its shape asks for",
    does: "Careless loaders read beyond the end of such a tensor.",
    help: "export the model again",
    example: "float32[10] with 4 bytes",
    references: &["https://cwe.mitre.org/data/definitions/125.html"],
};

/// Numbers lead out of the lists that they count in.
pub(crate) static INDEX: Rule = Rule {
    id: "index-out-of-range",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "numbers lead out of the lists that they count in",
    does: "A runtime that does not check them reads and writes memory that is not its own.",
    help: "do not load it with a runtime that is not of today; export the model again",
    example: "an operator whose input is tensor 70,000 of 12",
    references: &["CVE-2020-15207", "CVE-2022-23561", "https://cwe.mitre.org/data/definitions/129.html"],
};

/// The structure of the file contradicts its format.
pub(crate) static MALFORMED: Rule = Rule {
    id: "graph-malformed",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "the structure of the file contradicts its format",
    does: "What follows could not be read as a loader would, so nobody knows what it holds.",
    help: "ask for the file again; compare its digest with the publisher's",
    example: "a message longer than the one it lies in",
    references: &[],
};

/// The file ends before what it announces.
pub(crate) static TRUNCATED: Rule = truncated("model-truncated", "the file ends before what it announces");

/// The file ends before what its header announces.
pub(crate) static ONNX_TRUNCATED: Rule =
    truncated("onnx-truncated", "the file ends before what its header announces");

/// The file ends before what its header announces.
pub(crate) static TFLITE_TRUNCATED: Rule =
    truncated("tflite-truncated", "the file ends before what its header announces");

/// The file ends before what its header announces.
pub(crate) static HDF5_TRUNCATED: Rule =
    truncated("hdf5-truncated", "the file ends before what its header announces");

/// Bytes follow the end of the model.
pub(crate) static TRAILING: Rule = Rule {
    id: "bytes-behind-the-model",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "bytes follow the end of the model",
    does: "Loaders of this format do not read them; another program may.",
    help: "ask for the file again; compare its digest with the publisher's",
    example: "a pickle behind MessagePack",
    references: &[],
};

/// A packed file follows the model.
pub(crate) static APPENDED: Rule = Rule {
    id: "packed-member-behind-the-model",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a packed file follows the model",
    does: "Files that go with a TensorFlow Lite model are stored as they are; this one was not looked at.",
    help: "unpack the archive behind the model and inspect what is in it",
    example: "labels.txt, deflated",
    references: &[],
};

/// An operator writes files.
pub(crate) static FILE_WRITE: Rule = Rule {
    id: "operator-writes-files",
    severity: Severity::High,
    verdict: Verdict::Malicious,
    title: "an operator writes files",
    does: "Running the model writes to a place that the model names, with all rights of the account.",
    help: "do not load it: checkpoints are written by other operators",
    example: "WriteFile, SaveDataset, PrintV2 to file:///",
    references: &["https://www.tensorflow.org/security"],
};

/// An operator reads files or fetches data.
pub(crate) static FILE_READ: Rule = Rule {
    id: "operator-reads-files",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "an operator reads files or fetches data",
    does: "Running the model reads what the model names; an answer of the model may carry it away.",
    help: "find out why; serve models with inputs as tensors only",
    example: "ReadFile, MatchingFiles, TFRecordDataset",
    references: &["https://www.tensorflow.org/security"],
};

/// The byte code of a lambda layer reaches beyond tensors.
pub(crate) static KERAS_LAMBDA_ATTACKS: Rule = Rule {
    id: "keras-lambda-attack",
    severity: Severity::Critical,
    verdict: Verdict::Malicious,
    title: "the byte code of a lambda layer reaches beyond tensors",
    does: "The layer's Python byte code runs as soon as the model is built or called, and uses names with which programs, files or the network are reached.",
    help: "do not load it; report it to the place it came from",
    example: "Lambda whose code uses os and system",
    references: &["CVE-2024-3660", "https://kb.cert.org/vuls/id/253266"],
};

/// A lambda layer holds Python byte code.
pub(crate) static KERAS_LAMBDA: Rule = Rule {
    id: "keras-lambda",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a lambda layer holds Python byte code",
    does: "The byte code runs when the model is built or called. Keras 3 refuses it in safe mode; version 2, and HDF5 files, run it.",
    help: "ask for the model with a registered layer, or as ONNX or safetensors weights",
    example: "Lambda(lambda x: x * 2)",
    references: &["CVE-2024-3660", "CVE-2025-9905"],
};

/// Loading calls a function that runs, reads or fetches what the file says.
pub(crate) static KERAS_INJECTION: Rule = Rule {
    id: "keras-injection",
    severity: Severity::Critical,
    verdict: Verdict::Malicious,
    title: "loading calls a function that runs, reads or fetches what the file says",
    does: "Module, name and arguments come from the configuration, and the call happens while the model is loaded.",
    help: "do not load it; report it to the place it came from",
    example: "{\"module\": \"builtins\", \"class_name\": \"exec\", …}",
    references: &["CVE-2025-1550", "CVE-2025-8747"],
};

/// Loading imports a module that is not of Keras.
pub(crate) static KERAS_FOREIGN: Rule = Rule {
    id: "keras-foreign-module",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "loading imports a module that is not of Keras",
    does: "Older versions import whatever module the configuration names, and call what it names there.",
    help: "ask for a model of registered classes; load it with a current Keras in safe mode only",
    example: "{\"module\": \"my_project.layers\", \"class_name\": \"Magic\", …}",
    references: &["CVE-2025-1550"],
};

/// The model needs classes or functions of its author.
pub(crate) static KERAS_CUSTOM: Rule = Rule {
    id: "keras-custom-object",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "the model needs classes or functions of its author",
    does: "They are not in the file: whoever loads it passes them in.",
    help: "take them from the author, and read them",
    example: "registered_name = MyPackage>MyLayer",
    references: &[],
};

/// The configuration turns the loader's safe mode off.
pub(crate) static KERAS_UNSAFE: Rule = Rule {
    id: "keras-unsafe-deserialization",
    severity: Severity::Critical,
    verdict: Verdict::Malicious,
    title: "the configuration turns the loader's safe mode off",
    does: "After that, lambda layers and other code in the file run while it is loaded.",
    help: "do not load it; report it to the place it came from",
    example: "keras.config.enable_unsafe_deserialization",
    references: &["CVE-2025-9906"],
};

/// A layer loads a program of another library.
pub(crate) static KERAS_LOADER: Rule = Rule {
    id: "keras-foreign-loader",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a layer loads a program of another library",
    does: "The layer loads a PyTorch module, a SavedModel or a JAX function, and with it whatever code that holds.",
    help: "ask whoever brought it for the model in a format that cannot run code, such as safetensors, or ONNX without custom operators",
    example: "TorchModuleWrapper, TFSMLayer",
    references: &["CVE-2025-49655"],
};

/// A layer reads a file at an absolute path.
pub(crate) static KERAS_PATH: Rule = Rule {
    id: "keras-absolute-path",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a layer reads a file at an absolute path",
    does: "The layer reads a vocabulary or a model from a path on the device where it is loaded.",
    help: "ask for a model that holds its vocabulary",
    example: "vocabulary = /content/vocabulary.txt",
    references: &["CVE-2025-12058"],
};

/// A configuration cannot be read.
pub(crate) static KERAS_CONFIG: Rule = Rule {
    id: "keras-config-unreadable",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "a configuration cannot be read",
    does: "What the loader would build from it is not known.",
    help: "save the model again with a current Keras",
    example: "a configuration that is no JSON",
    references: &[],
};

/// Data lie in another HDF5 file.
pub(crate) static HDF5_EXTERNAL: Rule = Rule {
    id: "hdf5-external",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "data lie in another HDF5 file",
    does: "The library opens the file that is named beside this one.",
    help: "inspect that file as well",
    example: "an external link to part2.h5",
    references: &["https://docs.h5py.org/en/stable/high/group.html#external-links"],
};

/// A Keras model opens another file.
pub(crate) static HDF5_EXTERNAL_KERAS: Rule = Rule {
    id: "keras-external-file",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a Keras model opens another file",
    does: "Keras never writes links or data sets into other files: loading the model reads a file that it names.",
    help: "do not load it before that is explained",
    example: "weights stored in secret.bin",
    references: &["CVE-2026-1669"],
};

/// Data need a filter that is loaded as a library.
pub(crate) static HDF5_FILTER: Rule = Rule {
    id: "hdf5-filter",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "data need a filter that is loaded as a library",
    does: "The HDF5 library looks for a plugin to unpack the data, and runs it.",
    help: "install the filter from its vendor only",
    example: "filter 32001 (Blosc)",
    references: &["https://github.com/HDFGroup/hdf5_plugins"],
};

/// A layer is a class of the program that loads the model.
pub(crate) static COREML_CUSTOM: Rule = Rule {
    id: "coreml-custom-layer",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a layer is a class of the program that loads the model",
    does: "Core ML builds a class by its name and lets it work on the data: native code that is not in the file.",
    help: "find out which program the model was made for",
    example: "CustomLayerParams className = MyLayer",
    references: &["https://apple.github.io/coremltools/mlmodel/Format/NeuralNetwork.html"],
};

/// Another model is loaded as well.
pub(crate) static COREML_LINKED: Rule = Rule {
    id: "coreml-linked-model",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "another model is loaded as well",
    does: "Core ML looks for the model that is named, along a path in this file.",
    help: "inspect that model, or ask for one that is whole",
    example: "linkedModelFileName = other.mlmodelc",
    references: &["https://apple.github.io/coremltools/mlmodel/Format/LinkedModel.html"],
};

/// The XML declares entities or reads a document type from elsewhere.
pub(crate) static XML_ENTITY: Rule = Rule {
    id: "xml-external-entity",
    severity: Severity::High,
    verdict: Verdict::Malicious,
    title: "the XML declares entities or reads a document type from elsewhere",
    does: "A parser that follows them reads files of the device, or fetches addresses, while the model is loaded.",
    help: "do not load it: no tool that writes models declares entities",
    example: "<!ENTITY x SYSTEM \"file:///etc/passwd\">",
    references: &["https://cwe.mitre.org/data/definitions/611.html"],
};

/// The XML has a document type.
pub(crate) static XML_DOCTYPE: Rule = Rule {
    id: "xml-document-type",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "the XML has a document type",
    does: "Tools that write models do not declare one; it is the first step of attacks on XML parsers.",
    help: "export the model again",
    example: "<!DOCTYPE net>",
    references: &["https://cwe.mitre.org/data/definitions/776.html"],
};

/// MessagePack holds an object of an unknown type.
pub(crate) static MSGPACK_EXTENSION: Rule = Rule {
    id: "msgpack-extension",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "MessagePack holds an object of an unknown type",
    does: "A loader that knows the type builds an object from bytes of the file.",
    help: "ask for the weights as safetensors",
    example: "extension type 42",
    references: &["https://flax.readthedocs.io/en/latest/api_reference/flax.serialization.html"],
};

/// An R object is an expression that runs when it is looked at.
pub(crate) static R_PROMISE: Rule = Rule {
    id: "r-promise",
    severity: Severity::Critical,
    verdict: Verdict::Malicious,
    title: "an R object is an expression that runs when it is looked at",
    does: "readRDS and load give back a promise: whoever prints or uses the object runs the code of the file.",
    help: "do not load it; R before 4.4.0 runs it",
    example: "a promise whose expression is system('id')",
    references: &["CVE-2024-27322", "https://kb.cert.org/vuls/id/238194"],
};

/// An R object holds a call that runs programs or reaches the network.
pub(crate) static R_CALL: Rule = Rule {
    id: "r-dangerous-call",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "an R object holds a call that runs programs or reaches the network",
    does: "The call runs when the function, formula or promise that it stands in is used.",
    help: "read the code before anyone uses the object",
    example: "quote(system('id'))",
    references: &["https://rstudio.github.io/r-manuals/r-ints/"],
};

/// A variable in an R environment holds an expression.
pub(crate) static R_LAZY: Rule = Rule {
    id: "r-lazy-value",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "a variable in an R environment holds an expression",
    does: "It runs when the variable is first used. Environments of functions often hold such values.",
    help: "read the expression where the object comes from strangers",
    example: "delayedAssign in a saved environment",
    references: &[],
};

/// An R object holds functions.
pub(crate) static R_FUNCTION: Rule = Rule {
    id: "r-function",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "an R object holds functions",
    does: "They run when the model is used.",
    help: "read them where the object comes from strangers",
    example: "the link function of a glm",
    references: &[],
};
