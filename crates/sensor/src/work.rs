//! The thread that works: it enrols, scans, reports and obeys, one thing at a time.
//!
//! The order of what is kept: the serial of a command before it is obeyed, the number of a report before it is sent. What is
//! killed in between is done again and harms nothing.

mod inspect;
mod so_far;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::{Duration, Instant},
};

use assess::Facts;
use inventory::{
    inspect::Depth,
    scan::{Remember, Request, Scan, Watch},
};
use protocol::{
    sensor::{
        ENROL_PATH, EnrolAnswer, EnrolRequest, PackError, REPORT_PATH, RESEND, Report, ReportAnswer,
        ScanSummary, pack,
    },
    signing::{EnrolmentToken, KeyId, PublicKey},
};

use crate::{
    DeviceKey, SensorEvent, Settings,
    channel::Channel,
    client::{Answer, Client, Clock},
    command::{self, Obedience},
    delta::{self, Found, Items, Known},
    enrolment::Enrolment,
    pace::{Backoff, Stop, random},
};

/// Commands that may wait while a scan runs; the channel waits with more.
pub(crate) const INBOX: usize = 64;
/// Commands that may wait for a report.
const UNANSWERED: usize = 256;
/// Without anything to do, it looks around this often.
const IDLE: Duration = Duration::from_secs(3600);

/// What the working thread is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// The channel brought this.
    Command(String),
    /// Look whether to stop.
    Stop,
}

/// A scan that the server does not have yet.
struct Pending {
    items: Items,
    known: Known,
    summary: ScanSummary,
    /// Sent again as it is for as long as nothing changes, so that a report that arrived unnoticed is not another one.
    packed: Option<Packed>,
}

/// A report ready to go.
struct Packed {
    sequence: u64,
    body: Vec<u8>,
    full: bool,
    put: usize,
    removed: usize,
    answers: Vec<u64>,
}

/// Why something did not work.
struct Trouble {
    reason: String,
    /// How long the server asks to wait.
    asked: Option<Duration>,
    /// Trying soon will not help.
    lasting: bool,
}

impl From<String> for Trouble {
    fn from(reason: String) -> Self {
        Self { reason, asked: None, lasting: false }
    }
}

impl From<&Answer> for Trouble {
    fn from(answer: &Answer) -> Self {
        let lasting = answer.status < 500 && answer.status != 429;
        Self { reason: answer.reason(), asked: answer.retry_after, lasting }
    }
}

pub(crate) struct Work {
    settings: Settings,
    key: DeviceKey,
    device: KeyId,
    clock: Arc<Clock>,
    enrolment: Option<Enrolment>,
    /// The number of the last report to any server, also while the device is not enrolled.
    sequence: u64,
    /// What the server acknowledged; `None` until it did, and after it forgot.
    known: Option<Known>,
    pending: Option<Pending>,
    /// What is still to be looked into.
    later: Option<inspect::Later>,
    looked: inspect::Looked,
    messages: Receiver<Message>,
    inbox: SyncSender<Message>,
    stop: Arc<Stop>,
    /// The serial that the channel begins behind.
    last: Arc<AtomicU64>,
    listening: bool,
    backoff: Backoff,
    retry_at: Instant,
    scan_at: Instant,
}

impl Work {
    pub(crate) fn new(
        settings: Settings,
        key: DeviceKey,
        enrolment: Option<Enrolment>,
        (inbox, messages): (SyncSender<Message>, Receiver<Message>),
        stop: Arc<Stop>,
    ) -> Self {
        let now = platform::clock::monotonic();
        Self {
            device: KeyId::of(&key.verifying_key()),
            backoff: Backoff::new(&settings.pace),
            last: Arc::new(AtomicU64::new(enrolment.as_ref().map_or(0, |one| one.serial))),
            sequence: enrolment.as_ref().map_or(0, |one| one.sequence),
            clock: Arc::default(),
            known: None,
            pending: None,
            later: None,
            looked: inspect::Looked::new(),
            listening: false,
            retry_at: now,
            scan_at: now,
            settings,
            key,
            enrolment,
            messages,
            inbox,
            stop,
        }
    }

