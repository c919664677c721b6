//! Where a device holds what. A path is a row; an artefact with several paths is one item. The numbers of devices and paths of each
//! artefact follow from the rows that change, without counting what did not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{Artifact, HostPath};
use protocol::sensor::Delta;

use super::{
    apply::Work,
    artifacts::{self, Stored},
    identity, tally,
};
use crate::{
    Collection, StoreError,
    db::{Row, Value},
    text,
};

/// A row as it is.
struct Held {
    item: i64,
    artifact: i64,
    store: Option<String>,
    first_seen_at: i64,
    uid: String,
    name: String,
}

/// A row as it is to be.
struct Wanted<'a> {
    item: i64,
    artifact: i64,
    /// The name of the artefact.
    uid: String,
    store: Option<&'a str>,
    path: &'a HostPath,
}

/// What a report does to one artefact on this device.
#[derive(Default)]
struct Shift {
    /// More paths.
    paths: i64,
    /// Paths before.
    before: i64,
}

/// Applies what a report says of artefacts; whether anything is held elsewhere than before.
pub(super) async fn apply(work: &mut Work<'_>, delta: Delta<Artifact>) -> Result<bool, StoreError> {
    let Delta { put, remove } = delta;
    if put.is_empty() && remove.is_empty() && !work.full {
        return Ok(false);
    }
    let (wanted, paths) = wanted(work.uid, &put);
    let stored = artifacts::store(work, &put, &paths).await?;
    let wanted = numbered(wanted, &stored);
    let placed: BTreeSet<i64> = wanted.values().map(|wanted| wanted.artifact).collect();
    let unplaced = stored.values().map(|known| known.id).filter(|id| !placed.contains(id));
    unplaced.for_each(|artifact| work.tally.left(artifact));
    let held = held(work, &put, &remove, &wanted).await?;
    let touched = touched(work.full, &put, &remove, &held);
    let gone: Vec<i64> = touched.into_iter().filter(|place| !wanted.contains_key(place)).collect();
    let new: Vec<(i64, &Wanted<'_>)> = wanted
        .iter()
        .filter(|(place, wanted)| held.get(place).is_none_or(|held| !wanted.is(held)))
        .map(|(place, wanted)| (*place, wanted))
        .collect();
    if gone.is_empty() && new.is_empty() {
        return Ok(false);
    }
    work.changed.extend([Collection::Artifacts, Collection::Holdings]);
    write(work, &gone, &new, &held).await?;
    let mut shifts = shifts(&gone, &new, &held);
    presence(work, &mut shifts, &held).await?;
    count(work, &shifts, &stored);
    let replaced = replaced(&new, &held, &shifts);
    relink(work, &replaced).await?;
    tell(work, &gone, &new, &held, &shifts, &stored);
    Ok(true)
}

impl Wanted<'_> {
    /// Whether a row says so already.
    fn is(&self, held: &Held) -> bool {
        (self.item, self.artifact, self.store) == (held.item, held.artifact, held.store.as_deref())
    }

    /// Whether the bytes are the same, and only their digest is better known.
    fn refines(&self, held: &Held) -> bool {
        identity::is_better(&self.uid, &held.uid)
    }

    fn values(&self, work: &Work<'_>, place: i64, held: Option<&Held>) -> Vec<Value> {
        let path = self.path.to_string();
        let shown = text::cut(&path, text::PATH);
        let exact = match self.path.base64() {
            Some(exact) => exact,
            None if shown == path => String::new(),
            None => BASE64_STANDARD.encode(self.path.as_bytes()),
        };
        // Other bytes at the same path are another holding; the same bytes better known are not.
        let since = held.filter(|held| held.artifact == self.artifact || self.refines(held));
        vec![
            work.device.into(),
            self.item.into(),
            place.into(),
            shown.into(),
            exact.into(),
            self.artifact.into(),
            self.store.into(),
            since.map_or(Value::from(work.now), |held| held.first_seen_at.into()),
        ]
    }
}

/// The rows as they are to be, and how many each artefact will have. Where two artefacts claim one path, the last one has it.
fn wanted<'a>(device: &str, put: &'a [Artifact]) -> (BTreeMap<i64, Wanted<'a>>, HashMap<String, i64>) {
    let mut wanted = BTreeMap::new();
    for artifact in put {
        let uid = identity::artifact(artifact, device);
        let item = identity::place(artifact.path());
        for path in &artifact.paths {
            let store = artifact.store.as_deref();
            wanted.insert(identity::place(path), Wanted { item, artifact: 0, uid: uid.clone(), store, path });
        }
    }
    let mut paths = HashMap::new();
    for wanted in wanted.values() {
        *paths.entry(wanted.uid.clone()).or_insert(0) += 1;
    }
    (wanted, paths)
}

