//! How much may still be unpacked, and read of what was unpacked, shared by everything that does so for one look. It knows no format.
//!
//! What a file may cost follows its size: whatever it claims, a small one is done with soon.

use std::{cell::Cell, rc::Rc};

use super::Limits;

/// What unpacking may cost for each byte of the file. Deflate makes 1,032 bytes of one at best, so that an array of zeros stays below.
const EACH: u64 = 1100;
/// What may be read of unpacked data for each byte of the file, and in any file, as a part of what may be unpacked. Skipping what is
/// not looked at costs nothing.
const READ_EACH: u64 = 192;
const READ_PART: u64 = 11;

/// What was spent so far, and the most that may be.
#[derive(Debug, Clone)]
pub(crate) struct Purse {
    limit: u64,
    burst: u64,
    counts: Rc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Bytes of the file itself.
    len: Cell<u64>,
    /// Bytes that came out, whenever they did, and the compressed ones that they came from.
    unpacked: Cell<u64>,
    packed: Cell<u64>,
    /// What unpacking them for the first time cost, and what it cost in all.
    first: Cell<u64>,
    work: Cell<u64>,
    read: Cell<u64>,
    refused: Cell<Option<&'static str>>,
}

impl Purse {
    /// A purse for one look.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { limit: limits.unpacked, burst: limits.burst, counts: Rc::default() }
    }

    /// Bytes of the file, which decide what it may cost.
    pub(crate) fn allow_for(&self, len: u64) {
        self.counts.len.set(len);
    }

    /// Bytes of the file itself.
    pub(crate) fn file_len(&self) -> u64 {
        self.counts.len.get()
    }

    /// The most that unpacking may cost before it is a bomb.
    fn most(&self) -> u64 {
        self.counts.len.get().saturating_mul(EACH).max(self.burst)
    }

    /// Counts bytes that were unpacked, and what that cost; false when it is more than may be.
    pub(crate) fn spend(&self, bytes: u64, cost: u64) -> bool {
        add(&self.counts.unpacked, bytes);
        add(&self.counts.work, cost);
        let most = self.most();
        let enough = self.counts.unpacked.get() <= self.limit
            && self.counts.work.get() <= most.saturating_add(most / 4);
        if !enough {
            self.refuse("unpacking it all, or the same again and again, is more than it is worth");
        }
        enough
    }

    /// Whether nothing more may be unpacked.
    pub(crate) fn is_spent(&self) -> bool {
        self.counts.unpacked.get() > self.limit || self.has_burst()
    }

    /// Counts bytes that were unpacked for the first time.
    pub(crate) fn spend_first(&self, bytes: u64, cost: u64) -> bool {
        add(&self.counts.first, cost);
        self.spend(bytes, cost)
    }

    /// Whether more came out of the file than honest data of its size can hold.
    pub(crate) fn has_burst(&self) -> bool {
        self.counts.first.get() > self.most()
    }

    /// Counts unpacked bytes that are read; false when they are more than may be.
    pub(crate) fn read(&self, bytes: u64) -> bool {
        add(&self.counts.read, bytes);
        let enough = !self.is_read_up();
        if !enough {
            self.refuse("so much comes out of so small a file that it was not all read");
        }
        enough
    }

    /// Whether nothing more may be read of what was unpacked.
    pub(crate) fn is_read_up(&self) -> bool {
        let most = self.counts.len.get().saturating_mul(READ_EACH).saturating_add(self.burst / READ_PART);
        self.counts.read.get() > most
    }

    /// Notes that something was not unpacked or read because it would have been too much, and why.
    pub(crate) fn refuse(&self, why: &'static str) {
        self.counts.refused.set(Some(why));
    }

    /// Why something was not unpacked or read since this was asked last.
    pub(crate) fn take_refusal(&self) -> Option<&'static str> {
        self.counts.refused.take()
    }

    /// Counts compressed bytes that were taken for it.
    pub(crate) fn take_in(&self, bytes: u64) {
        add(&self.counts.packed, bytes);
    }

    /// Bytes that were unpacked so far, and the compressed ones that they came from.
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.counts.unpacked.get(), self.counts.packed.get())
    }
}

fn add(count: &Cell<u64>, more: u64) {
    count.set(count.get().saturating_add(more));
}
