//! The rows of a made-up fleet.

use domain::{
    Agent, CommercialUse, Confidence, Evidence, EvidenceFamily, License, LoadedModel, Metadata, Origin,
    Program,
};
use jiff::Timestamp;

use super::{
    Scale,
    words::{
        AGENTS, Chance, FAMILIES, FORMATS, GAPS, KINDS, LICENSES, PACKAGES, PUBLISHERS, RULES, RUNTIMES,
        STORES, SYSTEMS,
    },
};
use crate::{Store, StoreError, db::Value};

const DAY: i64 = 86_400_000;
/// People who look after findings; most others have a device or three.
const TRIAGING: u64 = 8;
/// Parameters of one statement; SQLite takes 32,766.
const PARAMETERS: usize = 9_000;

/// Makes rows.
pub(super) struct Maker {
    pub(super) scale: Scale,
    pub(super) now: i64,
}

/// Rows on their way into a table.
struct Batch<'a> {
    store: &'a Store,
    table: &'static str,
    columns: &'static str,
    values: Vec<Value>,
}

impl<'a> Batch<'a> {
    fn new(store: &'a Store, table: &'static str, columns: &'static str) -> Self {
        Self { store, table, columns, values: Vec::new() }
    }

    async fn add(&mut self, row: impl IntoIterator<Item = Value>) -> Result<(), StoreError> {
        self.values.extend(row);
        if self.values.len() >= PARAMETERS { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        let width = self.columns.split(',').count();
        let row = format!("({})", vec!["?"; width].join(","));
        let rows = vec![row; self.values.len() / width].join(",");
        if rows.is_empty() {
            return Ok(());
        }
        let sql = format!("INSERT INTO {} ({}) VALUES {rows}", self.table, self.columns);
        self.store.db.execute(&sql, std::mem::take(&mut self.values)).await.map(|_| ())
    }
}

fn id(row: u64) -> Value {
    Value::from(row + 1)
}

fn none() -> Value {
    Value::Text(None)
}

fn no_number() -> Value {
    Value::Int(None)
}

impl Maker {
    fn chance(&self, table: u64, row: u64) -> Chance {
        Chance::new(self.scale.seed, table, row)
    }

    /// The moment at which the row of a table arrived: later rows later.
    fn arrival(&self, row: u64, of: u64) -> i64 {
        let age = i64::try_from((of - row) * 7_776_000 / of.max(1)).unwrap_or(0);
        self.now - age * 1000
    }

    fn people_count(&self) -> u64 {
        (self.scale.devices / 3).max(TRIAGING)
    }

    pub(super) async fn people(&self, store: &Store) -> Result<(), StoreError> {
        let mut batch = Batch::new(store, "people", "id,name,role,created_at");
        for row in 0..self.people_count() {
            let name = format!("Person {row:02}");
            let role = if row == 0 { "owner" } else { "device-user" };
            batch.add([id(row), name.into(), role.into(), (self.now - 90 * DAY).into()]).await?;
        }
        batch.write().await
    }

    pub(super) async fn devices(&self, store: &Store) -> Result<(), StoreError> {
        let mut batch = Batch::new(
            store,
            "devices",
            "id,uid,public_key,machine,hostname,name,os,os_version,arch,person,sensor_version,enrolled_at,revoked_at,seen_at,\
             reported_at,sight,unreadable,search,coverage",
        );
        let mut gaps = Batch::new(store, "gaps", "device,capability,lost,remedy");
        for row in 0..self.scale.devices {
            let mut chance = self.chance(1, row);
            let uid = chance.hex(32);
            let name = format!("{}-{row:05}", chance.of(&["lap", "Lap", "srv", "build"]));
            let os = chance.of(SYSTEMS);
            let sight = chance.of(&["full", "partial", "partial"]);
            let seen = self.now - i64::try_from(chance.small(40 * 86_400)).unwrap_or(0) * 1000;
            let person = if chance.percent(70) {
                Value::from(1 + chance.below(self.people_count()))
            } else {
                no_number()
            };
            let revoked = if chance.percent(2) { self.now.into() } else { no_number() };
            let search = format!("{uid} {} {os} 13 x86_64", name.to_lowercase());
            let coverage = Value::json(&domain::Coverage { files: 120_000, ..Default::default() })?;
            batch
                .add([
                    id(row),
                    uid.into(),
                    vec![7_u8; 32].into(),
                    none(),
                    name.as_str().into(),
                    name.as_str().into(),
                    os.into(),
                    "13".into(),
                    "x86_64".into(),
                    person,
                    "0.1.0".into(),
                    self.arrival(row, self.scale.devices).into(),
                    revoked,
                    seen.into(),
                    seen.into(),
                    sight.into(),
                    Value::from(if sight == "partial" { chance.below(90) } else { 0 }),
                    search.into(),
                    coverage,
                ])
                .await?;
            if sight == "partial" {
                for gap in GAPS.iter().filter(|_| chance.percent(60)) {
                    let words = ["what others run is not seen".into(), "run as root".into()];
                    gaps.values.extend([id(row), (*gap).into()].into_iter().chain(words));
                }
            }
        }
        batch.write().await?;
        write_all(gaps, 4).await
    }

