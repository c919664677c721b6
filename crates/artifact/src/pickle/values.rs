//! What the interpreter knows of the values of a pickle: little, and only where it decides something.
//!
//! Numbers, long texts and containers are all [`Value::Data`]; kept are names, globals, short tuples and what describes an array.

use std::collections::HashMap;

use catalog::globals::{Globals, hash};

use super::lookups;

/// How many bytes of a text are kept, and of all texts that stand on the stack.
pub(super) const TEXT: usize = 512;
const RING: u64 = 128 * 1024;
/// Longest text that can be a name, and how many names that stand in no table are remembered beyond the stack.
pub(super) const NAME: usize = 128;
const NAMES: usize = 16 * 1024;
/// Elements of a tuple that are kept, and how many tuples.
pub(super) const ITEMS: usize = 8;
const GROUPS: u64 = 1024;

/// A value on the stack or in the memo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Value {
    /// Plain data, or an object made by something that may be called.
    Data,
    /// Something that could not be kept.
    Lost,
    /// An object that a call made.
    Made,
    /// A text or bytes that were put together on the way and cannot be told.
    Computed,
    /// What an attribute lookup gave.
    Attribute,
    /// What an attribute lookup in a class gave.
    Member,
    /// A function with arguments bound to it.
    Bound,
    /// Something of so many elements, such as a range.
    Many(u64),
    /// A storage of so many elements.
    Storage(u64),
    /// A container that is used again; without sharing it would have two to this power elements at least.
    Nest(u8),
    /// The function by which a library loads a model out of bytes, looked up by name.
    Loader,
    /// A text that was pushed lately.
    Text { at: u64, len: u16, whole: bool },
    /// A name that is remembered, because a table has it.
    Word(u32),
    /// A name that is remembered although no table has it.
    Name(u32),
    /// A number, where numbers matter.
    Int(i64),
    /// A global, by its place in the list of those seen.
    Global(u32),
    /// A short tuple with more than plain data in it.
    Group(u64),
    /// Bytes that stand in the file, where they matter.
    Payload { at: u64, len: u32, coding: Coding },
    /// The type of the elements of an array, by its place in a list.
    Dtype(u32),
    /// An array whose bytes follow once its description is complete.
    InlineArray,
    /// That description, by its place in a ring.
    Description(u64),
}

impl Value {
    /// Whether it is data or an object, of which nothing is known that makes it dangerous.
    pub(super) fn is_plain(self) -> bool {
        matches!(self, Self::Data | Self::Made | Self::Nest(_) | Self::Storage(_))
    }

    /// Whether it is a number, a long text, a container: what stands in the file as it is.
    pub(super) fn is_literal(self) -> bool {
        matches!(self, Self::Data | Self::Nest(_))
    }

    /// Whether many of it in a row are kept as one and their number.
    #[inline]
    pub(super) fn is_run(self) -> bool {
        matches!(self, Self::Data | Self::Made | Self::Nest(_))
    }

    /// Whether it is a text or bytes in the file.
    pub(super) fn is_long(self) -> bool {
        matches!(self, Self::Payload { .. } | Self::Text { .. } | Self::Word(_) | Self::Name(_))
    }

    /// Whether calling it may do something.
    pub(super) fn is_callable(self) -> bool {
        self.is_method() || matches!(self, Self::Global(_) | Self::Made | Self::Lost)
    }

    /// Whether it is a function that was looked up or made on the way.
    pub(super) fn is_method(self) -> bool {
        matches!(self, Self::Attribute | Self::Member | Self::Bound | Self::Loader)
    }

    /// Whether a value matters to what follows it and to nothing later.
    pub(super) fn is_fleeting(self) -> bool {
        matches!(
            self,
            Self::Text { .. } | Self::Word(_) | Self::Name(_) | Self::Int(_) | Self::Payload { .. }
        )
    }
}

/// How bytes in the file spell the bytes that they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Coding {
    /// As they are.
    Plain,
    /// A text in UTF-8 whose characters are the bytes.
    Utf8,
    /// A line with escapes.
    Escaped,
}

/// The first elements of a tuple and how many it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) items: [Value; ITEMS],
    pub(super) len: u64,
    /// How much of it is used again elsewhere, as [`Value::Nest`] counts.
    pub(super) level: Option<u8>,
}

impl Group {
    /// No elements.
    pub(super) const fn empty() -> Self {
        Self { items: [Value::Data; ITEMS], len: 0, level: None }
    }

    /// The elements, if none is missing.
    pub(super) fn all(&self) -> Option<&[Value]> {
        self.items.get(..usize::try_from(self.len).ok()?)
    }

    /// The elements behind the first.
    pub(super) fn without_first(mut self) -> Self {
        self.len = self.len.saturating_sub(1);
        self.items.rotate_left(1);
        self
    }

    /// The element at a place.
    pub(super) fn get(&self, at: usize) -> Value {
        let inside = (at as u64) < self.len;
        if inside { self.items.get(at).copied().unwrap_or(Value::Lost) } else { Value::Data }
    }
}

/// A list of which only the last entries are kept, numbered from 0 on.
#[derive(Debug)]
pub(super) struct Ring<T> {
    entries: Vec<T>,
    made: u64,
}

impl<T> Ring<T> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), made: 0 }
    }

    pub(super) fn push(&mut self, entry: T) -> u64 {
        let number = self.made;
        let at = usize::try_from(number % GROUPS).unwrap_or(0);
        match self.entries.get_mut(at) {
            Some(old) => *old = entry,
            None => self.entries.push(entry),
        }
        self.made = number.saturating_add(1);
        number
    }

    /// The number of the last entry.
    pub(super) fn last(&self) -> u64 {
        self.made.saturating_sub(1)
    }

    pub(super) fn get(&self, number: u64) -> Option<&T> {
        let kept = self.made.saturating_sub(number) <= GROUPS;
        let at = usize::try_from(number % GROUPS).ok()?;
        self.entries.get(at).filter(|_| kept)
    }
}

