//! Which modules, classes and functions a configuration may name. It knows names alone.

/// What naming something means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference {
    /// It belongs to Keras, or to a library that extends it.
    Known,
    /// It is a class of the model's author, which is not imported by its name.
    Custom,
    /// It makes the loader import a module that does not belong to Keras.
    Foreign,
    /// It calls, with what the file chooses, something that reads, writes or runs.
    Dangerous,
}

/// Libraries whose layers are saved under their own modules.
const LIBRARIES: [&str; 12] = [
    "keras",
    "keras_hub",
    "keras_nlp",
    "keras_cv",
    "keras_core",
    "keras_tuner",
    "keras_rs",
    "tf_keras",
    "tensorflow",
    "tensorflow_addons",
    "tensorflow_hub",
    "tensorflow_recommenders",
];

/// Parts of Keras that are no layers, losses or functions on tensors: called with chosen arguments, they reach files and settings.
const SHARP: [&str; 14] = [
    ".utils",
    ".saving",
    ".config",
    ".legacy",
    ".callbacks",
    ".datasets",
    ".preprocessing",
    ".export",
    ".trainers",
    ".wrappers",
    ".tree",
    ".io",
    ".gfile",
    ".python",
];
const SHARP_FINE: [&str; 7] =
    ["FeatureSpace", "Cross", "Feature", "ListWrapper", "TrackedList", "TrackedDict", "__tensor__"];

/// Functions that a file has been seen to call.
const DANGEROUS: [&str; 22] = [
    "get_file",
    "enable_unsafe_deserialization",
    "load_model",
    "load_weights",
    "deserialize_keras_object",
    "model_from_json",
    "model_from_config",
    "disable_interactive_logging",
    "image_dataset_from_directory",
    "text_dataset_from_directory",
    "load_img",
    "save_img",
    "load_lib",
    "load_library",
    "load_op_library",
    "read_file",
    "write_file",
    "py_function",
    "numpy_function",
    "run_functions_eagerly",
    "set_backend",
    "extract_archive",
];

/// Modules that no model needs and that run, reach or read what they are told to.
const MODULES: [&str; 46] = [
    "os",
    "posix",
    "nt",
    "sys",
    "subprocess",
    "shutil",
    "socket",
    "ssl",
    "urllib",
    "requests",
    "http",
    "ftplib",
    "smtplib",
    "pty",
    "ctypes",
    "importlib",
    "runpy",
    "code",
    "codeop",
    "pickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "marshal",
    "shelve",
    "builtins",
    "__builtin__",
    "webbrowser",
    "platform",
    "asyncio",
    "multiprocessing",
    "threading",
    "tempfile",
    "pathlib",
    "io",
    "glob",
    "operator",
    "functools",
    "inspect",
    "types",
    "timeit",
    "pdb",
    "distutils",
    "pip",
    "torch",
    "commands",
];

/// Functions of `builtins` that turn text into actions.
const BUILTINS: [&str; 14] = [
    "eval",
    "exec",
    "compile",
    "__import__",
    "open",
    "getattr",
    "setattr",
    "delattr",
    "globals",
    "locals",
    "vars",
    "input",
    "breakpoint",
    "print",
];

/// What a module and a name in it mean together.
pub(super) fn reference(module: &str, class: &str, name: &str) -> Reference {
    let root = module.split('.').next().unwrap_or(module);
    if root == "builtins" && matches!(class, "function" | "slice" | "ellipsis" | "type") {
        return if BUILTINS.contains(&name) || MODULES.contains(&name) {
            Reference::Dangerous
        } else {
            Reference::Custom
        };
    }
    if LIBRARIES.contains(&root) {
        return of_library(module, class, name);
    }
    if MODULES.contains(&root) {
        return Reference::Dangerous;
    }
    Reference::Foreign
}

fn of_library(module: &str, class: &str, name: &str) -> Reference {
    let called = if class == "function" { name } else { class };
    let last = called.rsplit(['.', '>']).next().unwrap_or(called);
    if DANGEROUS.contains(&last) {
        Reference::Dangerous
    } else if SHARP.iter().any(|part| module.contains(part))
        && !SHARP_FINE.contains(&last)
        && !is_layer_module(module)
    {
        Reference::Foreign
    } else {
        Reference::Known
    }
}

/// `tensorflow.python.keras.layers…` and `keras.src.legacy.layers` are layers all the same.
fn is_layer_module(module: &str) -> bool {
    const PARTS: [&str; 12] = [
        "layers",
        "activations",
        "initializers",
        "losses",
        "metrics",
        "optimizers",
        "optimizer",
        "regularizers",
        "constraints",
        "engine",
        "models",
        "feature_space",
    ];
    module.split('.').any(|part| PARTS.contains(&part)) && !module.ends_with("utils")
}

/// What a class of version 2 means, which is named without a module.
pub(super) fn is_dangerous_function(name: &str) -> bool {
    DANGEROUS.contains(&name.rsplit(['.', '>']).next().unwrap_or(name))
}
