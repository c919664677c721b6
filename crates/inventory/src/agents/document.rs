//! Configuration documents of three kinds as one tree of values, bounded and tolerant of what people write.

use catalog::tool::ConfigFormat;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Deeper documents are refused; the JSON parser has the same limit.
const DEPTH: usize = 100;
/// Documents with more values are refused.
const VALUES: usize = 200_000;

/// Reads a document.
///
/// # Errors
/// Why it cannot be read, in words and without any of its content, which may hold secrets.
pub(super) fn parse(bytes: &[u8], format: ConfigFormat) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        ConfigFormat::Json => {
            let plain = without_comments(text);
            serde_json::from_str(&plain).map_err(|error| format!("it is not JSON (line {})", error.line()))
        }
        ConfigFormat::Toml => toml::from_str(text).map_err(|error| {
            let line =
                error.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().lines().count());
            format!("it is not TOML (line {line})")
        }),
        ConfigFormat::Yaml => yaml(text).ok_or_else(|| "it is not YAML, or too large".to_owned()),
    }
}

/// JSON as editors write it: without comments, and without commas before a closing bracket.
fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut in_string = false;
    while let Some(c) = rest.next() {
        match (in_string, c, rest.peek()) {
            (true, '\\', Some(&escaped)) => {
                rest.next();
                plain.extend(['\\', escaped]);
            }
            (_, '"', _) => {
                in_string = !in_string;
                plain.push('"');
            }
            (false, '/', Some('/')) => while rest.next_if(|&c| c != '\n').is_some() {},
            (false, '/', Some('*')) => {
                let mut before = ' ';
                rest.next();
                for c in rest.by_ref() {
                    if (before, c) == ('*', '/') {
                        break;
                    }
                    before = c;
                }
            }
            (false, ']' | '}', _) => {
                let kept = plain.trim_end();
                if kept.ends_with(',') {
                    plain.truncate(kept.len() - 1);
                }
                plain.push(c);
            }
            _ => plain.push(c),
        }
    }
    plain
}

/// A value that is not finished yet.
enum Open {
    Sequence(Vec<Value>),
    Mapping(Map<String, Value>, Option<String>),
}

/// YAML from its events. An alias is nothing here, so that a document cannot grow in memory.
fn yaml(text: &str) -> Option<Value> {
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

    #[test]
    fn json_with_comments_and_trailing_commas_is_read() {
        let text = "\u{feff}{ // servers\n \"a\": [1, 2,], /* , } */ \"url\": \"http://x//y,}\", \"q\": \"\\\",}\", }";
        let value = parse(text.as_bytes(), ConfigFormat::Json).unwrap();
        assert_eq!(value, json!({"a": [1, 2], "url": "http://x//y,}", "q": "\",}"}));
    }

    #[test]
    fn toml_and_yaml_give_the_same_tree() {
        let expected = json!({"m": {"s": {"command": "npx", "args": ["-y", "p"], "on": true}}});
        let toml = "[m.s]\ncommand = \"npx\"\nargs = [\"-y\", \"p\"]\non = true\n";
        let yaml = "m:\n  s:\n    command: npx\n    args: [-y, p]\n    on: true\n";
        assert_eq!(parse(toml.as_bytes(), ConfigFormat::Toml).unwrap(), expected);
        assert_eq!(parse(yaml.as_bytes(), ConfigFormat::Yaml).unwrap(), expected);
    }

    #[test]
    fn an_error_shows_nothing_of_the_document() {
        for format in [ConfigFormat::Json, ConfigFormat::Toml] {
            let error = parse(b"{ \"token\": sk-verysecret", format).unwrap_err();
            assert!(!error.contains("verysecret"), "{error}");
        }
    }

    #[test]
    fn a_yaml_that_would_unfold_to_billions_stays_small() {
        let bomb = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n";
        assert_eq!(parse(bomb.as_bytes(), ConfigFormat::Yaml).unwrap()["c"], json!([null, null, null]));
        let deep = "[".repeat(100_000);
        assert!(parse(deep.as_bytes(), ConfigFormat::Yaml).is_err());
        assert!(parse(deep.as_bytes(), ConfigFormat::Json).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>) {
            for format in [ConfigFormat::Json, ConfigFormat::Toml, ConfigFormat::Yaml] {
                let _ = parse(&bytes, format);
            }
        }

        #[test]
        fn plain_json_is_read_as_it_is(text in "[ -~\\\\\"/*,]{0,30}") {
            let value = json!({"k": [text, {"n": 1}]});
            prop_assert_eq!(parse(value.to_string().as_bytes(), ConfigFormat::Json), Ok(value));
        }
    }
}
