//! Inspects files and prints what was found, one file after the other: `cargo run -p eyeline-artifact --example inspect -- FILES`.

// An example is a program of its own: it opens files and prints.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::print_stdout)]

use std::{error::Error, fs::File};

use artifact::{Limits, inspect};

fn main() -> Result<(), Box<dyn Error>> {
    let catalog = catalog::load()?;
    for path in std::env::args().skip(1) {
        let file = File::open(&path)?;
        let len = file.metadata()?.len();
        let name = path.rsplit('/').next().unwrap_or(&path);
        let found = inspect(file, len, name, &catalog, &Limits::full())?;
        let format = found.identified.map_or("-", |identified| identified.format.as_str());
        println!("{:?} {format} {path}", found.verdict);
        for fact in found.facts {
            let place = fact.offset.map_or(String::new(), |offset| format!(" at {offset}"));
            let member = fact.member.map_or(String::new(), |member| format!(" in {member}"));
            println!(
                "    {:?} {}: {} (x{}){place}{member}",
                fact.severity, fact.rule, fact.message, fact.count
            );
        }
    }
    Ok(())
}
