//! Names of attributes, told apart by what they are good for. They are words only; no value is known here.

/// Words with which the names of methods begin that reach files, programs, networks or code.
const REACHING: [&str; 51] = [
    "chmod",
    "compile",
    "connect",
    "delete",
    "download",
    "dump",
    "eval",
    "exec",
    "extract",
    "fetch",
    "fork",
    "from_file",
    "from_pretrained",
    "from_url",
    "fromfile",
    "hardlink",
    "import",
    "install",
    "kill",
    "lchmod",
    "link_to",
    "load_library",
    "load_model",
    "memmap",
    "mkdir",
    "open",
    "popen",
    "push_",
    "query",
    "read_",
    "remove",
    "rename",
    "replace",
    "rmdir",
    "rmtree",
    "run_",
    "save",
    "share_",
    "shell",
    "spawn",
    "symlink",
    "system",
    "to_csv",
    "to_excel",
    "to_file",
    "to_json",
    "tofile",
    "touch",
    "unlink",
    "upload",
    "write",
];
/// Whole names of the same kind.
const EXACT: [&str; 22] = [
    "call",
    "check_call",
    "check_output",
    "get_file",
    "load",
    "loads",
    "loadtxt",
    "new_shared",
    "pipe",
    "read",
    "run",
    "run_path",
    "start",
    "to_clipboard",
    "to_feather",
    "to_hdf",
    "to_html",
    "to_parquet",
    "to_pickle",
    "to_sql",
    "to_stata",
    "to_xml",
];
/// Attributes that the unpickler and plain types look for in an instance itself, and call.
const HOOKS: [&str; 6] = ["__array__", "add", "append", "extend", "items", "keys"];
/// The one that no instance has of its own.
pub(super) const SET_STATE: &str = "__setstate__";

/// Whether a method of this name reaches beyond its object: files, programs, networks, code.
pub(super) fn reaches(name: &str) -> bool {
    let name = name.trim_start_matches('_').to_ascii_lowercase();
    EXACT.contains(&name.as_str()) || REACHING.iter().any(|start| name.starts_with(start))
}

/// The name, if what lies under it in an instance is called while the pickle is loaded.
pub(super) fn hook(name: &str) -> Option<&'static str> {
    HOOKS.into_iter().find(|hook| *hook == name)
}

/// The same, with the one that sets a state.
pub(super) fn any_hook(name: &str) -> Option<&'static str> {
    if name == SET_STATE { Some(SET_STATE) } else { hook(name) }
}

/// Whether these bytes may be such a name.
pub(super) fn may_be_hook(name: &[u8]) -> bool {
    // Most names end at their first byte.
    matches!(name, [b'_' | b'a' | b'e' | b'i' | b'k', ..])
        && HOOKS.iter().chain([&SET_STATE]).any(|hook| hook.as_bytes() == name)
}

/// Whether it is one that adding elements to an instance calls.
pub(super) fn adds(name: &str) -> bool {
    matches!(name, "add" | "append" | "extend")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_distributions_and_layers_reach_nothing() {
        for name in ["_entropy", "_call_linear_np", "forward", "transform", "RUNNING", "_unpickle_model"] {
            assert!(!reaches(name), "{name}");
        }
        for name in ["write_text", "unlink", "_save", "from_file", "to_csv", "tofile"] {
            assert!(reaches(name), "{name}");
        }
    }
}
