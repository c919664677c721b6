//! The channel: a request that the server answers for as long as both live. What arrives is handed on; nothing is decided here.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::SyncSender,
    },
    time::Duration,
};

use protocol::sensor::CHANNEL_PATH;

use crate::{
    Observer, SensorEvent,
    client::Client,
    pace::{Backoff, Pace, Stop, random},
    sse,
    work::Message,
};

/// A channel that was open for so long was worth opening: the next failure is the first again.
const GOOD: Duration = Duration::from_secs(60);

pub(crate) struct Channel {
    pub(crate) client: Client,
    pub(crate) inbox: SyncSender<Message>,
    pub(crate) stop: Arc<Stop>,
    /// The serial of the last command that was looked at.
    pub(crate) last: Arc<AtomicU64>,
    pub(crate) pace: Pace,
    pub(crate) observer: Observer,
}

/// Why a channel ended.
enum End {
    /// Nobody wants it any more.
    Stopped,
    /// For another reason.
    Broken(String),
}

impl Channel {
    /// Keeps the channel open until the sensor stops.
    pub(crate) fn run(&self) {
        let mut backoff = Backoff::new(&self.pace);
        while !self.stop.is_set() {
            let start = platform::clock::monotonic();
            let End::Broken(reason) = self.listen() else { return };
            if self.stop.is_set() {
                return;
            }
            if start.elapsed() >= GOOD {
                backoff.worked();
            }
            let again_in = backoff.failed(random(), None);
            (self.observer)(&SensorEvent::Disconnected { reason, again_in });
            self.stop.wait(again_in);
        }
    }

    fn listen(&self) -> End {
        let last = self.last.load(Ordering::Relaxed).to_string();
        let headers =
            [("accept", "text/event-stream"), ("cache-control", "no-cache"), ("last-event-id", &last)];
        let mut stream = match self.client.open(CHANNEL_PATH, &headers, self.pace.silence) {
            Ok(stream) => stream,
            Err(reason) => return End::Broken(reason),
        };
        (self.observer)(&SensorEvent::Connected);
        let mut reader = sse::Reader::default();
        let mut buffer = [0; 4096];
        loop {
            let bytes = match stream.read(&mut buffer) {
                Ok(0) => return End::Broken("the server closed it".to_owned()),
                Ok(count) => buffer.get(..count).unwrap_or_default(),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return End::Broken(error.to_string()),
            };
            match reader.push(bytes) {
                Err(error) => return End::Broken(error.to_string()),
                Ok(events) => {
                    if !self.hand_on(events) {
                        return End::Stopped;
                    }
                }
            }
        }
    }

    /// Whether anybody still listens.
    fn hand_on(&self, events: Vec<sse::Event>) -> bool {
        let mut commands = events.into_iter().filter(|event| event.kind == "message");
        !self.stop.is_set() && commands.all(|event| self.inbox.send(Message::Command(event.data)).is_ok())
    }
}
