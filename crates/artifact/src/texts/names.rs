//! What a dotted name of Python in a configuration leads to, when a loader imports and calls it. Words only.

/// What a name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leads {
    /// To a class or function of a library of models.
    Model,
    /// To something that is not known.
    Unknown,
    /// To something that runs programs or code, opens files, or calls whatever it is given.
    Runs,
}

/// Libraries whose classes configurations of models name.
const LIBRARIES: &[&str] = &[
    "accelerate",
    "apex",
    "asteroid",
    "audiocraft",
    "bitsandbytes",
    "braceexpand",
    "datasets",
    "diffusers",
    "einops",
    "espnet",
    "espnet2",
    "flash_attn",
    "hydra",
    "imblearn",
    "jax",
    "keras",
    "ldm",
    "lhotse",
    "lightgbm",
    "lightning",
    "lightning_fabric",
    "megatron",
    "modelopt",
    "monai",
    "nemo",
    "nemo_automodel",
    "numpy",
    "omegaconf",
    "onnxruntime",
    "open_clip",
    "optimum",
    "peft",
    "pytorch_lightning",
    "pytorch_optimizer",
    "quantile_forest",
    "scipy",
    "segmentation_models_pytorch",
    "sentence_transformers",
    "sgm",
    "sklearn",
    "skorch",
    "speechbrain",
    "tensorflow",
    "timm",
    "tokenizers",
    "torch",
    "torchaudio",
    "torchdata",
    "torchmetrics",
    "torchtext",
    "torchtune",
    "torchvision",
    "transformer_engine",
    "transformers",
    "webdataset",
    "xgboost",
    "catboost",
];

/// Modules of Python and of the system whose functions run, load or reach things.
const RUNNING: &[&str] = &[
    "os",
    "posix",
    "nt",
    "posixpath",
    "subprocess",
    "_posixsubprocess",
    "sys",
    "importlib",
    "imp",
    "runpy",
    "pty",
    "socket",
    "_socket",
    "shutil",
    "ctypes",
    "_ctypes",
    "cffi",
    "code",
    "codeop",
    "pickle",
    "_pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "shelve",
    "timeit",
    "pdb",
    "bdb",
    "cProfile",
    "profile",
    "trace",
    "webbrowser",
    "commands",
    "popen2",
    "platform",
    "multiprocessing",
    "threading",
    "_thread",
    "asyncio",
    "concurrent",
    "signal",
    "operator",
    "_operator",
    "functools",
    "inspect",
    "gc",
    "types",
    "site",
    "sysconfig",
    "distutils",
    "setuptools",
    "pip",
    "ensurepip",
    "venv",
    "zipimport",
    "pkgutil",
    "pydoc",
    "doctest",
    "unittest",
    "test",
    "urllib",
    "http",
    "ftplib",
    "smtplib",
    "telnetlib",
    "xmlrpc",
    "requests",
    "httpx",
    "aiohttp",
    "paramiko",
    "fabric",
    "tempfile",
    "glob",
    "pathlib",
    "io",
    "_io",
    "builtins",
    "__builtin__",
    "__builtins__",
    "nturl2path",
    "linecache",
    "idlelib",
    "lib2to3",
    "faulthandler",
    "atexit",
    "sched",
    "antigravity",
    "this",
    "smtpd",
    "socketserver",
    "ssl",
    "select",
    "fileinput",
    "zipfile",
    "tarfile",
    "logging",
    "syslog",
    "readline",
    "cmd",
    "curses",
    "tkinter",
    "turtle",
    "sqlite3",
    "dbm",
    "yaml",
    "_frozen_importlib",
    "_frozen_importlib_external",
    "_interpreters",
    "_xxsubinterpreters",
    "numexpr",
];

