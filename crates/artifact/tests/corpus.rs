//! What is said of every file of the test corpus, and the page of the book that shows it: no cell of the matrix may get worse.

// The page is a file of the repository, and UPDATE_DOCS says whether it is to be written.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    io::Cursor,
    path::Path,
    sync::LazyLock,
};

use artifact::{
    Inspection, Limits, inspect, rules,
    testkit::{Case, corpus},
};
use domain::{Severity, Verdict};

/// What each trick does, by its number less one.
const TRICKS: [&str; 32] = [
    "calls without REDUCE: INST, OBJ, NEWOBJ, NEWOBJ_EX",
    "names that come through the memo, numbered in two ways",
    "dotted names that lead through an allowed module",
    "escapes, no mark of a protocol, functions by number",
    "a payload before a broken tail",
    "calls whose result is popped or set as a state",
    "several pickles, the payload in the last or far behind",
    "frames that lie, huge memos, idle opcodes",
    "pickles in pickles: bytes, base64, hex, loaders",
    "functions that resolve any name",
    "obscure functions that run programs",
    "harmless functions that overwrite or disguise",
    "imports that act by themselves",
    "names that bring scanners down",
    "extensions that lie",
    "checksums that are wrong",
    "encrypt bits on plain data",
    "headers and directory that differ",
    "members that stand twice",
    "data before, between and behind what the directory names",
    "archives in archives, packed pickles",
    "pickles in members of any name",
    "arrays of objects",
    "bombs, paths and links that lead out",
    "content behind the end of the weights",
    "templates that reach into the program that renders them",
    "GGUF headers whose numbers overflow",
    "safetensors headers that lie",
    "external data, libraries of operators",
    "Keras: lambdas, modules, downloads, safe mode",
    "TensorFlow operators on files and in Python",
    "everything else that runs what a model names",
];

/// The tables of the page, and their columns.
const TABLES: [(&str, &[&str]); 5] = [
    (
        "Pickles and archives",
        &[
            "pickle",
            "pytorch",
            "torchscript",
            "torch-export",
            "joblib",
            "npy",
            "npz",
            "zip",
            "tar",
            "gzip",
            "7z",
        ],
    ),
    ("Weights", &["gguf", "safetensors"]),
    (
        "Templates and configurations",
        &[
            "jinja", "json", "yaml", "python", "template", "preset", "skops", "nemo", "mlflow", "triton",
            "packages",
        ],
    ),
    (
        "Graphs",
        &["keras", "hdf5", "tensorflow", "tflite", "mediapipe", "onnx", "ort", "executorch", "mnn", "paddle"],
    ),
    (
        "Other formats",
        &[
            "coreml",
            "orbax",
            "dlc",
            "openvino",
            "pmml",
            "rdata",
            "flax",
            "xgboost",
            "lightgbm",
            "catboost",
            "tensorrt",
            "program",
            "llamafile",
        ],
    ),
];

const INTRODUCTION: &str = "# What inspections find

Every trick by which a model file is known to have fooled a loader or a scanner, in every format it occurs in. The files are made by code
in the repository (`crates/artifact/src/testkit/corpus`), each with a benign twin that differs only in what makes it malicious; the tests
inspect all of them and write this page. No cell may get worse.

";

const LEGEND: &str = "
## Rules and formats

A cell says what becomes of the files of which [the rule](inspection-rules.md) must be said: **M** malicious, **S** suspicious,
**U** unscannable, which is never clean, and how many files there are. It is the mildest verdict of them all.
";

/// What became of a cell: the mildest verdict and the number of files.
type Cell = (Verdict, usize);
type Cells = BTreeMap<(String, String), Cell>;

/// A case, and what was said of its two files.
struct Outcome {
    case: Case,
    malicious: Inspection,
    benign: Inspection,
}

static OUTCOMES: LazyLock<Vec<Outcome>> = LazyLock::new(|| {
    let catalog = catalog::load().unwrap();
    let inspected = |bytes: &[u8], name| {
        inspect(Cursor::new(bytes), bytes.len() as u64, name, &catalog, &Limits::full()).unwrap()
    };
    let outcome = |case: Case| {
        let malicious = inspected(&case.malicious, case.file);
        let benign = inspected(&case.benign, case.file);
        Outcome { case, malicious, benign }
    };
    corpus().into_iter().map(outcome).collect()
});

fn said(inspection: &Inspection) -> BTreeSet<&str> {
    inspection.facts.iter().map(|fact| fact.rule.as_str()).collect()
}

