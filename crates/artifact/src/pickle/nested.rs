//! Pickles inside of pickles: in bytes, texts and arrays, as they are or spelled in base64 or hexadecimal digits.
//!
//! Random data begins like a pickle now and then. It counts only where a walk over it meets a call that no model needs.

use std::io::{self, Read as _};

use super::{
    input::Halt,
    machine::Machine,
    streams,
    values::Coding,
    walk::{Deaf, End, Head, walk},
};
use crate::{inspect::Bytes, reader::contains, rules};

/// The shortest text that can hold a call, and how much of one is looked at before it is taken apart.
pub(super) const SHORTEST: usize = 12;
pub(super) const HEAD: usize = 2048;
/// What is too much where pickles lie in pickles.
pub(super) const NESTED: &str = "nested";
/// How much is decoded of what is not spelled as it is.
const DECODED: u64 = 64 << 20;
/// Bytes of a pickle in zlib, gzip, bzip2 or xz.
const PACKED: [&[u8]; 7] =
    [b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0"];

/// How a pickle is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Plain,
    Latin,
    Base64,
    Hex,
}

impl Spelling {
    fn words(self) -> &'static str {
        match self {
            Self::Plain => "bytes",
            Self::Latin => "text",
            Self::Base64 => "base64",
            Self::Hex => "hexadecimal digits",
        }
    }

    fn decode(self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => text.to_vec(),
            Self::Latin => latin(text),
            Self::Base64 => base64(text),
            Self::Hex => hex(text),
        }
    }
}

/// A cheap test on the first bytes.
#[inline]
pub(super) fn may_be_one(head: &[u8]) -> bool {
    match head {
        [0x80, 0..=5, ..] | [0xc2, 0x80, 0..=5, ..] => true,
        [b'g', b'A', b'A'..=b'X', ..] | [b'Y', b'1'..=b'3', ..] | [b'K', b'A'..=b'P', ..] => is_base64(head),
        [b'8', b'0', b'0', b'0'..=b'5', ..] | [b'6', b'3', ..] | [b'2', b'8', ..] => is_hex(head),
        [b'c' | b'(' | b'\n', ..] => head.contains(&b'\n'),
        [first, ..] if !first.is_ascii_alphanumeric() => {
            super::opcode::may_begin(*first) && contains(head, b"\n")
        }
        [first, ..] => {
            super::opcode::may_begin(*first) && head.iter().filter(|byte| **byte == b'\n').count() >= 2
        }
        [] => false,
    }
}

fn is_base64(head: &[u8]) -> bool {
    head.iter()
        .take(SHORTEST)
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_'))
}

fn is_hex(head: &[u8]) -> bool {
    head.iter().take(SHORTEST).all(u8::is_ascii_hexdigit)
}

fn spelling(head: &[u8], text: bool) -> Spelling {
    match head {
        [0xc2, 0x80, ..] if text => Spelling::Latin,
        [0x80, 0..=5, ..] => Spelling::Plain,
        [b'g' | b'Y' | b'K', ..] if is_base64(head) => Spelling::Base64,
        [b'8' | b'6' | b'2', ..] if is_hex(head) => Spelling::Hex,
        _ if text && !head.is_ascii() => Spelling::Latin,
        _ => Spelling::Plain,
    }
}

/// Whether a walk over the first bytes of `len` meets a call, or does not come to an end.
fn walks(head: &[u8], len: u64) -> bool {
    let walked = walk(&mut Head { head, at: 0, len }, &mut Deaf);
    walked.runs > 0 || matches!(walked.end, End::Window)
}

