//! What the programs inside PyTorch archives name: files that they open, and expressions that their loader evaluates.
//!
//! They are searched for words and not parsed. Sources: PyTorch `torch/csrc/jit/serialization`, `torch/_export/serde/serialize.py`.

use std::io;

use crate::{
    inspect::{Bytes, Look},
    reader::contains,
    rules::containers as rules,
};

/// Operators by which a PyTorch program opens a file that it names itself.
const FILE_OPERATORS: [&str; 8] = [
    "aten.from_file",
    "aten.save",
    "torch.from_file(",
    "torch.save(",
    "image.read_file",
    "image.write_file",
    "torchaudio.sox_io_load",
    "torchaudio.sox_io_save",
];
/// Sources and graphs of programs that are read.
const PROGRAM: usize = 16 << 20;

/// Says which operators of a PyTorch program open files.
pub(super) fn say_files(bytes: &Bytes<'_>, name: &str, look: &mut Look<'_>) -> io::Result<()> {
    let Some(source) = bytes.whole(PROGRAM)? else { return too_long(name, look) };
    for operator in FILE_OPERATORS {
        if contains(&source, operator.as_bytes()) {
            let operator = operator.trim_end_matches('(');
            let message =
                format!("the program in `{name}` calls `{operator}`, which opens a file that it names");
            look.say(&rules::PROGRAM_FILES, None, operator, message);
        }
    }
    Ok(())
}

/// Says which expressions of an exported graph are more than arithmetic: the loader evaluates them as Python.
pub(super) fn say_expressions(bytes: &Bytes<'_>, name: &str, look: &mut Look<'_>) -> io::Result<()> {
    const KEY: &[u8] = b"\"expr_str\"";
    let Some(graph) = bytes.whole(PROGRAM)? else { return too_long(name, look) };
    let mut rest = graph.as_slice();
    while let Some(at) = find(rest, KEY) {
        rest = rest.get(at.saturating_add(KEY.len())..).unwrap_or_default();
        let value = rest.splitn(3, |byte| *byte == b'"').nth(1).unwrap_or_default();
        if !is_arithmetic(value) {
            let message =
                format!("an expression in `{name}` is more than arithmetic, and the loader evaluates it");
            look.say(&rules::PROGRAM_EXPRESSION, None, "expr_str", message);
            return Ok(());
        }
    }
    Ok(())
}

/// Names, numbers, calls and operators. Points stand in numbers only, and nothing is escaped or quoted.
fn is_arithmetic(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"_ ()+-*/%<>=!&|~^,.".contains(byte);
    let reaches = text
        .windows(2)
        .any(|pair| matches!(pair, [b'.', next] if next.is_ascii_alphabetic() || *next == b'_'));
    let builtin = ["__", "eval", "exec", "import", "open", "getattr", "lambda"];
    text.iter().all(fits) && !reaches && !builtin.iter().any(|word| contains(text, word.as_bytes()))
}

fn too_long(name: &str, look: &mut Look<'_>) -> io::Result<()> {
    let message = format!("the program in `{name}` is longer than is read");
    look.say(&crate::rules::TOO_MUCH_WORK, None, "program", message);
    Ok(())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_tensors_are_arithmetic_and_calls_of_python_are_not() {
        for sound in
            ["s77*s27", "Max(1, s0 - 1)", "Eq(Mod(s0, 2), 0)", "FloorDiv(u0, 4)", "1.5*s0", "-int_oo"]
        {
            assert!(is_arithmetic(sound.as_bytes()), "{sound}");
        }
        for hostile in
            ["__import__('os').system('id')", "s0.__class__", "s0.free_symbols", "exec(s0)", "s0\\u002ea"]
        {
            assert!(!is_arithmetic(hostile.as_bytes()), "{hostile}");
        }
    }
}
