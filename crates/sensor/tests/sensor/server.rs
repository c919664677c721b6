//! A server for tests: it speaks the protocol over real sockets, checks every signature, and can be told to misbehave.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use protocol::{
    sensor::{CHANNEL_PATH, Command, ENROL_PATH, EnrolAnswer, EnrolRequest, REPORT_PATH, Report, unpack},
    signing::{EnrolmentToken, KeyId, PublicKey, SignatureHeaders, SignedRequest, SigningKey},
};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const SECRET: &str = "0123456789012345678901234567890123456789";

/// How the next request to a path is answered instead of well.
#[derive(Debug, Clone)]
pub(crate) enum Mishap {
    /// With a status and the type of a problem.
    Status(u16, &'static str),
    /// As unauthorised, with a `Date` of so many seconds after ours.
    Clock(i64),
    /// The request is taken in, and the connection cut.
    Lost,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) enrolled: Vec<EnrolRequest>,
    /// Every report that was taken in, also one whose answer was lost.
    pub(crate) reports: Vec<Report>,
    /// `Last-Event-ID` of every channel.
    pub(crate) channels: Vec<String>,
    pub(crate) created: Vec<i64>,
    streams: Vec<TcpStream>,
    mishaps: VecDeque<(&'static str, Mishap)>,
    state: Option<String>,
    failed: Vec<String>,
}

pub(crate) struct Server {
    pub(crate) key: SigningKey,
    url: String,
    seen: Mutex<Seen>,
    changed: Condvar,
}

struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
    }
}

