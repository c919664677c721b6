//! What the programs inside PyTorch archives name: files that they open, and expressions that their loader evaluates.
//!
//! Sources are searched for words and not parsed. Source: PyTorch `torch/csrc/jit/serialization`.

use std::io;

use crate::{
    inspect::{Bytes, Look},
    reader::contains,
    rules::containers as rules,
    texts::exported,
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

/// Judges an exported graph, whose expressions the loader evaluates as Python.
pub(super) fn say_expressions(bytes: &Bytes<'_>, name: &str, look: &mut Look<'_>) -> io::Result<()> {
    let Some(graph) = bytes.whole(PROGRAM)? else { return too_long(name, look) };
    exported::judge(&graph, name, look);
    Ok(())
}

fn too_long(name: &str, look: &mut Look<'_>) -> io::Result<()> {
    let message = format!("the program in `{name}` is longer than is read");
    look.say(&crate::rules::TOO_MUCH_WORK, None, "program", message);
    Ok(())
}
