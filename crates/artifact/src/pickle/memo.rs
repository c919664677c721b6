//! The memo of a pickle: one byte for an entry, however many there are, and a table of the values that matter.

use std::collections::HashMap;

use super::{makers::REMEMBERED_NUMBER, values::Value};

/// Entries in order, entries at odd places, and values beyond the palette that are kept.
const NEAR: u64 = 1 << 26;
const FAR: usize = 1 << 14;
const SIDE: usize = 1 << 17;
/// Names in no table among those, and tuples, of which only the last ones matter.
const NAMES: usize = 1 << 16;
const TUPLES: usize = 2048;
/// What a cell says when it does not name a colour of the palette.
const UNSET: u8 = 0;
const DATA: u8 = 1;
const ASIDE: u8 = 2;
const LOST: u8 = 3;
const FLEETING: u8 = 4;
const NEST: u8 = 5;
const PALETTE: u8 = 6;

/// The memo.
#[derive(Debug, Default)]
pub(super) struct Memo {
    cells: Vec<u8>,
    /// The values that the cells from [`PALETTE`] on stand for.
    palette: Vec<Value>,
    colours: HashMap<Value, u8>,
    aside: HashMap<u64, Value>,
    names: usize,
    fleeting: HashMap<u64, Value>,
    far: HashMap<u64, Value>,
    /// How many places are set: where MEMOIZE puts the next value.
    set: u64,
    /// Whether a value was put so far out that the loader would ask for memory without end.
    pub(super) huge: Option<u64>,
    /// Whether anything was lost.
    pub(super) overflown: bool,
}

impl Memo {
    /// The place of the next MEMOIZE.
    #[inline]
    pub(super) fn next(&self) -> u64 {
        self.set
    }

    /// Puts a value at a place.
    #[inline]
    pub(super) fn put(&mut self, place: u64, value: Value) {
        let index = usize::try_from(place).unwrap_or(usize::MAX);
        let plain = match value {
            Value::Data => DATA,
            Value::Nest(0) => NEST,
            _ => UNSET,
        };
        if let Some(cell) = self.cells.get_mut(index)
            && plain != UNSET
        {
            self.set = self.set.wrapping_add(u64::from(*cell == UNSET));
            *cell = plain;
        } else if index == self.cells.len() && plain != UNSET && place < NEAR {
            self.cells.push(plain);
            self.set = self.set.wrapping_add(1);
        } else {
            self.put_slowly(place, index, value);
        }
    }

    fn put_slowly(&mut self, place: u64, index: usize, value: Value) {
        // Old picklers number from 1 and leave gaps, hostile ones write to the end of the world.
        let reach = self.set.saturating_mul(4).saturating_add(1 << 16).min(NEAR);
        if place >= reach && self.cells.get(index).is_none() {
            self.put_far(place, value);
            return;
        }
        if self.cells.len() <= index {
            self.cells.resize(index.saturating_add(1), UNSET);
        }
        let colour = self.colour(place, value);
        if let Some(cell) = self.cells.get_mut(index) {
            self.set = self.set.saturating_add(u64::from(*cell == UNSET));
            *cell = colour;
        }
    }

    fn put_far(&mut self, place: u64, value: Value) {
        if place >= NEAR {
            self.huge.get_or_insert(place);
        }
        if self.far.len() < FAR || self.far.contains_key(&place) {
            let new = self.far.insert(place, value).is_none();
            self.set = self.set.saturating_add(new.into());
        } else {
            self.overflown = true;
        }
    }

    fn colour(&mut self, place: u64, value: Value) -> u8 {
        match value {
            Value::Data | Value::Text { .. } => return DATA,
            Value::Int(number) if number < REMEMBERED_NUMBER => return DATA,
            Value::Nest(0) => return NEST,
            Value::Lost => return LOST,
            Value::Group(_) | Value::Description(_) | Value::Payload { .. } => {
                if self.fleeting.len() >= TUPLES {
                    self.fleeting.clear();
                }
                self.fleeting.insert(place, value);
                return FLEETING;
            }
            // A name in no table is unknown anyway, so that it may as well be forgotten.
            Value::Name(_) if self.names >= NAMES => return DATA,
            Value::Name(_) => {
                self.names = self.names.saturating_add(1);
                self.aside.insert(place, value);
                return ASIDE;
            }
            _ => {}
        }
        if let Some(colour) = self.colours.get(&value) {
            return *colour;
        }
        let next = u8::try_from(self.palette.len()).ok().and_then(|count| count.checked_add(PALETTE));
        if let Some(colour) = next {
            self.palette.push(value);
            self.colours.insert(value, colour);
            return colour;
        }
        if self.aside.len() < SIDE.saturating_add(self.names) || self.aside.contains_key(&place) {
            self.aside.insert(place, value);
            return ASIDE;
        }
        self.overflown = true;
        LOST
    }

    /// The value at a place; none where nothing was put.
    #[inline]
    pub(super) fn get(&self, place: u64) -> Option<Value> {
        let cell = usize::try_from(place).ok().and_then(|index| self.cells.get(index)).copied();
        match cell {
            Some(DATA) => Some(Value::Data),
            Some(NEST) => Some(Value::Nest(0)),
            Some(LOST) => Some(Value::Lost),
            Some(ASIDE) => Some(self.aside.get(&place).copied().unwrap_or(Value::Lost)),
            Some(FLEETING) => Some(self.fleeting.get(&place).copied().unwrap_or(Value::Lost)),
            Some(UNSET) | None => self.far.get(&place).copied(),
            Some(colour) => self.palette.get(usize::from(colour.saturating_sub(PALETTE))).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_a_byte_and_gives_back_what_was_put() {
        let mut memo = Memo::default();
        for place in 0..300_000u32 {
            let value = if place % 3 == 0 { Value::Word(place % 900) } else { Value::Data };
            memo.put(place.into(), value);
        }
        assert_eq!((memo.next(), memo.cells.len()), (300_000, 300_000));
        for place in (0..300_000u32).rev() {
            let value = if place % 3 == 0 { Value::Word(place % 900) } else { Value::Data };
            assert_eq!(memo.get(place.into()), Some(value), "{place}");
        }
        assert!(!memo.overflown && memo.huge.is_none());
    }

    #[test]
    fn memoize_counts_places_and_not_puts() {
        let mut memo = Memo::default();
        memo.put(1, Value::Word(7));
        memo.put(1, Value::Word(8));
        assert_eq!((memo.next(), memo.get(1), memo.get(0)), (1, Some(Value::Word(8)), None));
        memo.put(memo.next(), Value::Word(9));
        assert_eq!(memo.get(1), Some(Value::Word(9)));
    }

    #[test]
    fn a_place_at_the_end_of_the_world_costs_nothing() {
        let mut memo = Memo::default();
        memo.put(u64::MAX, Value::Word(1));
        memo.put(4_000_000_000, Value::Data);
        assert_eq!((memo.get(u64::MAX), memo.next()), (Some(Value::Word(1)), 2));
        assert!(memo.cells.is_empty() && memo.huge.is_some());
        (0..100_000).for_each(|place| memo.put(NEAR + place * 7, Value::Data));
        assert!(memo.overflown);
    }
}
