//! Embeds what `./dev web` built: reads `web/dist/manifest.txt` (a line for each file: logical name, file name and content type, with tabs
//! between) and writes `OUT_DIR/embedded.rs`, the table that `assets.rs` includes. It never fetches and never runs another program.

#![allow(
    clippy::disallowed_methods,
    reason = "a build script reads the tree it builds and the variables that cargo gives it"
)]

use std::{
    env,
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../web");
    let dist = root.join("dist");
    let manifest = dist.join("manifest.txt");
    // File names carry hashes, so nothing in dist/ changes without the manifest.
    println!("cargo::rerun-if-changed={}", manifest.display());
    let Ok(lines) = fs::read_to_string(&manifest) else {
        println!(
            "cargo::error=the console's styles and scripts are not built (no web/dist): run `./dev web`, then the same command again"
        );
        return Ok(());
    };
    let out = PathBuf::from(env::var("OUT_DIR")?).join("embedded.rs");
    fs::write(out, table(&dist.canonicalize()?, &lines)?)?;
    Ok(())
}

/// The source text of the table of every file in the manifest.
fn table(dist: &Path, lines: &str) -> Result<String, Box<dyn Error>> {
    let mut text = String::from("&[\n");
    for line in lines.lines() {
        let mut fields = line.split('\t');
        let (Some(name), Some(file), Some(kind)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(format!("web/dist/manifest.txt has a line without three fields: `{line}`").into());
        };
        let path = dist.join(file);
        let copy = |suffix: &str| {
            let copy = dist.join(format!("{file}.{suffix}"));
            if copy.exists() { format!("Some(include_bytes!({copy:?}))") } else { "None".to_owned() }
        };
        writeln!(
            text,
            "Asset {{ name: {name:?}, path: {:?}, etag: {:?}, content_type: {kind:?}, bytes: include_bytes!({path:?}), br: {}, gz: {} }},",
            format!("/assets/{file}"),
            format!("W/\"{file}\""),
            copy("br"),
            copy("gz"),
        )?;
    }
    text.push_str("]\n");
    Ok(text)
}
