//! The only reader of the clock.

use std::time::Instant;

use jiff::Timestamp;

/// The time of day, for what is written down.
#[allow(clippy::disallowed_methods, reason = "this is the module the rule points to")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A moment of the monotonic clock, for durations.
pub fn monotonic() -> Instant {
    Instant::now()
}
