//! Devices: enrolment, keys, presence, orders.

use domain::Device;
use jiff::Timestamp;

use crate::{
    Actor, Store, StoreError,
    db::{Row, Transaction, Value},
    events::{Event, record, record_of_device},
    text,
};

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

/// What a device says of itself, as columns.
pub(crate) fn description(uid: &str, device: &Device, sensor_version: &str) -> [Value; 8] {
    let cut = |text: &str| text::cut(text, text::INDEXED);
    let machine = device.id.as_ref().map(|id| cut(&id.to_string()));
    let hostname = device.hostname.as_deref().filter(|name| !name.is_empty()).map(cut);
    let name = hostname.clone().unwrap_or_else(|| uid.to_owned());
    let version = device.os_version.as_deref().map(cut);
    let parts = [Some(uid), Some(&name), Some(&device.os), version.as_deref(), machine.as_deref()];
    let search = text::search(parts);
    [
        machine.into(),
        hostname.into(),
        name.into(),
        cut(&device.os).into(),
        version.into(),
        cut(&device.arch).into(),
        cut(sensor_version).into(),
        search.into(),
    ]
}

/// The columns of [`description`], to be set.
const DESCRIBE: &str =
    "machine = ?, hostname = ?, name = ?, os = ?, os_version = ?, arch = ?, sensor_version = ?, search = ?";

fn event(kind: &'static str, row: i64, uid: &str, name: String, detail: String) -> Event {
    Event { kind, device: Some(row), subject: name, subject_id: Some(uid.to_owned()), detail }
}

/// A device that is trusted: its row and its name.
async fn trusted(transaction: &mut Transaction, uid: &str) -> Result<Option<(i64, String)>, StoreError> {
    let sql = "SELECT id, name FROM devices WHERE uid = ? AND revoked_at IS NULL";
    let row = transaction.row(sql, vec![uid.into()]).await?;
    row.map(|row| Ok((row.int(0)?, row.text(1)?))).transpose()
}

fn order(row: &Row) -> Result<OrderRow, StoreError> {
    Ok(OrderRow {
        serial: row.int(0)?,
        body: row.text(1)?,
        issued_at: row.time(2)?,
        expires_at: row.time(3)?,
    })
}

/// What an order does, for its record.
fn order_word(body: &str) -> String {
    let parsed: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let word = parsed.as_ref().and_then(|order| order.get("type")).and_then(serde_json::Value::as_str);
    word.unwrap_or("unknown").to_owned()
}

