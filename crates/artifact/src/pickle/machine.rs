//! The abstract interpreter: every opcode of protocols 0 to 5, with stack, memo and marks, as the C unpickler of CPython runs them.
//!
//! It is lenient where the unpickler would give up, and remembers that it did: what came before has run, and another loader may
//! read on. Source: CPython `Modules/_pickle.c`, `Lib/pickletools.py`.

use std::{cell::Cell, io};

use catalog::{
    Catalog,
    globals::{Judge, Standing},
};

use super::{
    Context,
    arrays::{Description, Dtype},
    input::{Halt, Input},
    legacy::Storages,
    memo::Memo,
    pushes::Hooks,
    report::{Load, Report, Seen},
    shares::Shares,
    stack::Stack,
    values::{Group, Ring, Texts, Value},
};
use crate::{
    inspect::Bytes,
    rules::{self, pickles},
};

/// What all walks of one inspection share.
pub(super) struct Env<'e> {
    pub(super) catalog: &'e Catalog,
    pub(super) context: Context,
    /// Whether what is skipped is read all the same, for the digest of the file.
    pub(super) through: bool,
    pub(super) max_depth: usize,
    /// How long the file is, or these bytes where they are longer.
    pub(super) len: u64,
    /// Bytes that may still be walked over, pickles in pickles included, and pickles in data that may still be tried.
    pub(super) budget: Cell<u64>,
    pub(super) tries: Cell<u32>,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// At STOP.
    Stop,
    /// At a byte that is no opcode.
    Wrong,
    /// At the end of the bytes, without STOP.
    Bytes,
}

/// The interpreter of one pickle after the other.
pub(super) struct Machine<'e, 'b, 's> {
    pub(super) env: &'e Env<'e>,
    pub(super) bytes: &'b Bytes<'s>,
    pub(super) input: Input<'s>,
    pub(super) report: Report<'e>,
    pub(super) stack: Stack,
    pub(super) memo: Memo,
    pub(super) texts: Texts<'e>,
    pub(super) line: Vec<u8>,
    /// Where the running opcode stands.
    pub(super) at: u64,
    pub(super) depth: usize,
    /// Whether numbers and bytes are kept as values, because something on the way may need them.
    pub(super) exact: bool,
    /// Whether arrays may follow their description in the stream.
    pub(super) inline_arrays: bool,
    /// Whether a plain loader would have given up by now.
    pub(super) broken: bool,
    frame_end: u64,
    /// What waits while the elements of an array of objects are read.
    pub(super) outer: Vec<(Stack, Memo)>,
    pub(super) dtypes: Vec<Dtype>,
    pub(super) groups: Ring<Group>,
    pub(super) descriptions: Ring<Description>,
    /// Dangerous globals that were put into a container since the last call.
    pub(super) armed: Vec<u32>,
    pub(super) storages: Storages,
    /// What the pairs taken last would put into an instance.
    pub(super) hooks: Hooks,
    /// Where the texts that were pushed last stand in the file.
    pub(super) spans: [(Value, Value); 4],
    /// The bytes in the state of the object that was built last.
    pub(super) last_state: Option<Load>,
    /// Where the opcode that made the last empty tuple ends.
    pub(super) no_arguments: u64,
    /// The last number that was not kept, and where its opcode ends.
    pub(super) number: (u64, i64),
    /// Bytes that calls asked for.
    pub(super) asked: u64,
    /// Containers, as they are used again and again.
    pub(super) shares: Shares,
    /// A hook that some instance may have of its own, and one that was the last element to go into a container.
    pub(super) hooked: Option<&'static str>,
    pub(super) last_hook: Option<&'static str>,
    /// Whether the name of the hook that sets a state is an element of some list or tuple.
    pub(super) sets_state: bool,
    /// The same of a hook that adding elements calls.
    pub(super) element: Option<&'static str>,
}

