//! What can be said of configurations, templates and code beside a model.

use domain::{Severity, Verdict};

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[
    &TEMPLATE_INTERNALS,
    &TEMPLATE_BUILT_NAME,
    &TEMPLATE_LOADS,
    &TEMPLATE_OUTSIDE,
    &TEMPLATE_EXHAUSTS,
    &TEMPLATE_UNKNOWN_NAME,
    &TEMPLATE_BROKEN,
    &GO_TEMPLATE_FUNCTION,
    &GO_TEMPLATE_BROKEN,
    &REMOTE_CODE,
    &TRUST_REMOTE_CODE,
    &CUSTOM_MODULE,
    &TARGET_RUNS,
    &TARGET_UNKNOWN,
    &YAML_OBJECT,
    &YAML_TYPE,
    &SKOPS_TYPE,
    &SKOPS_RUNS,
    &PRESET_OPTION,
    &PRESET_UNKNOWN,
    &INDEX_ESCAPES,
    &SERVED_CODE,
    &SERVED_LIBRARY,
    &PACKAGE_ELSEWHERE,
    &PACKAGE_UNSAFE,
    &CODE_BESIDE,
    &CODE_RUNS,
    &CODE_HIDES,
    &CODE_DOWNLOADS,
    &SECRET_IN_CONFIGURATION,
    &DUPLICATE_KEY,
    &TEXT_BROKEN,
];

const SSTI: &[&str] = &["CVE-2024-34359", "https://cwe.mitre.org/data/definitions/1336.html"];

/// A Jinja template that leaves its sandbox, or would if there were one.
pub(crate) static TEMPLATE_INTERNALS: Rule = Rule {
    id: "template-internals",
    severity: Severity::Critical,
    verdict: Verdict::Malicious,
    title: "a chat template reaches into the program that renders it",
    does: "Through classes, frames or functions of Python the template gets at anything the program can do: it runs commands with the rights of whoever chats with the model.",
    help: "do not load it; take the model from its maker, or replace the template by that of the base model",
    example: "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    references: SSTI,
};

/// A name that is put together in a way that constants do not explain.
pub(crate) static TEMPLATE_BUILT_NAME: Rule = Rule {
    id: "template-built-name",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "a chat template reaches into values by a name that it puts together",
    does: "Templates that render chats name what they read. Putting a name together while the template runs is how a forbidden one is hidden from those who look.",
    help: "do not load it before somebody has read the template",
    example: "{{ x|attr(a ~ b) }}",
    references: SSTI,
};

/// `include`, `import`, `extends`.
pub(crate) static TEMPLATE_LOADS: Rule = Rule {
    id: "template-loads-template",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a chat template loads another template",
    does: "A chat template stands alone. One that includes, imports or extends another reads a file of the program that renders it.",
    help: "read the template before anyone loads it, or replace it by that of the base model",
    example: "{% include '/etc/passwd' %}",
    references: SSTI,
};

/// Outside of the allow-list.
pub(crate) static TEMPLATE_OUTSIDE: Rule = Rule {
    id: "template-outside-allow-list",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a chat template uses what no chat template uses",
    does: "The filter, test, function or object is not among those that render chats; some of them are the first step out of the template.",
    help: "read the template before anyone loads it, or replace it by that of the base model",
    example: "{{ cycler }}, {{ x|attr('y') }}, {{ f() }}",
    references: SSTI,
};

/// Loops and texts without end.
pub(crate) static TEMPLATE_EXHAUSTS: Rule = Rule {
    id: "template-exhausts",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a chat template asks for an endless amount of work",
    does: "Rendering it uses up the memory or the time of the program.",
    help: "do not load it; replace the template by that of the base model",
    example: "{% for x in range(10000000000) %}",
    references: &["https://cwe.mitre.org/data/definitions/400.html"],
};

/// A variable that no known loader passes in.
pub(crate) static TEMPLATE_UNKNOWN_NAME: Rule = Rule {
    id: "template-unknown-name",
    severity: Severity::Info,
    verdict: Verdict::Clean,
    title: "a chat template reads a variable that is not known",
    does: "Nothing by itself: the program that renders it may pass the variable in, else it is empty.",
    help: "nothing is to be done",
    example: "{{ my_flag }}",
    references: &[],
};

