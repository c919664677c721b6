//! XML as far as the formats of models need it: elements with their attributes, and document types. Entities are never expanded.

use std::io::{Read, Seek};

use crate::{
    protobuf::malformed,
    reader::{Bounded, Fault},
};

/// The longest tag, and attributes of one.
const TAG: usize = 4 << 20;
const ATTRIBUTES: usize = 256;

/// Something that stands between angle brackets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The start of an element.
    Open(Element),
    /// The end of an element.
    Close(String),
    /// A document type, or an entity in one.
    Declaration(String),
}

/// An element and its attributes as they are written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// Where it begins.
    pub(crate) at: u64,
}

impl Element {
    /// The value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A walk over a text.
pub(crate) struct Xml<'r, R> {
    reader: Bounded<'r, R>,
}

impl<'r, R: Read + Seek> Xml<'r, R> {
    /// A walk over a file of `len` bytes.
    pub(crate) fn new(inner: &'r mut R, len: u64) -> Self {
        Self { reader: Bounded::new(inner, len) }
    }

    /// The next thing between angle brackets; comments, instructions and text are passed over.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Fault> {
        loop {
            while self.reader.remaining() > 0 && self.reader.u8()? != b'<' {}
            if self.reader.remaining() == 0 {
                return Ok(None);
            }
            let at = self.reader.offset().saturating_sub(1);
            match self.reader.u8()? {
                b'?' => self.past(b"?>")?,
                b'!' => {
                    if let Some(text) = self.declaration()? {
                        return Ok(Some(Event::Declaration(text)));
                    }
                }
                b'/' => return Ok(Some(Event::Close(self.tag(None, at)?.trim().to_owned()))),
                first => return self.tag(Some(first), at).map(|text| Some(Event::Open(element(&text, at)))),
            }
        }
    }

    /// What begins with `<!`: a comment and quoted data are passed over.
    fn declaration(&mut self) -> Result<Option<String>, Fault> {
        let start = self.reader.offset();
        let mut first = [0; 7];
        let got = crate::reader::read_up_to(&mut self.reader, &mut first)?;
        self.reader.seek(start)?;
        let first = first.get(..got).unwrap_or_default();
        if first.starts_with(b"--") {
            self.reader.skip(2)?;
            return self.past(b"-->").map(|()| None);
        }
        if first.starts_with(b"[CDATA[") {
            return self.past(b"]]>").map(|()| None);
        }
        let mut text = Vec::new();
        while text.len() < 4096 && self.reader.remaining() > 0 {
            match self.reader.u8()? {
                // What stands in square brackets is read declaration by declaration.
                b'>' | b'[' => break,
                byte => text.push(byte),
            }
        }
        Ok(Some(String::from_utf8_lossy(&text).into_owned()))
    }

    fn past(&mut self, end: &[u8]) -> Result<(), Fault> {
        let mut last = Vec::new();
        while last != end {
            if last.len() == end.len() {
                last.remove(0);
            }
            last.push(self.reader.u8()?);
        }
        Ok(())
    }

    /// A tag up to its bracket, quotes respected.
    fn tag(&mut self, first: Option<u8>, at: u64) -> Result<String, Fault> {
        let mut text: Vec<u8> = first.into_iter().collect();
        let mut quote = None;
        loop {
            let byte = self.reader.u8()?;
            match (quote, byte) {
                (None, b'>') => break,
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
            text.push(byte);
            if text.len() > TAG {
                return Err(malformed(at, "a tag longer than any"));
            }
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

fn element(text: &str, at: u64) -> Element {
    let text = text.trim_end().trim_end_matches('/');
    let (name, mut rest) = text.split_once(|c: char| c.is_whitespace()).unwrap_or((text, ""));
    let mut attributes = Vec::new();
    while let Some((key, after)) = rest.split_once('=').filter(|_| attributes.len() < ATTRIBUTES) {
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else { break };
        let Some((value, more)) = after.get(1..).and_then(|after| after.split_once(quote)) else { break };
        attributes.push((key.trim().to_owned(), value.to_owned()));
        rest = more;
    }
    Element { name: name.to_owned(), attributes, at }
}

/// The first element of a text that begins like XML.
pub(crate) fn root(head: &[u8]) -> Option<Element> {
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if start.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'<') {
        return None;
    }
    let mut cursor = std::io::Cursor::new(head);
    let mut xml = Xml::new(&mut cursor, head.len() as u64);
    loop {
        match xml.next().ok()?? {
            Event::Open(element) => return Some(element),
            Event::Close(_) => return None,
            Event::Declaration(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn elements_are_found_between_comments_and_declarations() {
        let text =
            br#"<?xml version="1.0"?><!-- <a> --><!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]>
            <net name='a>b' version="11"><layer/></net>"#;
        let mut cursor = std::io::Cursor::new(text);
        let mut xml = Xml::new(&mut cursor, text.len() as u64);
        let mut names = Vec::new();
        while let Some(event) = xml.next().unwrap() {
            names.push(match event {
                Event::Open(element) => element.name,
                Event::Close(name) => format!("/{name}"),
                Event::Declaration(text) => format!("!{}", text.split(' ').next().unwrap()),
            });
        }
        assert_eq!(names, ["!DOCTYPE", "!ENTITY", "net", "layer", "/net"]);
        assert_eq!(root(text).unwrap().get("name"), Some("a>b"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_an_end(text in "(<|>|!|\\?|--|\\[|\\]|\"|'|=|a|b| |/|DOCTYPE){0,120}") {
            let mut cursor = std::io::Cursor::new(text.as_bytes());
            let mut xml = Xml::new(&mut cursor, text.len() as u64);
            while let Ok(Some(_)) = xml.next() {}
            let _ = root(text.as_bytes());
        }
    }
}
