//! Configuration documents of three kinds: the values at a key, bounded and tolerant of what people write.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
};

use catalog::tool::{ConfigFormat, key_steps};
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde::de::DeserializeSeed;
use serde_json::{Map, Value};

use super::{
    plain_json::PlainJson,
    select::{Budget, Select},
};
use crate::files::plain_error;

/// State files of agents hold years of history beside their servers. They are JSON, which is read without being kept.
const JSON_LIMIT: u64 = 64 << 20;
/// Documents of the other kinds are kept whole while they are read, at many times their length.
const WHOLE_LIMIT: usize = 1 << 20;
/// Deeper documents are refused; the JSON parser has the same limit.
const DEPTH: usize = 100;
/// YAML with more values is refused.
const VALUES: usize = 50_000;

/// Reads the values at a key of an open file; none when the file says nothing there.
///
/// # Errors
/// Why it cannot be read, in words and without any of its content, which may hold secrets.
pub(super) fn read(file: File, format: ConfigFormat, key: &str) -> Result<Vec<Value>, String> {
    if format == ConfigFormat::Json {
        let length = file.metadata().map_err(|error| plain_error(&error))?.len();
        if length > JSON_LIMIT {
            return Err(format!("longer than {JSON_LIMIT} bytes"));
        }
        return json(BufReader::with_capacity(64 << 10, file.take(JSON_LIMIT)), key);
    }
    let bytes = platform::read::whole_of(file, WHOLE_LIMIT).map_err(|error| plain_error(&error))?;
    parse(&bytes, format, key)
}

/// As [`read`], of a document in memory.
///
/// # Errors
/// As [`read`].
pub(super) fn parse(bytes: &[u8], format: ConfigFormat, key: &str) -> Result<Vec<Value>, String> {
    if format == ConfigFormat::Json {
        return json(bytes, key);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        ConfigFormat::Toml => toml(text, key),
        _ => yaml(text, key),
    }
}

/// The values at a key, from whatever reads the document.
fn select<E>(
    key: &str,
    from: impl FnOnce(Select<'_>) -> Result<(), E>,
    problem: impl FnOnce(E) -> String,
) -> Result<Vec<Value>, String> {
    let (mut found, mut budget) = (Vec::new(), Budget::default());
    let selected = from(Select { steps: &key_steps(key), found: &mut found, budget: &mut budget });
    match selected {
        Ok(()) => Ok(found),
        Err(_) if budget.exceeded => Err("it holds more than any configuration does".to_owned()),
        Err(error) => Err(problem(error)),
    }
}

fn json(mut document: impl BufRead, key: &str) -> Result<Vec<Value>, String> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if document.fill_buf().is_ok_and(|start| start.starts_with(MARK)) {
        document.consume(MARK.len());
    }
    let mut plain = BufReader::new(PlainJson::new(document));
    if is_blank(&mut plain) {
        return Ok(Vec::new());
    }
    let mut reader = serde_json::Deserializer::from_reader(plain);
    let read = |wanted: Select<'_>| wanted.deserialize(&mut reader).and_then(|()| reader.end());
    select(key, read, |error| format!("it is not JSON (line {})", error.line()))
}

/// Whether nothing but white space is left; what is not, is left where it stands.
fn is_blank(document: &mut impl BufRead) -> bool {
    loop {
        let Ok(start) = document.fill_buf() else { return false };
        if start.is_empty() {
            return true;
        }
        if !start.iter().all(u8::is_ascii_whitespace) {
            return false;
        }
        let length = start.len();
        document.consume(length);
    }
}

fn toml(text: &str, key: &str) -> Result<Vec<Value>, String> {
    let read = |wanted: Select<'_>| wanted.deserialize(toml::Deserializer::parse(text)?);
    select(key, read, |error: toml::de::Error| {
        let line = error.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().lines().count());
        format!("it is not TOML (line {line})")
    })
}

fn yaml(text: &str, key: &str) -> Result<Vec<Value>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let document = yaml_document(text).ok_or("it is not YAML, or too large")?;
    select(key, |wanted| wanted.deserialize(document), |error: serde_json::Error| error.to_string())
}

/// A value that is not finished yet.
enum Open {
    Sequence(Vec<Value>),
    Mapping(Map<String, Value>, Option<String>),
}

