//! The conversation with a sensor, by one that signs as a real one does.

use std::sync::atomic::{AtomicU8, Ordering};

use accounts::Role;
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use domain::{Artifact, Coverage, Device, Digest, HostPath, Metadata, Verdict};
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use protocol::{
    sensor::{
        CHANNEL_PATH, COMMAND_TYPE, Changes, Command, Delta, ENROL_PATH, EnrolRequest, Order, REPORT_PATH,
        Report, ScanSummary, pack,
    },
    signing::{Envelope, KeyId, PublicKey, SigningKey, sign_request},
};
use serde_json::json;
use store::Actor;
use tower::ServiceExt as _;

use crate::testkit::{Answer, Fixture, get, request, send, send_json};

/// A sensor with a key of its own.
struct Sensor {
    key: SigningKey,
    app: Router,
    fixture: Fixture,
    nonce: AtomicU8,
    /// How far its clock is off.
    skew: i64,
}

impl Sensor {
    fn new(fixture: &Fixture, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        Self { key, app: fixture.app(), fixture: fixture.clone(), nonce: AtomicU8::new(0), skew: 0 }
    }

    fn id(&self) -> KeyId {
        KeyId::of(&self.key.verifying_key())
    }

    fn signed(&self, method: &str, path: &str, body: &[u8]) -> axum::http::request::Builder {
        let created = self.fixture.state.now().as_second() + self.skew;
        let mut nonce = [self.nonce.fetch_add(1, Ordering::Relaxed); 16];
        nonce[..8].copy_from_slice(&self.key.to_bytes()[..8]);
        let headers = sign_request(&self.key, method, path, body, created, &nonce);
        headers.iter().fold(request(method, path), |builder, (name, value)| builder.header(*name, value))
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.app, request).await
    }

    fn enrol_request(&self, token: &str) -> Vec<u8> {
        let public_key = PublicKey::new(self.key.verifying_key());
        let sensor_version = "0.1.0".into();
        serde_json::to_vec(&EnrolRequest {
            token: token.into(),
            device: device(),
            public_key,
            sensor_version,
        })
        .unwrap()
    }

    async fn enrol(&self) -> Answer {
        let life = SignedDuration::from_hours(1);
        let token = self.fixture.state.enrolment_token("http://127.0.0.1:7411", 1, life).await.unwrap();
        let body = self.enrol_request(&token.secret);
        self.send(self.signed("POST", ENROL_PATH, &body).body(body.into()).unwrap()).await
    }

    async fn enrolled(fixture: &Fixture, seed: u8) -> Self {
        let sensor = Self::new(fixture, seed);
        let answer = sensor.enrol().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        sensor
    }

    fn packed(&self, report: &Report) -> Request<Body> {
        let body = pack(report).unwrap();
        self.signed("POST", REPORT_PATH, &body).header("content-encoding", "zstd").body(body.into()).unwrap()
    }

    async fn report(&self, report: &Report) -> Answer {
        self.send(self.packed(report)).await
    }
}

fn device() -> Device {
    let (hostname, os_version) = (Some("laptop".into()), Some("Debian 12".into()));
    Device { id: None, hostname, os: "linux".into(), os_version, arch: "x86_64".into() }
}

fn artifact(path: &str) -> Artifact {
    Artifact {
        paths: vec![HostPath::from(path)],
        size: 9000,
        format: "gguf".into(),
        digest: Digest::PENDING,
        store: None,
        origin: None,
        license: None,
        metadata: Metadata::default(),
        verdict: Verdict::Clean,
        facts: vec![],
        content: domain::Content::default(),
    }
}

fn report(sequence: u64, base: Option<&str>, state: &str, paths: &[&str]) -> Report {
    let scan = ScanSummary {
        device: device(),
        started_at: Timestamp::from_second(1_800_000_000).unwrap(),
        elapsed_ms: 5,
        complete: true,
        coverage: Coverage::default(),
        accelerators: vec![],
        notes: vec![],
    };
    let put = paths.iter().map(|path| artifact(path)).collect();
    let artifacts = Delta { put, remove: vec![] };
    let changes = Changes { full: base.is_none(), artifacts, ..Changes::default() };
    let base = base.map(str::to_owned);
    Report {
        sequence,
        base,
        state: state.into(),
        sensor_version: "0.1.0".into(),
        scan,
        changes,
        answers: vec![],
    }
}

async fn fixture() -> (tempfile::TempDir, Fixture) {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(dir.path()).await;
    (dir, fixture)
}