impl Store {
    /// Lets a device in and spends one use of its token, both or neither. The same key again is the same device and spends
    /// nothing. False when the token is unknown, spent or has ended, or when the device was revoked.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn enrol(&self, enrolment: &Enrolment, now: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.db.begin().await?;
        let known = "SELECT revoked_at, public_key FROM devices WHERE uid = ?";
        let known = transaction.row(known, vec![enrolment.uid.as_str().into()]).await?;
        let let_in = match known {
            Some(row) => {
                row.maybe_int(0)?.is_none()
                    && row.bytes(1)? == enrolment.public_key
                    && describe(&mut transaction, enrolment).await?
            }
            None => {
                spend(&mut transaction, &enrolment.token_hash, now).await?
                    && add(&mut transaction, enrolment, now).await?
            }
        };
        if let_in {
            transaction.commit().await?;
        }
        Ok(let_in)
    }

    /// The key of a device.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn device_key(&self, uid: &str) -> Result<Option<DeviceKey>, StoreError> {
        let sql = "SELECT id, public_key, revoked_at FROM devices WHERE uid = ?";
        let row = self.db.row(sql, vec![uid.into()]).await?;
        row.map(|row| {
            Ok(DeviceKey {
                row: row.int(0)?,
                public_key: row.bytes(1)?,
                revoked: row.maybe_int(2)?.is_some(),
            })
        })
        .transpose()
    }

    /// Says when devices were heard from, all in one batch; only rows whose stored time is older are written.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn touch_devices(&self, seen: &[(String, Timestamp)]) -> Result<(), StoreError> {
        let sql = "UPDATE devices SET seen_at = d.c1 FROM d WHERE devices.uid = d.c0 AND COALESCE(devices.seen_at, 0) < d.c1";
        let rows = seen.iter().map(|(uid, at)| vec![uid.as_str().into(), (*at).into()]).collect();
        self.touch(sql, rows).await
    }

    /// No longer trusts a device. Says whether there was one that was trusted.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn revoke_device(&self, uid: &str, actor: &Actor, now: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.db.begin().await?;
        let Some((row, name)) = trusted(&mut transaction, uid).await? else { return Ok(false) };
        let values = vec![now.into(), row.into()];
        transaction.execute("UPDATE devices SET revoked_at = ? WHERE id = ?", values).await?;
        let event = event("device-revoked", row, uid, name, String::new());
        record(&mut transaction, event, actor, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Says whose a device is, or that it is nobody's. Says whether there is such a device.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when there is no such person; [`StoreError`] of the database.
    pub async fn set_device_person(
        &self,
        uid: &str,
        person: Option<i64>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.db.begin().await?;
        let sql = "SELECT id, name, person FROM devices WHERE uid = ?";
        let Some(row) = transaction.row(sql, vec![uid.into()]).await? else { return Ok(false) };
        if row.maybe_int(2)? == person {
            return Ok(true);
        }
        let detail = match person {
            Some(person) => format!("to {}", person_name(&mut transaction, person).await?),
            None => "to nobody".to_owned(),
        };
        let id = row.int(0)?;
        let values = vec![person.into(), id.into()];
        transaction.execute("UPDATE devices SET person = ? WHERE id = ?", values).await?;
        let event = event("device-assigned", id, uid, row.text(1)?, detail);
        record(&mut transaction, event, actor, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Gives a device an order; its serial. `None` when there is no such device, or it is not trusted.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn order(
        &self,
        uid: &str,
        body: &str,
        expires_at: Timestamp,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.db.begin().await?;
        let Some((row, name)) = trusted(&mut transaction, uid).await? else { return Ok(None) };
        let sql =
            "INSERT INTO orders (device, body, issued_at, expires_at) VALUES (?, ?, ?, ?) RETURNING serial";
        let values = vec![row.into(), body.into(), now.into(), expires_at.into()];
        let serial = transaction.row(sql, values).await?.unwrap_or_default().int(0)?;
        let event = event("order-given", row, uid, name, order_word(body));
        record(&mut transaction, event, actor, now).await?;
        transaction.commit().await?;
        Ok(Some(serial))
    }

    /// Orders of a device that are neither answered nor void and have a greater serial, in order.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn orders(&self, uid: &str, after: i64, now: Timestamp) -> Result<Vec<OrderRow>, StoreError> {
        let sql = "SELECT serial, body, issued_at, expires_at FROM orders
            WHERE device = (SELECT id FROM devices WHERE uid = ? AND revoked_at IS NULL)
                AND serial > ? AND answered_at IS NULL AND expires_at > ?
            ORDER BY serial";
        self.db.rows(sql, vec![uid.into(), after.into(), now.into()]).await?.iter().map(order).collect()
    }
}

/// The name of a person who can be given something to look after.
pub(crate) async fn person_name(transaction: &mut Transaction, person: i64) -> Result<String, StoreError> {
    let sql = "SELECT name FROM people WHERE id = ? AND disabled_at IS NULL";
    let row = transaction.row(sql, vec![person.into()]).await?;
    row.map_or_else(
        || Err(StoreError::Refused(format!("there is no person {person} with an open account"))),
        |row| row.text(0),
    )
}

/// Takes one use of a token.
async fn spend(transaction: &mut Transaction, hash: &str, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE enrolment_tokens SET uses_left = uses_left - 1 WHERE hash = ? AND uses_left > 0 AND expires_at > ?";
    Ok(transaction.execute(sql, vec![hash.into(), now.into()]).await? == 1)
}

async fn add(
    transaction: &mut Transaction,
    enrolment: &Enrolment,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Enrolment { uid, public_key, device, sensor_version, .. } = enrolment;
    let sql = "INSERT INTO devices (uid, public_key, enrolled_at, seen_at, machine, hostname, name, os, os_version, arch, sensor_version, search)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id, name";
    let mut values = vec![uid.as_str().into(), public_key.clone().into(), now.into(), now.into()];
    values.extend(description(uid, device, sensor_version));
    let row = transaction.row(sql, values).await?.unwrap_or_default();
    let detail = [&device.os, device.os_version.as_ref().unwrap_or(&device.arch)];
    let detail = text::cut(&detail.map(String::as_str).join(", "), text::INDEXED);
    let event = event("device-enrolled", row.int(0)?, uid, row.text(1)?, detail);
    record_of_device(transaction, event, now).await?;
    Ok(true)
}

async fn describe(transaction: &mut Transaction, enrolment: &Enrolment) -> Result<bool, StoreError> {
    let Enrolment { uid, device, sensor_version, .. } = enrolment;
    let mut values = Vec::from(description(uid, device, sensor_version));
    values.push(uid.as_str().into());
    transaction.execute(&format!("UPDATE devices SET {DESCRIBE} WHERE uid = ?"), values).await?;
    Ok(true)
}
