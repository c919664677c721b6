//! The stack of a pickle and its marks. Runs of plain data are one entry, so that memory follows structure and not size.

use super::values::{Group, ITEMS, Value};

/// Entries and marks that are kept: enough for whatever a pickler writes. Beyond, values are lost and it is said.
const ENTRIES: usize = 1 << 19;
const MARKS: usize = 1 << 20;
/// Entries at the top whose texts and numbers are still of use when the stack is full.
const USEFUL: usize = 1024;

/// The stack.
#[derive(Debug, Default)]
pub(super) struct Stack {
    entries: Vec<(Value, u32)>,
    /// How many entries lay below each open mark.
    marks: Vec<u32>,
    floor: usize,
    /// Whether nothing more can be won by forgetting.
    full: bool,
    /// Marks beyond those that are kept.
    deeper: u64,
    /// Whether it is not known any more of some values whether they are data or objects.
    pub(super) forgot: bool,
    /// Whether anything was lost.
    pub(super) overflown: bool,
}

/// What was taken down to a mark.
#[derive(Debug)]
pub(super) struct Taken {
    /// The first values and how many there were.
    pub(super) group: Group,
    /// Whether there was a mark.
    pub(super) marked: bool,
    /// Whether all values were plain data.
    pub(super) plain: bool,
}

impl Stack {
    #[inline]
    pub(super) fn push(&mut self, value: Value) {
        if self.entries.len() > self.floor
            && let Some((top, count)) = self.entries.last_mut()
            && value == Value::Data
            && *top == Value::Data
            && *count < u32::MAX
        {
            *count = count.wrapping_add(1);
            return;
        }
        self.push_entry(value);
    }

    fn push_entry(&mut self, value: Value) {
        let above = self.entries.get_mut(self.floor..).and_then(<[_]>::last_mut);
        if let Some((top, count)) = above
            && value.is_run()
            && *top == value
            && *count < u32::MAX
        {
            *count = count.wrapping_add(1);
            return;
        }
        if self.entries.len() >= ENTRIES && !self.full {
            self.compact();
        }
        if self.entries.len() < ENTRIES {
            self.entries.push((value, 1));
        } else if let Some((top, count)) = self.entries.last_mut() {
            self.overflown = true;
            (*top, *count) = (Value::Lost, count.saturating_add(1));
        }
    }

    /// Forgets texts and numbers far below the top, which nothing but an attack comes back to; a name that is gone is not clean.
    fn compact(&mut self) {
        let recent = self.entries.len().saturating_sub(USEFUL);
        let mut marks = self.marks.iter_mut().peekable();
        let (mut kept, mut floor) = (Vec::<(Value, u32)>::new(), 0);
        for (at, (value, count)) in self.entries.iter().enumerate() {
            while let Some(mark) = marks.next_if(|mark| usize::try_from(**mark) == Ok(at)) {
                floor = kept.len();
                *mark = u32::try_from(floor).unwrap_or(u32::MAX);
            }
            let forgets = at < recent && (value.is_fleeting() || value.is_run());
            self.forgot |= forgets && *value == Value::Made;
            let value = if forgets { Value::Data } else { *value };
            let above = kept.get_mut(floor..).and_then(<[_]>::last_mut);
            let below = above.filter(|(below, _)| *below == Value::Data && value == Value::Data);
            match below.and_then(|(_, sum)| Some((sum.checked_add(*count)?, sum))) {
                Some((more, sum)) => *sum = more,
                None => kept.push((value, *count)),
            }
        }
        let end = u32::try_from(kept.len()).unwrap_or(u32::MAX);
        marks.for_each(|mark| *mark = end);
        self.floor = self.marks.last().map_or(0, |floor| usize::try_from(*floor).unwrap_or(usize::MAX));
        self.entries = kept;
        // Where little was won it is not tried again: what comes is lost.
        self.full = self.entries.len() > ENTRIES / 4 * 3;
    }

    /// The top value above the last mark.
    #[inline]
    pub(super) fn top(&self) -> Option<Value> {
        self.entries.get(self.floor..)?.last().map(|(value, _)| *value)
    }

