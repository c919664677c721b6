//! The first scan of a device: what it found so far is told while it runs.
//!
//! A home takes seconds, every home of a busy machine a minute. Nobody waits for its end: the models met so far go out in reports of a
//! scan that is not complete. They only ever add: nothing is gone because a look did not reach it. Once a report of any kind went
//! out before this program started, the server may know more than is found so far, and only the end is told.

use std::{
    sync::{PoisonError, atomic::Ordering, mpsc::RecvTimeoutError},
    time::{Duration, Instant},
};

use inventory::{
    files::SoFar,
    scan::{Scan, Watch, so_far},
};

use super::{Pending, Work, is_due, request, scan_with};
use crate::SensorEvent;

impl Work {
    /// Whether nothing was ever reported.
    pub(super) fn is_first_scan(&self) -> bool {
        self.sequence == 0 && self.known.is_none()
    }

    /// Scans, and tells what was found so far once in a while.
    pub(super) fn scan_and_tell(&mut self, started_at: jiff::Timestamp, start: Instant) -> Scan {
        let (settings, stop) = (self.settings.clone(), std::sync::Arc::clone(&self.stop));
        let watch = Watch { so_far: Some(SoFar::default()), ..Watch::default() };
        let (running, over) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let (settings, stop, watch) = (&settings, &stop, &watch);
            let scanning = scope.spawn(move || {
                let scan = scan_with(settings, stop, watch);
                drop(running);
                scan
            });
            let (mut wait, mut told) = (settings.pace.first_part, (0, 0));
            while over.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let met = met(watch);
                if met == told {
                    continue;
                }
                told = met;
                let part = so_far(&settings.catalog, &request(settings), watch);
                let looked = platform::clock::monotonic();
                self.tell_part(part, started_at, start.elapsed());
                // What telling costs stays small beside the scan, also where much was found.
                wait = settings.pace.parts.max(looked.elapsed().saturating_mul(10));
            }
            // A panic was told where it happened, and a scan without result is an interrupted one.
            scanning.join().unwrap_or_default()
        })
    }

    fn tell_part(&mut self, part: Scan, started_at: jiff::Timestamp, elapsed: Duration) {
        // After a report that may or may not have arrived, the server may know more.
        let unsure = self.known.is_none() && self.sequence > 0;
        if unsure || self.enrolment.is_none() || !is_due(self.retry_at) {
            return;
        }
        if let Err(error) = self.take(part, started_at, elapsed) {
            self.tell(&SensorEvent::CannotKeep { reason: format!("a scan cannot be reported: {error}") });
        }
        if let (Some(Pending { known, .. }), Some(before)) = (&mut self.pending, &self.known) {
            *known = std::mem::take(known).beside(before);
        }
        self.report();
    }
}

/// How many files the walk saw, and how many models.
fn met(watch: &Watch) -> (u64, usize) {
    let models = watch.so_far.as_ref().map(|met| met.lock().unwrap_or_else(PoisonError::into_inner).len());
    (watch.walk.files.load(Ordering::Relaxed), models.unwrap_or(0))
}