    pub(crate) fn run(mut self) {
        platform::priority::yield_to_others();
        while !self.stop.is_set() {
            if self.enrolment.is_none() && is_due(self.retry_at) {
                self.enrol();
            }
            self.listen();
            if is_due(self.scan_at) {
                self.scan();
            }
            if self.enrolment.is_some() && self.pending.is_some() && is_due(self.retry_at) {
                self.report();
            }
            // A report goes out before anything that can wait.
            if self.pending.is_none() || !is_due(self.retry_at) || self.enrolment.is_none() {
                self.look_into_one();
            }
            self.wait();
        }
    }

    fn tell(&self, event: &SensorEvent) {
        (self.settings.observer)(event);
    }

    fn client(&self, url: &str) -> Client {
        let (key, clock) = (Arc::clone(&self.key), Arc::clone(&self.clock));
        Client::new(url.to_owned(), key, clock, Arc::clone(&self.settings.observer))
    }

    /// Waits for the next thing to do, or for a message.
    fn wait(&mut self) {
        let now = platform::clock::monotonic();
        let mut next = self.scan_at.min(now + IDLE);
        if self.enrolment.is_none() || self.pending.is_some() {
            next = next.min(self.retry_at);
        }
        if self.has_something_to_look_into() {
            next = now;
        }
        let mut message = self.messages.recv_timeout(next.saturating_duration_since(now));
        while let Ok(received) = message {
            if let Message::Command(data) = received {
                self.obey(&data);
            }
            // Several commands are answered by one scan.
            message = self.messages.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        }
    }

    /// The wait after a failure.
    fn failed(&mut self, trouble: &Trouble) -> Duration {
        if trouble.lasting {
            self.backoff.longest();
        }
        let again_in = self.backoff.failed(random(), trouble.asked);
        self.retry_at = platform::clock::monotonic() + again_in;
        again_in
    }
}

/// Enrolment and channel.
impl Work {
    fn enrol(&mut self) {
        let Some(token) = self.settings.enrolment.clone() else {
            // A server that no longer knows the device, and nothing that would let it in.
            self.retry_at = platform::clock::monotonic() + IDLE;
            return;
        };
        match self.ask_to_enrol(&token) {
            Ok(enrolment) => {
                // Only a report that arrived shows that it works: a server that lets the device in and refuses its reports is not
                // asked faster and faster.
                self.last.store(enrolment.serial, Ordering::Relaxed);
                self.known = None;
                self.enrolment = Some(enrolment);
                self.tell(&SensorEvent::Enrolled { device: self.device.clone(), url: token.url });
            }
            Err(trouble) => {
                let again_in = self.failed(&trouble);
                self.tell(&SensorEvent::EnrolmentFailed { reason: trouble.reason, again_in });
            }
        }
    }

