//! A running `eyeline up` to measure: how fast it is there, what it weighs, how quickly it answers.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Far more than a start takes.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long it is left alone before its memory counts as idle.
const SETTLE: Duration = Duration::from_secs(5);

/// It runs until it is dropped.
pub(crate) struct Product {
    child: Child,
    /// `http://127.0.0.1:PORT`
    url: String,
    token: String,
    agent: ureq::Agent,
    /// From the start of the process to the line with its address.
    pub(crate) listening: Duration,
}

impl Product {
    /// Starts it on a data directory, looking at a home; on a PostgreSQL database where one is named.
    pub(crate) fn start(eyeline: &Path, data: &Path, home: &Path, database: Option<&str>) -> Result<Self> {
        fs::create_dir_all(home)?;
        let start = Instant::now();
        let mut child = Command::new(eyeline)
            .args(["up", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .arg("--root")
            .arg(home)
            .args(database.into_iter().flat_map(|database| ["--database", database]))
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("failed to start eyeline up")?;
        let output = child.stdout.take().context("standard output is piped")?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let url = lines
            .find_map(|line| Some(line.get(line.find("http://")?..)?.split("/login/").next()?.to_owned()));
        let listening = start.elapsed();
        thread::spawn(move || lines.for_each(drop));
        let Some(url) = url else { bail!("eyeline up printed no address: {:?}", child.wait()) };
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build();
        let mut product =
            Self { child, url, token: String::new(), agent: ureq::Agent::new_with_config(config), listening };
        product.token = token(eyeline, data)?;
        Ok(product)
    }

    /// Asks once: how long the whole answer took, and its bytes as they were sent (compressed where the server compresses).
    pub(crate) fn ask(&self, path: &str) -> Result<(Duration, Vec<u8>)> {
        let start = Instant::now();
        let mut answer = self
            .agent
            .get(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept-encoding", "br, gzip")
            .call()
            .with_context(|| format!("failed to ask {path}"))?;
        let bytes = answer.body_mut().with_config().limit(256 << 20).read_to_vec()?;
        Ok((start.elapsed(), bytes))
    }

    /// Changes something, so that nothing that was counted before is still right.
    pub(crate) fn change(&self) -> Result<()> {
        let answer = self
            .agent
            .post(format!("{}/api/v1/enrolment-tokens", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .send(r#"{"ttl": "1h"}"#);
        answer.map(drop).context("failed to change something")
    }

    /// The same as text, uncompressed.
    pub(crate) fn text(&self, path: &str) -> Result<String> {
        let mut answer = self
            .agent
            .get(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept-encoding", "identity")
            .call()
            .with_context(|| format!("failed to ask {path}"))?;
        Ok(answer.body_mut().read_to_string()?)
    }

    /// The items of a collection.
    pub(crate) fn items(&self, path: &str) -> Result<Vec<Value>> {
        let answer: Value = serde_json::from_str(&self.text(path)?)?;
        Ok(answer["items"].as_array().cloned().unwrap_or_default())
    }

    /// From now until this machine's models are listed.
    pub(crate) fn first_scan(&self) -> Result<Duration> {
        let start = Instant::now();
        while self.items("/api/v1/artifacts?limit=1")?.is_empty() {
            if start.elapsed() > PATIENCE {
                bail!("nothing was listed within {PATIENCE:?}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(self.listening + start.elapsed())
    }

    /// Its resident memory when nobody asks anything, in MB.
    pub(crate) fn idle_memory(&self) -> Result<f64> {
        self.memory_after(SETTLE)
    }

    /// Its resident memory after nobody has asked anything for a while, in MB.
    pub(crate) fn memory_after(&self, quiet: Duration) -> Result<f64> {
        thread::sleep(quiet);
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024.0 / 1e6)
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn token(eyeline: &Path, data: &Path) -> Result<String> {
    let output = Command::new(eyeline)
        .args(["token", "create", "--role", "owner", "--name", "bench", "--ttl", "1h", "--data"])
        .arg(data)
        .output()
        .context("failed to make a token")?;
    let text = String::from_utf8(output.stdout)?;
    text.lines().last().map(str::to_owned).context("no token was printed")
}