#[tokio::test]
async fn a_device_enrols_reports_and_is_seen() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    let owner = fixture.token(Role::Owner).await;
    let devices = get(&sensor.app, "/api/v1/devices", &owner).await.json();
    assert_eq!(devices["items"][0]["state"], "reporting", "it was heard from just now: {devices}");
    let answer = sensor.report(&report(1, None, "s1", &["/m/a.gguf", "/m/b.gguf"])).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"state": "s1"})), "{}", answer.text);
    let devices = get(&sensor.app, "/api/v1/devices", &owner).await.json();
    assert_eq!(devices["items"][0]["id"], sensor.id().as_str());
    let holdings = get(&sensor.app, "/api/v1/holdings?limit=1", &owner).await.json();
    assert_eq!(holdings["items"].as_array().unwrap().len(), 1);
    let next = holdings["next"].as_str().expect("another page");
    let rest = get(&sensor.app, &format!("/api/v1/holdings?limit=1&after={next}"), &owner).await.json();
    assert_ne!(rest["items"][0]["path"], holdings["items"][0]["path"]);
    assert!(rest["next"].is_null());
}

#[tokio::test]
async fn the_answer_to_enrolment_proves_the_server() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::new(&fixture, 1);
    let answer = sensor.enrol().await.json();
    let key: PublicKey = serde_json::from_value(answer["server_key"].clone()).unwrap();
    assert_eq!(key.key(), &fixture.state.signing_key().verifying_key());
    assert_eq!(answer["device_id"], sensor.id().as_str());
}