/// Of those modules, what configurations name without harm.
const HARMLESS: &[&str] = &[
    "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.PurePath",
    "pathlib.PurePosixPath",
    "pathlib.WindowsPath",
    "functools.partial",
    "builtins.dict",
    "builtins.list",
    "builtins.tuple",
    "builtins.set",
    "builtins.int",
    "builtins.float",
    "builtins.str",
    "builtins.bool",
    "builtins.len",
    "builtins.slice",
    "builtins.range",
    "builtins.complex",
    "builtins.bytes",
    "builtins.frozenset",
    "builtins.type",
    "builtins.object",
    "logging.getLogger",
    "logging.Logger",
    "types.SimpleNamespace",
];

/// Functions in libraries of models that run code, and parts of their paths.
const RUNNING_PARTS: &[&str] = &[
    "hub.load",
    "cpp_extension",
    "load_library",
    "load_inline",
    "collect_env",
    "f2py",
    "runstring",
    "os.system",
    "subprocess",
    "__import__",
    "__builtins__",
    "__globals__",
    "__class__",
    "__subclasses__",
    "torch.package",
    "exec_command",
    "get_method",
    "get_class",
    "get_object",
    "get_static_method",
    "_locate",
    "import_module",
    "spawnv_passfds",
    "distutils",
    "os.popen",
    "builtins.eval",
    "builtins.exec",
    "pickle_load",
    "pickle.load",
    "numpy.testing",
    "_C._import",
    "hydra.main",
    "hydra._internal",
    "popen",
    "Popen",
    "run_subprocess",
];

/// Functions in libraries of models that open whatever they are told to.
const OPENING: &[&str] = &[
    "torch.load",
    "torch.save",
    "torch.jit.load",
    "numpy.load",
    "numpy.save",
    "numpy.savetxt",
    "numpy.fromfile",
    "numpy.memmap",
    "numpy.loadtxt",
    "numpy.genfromtxt",
    "omegaconf.OmegaConf.save",
    "omegaconf.OmegaConf.load",
    "omegaconf.OmegaConf.register_new_resolver",
    "torch.utils.model_zoo.load_url",
    "hydra.utils.call",
    "hydra.utils.instantiate",
    "torch.hub.download_url_to_file",
    "torch.hub.load_state_dict_from_url",
];

/// What a dotted name leads to.
pub(super) fn leads(name: &str) -> Leads {
    let name = name.trim();
    let root = name.split('.').next().unwrap_or_default();
    if HARMLESS.contains(&name) {
        return Leads::Model;
    }
    if RUNNING.contains(&root) || RUNNING_PARTS.iter().any(|part| has_part(name, part)) {
        return Leads::Runs;
    }
    if matches!(name, "eval" | "exec" | "open" | "compile" | "getattr" | "setattr" | "input" | "breakpoint") {
        return Leads::Runs;
    }
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte));
    match plain && LIBRARIES.contains(&root) && !OPENING.contains(&name) {
        true => Leads::Model,
        false => Leads::Unknown,
    }
}

/// Whether whole components of a name, next to each other, are those of `part`.
fn has_part(name: &str, part: &str) -> bool {
    let (name, part) = (format!(".{name}."), format!(".{part}."));
    name.contains(&part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_where_they_lead() {
        for (name, expected) in [
            ("nemo.collections.asr.models.EncDecCTCModel", Leads::Model),
            ("torch.nn.Linear", Leads::Model),
            ("os.system", Leads::Runs),
            ("builtins.eval", Leads::Runs),
            ("subprocess.Popen", Leads::Runs),
            ("torch.hub.load", Leads::Runs),
            ("torch.utils.cpp_extension.load", Leads::Runs),
            ("nemo.core.config.os.system", Leads::Runs),
            ("my_package.build", Leads::Unknown),
            ("${target}", Leads::Unknown),
            ("torch.load", Leads::Unknown),
            ("torch.nn.", Leads::Model),
            ("eval", Leads::Runs),
        ] {
            assert_eq!(leads(name), expected, "{name}");
        }
    }
}