impl<'e, 'b, 's> Machine<'e, 'b, 's> {
    pub(super) fn new(env: &'e Env<'e>, bytes: &'b Bytes<'s>, at: u64, depth: usize) -> io::Result<Self> {
        Ok(Self {
            env,
            bytes,
            input: Input::new(bytes, at, env.through && depth == 0)?,
            report: Report::default(),
            stack: Stack::default(),
            memo: Memo::default(),
            texts: Texts::new(&env.catalog.globals),
            line: Vec::new(),
            at,
            depth,
            exact: false,
            inline_arrays: false,
            broken: false,
            frame_end: 0,
            outer: Vec::new(),
            dtypes: Vec::new(),
            groups: Ring::new(),
            descriptions: Ring::new(),
            armed: Vec::new(),
            storages: Storages::default(),
            hooks: Hooks::default(),
            spans: [(Value::Lost, Value::Lost); 4],
            last_state: None,
            no_arguments: 0,
            number: (0, 0),
            asked: 0,
            shares: Shares::default(),
            hooked: None,
            sets_state: false,
            element: None,
            last_hook: None,
        })
    }

    /// Runs one pickle from where the input stands.
    pub(super) fn run(&mut self) -> io::Result<End> {
        let end = match self.run_all() {
            Ok(()) => End::Stop,
            Err(Halt::Wrong) => End::Wrong,
            Err(Halt::End) => End::Bytes,
            Err(Halt::Io(error)) => return Err(error),
        };
        let at = self.at;
        if self.stack.overflown || self.memo.overflown {
            let message = || "more values at once than are followed".to_owned();
            self.report.note(&rules::TOO_MUCH_WORK, at, "values", message);
        }
        if let Some(place) = self.memo.huge {
            self.report
                .note(&pickles::HUGE_MEMO, at, "", || format!("puts a value at place {place} of the memo"));
        }
        if end == End::Stop && self.broken {
            let message = || "asks for values that are not there".to_owned();
            self.report.note(&pickles::BROKEN, at, "", message);
        }
        // Memo and stack do not outlive a pickle.
        (self.stack, self.memo, self.broken) = (Stack::default(), Memo::default(), false);
        self.outer.clear();
        self.armed.clear();
        (self.shares, self.hooked, self.last_hook) = (Shares::default(), None, None);
        (self.sets_state, self.element) = (false, None);
        self.frame_end = 0;
        Ok(end)
    }

    fn run_all(&mut self) -> Result<(), Halt> {
        loop {
            let op = self.input.byte()?;
            match op {
                b'K' => {
                    let [number] = self.input.array()?;
                    self.number(i64::from(number));
                }
                b')' => {
                    self.stack.push(Value::Data);
                    self.no_arguments = self.input.offset();
                }
                b'N' | 0x88 | 0x89 | 0x97 => self.stack.push(Value::Data),
                b']' | b'}' | 0x8f => {
                    self.stack.push(Value::Data);
                    self.shares.fresh = self.input.offset();
                }
                0x94 => {
                    let place = self.memo.next();
                    self.put(place, self.input.offset().saturating_sub(1));
                }
                0x8c => {
                    let [length] = self.input.array()?;
                    self.short_text(length)?;
                }
                b'(' => self.stack.mark(),
                b'G' => {
                    self.input.array::<8>()?;
                    self.stack.push(Value::Data);
                }
                b'h' => {
                    let [place] = self.input.array()?;
                    self.get(place.into());
                }
                b'.' => {
                    self.at = self.input.offset().saturating_sub(1);
                    if !self.leave_inner() {
                        return Ok(());
                    }
                }
                _ => {
                    self.at = self.input.offset().saturating_sub(1);
                    self.step(op)?;
                }
            }
        }
    }

    fn step(&mut self, op: u8) -> Result<(), Halt> {
        match op {
            b'J' => {
                let number = i32::from_le_bytes(self.input.array()?);
                self.number(number.into());
            }
            b'M' => {
                let number = u16::from_le_bytes(self.input.array()?);
                self.number(number.into());
            }
            b'q' => {
                let [place] = self.input.array()?;
                self.put(place.into(), self.at);
            }
            b'r' => {
                let place = u32::from_le_bytes(self.input.array()?);
                self.put(place.into(), self.at);
            }
            b'j' => {
                let place = u32::from_le_bytes(self.input.array()?);
                self.get(place.into());
            }
            b'e' | 0x90 | b'u' | b'a' | b's' => self.fill(op),
            0x85..=0x87 => self.short_tuple(usize::from(op.saturating_sub(0x84))),
            b't' | b'l' | b'd' | 0x91 => self.long_container(op),
            b'X' | 0x8d | b'T' | b'U' | b'B' | b'C' | 0x8e | 0x96 => self.payload(op)?,
            b'c' | b'i' | 0x93 | 0x82..=0x84 => self.global(op)?,
            b'R' | 0x81 | 0x92 | b'o' | b'b' => self.call_opcode(op)?,
            b'I' | b'L' | b'F' | b'S' | b'V' | b'p' | b'g' | b'P' => self.line_opcode(op)?,
            _ => self.rare(op)?,
        }
        Ok(())
    }