    /// An artefact as far as its rows and those that refer to it agree.
    fn artifact_name(&self, row: u64) -> (String, &'static str) {
        let mut chance = self.chance(2, row);
        let name = format!("{}-{}b-v{row}", chance.of(FAMILIES), 1 + chance.below(70));
        (name, chance.of(FORMATS))
    }

    /// The store in which an artefact lies wherever it is held.
    fn store(&self, artifact: u64) -> Option<&'static str> {
        let mut chance = self.chance(5, artifact);
        chance.percent(50).then(|| chance.of(STORES))
    }

    pub(super) async fn artifacts(&self, store: &Store) -> Result<(), StoreError> {
        let mut batch = Batch::new(
            store,
            "artifacts",
            "id,uid,sha256,digest_status,name,format,size,license,commercial_use,registry,repository,revision,publisher,role,\
             architecture,quantization,parameters,verdict,base,stores,first_seen_at,search,license_json,origin_json,metadata,facts",
        );
        for row in 0..self.scale.artifacts {
            let values = self.artifact(row)?;
            batch.add(values).await?;
        }
        batch.write().await
    }

    fn artifact(&self, row: u64) -> Result<Vec<Value>, StoreError> {
        let mut chance = self.chance(3, row);
        let (name, format) = self.artifact_name(row);
        let sha = chance.hex(64);
        let status = chance.of(&["computed", "computed", "claimed", "pending"]);
        let uid = if status == "computed" { sha.clone() } else { format!("c-{}", &chance.hex(32)) };
        let license = if chance.percent(60) {
            usize::try_from(chance.below(5)).ok().and_then(|at| LICENSES.get(at).copied())
        } else {
            None
        };
        let publisher = chance.percent(70).then(|| format!("{}{}", chance.of(PUBLISHERS), chance.small(400)));
        let repository = publisher.as_ref().map(|publisher| format!("{publisher}/{name}"));
        let origin = repository.as_ref().map(|repository| Origin {
            registry: "hugging-face".into(),
            repository: Some(repository.clone()),
            revision: None,
            evidence: "the layout of its store".into(),
        });
        let metadata = Metadata {
            name: Some(name.clone()),
            architecture: Some("llama".into()),
            parameters: Some(7_000_000_000),
            keys: [("general.description".to_owned(), "a model for measuring ".repeat(12))].into(),
            ..Metadata::default()
        };
        let search = format!(
            "{} {} {format} {sha}",
            name.to_lowercase(),
            repository.as_deref().unwrap_or_default().to_lowercase()
        );
        let store = self.store(row).map(|store| format!(" {store} ")).unwrap_or_default();
        Ok(vec![
            id(row),
            uid.into(),
            (status != "pending").then_some(sha).into(),
            status.into(),
            name.into(),
            format.into(),
            (1_000_000 + chance.below(40_000_000_000)).into(),
            license.map(|(id, _)| id).into(),
            license.map(|(_, use_)| use_).into(),
            publisher.as_ref().map(|_| "hugging-face").into(),
            repository.into(),
            none(),
            publisher.into(),
            (if row % 15 == 7 { "data" } else { "weights" }).into(),
            "llama".into(),
            chance.percent(50).then(|| chance.of(&["Q4_K_M", "Q8_0", "F16"])).into(),
            7_000_000_000_u64.into(),
            chance.of(&["clean", "clean", "clean", "not-scanned", "unscannable", "suspicious"]).into(),
            (if chance.percent(20) { " northwind/base-7b " } else { "" }).into(),
            store.into(),
            self.arrival(row, self.scale.artifacts).into(),
            search.into(),
            license.map(|license| Value::json(&licensed(license))).transpose()?.unwrap_or_else(none),
            origin.map(|origin| Value::json(&origin)).transpose()?.unwrap_or_else(none),
            Value::json(&metadata)?,
            "[]".into(),
        ])
    }

