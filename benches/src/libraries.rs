//! What `eyeline inspect` says beside the scanners people use: of benign models that heavy libraries wrote here and now, and of the test
//! corpus, malicious files and their benign twins. No benign file may be flagged, no malicious one called clean.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use artifact::testkit::{Case, corpus};
use serde_json::Value;

use crate::{measure::Command, report::Row};

/// The program that writes the models, beside this crate.
const WRITER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/libraries.py");

/// Files that are looked at, and whether each is malicious.
struct Set {
    folder: PathBuf,
    files: Vec<PathBuf>,
    malicious: bool,
}

/// Measures with the scanners in `peers` and the libraries of each of these Pythons.
pub(crate) fn measure(
    eyeline: &Path,
    dir: &Path,
    peers: Option<&Path>,
    pythons: &[PathBuf],
) -> Result<Vec<Row>> {
    let (malicious, twins) = write_corpus(&dir.join("corpus"))?;
    let mut rows = Vec::new();
    let libraries = written(&dir.join("libraries"), pythons)?;
    if libraries.files.is_empty() {
        eprintln!("bench: no library wrote a model (--python): their rows are left out");
    } else {
        rows.push(Row::count("models of libraries: files", libraries.files.len()));
        compare(eyeline, peers, &libraries, FLAGGED, &mut rows)?;
    }
    rows.push(Row::count("test corpus: malicious files, and as many twins", malicious.files.len()));
    compare(eyeline, peers, &malicious, CALLED_CLEAN, &mut rows)?;
    compare(eyeline, peers, &twins, TWINS_FLAGGED, &mut rows)?;
    Ok(rows)
}

