//! How often someone may guess: token buckets with the time as an argument and a bound on memory.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// So many at once.
    pub burst: u32,
    /// Then one in so much time.
    pub every: SignedDuration,
}

/// It was too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts: try again in {} s", retry_after.as_secs())]
pub struct TooMany {
    /// When one more is allowed; at least a second.
    pub retry_after: SignedDuration,
}

/// How many keys are remembered. Beyond that the ones that are full again are forgotten, then all: an attacker with a million
/// addresses gains a fresh burst for each, which costs them more than it gives.
const MOST_KEYS: usize = 10_000;

/// Buckets by key. A bucket is kept as the moment at which it is full again, which needs no upkeep.
#[derive(Debug)]
pub struct Limiter {
    quota: Quota,
    full_at: Mutex<HashMap<String, Timestamp>>,
}

impl Limiter {
    /// No one has tried yet.
    pub fn new(quota: Quota) -> Self {
        Self { quota, full_at: Mutex::default() }
    }

    /// Counts one attempt.
    ///
    /// # Errors
    /// [`TooMany`] when the bucket of this key is empty; the attempt is then not counted.
    pub fn take(&self, key: &str, now: Timestamp) -> Result<(), TooMany> {
        let Quota { burst, every } = self.quota;
        let depth = every.saturating_mul(i32::try_from(burst).unwrap_or(i32::MAX));
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_KEYS && !buckets.contains_key(key) {
            buckets.retain(|_, full_at| *full_at > now);
            if buckets.len() >= MOST_KEYS {
                buckets.clear();
            }
        }
        // A clock that was set back must not lock anyone out for longer than an empty bucket does.
        let latest = now.saturating_add(depth).unwrap_or(now);
        let full_at = buckets.get(key).copied().unwrap_or(now).clamp(now, latest);
        let next = full_at.saturating_add(every).unwrap_or(full_at);
        let over = next.duration_since(latest);
        if over.is_positive() {
            return Err(TooMany { retry_after: over.max(SignedDuration::from_secs(1)) });
        }
        buckets.insert(key.to_owned(), next);
        Ok(())
    }

    /// Gives an attempt back: it was a right one.
    pub fn give_back(&self, key: &str) {
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = buckets.get_mut(key) {
            *full_at = full_at.saturating_sub(self.quota.every).unwrap_or(*full_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn limiter() -> Limiter {
        Limiter::new(Quota { burst: 3, every: SignedDuration::from_secs(10) })
    }

    #[test]
    fn after_a_burst_one_attempt_comes_back_at_a_time() {
        let limiter = limiter();
        for _ in 0..3 {
            limiter.take("ada", at(0)).unwrap();
        }
        assert_eq!(limiter.take("ada", at(0)).unwrap_err().retry_after, SignedDuration::from_secs(10));
        assert_eq!(limiter.take("ada", at(4)).unwrap_err().retry_after, SignedDuration::from_secs(6));
        limiter.take("ada", at(10)).unwrap();
        limiter.take("ada", at(10)).unwrap_err();
        limiter.take("bob", at(10)).unwrap();
    }

    #[test]
    fn a_right_attempt_is_given_back() {
        let limiter = limiter();
        for _ in 0..20 {
            limiter.take("ada", at(0)).unwrap();
            limiter.give_back("ada");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_longer() {
        let limiter = limiter();
        for _ in 0..3 {
            limiter.take("ada", at(100_000)).unwrap();
        }
        let wait = limiter.take("ada", at(0)).unwrap_err().retry_after;
        assert!(wait <= SignedDuration::from_secs(10), "{wait}");
    }

    #[test]
    fn a_million_keys_do_not_fill_the_memory() {
        let limiter = limiter();
        for key in 0..30_000 {
            limiter.take(&key.to_string(), at(0)).unwrap();
        }
        assert!(limiter.full_at.lock().unwrap().len() <= MOST_KEYS);
    }
}
