//! What a walk through a pickle found, gathered before anything is said: the same walk also runs over bytes of which it is not yet
//! known whether they are a pickle at all.

use std::collections::{BTreeMap, HashMap};
use std::io;

use catalog::globals::{Globals, Judge, Standing};

use super::{makers::Maker, nested::NESTED, values::Coding};
use crate::{
    Rule,
    inspect::Look,
    reader::cut,
    rules::{self, pickles},
};

/// Different globals, other things to say, and pickles inside of one that are kept.
const GLOBALS: usize = 4096;
const NOTES: usize = 256;
const INNER: usize = 64;
const LOADS: usize = 4096;

/// A global that was named.
#[derive(Debug)]
pub(super) struct Seen<'g> {
    /// As Python 3 calls it, cut for display.
    pub(super) path: String,
    pub(super) module: String,
    pub(super) standing: Standing<'g>,
    /// What calling it makes.
    pub(super) maker: Maker,
    first: u64,
    /// Calls, instances, and times it was handed to something that was called.
    pub(super) calls: u64,
    /// What it was first called with, for people.
    arguments: Option<String>,
}

#[derive(Debug)]
struct Note {
    rule: &'static Rule,
    offset: u64,
    message: String,
    count: u64,
}

/// Bytes that a loader which the pickle calls takes for a model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) at: u64,
    pub(super) len: u64,
    pub(super) coding: Coding,
}

/// A pickle found inside of another one.
#[derive(Debug)]
struct Inner<'g> {
    at: u64,
    how: &'static str,
    report: Report<'g>,
}

/// Everything found.
#[derive(Debug, Default)]
pub(super) struct Report<'g> {
    globals: Vec<Seen<'g>>,
    places: HashMap<String, u32>,
    key: String,
    notes: BTreeMap<(&'static str, String), Note>,
    inner: Vec<Inner<'g>>,
    pub(super) loads: Vec<Load>,
}

impl<'g> Report<'g> {
    /// Notes a global; none when there are too many to keep, which is noted as well.
    pub(super) fn see(
        &mut self,
        globals: &'g Globals,
        context: &str,
        (module, name): (&str, &str),
        at: u64,
    ) -> Option<u32> {
        self.key.clear();
        self.key.extend([module, "\n", name]);
        if let Some(place) = self.places.get(&self.key) {
            return Some(*place);
        }
        let standing = globals.standing(context, module, name);
        let module = globals.module(module);
        let path = shown(&format!("{module}.{name}"));
        if self.globals.len() >= GLOBALS {
            let message = format!("more than {GLOBALS} different globals");
            self.note(&rules::TOO_MUCH_WORK, at, "globals", || message);
            if matches!(standing, Standing::Danger(_) | Standing::Unknown) {
                self.note(&pickles::UNKNOWN_GLOBAL, at, &path, || format!("names `{path}`"));
            }
            return None;
        }
        let place = u32::try_from(self.globals.len()).ok()?;
        self.places.insert(self.key.clone(), place);
        let module = cut(module);
        let maker = Maker::of(&path);
        self.globals.push(Seen { path, module, standing, maker, first: at, calls: 0, arguments: None });
        Some(place)
    }

