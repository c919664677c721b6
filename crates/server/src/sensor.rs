//! The sensors' side: enrolling, reporting, and the channel over which a device is told what to do.

mod bounds;
mod channel;
pub(crate) mod guard;
mod nonces;

use accounts::AccessError;
use axum::{
    Json,
    body::Bytes,
    extract::Extension,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use jiff::{SignedDuration, Timestamp};
use protocol::{
    sensor::{
        CHANNEL_PATH, ENROL_PATH, EnrolAnswer, LARGEST_PACKED, Order, PackError, REPORT_PATH, RESEND, Report,
        ReportAnswer, unpack,
    },
    signing::{EnrolmentToken, KeyId, PublicKey},
};
use store::{Actor, Collection, Enrolment, Ingested};

use crate::{Client, Event, Problem, Routes, State};
use guard::{Body, Newcomer, Sender};

pub(crate) use nonces::Nonces;

/// An order that nobody took within this time is void.
const ORDER_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The routes of sensors.
pub(crate) fn routes() -> Routes {
    Routes::new().enrolment(Method::POST, ENROL_PATH, enrol).sensor(Method::POST, REPORT_PATH, report).sensor(
        Method::GET,
        CHANNEL_PATH,
        channel::open,
    )
}

/// The most bytes of the body of a request of a sensor.
pub(crate) fn largest_body(path: &str) -> usize {
    if path == REPORT_PATH { LARGEST_PACKED } else { 64 * 1024 }
}

async fn enrol(
    state: State,
    Client(client): Client,
    Extension(Newcomer(mut request)): Extension<Newcomer>,
) -> Result<(StatusCode, Json<EnrolAnswer>), Problem> {
    let now = state.now();
    state.accounts().count(client.address, now)?;
    let device_id = request.public_key.id();
    bounds::device(&mut request.device);
    bounds::version(&mut request.sensor_version);
    let enrolment = Enrolment {
        token_hash: accounts::hash_of(&request.token),
        uid: device_id.as_str().to_owned(),
        public_key: request.public_key.key().as_bytes().to_vec(),
        device: request.device,
        sensor_version: request.sensor_version,
    };
    if !state.store().enrol(&enrolment, now).await? {
        let detail = "the enrolment token is unknown, used up or has ended: ask for a new one";
        return Err(Problem::forbidden(detail).kind("urn:eyeline:problem:enrolment"));
    }
    state.accounts().give_back(client.address);
    // Enrolling is rare, so it is written at once that the device is there; failing that, the next batch says so.
    let heard = [(enrolment.uid.clone(), now)];
    if state.store().touch_devices(&heard).await.is_err() {
        state.presence().heard(&enrolment.uid, now);
    }
    tracing::info!(device = device_id.as_str(), "a device enrolled");
    state.events().changed(vec![Collection::Devices, Collection::Records]);
    let server_key = PublicKey::new(state.signing_key().verifying_key());
    Ok((StatusCode::CREATED, Json(EnrolAnswer { device_id, server_key })))
}

async fn report(
    state: State,
    Extension(sender): Extension<Sender>,
    Extension(Body(body)): Extension<Body>,
    headers: HeaderMap,
) -> Result<Json<ReportAnswer>, Problem> {
    let encoding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if encoding != Some(b"zstd") {
        let detail = "a report is compressed: `Content-Encoding: zstd`";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let bytes = body.len();
    let mut report = decode(&state, body).await?;
    bounds::scan(&mut report.scan);
    bounds::version(&mut report.sensor_version);
    let name = report.state.clone();
    let now = state.now();
    state.presence().heard(&sender.device, now);
    match state.store().ingest(&sender.device, report, now).await? {
        Ingested::Stored { changed } => {
            state.metrics().report(bytes);
            state.events().changed(changed);
        }
        Ingested::Repeated => {}
        Ingested::Resend => {
            let detail = "the report builds on a state that the server does not have: send everything";
            return Err(Problem::new(StatusCode::CONFLICT, detail).kind(RESEND));
        }
    }
    Ok(Json(ReportAnswer { state: name }))
}

/// Unpacks a report where that blocks nobody, few at a time: each may take the memory of a large one.
async fn decode(state: &State, body: Bytes) -> Result<Report, Problem> {
    let _turn = state.unpacking().acquire().await.map_err(|error| Problem::internal(&error))?;
    let unpacked = tokio::task::spawn_blocking(move || unpack(&body)).await;
    unpacked.map_err(|error| Problem::internal(&error))?.map_err(|error| match error {
        PackError::TooLarge(_) => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
        // What exactly is wrong may quote what is in the report.
        PackError::Json(error) => {
            let (line, column) = (error.line(), error.column());
            Problem::bad_request(format!("the report cannot be read at line {line}, column {column}"))
        }
        PackError::Compression(_) => Problem::bad_request(error.to_string()),
    })
}

impl State {
    /// Orders a device to look again now. The order waits until the device takes it, a day at most.
    ///
    /// # Errors
    /// 404 when there is no such device, and what the database says.
    pub async fn order_rescan(&self, device: &str, actor: &Actor) -> Result<i64, Problem> {
        let now = self.now();
        let body = serde_json::to_string(&Order::Rescan).map_err(|error| Problem::internal(&error))?;
        let void = now.saturating_add(ORDER_LIFE).unwrap_or(now);
        let serial = self.store().order(device, &body, void, actor, now).await?;
        let serial = serial.ok_or_else(|| Problem::not_found("device"))?;
        self.presence().wake(device);
        self.events().changed(vec![Collection::Records]);
        Ok(serial)
    }

    /// An enrolment token that this process makes for a sensor beside it, which reaches the server at `url`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn enrolment_token(
        &self,
        url: &str,
        uses: u32,
        life: SignedDuration,
    ) -> Result<EnrolmentToken, AccessError> {
        let actor = Actor { person: None, name: "command line".into() };
        Ok(self.enrolment_token_by(&actor, url, uses, life).await?.0)
    }

    /// An enrolment token: where this server is, which key it has, and a secret; and when it ends.
    ///
    /// # Errors
    /// What the database says.
    pub async fn enrolment_token_by(
        &self,
        actor: &Actor,
        url: &str,
        uses: u32,
        life: SignedDuration,
    ) -> Result<(EnrolmentToken, Timestamp), AccessError> {
        let (secret, until) = self.accounts().create_enrolment(uses, life, actor, self.now()).await?;
        let key = KeyId::of(&self.signing_key().verifying_key());
        Ok((EnrolmentToken { url: url.to_owned(), key, secret: secret.reveal().to_owned() }, until))
    }

    /// Stops trusting a device: nothing it sends is taken any more, and its channel ends.
    ///
    /// # Errors
    /// 404 when there is no such device, and what the database says.
    pub async fn revoke_device(&self, device: &str, actor: &Actor) -> Result<(), Problem> {
        if !self.store().revoke_device(device, actor, self.now()).await? {
            return Err(Problem::not_found("device"));
        }
        self.presence().close(device);
        self.events().tell(Event::Revoked(device.to_owned()));
        self.events().changed(vec![Collection::Devices, Collection::Records]);
        Ok(())
    }
}
