//! Containers that are used again and again: how large they would be if each use were a copy.
//!
//! Sharing is what the memo is for. But a list of two lists of two lists... has more elements than any loop comes to the end of.

use super::{
    machine::Machine,
    values::{Group, Ring, Value},
};
use crate::rules::pickles;

/// Two to this power elements are too many, whatever the size of the file.
const TOO_MANY: u32 = 30;
/// Containers that wait to be filled.
const OPEN: usize = 16;

/// The containers that were made last.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// Where the opcode that made the last container ends.
    pub(super) fresh: u64,
    /// Places of the memo into which containers went since one was filled.
    open: Vec<u64>,
}

impl Shares {
    /// The container that was just made goes into the memo.
    #[inline]
    pub(super) fn open(&mut self, place: u64) -> Value {
        if self.open.len() < OPEN {
            self.open.push(place);
        }
        Value::Nest(0)
    }
}

/// The sum over the elements of one container, as a power of two.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    largest: Option<u8>,
    count: u32,
}

impl Sharing {
    pub(super) fn add(&mut self, level: Option<u8>, count: u32) {
        let Some(level) = level else { return };
        if self.largest < Some(level) {
            (self.largest, self.count) = (Some(level), 0);
        }
        if self.largest == Some(level) {
            self.count = self.count.saturating_add(count);
        }
    }

    pub(super) fn level(&self) -> Option<u8> {
        let doubled = u8::try_from(self.count.max(1).ilog2()).unwrap_or(u8::MAX);
        Some(self.largest?.saturating_add(doubled))
    }
}

/// How often a value holds what is shared.
pub(super) fn level(groups: &Ring<Group>, value: Value) -> Option<u8> {
    match value {
        Value::Nest(level) => Some(level),
        Value::Group(number) => groups.get(number)?.level,
        _ => None,
    }
}

impl Machine<'_, '_, '_> {
    pub(super) fn level(&self, value: Value) -> Option<u8> {
        level(&self.groups, value)
    }

    /// DUP.
    pub(super) fn duplicate(&mut self) {
        let mut top = self.stack.top();
        self.expect(top.is_some());
        if top == Some(Value::Data) && self.shares.fresh == self.at {
            self.stack.replace(Value::Nest(0));
            top = Some(Value::Nest(0));
        }
        self.stack.push(top.unwrap_or(Value::Lost));
    }

    /// Elements went into the container on top, of which this much is shared.
    #[inline]
    pub(super) fn share(&mut self, target: Value, level: Option<u8>, goes_on: bool) {
        let Some(level) = level else {
            self.shares.open.clear();
            return;
        };
        self.share_more(target, level);
        // The next element goes into the same container.
        let last = self.shares.open.last().copied().filter(|_| goes_on);
        self.shares.open.clear();
        self.shares.open.extend(last);
    }

    fn share_more(&mut self, target: Value, level: u8) {
        let mut sharing = Sharing::default();
        sharing.add(self.level(target), 1);
        sharing.add(Some(level), 1);
        let Some(level) = sharing.level() else { return };
        self.say_sharing(Some(level));
        self.stack.replace(Value::Nest(level));
        for place in &self.shares.open {
            self.memo.put(*place, Value::Nest(level));
        }
    }

    pub(super) fn say_sharing(&mut self, level: Option<u8>) {
        let most = TOO_MANY.max(self.env.len.max(1).ilog2().saturating_add(12));
        let Some(level) = level.filter(|level| u32::from(*level) >= most) else { return };
        let at = self.at;
        let message = || format!("holds containers in containers again and again, 2^{level} elements in all");
        self.report.note(&pickles::MEMORY_BOMB, at, "sharing", message);
    }
}
