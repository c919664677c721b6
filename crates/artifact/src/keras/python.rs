//! Python byte code as `marshal` writes it, searched for the names it uses. It is not executed and not even decoded: names and texts
//! stand in it as they are in every version of Python, and are found whatever surrounds them.

use std::collections::BTreeSet;

use crate::references::code_in;

/// Names that functions on tensors have no use for.
const WORDS: [&str; 64] = [
    "os",
    "posix",
    "nt",
    "system",
    "popen",
    "subprocess",
    "Popen",
    "check_output",
    "check_call",
    "getoutput",
    "eval",
    "exec",
    "execv",
    "execve",
    "execvp",
    "spawn",
    "fork",
    "socket",
    "urllib",
    "urlopen",
    "urlretrieve",
    "requests",
    "httpx",
    "aiohttp",
    "__import__",
    "importlib",
    "import_module",
    "builtins",
    "__builtins__",
    "__subclasses__",
    "__globals__",
    "__bases__",
    "pty",
    "ctypes",
    "cdll",
    "CDLL",
    "shutil",
    "rmtree",
    "remove",
    "unlink",
    "environ",
    "getenv",
    "pickle",
    "cloudpickle",
    "dill",
    "marshal",
    "base64",
    "b64decode",
    "codecs",
    "runpy",
    "sys",
    "platform",
    "webbrowser",
    "paramiko",
    "ftplib",
    "smtplib",
    "multiprocessing",
    "pathlib",
    "write_text",
    "open",
    "compile",
    "getattr",
    "setattr",
    "globals",
];

/// The longest text of byte code that is looked at.
const TEXT: usize = 4096;

/// The first name in marshalled byte code that reaches beyond tensors.
pub(crate) fn dangerous_word(code: &[u8]) -> Option<String> {
    let texts = texts(code);
    if let Some(word) = WORDS.into_iter().find(|word| texts.contains(word.as_bytes())) {
        return Some(word.to_owned());
    }
    texts.iter().find_map(|text| {
        let text = String::from_utf8_lossy(text);
        let dotted =
            text.split('.').next().filter(|_| text.contains('.')).filter(|root| WORDS.contains(root));
        dotted.map(str::to_owned).or_else(|| code_in(&text).map(str::to_owned))
    })
}

/// Everything that can be read as a text at any place: a tag, a length, printable characters.
fn texts(code: &[u8]) -> BTreeSet<&[u8]> {
    let mut found = BTreeSet::new();
    for (at, tag) in code.iter().enumerate() {
        let Some(rest) = code.get(at..).and_then(|rest| rest.get(1..)) else { continue };
        let text = match tag & 0x7f {
            b'z' | b'Z' => rest.split_first().and_then(|(length, rest)| rest.get(..usize::from(*length))),
            b'a' | b'A' | b'u' | b't' | b's' => rest.split_first_chunk::<4>().and_then(|(length, rest)| {
                let length =
                    usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= TEXT)?;
                rest.get(..length)
            }),
            _ => None,
        };
        if let Some(text) =
            text.filter(|text| text.len() > 1 && text.iter().all(|byte| matches!(byte, 9..=126)))
            && found.len() < 65_536
        {
            found.insert(text);
        }
    }
    found
}

/// Base64 with line ends, as Keras writes it; none when the text is none.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits.wrapping_shl(6) | u32::from(value);
        count = count.saturating_add(6);
        if count >= 8 {
            count = count.saturating_sub(8);
            out.push(bits.wrapping_shr(count).to_le_bytes()[0]);
            bits &= 1u32.wrapping_shl(count).wrapping_sub(1);
        }
    }
    Some(out)
}

/// Byte code that was written as text, in base64 or, by old versions, character by character.
pub(super) fn code(text: &str) -> Vec<u8> {
    match base64(text) {
        Some(bytes) => bytes,
        None => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
    }
}
