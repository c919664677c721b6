//! Names in a report are a stranger's. Characters that move a cursor or make one name look like another are written as escapes before
//! anything is made of them, as paths are.

use std::io::{self, Write};

use domain::is_unsafe_to_print;
use serde_json::Value;

use super::Report;

/// Line breaks and tabs draw nothing that was not there, and a zero stands between the parts of a key.
fn is_odd(c: char) -> bool {
    is_unsafe_to_print(c) && !matches!(c, '\n' | '\r' | '\t' | '\0')
}

/// The report with every text fit to be shown. Most need nothing, and are not copied.
pub(super) fn shown(report: Report) -> Result<Report, serde_json::Error> {
    let mut found = Search::default();
    serde_json::to_writer(&mut found, &report)?;
    if !found.odd {
        return Ok(report);
    }
    let mut value = serde_json::to_value(&report)?;
    escape(&mut value);
    serde_json::from_value(value)
}

fn escape(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(is_odd) => *text = escaped(text),
        Value::Array(items) => items.iter_mut().for_each(escape),
        Value::Object(fields) => {
            fields.values_mut().for_each(escape);
            if fields.keys().any(|key| key.contains(is_odd)) {
                *fields =
                    std::mem::take(fields).into_iter().map(|(key, value)| (escaped(&key), value)).collect();
            }
        }
        _ => {}
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_odd(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Looks through JSON as it is written, for what may be an odd character: an escape of a control character, or a letter from the
/// places of Unicode where they are. It may take a harmless text for an odd one, never the other way round.
#[derive(Default)]
struct Search {
    odd: bool,
    last: u8,
}

impl Write for Search {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for &byte in bytes {
            // `\b`, `\f`, `\u…`; U+007F; U+0080 to U+009F; U+061C; U+2000 to U+207F.
            self.odd |= byte == 0x7f
                || matches!(
                    (self.last, byte),
                    (b'\\', b'b' | b'f' | b'u') | (0xc2, 0x80..=0x9f) | (0xd8, 0x9c) | (0xe2, 0x80 | 0x81)
                );
            self.last = byte;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_odd_is_found(before in ".{0,20}", odd in any::<char>().prop_filter("odd", |c| is_odd(*c)), after in ".{0,20}") {
            let mut found = Search::default();
            serde_json::to_writer(&mut found, &format!("{before}{odd}{after}")).unwrap();
            prop_assert!(found.odd);
            let mut value = serde_json::json!({ "k": [format!("{before}{odd}{after}")] });
            escape(&mut value);
            prop_assert!(!value["k"][0].as_str().unwrap().contains(is_odd));
        }
    }

    #[test]
    fn a_key_is_escaped_as_its_parts_are() {
        assert_eq!(escaped("rule\0a\u{202e}b"), format!("rule\0{}", escaped("a\u{202e}b")));
        assert_eq!(escaped("two\nlines\tand \u{1b}[2J"), "two\nlines\tand \\u{1b}[2J");
    }
}
