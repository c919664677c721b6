//! A trial walk over the opcodes of a pickle: the depth of the stack is simulated, values are not.
//!
//! It works without allocating, because it also runs over the head of every file of a home.

use std::io::{self, Read, Seek};

use super::opcode::{Argument, Effect, describe, runs};
use crate::reader::{Bounded, Fault};

/// Marks that may be open at once; more is taken as "as far as can be seen".
const MARKS: usize = 64;
/// Longest line and shortest text that matter for telling what a pickle is.
const LINE: usize = 256;

/// Why bytes stopped coming.
#[derive(Debug)]
pub(super) enum Halt {
    /// What may be looked at is used up; the file goes on.
    Window,
    /// The file ends.
    End,
    /// The reader failed.
    Io(io::Error),
}

/// Where opcodes come from.
pub(super) trait Bytes {
    fn byte(&mut self) -> Result<u8, Halt>;
    fn skip(&mut self, count: u64) -> Result<(), Halt>;
}

/// The head of a file of `len` bytes.
pub(super) struct Head<'h> {
    pub(super) head: &'h [u8],
    pub(super) at: u64,
    pub(super) len: u64,
}

impl Bytes for Head<'_> {
    fn byte(&mut self) -> Result<u8, Halt> {
        let byte = usize::try_from(self.at).ok().and_then(|at| self.head.get(at));
        match byte {
            Some(&byte) => {
                self.at = self.at.saturating_add(1);
                Ok(byte)
            }
            None if self.at < self.len => Err(Halt::Window),
            None => Err(Halt::End),
        }
    }

    fn skip(&mut self, count: u64) -> Result<(), Halt> {
        self.at = self.at.checked_add(count).filter(|at| *at <= self.len).ok_or(Halt::End)?;
        Ok(())
    }
}

/// A whole file, of which so many bytes of opcodes and lines are looked at; payloads are jumped over.
pub(super) struct File<'r, 'b, R> {
    pub(super) reader: &'b mut Bounded<'r, R>,
    pub(super) budget: u64,
}

impl<R: Read + Seek> Bytes for File<'_, '_, R> {
    fn byte(&mut self) -> Result<u8, Halt> {
        self.budget = self.budget.checked_sub(1).ok_or(Halt::Window)?;
        self.reader.u8().map_err(halt)
    }

    fn skip(&mut self, count: u64) -> Result<(), Halt> {
        self.reader.skip(count).map_err(halt)
    }
}

fn halt(fault: Fault) -> Halt {
    match fault {
        Fault::Io(error) => Halt::Io(error),
        _ => Halt::End,
    }
}

/// What is told of the values on the way. The default hears nothing.
pub(super) trait Listen {
    /// Texts longer than this are jumped over and heard as nothing.
    const TEXT: u64 = 0;
    /// A global named by the opcode itself.
    fn global(&mut self, _module: &[u8], _name: &[u8]) {}
    /// A value was pushed: a short text, or something else.
    fn pushed(&mut self, _text: Option<&[u8]>) {}
    /// An opcode without a value of its own was run.
    fn ran(&mut self, _opcode: u8) {}
    /// The top value went into the memo, at a place or at the next one.
    fn put(&mut self, _place: Option<u32>) {}
    /// A value came from the memo.
    fn got(&mut self, _place: u32) {}
}

/// Listens to nothing.
pub(super) struct Deaf;

impl Listen for Deaf {}

/// How a walk ended.
#[derive(Debug)]
pub(super) enum End {
    /// At STOP, with one value on the stack.
    Stop,
    /// The window was used up, and all was well so far.
    Window,
    /// An opcode, or what it needs, is wrong.
    Broken,
    /// The reader failed.
    Io(io::Error),
}

/// What a walk saw.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) end: End,
    pub(super) opcodes: u64,
    pub(super) globals: u64,
    pub(super) puts: u64,
    /// Calls and instances after a global was named.
    pub(super) runs: u64,
    seen: [u64; 4],
}

impl Walked {
    /// How many different opcodes occurred.
    pub(super) fn distinct(&self) -> u32 {
        self.seen.iter().map(|bits| bits.count_ones()).sum()
    }
}

