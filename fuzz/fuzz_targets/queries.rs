//! Queries that anyone types into an address: never a panic, never more than the limits, and what is understood reads back.

#![no_main]

use protocol::query::{Field, Kind, Query};

const FIELDS: &[Field] = &[
    Field { name: "name", kind: Kind::Text, about: "a text" },
    Field { name: "path", kind: Kind::Path, about: "a path" },
    Field { name: "state", kind: Kind::Word(&["open", "acknowledged"]), about: "a word" },
    Field { name: "held", kind: Kind::Number, about: "a number" },
    Field { name: "size", kind: Kind::Size, about: "a size" },
    Field { name: "seen", kind: Kind::Time, about: "a time" },
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let Ok(query) = Query::parse(&text, FIELDS) else { return };
    let again = Query::parse(&query.to_string(), FIELDS);
    assert_eq!(again.as_ref(), Ok(&query), "what is shown is what was understood");
    // What a chip links to is a query, as long as there is room for one more condition.
    if text.len() < 900 && query.terms.len() < 30 {
        let pressed = Query::parse(&query.toggled("state:open"), FIELDS).expect("a chip links to a query");
        assert_ne!(query.has("state:open"), pressed.has("state:open"));
    }
});
