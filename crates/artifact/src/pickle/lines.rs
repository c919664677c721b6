//! The opcodes of protocol 0 that carry their argument on a line, and the ones that name globals.

use super::{
    input::Halt,
    machine::Machine,
    values::{Coding, TEXT, Value},
};
use crate::rules::pickles;

/// How much of a line is kept.
const LINE: usize = 4096;

impl Machine<'_, '_, '_> {
    pub(super) fn line_opcode(&mut self, op: u8) -> Result<(), Halt> {
        let start = self.input.offset();
        let mut line = std::mem::take(&mut self.line);
        let length = self.input.line(&mut line, LINE);
        let outcome = length.map(|length| (length, self.line_value(op, &line, length, start)));
        self.line = line;
        let (length, looked) = outcome?;
        looked?;
        if self.input.remaining() == 0 && length == 0 {
            self.expect(false);
        }
        Ok(())
    }

    fn line_value(&mut self, op: u8, line: &[u8], length: u64, start: u64) -> Result<(), Halt> {
        match op {
            b'I' | b'L' => {
                let number = integer(line.strip_suffix(b"L").unwrap_or(line));
                // One that does not fit into 64 bits is as large as need be.
                self.number(number.unwrap_or(if line.starts_with(b"-") { i64::MIN } else { i64::MAX }));
            }
            b'F' => self.stack.push(Value::Data),
            b'S' | b'V' => self.line_text(op, line, length, start)?,
            b'p' | b'g' => self.line_memo(op, line),
            _ => {
                self.other_reference();
                self.stack.push(Value::Data);
            }
        }
        Ok(())
    }

    fn line_memo(&mut self, op: u8, line: &[u8]) {
        let place = integer(line).and_then(|place| u64::try_from(place).ok());
        // A number that does not fit is one that nobody can put a value at, unless there is memory without end.
        let place = place.unwrap_or(u64::MAX);
        if op == b'p' {
            self.put(place, self.at);
        } else {
            self.get(place);
        }
    }

    fn line_text(&mut self, op: u8, line: &[u8], length: u64, start: u64) -> Result<(), Halt> {
        let (text, quotes) = if op == b'S' { (unquoted(line), 1) } else { (line, 0) };
        let decoded = if text.contains(&b'\\') { unescaped(text, op == b'S') } else { text.to_vec() };
        let whole = length <= LINE as u64;
        let (inner_start, inner_length) =
            (start.saturating_add(quotes), length.saturating_sub(quotes.saturating_mul(2)));
        let value = if whole && (decoded.len() <= TEXT || !self.exact) {
            let text = self.texts.push(&decoded, decoded.len() as u64);
            self.remember_span(text, inner_start, inner_length, Coding::Escaped);
            text
        } else {
            self.payload_value(inner_start, inner_length, Coding::Escaped)
        };
        self.storages.text(&self.texts, value);
        self.stack.push(value);
        if decoded.len() >= super::nested::SHORTEST && super::nested::may_be_one(&decoded) {
            self.look_into_line(inner_start, inner_length, &decoded)?;
        }
        Ok(())
    }

    /// GLOBAL, INST, STACK_GLOBAL and the numbers of the extension registry.
    pub(super) fn global(&mut self, op: u8) -> Result<(), Halt> {
        match op {
            b'c' | b'i' => {
                let mut line = std::mem::take(&mut self.line);
                let named = self.names(&mut line);
                self.line = line;
                let global = named?;
                if op == b'c' {
                    self.stack.push(global);
                } else {
                    let taken = self.take();
                    let how =
                        if taken.group.len == 0 { super::calls::How::Bare } else { super::calls::How::Call };
                    let arguments = self.groups.push(taken.group);
                    let made = self.call(global, Value::Group(arguments), how);
                    self.stack.push(made);
                }
            }
            0x93 => {
                let name = self.pop();
                let module = self.pop();
                self.stack_global(module, name);
            }
            _ => {
                let width = match op {
                    0x82 => 1,
                    0x83 => 2,
                    _ => 4,
                };
                self.extension(width)?;
            }
        }
        Ok(())
    }

    fn names(&mut self, line: &mut Vec<u8>) -> Result<Value, Halt> {
        let first = self.input.line(line, LINE)?;
        let module = String::from_utf8_lossy(line).into_owned();
        let second = self.input.line(line, LINE)?;
        let name = String::from_utf8_lossy(line).into_owned();
        // A line that no module has tells that this is no pickle any more.
        let fits = |length: u64, text: &str| {
            length <= 1024 && !text.is_empty() && !text.chars().any(char::is_control)
        };
        if !fits(first, &module) || !fits(second, &name) {
            return Err(Halt::Wrong);
        }
        Ok(self.see(&module, &name))
    }

    fn stack_global(&mut self, module: Value, name: Value) {
        let text = |value| self.texts.whole(value).map(str::to_owned);
        let value = match (text(module), text(name)) {
            (Some(module), Some(name)) if !module.is_empty() => self.see(&module, &name),
            (module, name) => {
                self.hidden(module.or(name));
                Value::Lost
            }
        };
        self.stack.push(value);
    }

    fn hidden(&mut self, known: Option<String>) {
        if self.broken {
            return;
        }
        let known = known.map_or_else(
            || "neither module nor name is".to_owned(),
            |one| format!("only `{}` is", super::report::shown(&one)),
        );
        let at = self.at;
        self.report
            .note(&pickles::HIDDEN_GLOBAL, at, "", || format!("names a global of which {known} known"));
    }

    fn extension(&mut self, width: u8) -> Result<(), Halt> {
        let code = match width {
            1 => u32::from(u8::from_le_bytes(self.input.array()?)),
            2 => u32::from(u16::from_le_bytes(self.input.array()?)),
            _ => u32::from_le_bytes(self.input.array()?),
        };
        if !self.broken {
            let at = self.at;
            let message = || format!("names the function that is registered as {code}");
            self.report.note(&pickles::EXTENSION, at, "", message);
        }
        self.stack.push(Value::Attribute);
        Ok(())
    }
}

