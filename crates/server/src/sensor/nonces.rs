//! Numbers used once, remembered for as long as a signature with them would be fresh.
//!
//! A restart forgets them. What could be replayed then is a report of the last minutes, which carries its number and is known
//! by it, or a channel, which only who answers the handshake reads.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use protocol::signing::{CLOCK_TOLERANCE, KeyId, Nonce};

/// How many are remembered; more at once are too many requests.
const MOST: usize = 200_000;

/// How many of one sender: one that asks all the time must not use up the room of the others.
const MOST_OF_ONE: usize = 2_000;

/// The numbers that were used.
#[derive(Debug)]
pub(crate) struct Nonces {
    most: usize,
    most_of_one: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    used: HashSet<Nonce>,
    /// By the time after which a signature is stale, whatever it says of when it was made.
    order: VecDeque<(i64, Nonce, KeyId)>,
    /// How many of each sender.
    by_sender: HashMap<KeyId, usize>,
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
        Self { most: MOST, most_of_one: MOST_OF_ONE, inner: Mutex::default() }
    }
}

impl Nonces {
    /// Takes a number of a sender at a time in seconds since 1970. The signature that carries it must have been checked.
    pub(crate) fn take(&self, sender: &KeyId, nonce: Nonce, now: i64) -> Novelty {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.forget(now);
        if inner.used.contains(&nonce) {
            return Novelty::Used;
        }
        let own = inner.by_sender.get(sender).copied().unwrap_or_default();
        if inner.used.len() >= self.most || own >= self.most_of_one {
            return Novelty::Full;
        }
        inner.used.insert(nonce);
        inner.order.push_back((now.saturating_add(keep()), nonce, sender.clone()));
        inner.by_sender.insert(sender.clone(), own + 1);
        Novelty::New
    }
}

/// How long a number is kept, in seconds: a signature may have been made in the future by the tolerance, and is fresh as long
/// again after that.
fn keep() -> i64 {
    i64::try_from(CLOCK_TOLERANCE).unwrap_or(i64::MAX).saturating_mul(2)
}

impl Inner {
    /// Forgets what no fresh signature can carry any more.
    fn forget(&mut self, now: i64) {
        // One from further ahead was taken before the clock was set back; were it kept, those behind it would be too. What it
        // belonged to is stale by the clock of today.
        let kept = now..=now.saturating_add(keep());
        while self.order.front().is_some_and(|(until, ..)| !kept.contains(until)) {
            let Some((_, nonce, sender)) = self.order.pop_front() else { return };
            self.used.remove(&nonce);
            match self.by_sender.get_mut(&sender) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    self.by_sender.remove(&sender);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(n: u8) -> KeyId {
        format!("{n:032x}").parse().unwrap()
    }

    #[test]
    fn a_number_counts_once_for_as_long_as_its_signature_could_be_fresh() {
        let nonces = Nonces::default();
        assert_eq!(nonces.take(&sender(1), [1; 16], 1000), Novelty::New);
        assert_eq!(nonces.take(&sender(2), [1; 16], 1600), Novelty::Used);
        assert_eq!(nonces.take(&sender(1), [2; 16], 1601), Novelty::New);
        let inner = nonces.inner.lock().unwrap();
        assert_eq!((inner.used.len(), inner.by_sender[&sender(1)]), (1, 1), "the first is forgotten");
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_fill_the_memory_for_as_long_as_it_was_ahead() {
        let nonces = Nonces { most: 2, ..Nonces::default() };
        assert_eq!(nonces.take(&sender(1), [1; 16], 1_000_000), Novelty::New);
        assert_eq!(nonces.take(&sender(1), [2; 16], 1000), Novelty::New);
        assert_eq!(nonces.take(&sender(1), [2; 16], 1000), Novelty::Used);
        assert_eq!(nonces.take(&sender(1), [3; 16], 1000), Novelty::New);
        assert_eq!(nonces.take(&sender(1), [4; 16], 1000), Novelty::Full);
        assert_eq!(nonces.take(&sender(1), [4; 16], 1601), Novelty::New);
    }

    #[test]
    fn too_many_numbers_are_refused_rather_than_forgotten() {
        let nonces = Nonces { most: 2, ..Nonces::default() };
        assert_eq!(nonces.take(&sender(1), [1; 16], 0), Novelty::New);
        assert_eq!(nonces.take(&sender(1), [2; 16], 0), Novelty::New);
        assert_eq!(nonces.take(&sender(1), [3; 16], 0), Novelty::Full);
        assert_eq!(nonces.take(&sender(1), [1; 16], 0), Novelty::Used);
        assert_eq!(nonces.take(&sender(1), [3; 16], 601), Novelty::New);
    }

    #[test]
    fn one_sender_does_not_use_up_the_room_of_the_others() {
        let nonces = Nonces { most_of_one: 2, ..Nonces::default() };
        for n in 0..2 {
            assert_eq!(nonces.take(&sender(1), [n; 16], 0), Novelty::New);
        }
        assert_eq!(nonces.take(&sender(1), [9; 16], 0), Novelty::Full);
        assert_eq!(nonces.take(&sender(2), [9; 16], 0), Novelty::New);
        assert_eq!(nonces.take(&sender(1), [8; 16], 601), Novelty::New);
    }
}