impl Machine<'_, '_, '_> {
    /// Looks into the payload of an opcode, which starts where the input stands.
    pub(super) fn look_into(&mut self, at: u64, length: u64, text: bool) -> Result<(), Halt> {
        let wanted = usize::try_from(length).unwrap_or(HEAD).min(HEAD);
        let head = self.input.peek(wanted)?;
        let head = head.get(..wanted.min(head.len())).unwrap_or_default();
        let spelling = spelling(head, text);
        let decoded = spelling.decode(head);
        let whole = if head.len() as u64 == length { decoded.len() as u64 } else { u64::MAX };
        if !walks(&decoded, whole.max(decoded.len() as u64)) {
            return Ok(());
        }
        let Some(span) = self.bytes.span(at, length) else { return Ok(()) };
        self.look_deeper(&span, at, spelling)
    }

    /// Looks into a line whose escapes were undone already.
    pub(super) fn look_into_line(&mut self, at: u64, length: u64, decoded: &[u8]) -> Result<(), Halt> {
        let spelling = spelling(decoded, true);
        let head = spelling.decode(decoded.get(..HEAD).unwrap_or(decoded));
        let more = length > decoded.len() as u64 && decoded.len() >= HEAD;
        if !walks(&head, if more { u64::MAX } else { head.len() as u64 }) {
            return Ok(());
        }
        let Some(span) = self.bytes.span(at, length) else { return Ok(()) };
        let Some(line) = whole(&span)? else { return self.too_much() };
        let line = if decoded.contains(&b'\\') || line.contains(&b'\\') {
            super::lines::unescaped(&line, true)
        } else {
            line
        };
        let line = span.derived(line);
        self.look_deeper(&line, at, spelling)
    }

    /// A plain loader does not know that an array follows, and would read its bytes as opcodes.
    pub(super) fn look_into_array(&mut self, size: u64) -> Result<(), Halt> {
        let at = self.input.offset();
        let wanted = usize::try_from(size).unwrap_or(HEAD).min(HEAD);
        let head = self.input.peek(wanted)?;
        let head = head.get(..wanted.min(head.len())).unwrap_or_default();
        if !walks(head, size) {
            return Ok(());
        }
        match self.bytes.span(at, size) {
            Some(span) => self.look_deeper(&span, at, Spelling::Plain),
            None => Ok(()),
        }
    }

    fn look_deeper(&mut self, span: &Bytes<'_>, at: u64, spelling: Spelling) -> Result<(), Halt> {
        let tries = self.env.tries.get();
        if tries == 0 || self.depth >= self.env.max_depth {
            return self.too_much();
        }
        self.env.tries.set(tries.saturating_sub(1));
        let report = match spelling {
            Spelling::Plain => streams::try_one(self.env, span, 0, self.depth.saturating_add(1))?,
            _ => {
                let Some(text) = whole(span)? else { return self.too_much() };
                let decoded = span.derived(spelling.decode(&text));
                streams::try_one(self.env, &decoded, 0, self.depth.saturating_add(1))?
            }
        };
        if report.has_bad_call() {
            self.report.add_inner(at, spelling.words(), report);
        } else if report.gave_up() {
            return self.too_much();
        }
        Ok(())
    }

    fn too_much(&mut self) -> Result<(), Halt> {
        let at = self.at;
        let message = || "pickles in pickles, more than are followed".to_owned();
        self.report.note(&rules::TOO_MUCH_WORK, at, NESTED, message);
        Ok(())
    }
}

fn whole(span: &Bytes<'_>) -> io::Result<Option<Vec<u8>>> {
    if span.len() > DECODED {
        return Ok(None);
    }
    let mut out = Vec::new();
    span.reader().take(DECODED).read_to_end(&mut out)?;
    Ok(Some(out))
}

/// The bytes that a loader gets, in memory unless they stand in the file as they are.
pub(super) fn loaded<'b>(
    bytes: &Bytes<'b>,
    at: u64,
    len: u64,
    coding: Coding,
) -> io::Result<Option<Bytes<'b>>> {
    let Some(span) = bytes.span(at, len) else { return Ok(None) };
    if coding == Coding::Plain {
        return Ok(Some(span));
    }
    let decoded = whole(&span)?.map(|text| match coding {
        Coding::Escaped => from_line(&text),
        _ => latin(&text),
    });
    Ok(decoded.map(|decoded| bytes.derived(decoded)))
}

/// A line of a text: its escapes undone, bytes above ASCII standing for themselves.
fn from_line(line: &[u8]) -> Vec<u8> {
    let wide: Vec<u8> = line
        .iter()
        .flat_map(|byte| char::from(*byte).encode_utf8(&mut [0; 4]).bytes().collect::<Vec<u8>>())
        .collect();
    latin(&super::lines::unescaped(&wide, false))
}

/// The bytes that the characters of a text stand for, as Latin-1 has them.
fn latin(text: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(text).chars().map(|one| u8::try_from(u32::from(one)).unwrap_or(b'?')).collect()
}

fn hex(text: &[u8]) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = text.iter().filter(|byte| !byte.is_ascii_whitespace()).map_while(digit).collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0u8, |byte, digit| byte.wrapping_shl(4) | digit))
        .collect()
}

fn base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        let Some(six) = six_bits(*byte) else { break };
        bits = bits.wrapping_shl(6) | u32::from(six);
        held = held.wrapping_add(6);
        if held >= 8 {
            held = held.wrapping_sub(8);
            out.push(u8::try_from(bits.wrapping_shr(held) & 0xff).unwrap_or(0));
        }
    }
    out
}

fn six_bits(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte.wrapping_sub(b'A'),
        b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
        b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Whether bytes are packed in a way that only unpacking tells what they are.
pub(super) fn is_packed(head: &[u8]) -> bool {
    PACKED.iter().any(|magic| head.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_undone() {
        let pickle = b"\x80\x04cposix\nsystem\n(S'id'\ntR.";
        let text: String = pickle.iter().map(|byte| char::from(*byte)).collect();
        let digits: String = pickle.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(latin(text.as_bytes()), pickle);
        assert_eq!(hex(digits.as_bytes()), pickle);
        assert_eq!(base64(b"gARjcG9zaXgKc3lzdGVtCihTJ2lkJwp0Ui4="), pickle);
        for spelled in [text.as_bytes(), digits.as_bytes(), b"gARjcG9zaXgKc3lzdGVtCihTJ2lkJwp0Ui4=", pickle] {
            assert!(may_be_one(spelled));
            assert_eq!(spelling(spelled, true).decode(spelled), pickle);
        }
    }

    #[test]
    fn ordinary_words_are_passed_over_at_once() {
        for text in
            ["conv1.weight", "(3, 224, 224)", "great-expectations", "2824 apples in all", "Yes, of course"]
        {
            assert!(!may_be_one(text.as_bytes()), "{text}");
        }
    }
}