#[test]
fn every_malicious_file_is_judged_by_the_rules_it_is_there_for() {
    let wrong: Vec<String> = OUTCOMES
        .iter()
        .filter(|outcome| {
            let said = said(&outcome.malicious);
            outcome.malicious.verdict < outcome.case.verdict()
                || outcome.case.verdict() < Verdict::Unscannable
                || outcome.case.rules.iter().any(|rule| !said.contains(rule))
        })
        .map(|Outcome { case, malicious, .. }| {
            format!(
                "{:?} {}, {}: {:?} {:?}, expected {:?} {:?}",
                case.tricks,
                case.format,
                case.what,
                malicious.verdict,
                said(malicious),
                case.verdict(),
                case.rules
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_benign_twin_is_clean_but_for_the_remarks_that_are_stated() {
    let wrong: Vec<String> = OUTCOMES
        .iter()
        .filter(|Outcome { case, benign, .. }| {
            benign.verdict != Verdict::Clean
                || benign.facts.iter().any(|fact| fact.severity > Severity::Low)
                || said(benign).iter().any(|rule| !case.remarks.contains(rule))
        })
        .map(|Outcome { case, benign, .. }| {
            format!(
                "{:?} {}, {}: {:?} {:?}",
                case.tricks, case.format, case.what, benign.verdict, benign.facts
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_case_stands_for_itself_and_every_trick_has_one() {
    let mut names = BTreeSet::new();
    for Outcome { case, .. } in OUTCOMES.iter() {
        assert!(names.insert((case.format, &case.what)), "{}, {} stands twice", case.format, case.what);
        assert_ne!(case.malicious, case.benign, "{}, {}", case.format, case.what);
        for rule in case.rules.iter().chain(case.remarks) {
            assert!(artifact::rule(rule).is_some(), "`{rule}` is no rule");
        }
    }
    let shown: Cells = TABLES.iter().flat_map(|(_, formats)| cells(&OUTCOMES, formats)).collect();
    for ((rule, format), _) in
        cells(&OUTCOMES, &OUTCOMES.iter().map(|one| one.case.format).collect::<Vec<_>>())
    {
        assert!(shown.contains_key(&(rule, format.clone())), "`{format}` is in no table");
    }
    for number in 1..=32 {
        assert!(OUTCOMES.iter().any(|one| one.case.tricks.contains(&number)), "trick {number} has no case");
    }
}

/// The cells of those formats. A rule that was not said is a miss, whatever else was.
fn cells(outcomes: &[Outcome], formats: &[&str]) -> Cells {
    let mut cells = Cells::new();
    for Outcome { case, malicious, .. } in outcomes.iter().filter(|one| formats.contains(&one.case.format)) {
        let said = said(malicious);
        for rule in case.rules {
            let key = ((*rule).to_owned(), case.format.to_owned());
            let verdict = if said.contains(rule) { malicious.verdict } else { Verdict::Clean };
            let cell = cells.entry(key).or_insert((verdict, 0));
            *cell = (cell.0.min(verdict), cell.1 + 1);
        }
    }
    cells
}

fn letter(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Malicious => "**M**",
        Verdict::Suspicious => "**S**",
        Verdict::Unscannable => "**U**",
        Verdict::Clean | Verdict::NotScanned => "missed",
    }
}

fn verdict(letter: &str) -> Option<Verdict> {
    let all = [Verdict::Malicious, Verdict::Suspicious, Verdict::Unscannable, Verdict::Clean];
    all.into_iter().find(|verdict| self::letter(*verdict) == letter)
}

fn page(outcomes: &[Outcome]) -> String {
    let mut text = INTRODUCTION.to_owned();
    let remarks = outcomes.iter().filter(|one| !one.benign.facts.is_empty()).count();
    let _ = writeln!(
        text,
        "The corpus has {0} malicious files and {0} benign twins. Of the twins all are clean; of {remarks} there is a remark.\n",
        outcomes.len()
    );
    text.push_str("| trick | files | verdicts | formats | what it does |\n|---:|---:|---|---|---|\n");
    for (number, what) in (1u8..).zip(TRICKS) {
        let of: Vec<_> = outcomes.iter().filter(|one| one.case.tricks.contains(&number)).collect();
        let verdicts: BTreeSet<_> = of.iter().map(|one| one.malicious.verdict).collect();
        let verdicts: Vec<_> = verdicts.into_iter().rev().map(Verdict::as_str).collect();
        let formats: BTreeSet<_> = of.iter().map(|one| one.case.format).collect();
        let formats: Vec<_> = formats.into_iter().collect();
        let (verdicts, formats) = (verdicts.join(", "), formats.join(", "));
        let _ = writeln!(text, "| {number} | {} | {verdicts} | {formats} | {what} |", of.len());
    }
    text.push_str(LEGEND);
    let mut used = BTreeSet::new();
    for (title, formats) in TABLES {
        let _ = write!(text, "\n### {title}\n\n{}", table(&cells(outcomes, formats), formats, &mut used));
    }
    text.push_str(
        "\n## Rules without a file\n\nThese have tests of their own, beside what they are about.\n",
    );
    for (grave, about) in [(true, "Of what a file does"), (false, "Of what cannot be read, and remarks")] {
        let bare =
            rules().filter(|rule| !used.contains(rule.id) && (rule.verdict > Verdict::Unscannable) == grave);
        let bare: Vec<_> = bare.map(|rule| format!("[`{0}`](inspection-rules.md#{0})", rule.id)).collect();
        let _ = write!(text, "\n{about}: {}.\n", bare.join(",\n"));
    }
    text
}

fn table(cells: &Cells, formats: &[&str], used: &mut BTreeSet<&'static str>) -> String {
    let mut text = format!("| rule | {} |\n|---|{}\n", formats.join(" | "), ":-:|".repeat(formats.len()));
    for rule in rules() {
        let row: Vec<_> =
            formats.iter().map(|format| cells.get(&(rule.id.to_owned(), (*format).to_owned()))).collect();
        if row.iter().all(Option::is_none) {
            continue;
        }
        used.insert(rule.id);
        let _ = write!(text, "| [`{0}`](inspection-rules.md#{0}) |", rule.id);
        for cell in row {
            let _ = match cell {
                Some((verdict, files)) => write!(text, " {} {files} |", letter(*verdict)),
                None => write!(text, " |"),
            };
        }
        text.push('\n');
    }
    text
}

/// The cells that a page shows.
fn read(page: &str) -> Cells {
    let mut cells = Cells::new();
    let mut formats: Vec<&str> = Vec::new();
    for line in page.lines() {
        let mut row = line.trim_matches('|').split('|').map(str::trim);
        match row.next() {
            Some("rule") => formats = row.collect(),
            Some(rule) if rule.starts_with("[`") => {
                let rule = rule.trim_start_matches("[`").split('`').next().unwrap_or_default();
                for (format, cell) in formats.iter().zip(row) {
                    let Some((letter, files)) = cell.split_once(' ') else { continue };
                    if let (Some(verdict), Ok(files)) = (verdict(letter), files.parse()) {
                        cells.insert((rule.to_owned(), (*format).to_owned()), (verdict, files));
                    }
                }
            }
            _ => {}
        }
    }
    cells
}

/// The cells that are worse than they were: a milder verdict, fewer files, or none.
fn worse(was: &Cells, is: &Cells) -> Vec<String> {
    was.iter()
        .filter(|(key, was)| is.get(*key).is_none_or(|is| is.0 < was.0 || is.1 < was.1))
        .map(|((rule, format), was)| format!("{rule} in {format} was {was:?}"))
        .collect()
}

#[test]
fn the_page_shows_the_run_and_no_cell_gets_worse() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/inspection-matrix.md");
    let there = fs::read_to_string(&path).unwrap_or_default();
    let text = page(&OUTCOMES);
    let worse = worse(&read(&there), &read(&text));
    assert!(worse.is_empty(), "what was found is found no more, or is called milder: {worse:#?}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &text).unwrap();
        return;
    }
    assert!(
        there == text,
        "inspection-matrix.md is not what the run gives: UPDATE_DOCS=1 ./dev test --test corpus writes it"
    );
}

#[test]
fn a_cell_that_gets_worse_is_named() {
    let of = |rows: &str| read(&format!("| rule | zip | tar |\n|---|:-:|:-:|\n{rows}"));
    let was = of("| [`a`](x#a) | **M** 3 | **S** 1 |\n");
    assert_eq!(was.len(), 2);
    assert!(worse(&was, &of("| [`a`](x#a) | **M** 4 | **M** 1 |\n| [`b`](x#b) | **U** 1 | |\n")).is_empty());
    for row in [
        "| [`a`](x#a) | **S** 3 | **S** 1 |",
        "| [`a`](x#a) | **M** 2 | **S** 1 |",
        "| [`a`](x#a) | **M** 3 | |",
        "",
    ] {
        assert!(!worse(&was, &of(row)).is_empty(), "{row}");
    }
}