    fn ask_to_enrol(&self, token: &EnrolmentToken) -> Result<Enrolment, Trouble> {
        let request = EnrolRequest {
            token: token.secret.clone(),
            device: platform::device::device(),
            public_key: PublicKey::new(self.key.verifying_key()),
            sensor_version: self.settings.version.clone(),
        };
        let body = serde_json::to_vec(&request).map_err(|error| error.to_string())?;
        let answer =
            self.client(&token.url).post(ENROL_PATH, &body, &[("content-type", "application/json")])?;
        if !answer.is_success() {
            return Err(Trouble::from(&answer));
        }
        let lasting = |reason: &str| Trouble { lasting: true, ..Trouble::from(reason.to_owned()) };
        let let_in: EnrolAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| lasting("the server answers as no Eyeline server does"))?;
        if let_in.server_key.id() != token.key {
            return Err(lasting(&format!(
                "{} has another key than the one in the enrolment token: this is not the server that made the token",
                token.url
            )));
        }
        if let_in.device_id != self.device {
            return Err(lasting("the server calls this device by another name"));
        }
        let enrolment = Enrolment {
            url: token.url.clone(),
            device_id: let_in.device_id,
            server_key: let_in.server_key,
            serial: 0,
            sequence: self.sequence,
            unanswered: Vec::new(),
        };
        enrolment.keep(&self.settings.data)?;
        Ok(enrolment)
    }

    /// Opens the channel, once there is a server.
    fn listen(&mut self) {
        let Some(enrolment) = self.enrolment.as_ref().filter(|_| !self.listening) else { return };
        let channel = Channel {
            client: self.client(&enrolment.url),
            inbox: self.inbox.clone(),
            stop: Arc::clone(&self.stop),
            last: Arc::clone(&self.last),
            pace: self.settings.pace,
            observer: Arc::clone(&self.settings.observer),
        };
        let started = std::thread::Builder::new().name("sensor-channel".into()).spawn(move || channel.run());
        match started {
            Ok(_) => self.listening = true,
            Err(error) => {
                self.tell(&SensorEvent::CannotKeep { reason: format!("cannot start a thread: {error}") });
            }
        }
    }

    fn obey(&mut self, data: &str) {
        if let Err(reason) = self.try_to_obey(data) {
            self.tell(&SensorEvent::CommandRefused { reason });
        }
    }

    fn try_to_obey(&mut self, data: &str) -> Result<(), String> {
        let Some(enrolment) = &mut self.enrolment else {
            return Err("the device is not enrolled".to_owned());
        };
        let obedience =
            Obedience { server: &enrolment.server_key, device: &self.device, last: enrolment.serial };
        let genuine = command::check(data, obedience, self.clock.now()).map_err(|error| error.to_string())?;
        let serial = genuine.serial;
        let mut next = Enrolment { serial, ..enrolment.clone() };
        if genuine.order.is_ok() && next.unanswered.len() < UNANSWERED {
            next.unanswered.push(serial);
        }
        // Kept first: a command that might be obeyed twice is not obeyed.
        next.keep(&self.settings.data)?;
        *enrolment = next;
        self.last.store(serial, Ordering::Relaxed);
        genuine.order.map_err(|why| format!("command {serial}: {why}"))?;
        self.scan_at = platform::clock::monotonic();
        self.tell(&SensorEvent::Commanded { serial });
        Ok(())
    }
}

/// Scans and reports.
impl Work {
    fn scan(&mut self) {
        let (started_at, start) = (platform::clock::now(), platform::clock::monotonic());
        let mut scan = if self.is_first_scan() {
            self.scan_and_tell(started_at, start)
        } else {
            scan_with(&self.settings, &self.stop, &Watch::default())
        };
        let elapsed = start.elapsed();
        self.scan_at = platform::clock::monotonic() + self.settings.pace.after_scan(elapsed);
        // What an interrupted scan did not reach is not gone.
        if !scan.complete {
            return;
        }
        self.begin_to_look(&mut scan, started_at, elapsed);
        if let Err(error) = self.take(scan, started_at, elapsed) {
            self.tell(&SensorEvent::CannotKeep { reason: format!("a scan cannot be reported: {error}") });
        }
    }

    fn take(
        &mut self,
        scan: Scan,
        started_at: jiff::Timestamp,
        elapsed: Duration,
    ) -> Result<(), serde_json::Error> {
        let facts = Facts { artifacts: &scan.artifacts, runtimes: &scan.runtimes, agents: &scan.agents };
        let findings = assess::findings(&self.settings.catalog, facts);
        if scan.complete {
            let (artifacts, findings) = (scan.artifacts.len(), findings.len());
            self.tell(&SensorEvent::Scanned { artifacts, findings, elapsed });
        }
        let summary = ScanSummary {
            device: platform::device::device(),
            started_at,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            complete: scan.complete,
            coverage: scan.coverage,
            accelerators: scan.accelerators,
            notes: scan.notes,
        };
        let items = Items::from(Found {
            artifacts: scan.artifacts,
            runtimes: scan.runtimes,
            agents: scan.agents,
            packages: scan.packages,
            findings,
        });
        let known = Known::of(&items)?;
        self.pending = Some(Pending { items, known, summary, packed: None });
        Ok(())
    }

