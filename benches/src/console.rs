//! The console and the API on the inventory of a fleet: every list, search and page, at the server.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use store::{
    Location, Store,
    seed::{self, Scale},
};

use crate::{product::Product, report::Row};

/// Goals of the product, on two cores.
const PAGE_MS: f64 = 100.0;
const FIRST_PAGE_KB: f64 = 60.0;
const IDLE_MB: f64 = 60.0;
const LISTENING_S: f64 = 2.0;
const FIRST_SCAN_S: f64 = 10.0;

/// Connections to a database that nobody asks are let go by then.
const QUIET: Duration = Duration::from_secs(90);

/// How often each page is asked for.
const ROUNDS: usize = 20;

/// What is asked: the pages of the console, then what people do with its lists, then the API.
const PATHS: &[&str] = &[
    "/",
    "/findings",
    "/findings?q=severity:critical,high&sort=-seen",
    "/findings?q=rule:unknown-origin",
    "/findings?q=lap-0417",
    "/findings?q=assignee:none+state:open&sort=due",
    "/models",
    "/models?sort=-size",
    "/models?sort=-held",
    "/models?sort=name",
    "/models?q=llama",
    "/models?q=license:cc-by-nc-4.0",
    "/models?q=format:gguf+size:%3E4GB&sort=-size",
    "/models?q=nothing-has-this-name",
    "/models?q=device:lap-00*",
    "/runtimes",
    "/runtimes?q=exposed:yes",
    "/agents",
    "/agents?q=state:installed&sort=device",
    "/devices",
    "/devices?sort=-artifacts",
    "/devices?q=lap-01",
    "/devices?q=state:silent",
    "/devices?q=findings:%3E3&sort=-seen",
    "/records",
    "/api/v1/devices?limit=1000",
    "/api/v1/artifacts?limit=1000",
    "/api/v1/holdings?limit=1000",
    "/api/v1/holdings?q=llama",
    "/api/v1/holdings?q=device:lap-00417",
    "/api/v1/runtimes?limit=1000",
    "/api/v1/agents?limit=1000",
    "/api/v1/packages?q=name:torch",
    "/api/v1/findings?limit=1000",
];

/// Filters that the order does not help, and words that many rows have, few or none.
const AGAINST_THE_GRAIN: &[&str] = &[
    "/findings?q=state:open&sort=severity",
    "/findings?q=state:open+kestrel",
    "/findings?q=state:open+kestrel&sort=due",
    "/findings?q=due:%3C2026-12-15&sort=-due",
    "/findings?q=due:%3C2026-12-15&sort=due",
    "/findings?q=state:resolved&sort=seen",
    "/findings?q=state:open+rule:pickle-weights&sort=due",
    "/findings?q=-rule:unknown-origin+state:acknowledged&sort=-seen",
    "/findings?q=device:lap-0*&sort=due",
    "/findings?q=assignee:none&sort=-due",
    "/models?q=kestrel&sort=name",
    "/models?q=kestrel&sort=-name",
    "/models?q=kestrel&sort=-size",
    "/models?q=license:mit&sort=-name",
    "/models?q=license:mit&sort=-size",
    "/models?q=verdict:suspicious&sort=severity",
    "/models?q=origin:unknown&sort=-held",
    "/models?q=format:keras+store:ollama&sort=size",
    "/models?q=severity:high,critical&sort=name",
    "/models?q=publisher:northwind*&sort=name",
    "/models?q=device:lap*&sort=-size",
    "/models?q=loaded:%3E0&sort=name",
    "/devices?q=os:linux&sort=findings",
    "/devices?q=os:linux&sort=-findings",
    "/devices?q=os:macos&sort=-artifacts",
    "/devices?q=lap&sort=-seen",
    "/devices?q=person:none&sort=os",
    "/devices?q=gap:sockets&sort=-seen",
    "/runtimes?q=ollama",
    "/runtimes?q=tool:ollama&sort=started",
    "/runtimes?q=os:linux&sort=-started",
    "/runtimes?q=llama+ann&sort=-name",
    "/agents?q=tool:codex+state:*&sort=-name",
    "/agents?q=os:windows+state:installed",
    "/agents?q=aider+state:*",
    "/records?q=model-2999",
    "/records?q=finding-opened+model-29",
    "/records?q=nothing-of-this-name",
    "/records?q=device:lap-0*",
    "/api/v1/holdings?q=format:keras+store:ollama",
    "/api/v1/holdings?q=format:keras+store:ollama&sort=path",
    "/api/v1/holdings?q=os:macos+license:mit",
    "/api/v1/holdings?q=os:macos&sort=path",
    "/api/v1/holdings?q=kestrel",
    "/api/v1/holdings?q=kestrel&sort=path",
    "/api/v1/holdings?q=lap+verdict:clean",
    "/api/v1/holdings?q=size:%3E39GB+format:onnx",
    "/api/v1/packages?q=torch",
    "/api/v1/packages?q=lap-0041",
    "/api/v1/packages?q=nothing-of-this-name",
    "/api/v1/packages?q=os:linux&sort=-seen",
];

