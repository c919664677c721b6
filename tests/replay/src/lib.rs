//! What the fuzzers do, without a fuzzer: a target per parser of what strangers write, seeds for each, changes of the seeds, and the
//! inputs that once found a fault.
//!
//! The programs of `fuzz/` hand the bytes of a fuzzer to these targets; the tests of this crate hand them the seeds and a fixed set of
//! changes, on any toolchain. It knows what must hold for every input, and nothing of what is right for one.

mod findings;
mod history;
mod models;
mod mutate;
mod others;
mod seeds;
mod texts;

pub use findings::{FINDINGS, Finding};
pub use mutate::mutants;

/// Longer seeds are left out: a fuzzer learns from small ones, and the test of the corpus reads the others.
pub const LONGEST_SEED: usize = 20_000;

/// One function that takes any bytes.
#[derive(Debug)]
pub struct Target {
    /// What it is called, as the program in `fuzz/fuzz_targets` is.
    pub name: &'static str,
    /// The source files whose parsers it reaches; of a module with a folder, the file that names it.
    pub parsers: &'static [&'static str],
    work: Work,
}

#[derive(Debug)]
enum Work {
    /// A file of a model, behind a magic number.
    Model(models::Model),
    /// Anything else.
    Other { run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>> },
}

impl Target {
    /// Hands it these bytes. Panics where what must hold does not.
    pub fn run(&self, data: &[u8]) {
        match &self.work {
            Work::Model(model) => model.run(data),
            Work::Other { run, .. } => run(data),
        }
    }

    /// Inputs that lead deep into it, none longer than [`LONGEST_SEED`] and none twice.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        let mut seeds = match &self.work {
            Work::Model(model) => seeds::of(model),
            Work::Other { seeds, .. } => seeds(),
        };
        seeds.retain(|seed| seed.len() <= LONGEST_SEED);
        seeds.sort();
        seeds.dedup();
        seeds
    }
}

/// Every target, those of models first.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    models::TARGETS.iter().chain(others::TARGETS)
}

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    targets().find(|target| target.name == name)
}

/// Hands bytes to the target of that name, as the programs of `fuzz/` do.
pub fn run(name: &str, data: &[u8]) {
    target(name).unwrap_or_else(|| panic!("there is no target `{name}`")).run(data);
}