impl Server {
    pub(crate) fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Arc::new(Self {
            key: SigningKey::from_bytes(&[42; 32]),
            url: format!("http://{}", listener.local_addr().unwrap()),
            seen: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&server);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&accepting);
                std::thread::spawn(move || {
                    if let Err(error) = server.serve(stream) {
                        server.note(|seen| seen.failed.push(error));
                    }
                });
            }
        });
        server
    }

    pub(crate) fn token(&self) -> EnrolmentToken {
        EnrolmentToken {
            url: self.url.clone(),
            key: KeyId::of(&self.key.verifying_key()),
            secret: SECRET.into(),
        }
    }

    /// The next request to a path goes wrong; several in the order they are said.
    pub(crate) fn will(&self, path: &'static str, mishap: Mishap) {
        self.note(|seen| seen.mishaps.push_back((path, mishap)));
    }

    pub(crate) fn forget(&self) {
        self.note(|seen| seen.state = Some("something else".into()));
    }

    /// Sends to every open channel.
    pub(crate) fn say(&self, command: &Command, key: &SigningKey) {
        let envelope = serde_json::to_string(&command.sign(key).unwrap()).unwrap();
        let event = chunk(&format!("id: {}\nevent: message\ndata: {envelope}\n\n", command.serial));
        self.note(|seen| {
            seen.streams.iter_mut().for_each(|stream| stream.write_all(event.as_bytes()).unwrap());
        });
    }

    /// Cuts every open channel.
    pub(crate) fn hang_up(&self) {
        self.note(|seen| {
            seen.streams.drain(..).for_each(|stream| stream.shutdown(Shutdown::Both).unwrap());
        });
    }

    /// Waits until something holds of what was seen, and gives what it says.
    pub(crate) fn until<T>(&self, what: &str, mut holds: impl FnMut(&Seen) -> Option<T>) -> T {
        let seen = self.seen.lock().unwrap();
        let mut found = None;
        let waited = self.changed.wait_timeout_while(seen, PATIENCE, |seen| {
            assert!(seen.failed.is_empty(), "{:?}", seen.failed);
            found = holds(seen);
            found.is_none()
        });
        drop(waited.unwrap());
        found.unwrap_or_else(|| panic!("waited in vain: {what}"))
    }

    pub(crate) fn look<T>(&self, at: impl FnOnce(&Seen) -> T) -> T {
        at(&self.seen.lock().unwrap())
    }

    fn note<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        let result = change(&mut self.seen.lock().unwrap());
        self.changed.notify_all();
        result
    }

    fn serve(&self, mut stream: TcpStream) -> Result<(), String> {
        let Some(request) = read(&stream) else { return Ok(()) };
        let headers = SignatureHeaders {
            content_digest: request.header("content-digest"),
            signature_input: request.header("signature-input"),
            signature: request.header("signature"),
        };
        let signed = SignedRequest::parse(headers).map_err(|error| error.to_string())?;
        signed.check_body(&request.body).map_err(|error| error.to_string())?;
        let path = request.path.clone();
        let mishap = self.note(|seen| {
            seen.created.push(signed.created);
            let at = seen.mishaps.iter().position(|(at, _)| *at == path)?;
            seen.mishaps.remove(at).map(|(_, mishap)| mishap)
        });
        match mishap {
            Some(Mishap::Status(status, kind)) => {
                return answer(&mut stream, status, "", &problem(status, kind));
            }
            Some(Mishap::Clock(ahead)) => {
                let date = platform::clock::now() + jiff::SignedDuration::from_secs(ahead);
                let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date);
                let date = format!("Date: {}\r\n", date.unwrap());
                return answer(&mut stream, 401, &date, &problem(401, "about:blank"));
            }
            Some(Mishap::Lost) | None => {}
        }
        let key = match (request.method.as_str(), path.as_str()) {
            ("POST", ENROL_PATH) => {
                let enrol: EnrolRequest = serde_json::from_slice(&request.body).map_err(|e| e.to_string())?;
                enrol.public_key
            }
            _ => self.look(|seen| seen.enrolled.last().map(|one| one.public_key)).ok_or("a stranger")?,
        };
        if signed.key_id != key.id() {
            return answer(&mut stream, 401, "", &problem(401, "about:blank"));
        }
        signed.check_signature(key.key(), &request.method, &path).map_err(|error| error.to_string())?;
        let (status, body) = match path.as_str() {
            ENROL_PATH => self.enrol(&request.body, key),
            REPORT_PATH => self.report(&request.body)?,
            CHANNEL_PATH => return self.open_channel(stream, &request),
            other => return Err(format!("nobody serves {other}")),
        };
        if matches!(mishap, Some(Mishap::Lost)) {
            return stream.shutdown(Shutdown::Both).map_err(|error| error.to_string());
        }
        answer(&mut stream, status, "", &body)
    }

    fn enrol(&self, body: &[u8], key: PublicKey) -> (u16, String) {
        let request: EnrolRequest = serde_json::from_slice(body).unwrap();
        assert_eq!(request.token, SECRET);
        self.note(|seen| seen.enrolled.push(request));
        let server_key = PublicKey::new(self.key.verifying_key());
        (201, serde_json::to_string(&EnrolAnswer { device_id: key.id(), server_key }).unwrap())
    }

    fn report(&self, body: &[u8]) -> Result<(u16, String), String> {
        let report = unpack(body).map_err(|error| error.to_string())?;
        let state = report.state.clone();
        let fits = self.note(|seen| {
            let last = seen.reports.last().map(|last| (last.sequence, last.state.clone()));
            let done =
                last.is_some_and(|(sequence, same)| report.sequence <= sequence && same == report.state);
            let fits = done || report.changes.full || report.base == seen.state;
            if fits {
                seen.state = Some(report.state.clone());
                seen.reports.push(report);
            }
            fits
        });
        Ok(if fits {
            (200, format!(r#"{{"state":"{state}"}}"#))
        } else {
            (409, problem(409, protocol::sensor::RESEND))
        })
    }

    fn open_channel(&self, mut stream: TcpStream, request: &Request) -> Result<(), String> {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream
            .write_all(format!("{head}{}", chunk(": hello\n\n")).as_bytes())
            .map_err(|error| error.to_string())?;
        let last = request.header("last-event-id").to_owned();
        self.note(|seen| {
            seen.streams.push(stream);
            seen.channels.push(last);
        });
        Ok(())
    }
}

/// A piece of a stream without a length (RFC 9112, section 7.1).
fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

fn problem(status: u16, kind: &str) -> String {
    format!(r#"{{"type":"{kind}","title":"no","status":{status},"detail":"told to say no"}}"#)
}

fn answer(stream: &mut TcpStream, status: u16, headers: &str, body: &str) -> Result<(), String> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).map_err(|error| error.to_string())
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, path, headers, body: Vec::new() };
    request.body.resize(request.header("content-length").parse().unwrap_or(0), 0);
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}
