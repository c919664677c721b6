//! Whole-product scenarios: the built binary against hostile trees, real runtimes and real agents.
//!
//! This file is what they share: the binary, one scan and its answer, the tools that `./dev test` brings, and
//! processes that do not outlive their test. It must not know what any scan is expected to find.

mod answer;
pub mod home;
mod inspection;
pub mod models;
mod process;
mod product;
mod scan;
pub mod schema;
pub mod tools;
pub mod tree;

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

pub use answer::Answer;
pub use inspection::Inspection;
pub use process::Running;
pub use product::{Product, Reply, Up};
pub use scan::{Scan, eyeline};

/// The repository's root.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("tests/scenarios has two folders above it").to_owned()
}

/// Asks again every 100 ms until there is an answer; `None` after `limit`.
pub fn eventually<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() > limit {
            return None;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Whether the tests run as root, who reads everything.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
