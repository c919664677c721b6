//! The sensor against a server that plays every part of the protocol, well and badly, over real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "this is all test, also what stands outside of a test function"
)]

mod server;

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use platform::data::DataDirectory;
use protocol::{
    sensor::{CHANNEL_PATH, Command, ENROL_PATH, Order, REPORT_PATH},
    signing::{KeyId, SigningKey},
};
use sensor::{ENROLMENT_FILE, Handle, KEY_FILE, Sensor, SensorError, SensorEvent, Settings, pace::Pace};

use self::server::{Mishap, Server};

/// A device: a folder that is scanned and a data directory.
struct Device {
    home: tempfile::TempDir,
    data: tempfile::TempDir,
    events: Arc<Mutex<Vec<SensorEvent>>>,
}

/// Scans only when asked to, tries again at once.
const QUICK: Pace = Pace {
    scan_min: Duration::from_secs(3600),
    scan_max: Duration::from_secs(3600),
    scan_factor: 1,
    first_part: Duration::from_secs(3600),
    parts: Duration::from_secs(3600),
    retry_min: Duration::from_millis(10),
    retry_max: Duration::from_millis(50),
    silence: Duration::from_secs(60),
};

impl Device {
    fn new() -> Self {
        let device = Self {
            home: tempfile::tempdir().unwrap(),
            data: tempfile::tempdir().unwrap(),
            events: Arc::default(),
        };
        device.add_model("one");
        device
    }

    fn add_model(&self, name: &str) {
        // A pickle that does nothing: PROTO 2, EMPTY_DICT, STOP, and filler to the size from which on files are looked at.
        let content = [b"\x80\x02}.".as_slice(), &[0; 8192]].concat();
        std::fs::write(self.home.path().join(format!("{name}.pkl")), content).unwrap();
    }

    fn settings(&self, server: &Server) -> Settings {
        let events = Arc::clone(&self.events);
        Settings {
            data: Arc::new(DataDirectory::own(self.data.path()).unwrap()),
            catalog: Arc::new(catalog::load().unwrap()),
            roots: vec![self.home.path().to_owned()],
            hash: false,
            inspect: false,
            processes: false,
            environment: Arc::new(|_| None),
            enrolment: Some(server.token()),
            version: "1.2.3".into(),
            observer: Arc::new(move |event| events.lock().unwrap().push(event.clone())),
            pace: QUICK,
        }
    }

    fn start(&self, server: &Server) -> Handle {
        Sensor::start(self.settings(server)).unwrap()
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.data.path().join(name)).unwrap()
    }

    fn happened(&self, what: impl Fn(&SensorEvent) -> bool) -> bool {
        self.events.lock().unwrap().iter().any(what)
    }

    /// Waits until something happened.
    fn until(&self, what: impl Fn(&SensorEvent) -> bool) {
        let start = platform::clock::monotonic();
        while !self.happened(&what) {
            assert!(start.elapsed() < Duration::from_secs(20), "{:?}", self.events.lock().unwrap());
            std::thread::yield_now();
        }
    }
}

fn rescan(device: &KeyId, serial: u64) -> Command {
    let now = platform::clock::now();
    let expires_at = now + SignedDuration::from_secs(60);
    Command { device: device.clone(), serial, issued_at: now, expires_at, order: Order::Rescan }
}

fn reports(server: &Server, count: usize) {
    server.until(&format!("{count} reports"), |seen| (seen.reports.len() >= count).then_some(()));
}

fn channels(server: &Server, count: usize) {
    server.until(&format!("{count} channels"), |seen| (seen.channels.len() >= count).then_some(()));
}

#[test]
fn a_device_enrols_with_its_own_key_and_reports_all_it_found() {
    let (server, device) = (Server::start(), Device::new());
    let sensor = device.start(&server);
    reports(&server, 1);
    server.look(|seen| {
        let report = &seen.reports[0];
        assert_eq!(seen.enrolled[0].public_key.id(), *sensor.device_id());
        assert!(report.changes.full && report.scan.complete && report.base.is_none());
        assert_eq!(report.sensor_version, "1.2.3");
        let found: Vec<_> = report.changes.artifacts.put.iter().map(|one| one.path().to_string()).collect();
        assert!(found.iter().any(|path| path.ends_with("one.pkl")), "{found:?}");
    });
    let secret = device.file(KEY_FILE);
    let events = format!("{:?}", device.events.lock().unwrap());
    assert!(!events.contains(server::SECRET) && secret.len() == 32);
}

