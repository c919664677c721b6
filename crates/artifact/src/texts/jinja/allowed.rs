//! What chat templates use, and what leads out of a template into the program that renders it. Words only.
//!
//! Gathered from what Jinja documents as built in and from what the loaders of chat templates pass in.

/// What a name outside of these lists leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Used by templates, and harmless.
    Allowed,
    /// Not known.
    Unknown,
    /// Leads towards internals: objects whose attributes are the way out, or that pass on what a name hides.
    Doubtful,
    /// Part of the program below: classes, frames, modules, functions that run things.
    Internal,
}

/// Filters that change texts, numbers and lists and nothing else.
const FILTERS: &[&str] = &[
    "abs",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "from_json",
    "fromjson",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "strip",
    "striptags",
    "sum",
    "title",
    "to_json",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
    "wordwrap",
    "xmlattr",
];

const TESTS: &[&str] = &[
    "boolean",
    "callable",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "string",
    "true",
    "undefined",
    "upper",
    "filter",
    "test",
    "startingwith",
    "contains",
    "match",
    "search",
];

/// Methods of texts, lists and maps that only give a value, or change their own list or map.
const METHODS: &[&str] = &[
    "append",
    "capitalize",
    "casefold",
    "center",
    "clear",
    "copy",
    "count",
    "date",
    "endswith",
    "extend",
    "find",
    "format",
    "get",
    "has",
    "index",
    "insert",
    "isalnum",
    "isalpha",
    "isdecimal",
    "isdigit",
    "islower",
    "isnumeric",
    "isoformat",
    "isspace",
    "istitle",
    "isupper",
    "items",
    "join",
    "keys",
    "length",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "pop",
    "remove",
    "removeprefix",
    "removesuffix",
    "replace",
    "reverse",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "setdefault",
    "sort",
    "split",
    "splitlines",
    "startswith",
    "strftime",
    "strip",
    "swapcase",
    "title",
    "trim",
    "union",
    "update",
    "upper",
    "values",
    "zfill",
    "cycle",
    "changed",
];

const FUNCTIONS: &[&str] = &[
    "caller",
    "dict",
    "loop",
    "namespace",
    "raise_exception",
    "range",
    "strftime_now",
    "tojson",
    "from_json",
    "now",
    "raise",
    "super",
    "len",
    "str",
    "int",
    "min",
    "max",
];

/// What loaders pass in, as far as it is known.
const NAMES: &[&str] = &[
    "add_default_system_message",
    "add_generation_prompt",
    "add_vision_id",
    "additional_special_tokens",
    "available_tools",
    "begin_of_sentence",
    "bos_token",
    "builtin_tools",
    "caller",
    "chat_template_kwargs",
    "citations",
    "cls_token",
    "content",
    "controls",
    "continue_final_message",
    "conversation",
    "conversations",
    "current_date",
    "custom_tools",
    "date",
    "date_string",
    "default_system_message",
    "default_system_prompt",
    "dict",
    "documents",
    "enable_thinking",
    "end_of_sentence",
    "eos_token",
    "functions",
    "image_token",
    "input",
    "instruction",
    "keep_past_thinking",
    "knowledge",
    "language",
    "length",
    "loop",
    "mask_token",
    "message",
    "messages",
    "model_identity",
    "namespace",
    "pad_token",
    "prompt",
    "raise_exception",
    "range",
    "reasoning_effort",
    "response_format",
    "role",
    "safety_mode",
    "sep_token",
    "strftime_now",
    "strip_thinking",
    "system",
    "system_message",
    "system_prompt",
    "template",
    "text",
    "thinking",
    "thinking_budget",
    "today",
    "todays_date",
    "tokenizer",
    "tool_choice",
    "tool_prompt",
    "tool_use",
    "tools",
    "tools_in_user_message",
    "unk_token",
    "user_system_prompt",
    "xml_tools",
    "audio_token",
    "video_token",
    "skip_thinking",
    "preserve_thinking",
    "clear_thinking",
    "enable_citations",
    "video_pad_token",
    "vision_start_token",
    "is_last",
    "query",
    "question",
    "context",
    "answer",
    "language_model",
];

/// Objects of Jinja and of web frameworks whose attributes lead out, and modules.
const DOUBTFUL_NAMES: &[&str] = &[
    "self",
    "cycler",
    "joiner",
    "lipsum",
    "request",
    "config",
    "url_for",
    "get_flashed_messages",
    "g",
    "session",
    "environment",
    "environ",
    "app",
    "application",
    "current_app",
    "os",
    "sys",
    "subprocess",
    "builtins",
    "importlib",
    "inspect",
    "socket",
    "shutil",
    "pickle",
    "ctypes",
    "gettext",
    "ngettext",
    "debug",
    "settings",
    "handler",
];

