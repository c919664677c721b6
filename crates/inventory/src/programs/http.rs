//! Asking loopback listeners of processes that already have evidence, by a few small GETs. Nothing is sent to unknown services.
//!
//! The answer comes from a process that may be hostile: little of it is read, no redirect is followed, no proxy asked, and
//! neither one listener nor all of them together can hold a scan up.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use catalog::HttpFingerprint;

use super::{
    identify::{Ask, is_reachable},
    observe::Seen,
};

/// For one answer.
const TIMEOUT: Duration = Duration::from_millis(500);
/// For all answers of one listener.
const LISTENER_BUDGET: Duration = Duration::from_secs(1);
/// For all listeners.
const BUDGET: Duration = Duration::from_secs(5);
const BODY_LIMIT: u64 = 256 << 10;
/// A process with many listeners is asked on the first ones.
const ASKED_LISTENERS: usize = 4;

/// An answer, as far as fingerprints look at it.
#[derive(Debug, Clone, Default)]
struct Answer {
    status: u16,
    headers: Vec<String>,
    body: String,
}

/// Asks, and remembers the answers.
pub(super) struct Asker<'a> {
    agent: ureq::Agent,
    stop: &'a AtomicBool,
    answers: RefCell<HashMap<(SocketAddr, String), Option<Answer>>>,
    /// How long each listener took in all.
    spent: RefCell<HashMap<SocketAddr, Duration>>,
    unasked: RefCell<BTreeSet<SocketAddr>>,
}

