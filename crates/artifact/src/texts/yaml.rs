//! YAML as a tree, from the stream of events: tags are told, aliases to texts are followed, other aliases stand for
//! nothing, because what they name was read where it stands. A bomb of aliases stays as small as it is written.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, Tag};

use super::node::Node;

/// Events, depth, and tags that are told.
const EVENTS: usize = 500_000;
const DEPTH: usize = 64;
const TAGS: usize = 256;

/// Why a text is no YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mistake {
    /// In which line.
    Broken(usize),
    /// More or deeper than is read.
    TooMuch,
}

/// What was read, up to a mistake if there was one.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// One tree for each document of the stream.
    pub(super) roots: Vec<Node>,
    /// Tags as they are written out, and the plain text that they stand at.
    pub(super) tags: Vec<(String, String)>,
    /// Keys that stand twice in one map.
    pub(super) twice: Vec<String>,
    pub(super) mistake: Option<Mistake>,
}

/// Reads all documents of a text.
pub(super) fn read(text: &str) -> Document {
    let mut reader = Reader::default();
    for (count, event) in Parser::new_from_str(text).enumerate() {
        let outcome = match event {
            _ if count >= EVENTS => Err(Mistake::TooMuch),
            Ok((event, _)) => reader.take(event),
            Err(error) => Err(Mistake::Broken(error.marker().line())),
        };
        if let Err(mistake) = outcome {
            reader.out.mistake = Some(mistake);
            break;
        }
    }
    // What was open when the reading ended is judged as well.
    while !reader.open.is_empty() {
        reader.close();
    }
    reader.out
}

#[derive(Default)]
struct Reader {
    out: Document,
    open: Vec<Open>,
    anchors: BTreeMap<usize, String>,
}

/// A list or map that has not ended.
struct Open {
    map: bool,
    key: Option<String>,
    items: Vec<Node>,
    pairs: Vec<(String, Node)>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), Mistake> {
        match event {
            Event::Scalar(text, _, anchor, tag) => {
                self.tag(tag.as_deref(), &text);
                if anchor > 0 && self.anchors.len() < EVENTS {
                    self.anchors.insert(anchor, text.to_string());
                }
                self.value(Node::Text(text.into_owned()));
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).map_or(Node::Null, |text| Node::Text(text.clone()));
                self.value(node);
            }
            Event::SequenceStart(_, tag) => self.begin(false, tag.as_deref())?,
            Event::MappingStart(_, tag) => self.begin(true, tag.as_deref())?,
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, map: bool, tag: Option<&Tag>) -> Result<(), Mistake> {
        self.tag(tag, "");
        if self.open.len() >= DEPTH {
            return Err(Mistake::TooMuch);
        }
        self.open.push(Open { map, key: None, items: Vec::new(), pairs: Vec::new() });
        Ok(())
    }

    fn tag(&mut self, tag: Option<&Tag>, text: &str) {
        if let Some(tag) = tag
            && self.out.tags.len() < TAGS
        {
            let text = text.chars().take(256).collect();
            self.out.tags.push((format!("{}{}", tag.handle, tag.suffix), text));
        }
    }

    fn value(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.out.roots.push(node),
            Some(open) if !open.map => open.items.push(node),
            Some(open) => match (open.key.take(), node) {
                (Some(key), node) => {
                    if open.pairs.len() < 64
                        && open.pairs.iter().any(|(known, _)| *known == key)
                        && key != "<<"
                    {
                        self.out.twice.truncate(16);
                        self.out.twice.push(key.clone());
                    }
                    open.pairs.push((key, node));
                }
                (None, Node::Text(key)) => open.key = Some(key),
                // A key that is no text is kept as a value of nothing, so that it is judged.
                (None, node) => {
                    open.pairs.push((String::new(), node));
                    open.key = Some(String::new());
                }
            },
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.value(if open.map { Node::Map(open.pairs) } else { Node::List(open.items) });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn root(text: &str) -> Node {
        read(text).roots.remove(0)
    }

    #[test]
    fn maps_lists_texts_and_tags_are_read() {
        let text = "a: one\nb: [x, {c: d}]\n? [k]\n: v\ne: !!python/object/apply:os.system [id]\nf: !new:a.B\n  g: 1\n";
        let document = read(text);
        assert_eq!(document.mistake, None);
        assert_eq!(document.roots[0].get("a").and_then(Node::text), Some("one"));
        assert_eq!(document.roots[0].get("b").unwrap().items()[1].get("c").and_then(Node::text), Some("d"));
        let tags: Vec<&str> = document.tags.iter().map(|(tag, _)| tag.as_str()).collect();
        assert_eq!(tags, ["tag:yaml.org,2002:python/object/apply:os.system", "!new:a.B"]);
    }

    #[test]
    fn an_alias_to_a_text_is_that_text_and_a_bomb_stays_small() {
        assert_eq!(root("a: &x os.system\nb: *x\n").get("b").and_then(Node::text), Some("os.system"));
        let mut bomb = String::from("a0: &a0 [lol, lol]\n");
        for n in 1..40 {
            bomb.push_str(&format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1));
        }
        assert_eq!(root(&bomb).get("a39"), Some(&Node::List(vec![Node::Null; 4])));
    }

    #[test]
    fn what_came_before_a_mistake_is_kept() {
        let document = read("a: {_target_: os.system}\nb: [\n");
        assert!(document.mistake.is_some());
        assert_eq!(
            document.roots[0].get("a").unwrap().get("_target_").and_then(Node::text),
            Some("os.system")
        );
        assert_eq!(read(&format!("{}a", "- ".repeat(100))).mistake, Some(Mistake::TooMuch));
        assert!(read(&"[".repeat(10_000)).mistake.is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(?s).{0,300}") {
            read(&text);
        }

        #[test]
        fn yaml_like_text_is_answered(text in "[-a?:&*!|>'\"%@{}\\[\\], \n\t#]{0,200}") {
            read(&text);
        }
    }
}
