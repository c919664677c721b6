//! Keras: what its configuration makes a loader import, call and run, in versions 2 and 3.
//!
//! A configuration is JSON, wherever it lies: the member `config.json` of a `.keras` archive, an attribute of HDF5, the metadata
//! of a SavedModel. Sources: Keras `saving/serialization_lib.py` and `legacy/saving/serialization.py`.

mod config;
mod names;
mod python;
#[cfg(test)]
mod tests;

use std::io;

use serde_json::Value;

use crate::{
    inspect::{Bytes, Look},
    reader::contains,
    references::code_in,
    rules::graphs as say,
};

/// Values in values. Models in models take about eight each.
const DEPTH: usize = 100;

/// Looks at a text that is a configuration of Keras by its content; false when it is none.
///
/// The member of an archive and the file that `to_json` wrote are told by their outermost object, which names a class.
pub(crate) fn inspect(bytes: &Bytes<'_>, name: &str, look: &mut Look<'_>) -> io::Result<bool> {
    let leaf = name.rsplit(['/', '\\']).next().unwrap_or(name);
    if !leaf.to_ascii_lowercase().ends_with(".json") {
        return Ok(false);
    }
    let Some(json) = bytes.whole(look.limits.text)? else { return Ok(false) };
    // A name of a key may be written with escapes; only the one name that loaders look for is worth the reading.
    let likely = leaf == "config.json" || contains(&json, b"\"class_name\"");
    let names_class = || {
        let value = serde_json::from_slice::<Value>(&pythons_json(&json));
        value.map_or_else(|_| contains(&json, b"\"class_name\""), |value| value.get("class_name").is_some())
    };
    if !likely || !names_class() {
        return Ok(false);
    }
    inspect_config(&json, look);
    Ok(true)
}

/// Judges a configuration. What cannot be read leaves the file undecided; it is searched for lambda layers all the same.
pub(crate) fn inspect_config(json: &[u8], look: &mut Look<'_>) {
    if json.len() > look.limits.text {
        let message = format!("a configuration of {} bytes", json.len());
        look.say(&crate::rules::TOO_MUCH_WORK, None, "configuration", message);
        return;
    }
    match serde_json::from_slice::<Value>(&pythons_json(json)) {
        Ok(value) => config::Judge::new(look).judge(&value),
        Err(error) => {
            let message = format!("the configuration is no JSON that can be read: {error}");
            look.say(&say::KERAS_CONFIG, None, "", message);
            search(json, look);
        }
    }
}

/// Looks for what is worst in a configuration whose structure cannot be read.
fn search(json: &[u8], look: &mut Look<'_>) {
    for word in ["\"Lambda\"", "__lambda__", "enable_unsafe_deserialization", "get_file"] {
        if contains(json, word.as_bytes()) {
            look.say(
                &say::KERAS_LAMBDA,
                None,
                word,
                format!("{word} in a configuration that cannot be read"),
            );
        }
    }
    if let Some(word) = code_in(&String::from_utf8_lossy(json)) {
        look.say(&say::CODE_IN_TEXT, None, word, "the configuration holds program code");
    }
}

/// Python writes and reads three numbers that JSON does not have, and surrogates that stand alone.
fn pythons_json(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut rest, mut quoted) = (json, false);
    while let Some((first, after)) = rest.split_first() {
        let plain = !quoted && matches!(first, b'N' | b'I' | b'-');
        let number =
            [&b"NaN"[..], b"Infinity", b"-Infinity"].into_iter().find(|word| plain && rest.starts_with(word));
        if let Some(word) = number {
            out.extend_from_slice(b"null");
            rest = rest.get(word.len()..).unwrap_or_default();
        } else if quoted && *first == b'\\' {
            let lone =
                matches!(after, [b'u', b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', _, _, ..]);
            let length = if lone { 6 } else { 2usize.min(rest.len()) };
            out.extend_from_slice(if lone { b"\\ufffd" } else { rest.get(..length).unwrap_or_default() });
            rest = rest.get(length..).unwrap_or_default();
        } else {
            quoted ^= *first == b'"';
            out.push(*first);
            rest = after;
        }
    }
    out
}
