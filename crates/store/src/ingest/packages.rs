//! AI packages of a device. A package never changes: another version is another package.

use std::collections::{BTreeMap, BTreeSet};

use domain::Package;
use protocol::sensor::{Delta, Item};

use super::{apply::Work, identity};
use crate::{Collection, StoreError, db::Value, text};

const KIND: &str = "package";

/// Applies what a report says of packages; whether anything changed.
pub(super) async fn apply(work: &mut Work<'_>, delta: Delta<Package>) -> Result<bool, StoreError> {
    let Delta { put, remove } = delta;
    if put.is_empty() && remove.is_empty() && !work.full {
        return Ok(false);
    }
    let name = |key: &str| identity::of_device(work.uid, KIND, key);
    let mut put: BTreeMap<String, Package> =
        put.into_iter().map(|package| (name(&package.key()), package)).collect();
    let mut gone: BTreeSet<String> =
        remove.iter().map(|key| name(key)).filter(|uid| !put.contains_key(uid)).collect();
    if work.full && !work.first {
        let rows = work
            .transaction
            .rows("SELECT uid FROM packages WHERE device = ?", vec![work.device.into()])
            .await?;
        for row in rows {
            let uid = row.text(0)?;
            if put.remove(&uid).is_none() {
                gone.insert(uid);
            }
        }
    }
    if put.is_empty() && gone.is_empty() {
        return Ok(false);
    }
    work.changed.insert(Collection::Packages);
    let gone = gone.into_iter().map(Value::from).collect();
    work.transaction.execute_in("DELETE FROM packages WHERE uid IN ({LIST})", &[], gone).await?;
    let rows = put.into_iter().map(|(uid, package)| values(work, uid, package)).collect();
    let sql = "INSERT INTO packages (uid, device, ecosystem, name, version, path, first_seen_at) {ROWS} ON CONFLICT (uid) DO NOTHING";
    work.transaction.insert(sql, rows).await?;
    Ok(true)
}

fn values(work: &Work<'_>, uid: String, package: Package) -> Vec<Value> {
    let Package { ecosystem, name, version, tool: _, path } = package;
    let cut = |text: &str| text::cut(text, text::INDEXED);
    vec![
        uid.into(),
        work.device.into(),
        cut(&ecosystem).into(),
        cut(&name).into(),
        version.as_deref().map(cut).into(),
        text::cut(&path.to_string(), text::PATH).into(),
        work.now.into(),
    ]
}
