//! What a sensor keeps in `sensor/` of the data directory: its key, and to whom it belongs.

use std::sync::Arc;

use platform::data::DataDirectory;
use protocol::signing::{EnrolmentToken, KeyId, PublicKey, SigningKey};
use serde::{Deserialize, Serialize};

use crate::{DeviceKey, SensorError};

/// The folder of the sensor.
const FOLDER: &str = "sensor";
/// The secret key of the device, below the data directory.
pub const KEY_FILE: &str = "sensor/key";
/// To whom the device belongs, below the data directory.
pub const ENROLMENT_FILE: &str = "sensor/enrolment.json";
/// No enrolment is longer, in bytes.
const LONGEST: usize = 16 << 10;

/// To whom the device belongs, and how far they got with each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    /// Where the server is.
    pub(crate) url: String,
    /// The device, as the server calls it: the id of its key.
    pub(crate) device_id: KeyId,
    /// The key whose commands are obeyed.
    pub(crate) server_key: PublicKey,
    /// The serial of the last command that was looked at.
    pub(crate) serial: u64,
    /// The number of the last report.
    pub(crate) sequence: u64,
    /// The serials of commands that no report answered yet.
    #[serde(default)]
    pub(crate) unanswered: Vec<u64>,
}

/// The key of this device, made at the first call.
pub(crate) fn key(data: &DataDirectory) -> Result<DeviceKey, SensorError> {
    let folder = |error| platform::data::DataError::Io { path: data.path().join(FOLDER), error };
    data.make_folder(FOLDER).map_err(folder)?;
    Ok(Arc::new(SigningKey::from_bytes(&data.read_or_make_key(KEY_FILE)?)))
}

impl Enrolment {
    /// The enrolment that was kept. A token for the same server brings its present address; one for another server means that
    /// the device is to be enrolled there.
    pub(crate) fn load(
        data: &DataDirectory,
        key: &SigningKey,
        token: Option<&EnrolmentToken>,
    ) -> Result<Option<Self>, SensorError> {
        let path = data.path().join(ENROLMENT_FILE);
        let Some(bytes) = data.read(ENROLMENT_FILE, LONGEST)? else { return Ok(None) };
        let mut kept: Self =
            serde_json::from_slice(&bytes).map_err(|_| SensorError::Damaged(path.clone()))?;
        if kept.device_id != KeyId::of(&key.verifying_key()) {
            return Err(SensorError::OtherKey(data.path().join(KEY_FILE), path));
        }
        match token {
            Some(token) if token.key != kept.server_key.id() => return Ok(None),
            Some(token) => kept.url.clone_from(&token.url),
            None => {}
        }
        Ok(Some(kept))
    }

    /// Keeps it; the one before stays when that fails.
    ///
    /// # Errors
    /// A line for people.
    pub(crate) fn keep(&self, data: &DataDirectory) -> Result<(), String> {
        let json = serde_json::to_vec_pretty(self).map_err(|error| error.to_string())?;
        data.write(ENROLMENT_FILE, &[&json])
            .map_err(|error| platform::data::explain(&data.path().join(ENROLMENT_FILE), &error))
    }
}
