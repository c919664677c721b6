//! What was found and nobody looked into yet: one model after another, when there is nothing else to do.
//!
//! The report of a scan does not wait for it. What was seen goes into further reports of the same scan, and into the data directory,
//! where the next scan finds it.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use artifact::Inspection;
use inventory::{
    inspect::{Inspector, Todo},
    scan::Scan,
};

use super::Work;
use crate::SensorEvent;

/// What was seen is told this often while there is more to see.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// A scan of which not all was looked into.
pub(super) struct Later {
    scan: Scan,
    started_at: jiff::Timestamp,
    took: Duration,
    todo: VecDeque<Todo>,
    /// Seen, and neither told nor kept.
    seen: Vec<(Todo, Inspection)>,
    told_at: Instant,
}

/// What was seen of files in a state that is too young to be remembered by the next scan.
pub(super) type Looked = HashMap<Todo, Inspection>;

impl Work {
    /// Takes in a scan, with what is known of it that it did not know itself.
    pub(super) fn begin_to_look(&mut self, scan: &mut Scan, started_at: jiff::Timestamp, took: Duration) {
        self.later = None;
        if !self.settings.inspect {
            return;
        }
        let mut left = VecDeque::new();
        let mut looked = Looked::new();
        for one in scan.files.todo() {
            match self.looked.remove(&one) {
                Some(inspection) => {
                    scan.files.tell(&one, &inspection);
                    looked.insert(one, inspection);
                }
                None => left.push_back(one),
            }
        }
        if !looked.is_empty() {
            scan.artifacts = scan.files.artifacts(&self.settings.catalog);
        }
        self.looked = looked;
        if !left.is_empty() {
            let told_at = platform::clock::monotonic();
            let (scan, seen) = (scan.clone(), Vec::new());
            self.later = Some(Later { scan, started_at, took, todo: left, seen, told_at });
        }
    }

    /// Whether there is something to look into.
    pub(super) fn has_something_to_look_into(&self) -> bool {
        self.later.is_some()
    }

    /// Looks into one model, and tells what was seen once in a while and at the end.
    pub(super) fn look_into_one(&mut self) {
        let Some(mut later) = self.later.take() else { return };
        if let Some(todo) = later.todo.pop_front() {
            let inspector = Inspector::new(&self.settings.catalog, &self.settings.data);
            if let Some(inspection) = inspector.look(&todo, self.stop.flag()) {
                later.scan.files.tell(&todo, &inspection);
                later.seen.push((todo, inspection));
            }
        }
        let over = later.todo.is_empty();
        if over || later.told_at.elapsed() >= TELL_EVERY {
            self.tell_what_was_seen(&mut later);
        }
        if !over && !self.stop.is_set() {
            self.later = Some(later);
        }
    }

    fn tell_what_was_seen(&mut self, later: &mut Later) {
        later.told_at = platform::clock::monotonic();
        let seen = std::mem::take(&mut later.seen);
        if seen.is_empty() {
            return;
        }
        if let Err(error) = Inspector::new(&self.settings.catalog, &self.settings.data).keep(&seen) {
            self.tell(&SensorEvent::CannotKeep { reason: format!("verdicts are not remembered: {error}") });
        }
        self.tell(&SensorEvent::Inspected { artifacts: seen.len(), left: later.todo.len() });
        self.looked.extend(seen);
        later.scan.artifacts = later.scan.files.artifacts(&self.settings.catalog);
        if let Err(error) = self.take(later.scan.clone(), later.started_at, later.took) {
            self.tell(&SensorEvent::CannotKeep { reason: format!("verdicts cannot be reported: {error}") });
        }
    }
}
