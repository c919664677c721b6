//! One file, many pickles: what follows a pickle, what a broken one leaves behind, and the checkpoints that are a series of them.

use std::{cell::Cell, io};

use super::{
    Context, TORCH_MAGIC, bare, has_protocol,
    input::{Halt, Input},
    machine::{End, Env, Machine},
    marked, nested,
    report::Report,
    walk::{Deaf, Head, walk},
};
use crate::{
    containers,
    inspect::{Bytes, Look, look_at_member},
    rules::{self, pickles},
};

/// Pickles in data that are tried, and bytes walked over in all: for each byte of the file, and in any.
const TRIES: u32 = 20_000;
const WALKED: u64 = 12;
const WALKED_OF_ANY: u64 = 32 << 20;
/// How much of what follows is looked at to tell whether it is a pickle.
const HEAD: usize = 4096;
/// Pickles of a legacy checkpoint: magic, version, system, object, keys.
const LEGACY: usize = 5;

/// Interprets every pickle in these bytes and says what was found.
pub(super) fn inspect(bytes: &Bytes<'_>, context: Context, look: &mut Look<'_>) -> io::Result<()> {
    let env = Env {
        catalog: look.catalog,
        context,
        through: look.limits.digest && look.layers == 0,
        max_depth: look.limits.depth,
        len: look.file_len().max(bytes.len()),
        budget: Cell::new(bytes.len().saturating_mul(WALKED).saturating_add(WALKED_OF_ANY)),
        tries: Cell::new(TRIES),
    };
    let report = walk_all(&env, bytes)?;
    report.say(look)?;
    for load in &report.loads {
        let loaded = nested::loaded(bytes, load.at, load.len, load.coding)?;
        look_at_load(loaded.as_ref(), load.at, look)?;
    }
    // An archive inside of a pickle's bytes is data of the pickle; only what is left over may be one of its own.
    if report.has_leftovers() && look.depth() == 0 {
        containers::look_for_archive(bytes, look)?;
    }
    Ok(())
}

/// Looks at bytes that the pickle has loaded as a model.
fn look_at_load(bytes: Option<&Bytes<'_>>, at: u64, look: &mut Look<'_>) -> io::Result<()> {
    let Some(bytes) = bytes else {
        look.say(
            &rules::TOO_MUCH_WORK,
            at,
            "loaded",
            "bytes that the pickle loads are too many to be decoded",
        );
        return Ok(());
    };
    let name = format!("loaded at {at}");
    let mut head = [0; 4096];
    let got = bytes.head(&mut head)?;
    let head = head.get(..got).unwrap_or_default();
    if head.starts_with(TORCH_MAGIC) {
        look.enter(&name, |look| inspect(bytes, Context::Torch, look))?;
        return Ok(());
    }
    if crate::identify(&mut bytes.reader(), bytes.len())?.is_none() && !nested::is_packed(head) {
        look.say(&rules::UNKNOWN_FORMAT, at, &name, "what the pickle loads is in no model format");
        return Ok(());
    }
    look_at_member(bytes, &name, look)
}

fn walk_all<'e>(env: &'e Env<'e>, bytes: &Bytes<'_>) -> io::Result<Report<'e>> {
    let mut machine = Machine::new(env, bytes, 0, 0)?;
    let mut head = [0; TORCH_MAGIC_LENGTH];
    let got = bytes.head(&mut head)?;
    let legacy = head.get(..got) == Some(TORCH_MAGIC);
    let mut count = 0usize;
    loop {
        count = count.saturating_add(1);
        if legacy && count == LEGACY.saturating_sub(1) {
            machine.storages.follow();
        }
        if legacy && count == LEGACY {
            machine.storages.list();
        }
        let start = machine.input.offset();
        let end = machine.run()?;
        if end != End::Stop {
            machine.stopped_early(end, start)?;
            break;
        }
        if legacy && count == LEGACY && !machine.skip_storages()? {
            break;
        }
        if machine.input.remaining() == 0 || !machine.another_follows()? {
            break;
        }
    }
    Ok(machine.report)
}

const TORCH_MAGIC_LENGTH: usize = TORCH_MAGIC.len();

/// Walks over one pickle that may be none.
pub(super) fn try_one<'e>(
    env: &'e Env<'e>,
    bytes: &Bytes<'_>,
    at: u64,
    depth: usize,
) -> io::Result<Report<'e>> {
    let mut machine = Machine::new(env, bytes, at, depth)?;
    let length = bytes.len().saturating_sub(at);
    let Some(left) = env.budget.get().checked_sub(length) else {
        let message = || "more pickles in pickles than are followed".to_owned();
        machine.report.note(&rules::TOO_MUCH_WORK, at, nested::NESTED, message);
        return Ok(machine.report);
    };
    machine.run()?;
    // Only what was walked over is paid for.
    env.budget.set(left.saturating_add(machine.input.remaining()));
    Ok(machine.report)
}

