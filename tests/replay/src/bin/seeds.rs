//! Writes the seeds of the fuzz targets: `eyeline-seeds FOLDER [TARGET]`, into a folder per target.

use std::{env, fs, io, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let (folder, wanted) = (words.next(), words.next());
    let Some(folder) = folder else {
        eprintln!("usage: eyeline-seeds FOLDER [TARGET]");
        return ExitCode::from(2);
    };
    if let Some(name) = wanted.as_deref().filter(|name| replay::target(name).is_none()) {
        let names: Vec<_> = replay::targets().map(|target| target.name).collect();
        eprintln!("there is no target `{name}`: they are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let wanted = |target: &&replay::Target| wanted.as_ref().is_none_or(|name| name == target.name);
    for target in replay::targets().filter(wanted) {
        if let Err(error) = write(target, &Path::new(&folder).join(target.name)) {
            eprintln!("failed to write below `{folder}`: {error}");
            return ExitCode::from(3);
        }
        println!("{}", target.name);
    }
    ExitCode::SUCCESS
}

/// A file per seed; what a fuzzer added beside them stays.
fn write(target: &replay::Target, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (number, seed) in target.seeds().iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:04}")), seed)?;
    }
    Ok(())
}