/// Measures a small machine's product, then a fleet's.
pub(crate) fn measure(eyeline: &Path, dir: &Path, postgres: Option<&str>) -> Result<Vec<Row>> {
    let mut rows = small(eyeline, dir)?;
    rows.extend(fleet(eyeline, dir)?);
    match postgres {
        Some(server) => rows.extend(fleet_on_postgres(eyeline, dir, server)?),
        None => eprintln!("bench: no PostgreSQL named (--postgres): the fleet is measured on SQLite alone"),
    }
    Ok(rows)
}

/// From nothing: start, first scan, weight of a page, memory.
fn small(eyeline: &Path, dir: &Path) -> Result<Vec<Row>> {
    let own = tempdir(dir, "small")?;
    let home = own.join("home");
    std::fs::create_dir_all(home.join("models"))?;
    std::fs::write(home.join("models/plain.gguf"), crate::models::gguf())?;
    let product = Product::start(eyeline, &own.join("data"), &home, None)?;
    let scanned = product.first_scan()?;
    let weight = first_page(&product)?;
    Ok(vec![
        Row::below("eyeline up: listening, s", product.listening.as_secs_f64(), LISTENING_S),
        Row::below("eyeline up: first scan in the API, s", scanned.as_secs_f64(), FIRST_SCAN_S),
        Row::below("eyeline up: idle memory, MB", product.idle_memory()?, IDLE_MB),
        Row::below("console: first page as sent, kB", weight, FIRST_PAGE_KB),
    ])
}

/// 100,000 artefacts, 3,000,000 holdings, 50,000 devices.
fn fleet(eyeline: &Path, dir: &Path) -> Result<Vec<Row>> {
    let data = seeded(dir)?;
    let product = Product::start(eyeline, &data, &dir.join("empty"), None)?;
    let idle = product.idle_memory()?;
    let [usual, against] = pages(&product, "SQLite")?;
    Ok(vec![
        Row::below("fleet on SQLite: slowest usual page, p95, ms", usual, PAGE_MS),
        Row::below("fleet on SQLite: slowest odd question, p95, ms", against, PAGE_MS),
        Row::below("fleet on SQLite: idle memory, MB", idle, IDLE_MB),
        Row::below(
            "fleet on SQLite: memory after all that, idle again, MB",
            product.memory_after(QUIET)?,
            IDLE_MB,
        ),
    ])
}

/// A fifth of that: filling PostgreSQL with all of it takes too long to do each time.
fn fleet_on_postgres(eyeline: &Path, dir: &Path, server: &str) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let name = format!("eyeline_fleet_{}", std::process::id());
    let url = runtime.block_on(seed::make_database(server, &name)).context("failed to make a database")?;
    let rows = on_postgres(&runtime, eyeline, &tempdir(dir, "postgres")?, &url);
    runtime.block_on(seed::drop_database(server, &name)).context("failed to drop the database")?;
    rows
}

