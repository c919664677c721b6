//! When things are done: how often to scan, how long to wait after a failure, and how a wait ends at once when the sensor stops.

use std::{
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How often things are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The shortest time from the end of a scan to the next.
    pub scan_min: Duration,
    /// The longest.
    pub scan_max: Duration,
    /// Between the two, so many times as long as the last scan took.
    pub scan_factor: u32,
    /// How long the first scan of a device runs before it is told what was found so far.
    pub first_part: Duration,
    /// How often after that.
    pub parts: Duration,
    /// The first wait after a failure.
    pub retry_min: Duration,
    /// The longest wait after a failure.
    pub retry_max: Duration,
    /// The longest silence of the channel; longer than the server's own.
    pub silence: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            scan_min: Duration::from_secs(60),
            scan_max: Duration::from_secs(30 * 60),
            scan_factor: 50,
            first_part: Duration::from_secs(2),
            parts: Duration::from_secs(5),
            retry_min: Duration::from_secs(1),
            retry_max: Duration::from_secs(5 * 60),
            silence: Duration::from_secs(3 * protocol::sensor::KEEP_ALIVE_SECONDS),
        }
    }
}

impl Pace {
    /// How long to wait after a scan that took so long: scanning never takes more than a small share of the time.
    pub fn after_scan(&self, took: Duration) -> Duration {
        took.saturating_mul(self.scan_factor).clamp(self.scan_min, self.scan_max.max(self.scan_min))
    }
}

/// The waits after failures in a row: each up to twice as long as the one before, with a random part so that a fleet does not
/// come back all at once.
#[derive(Debug, Clone)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    /// No failure yet.
    pub const fn new(pace: &Pace) -> Self {
        Self { min: pace.retry_min, max: pace.retry_max, failures: 0 }
    }

    /// One more failure: how long to wait. `random` is any number; `asked` is what the server asks for, at most an upper limit.
    pub fn failed(&mut self, random: u16, asked: Option<Duration>) -> Duration {
        let most = self.min.saturating_mul(2u32.saturating_pow(self.failures)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        let half = most / 2;
        let wait = half + half.mul_f64(f64::from(random) / f64::from(u16::MAX));
        wait.max(asked.unwrap_or_default().min(self.max))
    }

    /// It is no use to try soon.
    pub const fn longest(&mut self) {
        self.failures = u32::MAX;
    }

    /// It worked.
    pub const fn worked(&mut self) {
        self.failures = 0;
    }
}

/// Any number, for [`Backoff::failed`].
pub(crate) fn random() -> u16 {
    let mut bytes = [0; 2];
    // Without randomness there is only no jitter.
    let _ = platform::random::fill(&mut bytes);
    u16::from_le_bytes(bytes)
}

/// The wish to stop, which ends a wait.
#[derive(Debug, Default)]
pub struct Stop {
    wanted: AtomicBool,
    waiting: Mutex<()>,
    woken: Condvar,
}

impl Stop {
    /// From now on.
    pub fn set(&self) {
        let _guard = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.wanted.store(true, Ordering::Relaxed);
        self.woken.notify_all();
    }

    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// The flag that breaks off a scan.
    pub const fn flag(&self) -> &AtomicBool {
        &self.wanted
    }

    /// Waits so long, or until it is set.
    pub fn wait(&self, time: Duration) {
        let guard = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Poison is no concern: nothing is guarded but the sleep.
        let _ = self.woken.wait_timeout_while(guard, time, |()| !self.is_set());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_scan_is_followed_by_fifty_times_its_length_within_limits() {
        let pace = Pace::default();
        let after = |seconds| pace.after_scan(Duration::from_secs(seconds)).as_secs();
        assert_eq!([after(0), after(2), after(10), after(3600), after(u64::MAX)], [60, 100, 500, 1800, 1800]);
    }

    #[test]
    fn the_channel_may_be_silent_for_longer_than_the_server_is() {
        assert!(Pace::default().silence > Duration::from_secs(protocol::sensor::KEEP_ALIVE_SECONDS));
    }

    #[test]
    fn a_wait_ends_when_the_sensor_stops() {
        let stop = std::sync::Arc::new(Stop::default());
        let waiting = std::thread::spawn({
            let stop = std::sync::Arc::clone(&stop);
            move || stop.wait(Duration::from_secs(600))
        });
        stop.set();
        waiting.join().unwrap();
        assert!(stop.is_set());
    }

    proptest! {
        #[test]
        fn waits_grow_to_five_minutes_and_no_further(random: u16, failures in 0u32..100, asked: u16) {
            let mut backoff = Backoff::new(&Pace::default());
            let first = backoff.failed(random, None);
            prop_assert!(first >= Duration::from_millis(500) && first <= Duration::from_secs(1));
            (0..failures).for_each(|_| { backoff.failed(random, None); });
            let asked = Duration::from_secs(asked.into());
            let wait = backoff.failed(random, Some(asked));
            prop_assert!(wait <= Duration::from_secs(300));
            prop_assert!(wait >= asked.min(Duration::from_secs(300)));
            backoff.longest();
            prop_assert!(backoff.failed(random, None) >= Duration::from_secs(150));
            backoff.worked();
            prop_assert!(backoff.failed(random, None) <= Duration::from_secs(1));
        }
    }
}
