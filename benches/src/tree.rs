//! A tree of files as a developer's home has them: many small ones, some models among them. The same for the same number of files.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, Result, anyhow};

use crate::models;

/// How many model files lie in the tree.
pub(crate) const ARTIFACTS: usize = 500;

const FILES_PER_FOLDER: u64 = 20;
/// Folders lie five deep, nine in each.
const FAN: u64 = 9;
const DEPTH: u32 = 5;

/// Sizes are log-normal: half of the files are smaller than 2 KiB, three in ten larger than 4 KiB.
const MEDIAN: f64 = 2048.0;
/// ln(4096 / 2048) by the 0.7 quantile of the normal distribution.
const SPREAD: f64 = std::f64::consts::LN_2 / 0.524_400_5;
const LARGEST: usize = 1 << 20;

const EXTENSIONS: [&str; 16] = [
    ".py", ".js", ".ts", ".rs", ".c", ".h", ".json", ".md", ".txt", ".html", ".map", ".pyc", ".o", ".png",
    ".lock", "",
];
/// From here on in the list they are binary.
const FIRST_BINARY: usize = 11;
const LAST_BINARY: usize = 13;

/// The root of a tree of so many files in `dir`: the one from the last time, else made now.
pub(crate) fn ready(dir: &Path, files: u64) -> Result<PathBuf> {
    let root = dir.join(format!("tree-{files}"));
    let stamp = dir.join(format!("tree-{files}.ready"));
    if stamp.exists() {
        return Ok(root);
    }
    writeln!(io::stderr(), "making {files} files in `{}`, kept for the next time", root.display())?;
    if root.exists() {
        fs::remove_dir_all(&root).with_context(|| format!("failed to remove `{}`", root.display()))?;
    }
    make(&root, files)?;
    fs::write(&stamp, "").with_context(|| format!("failed to write `{}`", stamp.display()))?;
    Ok(root)
}

fn make(root: &Path, files: u64) -> Result<()> {
    let folders = files.div_ceil(FILES_PER_FOLDER).max(1);
    let half = folders / 2;
    thread::scope(|scope| {
        let first = scope.spawn(|| fill(root, 0..half, files));
        let second = scope.spawn(|| fill(root, half..folders, files));
        for worker in [first, second] {
            worker.join().map_err(|_| anyhow!("a thread that makes files failed"))??;
        }
        place_artifacts(root, folders)
    })
}

/// The folder of a number: its last five digits to the base nine.
fn folder(root: &Path, number: u64) -> PathBuf {
    (0..DEPTH).fold(root.to_owned(), |path, level| {
        let digit = number / FAN.pow(DEPTH - 1 - level);
        // The topmost level takes what is left, so that any number of folders fits.
        path.join(format!("dir{}", if level == 0 { digit } else { digit % FAN }))
    })
}

fn fill(root: &Path, folders: std::ops::Range<u64>, files: u64) -> Result<()> {
    let (text, binary) = (text_like(), binary_like());
    for number in folders {
        let path = folder(root, number);
        fs::create_dir_all(&path).with_context(|| format!("failed to make `{}`", path.display()))?;
        for file in (number * FILES_PER_FOLDER)..files.min((number + 1) * FILES_PER_FOLDER) {
            let mut random = Random::new(file);
            let size = random.size();
            let kind = random.below(EXTENSIONS.len());
            let source = if (FIRST_BINARY..=LAST_BINARY).contains(&kind) { &binary } else { &text };
            let start = random.below(source.len() - size + 1);
            let name = format!("file{file}{}", EXTENSIONS.get(kind).copied().unwrap_or_default());
            let content = source.get(start..start + size).unwrap_or_default();
            fs::write(path.join(&name), content).with_context(|| format!("failed to write `{name}`"))?;
        }
    }
    Ok(())
}

fn place_artifacts(root: &Path, folders: u64) -> Result<()> {
    for (number, seed) in (0..ARTIFACTS).zip(0u64..) {
        let path = folder(root, seed * 7919 % folders);
        let model = models::model(number);
        let name = format!("{:016x}{}", Random::new(seed).next(), model.extension);
        fs::write(path.join(&name), model.bytes).with_context(|| format!("failed to write `{name}`"))?;
    }
    Ok(())
}

/// Something like source text, twice the largest size long.
fn text_like() -> Vec<u8> {
    let words = [
        "fn ", "return ", "if (", "value", " = ", "data", ");\n", "    ", "self.", "import ", "0x1f", "{\n",
        "}\n",
    ];
    let mut random = Random::new(1);
    let mut text = Vec::with_capacity(2 * LARGEST);
    while text.len() < 2 * LARGEST {
        text.extend_from_slice(words.get(random.below(words.len())).copied().unwrap_or_default().as_bytes());
    }
    text
}

fn binary_like() -> Vec<u8> {
    let mut random = Random::new(2);
    (0..2 * LARGEST / 8).flat_map(|_| random.next().to_le_bytes()).collect()
}

/// SplitMix64: the same numbers for the same seed, on every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or_default()
    }

    /// Between 0 and 1, never 0.
    fn share(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }

    /// A file's size in bytes.
    fn size(&mut self) -> usize {
        let (radius, angle) = ((-2.0 * self.share().ln()).sqrt(), std::f64::consts::TAU * self.share());
        let size = MEDIAN * (SPREAD * radius * angle.cos()).exp();
        // A float beyond the largest number saturates, and the cap holds.
        (size as usize).clamp(1, LARGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_a_developers_home() {
        let sizes: Vec<_> = (0..20_000).map(|seed| Random::new(seed).size()).collect();
        let share =
            |limit: usize| sizes.iter().filter(|&&size| size > limit).count() as f64 / sizes.len() as f64;
        assert!((share(2048) - 0.5).abs() < 0.02, "{}", share(2048));
        assert!((share(4096) - 0.3).abs() < 0.02, "{}", share(4096));
    }

    #[test]
    fn every_folder_has_a_path_of_its_own() {
        let root = Path::new("/root");
        let paths: std::collections::BTreeSet<_> = (0..60_000).map(|number| folder(root, number)).collect();
        assert_eq!(paths.len(), 60_000);
    }

    #[test]
    fn a_tree_has_the_files_it_says_and_the_artifacts_beside_them() {
        let dir = tempfile::tempdir().unwrap();
        let root = ready(dir.path(), 1000).unwrap();
        let mut count = 0;
        let mut open = vec![root];
        while let Some(path) = open.pop() {
            for entry in fs::read_dir(path).unwrap().flatten() {
                if entry.file_type().unwrap().is_dir() { open.push(entry.path()) } else { count += 1 }
            }
        }
        assert_eq!(count, 1000 + ARTIFACTS);
    }
}