fn on_postgres(runtime: &tokio::runtime::Runtime, eyeline: &Path, own: &Path, url: &str) -> Result<Vec<Row>> {
    eprintln!("bench: filling a PostgreSQL database with a fifth of the fleet");
    runtime.block_on(filled(&Location::Postgres(url.to_owned()), Scale::LARGE.part(5)))?;
    let product = Product::start(eyeline, &own.join("data"), &own.join("empty"), Some(url))?;
    let [usual, against] = pages(&product, "PostgreSQL")?;
    Ok(vec![
        Row::below("a fifth on PostgreSQL: slowest usual page, p95, ms", usual, PAGE_MS),
        Row::below("a fifth on PostgreSQL: slowest odd question, p95, ms", against, PAGE_MS),
    ])
}

/// The slowest p95 of the usual pages and of the odd questions, in ms. Each is asked again and again, because some systems take what was
/// read away again within seconds; the overview, which is kept until something changes, only after a change.
fn pages(product: &Product, engine: &str) -> Result<[f64; 2]> {
    let slowest = |paths: &[&str]| {
        paths.iter().try_fold(0.0, |slowest: f64, path| {
            let mut times = Vec::new();
            for round in 0..=ROUNDS {
                if *path == "/" {
                    product.change()?;
                }
                let time = product.ask(path)?.0;
                // The first one fills the caches.
                times.extend((round > 0).then_some(time));
            }
            anyhow::Ok(slowest.max(p95(engine, path, times)))
        })
    };
    Ok([slowest(PATHS)?, slowest(AGAINST_THE_GRAIN)?])
}

/// The nearest rank, in ms.
fn p95(engine: &str, path: &str, mut times: Vec<Duration>) -> f64 {
    times.sort();
    let rank = (times.len() * 95).div_ceil(100);
    let ms = times.get(rank.saturating_sub(1)).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
    eprintln!("bench: {engine} {ms:>8.1} ms  {path}");
    ms
}

/// The page and everything that a browser fetches for it, in kB.
fn first_page(product: &Product) -> Result<f64> {
    let page = product.text("/")?;
    let mut bytes = product.ask("/")?.1.len();
    let mut assets: Vec<String> =
        page.split('"').filter(|part| part.starts_with("/assets/")).map(str::to_owned).collect();
    assets.sort();
    assets.dedup();
    for asset in &assets {
        bytes += product.ask(asset)?.1.len();
        if asset.ends_with(".css") {
            // The faces that every page needs; those with a range of their own are fetched when such a letter occurs.
            for font in fonts(&product.text(asset)?) {
                bytes += product.ask(&font)?.1.len();
            }
        }
    }
    Ok(bytes as f64 / 1e3)
}

fn fonts(css: &str) -> Vec<String> {
    css.split("url(")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .map(|url| url.trim_matches(['"', '\'']))
        .filter(|url| url.ends_with(".woff2") && !url.contains("-latin") && !url.contains("-extended"))
        // The files lie beside the styles.
        .map(|url| format!("/assets/{}", url.rsplit('/').next().unwrap_or(url)))
        .collect()
}

/// The fleet's data directory, made once.
fn seeded(dir: &Path) -> Result<PathBuf> {
    let data = dir.join("fleet");
    let done = data.join("seeded");
    if done.exists() {
        return Ok(data);
    }
    eprintln!("bench: filling {} (some minutes, once)", data.display());
    let _ = std::fs::remove_dir_all(&data);
    std::fs::create_dir_all(&data)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(filled(&Location::Sqlite(data.join("eyeline.db")), Scale::LARGE))?;
    std::fs::write(&done, "")?;
    Ok(data)
}

async fn filled(location: &Location, scale: Scale) -> Result<()> {
    let store = Store::open(location).await?;
    seed::fill(&store, scale, jiff::Timestamp::now()).await?;
    store.close().await;
    Ok(())
}

fn tempdir(dir: &Path, name: &str) -> Result<PathBuf> {
    let own = dir.join(name);
    let _ = std::fs::remove_dir_all(&own);
    std::fs::create_dir_all(&own).with_context(|| format!("failed to make `{}`", own.display()))?;
    Ok(own)
}
