//! The wanted part of a document and nothing else: everything beside the way to it is skipped while it is read, so
//! that memory depends on what is kept and not on what a file holds.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Values kept of one document.
const VALUES: usize = 20_000;
/// Bytes of text kept of one document.
const TEXT: usize = 8 << 20;

/// What may still be kept.
#[derive(Debug)]
pub(super) struct Budget {
    values: usize,
    text: usize,
    /// Something did not fit any more.
    pub exceeded: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self { values: VALUES, text: TEXT, exceeded: false }
    }
}

impl Budget {
    fn keep<E: Error>(&mut self, text: usize) -> Result<(), E> {
        match (self.values.checked_sub(1), self.text.checked_sub(text)) {
            (Some(values), Some(text)) => {
                (self.values, self.text) = (values, text);
                Ok(())
            }
            _ => {
                self.exceeded = true;
                Err(E::custom("too much to keep"))
            }
        }
    }
}

/// Finds the values at some steps, in which `*` is every entry.
pub(super) struct Select<'a> {
    pub steps: &'a [&'a str],
    pub found: &'a mut Vec<Value>,
    pub budget: &'a mut Budget,
}

impl<'de> DeserializeSeed<'de> for Select<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        if self.steps.is_empty() {
            let value = Keep(self.budget).deserialize(from)?;
            self.found.push(value);
            Ok(())
        } else {
            from.deserialize_any(self)
        }
    }
}

/// A scalar stands where a table was looked for.
macro_rules! nothing_here {
    ($($visit:ident($type:ty)),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<(), E> { Ok(()) })*
        fn visit_unit<E>(self) -> Result<(), E> { Ok(()) }
    };
}

impl<'de> Visitor<'de> for Select<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    nothing_here!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.steps.split_first() else { return Ok(()) };
        while let Some(wanted) = table.next_key_seed(Is(step))? {
            if wanted {
                let inner = Select { steps: rest, found: &mut *self.found, budget: &mut *self.budget };
                table.next_value_seed(inner)?;
            } else {
                table.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Whether a key is the step, without keeping it.
struct Is<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(self.0 == "*" || self.0 == key)
    }
}

/// A value whole, as long as the budget lasts.
struct Keep<'a>(&'a mut Budget);

impl<'de> DeserializeSeed<'de> for Keep<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keep<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.0.keep(0).map(|()| value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.0.keep(0).map(|()| value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.0.keep(0).map(|()| value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.0.keep(0).map(|()| value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.0.keep(value.len()).map(|()| value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.0.keep(0).map(|()| Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.0.keep(0)?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Keep(&mut *self.0))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Value, A::Error> {
        self.0.keep(0)?;
        let mut map = Map::new();
        while let Some(Value::String(key)) = table.next_key_seed(Keep(&mut *self.0))? {
            map.insert(key, table.next_value_seed(Keep(&mut *self.0))?);
        }
        Ok(Value::Object(map))
    }
}
