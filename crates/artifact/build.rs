//! A number for the source of this library, so that no verdict is believed that other code reached.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

// A build script learns its folders from its environment and nowhere else.
#[allow(clippy::disallowed_methods)]
fn variable(name: &str) -> Result<PathBuf, std::env::VarError> {
    std::env::var(name).map(PathBuf::from)
}

// The files are those of this library.
#[allow(clippy::disallowed_methods)]
fn main() -> Result<(), Box<dyn Error>> {
    let root = variable("CARGO_MANIFEST_DIR")?.join("src");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    files_in(&root, &mut files)?;
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        // A zero byte between files: it occurs in none, so that no two sets of files run into each other.
        for byte in std::fs::read(file)?.into_iter().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    std::fs::write(variable("OUT_DIR")?.join("source"), format!("{hash}"))?;
    Ok(())
}

fn files_in(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files_in(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