    /// The artefact and the path of a holding.
    fn holding(&self, row: u64) -> (u64, String) {
        let mut chance = self.chance(4, row);
        let artifact = chance.small(self.scale.artifacts);
        let (name, format) = self.artifact_name(artifact);
        let user = chance.of(&["ann", "Bob", "carol", "dave"]);
        (artifact, format!("/home/{user}/models/{}/{name}-{row}.{format}", chance.of(PUBLISHERS)))
    }

    pub(super) async fn holdings(&self, store: &Store) -> Result<(), StoreError> {
        let columns = "id,device,item,place,path,artifact,store,first_seen_at";
        let mut batch = Batch::new(store, "holdings", columns);
        for row in 0..self.scale.holdings {
            let (artifact, path) = self.holding(row);
            let place = i64::try_from(row).unwrap_or(0);
            batch
                .add([
                    id(row),
                    id(row % self.scale.devices),
                    place.into(),
                    place.into(),
                    path.into(),
                    id(artifact),
                    self.store(artifact).into(),
                    self.arrival(row, self.scale.holdings).into(),
                ])
                .await?;
        }
        batch.write().await
    }

    pub(super) async fn programs(&self, store: &Store) -> Result<(), StoreError> {
        let mut batch = Batch::new(
            store,
            "programs",
            "id,uid,device,kind,item,tool,name,pid,exe,account,started_at,confidence,exposed,servers,listeners,unattended,\
             first_seen_at,search,body",
        );
        let mut loaded = Batch::new(store, "loaded", "program,artifact");
        for row in 0..self.scale.programs {
            let mut chance = self.chance(6, row);
            let runtime = chance.percent(50);
            let tool = chance.of(if runtime { RUNTIMES } else { AGENTS });
            // The device of a holding with the same number, whose file may be loaded.
            let (artifact, path) = self.holding(row.min(self.scale.holdings.saturating_sub(1)));
            let running = runtime || chance.percent(10);
            let with_model = runtime && chance.percent(60) && row < self.scale.holdings;
            let listener = format!("127.0.0.1:{}", 8000 + chance.below(4000));
            let started = self.now - i64::try_from(chance.below(30 * 86_400)).unwrap_or(0) * 1000;
            let confidence = if chance.percent(70) { Confidence::Confirmed } else { Confidence::Likely };
            let mut program = Program::installed(
                Some(tool.into()),
                Some("ann".into()),
                vec![Evidence { family: EvidenceFamily::Http, detail: "answered on its port".into() }],
                confidence,
            );
            if running {
                program.pid = u32::try_from(1000 + row % 30_000).ok();
                program.started_at = Timestamp::from_millisecond(started).ok();
                program.listeners = vec![listener.clone()];
            }
            if with_model {
                let format = self.artifact_name(artifact).1.into();
                program.models = vec![LoadedModel { path: path.as_str().into(), format, sha256: None }];
            }
            batch
                .add([
                    id(row),
                    chance.hex(32).into(),
                    id(row % self.scale.devices),
                    (if runtime { "runtime" } else { "agent" }).into(),
                    format!("p{row}").into(),
                    tool.into(),
                    format!("{tool} {}", row % 9).into(),
                    program.pid.map(u64::from).into(),
                    none(),
                    chance.of(&["ann", "Bob", "carol"]).into(),
                    Value::Int(running.then_some(started)),
                    (if confidence == Confidence::Confirmed { "confirmed" } else { "likely" }).into(),
                    chance.percent(5).into(),
                    chance.small(6).into(),
                    (if running { format!(" {listener} ") } else { String::new() }).into(),
                    chance.percent(5).into(),
                    self.arrival(row, self.scale.programs).into(),
                    format!("{tool} p{row} ann").into(),
                    Value::json(&Agent::new(program))?,
                ])
                .await?;
            if with_model {
                loaded.values.extend([id(row), id(artifact)]);
            }
        }
        batch.write().await?;
        write_all(loaded, 2).await
    }

    pub(super) async fn packages(&self, store: &Store) -> Result<(), StoreError> {
        let columns = "id,uid,device,ecosystem,name,version,path,first_seen_at";
        let mut batch = Batch::new(store, "packages", columns);
        for row in 0..self.scale.packages {
            let mut chance = self.chance(7, row);
            let name = chance.of(PACKAGES);
            batch
                .add([
                    id(row),
                    chance.hex(32).into(),
                    id(row % self.scale.devices),
                    "pypi".into(),
                    name.into(),
                    format!("{}.{}", chance.below(5), chance.below(30)).into(),
                    format!("/usr/lib/python3/{name}").into(),
                    self.arrival(row, self.scale.packages).into(),
                ])
                .await?;
        }
        batch.write().await
    }

