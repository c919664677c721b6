//! Arrays that joblib writes as plain bytes between the opcodes: where they end is computed from their description.
//!
//! Source: joblib `numpy_pickle.py`, NumPy `numpy/core/src/multiarray/descriptor.c` (`arraydescr_setstate`).

use super::{
    input::Halt,
    machine::Machine,
    values::{Texts, Value},
};
use crate::rules::pickles;

/// Types of elements that are kept, and arrays of objects inside each other.
const DTYPES: usize = 1 << 16;
const INSIDE: usize = 32;
/// The flag of an element that holds references to objects.
const HAS_OBJECT: i64 = 1;

/// The type of the elements of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dtype {
    /// Bytes of an element, if they are known.
    size: Option<u64>,
    /// Whether elements are objects, or hold some; none where that is not known.
    objects: Option<bool>,
    /// Whether a scalar of it may be a text.
    spells: bool,
}

impl Dtype {
    pub(super) const fn unknown() -> Self {
        Self { size: None, objects: None, spells: true }
    }

    /// The type that `numpy.dtype` makes of a text such as `f8`, `|b1` or `V56`.
    pub(super) fn named(name: &str) -> Self {
        let name = name.trim_start_matches(['<', '>', '=', '|']);
        let mut characters = name.chars();
        let kind = characters.next();
        let size = characters.as_str().parse::<u64>().ok();
        let spells = matches!(kind, None | Some('O' | 'U' | 'S' | 'a'));
        let of = |size, objects| Self { size, objects, spells };
        match (kind, size) {
            (Some('O'), _) => of(Some(8), Some(true)),
            (Some('U'), Some(size)) => of(size.checked_mul(4), Some(false)),
            (Some('V'), Some(size)) => of(Some(size), None),
            (Some('b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'a' | 'M' | 'm'), Some(size)) => {
                of(Some(size), Some(false))
            }
            (Some('M' | 'm'), None) => of(Some(8), Some(false)),
            _ => Self::unknown(),
        }
    }
}

/// What joblib says of an array: the three entries of the dictionary that decide where it ends.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Description {
    shape: Option<Value>,
    dtype: Option<Value>,
    alignment: Option<Value>,
    /// The key that waits for its value, and its place.
    waits: Option<(u64, Key)>,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Shape,
    Dtype,
    Alignment,
}

impl Description {
    /// The description of one pair.
    pub(super) fn of(key: Value, value: Value, texts: &Texts<'_>) -> Self {
        let mut description = Self::default();
        description.add(0, key, texts);
        description.add(1, value, texts);
        description.settle();
        description
    }

    /// Takes in a value that stands at a place between keys and values. Plain data is not told of.
    pub(super) fn add(&mut self, at: u64, value: Value, texts: &Texts<'_>) {
        if at % 2 == 1 {
            if let Some((_, key)) = self.waits.take_if(|(place, _)| place.checked_add(1) == Some(at)) {
                self.set(key, value);
            }
            return;
        }
        self.settle();
        let key = match texts.whole(value) {
            Some("shape") => Key::Shape,
            Some("dtype") => Key::Dtype,
            Some("numpy_array_alignment_bytes") => Key::Alignment,
            _ => return,
        };
        self.waits = Some((at, key));
    }

    /// A key whose value was not told of has plain data: an empty shape, no alignment.
    pub(super) fn settle(&mut self) {
        if let Some((_, key)) = self.waits.take() {
            self.set(key, Value::Data);
        }
    }

    fn set(&mut self, key: Key, value: Value) {
        let entry = match key {
            Key::Shape => &mut self.shape,
            Key::Dtype => &mut self.dtype,
            Key::Alignment => &mut self.alignment,
        };
        *entry = Some(value);
    }

    fn over(self, older: Self) -> Self {
        Self {
            shape: self.shape.or(older.shape),
            dtype: self.dtype.or(older.dtype),
            alignment: self.alignment.or(older.alignment),
            waits: None,
        }
    }
}

