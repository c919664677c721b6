//! JSON as editors write it, turned while it is read into JSON as the standard has it: without comments, and without
//! commas before a closing bracket. Nothing of the document is kept.

use std::io::{BufRead, Read, Result};

/// Where in the text the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Value,
    String,
    /// Behind a `\` in a string.
    Escaped,
    /// Behind a `/` that may begin a comment.
    Slash,
    LineComment,
    BlockComment,
    /// Behind a `*` in a block comment.
    Star,
}

/// A reader of the document without what the standard does not know.
#[derive(Debug)]
pub(super) struct PlainJson<R> {
    inner: R,
    at: At,
    /// A comma that waits for what follows it.
    comma: bool,
    /// Bytes that found no room in the last buffer, in order; zero is none.
    waiting: Vec<u8>,
    ended: bool,
}

/// The most bytes that one byte of the document can set free: a comma, a slash and itself.
const BURST: usize = 3;

impl<R: BufRead> PlainJson<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, at: At::Value, comma: false, waiting: Vec::with_capacity(BURST), ended: false }
    }

    /// Takes one byte of the document; what it sets free goes to `waiting`.
    fn take(&mut self, byte: u8) {
        self.at = match (self.at, byte) {
            (At::Value, b'/') => At::Slash,
            (At::Value, _) => self.outside(byte),
            (At::Slash, b'/') => At::LineComment,
            (At::Slash, b'*') => At::BlockComment,
            (At::Slash, _) => {
                self.outside(b'/');
                self.outside(byte)
            }
            (At::String, _) => {
                self.waiting.push(byte);
                match byte {
                    b'"' => At::Value,
                    b'\\' => At::Escaped,
                    _ => At::String,
                }
            }
            (At::Escaped, _) => {
                self.waiting.push(byte);
                At::String
            }
            // Lines are kept, so that an error names the line that its reader sees.
            (at, b'\n') => {
                self.waiting.push(byte);
                if at == At::LineComment { At::Value } else { At::BlockComment }
            }
            (At::BlockComment | At::Star, b'*') => At::Star,
            (At::Star, b'/') => At::Value,
            (At::LineComment, _) => At::LineComment,
            (At::BlockComment | At::Star, _) => At::BlockComment,
        };
    }

    fn outside(&mut self, byte: u8) -> At {
        if byte.is_ascii_whitespace() {
            self.waiting.push(byte);
            return At::Value;
        }
        if std::mem::take(&mut self.comma) && !matches!(byte, b']' | b'}') {
            self.waiting.push(b',');
        }
        match byte {
            b',' => self.comma = true,
            _ => self.waiting.push(byte),
        }
        if byte == b'"' { At::String } else { At::Value }
    }

    /// What still waits when the document ends.
    fn end(&mut self) {
        if self.at == At::Slash {
            self.outside(b'/');
        }
        if std::mem::take(&mut self.comma) {
            self.waiting.push(b',');
        }
        self.ended = true;
    }
}

impl<R: BufRead> Read for PlainJson<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut written = 0;
        loop {
            let room = buffer.get_mut(written..).unwrap_or_default();
            let count = room.len().min(self.waiting.len());
            for (to, from) in room.iter_mut().zip(self.waiting.drain(..count)) {
                *to = from;
            }
            written += count;
            if !self.waiting.is_empty() || self.ended || written == buffer.len() {
                return Ok(written);
            }
            let next = self.inner.fill_buf()?.first().copied();
            match next {
                Some(byte) => {
                    self.inner.consume(1);
                    self.take(byte);
                }
                None => self.end(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> String {
        let mut out = String::new();
        PlainJson::new(text.as_bytes()).read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn comments_and_trailing_commas_go_and_lines_stay() {
        assert_eq!(plain("[1, // one\n2, /* two\n */ ]"), "[1 \n,2 \n ]");
        assert_eq!(plain(r#"{"a//b": "/*,]\",}", }"#), r#"{"a//b": "/*,]\",}" }"#);
        assert_eq!(plain("[1,, 2] / 3,"), "[1, ,2] / 3,");
        assert_eq!(plain("/* ***/7"), "7");
    }

    proptest! {
        #[test]
        fn the_size_of_the_buffer_changes_nothing(text in "[\\[\\]{},/*\"\\\\\n a]{0,60}", size in 1usize..9) {
            let mut reader = PlainJson::new(text.as_bytes());
            let mut pieces = Vec::new();
            let mut buffer = vec![0; size];
            loop {
                let count = reader.read(&mut buffer).unwrap();
                if count == 0 { break }
                pieces.extend_from_slice(&buffer[..count]);
            }
            prop_assert_eq!(String::from_utf8(pieces).unwrap(), plain(&text));
        }
    }
}