#[test]
fn a_server_with_another_key_than_the_token_says_is_refused() {
    let (server, device) = (Server::start(), Device::new());
    let mut settings = device.settings(&server);
    settings.enrolment.as_mut().unwrap().key = KeyId::of(&SigningKey::from_bytes(&[7; 32]).verifying_key());
    let sensor = Sensor::start(settings).unwrap();
    device.until(|event| {
        matches!(event, SensorEvent::EnrolmentFailed { reason, .. } if reason.contains("another key"))
    });
    sensor.join();
    assert!(!Path::new(&device.data.path().join(ENROLMENT_FILE)).exists());
    assert_eq!(server.look(|seen| (seen.reports.len(), seen.channels.len())), (0, 0));
}

#[test]
fn a_second_report_has_only_what_changed_and_answers_the_command() {
    let (server, device) = (Server::start(), Device::new());
    let sensor = device.start(&server);
    reports(&server, 1);
    channels(&server, 1);
    device.add_model("two");
    server.say(&rescan(sensor.device_id(), 1), &server.key);
    reports(&server, 2);
    server.look(|seen| {
        let (first, second) = (&seen.reports[0], &seen.reports[1]);
        assert_eq!(second.base.as_ref(), Some(&first.state));
        assert_eq!((second.changes.full, second.answers.as_slice()), (false, &[1][..]));
        let put: Vec<_> = second.changes.artifacts.put.iter().map(|one| one.path().to_string()).collect();
        assert!(put.len() == 1 && put[0].ends_with("two.pkl"), "{put:?}");
    });
    std::fs::remove_file(device.home.path().join("one.pkl")).unwrap();
    server.say(&rescan(sensor.device_id(), 2), &server.key);
    reports(&server, 3);
    server.look(|seen| {
        let removed = &seen.reports[2].changes.artifacts.remove;
        assert!(removed.len() == 1 && removed[0].ends_with("one.pkl"), "{removed:?}");
        assert_eq!(seen.reports[2].answers, [2]);
    });
}

#[test]
fn a_rescan_leads_to_a_report_also_when_nothing_changed() {
    let (server, device) = (Server::start(), Device::new());
    let sensor = device.start(&server);
    reports(&server, 1);
    channels(&server, 1);
    server.say(&rescan(sensor.device_id(), 9), &server.key);
    reports(&server, 2);
    server.look(|seen| {
        assert!(seen.reports[1].changes.is_empty());
        assert_eq!(seen.reports[1].answers, [9]);
    });
}

#[test]
fn a_server_that_has_another_state_gets_everything_again() {
    let (server, device) = (Server::start(), Device::new());
    let sensor = device.start(&server);
    reports(&server, 1);
    channels(&server, 1);
    server.forget();
    server.say(&rescan(sensor.device_id(), 1), &server.key);
    reports(&server, 2);
    server.look(|seen| {
        assert!(seen.reports[1].changes.full);
        assert!(seen.reports[1].sequence > seen.reports[0].sequence + 1, "the refused one had a number too");
        assert_eq!(seen.reports[1].answers, [1]);
    });
}

#[test]
fn a_busy_server_gets_the_report_later() {
    let (server, device) = (Server::start(), Device::new());
    server.will(ENROL_PATH, Mishap::Status(503, "about:blank"));
    server.will(REPORT_PATH, Mishap::Status(503, "about:blank"));
    server.will(REPORT_PATH, Mishap::Status(429, "about:blank"));
    server.will(CHANNEL_PATH, Mishap::Status(503, "about:blank"));
    let _sensor = device.start(&server);
    reports(&server, 1);
    channels(&server, 1);
    let failed = |status: &str| {
        device.happened(|event| {
            matches!(event, SensorEvent::ReportFailed { reason, .. } if reason.contains(status) && reason.contains("told to say no"))
        })
    };
    assert!(failed("503") && failed("429"));
    assert!(device.happened(|event| matches!(event, SensorEvent::EnrolmentFailed { .. })));
    assert_eq!(server.look(|seen| seen.reports[0].sequence), 1, "the same report, not another one");
}

#[test]
fn a_report_that_was_lost_on_the_way_is_sent_again_as_it_was() {
    let (server, device) = (Server::start(), Device::new());
    server.will(REPORT_PATH, Mishap::Lost);
    let _sensor = device.start(&server);
    reports(&server, 2);
    server.look(|seen| assert_eq!(seen.reports[0], seen.reports[1]));
    device.until(|event| matches!(event, SensorEvent::Reported { sequence: 1, .. }));
}

