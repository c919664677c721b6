//! Signed requests to the server. Blocking, within limits of time and size; no redirect is followed, because what was signed is
//! for one server.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use domain::HostPath;
use jiff::Timestamp;
use protocol::{
    sensor::Problem,
    signing::{Nonce, sign_request},
};
use ureq::{Body, config::Config, http};

use crate::{DeviceKey, Observer, SensorEvent};

const CONNECTING: Duration = Duration::from_secs(10);
const ANSWERING: Duration = Duration::from_secs(60);
/// The most bytes of an answer that are read.
const LARGEST_ANSWER: u64 = 64 << 10;
/// A clock that differs by less is not what a request was refused for, in seconds.
const SLACK: u64 = 30;
/// The most characters of an error of the server that are told.
const LONGEST_REASON: usize = 300;

/// The server's clock, as far as it is known: the device's, corrected when the server refused a request because of it.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicI64);

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let behind = jiff::SignedDuration::from_secs(self.0.load(Ordering::Relaxed));
        let local = platform::clock::now();
        local.checked_add(behind).unwrap_or(local)
    }

    /// Takes the `Date` of the server. Gives how many seconds the device is behind, if that is news.
    fn correct(&self, date: Option<&str>) -> Option<i64> {
        let date = jiff::fmt::rfc2822::parse(date?).ok()?.timestamp();
        let behind = date.as_second().checked_sub(platform::clock::now().as_second())?;
        let before = self.0.load(Ordering::Relaxed);
        if before.abs_diff(behind) < SLACK {
            return None;
        }
        self.0.store(behind, Ordering::Relaxed);
        Some(behind)
    }
}

/// Speaks to one server with one key.
#[derive(Clone)]
pub(crate) struct Client {
    url: String,
    key: DeviceKey,
    clock: Arc<Clock>,
    observer: Observer,
}

/// A request, unsigned.
#[derive(Clone, Copy)]
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    body: &'a [u8],
    headers: &'a [(&'a str, &'a str)],
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// How long the server asks to wait.
    pub(crate) retry_after: Option<Duration>,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn problem(&self) -> Problem {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Why not, for a line of the log. The text is the server's, so what could draw on a terminal is escaped.
    pub(crate) fn reason(&self) -> String {
        let problem = self.problem();
        let words = if problem.detail.is_empty() { problem.title } else { problem.detail };
        let words: String = words.chars().take(LONGEST_REASON).collect();
        let words = HostPath::from(words.as_str());
        if words == HostPath::EMPTY {
            format!("the server answers {}", self.status)
        } else {
            format!("the server answers {}: {words}", self.status)
        }
    }
}

impl Client {
    pub(crate) fn new(url: String, key: DeviceKey, clock: Arc<Clock>, observer: Observer) -> Self {
        Self { url, key, clock, observer }
    }

    /// Sends a body and reads the answer.
    ///
    /// # Errors
    /// A line for people when there is no answer.
    pub(crate) fn post(&self, path: &str, body: &[u8], headers: &[(&str, &str)]) -> Result<Answer, String> {
        let config = config().timeout_global(Some(ANSWERING)).build();
        let mut response = self.call(&config, Request { method: "POST", path, body, headers })?;
        self.answer(&mut response)
    }

    /// Opens a stream that may be silent for so long at most.
    ///
    /// # Errors
    /// A line for people, also when the server refuses.
    pub(crate) fn open(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        silence: Duration,
    ) -> Result<impl Read + use<>, String> {
        let config = config().timeout_recv_response(Some(ANSWERING)).timeout_per_read(Some(silence)).build();
        let mut response = self.call(&config, Request { method: "GET", path, body: b"", headers })?;
        if response.status().is_success() {
            Ok(response.into_body().into_reader())
        } else {
            Err(self.answer(&mut response)?.reason())
        }
    }

    /// Sends a request, and once more when it was refused because of the clock.
    fn call(&self, config: &Config, request: Request<'_>) -> Result<http::Response<Body>, String> {
        let agent = config.new_agent();
        let response = self.once(&agent, request)?;
        if response.status() != http::StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        match self.clock.correct(header(&response, "date")) {
            None => Ok(response),
            Some(seconds) => {
                (self.observer)(&SensorEvent::ClockCorrected { seconds });
                self.once(&agent, request)
            }
        }
    }

    fn once(&self, agent: &ureq::Agent, request: Request<'_>) -> Result<http::Response<Body>, String> {
        let Request { method, path, body, headers } = request;
        let mut nonce = Nonce::default();
        platform::random::fill(&mut nonce).map_err(|error| format!("no random numbers: {error}"))?;
        let created = self.clock.now().as_second();
        let signed = sign_request(&self.key, method, path, body, created, &nonce);
        let mut builder = http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        for (name, value) in signed {
            builder = builder.header(name, value);
        }
        let sent = if method == "GET" {
            builder.body(()).map_err(ureq::Error::from).and_then(|request| agent.run(request))
        } else {
            builder.body(body).map_err(ureq::Error::from).and_then(|request| agent.run(request))
        };
        sent.map_err(|error| self.no_answer(&error))
    }

    fn answer(&self, response: &mut http::Response<Body>) -> Result<Answer, String> {
        let retry_after = header(response, "retry-after").and_then(|seconds| seconds.parse().ok());
        let body = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
        Ok(Answer {
            status: response.status().as_u16(),
            body: body.map_err(|error| self.no_answer(&error))?,
            retry_after: retry_after.map(Duration::from_secs),
        })
    }

    fn no_answer(&self, error: &ureq::Error) -> String {
        format!("{} does not answer: {error}", self.url)
    }
}

fn config() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECTING))
        .proxy(None)
}

fn header<'r>(response: &'r http::Response<Body>, name: &str) -> Option<&'r str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_corrected_by_the_date_of_the_server_once() {
        let clock = Clock::default();
        let hour_ahead = platform::clock::now() + jiff::SignedDuration::from_hours(1);
        let date =
            jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&hour_ahead).unwrap();
        let behind = clock.correct(Some(&date)).unwrap();
        assert!((3598..=3601).contains(&behind), "{behind}");
        assert_eq!(clock.correct(Some(&date)), None);
        assert!(clock.now().duration_since(hour_ahead).as_secs().abs() <= 2);
        assert_eq!((clock.correct(None), clock.correct(Some("yesterday"))), (None, None));
    }

    #[test]
    fn what_the_server_says_cannot_draw_on_the_terminal_or_fill_the_log() {
        let problem = Problem { detail: format!("\u{1b}[2J{}", "x".repeat(5000)), ..Problem::default() };
        let answer = Answer { status: 400, body: serde_json::to_vec(&problem).unwrap(), retry_after: None };
        let reason = answer.reason();
        assert!(reason.starts_with("the server answers 400: \\u{1b}[2Jxx") && reason.len() < 400, "{reason}");
        let silent = Answer { status: 503, body: b"<html>".to_vec(), retry_after: None };
        assert_eq!(silent.reason(), "the server answers 503");
    }
}
