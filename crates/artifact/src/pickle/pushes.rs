//! The opcodes that push values, fill containers and use the memo.

use super::{
    arrays::Description,
    input::Halt,
    lookups,
    machine::Machine,
    makers::{KEPT_NUMBER, REMEMBERED_NUMBER},
    nested,
    report::{Report, Seen},
    shares::{self, Sharing},
    stack::Taken,
    values::{Coding, Group, ITEMS, NAME, TEXT, Texts, Value},
};
use crate::rules::pickles;

impl Machine<'_, '_, '_> {
    #[inline]
    pub(super) fn number(&mut self, number: i64) {
        let kept = self.exact || number >= KEPT_NUMBER;
        if number >= REMEMBERED_NUMBER && !kept {
            self.number = (self.input.offset(), number);
        }
        self.stack.push(if kept { Value::Int(number) } else { Value::Data });
    }

    pub(super) fn long(&mut self, op: u8) -> Result<(), Halt> {
        let count = if op == 0x8a { self.input.array::<1>()?.map(u64::from)[0] } else { self.size(4)? };
        let kept = self.input.peek(8)?.get(..usize::try_from(count.min(9)).unwrap_or(9));
        let number = kept.filter(|bytes| bytes.len() <= 8).map(little_signed);
        self.input.skip(count)?;
        // One that does not fit into 64 bits is as large as need be.
        self.number(number.unwrap_or(i64::MAX));
        Ok(())
    }

    pub(super) fn size(&mut self, width: u8) -> Result<u64, Halt> {
        Ok(match width {
            1 => u64::from(u8::from_le_bytes(self.input.array()?)),
            4 => u64::from(u32::from_le_bytes(self.input.array()?)),
            _ => u64::from_le_bytes(self.input.array()?),
        })
    }

    #[inline]
    pub(super) fn put(&mut self, place: u64, at: u64) {
        let Some(top) = self.stack.top() else {
            self.expect(false);
            return;
        };
        let value = match top {
            Value::Text { at, len, whole } => self.texts.remember(at, len, whole),
            Value::Data if self.shares.fresh == at => self.shares.open(place),
            Value::Data if self.number.0 == at => Value::Int(self.number.1),
            other => other,
        };
        self.memo.put(place, value);
    }

    #[inline]
    pub(super) fn get(&mut self, place: u64) {
        let value = self.memo.get(place);
        self.expect(value.is_some());
        self.stack.push(value.unwrap_or(Value::Lost));
    }

    /// A text of less than 256 bytes: the opcode that names, keys and labels come with.
    #[inline]
    pub(super) fn short_text(&mut self, length: u8) -> Result<(), Halt> {
        let wanted = usize::from(length);
        let text = self.input.peek(wanted)?.get(..wanted).ok_or(Halt::End)?;
        let value = self.texts.push(text, length.into());
        if wanted >= nested::SHORTEST && nested::may_be_one(text) {
            let at = self.input.offset();
            self.look_into(at, length.into(), true)?;
        }
        self.storages.text(&self.texts, value);
        let at = self.input.offset();
        self.remember_span(value, at, length.into(), Coding::Utf8);
        self.stack.push(value);
        self.input.skip(length.into())
    }

    /// Bytes and longer texts.
    pub(super) fn payload(&mut self, op: u8) -> Result<(), Halt> {
        let width = match op {
            b'U' | b'C' => 1,
            b'X' | b'T' | b'B' => 4,
            _ => 8,
        };
        let length = self.size(width)?;
        let at = self.input.offset();
        if length > self.input.remaining() {
            return Err(Halt::End);
        }
        let is_text = matches!(op, b'X' | 0x8d | b'U' | b'T');
        let utf8 = matches!(op, b'X' | 0x8d);
        let wanted = usize::try_from(length).unwrap_or(usize::MAX).min(nested::HEAD);
        let head = self.input.peek(wanted)?;
        let head = head.get(..wanted.min(head.len())).unwrap_or_default();
        let may_be_one = wanted >= nested::SHORTEST && nested::may_be_one(head);
        let value = if is_text && (length <= TEXT as u64 || !self.exact) {
            let text = self.texts.push(head, length);
            self.remember_span(text, at, length, if utf8 { Coding::Utf8 } else { Coding::Plain });
            text
        } else {
            let coding = if utf8 { Coding::Utf8 } else { Coding::Plain };
            self.exact |= !is_text && lookups::may_be_hook(head);
            let text =
                if self.exact && length <= NAME as u64 { Some(self.texts.push(head, length)) } else { None };
            let payload = self.payload_value(at, length, coding);
            if let Some(text) = text {
                self.spans.rotate_right(1);
                self.spans[0] = (text, payload);
            }
            payload
        };
        if may_be_one {
            self.look_into(at, length, utf8)?;
        }
        if is_text {
            self.storages.text(&self.texts, value);
        }
        self.stack.push(value);
        self.input.skip(length)
    }

    /// Where a short text stands, for the call that may follow.
    pub(super) fn remember_span(&mut self, text: Value, at: u64, length: u64, coding: Coding) {
        if self.exact {
            self.spans.rotate_right(1);
            self.spans[0] = (text, self.payload_value(at, length, coding));
        }
    }

    pub(super) fn payload_value(&self, at: u64, length: u64, coding: Coding) -> Value {
        match u32::try_from(length) {
            Ok(len) if self.exact => Value::Payload { at, len, coding },
            _ => Value::Data,
        }
    }

    pub(super) fn short_tuple(&mut self, count: usize) {
        let mut items = [Value::Data; ITEMS];
        if u32::try_from(count).is_ok_and(|count| self.stack.merge(count)) {
            self.shares.fresh = self.input.offset();
            return;
        }
        for slot in items.iter_mut().take(count).rev() {
            *slot = self.pop();
        }
        let mut sharing = Sharing::default();
        items.iter().for_each(|item| sharing.add(self.level(*item), 1));
        let plain = items.iter().all(|item| matches!(item, Value::Data | Value::Nest(_)));
        self.tuple(Group { items, len: count as u64, level: sharing.level() }, plain);
    }

    pub(super) fn tuple(&mut self, group: Group, plain: bool) {
        self.say_sharing(group.level);
        self.shares.fresh = self.input.offset();
        if group.len == 0 {
            self.no_arguments = self.input.offset();
        }
        if plain {
            self.stack.push(group.level.map_or(Value::Data, Value::Nest));
            return;
        }
        let outside = self.last_hook.take();
        for item in group.items {
            self.store(item);
            self.pair(item);
        }
        self.last_hook = outside;
        let number = self.groups.push(group);
        self.stack.push(Value::Group(number));
    }

    /// Takes everything above the mark into a container, and notes what is dangerous among it.
    pub(super) fn take(&mut self) -> Taken {
        let (report, armed, arrays) = (&self.report, &mut self.armed, self.inline_arrays);
        let mut description = Description::default();
        let texts = &self.texts;
        let mut hooks = Hooks::default();
        let mut sharing = Sharing::default();
        let groups = &self.groups;
        let mut taken = self.stack.take(|at, value, count| {
            if let Value::Global(place) = value {
                arm(report, armed, place);
            }
            if matches!(value, Value::Nest(_) | Value::Group(_)) {
                sharing.add(shares::level(groups, value), count);
            }
            hooks.add(at, value, texts, report);
            if arrays {
                description.add(at, value, texts);
            }
        });
        if arrays {
            description.settle();
            self.descriptions.push(description);
        }
        taken.group.level = sharing.level();
        self.expect(taken.marked);
        self.hooks = hooks;
        taken
    }

    /// An instance with such an attribute of its own decides what the unpickler calls next.
    fn say_hooks(&mut self) {
        let hooks = std::mem::take(&mut self.hooks);
        let at = self.at;
        if let Some(name) = hooks.found {
            let message = || format!("puts its own `{name}` into an instance, which the loader then calls");
            self.report.note(&pickles::SHADOWS, at, name, message);
        }
        if hooks.computed {
            let message = || "computes the name of an attribute or a key".to_owned();
            self.report.note(&pickles::COMPUTED_NAME, at, "", message);
        }
        self.hooked = hooks.may_be.filter(|name| lookups::adds(name)).or(self.hooked);
    }

    pub(super) fn long_container(&mut self, op: u8) {
        let taken = self.take();
        if op == b'd' {
            self.say_hooks();
        }
        match op {
            b't' => self.tuple(taken.group, taken.plain),
            b'd' if self.inline_arrays => self.stack.push(Value::Description(self.descriptions.last())),
            _ => {
                self.say_sharing(taken.group.level);
                self.shares.fresh = self.input.offset();
                self.stack.push(taken.group.level.map_or(Value::Data, Value::Nest));
            }
        }
    }

    /// APPEND, APPENDS, ADDITEMS, SETITEM and SETITEMS.
    pub(super) fn fill(&mut self, op: u8) {
        let level = match op {
            b'a' => {
                let value = self.pop();
                self.store(value);
                self.pair(value);
                self.level(value)
            }
            b's' => self.set_item(),
            _ => {
                let taken = self.take();
                if op == b'u' {
                    self.say_hooks();
                } else if taken.plain {
                    self.last_hook = None;
                } else {
                    taken.group.items.into_iter().for_each(|item| self.pair(item));
                }
                taken.group.level
            }
        };
        self.filled(op, level);
    }

    /// SETITEM; gives how much of the value is shared.
    fn set_item(&mut self) -> Option<u8> {
        let value = self.pop();
        let key = self.pop();
        self.store(value);
        self.store(key);
        self.hooks = Hooks::default();
        self.hooks.add(0, key, &self.texts, &self.report);
        self.hooks.add(1, value, &self.texts, &self.report);
        self.say_hooks();
        if self.inline_arrays {
            let description = Description::of(key, value, &self.texts);
            self.descriptions.push(description);
        }
        self.level(value)
    }

    /// What became of the container on top, which just got elements.
    fn filled(&mut self, op: u8, level: Option<u8>) {
        let target = self.stack.top();
        self.expect(target.is_some());
        let items = matches!(op, b's' | b'u');
        match target {
            Some(Value::Global(place)) => self.shadow(place),
            Some(Value::Attribute | Value::Member) => self.shadow_attribute(),
            Some(target @ (Value::Data | Value::Nest(_) | Value::Description(_)))
                if self.inline_arrays && items =>
            {
                self.describe(target);
            }
            Some(target) if target.is_literal() => {
                self.share(target, level, matches!(op, b'a' | b's'));
                if self.stack.forgot {
                    self.say_hooked();
                }
            }
            Some(_) if !items => self.say_hooked(),
            _ => {}
        }
    }

    /// Elements are added to an instance, by its own method if it has one.
    fn say_hooked(&mut self) {
        if let Some(name) = self.hooked.filter(|name| lookups::adds(name)) {
            let at = self.at;
            let message = || format!("adds elements to an instance, which may have an `{name}` of its own");
            self.report.note(&pickles::ODD_ARGUMENTS, at, name, message);
        }
    }

    /// Notes that a value went into a container.
    pub(super) fn store(&mut self, value: Value) {
        if let Value::Global(place) = value {
            arm(&self.report, &mut self.armed, place);
        }
    }

    /// A name and a function behind it become an attribute in the hands of whoever makes a dictionary of pairs.
    fn pair(&mut self, value: Value) {
        let name = self.texts.whole(value).and_then(lookups::any_hook);
        let before = std::mem::replace(&mut self.last_hook, name);
        let may_be_any = matches!(value, Value::Computed | Value::Attribute);
        self.sets_state |= name == Some(lookups::SET_STATE) || may_be_any;
        self.element = name.filter(|name| lookups::adds(name)).or(self.element);
        let Some(name) = before.filter(|_| value.is_callable()) else { return };
        if name == lookups::SET_STATE || value.is_method() || self.is_writer(value) {
            let at = self.at;
            let message = || format!("puts `{name}` and a function into a pair, as for an attribute");
            self.report.note(&pickles::ODD_ARGUMENTS, at, name, message);
        }
        self.hooked = Some(name).filter(|name| lookups::adds(name)).or(self.hooked);
    }
}