    pub(super) async fn findings(&self, store: &Store) -> Result<(), StoreError> {
        let mut batch = Batch::new(
            store,
            "findings",
            "id,uid,device,rule,severity,subject,message,artifact,state,assignee,due,acknowledged_by,acknowledged_at,reason,\
             first_seen_at,changed_at,search,evidence,help",
        );
        for row in 0..self.scale.findings {
            let mut chance = self.chance(8, row);
            let at = usize::try_from(chance.small(RULES.len() as u64)).unwrap_or(0);
            let (rule, severity) = RULES.get(at).copied().unwrap_or(("unknown-origin", 0));
            let artifact = self.holding(row.min(self.scale.holdings.saturating_sub(1))).0;
            let (name, _) = self.artifact_name(artifact);
            let state = chance.of(&["open", "open", "open", "acknowledged", "resolved"]);
            let left = state == "acknowledged";
            let seen = self.arrival(row, self.scale.findings);
            let message = format!("`{name}` is held, and {rule} says that someone should look at it");
            let due = chance.percent(4).then(|| format!("2026-12-{:02}", 1 + chance.below(28)));
            batch
                .add([
                    id(row),
                    chance.hex(32).into(),
                    id(row % self.scale.devices),
                    rule.into(),
                    severity.into(),
                    name.as_str().into(),
                    message.as_str().into(),
                    if self.scale.holdings == 0 { no_number() } else { id(artifact) },
                    state.into(),
                    if chance.percent(10) { (1 + chance.below(TRIAGING)).into() } else { no_number() },
                    due.into(),
                    Value::Int(left.then_some(1)),
                    Value::Int(left.then_some(seen)),
                    left.then_some("it is a test").into(),
                    seen.into(),
                    seen.into(),
                    format!("{rule} {} {}", name.to_lowercase(), message.to_lowercase()).into(),
                    Value::json(&["a place in the file, and what stands there ".repeat(4)])?,
                    "Look at it, and decide whether it may stay. ".repeat(4).into(),
                ])
                .await?;
        }
        batch.write().await
    }

    pub(super) async fn records(&self, store: &Store) -> Result<(), StoreError> {
        let columns = "id,at,kind,actor,actor_name,device,subject,detail,search";
        let mut batch = Batch::new(store, "records", columns);
        for row in 0..self.scale.records {
            let mut chance = self.chance(9, row);
            let kind = chance.of(KINDS);
            let by = chance.percent(10);
            let device = if chance.percent(90) { id(row % self.scale.devices) } else { no_number() };
            batch
                .add([
                    id(row),
                    self.arrival(row, self.scale.records).into(),
                    kind.into(),
                    Value::Int(by.then_some(1)),
                    by.then_some("Person 00").into(),
                    device,
                    format!("model-{row}").into(),
                    "".into(),
                    format!("{kind} model-{row}").into(),
                ])
                .await?;
        }
        batch.write().await
    }

    pub(super) async fn days(&self, store: &Store) -> Result<(), StoreError> {
        let mut batch = Batch::new(store, "days", "day,artifacts,runtimes,agents,devices");
        let today = self.now / DAY;
        for back in (1..=20).rev() {
            let grown = |number: u64| Value::from(number * u64::try_from(40 - back).unwrap_or(0) / 40);
            let Scale { artifacts, programs, devices, .. } = self.scale;
            batch
                .add([
                    (today - back).into(),
                    grown(artifacts),
                    grown(programs / 2),
                    grown(programs / 20),
                    grown(devices),
                ])
                .await?;
        }
        batch.write().await
    }
}

/// Rows that had to wait for others.
async fn write_all(mut waiting: Batch<'_>, width: usize) -> Result<(), StoreError> {
    let values = std::mem::take(&mut waiting.values);
    for chunk in values.chunks(width * (PARAMETERS / width)) {
        waiting.values = chunk.to_vec();
        waiting.write().await?;
    }
    Ok(())
}

fn licensed((id, commercial_use): (&str, &str)) -> License {
    let commercial_use = match commercial_use {
        "yes" => CommercialUse::Yes,
        "no" => CommercialUse::No,
        "conditional" => CommercialUse::Conditional,
        _ => CommercialUse::Unknown,
    };
    License { id: id.into(), evidence: "a file beside it".into(), commercial_use }
}
