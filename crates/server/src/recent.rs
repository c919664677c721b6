//! What every page shows and takes long to count: kept for a moment, and no longer than until something changes. Knows nothing of
//! what it keeps; each scope has its own.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use store::Scope;

/// Time alone changes little: a device falls silent, a day ends.
const LIFE: SignedDuration = SignedDuration::from_secs(5);
/// People whose numbers are kept.
const MOST: usize = 256;

/// Answers, by whose eyes look.
pub(crate) struct Recent<T>(Mutex<HashMap<Scope, Kept<T>>>);

struct Kept<T> {
    value: T,
    /// How much had changed before it was counted.
    changes: u64,
    at: Timestamp,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Recent<T> {
    /// What is kept, or what `count` gives. `changes` grows with every change.
    ///
    /// # Errors
    /// What `count` fails with; nothing is kept then.
    pub(crate) async fn get<E>(
        &self,
        scope: Scope,
        changes: u64,
        now: Timestamp,
        count: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        if let Some(value) = self.kept(scope, changes, now) {
            return Ok(value);
        }
        let value = count.await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, kept| kept.is_good(changes, now));
        }
        if kept.len() < MOST {
            kept.insert(scope, Kept { value: value.clone(), changes, at: now });
        }
        Ok(value)
    }

    fn kept(&self, scope: Scope, changes: u64, now: Timestamp) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&scope).filter(|kept| kept.is_good(changes, now)).map(|kept| kept.value.clone())
    }
}

impl<T> Kept<T> {
    /// A clock that was set back makes nothing last longer.
    fn is_good(&self, changes: u64, now: Timestamp) -> bool {
        self.changes == changes && now >= self.at && now.duration_since(self.at) < LIFE
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    async fn got(recent: &Recent<u32>, scope: Scope, changes: u64, second: i64, value: u32) -> u32 {
        let now = Timestamp::from_second(1_000 + second).unwrap();
        recent.get(scope, changes, now, async { Ok::<_, Infallible>(value) }).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_lasts_until_something_changes_or_a_moment_has_passed() {
        let recent = Recent::default();
        assert_eq!(got(&recent, Scope::All, 1, 0, 7).await, 7);
        assert_eq!(got(&recent, Scope::All, 1, 4, 8).await, 7);
        assert_eq!(got(&recent, Scope::All, 2, 4, 9).await, 9);
        assert_eq!(got(&recent, Scope::All, 2, 9, 10).await, 10);
        assert_eq!(got(&recent, Scope::All, 2, 3, 11).await, 11);
    }

    #[tokio::test]
    async fn nobody_gets_what_was_counted_for_others() {
        let recent = Recent::default();
        assert_eq!(got(&recent, Scope::All, 1, 0, 7).await, 7);
        assert_eq!(got(&recent, Scope::Person(1), 1, 0, 3).await, 3);
        assert_eq!(got(&recent, Scope::Person(2), 1, 0, 0).await, 0);
        for person in 0..1_000 {
            got(&recent, Scope::Person(person), 1, 0, 3).await;
        }
        assert!(recent.0.lock().unwrap().len() <= MOST);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let recent = Recent::<u32>::default();
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(recent.get(Scope::All, 1, now, async { Err::<u32, _>("away") }).await, Err("away"));
        assert_eq!(recent.get(Scope::All, 1, now, async { Ok::<_, &str>(1) }).await, Ok(1));
    }
}