/// YAML from its events. An alias is nothing here, so that a document cannot grow in memory.
fn yaml_document(text: &str) -> Option<Value> {
    let mut open: Vec<Open> = Vec::new();
    for (count, event) in Parser::new_from_str(text).enumerate() {
        if open.len() > DEPTH || count > VALUES {
            return None;
        }
        let value = match event.ok()?.0 {
            Event::SequenceStart(..) => {
                open.push(Open::Sequence(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Mapping(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop()? {
                Open::Sequence(values) => Value::Array(values),
                Open::Mapping(map, _) => Value::Object(map),
            },
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::Alias(..) => Value::Null,
            _ => continue,
        };
        match open.last_mut() {
            None => return Some(value),
            Some(Open::Sequence(values)) => values.push(value),
            Some(Open::Mapping(map, key)) => match key.take() {
                Some(key) => drop(map.insert(key, value)),
                None => *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            },
        }
    }
    None
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match (style, text) {
        (ScalarStyle::Plain, "true") => Value::Bool(true),
        (ScalarStyle::Plain, "false") => Value::Bool(false),
        (ScalarStyle::Plain, "" | "~" | "null") => Value::Null,
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// The whole document as the value of the key `k`.
    fn whole(text: &str, format: ConfigFormat) -> Result<Value, String> {
        let mut found = parse(text.as_bytes(), format, "k")?;
        assert_eq!(found.len(), 1);
        Ok(found.remove(0))
    }

    fn written(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, text).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        file
    }

    #[test]
    fn json_with_comments_and_trailing_commas_is_read() {
        let text = "\u{feff}{ // servers\n \"k\": {\"a\": [1, 2,], /* , } */ \"url\": \"http://x//y,}\", \"q\": \"\\\",}\", }, }";
        let value = whole(text, ConfigFormat::Json).unwrap();
        assert_eq!(value, json!({"a": [1, 2], "url": "http://x//y,}", "q": "\",}"}));
    }

    #[test]
    fn toml_and_yaml_give_the_same_tree() {
        let expected = json!({"s": {"command": "npx", "args": ["-y", "p"], "on": true}});
        let toml = "[k.s]\ncommand = \"npx\"\nargs = [\"-y\", \"p\"]\non = true\n";
        let yaml = "k:\n  s:\n    command: npx\n    args: [-y, p]\n    on: true\n";
        assert_eq!(whole(toml, ConfigFormat::Toml).unwrap(), expected);
        assert_eq!(whole(yaml, ConfigFormat::Yaml).unwrap(), expected);
    }

    #[test]
    fn only_what_stands_at_the_key_is_kept() {
        let text = r#"{"k": 1, "projects": {"/a": {"k": 2, "x": [3]}, "/b": 4, "/c": [{"k": 5}]}}"#;
        let at = |key: &str| parse(text.as_bytes(), ConfigFormat::Json, key).unwrap();
        assert_eq!(at("k"), [json!(1)]);
        assert_eq!(at("projects.*.k"), [json!(2)]);
        assert_eq!(at("projects.\"/b\""), [json!(4)]);
        assert!(at("k.deeper").is_empty());
    }

    #[test]
    fn a_state_file_of_tens_of_megabytes_gives_its_servers() {
        let history = "[],".repeat(4 << 20);
        let text = format!("{{\"history\": [{history}7], \"k\": {{\"a\": 1}}}}");
        assert_eq!(read(written(text.as_bytes()), ConfigFormat::Json, "k").unwrap(), [json!({"a": 1})]);
    }

    #[test]
    fn a_table_of_servers_that_would_fill_the_memory_is_refused() {
        for many in ["[],".repeat(30_000), format!("\"{}\",", "x".repeat(9 << 20))] {
            let text = format!("{{\"k\": [{many}7]}}");
            let error = read(written(text.as_bytes()), ConfigFormat::Json, "k").unwrap_err();
            assert_eq!(error, "it holds more than any configuration does");
        }
    }

    #[test]
    fn documents_that_must_be_held_whole_are_short() {
        let bytes = vec![b'#'; WHOLE_LIMIT + 1];
        for format in [ConfigFormat::Toml, ConfigFormat::Yaml] {
            assert!(read(written(&bytes), format, "k").unwrap_err().starts_with("longer than "));
            assert!(
                read(written(&bytes[..WHOLE_LIMIT]), format, "k").is_ok() || format == ConfigFormat::Yaml
            );
        }
    }

    #[test]
    fn an_error_shows_nothing_of_the_document() {
        for format in [ConfigFormat::Json, ConfigFormat::Toml] {
            let error = whole("{ \"token\": sk-verysecret", format).unwrap_err();
            assert!(!error.contains("verysecret"), "{error}");
        }
    }

    #[test]
    fn a_yaml_that_would_unfold_to_billions_stays_small() {
        let bomb = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nk: [*b, *b, *b]\n";
        assert_eq!(whole(bomb, ConfigFormat::Yaml).unwrap(), json!([null, null, null]));
        let deep = "[".repeat(100_000);
        assert!(whole(&deep, ConfigFormat::Yaml).is_err());
        assert!(whole(&deep, ConfigFormat::Json).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>) {
            for format in [ConfigFormat::Json, ConfigFormat::Toml, ConfigFormat::Yaml] {
                let _ = parse(&bytes, format, "*");
            }
        }

        #[test]
        fn plain_json_is_read_as_it_is(text in "[ -~\\\\\"/*,]{0,30}") {
            let value = json!({"k": [text, {"n": 1}]});
            prop_assert_eq!(whole(&value.to_string(), ConfigFormat::Json), Ok(value["k"].clone()));
        }
    }
}