impl Machine<'_, '_, '_> {
    /// Notes why a pickle has no STOP and searches what lies behind.
    fn stopped_early(&mut self, end: End, start: u64) -> io::Result<()> {
        let at = self.at;
        match end {
            End::Bytes => {
                let message = || "the bytes end before the pickle does".to_owned();
                self.report.note(&pickles::TRUNCATED, at, "", message);
            }
            _ => {
                let message = || "what follows is no opcode of a pickle".to_owned();
                self.report.note(&pickles::BROKEN, at, "", message);
            }
        }
        self.search(at.max(start).saturating_add(1))
    }

    fn skip_storages(&mut self) -> io::Result<bool> {
        let at = self.input.offset();
        let storages = std::mem::take(&mut self.storages);
        let known = match storages.skip(&mut self.input) {
            Ok(known) => known,
            Err(Halt::Io(error)) => return Err(error),
            Err(_) => {
                let message = || "the storages end before they should".to_owned();
                self.report.note(&pickles::TRUNCATED, at, "storages", message);
                return Ok(false);
            }
        };
        if !known {
            self.trailing(at)?;
        }
        Ok(known)
    }

    /// Whether another pickle follows; other data is noted and searched.
    fn another_follows(&mut self) -> io::Result<bool> {
        let at = self.input.offset();
        let length = self.input.remaining();
        let head = match self.input.peek(HEAD) {
            Ok(head) => head.get(..HEAD.min(head.len())).unwrap_or_default(),
            Err(Halt::Io(error)) => return Err(error),
            Err(_) => return Ok(false),
        };
        let walked = walk(&mut Head { head, at: 0, len: length }, &mut Deaf);
        let follows = if has_protocol(head) { marked(&walked) } else { bare(&walked, true) };
        if !follows {
            self.trailing(at)?;
        }
        Ok(follows)
    }

    fn trailing(&mut self, at: u64) -> io::Result<()> {
        if self.is_padding(at)? {
            let message = || "zeros or white space follow".to_owned();
            self.report.note(&pickles::PADDING, at, "", message);
            return Ok(());
        }
        let count = self.bytes.len().saturating_sub(at);
        self.report
            .note(&pickles::TRAILING_DATA, at, "", || format!("{count} bytes follow that are no pickle"));
        self.search(at)
    }

    fn is_padding(&self, at: u64) -> io::Result<bool> {
        let mut input = Input::new(self.bytes, at, false)?;
        let mut chunk = Vec::new();
        while input.read(&mut chunk)? > 0 {
            if !chunk.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Searches bytes that are no pickle for places where one begins, and keeps what attacks.
    fn search(&mut self, at: u64) -> io::Result<()> {
        let mut input = Input::new(self.bytes, at, false)?;
        let mut chunk = Vec::new();
        // The end of a chunk is looked at again with the next one, so that nothing hides across the border.
        let mut from = at;
        loop {
            input.seek(from)?;
            let got = input.read(&mut chunk)?;
            if got == 0 {
                return Ok(());
            }
            let last = from.saturating_add(got as u64) >= self.bytes.len();
            let end = if last { got } else { got.saturating_sub(HEAD / 4) };
            self.search_chunk(&chunk, end, from)?;
            if last {
                return Ok(());
            }
            from = from.saturating_add(end as u64);
        }
    }

    fn search_chunk(&mut self, chunk: &[u8], end: usize, base: u64) -> io::Result<()> {
        let mut next = 0;
        while let Some(at) = chunk.get(next..end).and_then(|rest| rest.iter().position(|byte| begins(*byte)))
        {
            let at = next.saturating_add(at);
            next = at.saturating_add(1);
            let rest = chunk.get(at..).unwrap_or_default();
            let offset = base.saturating_add(at as u64);
            if !names_something(rest) || !self.may_run(rest, offset) {
                continue;
            }
            let tries = self.env.tries.get();
            if tries == 0 {
                let message = || "more beginnings of pickles than are followed".to_owned();
                self.report.note(&rules::TOO_MUCH_WORK, base, "search", message);
                return Ok(());
            }
            self.env.tries.set(tries.saturating_sub(1));
            let report = try_one(self.env, self.bytes, offset, self.depth.saturating_add(1))?;
            if report.has_bad_call() {
                self.report.add_inner(offset, "data behind", report);
            }
        }
        Ok(())
    }
}

impl Machine<'_, '_, '_> {
    /// Whether a walk over what begins with a protocol, as one place in sixty thousand of random bytes does, meets a call.
    fn may_run(&self, rest: &[u8], offset: u64) -> bool {
        if rest.first() != Some(&0x80) {
            return true;
        }
        let head = rest.get(..HEAD).unwrap_or(rest);
        let walked = walk(&mut Head { head, at: 0, len: self.bytes.len().saturating_sub(offset) }, &mut Deaf);
        walked.runs > 0 || matches!(walked.end, super::walk::End::Window)
    }
}

fn begins(byte: u8) -> bool {
    matches!(byte, 0x80 | b'c' | b'i' | 0x8c)
}

/// Whether a pickle with a protocol, or a global that stands on two lines, begins here.
fn names_something(rest: &[u8]) -> bool {
    match rest {
        [0x80, 2..=5, next, ..] => super::opcode::describe(*next).is_some(),
        // A module and a name on the stack.
        [0x8c, length, text @ ..] => {
            let length = usize::from(*length);
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
            let names = length > 1 && text.get(..length).is_some_and(|text| text.iter().all(is_name));
            names && matches!(text.get(length), Some(0x94 | 0x8c | b'q' | b'r' | b'p' | b'h' | b'X'))
        }
        [b'c' | b'i', lines @ ..] => {
            let mut lines = lines.get(..512).unwrap_or(lines).split(|byte| *byte == b'\n');
            let is_name = |line: &[u8]| {
                line.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
                    && line.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
            };
            lines.next().is_some_and(is_name) && lines.next().is_some_and(is_name) && lines.next().is_some()
        }
        _ => false,
    }
}
