//! A text as the bytes of its message, by a table of the fields that somebody judges. Fields without a row are left out.

use super::{Field, Value};

/// A message: its fields by name.
pub(crate) struct Message(pub(crate) &'static [Row]);

/// A field: its name, its number, and what it holds.
pub(crate) type Row = (&'static str, u32, Kind);

/// What a field holds.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A number or truth value of variable length.
    Number,
    /// A value by its name; the first has number 0.
    Name(&'static [&'static str]),
    /// A text or bytes.
    Text,
    /// A message.
    Message(&'static Message),
}

/// The bytes of a message.
pub(crate) fn recode(fields: &[Field], message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        let Some((_, number, kind)) = message.0.iter().find(|(name, ..)| *name == field.name) else {
            continue;
        };
        match (kind, &field.value) {
            (Kind::Number, Value::Word(word)) => plain(&mut out, *number, self::number(word)),
            (Kind::Name(names), Value::Word(word)) => {
                let place = names.iter().position(|name| name == word);
                plain(&mut out, *number, place.map_or_else(|| self::number(word), |place| place as u64));
            }
            (Kind::Text, Value::Text(text)) => payload(&mut out, *number, text),
            (Kind::Message(inner), Value::Message(fields)) => {
                payload(&mut out, *number, &recode(fields, inner));
            }
            _ => {}
        }
    }
    out
}

/// A number as it is written; one below zero as its complement, as messages have it.
fn number(word: &str) -> u64 {
    match word {
        "true" | "True" | "t" => 1,
        _ => {
            let signed = word.parse::<i64>().map(i64::cast_unsigned);
            let hex = || u64::from_str_radix(word.strip_prefix("0x").unwrap_or("-"), 16);
            signed.or_else(|_| word.parse::<u64>()).or_else(|_| hex()).unwrap_or(0)
        }
    }
}

fn plain(out: &mut Vec<u8>, number: u32, value: u64) {
    varint(out, u64::from(number) << 3);
    varint(out, value);
}

fn payload(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    varint(out, (u64::from(number) << 3) | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prototext::{ONNX_MODEL, TENSORFLOW_GRAPH, read};

    #[test]
    fn a_text_becomes_the_bytes_of_its_message() {
        let graph = read("node { name: \"x\" op: \"Relu\" device: \"d\" }");
        assert_eq!(recode(&graph.fields, &TENSORFLOW_GRAPH), b"\x0a\x09\x0a\x01x\x12\x04Relu");
        let model = read("ir_version: 8 graph { initializer { dims: -1 data_location: EXTERNAL } }");
        let tensor = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x70\x01";
        let expected = [&b"\x08\x08\x3a\x0f\x2a\x0d"[..], tensor].concat();
        assert_eq!(recode(&model.fields, &ONNX_MODEL), expected);
    }

    #[test]
    fn numbers_are_read_as_they_may_be_written() {
        assert_eq!([number("7"), number("0x10"), number("true"), number("x")], [7, 16, 1, 0]);
        assert_eq!(number("-1"), u64::MAX);
    }
}