    /// Puts a value in the place of the top one.
    pub(super) fn replace(&mut self, value: Value) {
        if self.pop().is_some() {
            self.push(value);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Value> {
        if self.entries.len() <= self.floor {
            return None;
        }
        let (value, count) = self.entries.last_mut()?;
        let value = *value;
        if *count > 1 {
            *count = count.wrapping_sub(1);
        } else {
            self.entries.pop();
        }
        Some(value)
    }

    /// Makes one plain value of so many at the top; false when they are not all plain.
    #[inline]
    pub(super) fn merge(&mut self, count: u32) -> bool {
        let above = self.entries.len() > self.floor;
        match self.entries.last_mut() {
            Some((Value::Data, run)) if above && *run >= count && count > 0 => {
                *run = run.wrapping_sub(count).wrapping_add(1);
                true
            }
            _ => false,
        }
    }

    #[inline]
    pub(super) fn mark(&mut self) {
        if self.marks.len() < MARKS {
            self.floor = self.entries.len();
            self.marks.push(u32::try_from(self.floor).unwrap_or(u32::MAX));
        } else {
            self.overflown = true;
            self.deeper = self.deeper.saturating_add(1);
        }
    }

    /// Takes the last mark away and leaves what lies above it; false when there is none.
    pub(super) fn unmark(&mut self) -> bool {
        if self.deeper > 0 {
            self.deeper = self.deeper.saturating_sub(1);
            return true;
        }
        let found = self.marks.pop().is_some();
        self.floor = self.marks.last().map_or(0, |floor| usize::try_from(*floor).unwrap_or(usize::MAX));
        found
    }

    /// Whether a mark is open with nothing above it.
    pub(super) fn at_mark(&self) -> bool {
        self.entries.len() <= self.floor && (!self.marks.is_empty() || self.deeper > 0)
    }

    /// Takes everything above the last mark, and the mark; `each` sees what is not plain data, with its place and how often it follows.
    #[inline]
    pub(super) fn take(&mut self, mut each: impl FnMut(u64, Value, u32)) -> Taken {
        let mut group = Group::empty();
        let mut plain = true;
        for (value, count) in self.entries.get(self.floor..).unwrap_or_default() {
            if *value != Value::Data {
                plain = false;
                each(group.len, *value, *count);
                fill(&mut group, *value, *count);
            }
            group.len = group.len.saturating_add((*count).into());
        }
        // What the marks beyond the limit parted is not known any more.
        if self.deeper > 0 {
            group = Group { items: [Value::Lost; ITEMS], len: 1, level: None };
            plain = false;
        } else {
            self.entries.truncate(self.floor);
        }
        let marked = self.unmark();
        Taken { group, marked, plain }
    }
}

fn fill(group: &mut Group, value: Value, count: u32) {
    let from = usize::try_from(group.len).unwrap_or(usize::MAX);
    for slot in group.items.iter_mut().skip(from).take(usize::try_from(count).unwrap_or(1)) {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_million_numbers_are_one_entry() {
        let mut stack = Stack::default();
        stack.mark();
        (0..100_000).for_each(|_| stack.push(Value::Data));
        assert_eq!(stack.entries.len(), 1);
        stack.push(Value::Int(7));
        let taken = stack.take(|at, value, _| assert_eq!((at, value), (100_000, Value::Int(7))));
        assert_eq!((taken.group.len, taken.marked, taken.plain), (100_001, true, false));
        assert_eq!(stack.pop(), None);
    }

    #[test]
    fn values_never_run_together_across_a_mark() {
        let mut stack = Stack::default();
        stack.push(Value::Data);
        stack.mark();
        assert!(stack.at_mark());
        stack.push(Value::Data);
        stack.push(Value::Data);
        assert_eq!(stack.take(|_, _, _| ()).group.len, 2);
        assert_eq!(stack.pop(), Some(Value::Data));
        assert_eq!(stack.pop(), None);
    }

    #[test]
    fn a_full_stack_forgets_texts_and_keeps_its_marks() {
        let mut stack = Stack::default();
        stack.push(Value::Global(1));
        stack.mark();
        (0..3 * ENTRIES).for_each(|at| stack.push(if at % 2 == 0 { Value::Word(1) } else { Value::Data }));
        stack.mark();
        stack.push(Value::Word(2));
        assert_eq!((stack.take(|_, _, _| ()).group.len, stack.overflown), (1, false));
        assert_eq!(stack.take(|_, _, _| ()).group.len, 3 * ENTRIES as u64);
        assert_eq!(stack.pop(), Some(Value::Global(1)));
        (0..2 * ENTRIES).for_each(|_| stack.push(Value::Global(1)));
        assert!(stack.overflown);
    }

    #[test]
    fn more_marks_than_are_kept_lose_values_and_say_so() {
        let mut stack = Stack::default();
        (0..=MARKS).for_each(|_| stack.mark());
        stack.push(Value::Int(1));
        assert!(stack.overflown && !stack.take(|_, _, _| ()).plain);
        assert!(stack.take(|_, _, _| ()).marked);
    }
}
