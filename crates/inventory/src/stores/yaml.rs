//! The top level of a YAML mapping, as plain texts and lists of texts.
//!
//! Read from the stream of events and never as a document: an alias stands for nothing here, so that a bomb of aliases
//! stays as small as it is written. Tags are ignored, nested mappings are skipped.

use saphyr_parser::{Event, Parser};

/// Events read at most. A front matter of 64 KiB has fewer.
const EVENTS: usize = 200_000;
/// Nesting at most. The parser itself is not recursive, but its cost grows with the depth of flow collections.
const DEPTH: usize = 64;

/// A value of the top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A scalar. `null` and the like are its text, too.
    Text(String),
    /// A list; what is no scalar in it is left out.
    List(Vec<String>),
    /// A mapping or an alias.
    Other,
}

impl Value {
    /// The scalar, unless it is one of the spellings of null.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => {
                Some(text.trim()).filter(|text| !matches!(*text, "" | "~" | "null" | "Null" | "NULL"))
            }
            _ => None,
        }
    }

    /// The list, or the scalar as a list of one.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::List(list) => list.iter().map(String::as_str).collect(),
            _ => self.text().into_iter().collect(),
        }
    }
}

/// The pairs of the top level, in order, and what stopped the reading before its end.
pub(super) fn top_level(text: &str) -> (Vec<(String, Value)>, Option<String>) {
    let mut reading = Reading::default();
    for (count, event) in Parser::new_from_str(text).enumerate() {
        let outcome = match event {
            _ if count == EVENTS => Err("too much YAML".to_owned()),
            Ok((event, _)) => reading.take(event),
            Err(error) => Err(format!("not YAML (line {})", error.marker().line())),
        };
        match outcome {
            Ok(true) => {}
            Ok(false) => break,
            Err(problem) => return (reading.pairs, Some(problem)),
        }
    }
    (reading.pairs, None)
}

#[derive(Default)]
struct Reading {
    pairs: Vec<(String, Value)>,
    key: Option<String>,
    list: Option<Vec<String>>,
    depth: usize,
}

impl Reading {
    /// Takes one event; says whether there is more to expect.
    fn take(&mut self, event: Event<'_>) -> Result<bool, String> {
        match event {
            Event::Scalar(text, ..) => self.scalar(&text),
            Event::Alias(_) => self.value(Value::Other),
            Event::SequenceStart(..) => self.open(true)?,
            Event::MappingStart(..) => self.open(false)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::DocumentEnd => return Ok(false),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
        }
        Ok(true)
    }

    fn scalar(&mut self, text: &str) {
        match (self.depth, &mut self.list) {
            (2, Some(list)) => list.push(text.to_owned()),
            _ => self.value(Value::Text(text.to_owned())),
        }
    }

    /// A key or a value of the top level; anything deeper is skipped.
    fn value(&mut self, value: Value) {
        if self.depth != 1 {
            return;
        }
        match (self.key.take(), value) {
            (Some(key), value) => self.pairs.push((key, value)),
            (None, Value::Text(key)) => self.key = Some(key),
            // A key that is no text still has a value, which must not be taken for a key.
            (None, _) => self.key = Some(String::new()),
        }
    }

    fn open(&mut self, sequence: bool) -> Result<(), String> {
        self.depth += 1;
        if self.depth == 1 && sequence {
            return Err("not a mapping".to_owned());
        }
        if self.depth == 2 && sequence && self.key.is_some() {
            self.list = Some(Vec::new());
        }
        if self.depth > DEPTH { Err("nested too deeply".to_owned()) } else { Ok(()) }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 1 {
            let value = self.list.take().map_or(Value::Other, Value::List);
            self.value(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get(text: &str, key: &str) -> Option<Value> {
        top_level(text).0.into_iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    #[test]
    fn scalars_and_lists_of_the_top_level_are_read_and_nothing_below_it() {
        let text = "a: one\nb: [x, \"y\"]\nc:\n- p\n- q: {license: deep}\nd: {license: deep}\ne: 'it''s'\n";
        assert_eq!(get(text, "a"), Some(Value::Text("one".into())));
        assert_eq!(get(text, "b"), Some(Value::List(vec!["x".into(), "y".into()])));
        assert_eq!(get(text, "c"), Some(Value::List(vec!["p".into()])));
        assert_eq!(get(text, "d"), Some(Value::Other));
        assert_eq!(get(text, "e"), Some(Value::Text("it's".into())));
        assert_eq!(get(text, "license"), None);
    }

    #[test]
    fn an_alias_stands_for_nothing_and_a_bomb_of_them_stays_small() {
        let mut bomb = String::from("a0: &a0 [lol, lol]\n");
        for n in 1..40 {
            bomb.push_str(&format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1));
        }
        bomb.push_str("license: mit\ncopy: *a39\n");
        assert_eq!(get(&bomb, "license"), Some(Value::Text("mit".into())));
        assert_eq!(get(&bomb, "a39"), Some(Value::List(vec![])));
        assert_eq!(get(&bomb, "copy"), Some(Value::Other));
    }

    #[test]
    fn a_key_that_is_a_list_does_not_shift_the_pairs_behind_it() {
        assert_eq!(get("? [x]\n: y\nlicense: mit\n", "license"), Some(Value::Text("mit".into())));
        assert_eq!(get("? {x: z}\n: y\nlicense: mit\n", "license"), Some(Value::Text("mit".into())));
    }

    #[test]
    fn what_came_before_an_error_is_kept_and_the_error_is_said() {
        let (pairs, problem) = top_level("license: mit\nbroken: [\n");
        assert_eq!(pairs, [("license".to_owned(), Value::Text("mit".into()))]);
        assert!(problem.unwrap().starts_with("not YAML"));
    }

    #[test]
    fn deep_nesting_ends_the_reading_quickly() {
        for open in ["[", "{", "- ", "? ", "[[[{a: "] {
            let started = std::time::Instant::now();
            let (_, problem) = top_level(&format!("license: mit\nx: {}", open.repeat(64 << 10)));
            assert!(problem.is_some(), "{open}");
            assert!(started.elapsed().as_secs() < 30, "{open}: {:?}", started.elapsed());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(?s).{0,400}") {
            top_level(&text);
        }

        #[test]
        fn yaml_like_text_is_read_without_a_panic(text in "[-a?:&*!|>'\"%@{}\\[\\], \n\t#]{0,200}") {
            top_level(&text);
        }

        #[test]
        fn a_quoted_text_is_read_back(key in "[a-z]{1,8}", value in "[ -~]{0,40}") {
            let quoted = value.replace('\'', "''");
            let (pairs, problem) = top_level(&format!("{key}: '{quoted}'\n"));
            prop_assert_eq!(problem, None);
            prop_assert_eq!(pairs, vec![(key, Value::Text(value))]);
        }
    }
}