/// A decimal number as Python reads one: with white space around it, underscores and a sign.
fn integer(line: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(line).ok()?.trim();
    let digits: String = text.chars().filter(|character| *character != '_').collect();
    digits.parse().ok()
}

fn unquoted(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_end();
    let inner = line.get(1..line.len().saturating_sub(1)).unwrap_or_default();
    match line.first() {
        Some(b'\'' | b'"') => inner,
        _ => line,
    }
}

/// The escapes of a bytes literal (`bytes`), or the two that a text on a line has. What they mean above ASCII becomes UTF-8.
pub(super) fn unescaped(text: &[u8], bytes: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let Some((kind, after)) = rest.split_first() else { break };
        rest = after;
        rest = escape(*kind, rest, bytes, &mut out);
    }
    out
}

fn escape<'t>(kind: u8, rest: &'t [u8], bytes: bool, out: &mut Vec<u8>) -> &'t [u8] {
    let width = match kind {
        b'x' if bytes => 2,
        b'u' if !bytes => 4,
        b'U' if !bytes => 8,
        _ => 0,
    };
    if width > 0 {
        let digits = rest.get(..width).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        push_character(code.unwrap_or(0xfffd), out);
        return rest.get(width..).unwrap_or_default();
    }
    if !bytes {
        out.extend([b'\\', kind]);
        return rest;
    }
    if matches!(kind, b'0'..=b'7') {
        let more = rest.iter().take(2).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
        let digits = std::iter::once(&kind).chain(rest.iter().take(more));
        let code = digits.fold(0u32, |code, digit| code.wrapping_mul(8) | u32::from(digit & 7));
        push_character(code & 0xff, out);
        return rest.get(more..).unwrap_or_default();
    }
    let plain = match kind {
        b'n' => Some(b'\n'),
        b't' => Some(b'\t'),
        b'r' => Some(b'\r'),
        b'a' => Some(7),
        b'b' => Some(8),
        b'f' => Some(12),
        b'v' => Some(11),
        b'\n' => None,
        other => Some(other),
    };
    out.extend(plain);
    rest
}

fn push_character(code: u32, out: &mut Vec<u8>) {
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend(character.encode_utf8(&mut [0; 4]).bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_mean_what_python_makes_of_them() {
        assert_eq!(unescaped(br"\x6f\163\n\'\\z", true), b"os\n'\\z");
        assert_eq!(unescaped(br"\u006f\U00000073\n", false), b"os\\n");
        assert_eq!(unescaped(br"\u12", false), "\u{fffd}".as_bytes());
        assert_eq!(unescaped(b"a\\", true), b"a");
    }

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        assert_eq!([&b" 1_0 "[..], b"+7", b"-3", b"x"].map(integer), [Some(10), Some(7), Some(-3), None]);
    }
}
