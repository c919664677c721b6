//! Models written by the libraries people use, in every way each library offers: known for what they are, and nothing to worry about.

#![cfg(target_os = "linux")]

use std::{fs, process::Command, sync::LazyLock};

use scenarios::{Answer, Inspection, repository, tools, tree::Tree};
use serde_json::Value;

/// The files, what must be said of each, and what is said.
struct Written {
    expected: Vec<Value>,
    said: Vec<Value>,
}

static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
    let tree = Tree::new();
    let script = repository().join("tests/tools/write_models.py");
    let answer = Command::new(tools::python()).arg(script).arg(tree.root()).output().expect("python starts");
    let answer = Answer::from(answer);
    assert_eq!(answer.code, Some(0), "write_models.py failed: {}", answer.stderr);
    let expected: Vec<Value> = serde_json::from_str(&answer.stdout).expect("a list");
    fs::copy(tools::tiny_gguf(), tree.path("tiny.gguf")).expect("a copy");
    // Arrays are no models: they are looked at where they are named.
    let arrays = expected.iter().filter(|one| one["format"].is_null()).filter_map(|one| one["path"].as_str());
    let inspection = Inspection::within(tree.root()).words(&["--json", "."]);
    let answer = arrays.fold(inspection, |inspection, path| inspection.word(path)).run();
    Written { expected, said: answer.list("artifacts") }
});

impl Written {
    /// What is said of the file at a path.
    fn said_of(&self, path: &str) -> &Value {
        let holds = |artifact: &&Value| {
            artifact["paths"].as_array().is_some_and(|paths| paths.iter().any(|one| one == path))
        };
        self.said.iter().find(holds).unwrap_or_else(|| panic!("nothing is said of `{path}`"))
    }
}

fn path(one: &Value) -> &str {
    one["path"].as_str().expect("a path")
}

#[test]
fn every_library_and_every_kind_of_file_is_there() {
    let written = &*WRITTEN;
    let libraries =
        ["flax", "h5py", "joblib", "lightgbm", "numpy", "onnx", "pandas", "pickle", "safetensors", "scipy"];
    for library in libraries.into_iter().chain(["sklearn", "xgboost"]) {
        let folder = format!("{library}/");
        assert!(written.expected.iter().any(|one| path(one).starts_with(&folder)), "nothing of {library}");
    }
    assert!(written.expected.len() > 120, "{} files", written.expected.len());
}

#[test]
fn every_file_that_a_library_wrote_is_clean_and_known_for_what_it_is() {
    let written = &*WRITTEN;
    let mut wrong = Vec::new();
    for one in &written.expected {
        let said = written.said_of(path(one));
        let known = one["format"].is_null() || one["format"] == said["format"];
        if said["verdict"] != "clean" || !known {
            wrong.push(format!("{}: {} {} {}", path(one), said["format"], said["verdict"], said["findings"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_above_low_is_found_in_any_of_them() {
    let mild = |finding: &&Value| finding["severity"] != "info" && finding["severity"] != "low";
    for artifact in &WRITTEN.said {
        let findings = artifact["findings"].as_array().into_iter().flatten();
        let above: Vec<_> = findings.filter(mild).collect();
        assert!(above.is_empty(), "{}: {above:#?}", artifact["path"]);
    }
}

#[test]
fn what_a_file_says_about_itself_is_read() {
    let written = &*WRITTEN;
    let mut fields = 0;
    for one in &written.expected {
        let said = &written.said_of(path(one))["metadata"];
        for (field, value) in one["metadata"].as_object().expect("an object") {
            assert_eq!(&said[field], value, "`{field}` of {}", path(one));
            fields += 1;
        }
    }
    assert!(fields > 10, "{fields} fields");
}

#[test]
fn a_gguf_with_a_tokenizer_and_a_chat_template_is_clean_and_told() {
    let said = WRITTEN.said_of("tiny.gguf");
    assert_eq!((&said["format"], &said["verdict"]), (&"gguf".into(), &"clean".into()), "{said:#}");
    assert_eq!(
        (&said["metadata"]["architecture"], &said["metadata"]["context_length"]),
        (&"llama".into(), &512.into())
    );
    assert_eq!(
        (&said["metadata"]["name"], &said["license"]["id"]),
        (&"tiny-random".into(), &"apache-2.0".into())
    );
}

#[test]
fn weights_that_lie_beside_their_graph_are_its_member() {
    let said = WRITTEN.said_of("onnx-external/model.onnx");
    let members: Vec<_> = said["members"].as_array().expect("members").iter().map(path).collect();
    assert_eq!(members, ["model.onnx", "model.onnx.data"]);
}

#[test]
fn a_compressed_model_is_read_through_its_compression() {
    for codec in ["zlib", "gzip", "bz2", "xz", "lzma", "lz4"] {
        let said = WRITTEN.said_of(&format!("joblib/model.{codec}.joblib"));
        let formats: Vec<_> =
            said["members"].as_array().expect("members").iter().map(|one| &one["format"]).collect();
        assert_eq!(formats, ["pickle"], "{codec}: {said:#}");
    }
}