#[tokio::test]
async fn nobody_enrols_without_a_token_or_with_the_key_of_another() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::new(&fixture, 1);
    let body = sensor.enrol_request("0000000000000000000000000000000000000000");
    let answer = sensor.send(sensor.signed("POST", ENROL_PATH, &body).body(body.into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let thief = Sensor::new(&fixture, 2);
    let body = sensor.enrol_request("x");
    let answer = thief.send(thief.signed("POST", ENROL_PATH, &body).body(body.into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "signed by another key");
    let body = b"{\"token\":".to_vec();
    let answer = sensor.send(sensor.signed("POST", ENROL_PATH, &body).body(body.into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn guessing_enrolment_tokens_is_slowed_down() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::new(&fixture, 1);
    let mut statuses = Vec::new();
    for _ in 0..40 {
        let body = sensor.enrol_request("0000000000000000000000000000000000000000");
        let answer = sensor.send(sensor.signed("POST", ENROL_PATH, &body).body(body.into()).unwrap()).await;
        statuses.push(answer.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::FORBIDDEN).count(), 30);
    assert_eq!(statuses.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
}

#[tokio::test]
async fn a_request_that_was_listened_to_is_not_taken_twice() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    let body = pack(&report(1, None, "s1", &[])).unwrap();
    let replayed = sensor.signed("POST", REPORT_PATH, &body).header("content-encoding", "zstd");
    let headers = replayed.headers_ref().unwrap().clone();
    let first = sensor.send(replayed.body(body.clone().into()).unwrap()).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let mut again = Request::builder().method("POST").uri(REPORT_PATH).body(Body::from(body)).unwrap();
    *again.headers_mut() = headers;
    let again = sensor.send(again).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    assert!(again.text.contains("sent before"), "{}", again.text);
}

#[tokio::test]
async fn a_wrong_clock_is_told_the_time_and_may_sign_again() {
    let (_dir, fixture) = fixture().await;
    let mut sensor = Sensor::enrolled(&fixture, 1).await;
    for skew in [-301, 301, -1_000_000_000] {
        sensor.skew = skew;
        let refused = sensor.report(&report(1, None, "s1", &[])).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(refused.header("date")).unwrap();
        assert_eq!(date, fixture.state.now());
    }
    sensor.skew = 299;
    assert_eq!(sensor.report(&report(1, None, "s1", &[])).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_device_that_is_revoked_or_unknown_says_nothing_more() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    let stranger = Sensor::new(&fixture, 9);
    assert_eq!(stranger.report(&report(1, None, "s1", &[])).await.status, StatusCode::UNAUTHORIZED);
    let owner = fixture.token(Role::Owner).await;
    let path = format!("/api/v1/devices/{}/revoke", sensor.id());
    let answer = send_json(&sensor.app, "POST", &path, &owner, json!(null)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    assert_eq!(sensor.report(&report(1, None, "s1", &[])).await.status, StatusCode::FORBIDDEN);
    let channel = sensor.signed("GET", CHANNEL_PATH, b"").body(Body::empty()).unwrap();
    assert_eq!(sensor.send(channel).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_report_on_a_state_that_the_server_has_not_is_asked_for_in_full() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    assert_eq!(sensor.report(&report(1, None, "s1", &["/a"])).await.status, StatusCode::OK);
    assert_eq!(sensor.report(&report(2, Some("s1"), "s2", &["/b"])).await.status, StatusCode::OK);
    let resend = sensor.report(&report(3, Some("other"), "s3", &["/c"])).await;
    assert_eq!(resend.status, StatusCode::CONFLICT, "{}", resend.text);
    assert_eq!(resend.json()["type"], "urn:eyeline:problem:resend");
    assert_eq!(sensor.report(&report(3, None, "s3", &["/a", "/b", "/c"])).await.status, StatusCode::OK);
    let again = sensor.report(&report(3, None, "s3", &["/a", "/b", "/c"])).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, json!({"state": "s3"})), "done already");
}

#[tokio::test]
async fn a_body_that_is_not_what_was_signed_or_not_a_report_is_refused() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    let whole = pack(&report(1, None, "s1", &["/a"])).unwrap();
    let send = async |signed: &[u8], sent: Vec<u8>, encoding: &str| {
        let builder = sensor.signed("POST", REPORT_PATH, signed).header("content-encoding", encoding);
        sensor.send(builder.body(sent.into()).unwrap()).await.status.as_u16()
    };
    assert_eq!(send(&whole, whole[1..].to_vec(), "zstd").await, 401, "changed on the way");
    assert_eq!(send(&whole, whole.clone(), "gzip").await, 415);
    let cut = whole[..whole.len() / 2].to_vec();
    assert_eq!(send(&cut, cut.clone(), "zstd").await, 400);
    let noise = vec![0xa5; 1000];
    assert_eq!(send(&noise, noise.clone(), "zstd").await, 400);
    let large = vec![0; (16 << 20) + 1];
    assert_eq!(send(&large, large.clone(), "zstd").await, 413);
    assert_eq!(send(&whole, whole.clone(), "zstd").await, 200);
}

#[tokio::test]
async fn a_small_body_that_unpacks_to_a_huge_one_is_refused() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    // A Zstandard frame (RFC 8878, section 3.1.1) of RLE blocks of 128 KiB of spaces each: JSON would skip them for ever.
    let blocks = (129 << 20) / (128 << 10);
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for block in 1..=blocks {
        let header: u32 = ((128 << 10) << 3) | (1 << 1) | u32::from(block == blocks);
        bomb.extend_from_slice(&header.to_le_bytes()[..3]);
        bomb.push(b' ');
    }
    assert!(bomb.len() < 8192);
    let bombed = sensor.signed("POST", REPORT_PATH, &bomb).header("content-encoding", "zstd");
    let answer = sensor.send(bombed.body(bomb.into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.text);
}

/// Text that no compression makes much smaller than half of it.
fn noise(bytes: usize) -> String {
    let blocks = (0..bytes.div_ceil(64)).map(|n| accounts::hash_of(&n.to_string()));
    blocks.collect()
}

#[tokio::test]
async fn the_first_report_of_a_full_machine_is_larger_than_a_form_and_is_taken() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    let mut large = report(1, None, "s1", &["/m/a.gguf"]);
    large.scan.notes = vec![noise(1 << 20)];
    assert!(pack(&large).unwrap().len() > 500_000);
    let answer = sensor.report(&large).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

#[tokio::test]
async fn a_device_cannot_call_itself_megabytes() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    let mut boasting = report(1, None, "s1", &[]);
    boasting.scan.device.hostname = Some("h".repeat(1 << 20));
    boasting.scan.notes = vec!["n".repeat(5000); 5000];
    assert_eq!(sensor.report(&boasting).await.status, StatusCode::OK);
    let owner = fixture.token(Role::Owner).await;
    let path = format!("/api/v1/devices/{}", sensor.id());
    let answer = get(&sensor.app, &path, &owner).await;
    assert!(answer.status == StatusCode::OK && answer.text.len() < 200_000, "{}", answer.text.len());
}

#[tokio::test]
async fn a_query_that_no_signature_covers_is_refused() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    let mut asked = sensor.packed(&report(1, None, "s1", &[]));
    *asked.uri_mut() = format!("{REPORT_PATH}?x=1").parse().unwrap();
    assert_eq!(sensor.send(asked).await.status, StatusCode::BAD_REQUEST);
}

/// What the channel sends, one message after the other.
struct Messages(axum::body::BodyDataStream, String);

impl Messages {
    async fn open(sensor: &Sensor, last: Option<&str>) -> Self {
        let mut builder = sensor.signed("GET", CHANNEL_PATH, b"");
        if let Some(last) = last {
            builder = builder.header("last-event-id", last);
        }
        let answer = sensor.app.clone().oneshot(builder.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert!(!answer.headers().contains_key("content-encoding"));
        Self(answer.into_body().into_data_stream(), String::new())
    }

    /// The next command, as the device opens it; `None` at the end of the channel.
    async fn next(&mut self, fixture: &Fixture) -> Option<(String, Command)> {
        loop {
            if let Some((message, rest)) = self.1.split_once("\n\n") {
                let line =
                    |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let (id, data) = (line("id: "), line("data: "));
                self.1 = rest.to_owned();
                let (Some(id), Some(data)) = (id, data) else { continue };
                let envelope: Envelope = serde_json::from_str(&data).unwrap();
                let key = fixture.state.signing_key().verifying_key();
                let payload = envelope.open(&key, COMMAND_TYPE).unwrap();
                return Some((id, serde_json::from_slice(&payload).unwrap()));
            }
            let chunk = self.0.next().await?.ok()?;
            self.1.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test]
async fn an_order_reaches_the_device_signed_now_or_when_it_connects() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    let analyst = fixture.token(Role::Analyst).await;
    let path = format!("/api/v1/devices/{}/rescan", sensor.id());
    let order = async || send_json(&sensor.app, "POST", &path, &analyst, json!(null)).await;
    let waiting = order().await;
    assert_eq!((waiting.status, &waiting.json()["connected"]), (StatusCode::ACCEPTED, &json!(false)));

    let mut channel = Messages::open(&sensor, None).await;
    let (id, first) = channel.next(&fixture).await.unwrap();
    assert_eq!((first.device.clone(), first.order), (sensor.id(), Order::Rescan));
    assert!(first.expires_at > fixture.state.now());
    assert_eq!(id, first.serial.to_string());
    let now = order().await;
    assert_eq!(now.json()["connected"], json!(true));
    let (id, second) = channel.next(&fixture).await.unwrap();
    assert!(second.serial > first.serial);

    let mut again = Messages::open(&sensor, Some(&id)).await;
    assert_eq!(channel.next(&fixture).await, None, "the newer channel ended the older");
    order().await;
    let (_, third) = again.next(&fixture).await.unwrap();
    assert!(third.serial > second.serial, "what was seen is not sent again");
}

#[tokio::test]
async fn the_channel_ends_with_trust_and_with_the_server() {
    let (_dir, fixture) = fixture().await;
    let (one, two) = (Sensor::enrolled(&fixture, 1).await, Sensor::enrolled(&fixture, 2).await);
    let (mut first, mut second) = (Messages::open(&one, None).await, Messages::open(&two, None).await);
    assert_eq!(fixture.state.presence().count(), 2);
    let actor = Actor { person: None, name: "test".into() };
    fixture.state.revoke_device(one.id().as_str(), &actor).await.unwrap();
    assert_eq!(first.next(&fixture).await, None);
    assert!(fixture.state.presence().is_connected(two.id().as_str()));
    fixture.state.end();
    assert_eq!(second.next(&fixture).await, None);
    assert_eq!(fixture.state.presence().count(), 0);
}

#[tokio::test]
async fn an_open_channel_writes_nothing_until_its_batch() {
    let (_dir, fixture) = fixture().await;
    let sensor = Sensor::enrolled(&fixture, 1).await;
    let owner = fixture.token(Role::Owner).await;
    let seen =
        async || get(&sensor.app, "/api/v1/devices", &owner).await.json()["items"][0]["seen_at"].clone();
    let _channel = Messages::open(&sensor, None).await;
    let before = seen().await;
    fixture.pass(SignedDuration::from_hours(1));
    assert_eq!(seen().await, before);
    crate::serve::write_down(&fixture.state).await;
    assert_eq!(seen().await, json!(fixture.state.now()));
}

#[tokio::test]
async fn a_device_user_sees_their_own_devices_only() {
    let (_dir, fixture) = fixture().await;
    let (mine, other) = (Sensor::enrolled(&fixture, 1).await, Sensor::enrolled(&fixture, 2).await);
    let (secret, identity) = fixture.person("ada", Role::DeviceUser).await;
    let actor = Actor { person: None, name: "test".into() };
    let (state, uid) = (&fixture.state, mine.id());
    state.store().set_device_person(uid.as_str(), identity.person(), &actor, state.now()).await.unwrap();
    let look = async |path: &str| {
        let asked = crate::testkit::with_session(request("GET", path), &secret);
        send(&mine.app, asked.body(Body::empty()).unwrap()).await
    };
    let devices = look("/api/v1/devices").await.json();
    let ids: Vec<_> =
        devices["items"].as_array().unwrap().iter().map(|device| device["id"].clone()).collect();
    assert_eq!(ids, [json!(uid.as_str())]);
    assert_eq!(look(&format!("/api/v1/devices/{}", other.id())).await.status, StatusCode::NOT_FOUND);
    assert_eq!(look(&format!("/api/v1/devices/{uid}")).await.status, StatusCode::OK);
}
