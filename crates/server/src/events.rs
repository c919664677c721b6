//! What happens, told to whoever listens: the console's pages refresh what changed, channels hear of orders.
//!
//! Nothing is kept: a listener that falls behind is told so by the broadcast and looks at everything again.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use store::Collection;
use tokio::sync::broadcast;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Rows of these collections changed.
    Changed(Vec<Collection>),
    /// A device came, went or was heard from.
    Presence(String),
    /// An order waits for this device.
    Ordered(String),
    /// This device may no longer speak.
    Revoked(String),
    /// A session ended: what streams to it must stop. The id of the session, or `None` for "check again".
    SessionEnded(Option<String>),
    /// The server ends.
    Ending,
}

/// Where events are told.
#[derive(Debug, Clone)]
pub struct Events {
    listeners: broadcast::Sender<Event>,
    changes: Arc<AtomicU64>,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self { listeners: broadcast::channel(256).0, changes: Arc::default() }
    }

    /// Tells everybody who listens now.
    pub fn tell(&self, event: Event) {
        if matches!(event, Event::Changed(_) | Event::Revoked(_)) {
            self.changes.fetch_add(1, Ordering::AcqRel);
        }
        // Nobody listening is no failure.
        let _ = self.listeners.send(event);
    }

    /// Tells that rows changed; nothing when none did.
    pub fn changed(&self, collections: Vec<Collection>) {
        if !collections.is_empty() {
            self.tell(Event::Changed(collections));
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.listeners.subscribe()
    }

    /// How often rows changed. Who reads it before the database and finds it the same later has seen everything since.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }
}