/// Pairs of a dictionary that may become attributes, and what of them the unpickler would call.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    /// Where the value of such a key is expected.
    waits: Option<(u64, &'static str)>,
    found: Option<&'static str>,
    /// A key whose value may be called, if the dictionary ends in an instance.
    may_be: Option<&'static str>,
    /// Whether a key is a text that cannot be told.
    computed: bool,
}

impl Hooks {
    fn add(&mut self, at: u64, value: Value, texts: &Texts<'_>, report: &Report<'_>) {
        if at.is_multiple_of(2) {
            self.computed |= matches!(value, Value::Computed | Value::Attribute);
            let key = texts.whole(value);
            if key == Some(lookups::SET_STATE) {
                self.found = Some(lookups::SET_STATE);
            }
            self.waits = key.and_then(lookups::hook).map(|name| (at.saturating_add(1), name));
        } else if let Some((_, name)) = self.waits.take_if(|(place, _)| *place == at) {
            let writes =
                matches!(value, Value::Global(place) if report.seen(place).is_some_and(Seen::is_writer));
            if value.is_method() || writes {
                self.found = Some(name);
            } else if value.is_callable() {
                self.may_be = Some(name);
            }
        }
    }
}

fn arm(report: &Report<'_>, armed: &mut Vec<u32>, place: u32) {
    const ARMED: usize = 64;
    if report.seen(place).is_some_and(Seen::is_sharp) && armed.len() < ARMED && !armed.contains(&place) {
        armed.push(place);
    }
}

fn little_signed(bytes: &[u8]) -> i64 {
    let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
    let mut whole = [if negative { 0xff } else { 0 }; 8];
    for (slot, byte) in whole.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    i64::from_le_bytes(whole)
}