/// No Jinja.
pub(crate) static TEMPLATE_BROKEN: Rule = Rule {
    id: "template-broken",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a chat template cannot be read",
    does: "It is not Jinja as it is documented, so nobody can say what it does where it is accepted.",
    help: "take the template of the base model, or one that Jinja parses",
    example: "{% if %}",
    references: &["https://jinja.palletsprojects.com/en/stable/templates/"],
};

/// A function of a Go template that neither Go nor Ollama has.
pub(crate) static GO_TEMPLATE_FUNCTION: Rule = Rule {
    id: "go-template-function",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a prompt template of Ollama calls a function that is not known",
    does: "Ollama's templates read data and call a handful of functions. Another one means something only to another program, which may do anything with it.",
    help: "read the template before anyone loads it",
    example: "{{ exec \"id\" }}",
    references: &["https://pkg.go.dev/text/template"],
};

/// No Go template.
pub(crate) static GO_TEMPLATE_BROKEN: Rule = Rule {
    id: "go-template-broken",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a prompt template of Ollama cannot be read",
    does: "It is not a template as Go's text/template documents it; Ollama refuses it as well.",
    help: "take the template of the base model",
    example: "{{ if .System }}",
    references: &["https://pkg.go.dev/text/template"],
};

/// `auto_map` and its like.
pub(crate) static REMOTE_CODE: Rule = Rule {
    id: "remote-code",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "the configuration names Python code that is loaded with the model",
    does: "Whoever loads the model with `trust_remote_code` runs that code, from the same directory or from another repository.",
    help: "read the code and pin its revision, or use a model whose architecture the library brings itself",
    example: "\"auto_map\": {\"AutoModel\": \"modeling_x.XModel\"}",
    references: &["https://huggingface.co/docs/transformers/models#custom-models"],
};

/// A configuration that says its code may be trusted.
pub(crate) static TRUST_REMOTE_CODE: Rule = Rule {
    id: "trust-remote-code",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "a configuration asks to trust the model's code",
    does: "Tools that honour the setting run code that comes with a model without asking.",
    help: "leave it out unless the model needs it and its code was read",
    example: "\"trust_remote_code\": true",
    references: &["https://huggingface.co/docs/transformers/models#custom-models"],
};

/// A module that is imported because a configuration names it.
pub(crate) static CUSTOM_MODULE: Rule = Rule {
    id: "custom-module",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "the configuration names a module that the library does not have",
    does: "The loader imports the module by its name. What that runs depends on the machine and on the files beside the model.",
    help: "find out which package the module belongs to and read it, or load the parts of the model one by one",
    example: "\"scheduler\": [\"my_module\", \"MyScheduler\"]",
    references: &["https://huggingface.co/docs/diffusers/using-diffusers/custom_pipeline_overview"],
};

/// A Hydra target that runs things.
pub(crate) static TARGET_RUNS: Rule = Rule {
    id: "target-runs-code",
    severity: Severity::Critical,
    verdict: Verdict::Malicious,
    title: "a configuration names a function that runs programs as what is to be built",
    does: "The loader calls what `_target_` names with the arguments beside it: a command, an expression, a file.",
    help: "do not load it; report it to whoever brought it",
    example: "_target_: os.system",
    references: &["CVE-2025-23304", "https://hydra.cc/docs/advanced/instantiate_objects/overview/"],
};

/// A Hydra target outside of the libraries of models.
pub(crate) static TARGET_UNKNOWN: Rule = Rule {
    id: "target-unknown",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a configuration names a class or function outside of the libraries of models as what is to be built",
    does: "The loader imports and calls what `_target_` names with the arguments beside it.",
    help: "find out what the name leads to before anyone loads the model",
    example: "_target_: my_package.build",
    references: &["https://hydra.cc/docs/advanced/instantiate_objects/overview/"],
};

/// `!!python/object/apply`.
pub(crate) static YAML_OBJECT: Rule = Rule {
    id: "yaml-python-object",
    severity: Severity::Critical,
    verdict: Verdict::Malicious,
    title: "a YAML file makes Python objects",
    does: "A loader that is not the safe one imports what the tag names and calls it with the arguments beside it.",
    help: "do not load it; no configuration of a model needs such tags",
    example: "!!python/object/apply:os.system [id]",
    references: &["CVE-2020-14343", "https://cwe.mitre.org/data/definitions/502.html"],
};

