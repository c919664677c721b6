//! JSON as Python's loaders read it, with its duplicates told: `NaN` and `Infinity` are numbers, and nothing else is
//! forgiven. Bounded in depth and in values; it knows no configuration.

use std::collections::HashSet;

use super::node::Node;

/// Brackets in brackets.
const DEPTH: usize = 128;
/// Values of one tree, and of one document that is only checked.
const VALUES: (usize, usize) = (2_000_000, 100_000_000);
/// Keys that stand twice and are told.
const TOLD: usize = 16;

/// Why a text is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mistake {
    /// What is wrong at which byte.
    Broken(usize, &'static str),
    /// More values than are read.
    TooMuch,
}

/// A document: its tree, and the keys that stand twice in one map.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: Node,
    pub(super) twice: Vec<String>,
}

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Document, Mistake> {
    let mut reader = Reader::new(text, true);
    let root = reader.document()?;
    Ok(Document { root, twice: reader.twice })
}

/// Checks a document without keeping it.
pub(super) fn check(text: &str) -> Result<(), Mistake> {
    Reader::new(text, false).document().map(drop)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    keep: bool,
    left: usize,
    twice: Vec<String>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, keep: bool) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let left = if keep { VALUES.0 } else { VALUES.1 };
        Self { text, at: 0, keep, left, twice: Vec::new() }
    }

    fn broken<T>(&self, what: &'static str) -> Result<T, Mistake> {
        Err(Mistake::Broken(self.at, what))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at = self.at.saturating_add(1);
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == Some(byte);
        self.at = self.at.saturating_add(usize::from(eaten));
        eaten
    }

    fn document(&mut self) -> Result<Node, Mistake> {
        let node = self.value(0)?;
        self.spaces();
        if self.at < self.text.len() { self.broken("something follows the value") } else { Ok(node) }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Mistake> {
        if depth > DEPTH {
            return self.broken("it is nested deeper than is read");
        }
        self.left = self.left.checked_sub(1).ok_or(Mistake::TooMuch)?;
        self.spaces();
        match self.peek() {
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(if self.keep { Node::Text(self.string()?) } else { self.pass_string()? }),
            _ => self.plain(),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Node, Mistake> {
        self.eat(b'[');
        let mut items = Vec::new();
        self.spaces();
        if self.eat(b']') {
            return Ok(Node::List(items));
        }
        loop {
            let item = self.value(depth.saturating_add(1))?;
            if self.keep {
                items.push(item);
            }
            self.spaces();
            if self.eat(b']') {
                return Ok(Node::List(items));
            }
            if !self.eat(b',') {
                return self.broken("a comma is missing");
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node, Mistake> {
        self.eat(b'{');
        let mut pairs = Vec::new();
        self.spaces();
        if self.eat(b'}') {
            return Ok(Node::Map(pairs));
        }
        loop {
            self.spaces();
            if self.peek() != Some(b'"') {
                return self.broken("a key is missing");
            }
            let key = if self.keep { self.string()? } else { self.pass_string().map(|_| String::new())? };
            self.spaces();
            if !self.eat(b':') {
                return self.broken("a colon is missing");
            }
            let value = self.value(depth.saturating_add(1))?;
            if self.keep {
                pairs.push((key, value));
            }
            self.spaces();
            if self.eat(b'}') {
                self.tell_twice(&pairs);
                return Ok(Node::Map(pairs));
            }
            if !self.eat(b',') {
                return self.broken("a comma is missing");
            }
        }
    }

    fn tell_twice(&mut self, pairs: &[(String, Node)]) {
        let mut seen = HashSet::new();
        for (key, _) in pairs {
            if !seen.insert(key.as_str()) && self.twice.len() < TOLD {
                self.twice.push(key.clone());
            }
        }
    }

    fn plain(&mut self) -> Result<Node, Mistake> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let node = match word {
            "null" => Node::Null,
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            "NaN" | "Infinity" | "-Infinity" => Node::Number(word.to_owned()),
            _ if is_number(word) => Node::Number(if self.keep { word.to_owned() } else { String::new() }),
            _ => return self.broken("a value is missing"),
        };
        self.at = self.at.saturating_add(end);
        Ok(node)
    }

    /// Where the string that begins here ends, without its quotes.
    fn string_end(&self) -> Result<usize, Mistake> {
        let start = self.at.saturating_add(1);
        let bytes = self.text.as_bytes().get(start..).unwrap_or_default();
        let mut escaped = false;
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'"' => return Ok(start.saturating_add(at)),
                b'\\' => escaped = true,
                0..0x20 => return self.broken("a string has a control character"),
                _ => {}
            }
        }
        self.broken("a string does not end")
    }

    fn pass_string(&mut self) -> Result<Node, Mistake> {
        self.at = self.string_end()?.saturating_add(1);
        Ok(Node::Null)
    }

    fn string(&mut self) -> Result<String, Mistake> {
        let (start, end) = (self.at.saturating_add(1), self.string_end()?);
        let inside = self.text.get(start..end).unwrap_or_default();
        let Some(text) = unescaped(inside) else { return self.broken("a string has a broken escape") };
        self.at = end.saturating_add(1);
        Ok(text)
    }
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(all)
        && exponent.is_none_or(|part| all(part.strip_prefix(['+', '-']).unwrap_or(part)))
}

fn unescaped(inside: &str) -> Option<String> {
    if !inside.contains('\\') {
        return Some(inside.to_owned());
    }
    let mut out = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let kind = after.chars().next()?;
        rest = after.get(kind.len_utf8()..)?;
        out.push(match kind {
            '"' | '\\' | '/' => kind,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let (character, after) = code_point(rest)?;
                rest = after;
                character
            }
            _ => return None,
        });
    }
    out.push_str(rest);
    Some(out)
}

