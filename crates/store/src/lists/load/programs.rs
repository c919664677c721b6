//! Rows of runtimes and agents. What no list asks for stands in `body`, as the sensor sent it.

use std::collections::HashMap;

use domain::{Agent, HostPath, LoadedModel};

use super::{by_ids, device};
use crate::{
    ModelRef, ProgramRow, StoreError,
    db::{Database, Row},
    lists::{compile::Sql, page::list},
};

const SELECT: &str = "SELECT p.id, p.uid, p.kind, d.uid, d.name, p.name, p.exposed, p.first_seen_at, p.body \
    FROM programs p JOIN devices d ON d.id = p.device WHERE p.id IN ";

/// The artefacts that programs have loaded, by program and path.
const LOADED: &str = "SELECT l.program, h.path, a.uid, a.name FROM loaded l JOIN programs p ON p.id = l.program \
    JOIN artifacts a ON a.id = l.artifact JOIN holdings h ON h.artifact = l.artifact AND h.device = p.device \
    WHERE l.program IN ";

type Loaded = HashMap<(i64, String), (String, String)>;

pub(crate) async fn programs(db: &Database, ids: &[i64]) -> Result<Vec<ProgramRow>, StoreError> {
    let rows = by_ids(db, SELECT, ids, |row| Ok((program_row(row)?, row.json::<Agent>(8)?))).await?;
    let with_models: Vec<i64> =
        rows.iter().filter(|(_, (_, body))| !body.program.models.is_empty()).map(|(id, _)| *id).collect();
    let loaded = loaded(db, &with_models).await?;
    let models = |id: i64, body: &Agent| -> Vec<ModelRef> {
        body.program.models.iter().map(|model| model_ref(id, model, &loaded)).collect()
    };
    Ok(rows
        .into_iter()
        .map(|(id, (row, body))| ProgramRow { models: models(id, &body), ..filled(row, body) })
        .collect())
}

fn program_row(row: &Row) -> Result<ProgramRow, StoreError> {
    Ok(ProgramRow {
        id: row.text(1)?,
        kind: row.word(2)?,
        device: device(row, 3)?,
        name: row.text(5)?,
        exposed: row.truth(6)?,
        first_seen_at: row.time(7)?,
        tool: None,
        pid: None,
        exe: None,
        cmdline: Vec::new(),
        user: None,
        started_at: None,
        listeners: Vec::new(),
        own_network: false,
        models: Vec::new(),
        evidence: Vec::new(),
        confidence: domain::Confidence::Possible,
        risk_flags: Vec::new(),
        configs: Vec::new(),
        instructions: Vec::new(),
        mcp_servers: Vec::new(),
    })
}

/// A row with what its body says.
fn filled(row: ProgramRow, body: Agent) -> ProgramRow {
    let paths = |paths: Vec<HostPath>| paths.iter().map(HostPath::to_string).collect();
    let program = body.program;
    ProgramRow {
        tool: program.tool,
        pid: program.pid,
        exe: program.exe.map(|exe| exe.to_string()),
        cmdline: program.cmdline,
        user: program.user,
        started_at: program.started_at,
        listeners: program.listeners,
        own_network: program.own_network,
        evidence: program.evidence,
        confidence: program.confidence,
        risk_flags: body.risk_flags,
        configs: paths(body.configs),
        instructions: paths(body.instructions),
        mcp_servers: body.mcp_servers,
        ..row
    }
}

fn model_ref(program: i64, model: &LoadedModel, loaded: &Loaded) -> ModelRef {
    let path = model.path.to_string();
    let (artifact, name) = match loaded.get(&(program, path.clone())) {
        Some((artifact, name)) => (Some(artifact.clone()), name.clone()),
        None => (None, model.path.file_name().to_string()),
    };
    ModelRef { artifact, name, path, format: model.format.clone() }
}

async fn loaded(db: &Database, ids: &[i64]) -> Result<Loaded, StoreError> {
    if ids.is_empty() {
        return Ok(Loaded::new());
    }
    let mut sql = Sql::new(LOADED);
    sql.append(list(ids));
    let rows = db.rows(&sql.text, sql.values).await?;
    rows.iter().map(|row| Ok(((row.int(0)?, row.text(1)?), (row.text(2)?, row.text(3)?)))).collect()
}