/// What a row is called: ours alone, then beside each peer.
type Names = [&'static str; 4];

const FLAGGED: Names = [
    "models of libraries: flagged above low",
    "models of libraries: flagged, beside picklescan",
    "models of libraries: flagged, beside modelscan",
    "models of libraries: flagged, beside modelaudit",
];
const CALLED_CLEAN: Names = [
    "test corpus: malicious files called clean",
    "test corpus: called clean, beside picklescan",
    "test corpus: called clean, beside modelscan",
    "test corpus: called clean, beside modelaudit",
];
const TWINS_FLAGGED: Names = [
    "test corpus: benign twins flagged above low",
    "test corpus: twins flagged, beside picklescan",
    "test corpus: twins flagged, beside modelscan",
    "test corpus: twins flagged, beside modelaudit",
];

/// A row of ours, and one beside each peer that is there. What counts is a wrong answer.
fn compare(eyeline: &Path, peers: Option<&Path>, set: &Set, names: Names, rows: &mut Vec<Row>) -> Result<()> {
    let [what, beside @ ..] = names;
    let ours = set.wrong(&ours(eyeline, set)?);
    for file in &ours {
        eprintln!("bench: a wrong answer for `{}`", file.display());
    }
    rows.push(Row::exactly(what, ours.len(), 0));
    type Alarms = fn(&Path, &Set) -> Result<BTreeSet<String>>;
    let scanners: [(&str, Alarms); 3] =
        [("picklescan", picklescan), ("modelscan", modelscan), ("modelaudit", modelaudit)];
    for ((name, alarms), what) in scanners.into_iter().zip(beside) {
        let program = peers.map(|folder| folder.join(name)).filter(|program| program.exists());
        if let Some(program) = program {
            let theirs = set.wrong(&alarms(&program, set)?);
            rows.push(Row::counts(what, ours.len(), theirs.len()));
        }
    }
    Ok(())
}

impl Set {
    /// The files for which an alarm is wrong, or no alarm is. An alarm says which file, or which folder, it is about.
    fn wrong(&self, alarms: &BTreeSet<String>) -> Vec<&PathBuf> {
        let about = |file: &str, alarm: &String| {
            let inside = file.strip_prefix(alarm.as_str()).is_some_and(|rest| rest.starts_with('/'));
            inside || alarm.match_indices(file).any(|(at, _)| !continues(alarm, at + file.len()))
        };
        let alarmed = |file: &Path| alarms.iter().any(|alarm| about(&file.to_string_lossy(), alarm));
        self.files.iter().filter(|file| alarmed(file) != self.malicious).collect()
    }
}

/// Whether the name of a file goes on there: `x.pkl` is not `x.pkl2`.
fn continues(text: &str, at: usize) -> bool {
    text.get(at..)
        .and_then(|rest| rest.chars().next())
        .is_some_and(|next| next.is_alphanumeric() || next == '_')
}

/// What we say: of malicious files everything that is not clean, of the others what is graver than low.
fn ours(eyeline: &Path, set: &Set) -> Result<BTreeSet<String>> {
    let inspect = Command::new(eyeline).words(&["inspect", "--no-cache", "--json"]);
    // A script or a program alone is no model, and is looked at where it is named.
    let inspect = match set.malicious {
        true => set.files.iter().fold(inspect, Command::word),
        false => inspect.word(&set.folder),
    };
    let document = json(&inspect.output()?, "eyeline")?;
    let grave = |finding: &Value| finding["severity"] != "info" && finding["severity"] != "low";
    let alarm = |artifact: &&Value| match set.malicious {
        true => !["clean", "not-scanned"].iter().any(|verdict| artifact["verdict"] == *verdict),
        // A graph whose weights lie elsewhere cannot be decided alone, and that is no alarm.
        false => {
            !["clean", "unscannable"].iter().any(|verdict| artifact["verdict"] == *verdict)
                || texts(&artifact["findings"]).iter().any(grave)
        }
    };
    let artifacts = texts(&document["artifacts"]);
    let paths = artifacts.iter().filter(alarm).flat_map(|artifact| texts(&artifact["paths"]));
    Ok(paths.filter_map(Value::as_str).map(str::to_owned).collect())
}

fn texts(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn json(output: &[u8], who: &str) -> Result<Value> {
    serde_json::from_slice(output).with_context(|| format!("{who} printed no JSON"))
}

/// A run per file: one that it cannot bear ends a run over all of them. What it gives up on it does not call clean.
fn picklescan(program: &Path, set: &Set) -> Result<BTreeSet<String>> {
    let mut alarms = BTreeSet::new();
    for file in &set.files {
        let code = Command::new(program).words(&["-p"]).word(file).code()?;
        if code == Some(1) || (set.malicious && code != Some(0)) {
            alarms.insert(file.to_string_lossy().into_owned());
        }
    }
    Ok(alarms)
}

/// Its issues, and of malicious files also what it gave up on. It names files by where they lie below the folder.
fn modelscan(program: &Path, set: &Set) -> Result<BTreeSet<String>> {
    let report = set.folder.with_extension("modelscan.json");
    let words = Command::new(program).words(&["scan", "-r", "json", "-o"]).word(&report).words(&["-p"]);
    words.word(&set.folder).output()?;
    let text = fs::read(&report).with_context(|| format!("failed to read `{}`", report.display()))?;
    let document = json(&text, "modelscan")?;
    let gave_up = |error: &&Value| set.malicious && error["category"] != "DEPENDENCY";
    let said = texts(&document["issues"]).iter().chain(texts(&document["errors"]).iter().filter(gave_up));
    let sources = said.filter_map(|one| one["source"].as_str());
    Ok(sources.map(|source| set.folder.join(source).to_string_lossy().into_owned()).collect())
}

/// Its issues from a warning on.
fn modelaudit(program: &Path, set: &Set) -> Result<BTreeSet<String>> {
    let words = ["scan", "--quiet", "--format", "json"];
    let document = json(&Command::new(program).words(&words).word(&set.folder).output()?, "modelaudit")?;
    let grave = |issue: &&Value| issue["severity"] == "warning" || issue["severity"] == "critical";
    let said = texts(&document["issues"]).iter().filter(grave);
    Ok(said.filter_map(|issue| issue["location"].as_str()).map(str::to_owned).collect())
}

/// The corpus as files: the malicious ones and their twins, each in a folder of its own.
fn write_corpus(dir: &Path) -> Result<(Set, Set)> {
    let set = |name: &str, malicious: bool, content: fn(&Case) -> &[u8]| -> Result<Set> {
        let folder = dir.join(name);
        let mut files = Vec::new();
        for (number, case) in corpus().iter().enumerate() {
            let below = folder.join(format!("{number:04}"));
            fs::create_dir_all(&below).with_context(|| format!("failed to make `{}`", below.display()))?;
            let file = below.join(file_name(case));
            fs::write(&file, content(case))
                .with_context(|| format!("failed to write `{}`", file.display()))?;
            files.push(file);
        }
        Ok(Set { folder, files, malicious })
    };
    Ok((set("malicious", true, |case| &case.malicious)?, set("benign", false, |case| &case.benign)?))
}

/// Scanners go by the ends of names, so each file has the one that files of its format have.
fn file_name(case: &Case) -> String {
    if case.file != "model" {
        return case.file.to_owned();
    }
    let end = match case.format {
        "pickle" => "pkl",
        "pytorch" | "torchscript" => "pt",
        "gzip" => "gz",
        "hdf5" => "h5",
        "tensorflow" | "paddle" => "pb",
        "coreml" => "mlmodel",
        "openvino" => "xml",
        "rdata" => "rds",
        "flax" => "msgpack",
        "xgboost" => "json",
        "lightgbm" => "txt",
        "catboost" => "cbm",
        "tensorrt" => "engine",
        "program" => "so",
        "executorch" => "pte",
        other => other,
    };
    format!("model.{end}")
}

/// What the libraries of these Pythons write, anew each time: another version may write otherwise.
fn written(dir: &Path, pythons: &[PathBuf]) -> Result<Set> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("failed to remove `{}`", dir.display()))?;
    }
    for (number, python) in pythons.iter().enumerate() {
        let folder = dir.join(number.to_string());
        let names = Command::new(python).word(WRITER).word(&folder).output()?;
        let names = String::from_utf8_lossy(&names).split_whitespace().collect::<Vec<_>>().join(", ");
        eprintln!(
            "bench: `{}` has {}",
            python.display(),
            if names.is_empty() { "none of them" } else { &names }
        );
    }
    let mut files = Vec::new();
    collect(dir, &mut files)?;
    Ok(Set { folder: dir.to_owned(), files, malicious: false })
}

/// The files below a folder that are models, or parts of one.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).with_context(|| format!("failed to read `{}`", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension() != Some(OsStr::new("log")) {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_about_a_file_or_its_folder_counts_and_one_about_another_does_not() {
        let files = ["/c/0001/model.pkl", "/c/0002/model.pkl", "/c/0003/a"].map(PathBuf::from).to_vec();
        let alarms =
            ["/c/0001/model.pkl:x: dangerous import", "/c/0002/model.pkl2", "/c/0003"].map(str::to_owned);
        let mut set = Set { folder: "/c".into(), files, malicious: true };
        let alarms = BTreeSet::from(alarms);
        assert_eq!(set.wrong(&alarms), [Path::new("/c/0002/model.pkl")]);
        set.malicious = false;
        assert_eq!(set.wrong(&alarms), [Path::new("/c/0001/model.pkl"), Path::new("/c/0003/a")]);
    }

    #[test]
    fn every_case_of_the_corpus_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (malicious, twins) = write_corpus(folder.path()).unwrap();
        assert!(malicious.files.len() > 300 && malicious.files.len() == twins.files.len());
        assert!(malicious.files.iter().chain(&twins.files).all(|file| file.is_file()));
    }
}
