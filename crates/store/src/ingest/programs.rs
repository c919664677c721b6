//! Runtimes and agents of a device, and which artefacts they have loaded.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::SocketAddr,
};

use domain::{Agent, Program};

use super::{apply::Work, artifacts::word, identity, tally::Shift};
use crate::{
    Collection, StoreError,
    db::{Row, Value},
    text,
};

/// What differs between runtimes and agents.
pub(super) struct Kind {
    name: &'static str,
    collection: Collection,
    started: &'static str,
    stopped: &'static str,
    installed: &'static str,
    removed: &'static str,
}

/// Programs that run inference.
pub(super) const RUNTIME: Kind = Kind {
    name: "runtime",
    collection: Collection::Runtimes,
    started: "runtime-started",
    stopped: "runtime-stopped",
    installed: "runtime-installed",
    removed: "runtime-removed",
};

/// Programs that act by themselves.
pub(super) const AGENT: Kind = Kind {
    name: "agent",
    collection: Collection::Agents,
    started: "agent-started",
    stopped: "agent-stopped",
    installed: "agent-installed",
    removed: "agent-removed",
};

/// A row as it is.
struct Known {
    id: i64,
    name: String,
    running: bool,
    body: String,
}

/// Applies what a report says of one kind of program; whether anything changed.
pub(super) async fn apply(
    work: &mut Work<'_>,
    kind: &Kind,
    put: Vec<(String, Agent)>,
    remove: Vec<String>,
) -> Result<bool, StoreError> {
    if put.is_empty() && remove.is_empty() && !work.full {
        return Ok(false);
    }
    let name = |key: &str| identity::of_device(work.uid, kind.name, key);
    let put: BTreeMap<String, (String, Agent)> =
        put.into_iter().map(|(key, agent)| (name(&key), (key, agent))).collect();
    let mut gone: BTreeSet<String> = remove.iter().map(|key| name(key)).collect();
    let known = known(work, kind, put.keys().chain(&gone)).await?;
    if work.full {
        gone = known.keys().cloned().collect();
    }
    gone.retain(|uid| known.contains_key(uid) && !put.contains_key(uid));
    let mut rows = Vec::new();
    for (uid, (key, agent)) in put {
        let body =
            serde_json::to_string(&agent).map_err(|error| StoreError::Unexpected(error.to_string()))?;
        let before = known.get(&uid);
        if before.is_some_and(|before| before.body == body) {
            continue;
        }
        if before.is_none() {
            let event = if agent.program.pid.is_some() { kind.started } else { kind.installed };
            work.tell(event, &shown(&agent.program), &uid, detail(&agent.program));
        }
        rows.push(values(work, kind, uid, &key, &agent, body)?);
    }
    if rows.is_empty() && gone.is_empty() {
        return Ok(false);
    }
    work.changed.insert(kind.collection);
    remove_all(work, kind, &gone, &known).await?;
    work.transaction.insert(UPSERT, rows).await?;
    Ok(true)
}

const UPSERT: &str = "INSERT INTO programs (uid, device, kind, item, places, tool, name, pid, exe, account, started_at, confidence,
        exposed, servers, unattended, listeners, body, first_seen_at, search) {ROWS}
    ON CONFLICT (uid) DO UPDATE SET places = excluded.places, tool = excluded.tool, name = excluded.name, pid = excluded.pid,
        exe = excluded.exe, account = excluded.account, started_at = excluded.started_at, confidence = excluded.confidence,
        exposed = excluded.exposed, servers = excluded.servers, unattended = excluded.unattended, listeners = excluded.listeners,
        body = excluded.body, search = excluded.search";

async fn known<'a>(
    work: &mut Work<'_>,
    kind: &Kind,
    uids: impl Iterator<Item = &'a String>,
) -> Result<HashMap<String, Known>, StoreError> {
    let sql = "SELECT uid, id, name, pid, body FROM programs";
    let rows = if work.first {
        Vec::new()
    } else if work.full {
        let sql = format!("{sql} WHERE device = ? AND kind = ?");
        work.transaction.rows(&sql, vec![work.device.into(), kind.name.into()]).await?
    } else {
        let list = uids.map(|uid| uid.as_str().into()).collect();
        work.transaction.rows_in(&format!("{sql} WHERE uid IN ({{LIST}})"), &[], list).await?
    };
    rows.iter().map(|row| Ok((row.text(0)?, read(row)?))).collect()
}

fn read(row: &Row) -> Result<Known, StoreError> {
    let running = row.maybe_int(3)?.is_some();
    Ok(Known { id: row.int(1)?, name: row.text(2)?, running, body: row.text(4)? })
}

fn values(
    work: &Work<'_>,
    kind: &Kind,
    uid: String,
    key: &str,
    agent: &Agent,
    body: String,
) -> Result<Vec<Value>, StoreError> {
    let program = &agent.program;
    let name = shown(program);
    let exe = program.exe.as_ref().map(|exe| text::cut(&exe.to_string(), text::PATH));
    let places: BTreeSet<i64> = program.models.iter().map(|model| identity::place(&model.path)).collect();
    let account = program.user.as_deref();
    let parts = [Some(name.as_str()), program.tool.as_deref(), exe.as_deref(), account, Some(&work.name)];
    let search = text::search(parts);
    Ok(vec![
        uid.into(),
        work.device.into(),
        kind.name.into(),
        text::cut(key, text::INDEXED).into(),
        Value::json(&places)?,
        program.tool.clone().into(),
        name.into(),
        program.pid.map(i64::from).into(),
        exe.into(),
        account.into(),
        program.started_at.into(),
        word(&program.confidence)?.into(),
        exposed(program).into(),
        Value::from(agent.mcp_servers.len() as u64),
        (!agent.risk_flags.is_empty()).into(),
        text::words(program.listeners.iter().map(String::as_str)).into(),
        body.into(),
        work.now.into(),
        search.into(),
    ])
}

