//! The text form of protocol buffers: `.pbtxt`, `.textproto`, `config.pbtxt`. It is read into a tree, and messages whose fields are
//! known are written as bytes, so that one judgement serves both forms.
//!
//! Source: "Text Format Language Specification" in the protocol buffers documentation. It judges nothing.

mod messages;
mod recode;

use std::io;

pub(crate) use self::{
    messages::{ONNX_MODEL, TENSORFLOW_GRAPH, TENSORFLOW_SAVED_MODEL},
    recode::{Message, recode},
};
use crate::{
    inspect::{Bytes, Look},
    rules,
};

/// Messages in messages; protocol buffers stop there as well.
const DEPTH: usize = 100;
/// Values of one text.
const VALUES: usize = 4_000_000;
/// The longest text that is read: the tree of it takes several times as much memory.
const TEXT: usize = 32 << 20;

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A quoted text, its escapes resolved.
    Text(Vec<u8>),
    /// A number, or the name of a value, as it is written.
    Word(String),
    /// A message.
    Message(Vec<Field>),
}

/// A field, in the order of the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: Value,
}

impl Value {
    /// The fields of a message; none of anything else.
    pub(crate) fn fields(&self) -> &[Field] {
        match self {
            Self::Message(fields) => fields,
            _ => &[],
        }
    }

    /// The text, or the word.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::Word(word) => word.clone(),
            Self::Message(_) => String::new(),
        }
    }
}

/// The fields that a head shows, in a text that begins with one of these names; the last of them may be cut off.
pub(crate) fn of_head(head: &[u8], names: &[&str]) -> Option<Vec<Field>> {
    names.contains(&first_name(head)?).then(|| read(valid(head).unwrap_or_default()).fields)
}

/// The bytes of a message that a file holds as text, what is wrong with it said.
pub(crate) fn recoded<'s>(
    bytes: &Bytes<'_>,
    message: &Message,
    look: &mut Look<'_>,
) -> io::Result<Option<Bytes<'s>>> {
    let Some(content) = bytes.whole(TEXT.min(look.limits.text))? else {
        look.say(&rules::TOO_MUCH_WORK, None, "text", "the text of the messages is longer than is read");
        return Ok(None);
    };
    let document = read(&String::from_utf8_lossy(&content));
    say(document.mistake.as_ref(), look);
    Ok(Some(Bytes::in_memory(recode(&document.fields, message))))
}

/// Says why a text was not read to its end.
pub(crate) fn say(mistake: Option<&Mistake>, look: &mut Look<'_>) {
    match mistake {
        None => {}
        Some(Mistake::Broken(at)) => {
            let message = "the text form of a protocol buffer cannot be read from here";
            look.say(&rules::texts::TEXT_BROKEN, *at as u64, "", message);
        }
        Some(Mistake::TooMuch(at)) => {
            let message = "the text has more values, or deeper ones, than are read";
            look.say(&rules::TOO_MUCH_WORK, *at as u64, "text", message);
        }
    }
}

/// Every value that a message has under a name.
pub(crate) fn all<'f>(fields: &'f [Field], name: &'f str) -> impl Iterator<Item = &'f Value> {
    fields.iter().filter(move |field| field.name == name).map(|field| &field.value)
}

/// Why reading ended early, at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// It is not in the format.
    Broken(usize),
    /// More or deeper than is read.
    TooMuch(usize),
}

/// A text as far as it could be read. What was open when the reading ended is there as well.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) fields: Vec<Field>,
    pub(crate) mistake: Option<Mistake>,
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Document {
    let mut reader = Reader { text, at: 0, left: VALUES };
    let (fields, mistake) = reader.message(0, None);
    Document { fields, mistake }
}

/// The name of the first field, where a text in this format may begin.
pub(crate) fn first_name(head: &[u8]) -> Option<&str> {
    let mut reader = Reader { text: valid(head)?, at: 0, left: 1 };
    reader.spaces();
    let name = reader.name()?;
    reader.spaces();
    matches!(reader.peek(), Some(b':' | b'{' | b'<')).then_some(name)
}