/// Functions that run, open or reach things.
const RUNNING: &[&str] = &[
    "eval",
    "exec",
    "execfile",
    "open",
    "compile",
    "getattr",
    "setattr",
    "delattr",
    "globals",
    "locals",
    "vars",
    "breakpoint",
    "popen",
    "Popen",
    "system",
    "check_output",
    "check_call",
    "getoutput",
    "getstatusoutput",
    "import_module",
    "load_module",
    "exec_module",
    "spawn",
    "spawnl",
    "spawnv",
    "execv",
    "execve",
    "execl",
    "fork",
    "load_library",
    "from_string",
    "get_template",
    "import_string",
];

/// Attributes of classes, functions, frames, generators and modules that are written without underscores.
const INTERNALS: &[&str] = &[
    "mro",
    "func_globals",
    "func_code",
    "func_closure",
    "func_defaults",
    "func_dict",
    "gi_frame",
    "gi_code",
    "gi_yieldfrom",
    "cr_frame",
    "cr_code",
    "cr_await",
    "cr_origin",
    "ag_frame",
    "ag_code",
    "ag_await",
    "f_globals",
    "f_locals",
    "f_builtins",
    "f_back",
    "f_code",
    "tb_frame",
    "tb_next",
    "co_code",
    "co_consts",
    "co_names",
    "im_func",
    "im_self",
    "im_class",
    "popen",
];

/// Names between double underscores that a text on its own can only mean to reach.
const DUNDERS: &[&str] = &[
    "__class__",
    "__globals__",
    "__subclasses__",
    "__mro__",
    "__base__",
    "__bases__",
    "__builtins__",
    "__import__",
    "__getattribute__",
    "__getattr__",
    "__getitem__",
    "__dict__",
    "__code__",
    "__reduce__",
    "__reduce_ex__",
    "__self__",
    "__func__",
    "__wrapped__",
    "__loader__",
    "__spec__",
    "__closure__",
    "__call__",
    "__init__",
    "__new__",
    "__enter__",
    "__init_subclass__",
    "__module__",
    "__objclass__",
    "__qualname__",
    "__defaults__",
    "__kwdefaults__",
];

/// A filter.
pub(super) fn filter(name: &str) -> Reach {
    match name {
        "attr" => Reach::Doubtful,
        _ => known(FILTERS, name),
    }
}

/// A test.
pub(super) fn test(name: &str) -> Reach {
    known(TESTS, name)
}

/// A method that is called.
pub(super) fn method(name: &str) -> Reach {
    if RUNNING.contains(&name) {
        return Reach::Internal;
    }
    match name {
        "format_map" | "encode" | "decode" | "fromhex" => Reach::Doubtful,
        _ => known(METHODS, name),
    }
}

/// A function that is called and that the template does not define.
pub(super) fn function(name: &str) -> Reach {
    if RUNNING.contains(&name) || name.starts_with("__") {
        return Reach::Internal;
    }
    known(FUNCTIONS, name)
}

/// A name that the template does not define.
pub(super) fn name(name: &str) -> Reach {
    if name.starts_with("__") || name.starts_with("_") {
        return underscored(name);
    }
    match DOUBTFUL_NAMES.contains(&name) {
        true => Reach::Doubtful,
        false => known(NAMES, name),
    }
}

/// An attribute or item that is read by name. Data may be called anything that internals are not called.
pub(super) fn attribute(name: &str) -> Reach {
    if INTERNALS.contains(&name) {
        return Reach::Internal;
    }
    if name.starts_with('_') { underscored(name) } else { Reach::Allowed }
}

fn underscored(name: &str) -> Reach {
    let dunder = name.trim_matches('_').contains("__") || (name.starts_with("__") && name.ends_with("__"));
    if dunder && name.len() > 4 { Reach::Internal } else { Reach::Doubtful }
}

/// Whether a text is, on its own, the name of an internal.
pub(super) fn is_internal_text(text: &str) -> bool {
    let text = text.trim();
    text.len() < 256 && text.split('.').any(|part| DUNDERS.contains(&part))
}

/// Whether the fields of a format reach for attributes: `{0.__class__}`.
pub(super) fn format_reaches(format: &str) -> bool {
    format.split('{').skip(1).any(|field| {
        let field = field.split(['}', ':', '!']).next().unwrap_or_default();
        field.contains("__")
            || field.split(['.', '[', ']']).skip(1).any(|part| attribute(part) == Reach::Internal)
    })
}

fn known(list: &[&str], name: &str) -> Reach {
    if list.contains(&name) { Reach::Allowed } else { Reach::Unknown }
}
