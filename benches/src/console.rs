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

/// How often each page is asked for.
const ROUNDS: usize = 20;

/// What is asked: the pages of the console, then what people do with its lists, then the API.
const PATHS: [&str; 34] = [
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

/// Measures a small machine's product, then a fleet's.
pub(crate) fn measure(eyeline: &Path, dir: &Path) -> Result<Vec<Row>> {
    let mut rows = small(eyeline, dir)?;
    rows.extend(fleet(eyeline, dir)?);
    Ok(rows)
}

/// From nothing: start, first scan, weight of a page, memory.
fn small(eyeline: &Path, dir: &Path) -> Result<Vec<Row>> {
    let own = tempdir(dir, "small")?;
    let home = own.join("home");
    std::fs::create_dir_all(home.join("models"))?;
    std::fs::write(home.join("models/plain.gguf"), crate::models::gguf())?;
    let product = Product::start(eyeline, &own.join("data"), &home)?;
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
    let product = Product::start(eyeline, &data, &dir.join("empty"))?;
    let mut worst = (Duration::ZERO, "");
    for path in PATHS {
        product.ask(path)?;
        let mut times = (0..ROUNDS).map(|_| Ok(product.ask(path)?.0)).collect::<Result<Vec<_>>>()?;
        times.sort();
        let p95 = times.get(ROUNDS * 95 / 100).or(times.last()).copied().unwrap_or_default();
        eprintln!("bench: {:>8.1} ms  {path}", p95.as_secs_f64() * 1e3);
        worst = worst.max((p95, path));
    }
    eprintln!("bench: the slowest is {}", worst.1);
    Ok(vec![
        Row::below("fleet: slowest of all lists and searches, p95, ms", worst.0.as_secs_f64() * 1e3, PAGE_MS),
        Row::below("fleet: idle memory, MB", product.idle_memory()?, IDLE_MB),
    ])
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
    runtime.block_on(async {
        let store = Store::open(&Location::Sqlite(data.join("eyeline.db"))).await?;
        seed::fill(&store, Scale::LARGE, jiff::Timestamp::now()).await?;
        store.close().await;
        anyhow::Ok(())
    })?;
    std::fs::write(&done, "")?;
    Ok(data)
}

fn tempdir(dir: &Path, name: &str) -> Result<PathBuf> {
    let own = dir.join(name);
    let _ = std::fs::remove_dir_all(&own);
    std::fs::create_dir_all(&own).with_context(|| format!("failed to make `{}`", own.display()))?;
    Ok(own)
}