/// The character of `\uXXXX`, or of two of them; half a pair becomes U+FFFD.
fn code_point(rest: &str) -> Option<(char, &str)> {
    let unit = |text: &str| {
        let digits = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let high = unit(rest)?;
    let after = rest.get(4..)?;
    if (0xd800..0xdc00).contains(&high)
        && let Some(second) = after.strip_prefix("\\u")
        && let Some(low @ 0xdc00..0xe000) = unit(second)
    {
        let code = 0x1_0000_u32
            .checked_add(high.checked_sub(0xd800)?.checked_mul(0x400)?)?
            .checked_add(low.checked_sub(0xdc00)?)?;
        return Some((char::from_u32(code)?, second.get(4..)?));
    }
    Some((char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_is_read_as_python_reads_it() {
        let text =
            r#" {"a": [1, -2.5e3, true, null, NaN, -Infinity], "b": "\u00e9\ud83d\ude00\n\ud83d", "a": {}} "#;
        let document = read(text).unwrap();
        assert_eq!(document.twice, ["a"]);
        assert_eq!(document.root.get("b"), Some(&Node::Text("é😀\n\u{fffd}".into())));
        assert_eq!(document.root.get("a"), Some(&Node::Map(vec![])));
    }

    #[test]
    fn what_python_refuses_is_broken() {
        for text in [
            "",
            "{",
            "{\"a\" 1}",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            "\"\u{1}\"",
            "\"\\x\"",
            "\"\\u12\"",
            "{} {}",
            "nul",
            "'a'",
            "{a:1}",
            "[1 2]",
            "+1",
            "\"",
            "1e",
        ] {
            assert!(matches!(read(text), Err(Mistake::Broken(..))), "{text}");
            assert!(matches!(check(text), Err(Mistake::Broken(..))) || text.contains('\\'), "{text}");
        }
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        assert!(matches!(read(&"[".repeat(1_000_000)), Err(Mistake::Broken(..))));
        let many = format!("[{}1]", "1,".repeat(VALUES.0));
        assert_eq!(read(&many).map(drop), Err(Mistake::TooMuch));
        assert_eq!(check(&many), Ok(()));
    }

    proptest! {
        #[test]
        fn what_serde_reads_is_read_alike(text in "[\\[\\]{}:,\"a0-9.eE+\\- \\\\u]{0,40}") {
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert!(read(&text).is_ok());
            }
        }

        #[test]
        fn any_text_is_answered(text in "(?s).{0,200}") {
            let _ = read(&text);
            let _ = check(&text);
        }

        #[test]
        fn a_text_is_read_back(value in "(?s).{0,60}") {
            let text = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(read(&text).unwrap().root, Node::Text(value));
        }
    }
}