impl Machine<'_, '_, '_> {
    pub(super) fn add_dtype(&mut self, dtype: Dtype) -> Value {
        if self.dtypes.len() >= DTYPES {
            return Value::Lost;
        }
        self.dtypes.push(dtype);
        u32::try_from(self.dtypes.len().saturating_sub(1)).map_or(Value::Lost, Value::Dtype)
    }

    /// Whether a scalar of this type may be a text.
    pub(super) fn spells(&self, place: u32) -> bool {
        let dtype = usize::try_from(place).ok().and_then(|place| self.dtypes.get(place));
        dtype.is_none_or(|dtype| dtype.spells)
    }

    /// The state of a type says what its name leaves open: the size of a structure and whether it holds objects.
    pub(super) fn set_dtype(&mut self, place: u32, state: Value) {
        let group = self.group(state);
        let Some(dtype) = usize::try_from(place).ok().and_then(|place| self.dtypes.get_mut(place)) else {
            return;
        };
        if dtype.objects.is_some() {
            return;
        }
        let flags = group.filter(|group| group.len >= 8).map(|group| group.get(7));
        if let Some(Value::Int(flags)) = flags {
            dtype.objects = Some(flags & HAS_OBJECT != 0);
        }
    }

    /// The dictionary on top of the stack gets the entries that were taken last.
    pub(super) fn describe(&mut self, target: Value) {
        let Some(new) = self.descriptions.get(self.descriptions.last()).copied() else { return };
        let whole = match target {
            Value::Description(number) => self.descriptions.get(number).map(|older| new.over(*older)),
            _ => Some(new),
        };
        let value = whole.map_or(Value::Lost, |whole| Value::Description(self.descriptions.push(whole)));
        self.stack.replace(value);
    }

    /// Moves past an array whose description was just completed.
    pub(super) fn inline_array(&mut self, state: Value) -> Result<(), Halt> {
        self.stack.replace(Value::Data);
        let description = match state {
            Value::Description(number) => self.descriptions.get(number).copied(),
            _ => None,
        };
        let dtype = match description.and_then(|description| description.dtype) {
            Some(Value::Dtype(place)) => usize::try_from(place).ok().and_then(|place| self.dtypes.get(place)),
            _ => None,
        };
        let objects = dtype.and_then(|dtype| dtype.objects);
        if objects == Some(true) {
            return self.enter_inner();
        }
        let size = description
            .zip(dtype.copied())
            .and_then(|(description, dtype)| self.array_size(&description, dtype));
        let (Some(size), Some(false)) = (size, objects) else { return Err(self.array_lost()) };
        let padded =
            !matches!(description.and_then(|description| description.alignment), None | Some(Value::Data));
        if padded {
            let [padding] = self.input.array()?;
            self.input.skip(padding.into())?;
        }
        self.look_into_array(size)?;
        self.input.skip(size)
    }

    fn array_size(&self, description: &Description, dtype: Dtype) -> Option<u64> {
        let one = dtype.size?;
        match description.shape? {
            Value::Data => Some(one),
            shape => {
                let group = self.group(shape)?;
                group.all()?.iter().try_fold(one, |size, length| match length {
                    Value::Int(length) => size.checked_mul(u64::try_from(*length).ok()?),
                    _ => None,
                })
            }
        }
    }

    fn array_lost(&mut self) -> Halt {
        let at = self.at;
        let message = || "the size of an array cannot be told".to_owned();
        self.report.note(&pickles::ARRAY_LOST, at, "", message);
        Halt::Wrong
    }

    /// The elements of an array of objects are a pickle of their own, between the opcodes.
    fn enter_inner(&mut self) -> Result<(), Halt> {
        if self.outer.len() >= INSIDE {
            return Err(self.array_lost());
        }
        self.outer.push((std::mem::take(&mut self.stack), std::mem::take(&mut self.memo)));
        Ok(())
    }

    /// At STOP: goes on with the pickle around this one, if there is one.
    pub(super) fn leave_inner(&mut self) -> bool {
        self.end_frame();
        let Some((stack, memo)) = self.outer.pop() else { return false };
        let lost = self.stack.overflown || self.memo.overflown;
        (self.stack, self.memo) = (stack, memo);
        self.stack.overflown |= lost;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_an_element_is_that_of_numpy() {
        let sizes = ["f8", "<i4", "|b1", "U3", "S5", "O8", "O", "M8", "c16", "V56", "x", "f"]
            .map(|name| Dtype::named(name).size);
        let expected = [
            Some(8),
            Some(4),
            Some(1),
            Some(12),
            Some(5),
            Some(8),
            Some(8),
            Some(8),
            Some(16),
            Some(56),
            None,
            None,
        ];
        assert_eq!(sizes, expected);
        assert_eq!(
            ["O8", "V8", "f8"].map(|name| Dtype::named(name).objects),
            [Some(true), None, Some(false)]
        );
    }
}