#[test]
fn a_wrong_clock_is_corrected_by_that_of_the_server() {
    let (server, device) = (Server::start(), Device::new());
    server.will(ENROL_PATH, Mishap::Clock(7200));
    let _sensor = device.start(&server);
    reports(&server, 1);
    device.until(|event| matches!(event, SensorEvent::ClockCorrected { seconds: 7100..=7201 }));
    server.look(|seen| assert!(seen.created[1] - seen.created[0] > 7100, "{:?}", seen.created));
}

#[test]
fn only_a_fresh_command_of_the_server_to_this_device_is_obeyed() {
    let (server, device) = (Server::start(), Device::new());
    let sensor = device.start(&server);
    reports(&server, 1);
    channels(&server, 1);
    let good = rescan(sensor.device_id(), 10);
    let stranger = SigningKey::from_bytes(&[7; 32]);
    server.say(&Command { serial: 20, ..good.clone() }, &stranger);
    server.say(&Command { serial: 21, device: "f".repeat(32).parse().unwrap(), ..good.clone() }, &server.key);
    server.say(&Command { serial: 5, expires_at: Timestamp::UNIX_EPOCH, ..good.clone() }, &server.key);
    server.say(&Command { serial: 4, ..good.clone() }, &server.key);
    server.say(&good, &server.key);
    reports(&server, 2);
    let refused: Vec<_> = device
        .events
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match event {
            SensorEvent::CommandRefused { reason } => Some(reason.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(refused.len(), 4, "{refused:?}");
    for (reason, word) in refused.iter().zip(["expected key", "for the device", "expired", "used before"]) {
        assert!(reason.contains(word), "{reason}");
    }
    assert_eq!(server.look(|seen| seen.reports[1].answers.clone()), [10]);
}

#[test]
fn a_device_stays_the_same_after_a_restart_and_obeys_no_command_twice() {
    let (server, device) = (Server::start(), Device::new());
    let sensor = device.start(&server);
    reports(&server, 1);
    channels(&server, 1);
    let id = sensor.device_id().clone();
    server.say(&rescan(&id, 3), &server.key);
    reports(&server, 2);
    sensor.join();

    let sensor = device.start(&server);
    assert_eq!(*sensor.device_id(), id);
    reports(&server, 3);
    channels(&server, 2);
    server.look(|seen| {
        assert_eq!(seen.enrolled.len(), 1, "it is enrolled already");
        assert!(seen.reports[2].changes.full && seen.reports[2].sequence > seen.reports[1].sequence);
        assert_eq!(seen.reports[2].state, seen.reports[1].state);
        assert_eq!(seen.channels[1], "3");
    });
    server.say(&rescan(&id, 3), &server.key);
    device.until(
        |event| matches!(event, SensorEvent::CommandRefused { reason } if reason.contains("used before")),
    );
}

#[test]
fn a_channel_that_breaks_is_opened_again() {
    let (server, device) = (Server::start(), Device::new());
    let sensor = device.start(&server);
    channels(&server, 1);
    server.hang_up();
    channels(&server, 2);
    server.say(&rescan(sensor.device_id(), 1), &server.key);
    device.until(|event| matches!(event, SensorEvent::Commanded { serial: 1 }));
    assert!(device.happened(|event| matches!(event, SensorEvent::Disconnected { .. })));
}

#[test]
fn a_device_that_the_server_no_longer_knows_comes_in_again_by_its_token() {
    let (server, device) = (Server::start(), Device::new());
    server.will(REPORT_PATH, Mishap::Status(401, "about:blank"));
    let sensor = device.start(&server);
    reports(&server, 1);
    server.look(|seen| {
        assert_eq!(seen.enrolled.len(), 2);
        assert!(seen.enrolled.iter().all(|one| one.public_key.id() == *sensor.device_id()));
    });
}

#[test]
fn an_interrupted_scan_reports_nothing() {
    let (server, device) = (Server::start(), Device::new());
    let mut settings = device.settings(&server);
    let (stop, stopping) = std::sync::mpsc::channel::<Handle>();
    let stopping = Mutex::new(stopping);
    // The scan asks for the environment at its beginning: by then the sensor is told to stop.
    settings.roots = vec![];
    let home = device.home.path().to_owned();
    settings.environment = Arc::new(move |_| {
        if let Ok(handle) = stopping.lock().unwrap().recv_timeout(Duration::from_secs(20)) {
            handle.stop();
        }
        Some(home.clone().into())
    });
    let data = Arc::downgrade(&settings.data);
    stop.send(Sensor::start(settings).unwrap()).unwrap();
    drop(stop);
    let start = platform::clock::monotonic();
    while data.upgrade().is_some() {
        assert!(start.elapsed() < Duration::from_secs(60), "it does not stop");
        std::thread::yield_now();
    }
    assert_eq!(server.look(|seen| seen.reports.len()), 0);
    assert!(!device.happened(|event| matches!(event, SensorEvent::Scanned { .. })));
}

#[test]
fn what_cannot_be_believed_is_an_error_that_says_what_to_do() {
    let (server, device) = (Server::start(), Device::new());
    let sensor = device.start(&server);
    reports(&server, 1);
    sensor.join();
    let attempt = || Sensor::start(device.settings(&server)).map(drop);

    let enrolment = device.file(ENROLMENT_FILE);
    std::fs::write(device.data.path().join(ENROLMENT_FILE), &enrolment[..enrolment.len() / 2]).unwrap();
    let error = attempt().unwrap_err();
    assert!(matches!(error, SensorError::Damaged(_)) && error.to_string().contains("enrol"), "{error}");
    std::fs::write(device.data.path().join(ENROLMENT_FILE), &enrolment).unwrap();

    let mut key = device.file(KEY_FILE);
    key[0] ^= 1;
    std::fs::write(device.data.path().join(KEY_FILE), &key).unwrap();
    assert!(matches!(attempt(), Err(SensorError::OtherKey(..))));
    std::fs::write(device.data.path().join(KEY_FILE), &key[1..]).unwrap();
    assert!(matches!(attempt(), Err(SensorError::Data(_))));
}

#[test]
fn a_sensor_without_a_server_says_how_to_get_one() {
    let (server, device) = (Server::start(), Device::new());
    let settings = device.settings(&server);
    let without = Settings { enrolment: None, ..settings.clone() };
    assert!(matches!(Sensor::start(without), Err(SensorError::NotEnrolled)));
    let mut token = server.token();
    token.url = "https://server.example".into();
    let error = Sensor::start(Settings { enrolment: Some(token), ..settings }).map(drop).unwrap_err();
    assert!(matches!(&error, SensorError::NeedsTls(_)) && error.to_string().contains("TLS"), "{error}");
}

/// A model that takes a long time to digest: a pickle and a terabyte of nothing.
fn endless(device: &Device) -> std::path::PathBuf {
    device.add_model("endless");
    let path = device.home.path().join("endless.pkl");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    path
}

#[test]
fn a_first_scan_that_takes_long_tells_what_it_found_so_far_and_takes_nothing_back() {
    let (server, device) = (Server::start(), Device::new());
    let endless = endless(&device);
    let soon = Duration::from_millis(20);
    let pace = Pace { first_part: soon, parts: soon, ..QUICK };
    let sensor = Sensor::start(Settings { hash: true, pace, ..device.settings(&server) }).unwrap();
    let named = |report: &protocol::sensor::Report, name: &str| {
        report.changes.artifacts.put.iter().any(|one| one.path().to_string().ends_with(name))
    };
    server.until("a part with both models", |seen| {
        let told = |name| seen.reports.iter().any(|report| named(report, name));
        (told("one.pkl") && told("endless.pkl")).then_some(())
    });
    server.look(|seen| assert!(seen.reports.iter().all(|report| !report.scan.complete)));
    // It ends when there is nothing left to read.
    std::fs::File::options().write(true).open(&endless).unwrap().set_len(8192).unwrap();
    server.until("the end", |seen| seen.reports.iter().any(|report| report.scan.complete).then_some(()));
    server.look(|seen| {
        let (last, parts) = seen.reports.split_last().unwrap();
        assert!(last.scan.complete && !last.changes.full);
        assert_eq!(last.base.as_ref(), parts.last().map(|part| &part.state));
        for report in &seen.reports {
            assert!(report.changes.artifacts.remove.is_empty(), "{report:#?}");
        }
    });
    drop(sensor);
}

#[test]
fn a_sensor_that_has_reported_before_tells_only_the_end_of_a_scan() {
    let (server, device) = (Server::start(), Device::new());
    let sensor = device.start(&server);
    reports(&server, 1);
    sensor.join();
    let endless = endless(&device);
    let soon = Duration::from_millis(1);
    let pace = Pace { first_part: soon, parts: soon, ..QUICK };
    let sensor = Sensor::start(Settings { hash: true, pace, ..device.settings(&server) }).unwrap();
    channels(&server, 2);
    std::fs::File::options().write(true).open(&endless).unwrap().set_len(8192).unwrap();
    reports(&server, 2);
    server.look(|seen| assert!(seen.reports.iter().all(|report| report.scan.complete)));
    drop(sensor);
}
