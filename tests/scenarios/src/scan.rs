//! The built binary and one run of it.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Answer, Running, is_root, repository};

const NOBODY: &str = "65534";

/// Far more than any of these scans takes, even unoptimised on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// The executable under test, built once by cargo with the profile and target directory of the tests.
pub fn eyeline() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "-p", "eyeline", "--locked", "--message-format=json-render-diagnostics"])
        .current_dir(repository())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "cargo build -p eyeline failed");
    output
        .stdout
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "eyeline")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the executable it built")
}

/// One run of `eyeline scan`, with a home and a data directory of its own and nothing of the caller's environment.
pub struct Scan {
    words: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    home: PathBuf,
    /// The copy of the binary that runs as nobody.
    nobody: Option<PathBuf>,
    own: TempDir,
}

impl Scan {
    /// `eyeline scan`, without roots.
    pub fn new() -> Self {
        let own = tempfile::tempdir().expect("a temporary directory");
        let home = own.path().join("home");
        fs::create_dir(&home).expect("an empty home");
        Self { words: vec!["scan".into()], environment: Vec::new(), home, nobody: None, own }
    }

    /// `eyeline scan --format json --no-cache --no-processes ROOT`: files only, as hostile trees need it.
    pub fn of(root: &Path) -> Self {
        Self::new().word("--format").word("json").word("--no-cache").word("--no-processes").word(root)
    }

    /// `eyeline scan --format json --no-cache ROOT`: with processes, for runtimes and agents.
    pub fn with_processes(root: &Path) -> Self {
        Self::new().word("--format").word("json").word("--no-cache").word(root)
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

    /// The home directory it believes in.
    #[must_use]
    pub fn home(mut self, home: &Path) -> Self {
        home.clone_into(&mut self.home);
        self
    }

    /// Runs it as an account that owns nothing, when the tests run as root.
    #[must_use]
    pub fn as_nobody(mut self) -> Self {
        if is_root() {
            let copy = self.own.path().join("eyeline");
            fs::copy(eyeline(), &copy).expect("a copy that others may run, wherever the build lies");
            for open in [self.own.path(), &self.home, &copy] {
                fs::set_permissions(open, fs::Permissions::from_mode(0o755))
                    .expect("its owner may change it");
            }
            self.nobody = Some(copy);
        }
        self
    }

    /// The command as it stands, for a test that needs the process itself.
    pub fn command(&self) -> Command {
        let mut command = match &self.nobody {
            None => Command::new(eyeline()),
            Some(copy) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"]).arg(copy);
                command
            }
        };
        command.args(&self.words).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        command.env("HOME", &self.home).env("XDG_DATA_HOME", self.home.join(".local/share"));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    /// Runs it to its end, which must come within a minute: nothing on a disk may hold a scan up.
    pub fn run(&self) -> Answer {
        let answer = Answer::from(self.start().finish(LIMIT));
        assert!(answer.code.is_some(), "it did not end by itself: {}", answer.stderr);
        answer
    }

    /// Starts it, with its output in pipes.
    pub fn start(&self) -> Running {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Running::start(&mut command)
    }
}

impl Default for Scan {
    fn default() -> Self {
        Self::new()
    }
}
