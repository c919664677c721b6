//! One running `eyeline up` with a home and a data directory of its own.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::mpsc::Receiver,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Running, eventually, eyeline, models};

/// Far more than a start takes, even unoptimised on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// What `eyeline up` is started with. Dropping it removes its home and its data.
pub struct Product {
    words: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    wrapper: Vec<OsString>,
    data: PathBuf,
    own: TempDir,
}

/// It runs.
pub struct Up<'a> {
    product: &'a Product,
    running: Running,
    lines: Receiver<String>,
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
    /// The one-time link that it printed.
    pub login: String,
    /// What it printed until then.
    pub banner: String,
}

/// An answer of the server.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Default for Product {
    fn default() -> Self {
        Self::new()
    }
}

impl Product {
    /// A home with one model, and a data directory that does not exist yet.
    pub fn new() -> Self {
        let own = tempfile::tempdir().expect("a temporary directory");
        let models = own.path().join("home/models");
        fs::create_dir_all(&models).expect("a home");
        fs::write(models.join("plain.gguf"), models::plain_gguf()).expect("a model");
        let data = own.path().join("data");
        Self { words: Vec::new(), environment: Vec::new(), wrapper: Vec::new(), data, own }
    }

    /// The home it looks at.
    pub fn home(&self) -> PathBuf {
        self.own.path().join("home")
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Another data directory.
    #[must_use]
    pub fn with_data(mut self, data: &Path) -> Self {
        data.clone_into(&mut self.data);
        self
    }

    /// One more word of the command line.
    #[must_use]
    pub fn word(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    /// One variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Runs it by another program: `faketime`, `setpriv`.
    #[must_use]
    pub fn by(mut self, words: &[&str]) -> Self {
        self.wrapper = words.iter().map(OsString::from).collect();
        self
    }

    /// `eyeline WORDS… --data DIR` with this product's environment.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = match self.wrapper.split_first() {
            None => Command::new(eyeline()),
            Some((program, rest)) => {
                let mut command = Command::new(program);
                command.args(rest).arg(eyeline());
                command
            }
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(words).arg("--data").arg(&self.data);
        command.env_clear().env("PATH", path).env("HOME", self.home()).envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn up_command(&self) -> Command {
        let mut command = self.command(&["up"]);
        if !self.words.iter().any(|word| word == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.arg("--root").arg(self.home()).args(&self.words);
        command
    }

    /// Starts it and waits until it has printed where it is.
    pub fn up(&self) -> Up<'_> {
        let mut running = Running::start(&mut self.up_command());
        running.drain_errors();
        let lines = running.lines();
        let mut banner = String::new();
        let login = loop {
            let line = lines
                .recv_timeout(LIMIT)
                .unwrap_or_else(|_| panic!("it printed no login link, only: {banner}\n{}", running.errors()));
            banner.push_str(&line);
            banner.push('\n');
            if let Some(at) = line.find("http://").filter(|_| line.contains("/login/")) {
                break line[at..].split_whitespace().next().unwrap_or_default().to_owned();
            }
        };
        let url = login.split("/login/").next().unwrap_or_default().to_owned();
        Up { product: self, running, lines, url, login, banner }
    }

    /// Starts it where it cannot run, and gives what it said.
    pub fn fails(&self) -> Output {
        Running::start(&mut self.up_command()).finish(LIMIT)
    }

    /// The same with more words.
    pub fn fails_with(&self, words: &[&str]) -> Output {
        Running::start(self.up_command().args(words)).finish(LIMIT)
    }

    /// Runs another command on this data directory.
    pub fn run(&self, words: &[&str]) -> Output {
        Running::start(&mut self.command(words)).finish(LIMIT)
    }

    /// A token, made by the command.
    pub fn token(&self, role: &str) -> String {
        let output = self.run(&["token", "create", "--role", role]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let printed = String::from_utf8(output.stdout).expect("text");
        printed.lines().last().expect("the token stands on the last line").to_owned()
    }
}

impl Up<'_> {
    /// Asks with a token, or with none when it is empty.
    pub fn get(&self, token: &str, path: &str) -> Reply {
        self.send("GET", token, path, None)
    }

    /// Asks once; a connection that breaks is status 0.
    pub fn send(&self, method: &str, token: &str, path: &str, body: Option<&Value>) -> Reply {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        let agent = ureq::Agent::new_with_config(config);
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let text = body.map(ToString::to_string).unwrap_or_default();
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        match agent.run(request.body(text).expect("a request")) {
            Ok(mut answer) => Reply {
                status: answer.status().as_u16(),
                body: answer.body_mut().read_to_string().unwrap_or_default(),
            },
            Err(error) => Reply { status: 0, body: error.to_string() },
        }
    }

    /// The items of a collection, once there are any.
    pub fn items(&self, token: &str, path: &str) -> Vec<Value> {
        let found = eventually(LIMIT, || {
            let reply = self.get(token, path);
            let items = if reply.status == 200 { reply.json()["items"].as_array().cloned() } else { None };
            items.filter(|items| !items.is_empty())
        });
        found.unwrap_or_else(|| {
            panic!("{path} stays empty: {:?}\n{}", self.get(token, path), self.running.errors())
        })
    }

    /// What it said on standard error until now.
    pub fn errors(&self) -> String {
        self.running.errors()
    }

    /// The next line on standard output that contains a word.
    pub fn line(&self, word: &str) -> String {
        std::iter::from_fn(|| self.lines.recv_timeout(LIMIT).ok())
            .find(|line| line.contains(word))
            .unwrap_or_else(|| panic!("it never printed `{word}`"))
    }

    /// The process.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// The product.
    pub fn product(&self) -> &Product {
        self.product
    }

    /// Asks it to end and waits; gives its exit status and what it said.
    pub fn end(self) -> Output {
        self.running.signal(rustix::process::Signal::TERM);
        self.running.finish(LIMIT)
    }

    /// Kills it as a loss of power would.
    pub fn kill(self) {
        self.running.stop();
    }
}