/// What people call it, as far as the device knows.
fn shown(program: &Program) -> String {
    let file = program.exe.as_ref().map(|exe| exe.file_name().to_string());
    let name = program.tool.clone().or(file).filter(|name| !name.is_empty());
    text::cut(&name.unwrap_or_else(|| "unknown".to_owned()), text::INDEXED)
}

fn detail(program: &Program) -> String {
    let pid = program.pid.map(|pid| format!("process {pid}"));
    let account = program.user.as_ref().map(|user| format!("as {user}"));
    let parts: Vec<String> =
        pid.into_iter().chain(account).chain(program.listeners.first().cloned()).collect();
    text::cut(&parts.join(", "), text::PATH)
}

/// Whether others on the network can reach it. Who reaches a network of its own is not known.
fn exposed(program: &Program) -> bool {
    let open = |listener: &String| {
        listener.parse::<SocketAddr>().is_ok_and(|address| !address.ip().to_canonical().is_loopback())
    };
    !program.own_network && program.listeners.iter().any(open)
}

async fn remove_all(
    work: &mut Work<'_>,
    kind: &Kind,
    gone: &BTreeSet<String>,
    known: &HashMap<String, Known>,
) -> Result<(), StoreError> {
    let mut ids = Vec::new();
    for (uid, before) in gone.iter().filter_map(|uid| Some((uid, known.get(uid)?))) {
        let event = if before.running { kind.stopped } else { kind.removed };
        work.tell(event, &before.name, uid, String::new());
        ids.push(Value::from(before.id));
    }
    let unloaded = "DELETE FROM loaded WHERE program IN ({LIST}) RETURNING artifact";
    let unloaded = work.transaction.rows_in(unloaded, &[], ids.clone()).await?;
    let mut shifts = BTreeMap::new();
    for row in unloaded {
        *shifts.entry(row.int(0)?).or_insert(0) -= 1;
    }
    count(work, shifts);
    work.transaction.execute_in("DELETE FROM programs WHERE id IN ({LIST})", &[], ids).await.map(|_| ())
}

/// Says again which artefacts the programs of the device have loaded: those that it holds where their models lie.
pub(super) async fn link(work: &mut Work<'_>) -> Result<(), StoreError> {
    let sql = "SELECT p.id, p.places, l.artifact FROM programs p LEFT JOIN loaded l ON l.program = p.id
        WHERE p.device = ? AND (p.places <> '[]' OR l.artifact IS NOT NULL)";
    let rows = work.transaction.rows(sql, vec![work.device.into()]).await?;
    let (mut places, mut before) = (BTreeMap::<i64, Vec<i64>>::new(), BTreeSet::new());
    for row in &rows {
        let program = row.int(0)?;
        before.extend(row.maybe_int(2)?.map(|artifact| (program, artifact)));
        places.insert(program, row.json(1)?);
    }
    let held = held(work, places.values().flatten().copied().collect()).await?;
    let after: BTreeSet<(i64, i64)> = places
        .iter()
        .flat_map(|(program, places)| places.iter().filter_map(|place| Some((*program, *held.get(place)?))))
        .collect();
    let mut shifts = BTreeMap::new();
    let mut rows = |pairs: &mut dyn Iterator<Item = &(i64, i64)>, change: i64| -> Vec<Vec<Value>> {
        let row = |(program, artifact): &(i64, i64)| {
            *shifts.entry(*artifact).or_insert(0) += change;
            vec![Value::from(*program), (*artifact).into()]
        };
        pairs.map(row).collect()
    };
    let added = rows(&mut after.difference(&before), 1);
    let dropped = rows(&mut before.difference(&after), -1);
    work.transaction.insert("INSERT INTO loaded (program, artifact) {ROWS}", added).await?;
    let sql = "DELETE FROM loaded WHERE (program, artifact) IN (SELECT c0, c1 FROM d)";
    work.transaction.update(sql, dropped).await?;
    count(work, shifts);
    Ok(())
}

/// What the device holds at places.
pub(super) async fn held(
    work: &mut Work<'_>,
    places: BTreeSet<i64>,
) -> Result<HashMap<i64, i64>, StoreError> {
    let sql = "SELECT place, artifact FROM holdings WHERE device = ? AND place IN ({LIST})";
    let list = places.into_iter().map(Value::from).collect();
    let rows = work.transaction.rows_in(sql, &[work.device.into()], list).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

fn count(work: &mut Work<'_>, shifts: BTreeMap<i64, i64>) {
    for (artifact, loaded) in shifts {
        work.changed.insert(Collection::Artifacts);
        work.tally.shift(artifact, Shift { loaded, ..Shift::default() });
    }
}

#[cfg(test)]
mod tests {
    use domain::Confidence;

    use super::*;

    fn listening(on: &[&str], own_network: bool) -> Program {
        let mut program = Program::installed(None, None, Vec::new(), Confidence::Likely);
        program.listeners = on.iter().map(ToString::to_string).collect();
        program.own_network = own_network;
        program
    }

    #[test]
    fn only_a_listener_that_others_reach_is_exposed() {
        for (listener, open) in [
            ("127.0.0.1:11434", false),
            ("[::1]:8080", false),
            ("[::ffff:127.0.0.1]:8080", false),
            ("0.0.0.0:11434", true),
            ("[::]:8080", true),
            ("192.168.1.7:8080", true),
        ] {
            assert_eq!(exposed(&listening(&["127.0.0.1:1", listener], false)), open, "{listener}");
            assert!(!exposed(&listening(&[listener], true)), "{listener}");
        }
    }
}
