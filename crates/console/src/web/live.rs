//! `/live`: which collections changed, for pages that are open. One event per collection and second at most, its data the number of
//! changes; what changed is asked for again by the page, with the reader's own eyes.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event as Sent, KeepAlive, Sse},
    },
};
use futures_util::{FutureExt, future::BoxFuture, stream};
use server::{Caller, Event, Problem, State};
use store::Collection;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep_until},
};

/// The most streams of one session: as many pages as anyone looks at.
const MOST: usize = 16;

/// How often a collection is told at most.
const PACE: Duration = Duration::from_secs(1);

/// How many streams each session has open.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<HashMap<String, usize>>>);

/// One of them, counted until it is dropped.
struct Place {
    open: Open,
    who: String,
}

impl Open {
    fn take(&self, who: &str) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(who.to_owned()).or_default();
        if *count >= MOST {
            return None;
        }
        *count += 1;
        Some(Place { open: self.clone(), who: who.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.who) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.who);
            }
        }
    }
}

/// The handler, with the count of streams that all its requests share.
pub(super) fn handler()
-> impl Fn(State, Caller) -> BoxFuture<'static, Result<Response, Problem>> + Clone + Send + 'static {
    let open = Open::default();
    move |state, caller| {
        let open = open.clone();
        async move { live(&state, &caller, &open) }.boxed()
    }
}

fn live(state: &State, caller: &Caller, open: &Open) -> Result<Response, Problem> {
    let who = caller.session().map_or_else(|| caller.identity().name(), str::to_owned);
    let Some(place) = open.take(&who) else {
        let detail = "too many pages of this session listen; close some";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(30));
    };
    let listening = Listening {
        events: state.events().listen(),
        session: caller.session().map(str::to_owned),
        changed: BTreeMap::new(),
        ready: VecDeque::new(),
        told: Instant::now() - PACE,
        _place: place,
    };
    let stream = stream::unfold(listening, |mut listening| async move {
        let (name, changes) = listening.next().await?;
        let event = Sent::default().event(name).data(changes.to_string());
        Some((Ok::<_, Infallible>(event), listening))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response())
}

/// A page that listens.
struct Listening {
    events: Receiver<Event>,
    session: Option<String>,
    /// What changed since it was told, and how often.
    changed: BTreeMap<&'static str, u64>,
    /// What is told now.
    ready: VecDeque<(&'static str, u64)>,
    told: Instant,
    _place: Place,
}

impl Listening {
    /// What to tell next; nothing when the stream ends.
    async fn next(&mut self) -> Option<(&'static str, u64)> {
        loop {
            if let Some(next) = self.ready.pop_front() {
                return Some(next);
            }
            tokio::select! {
                event = self.events.recv() => if !self.hear(event) { return None },
                () = sleep_until(self.told + PACE), if !self.changed.is_empty() => {
                    self.told = Instant::now();
                    self.ready = std::mem::take(&mut self.changed).into_iter().collect();
                }
            }
        }
    }

    /// Takes note of an event; false when the stream is over.
    fn hear(&mut self, event: Result<Event, RecvError>) -> bool {
        match event {
            Ok(Event::Changed(collections)) => {
                collections.into_iter().for_each(|collection| self.note(collection));
            }
            Ok(Event::Presence(_) | Event::Revoked(_)) => self.note(Collection::Devices),
            Ok(Event::SessionEnded(ended)) => return ended.is_some() && ended != self.session,
            Ok(Event::Ordered(_)) => {}
            // Something was missed: everything may have changed.
            Err(RecvError::Lagged(_)) => EVERYTHING.into_iter().for_each(|collection| self.note(collection)),
            Ok(Event::Ending) | Err(RecvError::Closed) => return false,
        }
        true
    }

    fn note(&mut self, collection: Collection) {
        *self.changed.entry(collection.name()).or_default() += 1;
    }
}

const EVERYTHING: [Collection; 6] = [
    Collection::Devices,
    Collection::Artifacts,
    Collection::Runtimes,
    Collection::Agents,
    Collection::Findings,
    Collection::Records,
];

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast;

    use super::*;

    fn listening(session: &str) -> (broadcast::Sender<Event>, Listening) {
        let (sender, events) = broadcast::channel(4);
        let place = Open::default().take(session).unwrap();
        let told = Instant::now() - PACE;
        let session = Some(session.to_owned());
        let listening = Listening {
            events,
            session,
            changed: BTreeMap::new(),
            ready: VecDeque::new(),
            told,
            _place: place,
        };
        (sender, listening)
    }

    fn changed(collection: Collection) -> Event {
        Event::Changed(vec![collection])
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_one_event_per_collection_with_the_number_of_changes() {
        let (sender, mut listening) = listening("a");
        sender.send(changed(Collection::Findings)).unwrap();
        assert_eq!(listening.next().await, Some(("findings", 1)));
        let before = Instant::now();
        for _ in 0..3 {
            sender.send(changed(Collection::Findings)).unwrap();
        }
        sender.send(changed(Collection::Devices)).unwrap();
        assert_eq!(listening.next().await, Some(("devices", 1)));
        assert_eq!(listening.next().await, Some(("findings", 3)));
        assert!(before.elapsed() >= PACE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_fell_behind_hears_that_everything_changed() {
        let (sender, mut listening) = listening("a");
        for _ in 0..9 {
            sender.send(changed(Collection::Records)).unwrap();
        }
        assert_eq!(listening.next().await.map(|(name, _)| name), Some("agents"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_with_its_session_and_with_the_server() {
        let (sender, mut own) = listening("a");
        sender.send(Event::SessionEnded(Some("b".into()))).unwrap();
        sender.send(changed(Collection::Agents)).unwrap();
        assert_eq!(own.next().await, Some(("agents", 1)));
        sender.send(Event::SessionEnded(Some("a".into()))).unwrap();
        assert_eq!(own.next().await, None);
        let (sender, mut other) = listening("b");
        sender.send(Event::Ending).unwrap();
        assert_eq!(other.next().await, None);
    }

    #[test]
    fn a_session_has_a_bounded_number_of_streams() {
        let open = Open::default();
        let mut places: Vec<_> = (0..MOST).map(|_| open.take("a").unwrap()).collect();
        assert!(open.take("a").is_none());
        assert!(open.take("b").is_some());
        places.pop();
        assert!(open.take("a").is_some());
    }
}