    fn report(&mut self) {
        let Some(mut pending) = self.pending.take() else { return };
        match self.send(&mut pending) {
            Ok(()) => {
                self.backoff.worked();
                if let Some(packed) = pending.packed {
                    let Packed { sequence, full, put, removed, .. } = packed;
                    self.tell(&SensorEvent::Reported { sequence, full, put, removed });
                }
                self.known = Some(pending.known);
            }
            Err(trouble) => {
                let again_in = self.failed(&trouble);
                self.tell(&SensorEvent::ReportFailed { reason: trouble.reason, again_in });
                self.pending = Some(pending);
            }
        }
    }

    /// Sends a report; all of it when the server has another state than we think.
    fn send(&mut self, pending: &mut Pending) -> Result<(), Trouble> {
        let mut answer = self.send_once(pending)?;
        if answer.status == 409 && answer.problem().kind == RESEND {
            self.known = None;
            pending.packed = None;
            answer = self.send_once(pending)?;
        }
        if !answer.is_success() {
            return Err(self.refused(pending, &answer));
        }
        let state = serde_json::from_slice::<ReportAnswer>(&answer.body).map(|answer| answer.state);
        if state.ok() != Some(pending.known.state()) {
            self.known = None;
            pending.packed = None;
            return Err(Trouble::from("the server has another state than was reported".to_owned()));
        }
        if let (Some(enrolment), Some(packed)) = (&mut self.enrolment, &pending.packed) {
            enrolment.unanswered.retain(|serial| !packed.answers.contains(serial));
        }
        Ok(())
    }

    fn refused(&mut self, pending: &mut Pending, answer: &Answer) -> Trouble {
        let trouble = Trouble::from(answer);
        if trouble.lasting {
            // Whatever it is, the next try begins afresh.
            self.known = None;
            pending.packed = None;
        }
        if answer.status == 401 && self.settings.enrolment.is_some() {
            // The server does not know the device, and there is a token: come in again, and soon.
            self.enrolment = None;
            return Trouble { lasting: false, ..trouble };
        }
        trouble
    }

    fn send_once(&mut self, pending: &mut Pending) -> Result<Answer, Trouble> {
        let Some(enrolment) = &mut self.enrolment else {
            return Err(Trouble::from("the device is not enrolled".to_owned()));
        };
        let packed = match pending.packed.take() {
            Some(packed) => packed,
            None => {
                let sequence = self.sequence.saturating_add(1);
                let answers = enrolment.unanswered.clone();
                let packed = prepare(&self.settings.version, self.known.as_ref(), pending, sequence, answers)
                    .map_err(|error| error.to_string())?;
                let next = Enrolment { sequence, ..enrolment.clone() };
                next.keep(&self.settings.data)?;
                self.sequence = sequence;
                *enrolment = next;
                packed
            }
        };
        let url = enrolment.url.clone();
        let headers = [("content-type", "application/json"), ("content-encoding", "zstd")];
        let answer = self.client(&url).post(REPORT_PATH, &packed.body, &headers);
        pending.packed = Some(packed);
        Ok(answer?)
    }
}

/// Makes a report of a scan.
fn prepare(
    version: &str,
    before: Option<&Known>,
    pending: &Pending,
    sequence: u64,
    answers: Vec<u64>,
) -> Result<Packed, PackError> {
    let changes = delta::changes(before, &pending.known, &pending.items);
    let (put, removed) = delta::count(&changes);
    let report = Report {
        sequence,
        base: before.map(Known::state),
        state: pending.known.state(),
        sensor_version: version.to_owned(),
        scan: pending.summary.clone(),
        changes,
        answers,
    };
    let body = pack(&report)?;
    Ok(Packed { sequence, body, full: report.changes.full, put, removed, answers: report.answers })
}

/// One scan as the settings want it.
fn scan_with(settings: &Settings, stop: &Stop, watch: &Watch) -> Scan {
    inventory::scan::scan(&settings.catalog, &request(settings), stop.flag(), watch)
}

fn request(settings: &Settings) -> Request<'_> {
    Request {
        roots: settings.roots.clone(),
        hash: settings.hash,
        processes: settings.processes,
        remember: Remember::Own(&settings.data),
        environment: &*settings.environment,
        // What is dangerous is told with the scan; the rest of each model is read later.
        inspect: settings.inspect.then_some(Depth::Quick),
    }
}

fn is_due(at: Instant) -> bool {
    platform::clock::monotonic() >= at
}
