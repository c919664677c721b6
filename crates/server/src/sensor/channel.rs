//! The channel: a stream of signed commands that stays open. That it is open says that the device is there.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::Extension,
    http::HeaderMap,
    response::{
        Sse,
        sse::{Event as Message, KeepAlive},
    },
};
use futures_util::{Stream, stream};
use protocol::{
    sensor::{Command, KEEP_ALIVE_SECONDS, Order},
    signing::KeyId,
};
use store::OrderRow;

use super::guard::Sender;
use crate::{Event, Problem, State, presence};

/// Opens the channel of a device.
pub(super) async fn open(
    state: State,
    Extension(Sender { device }): Extension<Sender>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Message, Infallible>>>, Problem> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = match last {
        None | Some("") => 0,
        Some(text) => text.parse().map_err(|_| Problem::bad_request("`Last-Event-ID` is no serial"))?,
    };
    let id: KeyId = device.parse().map_err(|error| Problem::internal(&error))?;
    let registered = state.presence().open(&device, state.now());
    let channel = registered.ok_or_else(|| {
        Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "too many channels are open")
            .retry_after(60)
    })?;
    // It may have been revoked since the guard looked: from here on revoking ends the channel.
    if state.store().device_key(&device).await?.is_none_or(|key| key.revoked) {
        return Err(Problem::forbidden("this device is no longer trusted here"));
    }
    let first = state.store().orders(&device, last, state.now()).await?;
    state.events().tell(Event::Presence(device.clone()));
    let feed = Feed { state, device, id, channel, last, waiting: first.into() };
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(KEEP_ALIVE_SECONDS)).text("");
    Ok(Sse::new(stream::unfold(feed, Feed::next)).keep_alive(keep_alive))
}

/// What a channel sends.
struct Feed {
    state: State,
    device: String,
    id: KeyId,
    channel: presence::Channel,
    last: i64,
    waiting: VecDeque<OrderRow>,
}

impl Feed {
    async fn next(mut self) -> Option<(Result<Message, Infallible>, Self)> {
        loop {
            while let Some(order) = self.waiting.pop_front() {
                self.last = self.last.max(order.serial);
                if let Some(message) = self.message(&order) {
                    return Some((Ok(message), self));
                }
            }
            if !self.channel.woken().await {
                return None;
            }
            match self.state.store().orders(&self.device, self.last, self.state.now()).await {
                Ok(orders) => self.waiting = orders.into(),
                Err(error) => {
                    // The device connects again, and finds the order then.
                    tracing::warn!(%error, device = self.device, "orders could not be read");
                    return None;
                }
            }
        }
    }

    /// The order as a command that only this device obeys.
    fn message(&self, row: &OrderRow) -> Option<Message> {
        let order: Order = serde_json::from_str(&row.body).ok()?;
        let serial = u64::try_from(row.serial).ok()?;
        let (issued_at, expires_at) = (row.issued_at, row.expires_at);
        let command = Command { device: self.id.clone(), serial, issued_at, expires_at, order };
        let signed =
            command.sign(self.state.signing_key()).and_then(|envelope| serde_json::to_string(&envelope));
        match signed {
            Ok(data) => Some(Message::default().id(serial.to_string()).event("message").data(data)),
            Err(error) => {
                tracing::error!(%error, serial, "an order cannot be given");
                None
            }
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.channel.leave();
        self.state.events().tell(Event::Presence(self.device.clone()));
    }
}
