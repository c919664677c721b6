//! Python beside a model: a look at its words for what a model's code has no need of. It is no judgement of the code,
//! which runs only where a configuration names it.

use std::collections::BTreeMap;

use crate::{inspect::Look, reader::cut, rules::texts as rules};

/// Words of one file that are looked at.
const WORDS: usize = 2_000_000;

/// A word: a name, a string, or a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word<'t> {
    Name(&'t str),
    Text(&'t str),
    Sign(char),
}

/// Calls that start programs, run text as code, load compiled code, or open a socket.
const RUNNING: &[&str] = &[
    "eval",
    "exec",
    "compile",
    "__import__",
    "execfile",
    "os.system",
    "os.popen",
    "os.startfile",
    "pty.spawn",
    "socket.socket",
    "socket.create_connection",
    "ctypes.CDLL",
    "ctypes.cdll.LoadLibrary",
    "ctypes.WinDLL",
    "ctypes.PyDLL",
    "commands.getoutput",
    "marshal.loads",
    "builtins.eval",
    "builtins.exec",
    "builtins.compile",
    "builtins.__import__",
    "torch.ops.load_library",
    "torch.classes.load_library",
    "runpy.run_path",
    "runpy.run_module",
    "code.interact",
    "asyncio.create_subprocess_shell",
    "asyncio.create_subprocess_exec",
    "pip.main",
    "types.CodeType",
    "types.FunctionType",
];
/// The same by the first components.
const RUNNING_ROOTS: &[&str] =
    &["subprocess.", "os.exec", "os.spawn", "os.posix_spawn", "pexpect.", "paramiko."];
/// Calls that fetch things.
const FETCHING: &[&str] =
    &["requests.", "urllib.request.", "urllib2.", "httpx.", "aiohttp.", "wget.", "ftplib.", "http.client."];
/// What decodes or fetches what is then run.
const DECODING: &[&str] = &[
    "b64decode",
    "b32decode",
    "b85decode",
    "a85decode",
    "b16decode",
    "decompress",
    "fromhex",
    "unhexlify",
    "urlopen",
    "marshal",
    "decodebytes",
    "rot13",
    "rot_13",
    "decrypt",
];

/// Looks at a file of Python.
pub(super) fn look_at(text: &str, name: &str, look: &mut Look<'_>) {
    look.say(
        &rules::CODE_BESIDE,
        None,
        "",
        format!("`{}` runs when the model is loaded with its code", cut(name)),
    );
    let Some(words) = words(text) else {
        look.say(&crate::rules::TOO_MUCH_WORK, None, "words", "the code has more words than are looked at");
        return;
    };
    let aliases = aliases(&words);
    let mut connects = None;
    let mut shells = None;
    for at in 0..words.len() {
        let Some((name, end)) = called(&words, at) else { continue };
        let name = resolved(&name, &aliases);
        let offset = offset(text, &words, at);
        if matches!(
            name.as_str(),
            "eval" | "exec" | "compile" | "builtins.exec" | "builtins.eval" | "marshal.loads"
        ) && decodes(arguments(&words, end))
        {
            let message = format!("`{name}` runs what is decoded or fetched first");
            look.say(&rules::CODE_HIDES, offset, &name, message);
        }
        if is(&name, RUNNING, RUNNING_ROOTS) || reaches_by_name(&name, arguments(&words, end)) {
            look.say(&rules::CODE_RUNS, offset, &name, format!("`{}` is called", cut(&name)));
        } else if is(&name, &[], FETCHING) {
            look.say(&rules::CODE_DOWNLOADS, offset, &name, format!("`{}` is called", cut(&name)));
        }
        connects = connects.or_else(|| name.starts_with("socket.").then_some(offset));
        shells = shells.or_else(|| matches!(name.as_str(), "os.dup2" | "pty.spawn").then_some(offset));
    }
    if let (Some(_), Some(offset)) = (connects, shells) {
        look.say(&rules::CODE_HIDES, offset, "shell", "a shell is handed to a connection");
    }
}

fn is(name: &str, exact: &[&str], roots: &[&str]) -> bool {
    exact.contains(&name) || roots.iter().any(|root| name.starts_with(root))
}

/// `getattr(os, 'sys' + 'tem')`.
fn reaches_by_name(name: &str, arguments: &[Word<'_>]) -> bool {
    let modules = ["os", "builtins", "__builtins__", "subprocess", "sys", "importlib", "pty", "ctypes"];
    name == "getattr" && matches!(arguments.first(), Some(Word::Name(module)) if modules.contains(module))
}

fn decodes(arguments: &[Word<'_>]) -> bool {
    arguments.iter().any(|word| match word {
        Word::Name(name) => DECODING.contains(name),
        Word::Text(text) => DECODING.contains(text),
        Word::Sign(_) => false,
    })
}

/// The dotted name that is called from here, and the word behind its bracket; none inside of a longer name.
fn called(words: &[Word<'_>], at: usize) -> Option<(String, usize)> {
    let Some(Word::Name(first)) = words.get(at) else { return None };
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    if matches!(before, Some(Word::Sign('.') | Word::Name("def" | "class"))) {
        return None;
    }
    let mut name = (*first).to_owned();
    let mut next = at.checked_add(1)?;
    while let (Some(Word::Sign('.')), Some(Word::Name(part))) =
        (words.get(next), words.get(next.checked_add(1)?))
    {
        if name.len() < 256 {
            name.push('.');
            name.push_str(part);
        }
        next = next.checked_add(2)?;
    }
    (words.get(next) == Some(&Word::Sign('('))).then(|| Some((name, next.checked_add(1)?)))?
}

/// The words up to the bracket that closes, a thousand at most.
fn arguments<'w, 't>(words: &'w [Word<'t>], start: usize) -> &'w [Word<'t>] {
    let rest = words.get(start..).unwrap_or_default();
    let rest = rest.get(..1000).unwrap_or(rest);
    let mut depth = 0usize;
    let end = rest.iter().position(|word| match word {
        Word::Sign('(') => {
            depth = depth.saturating_add(1);
            false
        }
        Word::Sign(')') if depth == 0 => true,
        Word::Sign(')') => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => false,
    });
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

/// `import os as o`, `from os import system as s`: what the short name stands for.
fn aliases(words: &[Word<'_>]) -> BTreeMap<String, String> {
    let mut aliases = BTreeMap::new();
    let name = |at: usize| match words.get(at) {
        Some(Word::Name(name)) => Some(*name),
        _ => None,
    };
    for at in 0..words.len() {
        let after = |by: usize| at.saturating_add(by);
        match (name(at), name(after(1))) {
            (Some("import"), _) if at.checked_sub(2).and_then(name) != Some("from") => {
                imported(words, after(1), None, &mut aliases);
            }
            (Some("from"), Some(module)) if name(after(2)) == Some("import") => {
                imported(words, after(3), Some(module), &mut aliases);
            }
            _ => {}
        }
    }
    aliases
}

/// A list of names after `import`, from a module or modules themselves, each with a short name or not.
fn imported(words: &[Word<'_>], start: usize, module: Option<&str>, aliases: &mut BTreeMap<String, String>) {
    let mut rest = words.get(start..).unwrap_or_default().iter().take(200).peekable();
    rest.next_if(|word| **word == Word::Sign('('));
    while let Some(Word::Name(name)) = rest.next() {
        let mut alias = *name;
        if rest.next_if(|word| **word == Word::Name("as")).is_some()
            && let Some(Word::Name(other)) = rest.next()
        {
            alias = other;
        }
        if aliases.len() < 10_000 {
            let whole = module.map_or_else(|| (*name).to_owned(), |module| format!("{module}.{name}"));
            aliases.insert(alias.to_owned(), whole);
        }
        if rest.next_if(|word| **word == Word::Sign(',')).is_none() {
            break;
        }
    }
}

fn resolved(name: &str, aliases: &BTreeMap<String, String>) -> String {
    let (root, rest) = name.split_once('.').map_or((name, ""), |(root, rest)| (root, rest));
    match aliases.get(root) {
        Some(module) if rest.is_empty() => module.clone(),
        Some(module) => format!("{module}.{rest}"),
        None => name.to_owned(),
    }
}

/// Where a word stands in its text.
fn offset(text: &str, words: &[Word<'_>], at: usize) -> Option<u64> {
    let Some(Word::Name(name)) = words.get(at) else { return None };
    (name.as_ptr() as usize).checked_sub(text.as_ptr() as usize).map(|offset| offset as u64)
}

/// Names, strings and signs, without comments; none when there are too many.
fn words(text: &str) -> Option<Vec<Word<'_>>> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if words.len() >= WORDS {
            return None;
        }
        let length = if first == '#' {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '_' || first.is_alphabetic() {
            let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
            words.push(Word::Name(rest.get(..end)?));
            end
        } else if first == '"' || first == '\'' {
            let (inside, length) = string(rest, first)?;
            words.push(Word::Text(inside));
            length
        } else {
            if !first.is_whitespace() && first != '\\' {
                words.push(Word::Sign(first));
            }
            first.len_utf8()
        };
        rest = rest.get(length..)?;
    }
    Some(words)
}

/// The inside of a string, and its length with quotes. One that does not end is the rest of the text or line.
fn string(rest: &str, quote: char) -> Option<(&str, usize)> {
    let triple: String = [quote; 3].iter().collect();
    let mark = if rest.starts_with(&triple) { triple } else { quote.to_string() };
    let inside = rest.get(mark.len()..)?;
    let mut escaped = false;
    for (at, character) in inside.char_indices() {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if inside.get(at..)?.starts_with(&mark) {
            return Some((inside.get(..at)?, at.checked_add(mark.len().checked_mul(2)?)?));
        } else if character == '\n' && mark.len() == 1 {
            return Some((inside.get(..at)?, at.checked_add(1)?));
        }
    }
    Some((inside, rest.len()))
}
