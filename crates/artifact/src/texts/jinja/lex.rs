//! The words of a Jinja template. It knows how templates are cut into words and no grammar.
//!
//! Source: Jinja 3, "Template Designer Documentation" and the behaviour of its lexer with the default delimiters.

use super::escape;

/// Words of one template at most.
const WORDS: usize = 200_000;

/// A word of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// Text that is put out as it stands.
    Data(String),
    /// `{%`
    Block,
    /// `%}`
    BlockEnd,
    /// `{{`
    Print,
    /// `}}`
    PrintEnd,
    /// A name or keyword.
    Name(String),
    /// A string, with its escapes resolved.
    Text(String),
    /// An integer; none when it does not fit.
    Integer(Option<i64>),
    /// A float.
    Float,
    /// An operator or bracket.
    Sign(&'static str),
}

/// A word and the byte at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) word: Word,
    pub(super) at: usize,
}

/// Why a text is no template, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// The longer ones first.
const SIGNS: [&str; 26] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
    "=", ".", ":", "|", ",", ";",
];

/// Cuts a template into words.
pub(super) fn words(text: &str) -> Result<Vec<Placed>, Mistake> {
    let mut lexer = Lexer { text, at: 0, words: Vec::new() };
    while lexer.at < text.len() {
        lexer.data()?;
    }
    Ok(lexer.words)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    words: Vec<Placed>,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn eat(&mut self, start: &str) -> bool {
        let eaten = self.rest().starts_with(start);
        if eaten {
            self.skip(start.len());
        }
        eaten
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.skip(rest.len().saturating_sub(rest.trim_start().len()));
    }

    fn mistake<T>(&self, what: &'static str) -> Result<T, Mistake> {
        Err(Mistake { at: self.at, what })
    }

    fn push(&mut self, at: usize, word: Word) -> Result<(), Mistake> {
        if self.words.len() >= WORDS {
            return self.mistake("there are more words than are read");
        }
        self.words.push(Placed { word, at });
        Ok(())
    }

    /// Text up to a tag, and the tag.
    fn data(&mut self) -> Result<(), Mistake> {
        let (start, rest) = (self.at, self.rest());
        let braces = rest.match_indices('{');
        let end = braces.map(|(at, _)| at).find(|at| {
            let next = at.checked_add(1).and_then(|next| rest.as_bytes().get(next));
            matches!(next, Some(b'{' | b'%' | b'#'))
        });
        let data = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.skip(data.len());
        if !data.is_empty() {
            self.push(start, Word::Data(data.to_owned()))?;
        }
        if end.is_none() {
            return Ok(());
        }
        if self.eat("{#") {
            return self.pass("#}", "a comment does not end");
        }
        if self.raw()? {
            return Ok(());
        }
        let at = self.at;
        let block = self.eat("{%");
        if !block {
            self.skip(2);
        }
        let _ = self.eat("-") || self.eat("+");
        self.push(at, if block { Word::Block } else { Word::Print })?;
        self.tag(block)
    }

    fn pass(&mut self, end: &str, what: &'static str) -> Result<(), Mistake> {
        let Some(found) = self.rest().find(end) else { return self.mistake(what) };
        self.skip(found.saturating_add(end.len()));
        Ok(())
    }

    /// `{% raw %} … {% endraw %}`, whose inside is text.
    fn raw(&mut self) -> Result<bool, Mistake> {
        let Some(length) = bare_tag(self.rest(), "raw") else { return Ok(false) };
        self.skip(length);
        let (start, rest) = (self.at, self.rest());
        let tags = rest.match_indices("{%");
        let end = tags.into_iter().find_map(|(at, _)| {
            bare_tag(rest.get(at..).unwrap_or_default(), "endraw").map(|length| (at, length))
        });
        let Some((inside, length)) = end else { return self.mistake("a raw block does not end") };
        self.push(start, Word::Data(rest.get(..inside).unwrap_or_default().to_owned()))?;
        self.skip(inside.saturating_add(length));
        Ok(true)
    }

    /// The words of a tag up to its end, which does not count inside brackets.
    fn tag(&mut self, block: bool) -> Result<(), Mistake> {
        let mut open: Vec<&'static str> = Vec::new();
        loop {
            self.spaces();
            let at = self.at;
            if at >= self.text.len() {
                return self.mistake("a tag does not end");
            }
            if open.is_empty() && self.end_of_tag(block) {
                return self.push(at, if block { Word::BlockEnd } else { Word::PrintEnd });
            }
            let word = self.word()?;
            match &word {
                Word::Sign("(") => open.push(")"),
                Word::Sign("[") => open.push("]"),
                Word::Sign("{") => open.push("}"),
                Word::Sign(sign @ (")" | "]" | "}")) if open.pop() != Some(sign) => {
                    self.at = at;
                    return self.mistake("a bracket closes that was not opened");
                }
                _ => {}
            }
            self.push(at, word)?;
        }
    }

    fn end_of_tag(&mut self, block: bool) -> bool {
        let (end, ends): (_, &[&str]) = if block { ("-%}", &["%}", "+%}"]) } else { ("-}}", &["}}"]) };
        if self.eat(end) {
            self.spaces();
            return true;
        }
        ends.iter().any(|end| self.eat(end))
    }

    fn word(&mut self) -> Result<Word, Mistake> {
        let rest = self.rest();
        match rest.chars().next() {
            Some('0'..='9') => return self.number(),
            Some(quote @ ('"' | '\'')) => return self.string(quote),
            Some(first) if first == '_' || first.is_alphanumeric() => {
                let name: String = rest.chars().take_while(|c| *c == '_' || c.is_alphanumeric()).collect();
                self.skip(name.len());
                return Ok(Word::Name(name));
            }
            _ => {}
        }
        match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => {
                self.skip(sign.len());
                Ok(Word::Sign(sign))
            }
            None => self.mistake("there is a character that no expression has"),
        }
    }

    fn number(&mut self) -> Result<Word, Mistake> {
        for (start, radix) in [("0x", 16), ("0o", 8), ("0b", 2), ("0X", 16), ("0O", 8), ("0B", 2)] {
            if self.eat(start) {
                let digits = self.digits(|c| c.is_digit(radix));
                return match digits.is_empty() {
                    true => self.mistake("a number has no digits"),
                    false => Ok(Word::Integer(i64::from_str_radix(&digits, radix).ok())),
                };
            }
        }
        // `a.0.1` takes items twice; the second number is no fraction.
        let after_dot = self.words.last().is_some_and(|last| last.word == Word::Sign("."));
        let whole = self.digits(|c| c.is_ascii_digit());
        let float = !after_dot && (self.fraction() | self.exponent());
        Ok(if float { Word::Float } else { Word::Integer(whole.parse().ok()) })
    }

    fn fraction(&mut self) -> bool {
        let is =
            self.rest().strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if is {
            self.skip(1);
            self.digits(|c| c.is_ascii_digit());
        }
        is
    }

    fn exponent(&mut self) -> bool {
        let Some(rest) = self.rest().strip_prefix(['e', 'E']) else { return false };
        let signed = rest.starts_with(['+', '-']);
        let digits = rest.get(usize::from(signed)..).unwrap_or_default();
        let is = digits.starts_with(|c: char| c.is_ascii_digit());
        if is {
            self.skip(1_usize.saturating_add(usize::from(signed)));
            self.digits(|c| c.is_ascii_digit());
        }
        is
    }

    /// Digits without the underscores between them.
    fn digits(&mut self, is_digit: impl Fn(char) -> bool) -> String {
        let run: String = self.rest().chars().take_while(|c| *c == '_' || is_digit(*c)).collect();
        self.skip(run.len());
        run.replace('_', "")
    }

    fn string(&mut self, quote: char) -> Result<Word, Mistake> {
        let start = self.at;
        self.skip(1);
        let mut escaped = false;
        let end = self.rest().find(|c: char| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else { return self.mistake("a string does not end") };
        let inside = self.rest().get(..end).unwrap_or_default();
        self.skip(end.saturating_add(1));
        match escape::resolve(inside) {
            Some(text) => Ok(Word::Text(text)),
            None => Err(Mistake { at: start, what: "a string has an escape that cannot be resolved" }),
        }
    }
}

/// How long `{% NAME %}` is at the start of the text, if it stands there.
fn bare_tag(text: &str, name: &str) -> Option<usize> {
    let inside = text.strip_prefix("{%")?.trim_start_matches(['-', '+']).trim_start().strip_prefix(name)?;
    let end = inside.trim_start();
    let rest = ["-%}", "+%}", "%}"].iter().find_map(|mark| end.strip_prefix(mark))?;
    Some(text.len().saturating_sub(rest.len()))
}
