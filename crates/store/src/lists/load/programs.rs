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

/// The artefacts that programs have loaded.
const LOADED: &str =
    "SELECT l.program, a.uid, a.name FROM loaded l JOIN artifacts a ON a.id = l.artifact WHERE l.program IN ";

/// The same with their paths, which stand in the longest table.
const LOADED_BY_PATH: &str = "SELECT l.program, h.path, a.uid, a.name FROM loaded l JOIN programs p ON p.id = l.program \
    JOIN artifacts a ON a.id = l.artifact JOIN holdings h ON h.artifact = l.artifact AND h.device = p.device \
    WHERE l.program IN ";

/// The id and the name of an artefact, by program and path.
type Loaded = HashMap<(i64, String), (String, String)>;

pub(crate) async fn programs(db: &Database, ids: &[i64]) -> Result<Vec<ProgramRow>, StoreError> {
    let rows = by_ids(db, SELECT, ids, |row| Ok((program_row(row)?, row.json::<Agent>(8)?))).await?;
    let loaded = loaded(db, rows.iter().map(|(id, (_, body))| (*id, body.program.models.as_slice()))).await?;
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

/// What programs have loaded. The only artefact of a program with one model is that model, so its path need not be looked up.
async fn loaded<'m>(
    db: &Database,
    programs: impl Iterator<Item = (i64, &'m [LoadedModel])>,
) -> Result<Loaded, StoreError> {
    let models: HashMap<i64, &[LoadedModel]> = programs.filter(|(_, models)| !models.is_empty()).collect();
    let mut artifacts: HashMap<i64, Vec<(String, String)>> = HashMap::new();
    let mut ids: Vec<i64> = models.keys().copied().collect();
    ids.sort_unstable();
    for row in among(db, LOADED, &ids).await? {
        artifacts.entry(row.int(0)?).or_default().push((row.text(1)?, row.text(2)?));
    }
    let mut found = Loaded::new();
    let mut several = Vec::new();
    for (program, mut artifacts) in artifacts {
        match (models.get(&program).copied().unwrap_or_default(), artifacts.pop()) {
            ([model], Some(only)) if artifacts.is_empty() => {
                found.insert((program, model.path.to_string()), only);
            }
            _ => several.push(program),
        }
    }
    for row in among(db, LOADED_BY_PATH, &several).await? {
        found.insert((row.int(0)?, row.text(1)?), (row.text(2)?, row.text(3)?));
    }
    Ok(found)
}

/// The rows of a statement that ends where a list of ids begins.
async fn among(db: &Database, select: &str, ids: &[i64]) -> Result<Vec<Row>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(select);
    sql.append(list(ids));
    db.rows(&sql.text, sql.values).await
}
