//! The sensor: it looks at its device again and again, reports what changed, and does what its server asks.
//!
//! Second floor. Two blocking threads and no web code: one scans, reports and obeys, the other listens on the channel. It talks
//! to its server over HTTP only, also when both are one process, and prints nothing: what happens goes to an observer.
//!
//! The device never waits for the server: what could not be sent is made anew from the next scan.

mod channel;
mod client;
mod command;
pub mod delta;
mod enrolment;
mod event;
pub mod pace;
pub mod sse;
mod work;

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use catalog::Catalog;
use platform::data::{DataDirectory, DataError};
use protocol::signing::{EnrolmentToken, KeyId, SigningKey};

use self::{enrolment::Enrolment, pace::Pace, work::Work};

pub use enrolment::{ENROLMENT_FILE, KEY_FILE};
pub use event::SensorEvent;

/// Looks up a variable of the environment.
pub type Environment = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;
/// Is told what happens, from either thread.
pub type Observer = Arc<dyn Fn(&SensorEvent) + Send + Sync>;

/// What a sensor needs.
#[derive(Clone)]
pub struct Settings {
    /// The data directory that this process owns. The sensor keeps its key and enrolment in `sensor/`.
    pub data: Arc<DataDirectory>,
    /// The catalogue.
    pub catalog: Arc<Catalog>,
    /// Where to look; empty for homes, stores and shared folders.
    pub roots: Vec<PathBuf>,
    /// Compute the digest of every artefact.
    pub hash: bool,
    /// Look into every model, one after another, when there is nothing else to do.
    pub inspect: bool,
    /// Look at running programs and accelerators.
    pub processes: bool,
    /// Looks up a variable of the environment.
    pub environment: Environment,
    /// What lets the device in when it is not enrolled, or no longer known.
    pub enrolment: Option<EnrolmentToken>,
    /// The version of the program.
    pub version: String,
    /// Is told what happens.
    pub observer: Observer,
    /// How often things are done.
    pub pace: Pace,
}

/// Why a sensor does not start.
#[derive(Debug, thiserror::Error)]
pub enum SensorError {
    /// It has no server.
    #[error("this device is not enrolled: start the sensor with an enrolment token")]
    NotEnrolled,
    /// What it keeps of its enrolment cannot be believed.
    #[error(
        "`{0}` is damaged: put it back from a copy, or delete it and enrol the device again with an enrolment token"
    )]
    Damaged(PathBuf),
    /// The key is not the one that was enrolled.
    #[error(
        "`{0}` is not the key that this device enrolled with: put it back from a copy, or delete `{1}` and enrol again"
    )]
    OtherKey(PathBuf, PathBuf),
    /// The address needs what this build does not have.
    #[error(
        "`{0}` needs TLS, which this build does not have: use an address with http:// behind a TLS proxy on this device"
    )]
    NeedsTls(String),
    /// The data directory refuses.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The system refuses a thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}

/// The sensor.
pub struct Sensor;

impl Sensor {
    /// Reads key and enrolment and begins to work.
    ///
    /// # Errors
    /// When the device has no server, or what it keeps cannot be used. That the server does not answer is none.
    pub fn start(settings: Settings) -> Result<Handle, SensorError> {
        let key = enrolment::key(&settings.data)?;
        let enrolment = Enrolment::load(&settings.data, &key, settings.enrolment.as_ref())?;
        let address = enrolment.as_ref().map(|one| &one.url);
        let address = address.or(settings.enrolment.as_ref().map(|token| &token.url));
        let address = address.ok_or(SensorError::NotEnrolled)?;
        if address.starts_with("https:") {
            return Err(SensorError::NeedsTls(address.clone()));
        }
        let device = KeyId::of(&key.verifying_key());
        let (inbox, messages) = mpsc::sync_channel(work::INBOX);
        let stop = Arc::new(pace::Stop::default());
        let work = Work::new(settings, key, enrolment, (inbox.clone(), messages), Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("sensor".into()).spawn(move || work.run())?;
        Ok(Handle { device, inbox, stop, thread: Some(thread) })
    }
}

/// A running sensor. Dropped, it stops.
#[derive(Debug)]
pub struct Handle {
    device: KeyId,
    inbox: mpsc::SyncSender<work::Message>,
    stop: Arc<pace::Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    /// The id of the device: that of its key.
    pub fn device_id(&self) -> &KeyId {
        &self.device
    }

    /// Asks it to stop: a scan is broken off and reports nothing.
    pub fn stop(&self) {
        self.stop.set();
        // When nobody listens it has stopped, and when there is no room it is about to look.
        let _ = self.inbox.try_send(work::Message::Stop);
    }

    /// Stops it and waits until it no longer scans, sends or writes. A silent channel may take longer to be closed; it does
    /// nothing any more.
    pub fn join(mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // A panic was told where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The key of a device, for whoever has to know it beside the sensor.
pub(crate) type DeviceKey = Arc<SigningKey>;