/// `!!python/object` of a type that is not known.
pub(crate) static YAML_TYPE: Rule = Rule {
    id: "yaml-python-type",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a YAML file names Python types to be made",
    does: "A loader that is not the safe one imports what the tag names and makes an object of it.",
    help: "read it with a safe loader only; no configuration of a model needs such tags",
    example: "!!python/object:my_package.Thing {}",
    references: &["CVE-2020-14343", "https://cwe.mitre.org/data/definitions/502.html"],
};

/// A type in a skops file.
pub(crate) static SKOPS_TYPE: Rule = Rule {
    id: "skops-unknown-type",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a skops file holds a type that is not one of the known libraries",
    does: "The type is imported when whoever loads the file trusts it, and its state is set.",
    help: "check `skops.io.get_untrusted_types` and trust only what is known",
    example: "\"__module__\": \"my_package\", \"__class__\": \"Thing\"",
    references: &["https://skops.readthedocs.io/en/stable/persistence.html"],
};

/// A node of a skops file that calls things.
pub(crate) static SKOPS_RUNS: Rule = Rule {
    id: "skops-runs-code",
    severity: Severity::High,
    verdict: Verdict::Malicious,
    title: "a skops file names a function that runs programs",
    does: "Nodes for methods and operators say one type to whoever checks and call another (CVE-2025-54412, CVE-2025-54413); this one leads to commands.",
    help: "do not load it; report it to whoever brought it",
    example: "\"__module__\": \"os\", \"__class__\": \"system\"",
    references: &["CVE-2025-54412", "CVE-2025-54413"],
};

/// An option of a runtime in a preset.
pub(crate) static PRESET_OPTION: Rule = Rule {
    id: "preset-option",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a preset sets an option that reaches beyond the model",
    does: "The option makes the runtime open files, listen to the network, load libraries or run tools.",
    help: "take the option out, or set it on the command line where it can be seen",
    example: "log-file = /home/me/.bashrc",
    references: &["https://github.com/ggml-org/llama.cpp/blob/master/docs/preset.md"],
};

/// An option of a preset that is not known.
pub(crate) static PRESET_UNKNOWN: Rule = Rule {
    id: "preset-unknown-option",
    severity: Severity::Info,
    verdict: Verdict::Clean,
    title: "a preset sets an option that is not known",
    does: "Nothing that is known; newer runtimes have newer options.",
    help: "look the option up in the runtime's help",
    example: "my-option = 1",
    references: &[],
};

/// A shard index that leads out of its directory.
pub(crate) static INDEX_ESCAPES: Rule = Rule {
    id: "index-escapes",
    severity: Severity::High,
    verdict: Verdict::Suspicious,
    title: "an index of shards leads out of its directory",
    does: "The loader opens the files that the index names; this one names a file elsewhere on the machine.",
    help: "do not load it; an index names files beside it",
    example: "\"weight_map\": {\"w\": \"../../secret.bin\"}",
    references: &["https://cwe.mitre.org/data/definitions/22.html"],
};

/// Code in a model's directory.
pub(crate) static CODE_BESIDE: Rule = Rule {
    id: "code-beside-model",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "Python code lies beside the model",
    does: "It runs when a configuration names it and whoever loads the model trusts remote code; else it lies there.",
    help: "read it before anyone loads the model with `trust_remote_code`",
    example: "modeling_x.py",
    references: &["https://huggingface.co/docs/transformers/models#custom-models"],
};

/// Code that starts programs.
pub(crate) static CODE_RUNS: Rule = Rule {
    id: "code-runs-programs",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "code beside the model starts programs, evaluates text as code or opens sockets",
    does: "A model's code computes. Where it starts programs or evaluates text, it does more than the model needs.",
    help: "read it before anyone loads the model with `trust_remote_code`",
    example: "os.system('…')",
    references: &["https://cwe.mitre.org/data/definitions/94.html"],
};

