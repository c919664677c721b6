//! One run of one command: how long, how much memory.
//!
//! The system tells the peak memory only of all children together, so each command is started by a process of its own:
//! this program again, as `measure -- WORDS`.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write},
    path::{Path, PathBuf},
    process::{self, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::{TimeVal, TimeValLike},
};
use serde_json::{Value, json};

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// From start to end, in seconds.
    pub(crate) wall_s: f64,
    /// Time of processors, the program's own and the system's for it, in seconds.
    pub(crate) cpu_s: f64,
    /// The largest resident set, in MB (10^6 bytes).
    pub(crate) peak_mb: f64,
}

/// A command to measure.
pub(crate) struct Command {
    words: Vec<OsString>,
    home: Option<PathBuf>,
    accepted: Vec<i64>,
}

impl Command {
    /// A program without arguments.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self { words: vec![program.as_ref().to_owned()], home: None, accepted: vec![0] }
    }

    /// One more argument.
    pub(crate) fn word(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    /// More arguments.
    pub(crate) fn words(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(OsString::from));
        self
    }

    /// The home directory it sees.
    pub(crate) fn home(mut self, home: &Path) -> Self {
        self.home = Some(home.to_owned());
        self
    }

    /// The exit codes that mean it did its work.
    pub(crate) fn accept(mut self, codes: &[i64]) -> Self {
        self.accepted = codes.to_vec();
        self
    }

    /// One run right after another that is not measured. "Warm" means that the system has just read the same things: some
    /// systems take pages away again within seconds.
    pub(crate) fn warm_sample(&self) -> Result<Sample> {
        self.sample()?;
        self.sample()
    }

    /// Runs it and says what it took.
    pub(crate) fn sample(&self) -> Result<Sample> {
        let mut command = process::Command::new(env::current_exe().context("failed to find this program")?);
        command.args(["measure", "--"]).args(&self.words);
        self.home.as_ref().map(|home| command.env("HOME", home));
        let output =
            command.stderr(Stdio::inherit()).output().context("failed to start the measuring process")?;
        let answer: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("failed to measure `{}`", self.text()))?;
        let code = answer["code"].as_i64();
        if !code.is_some_and(|code| self.accepted.contains(&code)) {
            bail!("`{}` ended with {code:?}", self.text());
        }
        let number = |name: &str| answer[name].as_f64().with_context(|| format!("no `{name}` was measured"));
        Ok(Sample {
            wall_s: number("wall_s")?,
            cpu_s: number("cpu_s")?,
            peak_mb: number("peak_kib")? * 1024.0 / 1e6,
        })
    }

    /// Runs it and gives its standard output.
    pub(crate) fn output(&self) -> Result<Vec<u8>> {
        let (program, rest) = self.words.split_first().context("a command has a program")?;
        let mut command = process::Command::new(program);
        command.args(rest);
        self.home.as_ref().map(|home| command.env("HOME", home));
        // One that asks for a terminal must not wait for an answer.
        let output = command.stdin(Stdio::null()).output();
        Ok(output.with_context(|| format!("failed to start `{}`", self.text()))?.stdout)
    }

    /// Runs it without output and gives its exit code; none when a signal ended it.
    pub(crate) fn code(&self) -> Result<Option<i32>> {
        let (program, rest) = self.words.split_first().context("a command has a program")?;
        let mut command = process::Command::new(program);
        command.args(rest).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().with_context(|| format!("failed to start `{}`", self.text()))?;
        Ok(status.code())
    }

    fn text(&self) -> String {
        self.words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

/// Runs the words as a command without output and prints what it took as JSON.
pub(crate) fn one(words: &[String]) -> Result<()> {
    let (program, rest) = words.split_first().context("a command has a program")?;
    let mut command = process::Command::new(program);
    command.args(rest).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().with_context(|| format!("failed to start `{program}`"))?;
    let wall_s = start.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("failed to read the usage of the child")?;
    let seconds = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
    let cpu_s = seconds(usage.user_time()) + seconds(usage.system_time());
    let answer =
        json!({ "wall_s": wall_s, "cpu_s": cpu_s, "peak_kib": usage.max_rss(), "code": status.code() });
    writeln!(io::stdout(), "{answer}")?;
    Ok(())
}

/// The median of one number of every sample; the upper of two middle ones.
pub(crate) fn median(samples: &[Sample], number: impl Fn(&Sample) -> f64) -> f64 {
    let mut numbers: Vec<_> = samples.iter().map(number).collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        let samples = [1.0, 9.0, 2.0].map(|wall_s| Sample { wall_s, cpu_s: 0.0, peak_mb: 0.0 });
        assert_eq!(median(&samples, |sample| sample.wall_s), 2.0);
    }
}
