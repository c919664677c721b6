//! One run of `eyeline inspect`.

use std::{
    ffi::{OsStr, OsString},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::{Answer, Running, eyeline};

/// Far more than any of these inspections takes, even unoptimised on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// `eyeline inspect`, in a folder, with a home of its own and nothing of the caller's environment. Without memory, unless one is named.
pub struct Inspection {
    words: Vec<OsString>,
    folder: PathBuf,
    input: Option<Vec<u8>>,
    home: TempDir,
}

impl Inspection {
    /// Run in this folder.
    pub fn within(folder: &Path) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        Self { words: vec!["inspect".into()], folder: folder.to_owned(), input: None, home }
    }

    /// One more word of the command line.
    #[must_use]
    pub fn word(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    /// More words of the command line.
    #[must_use]
    pub fn words(self, words: &[&str]) -> Self {
        words.iter().fold(self, |inspection, word| inspection.word(word))
    }

    /// What comes on standard input.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// Runs it to its end.
    pub fn run(&self) -> Answer {
        let mut command = Command::new(eyeline());
        command.args(&self.words).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        command.env("HOME", self.home.path()).env("EYELINE_DATA", self.home.path().join("data"));
        command.current_dir(&self.folder).stdout(Stdio::piped()).stderr(Stdio::piped());
        let answer = match &self.input {
            None => Running::start(command.stdin(Stdio::null())).finish(LIMIT),
            Some(bytes) => {
                let mut child = command.stdin(Stdio::piped()).spawn().expect("eyeline starts");
                let mut input = child.stdin.take().expect("standard input is piped");
                input.write_all(bytes).expect("it takes its standard input");
                drop(input);
                child.wait_with_output().expect("it ends")
            }
        };
        let answer = Answer::from(answer);
        assert!(answer.code.is_some(), "it did not end by itself: {}", answer.stderr);
        answer
    }
}