/// A head as text; a character may be cut in two where it ends.
fn valid(head: &[u8]) -> Option<&str> {
    match std::str::from_utf8(head) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    left: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == Some(byte);
        self.skip(usize::from(eaten));
        eaten
    }

    fn spaces(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}', '\u{feff}']);
            self.skip(rest.len().saturating_sub(trimmed.len()));
            match trimmed.strip_prefix('#') {
                Some(_) => self.skip(trimmed.find('\n').unwrap_or(trimmed.len())),
                None => return,
            }
        }
    }

    /// The fields up to the sign that closes the message, or to the end of the text.
    fn message(&mut self, depth: usize, close: Option<u8>) -> (Vec<Field>, Option<Mistake>) {
        let mut fields = Vec::new();
        loop {
            self.spaces();
            if close.is_some_and(|close| self.eat(close)) || (close.is_none() && self.rest().is_empty()) {
                return (fields, None);
            }
            let broken = Some(Mistake::Broken(self.at));
            let Some(name) = self.name() else { return (fields, broken) };
            let name = name.to_owned();
            self.spaces();
            let colon = self.eat(b':');
            self.spaces();
            let mistake = match self.peek() {
                Some(b'[') => self.list(&name, depth, &mut fields),
                Some(b'{' | b'<') => self.nested(&name, depth, &mut fields),
                Some(_) if colon => self.scalar(&name, &mut fields),
                _ => Some(Mistake::Broken(self.at)),
            };
            if mistake.is_some() {
                return (fields, mistake);
            }
            self.spaces();
            if !self.eat(b',') {
                self.eat(b';');
            }
        }
    }

    /// A plain name, or one of an extension in brackets.
    fn name(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let length = match rest.strip_prefix('[') {
            Some(inside) => inside.find(']')?.checked_add(2)?,
            None => rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len()),
        };
        let name = rest.get(..length).filter(|name| !name.is_empty())?;
        self.skip(length);
        Some(name)
    }

    fn spend(&mut self) -> Option<Mistake> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                None
            }
            None => Some(Mistake::TooMuch(self.at)),
        }
    }

    fn nested(&mut self, name: &str, depth: usize, fields: &mut Vec<Field>) -> Option<Mistake> {
        if depth >= DEPTH {
            return Some(Mistake::TooMuch(self.at));
        }
        let close = if self.peek() == Some(b'{') { b'}' } else { b'>' };
        self.skip(1);
        let spent = self.spend();
        if spent.is_some() {
            return spent;
        }
        let (inner, mistake) = self.message(depth.saturating_add(1), Some(close));
        fields.push(Field { name: name.to_owned(), value: Value::Message(inner) });
        mistake
    }

    fn list(&mut self, name: &str, depth: usize, fields: &mut Vec<Field>) -> Option<Mistake> {
        self.skip(1);
        loop {
            self.spaces();
            if self.eat(b']') {
                return None;
            }
            let mistake = match self.peek() {
                Some(b'{' | b'<') => self.nested(name, depth, fields),
                Some(_) => self.scalar(name, fields),
                None => Some(Mistake::Broken(self.at)),
            };
            if mistake.is_some() {
                return mistake;
            }
            self.spaces();
            if !self.eat(b',') && self.peek() != Some(b']') {
                return Some(Mistake::Broken(self.at));
            }
        }
    }

    fn scalar(&mut self, name: &str, fields: &mut Vec<Field>) -> Option<Mistake> {
        let spent = self.spend();
        if spent.is_some() {
            return spent;
        }
        let value = match self.peek() {
            Some(b'"' | b'\'') => Value::Text(match self.strings() {
                Ok(text) => text,
                Err(mistake) => return Some(mistake),
            }),
            _ => {
                let rest = self.rest();
                let fits = |c: char| c.is_ascii_alphanumeric() || "_.+-".contains(c);
                let length = rest.find(|c| !fits(c)).unwrap_or(rest.len());
                let word = rest.get(..length).unwrap_or_default();
                if word.is_empty() {
                    return Some(Mistake::Broken(self.at));
                }
                self.skip(length);
                Value::Word(word.to_owned())
            }
        };
        fields.push(Field { name: name.to_owned(), value });
        None
    }

    /// Quoted texts one after the other are one.
    fn strings(&mut self) -> Result<Vec<u8>, Mistake> {
        let mut out = Vec::new();
        while let Some(quote @ (b'"' | b'\'')) = self.peek() {
            let start = self.at;
            self.skip(1);
            loop {
                let Some(byte) = self.peek() else { return Err(Mistake::Broken(start)) };
                self.skip(1);
                match byte {
                    b'\n' => return Err(Mistake::Broken(start)),
                    b'\\' => self.escape(&mut out).ok_or(Mistake::Broken(start))?,
                    _ if byte == quote => break,
                    _ => out.push(byte),
                }
            }
            self.spaces();
        }
        Ok(out)
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let kind = self.peek()?;
        self.skip(1);
        match kind {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'\\' | b'\'' | b'"' | b'?' => out.push(kind),
            b'0'..=b'7' => {
                self.at = self.at.checked_sub(1)?;
                let value = self.digits(3, 8)?;
                out.push(u8::try_from(value & 0xff).ok()?);
            }
            b'x' | b'X' => {
                let value = self.digits(2, 16)?;
                out.push(u8::try_from(value).ok()?);
            }
            b'u' | b'U' => {
                let code = self.digits(if kind == b'u' { 4 } else { 8 }, 16)?;
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return None,
        }
        Some(())
    }

    fn digits(&mut self, most: usize, radix: u32) -> Option<u32> {
        let rest = self.rest();
        let length = rest.bytes().take(most).take_while(|byte| char::from(*byte).is_digit(radix)).count();
        let value = u32::from_str_radix(rest.get(..length)?, radix).ok()?;
        self.skip(length);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_a_field_is_read() {
        let text = "# note\nname: \"a\\x41\\101\" 'b' ; op: X, list: [1, -2.5]\nm { n < k: true > } q: { } [a.b/c]: 3\n";
        let document = read(text);
        assert_eq!(document.mistake, None);
        let names: Vec<_> = document.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["name", "op", "list", "list", "m", "q", "[a.b/c]"]);
        assert_eq!(all(&document.fields, "name").next(), Some(&Value::Text(b"aAAb".to_vec())));
        let inner = all(&document.fields, "m").next().unwrap().fields();
        assert_eq!(all(inner[0].value.fields(), "k").next().unwrap().text(), "true");
    }

    #[test]
    fn what_is_broken_keeps_what_stood_before() {
        for text in ["a: 1 b", "a: 1 m { x: }", "a: 1 s: \"x", "a: 1 }", "a: 1 s: \"\\q\""] {
            let document = read(text);
            assert!(matches!(document.mistake, Some(Mistake::Broken(_))), "{text}");
            assert_eq!(document.fields[0].name, "a", "{text}");
        }
        let deep = "m {".repeat(1000);
        assert!(matches!(read(&deep).mistake, Some(Mistake::TooMuch(_))));
    }

    #[test]
    fn the_first_name_is_told_from_other_texts() {
        assert_eq!(first_name(b"# x\n node {\n"), Some("node"));
        assert_eq!(first_name(b"ir_version: 8"), Some("ir_version"));
        assert_eq!(first_name(b"hello world"), None);
        assert_eq!(first_name(b"\xff\xfe"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_an_end(text in "[a-z_:{}<>\\[\\]\"'\\\\#,; 0-9\n]{0,120}", other in "(?s).{0,80}") {
            let _ = read(&text);
            let _ = read(&other);
            let _ = first_name(other.as_bytes());
        }
    }
}
