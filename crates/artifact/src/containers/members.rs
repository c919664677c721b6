//! What a member of an archive is, by the kind of archive and by its own content, and who looks at it.
//!
//! A name says only which loader would read a member; that it is a pickle is told by its content.

use std::io;

use domain::Verdict;

use super::{npy, texts_of_torch, torch};
use crate::{
    Format, HEAD,
    inspect::{Bytes, Look, look_at_member},
    pickle::{self, Context},
    rules::containers as rules,
};

/// The first bytes of a member, which most tensors need to show that they are none of a pickle.
const FIRST: usize = 64;

/// What kind of model an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A PyTorch checkpoint.
    Torch,
    /// A PyTorch program, whose pickles its own C++ reader takes apart.
    Torchscript,
    /// Arrays of NumPy.
    Npz,
    /// A program with an archive at its end.
    Llamafile,
    /// An archive of TorchServe.
    Served,
    /// Anything else.
    Other,
}

impl Kind {
    /// The kind by the names of the members, and by the format where that is known.
    pub(super) fn of(names: &[String], format: impl Into<Option<Format>>) -> Self {
        let has = |leaf: &str| names.iter().any(|name| leaf_of(name) == leaf);
        match format.into() {
            Some(Format::Llamafile) => Self::Llamafile,
            Some(Format::Npz) => Self::Npz,
            _ if has("data.pkl") && has("constants.pkl") => Self::Torchscript,
            _ if has("data.pkl") || has("archive_format") => Self::Torch,
            _ if names.iter().any(|name| name == "MAR-INF/MANIFEST.json") => Self::Served,
            _ => Self::Other,
        }
    }

    /// The number of the storage that a member is: raw numbers, which no loader takes for anything else.
    pub(super) fn storage(self, name: &str) -> Option<u64> {
        if !matches!(self, Self::Torch | Self::Torchscript) {
            return None;
        }
        let (folder, leaf) = name.rsplit_once('/')?;
        let folder = leaf_of(folder);
        let digits = leaf.trim_start_matches(|byte: char| byte.is_ascii_lowercase() || byte == '_');
        let number = digits.parse().ok()?;
        matches!(folder, "data" | "constants" | "tensors" | "weights").then_some(number)
    }
}

fn leaf_of(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// Looks at the content of a member, unpacked.
pub(super) fn look_at_content(
    bytes: &Bytes<'_>,
    name: &str,
    kind: Kind,
    look: &mut Look<'_>,
) -> io::Result<()> {
    if kind == Kind::Served && leaf_of(name).ends_with(".py") {
        let message = format!("the server that loads the archive runs `{name}`");
        look.say(&rules::HANDLER, None, name, message);
    }
    let leaf = leaf_of(name);
    if kind == Kind::Torchscript && leaf.ends_with(".py") {
        torch::say_files(bytes, name, look)?;
    }
    if leaf == "serialized_exported_program.json" || kind == Kind::Torch && leaf.ends_with(".json") {
        torch::say_expressions(bytes, name, look)?;
    }
    if matches!(kind, Kind::Torch | Kind::Torchscript) {
        if kind.storage(name).is_some() {
            return look_at_plain(bytes, name, look);
        }
        if leaf.ends_with(".pkl") || leaf.ends_with(".debug_pkl") {
            let context = match (kind, leaf) {
                (Kind::Torchscript, _) => Context::Torchscript,
                (_, "data.pkl") => Context::Torch,
                _ => Context::Plain,
            };
            return look_at_pickle(bytes, name, context, look);
        }
        if texts_of_torch(name) {
            return look_at_plain(bytes, name, look);
        }
    }
    if leaf.ends_with(".npy") && npy::begins(bytes)? {
        return listed(bytes, name, None, look, |look| npy::inspect(bytes, look));
    }
    look_at_member(bytes, name, look)
}

fn listed(
    bytes: &Bytes<'_>,
    name: &str,
    format: Option<&str>,
    look: &mut Look<'_>,
    inside: impl FnOnce(&mut Look<'_>) -> io::Result<()>,
) -> io::Result<()> {
    look.enter(name, |look| {
        let verdict = look.verdict_of(inside)?;
        look.list(bytes.len(), format, verdict);
        Ok(())
    })
    .map(drop)
}

/// Lists a member that could not be read.
pub(super) fn list_unread(name: &str, size: u64, look: &mut Look<'_>) -> io::Result<()> {
    look.enter(name, |look| {
        look.list(size, None, Verdict::Unscannable);
        Ok(())
    })
    .map(drop)
}

fn look_at_pickle(bytes: &Bytes<'_>, name: &str, context: Context, look: &mut Look<'_>) -> io::Result<()> {
    listed(bytes, name, Some("pickle"), look, |look| pickle::inspect(bytes, context, look))
}

/// Looks at a member that should be no more than plain data: a pickle in it is one that was hidden.
fn look_at_plain(bytes: &Bytes<'_>, name: &str, look: &mut Look<'_>) -> io::Result<()> {
    let hidden = is_hidden_pickle(bytes, look)?;
    listed(bytes, name, hidden.then_some("pickle"), look, |look| {
        if hidden {
            let message = "the member should be plain data, and is a pickle";
            look.say(&rules::HIDDEN_PICKLE, 0, "", message);
            pickle::inspect(bytes, Context::Plain, look)?;
        }
        Ok(())
    })
}

/// Whether plain data is a pickle that does something. Tensors begin with any bytes, so it takes more than a likely head.
fn is_hidden_pickle(bytes: &Bytes<'_>, look: &Look<'_>) -> io::Result<bool> {
    let mut head = [0; HEAD];
    let got = bytes.head(head.get_mut(..FIRST).unwrap_or_default())?;
    if !pickle::plausible(head.get(..got).unwrap_or_default(), bytes.len()) {
        return Ok(false);
    }
    let got = bytes.head(&mut head)?;
    let head = head.get(..got).unwrap_or_default();
    if has_calls(bytes, head)? {
        return Ok(true);
    }
    if pickle::identify(&mut bytes.reader(), head, bytes.len())?.is_none() {
        return Ok(false);
    }
    let mut trial = Look::new(look.catalog, look.limits);
    pickle::inspect(bytes, Context::Plain, &mut trial)?;
    Ok(trial.verdict() >= Verdict::Suspicious)
}

/// Whether these bytes are a pickle that names globals, which is what it takes to call something.
pub(super) fn has_calls(bytes: &Bytes<'_>, head: &[u8]) -> io::Result<bool> {
    let found = pickle::identify(&mut bytes.reader(), head, bytes.len())?;
    Ok(found.is_some_and(|found| found.metadata.keys.contains_key("pickle.globals")))
}
