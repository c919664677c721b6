//! How much may still be unpacked, shared by everything that unpacks for one look. It knows no format.

use std::{cell::Cell, rc::Rc};

/// Bytes that were unpacked so far, and the most that may be.
#[derive(Debug, Clone)]
pub(crate) struct Purse {
    limit: u64,
    unpacked: Rc<Cell<u64>>,
    packed: Rc<Cell<u64>>,
    refused: Rc<Cell<bool>>,
}

impl Purse {
    /// A purse for that many bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, unpacked: Rc::default(), packed: Rc::default(), refused: Rc::default() }
    }

    /// Counts bytes; false when they are more than may be.
    pub(crate) fn spend(&self, bytes: u64) -> bool {
        self.unpacked.set(self.unpacked.get().saturating_add(bytes));
        let enough = self.unpacked.get() <= self.limit;
        if !enough {
            self.refuse();
        }
        enough
    }

    /// Notes that something was not unpacked because it would have been too much.
    pub(crate) fn refuse(&self) {
        self.refused.set(true);
    }

    /// Whether something was not unpacked since this was asked last.
    pub(crate) fn take_refusal(&self) -> bool {
        self.refused.take()
    }

    /// Counts compressed bytes that were taken for it.
    pub(crate) fn take_in(&self, bytes: u64) {
        self.packed.set(self.packed.get().saturating_add(bytes));
    }

    /// Bytes that were unpacked so far, and the compressed ones that they came from.
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.unpacked.get(), self.packed.get())
    }
}