/// Walks until STOP, a mistake or the end of the window.
pub(super) fn walk<B: Bytes, L: Listen>(bytes: &mut B, listener: &mut L) -> Walked {
    let seen = Walked { end: End::Broken, opcodes: 0, globals: 0, puts: 0, runs: 0, seen: [0; 4] };
    let mut machine =
        Machine { bytes, listener, seen, depth: 0, floor: 0, marks: [0; MARKS], open: 0, lines: [0; LINE] };
    let end = loop {
        match machine.step() {
            Ok(true) => {}
            Ok(false) => break End::Stop,
            Err(end) => break end,
        }
    };
    machine.seen.end = end;
    machine.seen
}

struct Machine<'w, B, L> {
    bytes: &'w mut B,
    listener: &'w mut L,
    seen: Walked,
    /// Values on the stack, and how many of them lie below the last mark.
    depth: u32,
    floor: u32,
    marks: [u32; MARKS],
    open: usize,
    lines: [u8; LINE],
}

impl From<Halt> for End {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Window => Self::Window,
            Halt::End => Self::Broken,
            Halt::Io(error) => Self::Io(error),
        }
    }
}

impl<B: Bytes, L: Listen> Machine<'_, B, L> {
    /// Runs one opcode; false after STOP.
    fn step(&mut self) -> Result<bool, End> {
        let opcode = self.bytes.byte()?;
        let (argument, effect) = describe(opcode).ok_or(End::Broken)?;
        self.check(effect)?;
        self.seen.opcodes = self.seen.opcodes.saturating_add(1);
        if let Some(bits) = self.seen.seen.get_mut(usize::from(opcode >> 6)) {
            *bits |= 1 << (opcode & 63);
        }
        match effect {
            Effect::Stop => return Ok(false),
            Effect::Put | Effect::Get => self.memo(argument, effect)?,
            _ => self.argument(opcode, argument)?,
        }
        // Only behind its argument: what names no module calls nothing.
        if runs(opcode) && (self.seen.globals > 0 || opcode == b'i') {
            self.seen.runs = self.seen.runs.saturating_add(1);
        }
        self.apply(effect)?;
        if argument == Argument::Nothing && effect != Effect::Put {
            self.listener.ran(opcode);
            self.seen.globals = self.seen.globals.saturating_add(u64::from(opcode == 0x93));
        }
        Ok(true)
    }

    fn above_mark(&self) -> u32 {
        self.depth.saturating_sub(self.floor)
    }

    /// Whether the stack has what the effect needs.
    fn check(&self, effect: Effect) -> Result<(), End> {
        let above = self.above_mark();
        let fits = match effect {
            Effect::Stack(takes, _) => above >= takes,
            Effect::Mark | Effect::Get => true,
            Effect::ToMark { below, pairs, .. } => {
                let under =
                    self.open.checked_sub(2).and_then(|mark| self.marks.get(mark)).copied().unwrap_or(0);
                self.open > 0 && self.floor.saturating_sub(under) >= below && !(pairs && above % 2 == 1)
            }
            Effect::Pop => above > 0 || self.open > 0,
            Effect::Put => above > 0,
            Effect::Stop => self.depth == 1 && self.open == 0,
        };
        if fits { Ok(()) } else { Err(End::Broken) }
    }

    fn apply(&mut self, effect: Effect) -> Result<(), End> {
        match effect {
            Effect::Stack(takes, puts) => self.depth = self.depth.saturating_sub(takes).saturating_add(puts),
            Effect::Mark => {
                *self.marks.get_mut(self.open).ok_or(End::Window)? = self.depth;
                self.open = self.open.saturating_add(1);
                self.floor = self.depth;
            }
            Effect::ToMark { puts, .. } => {
                self.depth = self.floor.saturating_add(puts);
                self.close();
            }
            Effect::Pop if self.above_mark() > 0 => self.depth = self.depth.saturating_sub(1),
            Effect::Pop => self.close(),
            Effect::Get => self.depth = self.depth.saturating_add(1),
            Effect::Put | Effect::Stop => {}
        }
        Ok(())
    }

    fn close(&mut self) {
        self.open = self.open.saturating_sub(1);
        let last = self.open.checked_sub(1).and_then(|mark| self.marks.get(mark));
        self.floor = last.copied().unwrap_or(0);
    }

    fn memo(&mut self, argument: Argument, effect: Effect) -> Result<(), End> {
        let place = match argument {
            Argument::Nothing => None,
            Argument::Bytes(count) => Some(u32::try_from(self.number(count)?).unwrap_or(u32::MAX)),
            _ => {
                let length = self.line(0, is_place)?;
                let digits = self.lines.get(..length).and_then(|text| std::str::from_utf8(text).ok());
                Some(digits.and_then(|text| text.parse().ok()).unwrap_or(u32::MAX))
            }
        };
        if effect == Effect::Put {
            self.seen.puts = self.seen.puts.saturating_add(1);
            self.listener.put(place);
        } else if self.seen.puts > 0 {
            self.listener.got(place.unwrap_or(u32::MAX));
        } else {
            // Nothing can be taken from a memo into which nothing was put.
            return Err(End::Broken);
        }
        Ok(())
    }

    fn argument(&mut self, opcode: u8, argument: Argument) -> Result<(), End> {
        match argument {
            Argument::Nothing => return Ok(()),
            Argument::Bytes(count) if opcode == 0x80 => {
                return if self.number(count)? <= 5 { Ok(()) } else { Err(End::Broken) };
            }
            Argument::Bytes(count) => {
                self.bytes.skip(count)?;
                if opcode == 0x95 {
                    return Ok(());
                }
            }
            Argument::Sized(width) => return self.payload(opcode, width),
            Argument::Integer => {
                self.line(0, is_integer)?;
            }
            Argument::Float => {
                self.line(0, is_float)?;
            }
            Argument::Quoted => {
                let length = self.line(0, is_quoted)?;
                let text = self.lines.get(1..length.saturating_sub(1));
                self.listener.pushed(text);
                return Ok(());
            }
            Argument::Line => {
                let length = self.line(0, |_| true)?;
                self.listener.pushed(self.lines.get(..length));
                return Ok(());
            }
            Argument::Global => {
                let module = self.line(0, is_dotted_name)?;
                let name = self.line(module, is_dotted_name)?;
                self.seen.globals = self.seen.globals.saturating_add(1);
                let end = module.saturating_add(name);
                let module_text = self.lines.get(..module).unwrap_or_default();
                self.listener.global(module_text, self.lines.get(module..end).unwrap_or_default());
            }
        }
        self.listener.pushed(None);
        Ok(())
    }

    /// A little-endian number of up to eight bytes.
    fn number(&mut self, width: u64) -> Result<u64, End> {
        let mut value = 0u64;
        for shift in (0..64).step_by(8).take(usize::try_from(width).unwrap_or(8)) {
            value |= u64::from(self.bytes.byte()?).wrapping_shl(shift);
        }
        Ok(value)
    }

    fn payload(&mut self, opcode: u8, width: u8) -> Result<(), End> {
        let count = self.number(width.into())?;
        let is_text = matches!(opcode, b'U' | b'T' | b'X' | 0x8c | 0x8d);
        if !is_text || count > L::TEXT {
            self.bytes.skip(count)?;
            self.listener.pushed(None);
            return Ok(());
        }
        let count = usize::try_from(count).unwrap_or(LINE).min(LINE);
        for at in 0..count {
            let byte = self.bytes.byte()?;
            if let Some(slot) = self.lines.get_mut(at) {
                *slot = byte;
            }
        }
        self.listener.pushed(self.lines.get(..count));
        Ok(())
    }

    /// Reads a line into `lines` from `start` on and checks it; what is longer is cut. Answers its kept length.
    fn line(&mut self, start: usize, right: impl Fn(&[u8]) -> bool) -> Result<usize, End> {
        let mut length = 0usize;
        loop {
            let byte = self.bytes.byte()?;
            if byte == b'\n' {
                break;
            }
            if let Some(slot) = self.lines.get_mut(start.saturating_add(length)) {
                *slot = byte;
                length = length.saturating_add(1);
            }
        }
        let text = self.lines.get(start..start.saturating_add(length)).unwrap_or_default();
        if right(text) { Ok(length) } else { Err(End::Broken) }
    }
}

/// A place of the memo, as Python reads a number: with white space and underscores.
fn is_place(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'_' | b'+' | b' ' | b'\t' | b'\r');
    text.iter().any(u8::is_ascii_digit) && text.iter().all(fits)
}

fn is_integer(text: &[u8]) -> bool {
    let digits = text.strip_suffix(b"L").unwrap_or(text);
    let digits = digits.strip_prefix(b"-").unwrap_or(digits);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn is_float(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok())
}

fn is_quoted(text: &[u8]) -> bool {
    // A longer line was cut, with its last quote.
    let closed = |quote| text.len() >= 2 && (text.last() == Some(&quote) || text.len() == LINE);
    matches!(text.first(), Some(&quote @ (b'\'' | b'"')) if closed(quote))
}

fn is_dotted_name(text: &[u8]) -> bool {
    let starts = text.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_');
    starts && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
}