impl<'a> Asker<'a> {
    /// Asks until it is told to stop.
    pub(super) fn new(stop: &'a AtomicBool) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .max_idle_connections(0)
            .user_agent(concat!("eyeline/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.new_agent(),
            stop,
            answers: RefCell::default(),
            spent: RefCell::default(),
            unasked: RefCell::default(),
        }
    }

    /// How many listeners were not asked all they should have been.
    pub(super) fn unasked(&self) -> usize {
        self.unasked.borrow().len()
    }

    fn get(&self, address: SocketAddr, path: &str) -> Option<Answer> {
        let key = (address, path.to_owned());
        if let Some(known) = self.answers.borrow().get(&key) {
            return known.clone();
        }
        if self.stop.load(Ordering::Relaxed) || !self.has_time(address) {
            self.unasked.borrow_mut().insert(address);
            return None;
        }
        let start = platform::clock::monotonic();
        let answer = self.fetch(address, path);
        // Who does not answer at all will not answer the next question either.
        let took = if answer.is_some() { start.elapsed() } else { start.elapsed().max(LISTENER_BUDGET) };
        *self.spent.borrow_mut().entry(address).or_default() += took;
        self.answers.borrow_mut().insert(key, answer.clone());
        answer
    }

    fn has_time(&self, address: SocketAddr) -> bool {
        let spent = self.spent.borrow();
        // What silence cost is counted as it was, not as it is held against the listener.
        let all: Duration = spent.values().map(|spent| (*spent).min(LISTENER_BUDGET)).sum();
        all < BUDGET && spent.get(&address).is_none_or(|spent| *spent < LISTENER_BUDGET)
    }

    fn fetch(&self, address: SocketAddr, path: &str) -> Option<Answer> {
        let mut response = self.agent.get(format!("http://{}{path}", on_loopback(address))).call().ok()?;
        let headers = response.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some(format!("{name}: {}", value.to_str().ok()?))).collect();
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(BODY_LIMIT).read_to_vec().unwrap_or_default();
        Some(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

impl Ask for Asker<'_> {
    fn answers(&self, seen: &Seen, fingerprint: &HttpFingerprint) -> bool {
        let listeners = seen.listeners.iter().copied().filter(|address| is_reachable(*address));
        // The loopback of another network namespace is not ours: its address would be somebody else's service here.
        let listeners = listeners.filter(|_| seen.shares_network);
        listeners
            .take(ASKED_LISTENERS)
            .filter_map(|address| self.get(address, &fingerprint.path))
            .any(|answer| matches(fingerprint, &answer))
    }
}

/// A listener on every address is asked on loopback.
fn on_loopback(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Everything that the fingerprint gives must hold, and it must give something beside a status.
fn matches(fingerprint: &HttpFingerprint, answer: &Answer) -> bool {
    let HttpFingerprint { path: _, status, body, json, json_equals, header } = fingerprint;
    let good_status = status.map_or((200..300).contains(&answer.status), |status| status == answer.status);
    let good_body = body.as_ref().is_none_or(|text| answer.body.contains(text.as_str()));
    let good_header = header.as_ref().is_none_or(|wanted| {
        let wanted = wanted.to_ascii_lowercase();
        answer.headers.iter().any(|line| line.to_ascii_lowercase().contains(&wanted))
    });
    let says_something = body.is_some() || json.is_some() || header.is_some();
    says_something
        && good_status
        && good_body
        && good_header
        && good_json(json.as_deref(), json_equals.as_deref(), &answer.body)
}

fn good_json(pointer: Option<&str>, equals: Option<&str>, body: &str) -> bool {
    let Some(pointer) = pointer else { return true };
    let Ok(document) = serde_json::from_str::<serde_json::Value>(body) else { return false };
    let Some(value) = document.pointer(pointer) else { return false };
    let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    equals.is_none_or(|wanted| said == wanted)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
    };

    use super::*;

    fn fingerprint(path: &str) -> HttpFingerprint {
        HttpFingerprint {
            path: path.into(),
            status: None,
            body: None,
            json: None,
            json_equals: None,
            header: None,
        }
    }

    #[test]
    fn all_that_is_given_must_hold() {
        let answer = Answer {
            status: 200,
            headers: vec!["Server: llama.cpp".into()],
            body: r#"{"data":[{"owned_by":"me"}],"n":3}"#.into(),
        };
        let with = |change: &dyn Fn(&mut HttpFingerprint)| {
            let mut fingerprint = fingerprint("/");
            change(&mut fingerprint);
            matches(&fingerprint, &answer)
        };
        assert!(!with(&|_| ()));
        assert!(with(&|f| f.header = Some("server: LLAMA".into())));
        assert!(with(&|f| (f.json, f.json_equals) = (Some("/data/0/owned_by".into()), Some("me".into()))));
        assert!(with(&|f| (f.json, f.json_equals) = (Some("/n".into()), Some("3".into()))));
        assert!(!with(&|f| (f.json, f.body) = (Some("/data".into()), Some("nothing like it".into()))));
        assert!(!with(&|f| (f.json, f.status) = (Some("/data".into()), Some(404))));
    }

    #[test]
    fn a_listener_is_asked_once_and_an_endless_answer_ends() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nserver: x\r\n\r\n");
            while stream.write_all(&[b'a'; 4096]).is_ok() {}
        });
        let stop = AtomicBool::new(false);
        let asker = Asker::new(&stop);
        let first = asker.get(address, "/").unwrap();
        assert_eq!((first.status, first.headers.contains(&"server: x".to_owned())), (200, true));
        served.join().unwrap();
        assert!(
            asker.get(address, "/").is_some(),
            "the second answer is remembered: nobody listens any more"
        );
    }

    #[test]
    fn a_listener_that_never_answers_is_left() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let stop = AtomicBool::new(false);
        let asker = Asker::new(&stop);
        assert!(asker.get(server.local_addr().unwrap(), "/").is_none());
        assert!(!asker.has_time(server.local_addr().unwrap()));
    }

    #[test]
    fn neither_one_listener_nor_all_of_them_hold_a_scan_up() {
        let stop = AtomicBool::new(false);
        let asker = Asker::new(&stop);
        let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        asker.spent.borrow_mut().insert(address(1), LISTENER_BUDGET);
        assert!(!asker.has_time(address(1)) && asker.has_time(address(2)));
        asker.spent.borrow_mut().extend((1..=5).map(|port| (address(port), LISTENER_BUDGET)));
        assert!(asker.get(address(9), "/").is_none());
        assert_eq!(asker.unasked(), 1);
    }

    #[test]
    fn who_is_told_to_stop_asks_nothing_more() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        server.set_nonblocking(true).unwrap();
        let stop = AtomicBool::new(true);
        assert!(Asker::new(&stop).get(server.local_addr().unwrap(), "/").is_none());
        assert!(server.accept().is_err(), "nobody connected");
    }

    #[test]
    fn every_address_means_loopback() {
        assert_eq!(on_loopback("0.0.0.0:1".parse().unwrap()).to_string(), "127.0.0.1:1");
        assert_eq!(on_loopback("[::]:1".parse().unwrap()).to_string(), "[::1]:1");
    }
}
