//! Lists the tables of `catalog/` so that they are compiled into the library. It reads no text, runs nothing and
//! asks no network.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Tables that are one file each.
const SINGLE: [&str; 7] = [
    "libraries.toml",
    "fingerprints.toml",
    "formats.toml",
    "globals.toml",
    "licenses.toml",
    "secrets.toml",
    "packages.toml",
];

// A build script learns its folders from its environment and nowhere else.
#[allow(clippy::disallowed_methods)]
fn variable(name: &str) -> Result<PathBuf, std::env::VarError> {
    std::env::var(name).map(PathBuf::from)
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = variable("CARGO_MANIFEST_DIR")?.join("../../catalog");
    let mut out = String::new();
    list(&mut out, "TOOLS", "tools", &tables_in(&root.join("tools"))?)?;
    list(&mut out, "STORES", "stores", &tables_in(&root.join("stores"))?)?;
    for name in SINGLE {
        let constant = name.trim_end_matches(".toml").to_uppercase();
        writeln!(out, "pub(crate) const {constant}: (&str, &str) = {};", entry(name, &root.join(name)))?;
    }
    println!("cargo::rerun-if-changed={}", root.display());
    std::fs::write(variable("OUT_DIR")?.join("tables.rs"), out)?;
    Ok(())
}

/// The `.toml` files of a folder, sorted, so that every build embeds the same text.
fn tables_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn list(out: &mut String, constant: &str, folder: &str, files: &[PathBuf]) -> std::fmt::Result {
    writeln!(out, "pub(crate) const {constant}: &[(&str, &str)] = &[")?;
    for file in files {
        let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        writeln!(out, "    {},", entry(&format!("{folder}/{name}"), file))?;
    }
    writeln!(out, "];")
}

fn entry(name: &str, file: &Path) -> String {
    format!("({:?}, include_str!({:?}))", format!("catalog/{name}"), file.display().to_string())
}
