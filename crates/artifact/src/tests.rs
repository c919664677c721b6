//! The promises of identification, kept for files that the testkit writes and for what hostile hands make of them.

#![allow(clippy::cast_possible_truncation, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod claims;
mod formats;
mod graphs;
mod graphs_hostile;
mod hostile;
mod ordinary;

use std::{io::Cursor, sync::LazyLock};

use catalog::Catalog;

use crate::{HEAD, Identified, Inspection, Limits, identify, inspect, plausible, testkit};

/// Identifies bytes, and checks on the way that the cheap test never stood in the way.
fn look(bytes: &[u8]) -> Option<Identified> {
    let len = bytes.len() as u64;
    let found = identify(&mut Cursor::new(bytes), len).unwrap();
    if found.is_some() {
        assert!(plausible(&bytes[..bytes.len().min(HEAD)], len), "identified but not plausible: {found:?}");
    }
    found
}

/// Loaded once: its patterns are many.
pub(crate) static CATALOG: LazyLock<Catalog> = LazyLock::new(|| catalog::load().unwrap());

fn found(bytes: &[u8]) -> Identified {
    look(bytes).unwrap()
}

fn rules(found: &Identified) -> Vec<&str> {
    found.facts.iter().map(|fact| fact.rule.as_str()).collect()
}

/// Inspects bytes that have no name.
pub(crate) fn inspected(bytes: &[u8]) -> Inspection {
    inspected_as(bytes, "")
}

/// Inspects bytes with a name.
pub(crate) fn inspected_as(bytes: &[u8], name: &str) -> Inspection {
    inspect(Cursor::new(bytes), bytes.len() as u64, name, &CATALOG, &Limits::full()).unwrap()
}

/// A whole file of every format, by catalogue id.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let mut samples = weights_and_pickles();
    samples.extend(graphs::benign());
    samples.extend(testkit::engines());
    samples
}

fn weights_and_pickles() -> Vec<(&'static str, Vec<u8>)> {
    let arch = [("general.architecture", testkit::Value::Text("llama"))];
    let gguf = |version, big_endian| {
        testkit::gguf_as(testkit::Layout { version, big_endian }, &arch, &[("w", &[32, 4])])
    };
    vec![
        ("gguf", gguf(1, false)),
        ("gguf", gguf(2, false)),
        ("gguf", gguf(3, false)),
        ("gguf", gguf(3, true)),
        ("ggml", testkit::ggml()),
        ("safetensors", testkit::safetensors(&[("format", "pt")], &[("w", &[8, 8])])),
        ("pytorch", testkit::torch_zip(&testkit::pickle(&[("torch._utils", "_rebuild_tensor_v2")]))),
        ("pytorch", testkit::torch_legacy()),
        ("torchscript", testkit::torchscript_zip()),
        ("pickle", testkit::pickle(&[("os", "getcwd"), ("os", "getpid")])),
        ("pickle", testkit::pickle_text(900)),
        ("onnx", testkit::onnx(false)),
        ("onnx", testkit::onnx(true)),
        ("tflite", testkit::tflite()),
        ("hdf5", testkit::hdf5(&["temperature"])),
        ("keras", testkit::keras_h5()),
        ("keras", testkit::keras_zip()),
        ("npz", testkit::npz(2)),
        ("npy", testkit::archives::npy("'|O'", "(1,)", &testkit::pickle(&[]))),
        ("torch-export", testkit::torch_export("{}")),
        ("nemo", testkit::nemo("target: nemo.collections.asr.models.EncDecCTCModel\n")),
        ("pytorch", testkit::torch_tar(&testkit::pickle(&[("torch._utils", "_rebuild_tensor_v2")]))),
        ("skops", testkit::skops("sklearn.linear_model._logistic", "LogisticRegression")),
        ("mediapipe", testkit::mediapipe("")),
        ("dlc", testkit::dlc()),
        ("orbax", testkit::ocdbt(&["d/0fb07f1df005da80153a53d8aaf96cfc"])),
        ("llamafile", testkit::llamafile(b"MZqFpD='\n")),
        ("llamafile", testkit::llamafile(b"jartsr='\n")),
        ("llamafile", testkit::llamafile(b"\x7fELF\x02\x01\x01")),
        ("llamafile", testkit::llamafile(b"MZ\x90\0")),
    ]
}