/// The texts that stand on the stack, and the names that are remembered.
pub(super) struct Texts<'g> {
    globals: &'g Globals,
    ring: Vec<u8>,
    head: u64,
    words: Vec<Box<str>>,
    numbers: HashMap<Box<str>, Value>,
    /// Words in no table.
    others: usize,
    /// The words that were looked up last, by hash.
    recent: Vec<(u64, Value)>,
}

const RECENT: usize = 256;
const SLOTS: u64 = RECENT as u64 - 1;

impl<'g> Texts<'g> {
    pub(super) fn new(globals: &'g Globals) -> Self {
        Self {
            globals,
            ring: Vec::new(),
            head: 0,
            words: Vec::new(),
            numbers: HashMap::new(),
            others: 0,
            recent: Vec::new(),
        }
    }

    /// A text that is pushed, of which at most the first bytes are given; `len` is how long all of it is.
    #[inline]
    pub(super) fn push(&mut self, text: &[u8], len: u64) -> Value {
        let kept = text.get(..TEXT).unwrap_or(text);
        let mut place = self.head % RING;
        if place.saturating_add(kept.len() as u64) > RING {
            self.head = self.head.saturating_add(RING.saturating_sub(place));
            place = 0;
        }
        let place = usize::try_from(place).unwrap_or(0);
        let end = place.saturating_add(kept.len());
        if self.ring.len() < end {
            // Grown as it is needed: most pickles are small.
            self.ring.resize(end.next_power_of_two().max(TEXT), 0);
        }
        if let Some(room) = self.ring.get_mut(place..end) {
            room.copy_from_slice(kept);
        }
        let at = self.head;
        self.head = at.saturating_add(kept.len() as u64);
        Value::Text {
            at,
            len: u16::try_from(kept.len()).unwrap_or(u16::MAX),
            whole: kept.len() as u64 == len,
        }
    }

    fn in_ring(&self, at: u64, len: u16) -> Option<&[u8]> {
        let start = usize::try_from(at % RING).ok()?;
        let kept = self.head <= at.saturating_add(RING);
        self.ring.get(start..start.saturating_add(len.into())).filter(|_| kept)
    }

    /// What of a text is kept, if it is one.
    pub(super) fn bytes(&self, value: Value) -> Option<&[u8]> {
        match value {
            Value::Text { at, len, .. } => self.in_ring(at, len),
            Value::Word(number) | Value::Name(number) => self.word(number).map(str::as_bytes),
            _ => None,
        }
    }

    /// A text of which all is kept, such as a name must be.
    pub(super) fn whole(&self, value: Value) -> Option<&str> {
        let whole = !matches!(value, Value::Text { whole: false, .. });
        self.bytes(value).filter(|_| whole).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    fn word(&self, number: u32) -> Option<&str> {
        self.words.get(usize::try_from(number).ok()?).map(AsRef::as_ref)
    }

    /// What the memo keeps of a text: a name as a word, anything else as data.
    #[inline]
    pub(super) fn remember(&mut self, at: u64, len: u16, whole: bool) -> Value {
        if !whole || usize::from(len) > NAME {
            return Value::Data;
        }
        let start = usize::try_from(at % RING).unwrap_or(usize::MAX);
        let text = self.ring.get(start..start.saturating_add(len.into())).unwrap_or_default();
        let hash = hash(text);
        if self.others >= NAMES && !self.globals.may_know(hash) && !lookups::may_be_hook(text) {
            return Value::Data;
        }
        let recent = self.recent.get(slot(hash)).filter(|recent| recent.0 == hash).map(|recent| recent.1);
        if let Some(word) = recent.filter(|word| self.bytes(*word) == Some(text)) {
            return word;
        }
        self.look_up(start, len, hash)
    }

    fn look_up(&mut self, start: usize, len: u16, hash: u64) -> Value {
        let text = self.ring.get(start..start.saturating_add(len.into())).unwrap_or_default();
        let Some(text) = std::str::from_utf8(text).ok().filter(|text| is_name(text)) else {
            return Value::Data;
        };
        if let Some(word) = self.numbers.get(text) {
            let word = *word;
            self.recall(hash, word);
            return word;
        }
        let known = self.globals.knows(text) || lookups::any_hook(text).is_some();
        if !known && self.others >= NAMES {
            return Value::Data;
        }
        self.others = self.others.saturating_add(usize::from(!known));
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        let word = if known { Value::Word(number) } else { Value::Name(number) };
        self.numbers.insert(text.into(), word);
        self.words.push(text.into());
        self.recall(hash, word);
        word
    }

    fn recall(&mut self, hash: u64, word: Value) {
        if self.recent.is_empty() {
            self.recent.resize(RECENT, (0, Value::Lost));
        }
        if let Some(recent) = self.recent.get_mut(slot(hash)) {
            *recent = (hash, word);
        }
    }
}

fn slot(hash: u64) -> usize {
    usize::try_from(hash >> 17 & SLOTS).unwrap_or(0)
}

fn is_name(text: &str) -> bool {
    let fits = |character: char| {
        character.is_alphanumeric() || matches!(character, '_' | '.' | '|' | '<' | '>' | '=' | '-')
    };
    !text.is_empty() && text.chars().all(fits)
}