    fn rare(&mut self, op: u8) -> Result<(), Halt> {
        match op {
            b'0' => {
                if self.stack.at_mark() {
                    self.stack.unmark();
                } else {
                    self.pop();
                }
            }
            b'1' => {
                let taken = self.stack.take(|_, _, _| ());
                self.expect(taken.marked);
            }
            b'2' => self.duplicate(),
            b'Q' => self.persistent(),
            0x80 => self.input.skip(1)?,
            0x95 => self.frame()?,
            // READONLY_BUFFER leaves its value as it is.
            0x98 => {}
            0x8a | 0x8b => self.long(op)?,
            _ => return Err(Halt::Wrong),
        }
        Ok(())
    }

    /// Notes that the unpickler would have given up, unless all is well.
    pub(super) fn expect(&mut self, well: bool) {
        self.broken |= !well;
    }

    pub(super) fn pop(&mut self) -> Value {
        let value = self.stack.pop();
        self.expect(value.is_some());
        value.unwrap_or(Value::Lost)
    }

    fn frame(&mut self) -> Result<(), Halt> {
        let length = u64::from_le_bytes(self.input.array()?);
        if self.at < self.frame_end || length > self.input.remaining() {
            self.odd_frame();
        }
        self.frame_end = self.input.offset().saturating_add(length);
        Ok(())
    }

    /// At STOP: the frame must end as well.
    pub(super) fn end_frame(&mut self) {
        if self.frame_end > self.input.offset() {
            self.odd_frame();
        }
        self.frame_end = 0;
    }

    fn odd_frame(&mut self) {
        let at = self.at;
        self.report.note(&pickles::FRAME, at, "", || "a frame does not end where an opcode does".to_owned());
    }

    fn persistent(&mut self) {
        let value = self.pop();
        self.store(value);
        let group = self.group(value);
        let kind = group.and_then(|group| self.texts.whole(group.get(0)));
        let made = match (kind, group) {
            (Some("storage"), Some(group)) => {
                self.storages.refer(&group, &self.texts, &self.report);
                let class = match group.get(1) {
                    Value::Global(place) => self.report.seen(place),
                    _ => None,
                };
                class.is_some_and(Seen::is_harmless).then(|| self.storage(group.get(4)))
            }
            // A class with its source, which is only compared: what comes back is the class.
            (Some("module"), Some(group)) => Some(group.get(1)),
            _ => None,
        };
        if made.is_none() {
            self.other_reference();
        }
        self.stack.push(made.unwrap_or(Value::Data));
    }

    pub(super) fn other_reference(&mut self) {
        let at = self.at;
        self.report.note(&pickles::PERSISTENT_ID, at, "", || "refers to an object by an id".to_owned());
    }

    /// The elements of a tuple, where they are known.
    pub(super) fn group(&self, value: Value) -> Option<Group> {
        match value {
            Value::Group(number) => self.groups.get(number).copied(),
            _ => None,
        }
    }

    /// Notes a global and gives it as a value.
    pub(super) fn see(&mut self, module: &str, name: &str) -> Value {
        let (at, env) = (self.at, self.env);
        let place = self.report.see(&env.catalog.globals, env.context.as_str(), (module, name), at);
        let Some(seen) = place.and_then(|place| self.report.seen(place)) else { return Value::Lost };
        match seen.standing {
            Standing::Judged(judge) => {
                self.exact = true;
                self.inline_arrays |= judge == Judge::InlineArray;
            }
            Standing::Danger(_) | Standing::Unknown => self.exact = true,
            _ => self.exact |= seen.maker.is_exact(),
        }
        place.map_or(Value::Lost, Value::Global)
    }
}
