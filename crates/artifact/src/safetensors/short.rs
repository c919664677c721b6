//! A filter before the JSON parser that drops the inside of very long strings, so that no string of a hostile or
//! merely talkative header is ever held in memory whole.

use std::io::{self, Read};

/// Bytes of a string after which the rest of it is dropped.
const KEEP: u32 = 16_384;

/// Passes JSON on with its strings cut.
pub(super) struct Strings<R> {
    inner: R,
    /// How many bytes of the current string were seen; `None` outside of one.
    inside: Option<u32>,
    /// The rest of the current string is dropped.
    dropping: bool,
    escape: Escape,
    /// The last character was the first half of a surrogate pair, which must not be torn from the second.
    half: bool,
    buffer: Box<[u8; 4096]>,
    start: usize,
    end: usize,
}

/// Where in an escape sequence the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    /// Not in one.
    Outside,
    /// After the backslash.
    Kind,
    /// So many hexadecimal digits follow; `high` when the first was a `d`.
    Digits { left: u8, high: bool },
}

impl<R: Read> Strings<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            inside: None,
            dropping: false,
            escape: Escape::Outside,
            half: false,
            buffer: Box::new([0; 4096]),
            start: 0,
            end: 0,
        }
    }

    /// Whether the byte is passed on. Whole characters and whole escapes are dropped, never parts.
    fn passes(&mut self, byte: u8) -> bool {
        let Some(seen) = self.inside else {
            self.inside = (byte == b'"').then_some(0);
            return true;
        };
        self.inside = Some(seen.saturating_add(1));
        match self.escape {
            Escape::Outside => {}
            Escape::Kind => {
                self.escape = match byte {
                    b'u' => Escape::Digits { left: 4, high: false },
                    _ => Escape::Outside,
                };
                return !self.dropping;
            }
            Escape::Digits { left, high } => {
                let d = left == 4 && matches!(byte, b'd' | b'D');
                self.half |= left == 3 && high && matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B');
                self.escape = match left {
                    0 | 1 => Escape::Outside,
                    _ => Escape::Digits { left: left.saturating_sub(1), high: d },
                };
                return !self.dropping;
            }
        }
        if byte == b'"' {
            (self.inside, self.dropping, self.half) = (None, false, false);
            return true;
        }
        // A byte that continues a character belongs to the one before.
        let starts = byte & 0xc0 != 0x80;
        self.dropping |= seen >= KEEP && starts && !self.half;
        self.half = false;
        if byte == b'\\' {
            self.escape = Escape::Kind;
        }
        !self.dropping
    }
}

impl<R: Read> Read for Strings<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0usize;
        while written == 0 && !out.is_empty() {
            if self.start >= self.end {
                self.end = self.inner.read(self.buffer.as_mut_slice())?;
                self.start = 0;
                if self.end == 0 {
                    break;
                }
            }
            while let (Some(&byte), Some(slot)) = (self.buffer.get(self.start), out.get_mut(written)) {
                if self.start >= self.end {
                    break;
                }
                self.start = self.start.saturating_add(1);
                if self.passes(byte) {
                    *slot = byte;
                    written = written.saturating_add(1);
                }
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(text: &str) -> String {
        let mut out = String::new();
        Strings::new(text.as_bytes()).read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn json_with_ordinary_strings_passes_unchanged() {
        let text = r#"{"a": "q\"uo\\te", "b": ["\u00e9\ud83d\ude00", 1.5, null], "é": {}}"#;
        assert_eq!(filtered(text), text);
    }

    #[test]
    fn a_long_string_is_cut_and_stays_json() {
        let text = format!(r#"{{"a": "{}", "b": "{}"}}"#, "x\\n".repeat(100_000), "y".repeat(1_000_000));
        let json = filtered(&text);
        assert!(json.len() < 400_000, "{}", json.len());
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["b"].as_str().map(str::len), Some(KEEP as usize));
    }

    #[test]
    fn a_cut_never_tears_a_character_apart() {
        for unit in ["\\ud83d\\ude00", "\\u00e9", "é", "😀", "\\\\", "\\\"", "x"] {
            for lead in 0..12 {
                let text = format!("[\"{}{}\",1]", "-".repeat(lead), unit.repeat(20_000));
                let json = filtered(&text);
                assert!(json.len() < 20_000, "{unit}: {}", json.len());
                let value: serde_json::Value = serde_json::from_str(&json).unwrap();
                assert_eq!(value[1], 1, "{unit}");
            }
        }
    }
}
