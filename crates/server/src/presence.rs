//! Which devices are connected and when each was last heard from. An open channel is the heartbeat: nothing is written for it;
//! what was heard is gathered here and written in one batch every few minutes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::watch;

/// The most channels at once.
const MOST_CHANNELS: usize = 100_000;

/// Who is connected.
#[derive(Debug, Clone, Default)]
pub struct Presence(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    channels: HashMap<String, Entry>,
    /// Heard from since the last batch.
    seen: HashMap<String, Timestamp>,
    ended: bool,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    wake: watch::Sender<()>,
}

/// A device's channel, open until this is dropped.
#[derive(Debug)]
pub(crate) struct Channel {
    presence: Presence,
    device: String,
    number: u64,
    wake: watch::Receiver<()>,
}

impl Presence {
    /// Opens a channel. One that the device had before ends. `None` when there are too many, or the server ends.
    pub(crate) fn open(&self, device: &str, now: Timestamp) -> Option<Channel> {
        let mut inner = self.lock();
        let full = inner.channels.len() >= MOST_CHANNELS && !inner.channels.contains_key(device);
        if full || inner.ended {
            return None;
        }
        let (sender, wake) = watch::channel(());
        inner.next += 1;
        let number = inner.next;
        inner.channels.insert(device.to_owned(), Entry { number, wake: sender });
        inner.seen.insert(device.to_owned(), now);
        Some(Channel { presence: self.clone(), device: device.to_owned(), number, wake })
    }

    /// A device was heard from.
    pub(crate) fn heard(&self, device: &str, now: Timestamp) {
        self.lock().seen.insert(device.to_owned(), now);
    }

    /// Whether a device has a channel.
    pub fn is_connected(&self, device: &str) -> bool {
        self.lock().channels.contains_key(device)
    }

    /// How many channels are open.
    pub fn count(&self) -> usize {
        self.lock().channels.len()
    }

    /// Something waits for a device.
    pub(crate) fn wake(&self, device: &str) {
        if let Some(entry) = self.lock().channels.get(device) {
            entry.wake.send_replace(());
        }
    }

    /// Ends the channel of a device.
    pub(crate) fn close(&self, device: &str) {
        self.lock().channels.remove(device);
    }

    /// Ends every channel; none begins any more. Who was connected was heard from.
    pub(crate) fn end(&self, now: Timestamp) {
        let mut inner = self.lock();
        inner.ended = true;
        let channels = std::mem::take(&mut inner.channels);
        inner.seen.extend(channels.into_keys().map(|device| (device, now)));
    }

    /// Who was heard from since the last call, with those that are connected now.
    pub(crate) fn take(&self, now: Timestamp) -> Vec<(String, Timestamp)> {
        let mut inner = self.lock();
        let mut seen = std::mem::take(&mut inner.seen);
        seen.extend(inner.channels.keys().map(|device| (device.clone(), now)));
        seen.into_iter().collect()
    }

    /// What [`Presence::take`] gave could not be written: later, then.
    pub(crate) fn put_back(&self, batch: Vec<(String, Timestamp)>) {
        let mut inner = self.lock();
        for (device, at) in batch {
            inner.seen.entry(device).and_modify(|seen| *seen = at.max(*seen)).or_insert(at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Channel {
    /// Waits until something waits for the device. `false` when the channel must end.
    pub(crate) async fn woken(&mut self) -> bool {
        self.wake.changed().await.is_ok()
    }

    /// The device is gone.
    pub(crate) fn leave(&self) {
        let mut inner = self.presence.lock();
        // The place may be taken by a newer channel.
        if inner.channels.get(&self.device).is_some_and(|entry| entry.number == self.number) {
            inner.channels.remove(&self.device);
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[tokio::test]
    async fn a_newer_channel_of_a_device_ends_the_older_and_is_not_ended_by_it() {
        let presence = Presence::default();
        let mut old = presence.open("a", NOW).unwrap();
        let mut new = presence.open("a", NOW).unwrap();
        assert!(!old.woken().await);
        drop(old);
        assert!(presence.is_connected("a"));
        presence.wake("a");
        assert!(new.woken().await);
        drop(new);
        assert_eq!(presence.count(), 0);
    }

    #[tokio::test]
    async fn the_end_of_the_server_ends_every_channel_and_lets_none_begin() {
        let presence = Presence::default();
        let mut channel = presence.open("a", NOW).unwrap();
        presence.end(NOW);
        assert!(!channel.woken().await);
        assert_eq!(presence.take(NOW), [("a".to_owned(), NOW)], "it was there to the end");
        assert!(presence.open("b", NOW).is_none());
    }

    #[test]
    fn whoever_is_connected_was_heard_from_and_a_batch_that_failed_is_not_lost() {
        let presence = Presence::default();
        let later = Timestamp::from_second(9).unwrap();
        let channel = presence.open("a", NOW).unwrap();
        assert_eq!(presence.take(later), [("a".to_owned(), later)]);
        drop(channel);
        assert_eq!(presence.take(later), []);
        presence.put_back(vec![("a".into(), later)]);
        presence.put_back(vec![("a".into(), NOW)]);
        assert_eq!(presence.take(later), [("a".to_owned(), later)]);
    }
}
