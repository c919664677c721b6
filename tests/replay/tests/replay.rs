//! Every target over every seed, a fixed set of changes of each, and every input that once found a fault.

use std::panic::{AssertUnwindSafe, catch_unwind};

use replay::{FINDINGS, Target, mutants, target};

/// Bytes of changed seeds that a target is handed: what keeps a run short is what is read, not how many inputs there are.
const BYTES: usize = 2 << 20;
/// No target takes more changes of one seed than this.
const MOST: usize = 40;

/// How many changes of each seed fit.
fn changes(seeds: &[Vec<u8>]) -> usize {
    let all: usize = seeds.iter().map(|seed| seed.len().max(64)).sum();
    (BYTES / all.max(1)).clamp(1, MOST)
}

/// Hands over one input, and says which it was when the target does not survive it.
fn survive(target: &Target, what: &str, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| target.run(input))).is_err() {
        let hex: String = input.iter().take(2000).map(|byte| format!("{byte:02x}")).collect();
        panic!("`{}` did not survive {what}, {} bytes: {hex}", target.name, input.len());
    }
}

fn replay(name: &str) {
    let target = target(name).unwrap_or_else(|| panic!("there is no target `{name}`"));
    for finding in FINDINGS.iter().filter(|finding| finding.target == name) {
        survive(target, finding.what, &(finding.input)());
    }
    let seeds = target.seeds();
    assert!(seeds.len() >= 3, "{} seeds lead nowhere", seeds.len());
    let count = changes(&seeds);
    for (number, seed) in seeds.iter().enumerate() {
        survive(target, &format!("seed {number}"), seed);
        for (change, input) in mutants(seed, number, &seeds, count).enumerate() {
            survive(target, &format!("change {change} of seed {number}"), &input);
        }
    }
}

/// A test per target, and the list of them.
macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test] fn $name() { replay(stringify!($name)); })*

        const REPLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! {
    archive configurations containers directories documents engines events flatbuffers ggml gguf go_template graphs hdf5
    hdf5_objects identify jinja journal keras_config kernel_tables licenses llamafile markup messagepack messages onnx pickle
    pickle_inspect queries r_objects safetensors secrets signing stores text_graphs tflite trees yaml
}

#[test]
fn every_target_is_replayed() {
    let mut names: Vec<_> = replay::targets().map(|target| target.name).collect();
    names.sort_unstable();
    assert_eq!(names, REPLAYED);
}

#[test]
fn every_input_that_found_a_fault_names_its_target() {
    for finding in FINDINGS {
        assert!(target(finding.target).is_some() && !(finding.input)().is_empty(), "{finding:?}");
    }
}
