//! Where a page ended: what `after` holds. It names its order, so that it cannot be used in another.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{Collection, ListError, Sort, shape::Key};
use crate::db::Value;

/// The longest that is read: a key of an index has at most 2,000 bytes.
const LONGEST: usize = 32_768;

/// The key of a row in its order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum KeyValue {
    Number(i64),
    Text(String),
}

impl From<KeyValue> for Value {
    fn from(key: KeyValue) -> Self {
        match key {
            KeyValue::Number(number) => number.into(),
            KeyValue::Text(text) => text.into(),
        }
    }
}

/// A row in its order: unique, because of the id. Rows that agree in the key follow each other by their ids, in the same direction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) key: KeyValue,
    pub(crate) id: i64,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    list: String,
    sort: String,
    #[serde(flatten)]
    place: Place,
}

fn name(sort: Sort) -> String {
    format!("{}{}", if sort.descending { "-" } else { "" }, sort.column)
}

/// The text for a place.
pub(crate) fn write(collection: Collection, sort: Sort, place: Place) -> String {
    let wire = Wire { list: collection.name().into(), sort: name(sort), place };
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wire).unwrap_or_default())
}

/// The place of a text.
pub(crate) fn read(collection: Collection, sort: Sort, key: Key, text: &str) -> Result<Place, ListError> {
    let wire = Some(text)
        .filter(|text| text.len() <= LONGEST)
        .and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok())
        .and_then(|json| serde_json::from_slice::<Wire>(&json).ok())
        .filter(|wire| wire.list == collection.name() && wire.sort == name(sort))
        .ok_or(ListError::Cursor)?;
    match (key, &wire.place.key) {
        (Key::Text(_), KeyValue::Text(_)) | (Key::Number(_) | Key::Arrival, KeyValue::Number(_)) => {
            Ok(wire.place)
        }
        _ => Err(ListError::Cursor),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAME: Sort = Sort { column: "name", descending: false };

    proptest! {
        #[test]
        fn a_place_reads_back_in_its_own_order_and_in_no_other(text in ".{0,60}", id: i64) {
            let place = Place { key: KeyValue::Text(text), id };
            let cursor = write(Collection::Devices, NAME, place.clone());
            prop_assert_eq!(read(Collection::Devices, NAME, Key::Text(""), &cursor).unwrap(), place);
            prop_assert!(read(Collection::Agents, NAME, Key::Text(""), &cursor).is_err());
            let other = Sort { descending: true, ..NAME };
            prop_assert!(read(Collection::Devices, other, Key::Text(""), &cursor).is_err());
            prop_assert!(read(Collection::Devices, NAME, Key::Number(""), &cursor).is_err());
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,80}") {
            prop_assert!(read(Collection::Devices, NAME, Key::Text(""), &text).is_err());
        }
    }
}