/// With the rows of the artefacts.
fn numbered<'a>(
    mut wanted: BTreeMap<i64, Wanted<'a>>,
    stored: &HashMap<String, Stored>,
) -> BTreeMap<i64, Wanted<'a>> {
    wanted.retain(|_, wanted| {
        let known = stored.get(&wanted.uid);
        wanted.artifact = known.map_or(0, |known| known.id);
        known.is_some()
    });
    wanted
}

/// The rows that the report may change: of a full report all of the device.
async fn held(
    work: &mut Work<'_>,
    put: &[Artifact],
    remove: &[String],
    wanted: &BTreeMap<i64, Wanted<'_>>,
) -> Result<HashMap<i64, Held>, StoreError> {
    let sql = "SELECT h.place, h.item, h.artifact, h.store, h.first_seen_at, a.uid, a.name
        FROM holdings h JOIN artifacts a ON a.id = h.artifact WHERE h.device = ?";
    let device = Value::from(work.device);
    let transaction = &mut *work.transaction;
    let rows = if work.first {
        Vec::new()
    } else if work.full {
        transaction.rows(sql, vec![device]).await?
    } else {
        let items: BTreeSet<i64> = items(put, remove).collect();
        let items = items.into_iter().map(Value::from).collect();
        let places = wanted.keys().copied().map(Value::from).collect();
        let before = [device];
        let mut rows =
            transaction.rows_in(&format!("{sql} AND h.item IN ({{LIST}})"), &before, items).await?;
        rows.extend(transaction.rows_in(&format!("{sql} AND h.place IN ({{LIST}})"), &before, places).await?);
        rows
    };
    rows.iter().map(|row| Ok((row.int(0)?, read(row)?))).collect()
}

fn read(row: &Row) -> Result<Held, StoreError> {
    Ok(Held {
        item: row.int(1)?,
        artifact: row.int(2)?,
        store: row.maybe_text(3)?,
        first_seen_at: row.int(4)?,
        uid: row.text(5)?,
        name: row.text(6)?,
    })
}

fn items<'a>(put: &'a [Artifact], remove: &'a [String]) -> impl Iterator<Item = i64> + 'a {
    put.iter()
        .map(|artifact| identity::place(artifact.path()))
        .chain(remove.iter().map(|key| identity::item(key)))
}

/// The places of the items that the report speaks of.
fn touched(full: bool, put: &[Artifact], remove: &[String], held: &HashMap<i64, Held>) -> BTreeSet<i64> {
    let items: BTreeSet<i64> = items(put, remove).collect();
    let spoken = held.iter().filter(|(_, held)| full || items.contains(&held.item));
    spoken.map(|(place, _)| *place).collect()
}

