//! The opcodes that push values, fill containers and use the memo.

use super::{
    arrays::Description,
    input::Halt,
    lookups,
    machine::Machine,
    nested,
    report::{Report, Seen},
    stack::Taken,
    values::{Coding, Group, ITEMS, TEXT, Texts, Value},
};
use crate::rules::pickles;

impl Machine<'_, '_, '_> {
    #[inline]
    pub(super) fn number(&mut self, number: i64) {
        self.stack.push(if self.exact { Value::Int(number) } else { Value::Data });
    }

    pub(super) fn long(&mut self, op: u8) -> Result<(), Halt> {
        let count = if op == 0x8a { self.input.array::<1>()?.map(u64::from)[0] } else { self.size(4)? };
        let kept = self.input.peek(8)?.get(..usize::try_from(count.min(9)).unwrap_or(9));
        let number = kept.filter(|bytes| bytes.len() <= 8).map(little_signed);
        self.input.skip(count)?;
        match number {
            Some(number) => self.number(number),
            None => self.stack.push(Value::Data),
        }
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
    pub(super) fn put(&mut self, place: u64) {
        let Some(top) = self.stack.top() else {
            self.expect(false);
            return;
        };
        let value = match top {
            Value::Text { at, len, whole } => self.texts.remember(at, len, whole),
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
            self.payload_value(at, length, coding)
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
        for slot in items.iter_mut().take(count).rev() {
            *slot = self.pop();
        }
        let plain = items.iter().all(|item| *item == Value::Data);
        self.tuple(Group { items, len: count as u64 }, plain);
    }

    pub(super) fn tuple(&mut self, group: Group, plain: bool) {
        if plain {
            self.stack.push(Value::Data);
            return;
        }
        for item in group.items {
            self.store(item);
        }
        let number = self.groups.push(group);
        self.stack.push(Value::Group(number));
    }

    /// Takes everything above the mark into a container, and notes what is dangerous among it.
    pub(super) fn take(&mut self) -> Taken {
        let (report, armed, arrays) = (&self.report, &mut self.armed, self.inline_arrays);
        let mut description = Description::default();
        let texts = &self.texts;
        let mut hooks = Hooks::default();
        let taken = self.stack.take(|at, value| {
            if let Value::Global(place) = value {
                arm(report, armed, place);
            }
            hooks.add(at, value, texts);
            if arrays {
                description.add(at, value, texts);
            }
        });
        if arrays {
            description.settle();
            self.descriptions.push(description);
        }
        self.expect(taken.marked);
        self.hooks = hooks;
        taken
    }

    /// An instance with such an attribute of its own decides what the unpickler calls next.
    fn say_hooks(&mut self) {
        if let Some(name) = std::mem::take(&mut self.hooks).found {
            let at = self.at;
            let message = || format!("puts its own `{name}` into an instance, which the loader then calls");
            self.report.note(&pickles::SHADOWS, at, name, message);
        }
    }

    pub(super) fn long_container(&mut self, op: u8) {
        let taken = self.take();
        if op == b'd' {
            self.say_hooks();
        }
        match op {
            b't' => self.tuple(taken.group, taken.plain),
            b'd' if self.inline_arrays => self.stack.push(Value::Description(self.descriptions.last())),
            _ => self.stack.push(Value::Data),
        }
    }

    /// APPEND, APPENDS, ADDITEMS, SETITEM and SETITEMS.
    pub(super) fn fill(&mut self, op: u8) {
        match op {
            b'a' => {
                let value = self.pop();
                self.store(value);
            }
            b's' => {
                let value = self.pop();
                let key = self.pop();
                self.store(value);
                self.store(key);
                self.hooks = Hooks::default();
                self.hooks.add(0, key, &self.texts);
                self.hooks.add(1, value, &self.texts);
                self.say_hooks();
                if self.inline_arrays {
                    let description = Description::of(key, value, &self.texts);
                    self.descriptions.push(description);
                }
            }
            _ => {
                self.take();
                if op == b'u' {
                    self.say_hooks();
                }
            }
        }
        let target = self.stack.top();
        self.expect(target.is_some());
        match target {
            Some(Value::Global(place)) => self.shadow(place),
            Some(Value::Attribute) => self.shadow_attribute(),
            Some(target @ (Value::Data | Value::Description(_)))
                if self.inline_arrays && matches!(op, b's' | b'u') =>
            {
                self.describe(target);
            }
            _ => {}
        }
    }

    /// Notes that a value went into a container.
    pub(super) fn store(&mut self, value: Value) {
        if let Value::Global(place) = value {
            arm(&self.report, &mut self.armed, place);
        }
    }
}

/// Pairs of a dictionary that may become attributes, and what of them the unpickler would call.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    /// Where the value of such a key is expected.
    waits: Option<(u64, &'static str)>,
    found: Option<&'static str>,
}

impl Hooks {
    fn add(&mut self, at: u64, value: Value, texts: &Texts<'_>) {
        if at.is_multiple_of(2) {
            let key = texts.whole(value);
            if key == Some(lookups::SET_STATE) {
                self.found = Some(lookups::SET_STATE);
            }
            self.waits = key.and_then(lookups::hook).map(|name| (at.saturating_add(1), name));
        } else if let Some((_, name)) = self.waits.take_if(|(place, _)| *place == at)
            && matches!(value, Value::Attribute)
        {
            self.found = Some(name);
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
