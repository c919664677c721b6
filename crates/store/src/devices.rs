//! Devices: enrolment, keys, presence, orders.

use domain::Device;
use jiff::Timestamp;

use crate::{Actor, Store, StoreError};

/// A device as the guard of its requests needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceKey {
    /// The row.
    pub row: i64,
    /// Its Ed25519 public key, 32 bytes.
    pub public_key: Vec<u8>,
    /// It is no longer trusted.
    pub revoked: bool,
}

/// A device that asks to be enrolled.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// SHA-256 of the enrolment token's secret, in hex.
    pub token_hash: String,
    /// The id made from its key.
    pub uid: String,
    /// Its Ed25519 public key.
    pub public_key: Vec<u8>,
    /// What it says of itself.
    pub device: Device,
    /// Its sensor's version.
    pub sensor_version: String,
}

/// An order that waits for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Its number.
    pub serial: i64,
    /// The order as JSON.
    pub body: String,
    /// When it was given.
    pub issued_at: Timestamp,
    /// When it is void.
    pub expires_at: Timestamp,
}

macro_rules! pending {
    () => {
        Err(StoreError::Refused("not there yet".into()))
    };
}

#[allow(unused_variables, missing_docs)]
impl Store {
    /// False when the token is unknown, spent or has ended. The same key again is the same device and spends nothing.
    pub async fn enrol(&self, enrolment: &Enrolment, now: Timestamp) -> Result<bool, StoreError> {
        pending!()
    }
    pub async fn device_key(&self, uid: &str) -> Result<Option<DeviceKey>, StoreError> {
        pending!()
    }
    /// One batch; only rows whose stored time is older.
    pub async fn touch_devices(&self, seen: &[(String, Timestamp)]) -> Result<(), StoreError> {
        pending!()
    }
    pub async fn revoke_device(&self, uid: &str, actor: &Actor, now: Timestamp) -> Result<bool, StoreError> {
        pending!()
    }
    pub async fn set_device_person(
        &self,
        uid: &str,
        person: Option<i64>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        pending!()
    }
    /// The serial of the new order. `None` when there is no such device.
    pub async fn order(
        &self,
        uid: &str,
        body: &str,
        expires_at: Timestamp,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        pending!()
    }
    /// Neither answered nor void, with a greater serial.
    pub async fn orders(&self, uid: &str, after: i64, now: Timestamp) -> Result<Vec<OrderRow>, StoreError> {
        pending!()
    }
}