async fn write(
    work: &mut Work<'_>,
    gone: &[i64],
    new: &[(i64, &Wanted<'_>)],
    held: &HashMap<i64, Held>,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM holdings WHERE device = ? AND place IN ({LIST})";
    let device = Value::from(work.device);
    work.transaction.execute_in(sql, &[device], gone.iter().copied().map(Value::from).collect()).await?;
    let sql = "INSERT INTO holdings (device, item, place, path, exact, artifact, store, first_seen_at) {ROWS}
        ON CONFLICT (device, place) DO UPDATE SET item = excluded.item, artifact = excluded.artifact, store = excluded.store,
            first_seen_at = excluded.first_seen_at";
    let values = |(place, wanted): &(i64, &Wanted<'_>)| wanted.values(work, *place, held.get(place));
    let rows = new.iter().map(values).collect();
    work.transaction.insert(sql, rows).await
}

fn shifts(gone: &[i64], new: &[(i64, &Wanted<'_>)], held: &HashMap<i64, Held>) -> BTreeMap<i64, Shift> {
    let mut shifts: BTreeMap<i64, Shift> = BTreeMap::new();
    let lost = gone.iter().chain(new.iter().map(|(place, _)| place)).filter_map(|place| held.get(place));
    for held in lost {
        shifts.entry(held.artifact).or_default().paths -= 1;
    }
    for (_, wanted) in new {
        shifts.entry(wanted.artifact).or_default().paths += 1;
    }
    shifts
}

/// At how many paths the device held each of these before.
async fn presence(
    work: &mut Work<'_>,
    shifts: &mut BTreeMap<i64, Shift>,
    held: &HashMap<i64, Held>,
) -> Result<(), StoreError> {
    if work.full {
        for held in held.values() {
            shifts.entry(held.artifact).and_modify(|shift| shift.before += 1);
        }
        return Ok(());
    }
    let sql =
        "SELECT artifact, COUNT(*) FROM holdings WHERE device = ? AND artifact IN ({LIST}) GROUP BY artifact";
    let list = shifts.keys().copied().map(Value::from).collect();
    let now = work.transaction.rows_in(sql, &[work.device.into()], list).await?;
    let now: BTreeMap<i64, i64> =
        now.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect::<Result<_, StoreError>>()?;
    for (artifact, shift) in shifts {
        shift.before = now.get(artifact).copied().unwrap_or(0) - shift.paths;
    }
    Ok(())
}

impl Shift {
    fn came(&self) -> bool {
        self.before == 0 && self.paths > 0
    }

    fn went(&self) -> bool {
        self.before > 0 && self.before + self.paths == 0
    }
}

/// The numbers of artefacts and of the device. The row of a new artefact has them already.
fn count(work: &mut Work<'_>, shifts: &BTreeMap<i64, Shift>, stored: &HashMap<String, Stored>) {
    let counted: BTreeSet<i64> = stored.values().filter(|known| known.new).map(|known| known.id).collect();
    for (artifact, shift) in shifts {
        let devices = i64::from(shift.came()) - i64::from(shift.went());
        work.more_artifacts += devices;
        if shift.went() {
            work.tally.left(*artifact);
        }
        if !counted.contains(artifact) {
            work.tally.shift(*artifact, tally::Shift { paths: shift.paths, devices, loaded: 0 });
        }
    }
}

/// Artefacts that the device no longer holds, by the one that now lies where they lay.
fn replaced(
    new: &[(i64, &Wanted<'_>)],
    held: &HashMap<i64, Held>,
    shifts: &BTreeMap<i64, Shift>,
) -> BTreeMap<i64, i64> {
    let pairs = new.iter().filter_map(|(place, wanted)| Some((held.get(place)?.artifact, wanted.artifact)));
    pairs.filter(|(old, new)| old != new && shifts.get(old).is_some_and(Shift::went)).collect()
}

/// A finding about what lay there is about what lies there now, until the device says otherwise.
async fn relink(work: &mut Work<'_>, replaced: &BTreeMap<i64, i64>) -> Result<(), StoreError> {
    let device = Value::from(work.device);
    let row = |(old, new): (&i64, &i64)| vec![Value::from(*old), (*new).into(), device.clone()];
    let sql = "UPDATE findings SET artifact = d.c1 FROM d WHERE findings.artifact = d.c0 AND findings.device = d.c2";
    if work.transaction.update(sql, replaced.iter().map(row).collect()).await? > 0 {
        replaced.iter().flat_map(|(old, new)| [*old, *new]).for_each(|artifact| work.tally.judged(artifact));
    }
    Ok(())
}

/// What came and what went. A digest that is now computed is neither.
fn tell(
    work: &mut Work<'_>,
    gone: &[i64],
    new: &[(i64, &Wanted<'_>)],
    held: &HashMap<i64, Held>,
    shifts: &BTreeMap<i64, Shift>,
    stored: &HashMap<String, Stored>,
) {
    let names: HashMap<i64, (&str, &str)> =
        stored.iter().map(|(uid, known)| (known.id, (uid.as_str(), known.name.as_str()))).collect();
    let came = |artifact: i64| shifts.get(&artifact).is_some_and(Shift::came);
    let went = |artifact: i64| shifts.get(&artifact).is_some_and(Shift::went);
    let mut told = BTreeSet::new();
    for (place, wanted) in new {
        let before = held.get(place).filter(|held| went(held.artifact) && wanted.refines(held));
        if let Some(before) = before {
            told.extend([before.artifact, wanted.artifact]);
        }
    }
    for (_, wanted) in new {
        if came(wanted.artifact)
            && told.insert(wanted.artifact)
            && let Some((uid, name)) = names.get(&wanted.artifact)
        {
            work.tell("artifact-appeared", name, uid, text::cut(&wanted.path.to_string(), text::PATH));
        }
    }
    let lost = gone.iter().chain(new.iter().map(|(place, _)| place)).filter_map(|place| held.get(place));
    for held in lost {
        if went(held.artifact) && told.insert(held.artifact) {
            work.tell("artifact-removed", &held.name, &held.uid, String::new());
        }
    }
}