    pub(super) fn seen(&self, place: u32) -> Option<&Seen<'g>> {
        self.globals.get(usize::try_from(place).ok()?)
    }

    /// Counts a call of a global; `arguments` are made only for the first one.
    pub(super) fn called(&mut self, place: u32, arguments: impl FnOnce() -> String) {
        let seen = usize::try_from(place).ok().and_then(|place| self.globals.get_mut(place));
        if let Some(seen) = seen {
            seen.calls = seen.calls.saturating_add(1);
            if seen.arguments.is_none() && matches!(seen.standing, Standing::Danger(_) | Standing::Unknown) {
                seen.arguments = Some(arguments());
            }
        }
    }

    /// Notes that a rule holds at an offset.
    pub(super) fn note(
        &mut self,
        rule: &'static Rule,
        offset: u64,
        name: &str,
        message: impl FnOnce() -> String,
    ) {
        if let Some(note) = self.notes.get_mut(&(rule.id, name.to_owned())) {
            note.count = note.count.saturating_add(1);
            return;
        }
        let name = if self.notes.len() < NOTES { name } else { "" };
        let message = message();
        let entry = self.notes.entry((rule.id, name.to_owned()));
        entry.or_insert(Note { rule, offset, message, count: 1 });
    }

    /// Keeps what was found in a pickle inside this one.
    pub(super) fn add_inner(&mut self, at: u64, how: &'static str, report: Report<'g>) {
        self.note(&pickles::NESTED, at, how, || {
            format!("holds another pickle, as {how}, that calls what models do not need")
        });
        if self.inner.len() < INNER {
            self.inner.push(Inner { at, how, report });
        }
    }

    /// Keeps a stretch that is loaded; false when there are too many.
    pub(super) fn add_load(&mut self, load: Load) -> bool {
        let room = self.loads.len() < LOADS;
        if room {
            self.loads.push(load);
        }
        room
    }

    /// Whether a global was called, or would run code when imported, that no honest pickle has, by its plain name.
    pub(super) fn has_bad_call(&self) -> bool {
        self.inner.iter().any(|inner| inner.report.has_bad_call())
            || self.globals.iter().any(|seen| match seen.standing {
                Standing::Danger(danger) => seen.calls > 0 || danger.on_import,
                Standing::Unknown => seen.calls > 0 && is_path(&seen.path),
                _ => false,
            })
    }

    /// Whether pickles inside were not followed to their end.
    pub(super) fn gave_up(&self) -> bool {
        self.notes.contains_key(&(rules::TOO_MUCH_WORK.id, NESTED.to_owned()))
    }

    /// Whether bytes are left that no pickle has.
    pub(super) fn has_leftovers(&self) -> bool {
        let left = [pickles::TRAILING_DATA.id, pickles::BROKEN.id, pickles::TRUNCATED.id];
        self.notes.keys().any(|(rule, _)| left.contains(rule))
    }

    /// Says everything.
    pub(super) fn say(&self, look: &mut Look<'_>) -> io::Result<()> {
        for seen in &self.globals {
            seen.say(look);
        }
        for ((_, name), note) in &self.notes {
            for _ in 0..note.count.min(1000) {
                look.say(note.rule, note.offset, name, note.message.as_str());
            }
        }
        for inner in &self.inner {
            look.enter(&format!("{} at {}", inner.how, inner.at), |look| inner.report.say(look))?;
        }
        Ok(())
    }
}

impl Seen<'_> {
    /// Whether it may be called, in one way or another.
    pub(super) fn is_harmless(&self) -> bool {
        matches!(self.standing, Standing::Called | Standing::Made | Standing::Named)
    }

    /// Whether it is a class whose instances write to a file that is an argument.
    pub(super) fn is_writer(&self) -> bool {
        self.module.starts_with("numpy") && self.path.ends_with(".memmap")
    }

    /// Whether it becomes harmful in the hands of another function.
    pub(super) fn is_sharp(&self) -> bool {
        match self.standing {
            Standing::Danger(_) => true,
            Standing::Judged(judge) => {
                !matches!(judge, Judge::Dtype | Judge::InlineArray | Judge::ArrayFile | Judge::One)
            }
            _ => false,
        }
    }

    fn rule(&self) -> Option<&'static Rule> {
        Some(match self.standing {
            Standing::Danger(danger) if !danger.attack => &pickles::CODE_BY_DESIGN,
            Standing::Danger(danger) if self.calls > 0 || danger.on_import => &pickles::DANGEROUS_CALL,
            Standing::Danger(_) => &pickles::DANGEROUS_GLOBAL,
            Standing::Unknown if self.calls > 0 => &pickles::UNKNOWN_CALL,
            Standing::Unknown => &pickles::UNKNOWN_GLOBAL,
            _ => return None,
        })
    }

    fn say(&self, look: &mut Look<'_>) {
        let Some(rule) = self.rule() else { return };
        let verb = if self.calls > 0 { "calls" } else { "names" };
        let does = match self.standing {
            Standing::Danger(danger) => danger.does.as_str(),
            _ => "no library that we know needs in a model",
        };
        let with = self.arguments.as_deref().filter(|text| !text.is_empty());
        let with = with.map_or(String::new(), |text| format!(", with {}", look.catalog.secrets.clean(text)));
        let message = format!("{verb} `{}`, which {does}{with}", self.path);
        for _ in 0..self.calls.clamp(1, 1000) {
            look.say(rule, self.first, &self.path, message.as_str());
        }
    }
}

/// A name as it is shown: without what would disturb a terminal.
pub(super) fn shown(name: &str) -> String {
    cut(name)
        .chars()
        .flat_map(|one| if one.is_control() { one.escape_default().collect() } else { vec![one] })
        .collect()
}

fn is_path(path: &str) -> bool {
    path.chars().all(|one| one.is_alphanumeric() || matches!(one, '_' | '.'))
}
