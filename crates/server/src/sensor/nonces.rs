//! Numbers used once, remembered for as long as a signature with them would be fresh.
//!
//! A restart forgets them. What could be replayed then is a report of the last minutes, which carries its number and is known
//! by it, or a channel, which only who answers the handshake reads.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use protocol::signing::{CLOCK_TOLERANCE, Nonce};

/// How many are remembered; more at once are too many requests.
const MOST: usize = 200_000;

/// The numbers that were used.
#[derive(Debug)]
pub(crate) struct Nonces {
    most: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    used: HashSet<Nonce>,
    /// By the time after which a signature is stale, whatever it says of when it was made.
    order: VecDeque<(i64, Nonce)>,
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Novelty {
    New,
    Used,
    /// Nobody can tell: too many are remembered.
    Full,
}

impl Default for Nonces {
    fn default() -> Self {
        Self { most: MOST, inner: Mutex::default() }
    }
}

impl Nonces {
    /// Takes a number at a time in seconds since 1970. The signature that carries it must have been checked.
    pub(crate) fn take(&self, nonce: Nonce, now: i64) -> Novelty {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // A signature may have been made that far in the future, and is fresh as long again after that.
        let keep = i64::try_from(CLOCK_TOLERANCE).unwrap_or(i64::MAX).saturating_mul(2);
        while let Some((until, old)) = inner.order.front().copied() {
            // One from further ahead was taken before the clock was set back; were it kept, those behind it would be too. What
            // it belonged to is stale by the clock of today.
            if (now..=now.saturating_add(keep)).contains(&until) {
                break;
            }
            inner.order.pop_front();
            inner.used.remove(&old);
        }
        if inner.used.contains(&nonce) {
            return Novelty::Used;
        }
        if inner.used.len() >= self.most {
            return Novelty::Full;
        }
        inner.used.insert(nonce);
        inner.order.push_back((now.saturating_add(keep), nonce));
        Novelty::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_once_for_as_long_as_its_signature_could_be_fresh() {
        let nonces = Nonces::default();
        assert_eq!(nonces.take([1; 16], 1000), Novelty::New);
        assert_eq!(nonces.take([1; 16], 1600), Novelty::Used);
        assert_eq!(nonces.take([2; 16], 1601), Novelty::New);
        assert_eq!(nonces.inner.lock().unwrap().used.len(), 1, "the first is forgotten");
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_fill_the_memory_for_as_long_as_it_was_ahead() {
        let nonces = Nonces { most: 2, ..Nonces::default() };
        assert_eq!(nonces.take([1; 16], 1_000_000), Novelty::New);
        assert_eq!(nonces.take([2; 16], 1000), Novelty::New);
        assert_eq!(nonces.take([2; 16], 1000), Novelty::Used);
        assert_eq!(nonces.take([3; 16], 1000), Novelty::New);
        assert_eq!(nonces.take([4; 16], 1000), Novelty::Full);
        assert_eq!(nonces.take([4; 16], 1601), Novelty::New);
    }

    #[test]
    fn too_many_numbers_are_refused_rather_than_forgotten() {
        let nonces = Nonces { most: 2, ..Nonces::default() };
        assert_eq!(nonces.take([1; 16], 0), Novelty::New);
        assert_eq!(nonces.take([2; 16], 0), Novelty::New);
        assert_eq!(nonces.take([3; 16], 0), Novelty::Full);
        assert_eq!(nonces.take([1; 16], 0), Novelty::Used);
        assert_eq!(nonces.take([3; 16], 601), Novelty::New);
    }
}