/// Code that hides what it runs.
pub(crate) static CODE_HIDES: Rule = Rule {
    id: "code-hides-code",
    severity: Severity::High,
    verdict: Verdict::Malicious,
    title: "code beside the model runs what it first decodes or connects to",
    does: "It decodes text and runs it, or hands a shell to a connection. Nobody hides code that may be seen.",
    help: "do not load it; report it to whoever brought it",
    example: "exec(base64.b64decode('…'))",
    references: &["https://attack.mitre.org/techniques/T1027/"],
};

/// Code that fetches things.
pub(crate) static CODE_DOWNLOADS: Rule = Rule {
    id: "code-downloads",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "code beside the model fetches things from the network",
    does: "Models of images often fetch the images they are asked about; what is fetched comes from wherever the code says.",
    help: "read where it goes before anyone loads the model with `trust_remote_code`",
    example: "requests.get(url)",
    references: &[],
};

/// A secret in a configuration.
pub(crate) static SECRET_IN_CONFIGURATION: Rule = Rule {
    id: "secret-in-configuration",
    severity: Severity::Medium,
    verdict: Verdict::Clean,
    title: "a configuration holds a secret",
    does: "Everybody who gets the model gets the secret. Its value is not shown here.",
    help: "revoke the secret, then take it out of the file and of its history",
    example: "\"hub_token\": \"***\"",
    references: &["https://cwe.mitre.org/data/definitions/798.html"],
};

/// A key twice.
pub(crate) static DUPLICATE_KEY: Rule = Rule {
    id: "duplicate-key",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "a key stands twice in a configuration",
    does: "Most readers take the last value and some the first, so that two of them see different configurations. All values were judged.",
    help: "ask whoever wrote it which value is meant",
    example: "{\"a\": 1, \"a\": 2}",
    references: &["https://www.rfc-editor.org/rfc/rfc8259#section-4"],
};

/// No JSON, YAML or text.
pub(crate) static TEXT_BROKEN: Rule = Rule {
    id: "text-broken",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a configuration cannot be read",
    does: "It is not in the format that its name says, so nobody can say what a loader makes of it.",
    help: "take the file from the model's maker once more",
    example: "{\"a\": ",
    references: &[],
};

/// A server runs code that comes with the model.
pub(crate) static SERVED_CODE: Rule = Rule {
    id: "serving-code",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a server of models runs code that comes with the model",
    does: "MLflow imports a module or unpickles a class of the author's, Triton runs a `model.py`: with the rights of the server, as soon as the model is loaded.",
    help: "read the code before the model is served, or ask for the model as a graph",
    example: "loader_module: my_loader, backend: \"python\"",
    references: &[
        "https://mlflow.org/docs/latest/ml/model/",
        "https://github.com/triton-inference-server/python_backend",
    ],
};

/// A server loads a library that the model names.
pub(crate) static SERVED_LIBRARY: Rule = Rule {
    id: "serving-library",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "a server of models loads a library of native code that the model names",
    does: "Triton looks for the library of a backend in the folder of the model first, and runs it in its own process.",
    help: "find out who built the library, or serve the model with a backend of the server",
    example: "backend: \"my_backend\", which is libtriton_my_backend.so",
    references: &["https://github.com/triton-inference-server/backend"],
};

/// A package from somewhere else than the usual index.
pub(crate) static PACKAGE_ELSEWHERE: Rule = Rule {
    id: "package-from-elsewhere",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "packages for the model come from somewhere else than the usual index",
    does: "Whoever installs them runs what lies at the address that day.",
    help: "pin a revision and a digest, or take the packages from the usual index",
    example: "git+https://github.com/someone/something",
    references: &["https://pip.pypa.io/en/stable/reference/requirements-file-format/"],
};

/// A package whose way here is not protected.
pub(crate) static PACKAGE_UNSAFE: Rule = Rule {
    id: "package-unprotected",
    severity: Severity::Medium,
    verdict: Verdict::Suspicious,
    title: "packages for the model come over a way that is not protected",
    does: "Anybody between here and there answers with a package of their own, and installing it runs their code.",
    help: "do not install it from there; take the packages from an index over https",
    example: "--index-url http://10.0.0.7/simple",
    references: &["https://cwe.mitre.org/data/definitions/829.html"],
};
