//! Verifies a whole log: every byte of every file, against the checkpoint and against each other.
//!
//! What it cannot know is said in the documentation: a log whose keeper has the key can be made anew from its beginning. Therefore the
//! checkpoints that others have seen are compared as well.

use std::{collections::BTreeSet, fmt};

use crate::{
    bundle::Entries,
    checkpoint::Checkpoint,
    folder::Folder,
    note::{Note, VerifierKey},
    reader::{ReadError, Reader, WITNESSED, read},
    tile::{HEIGHT, TilePath, WIDTH},
    tree::{Frontier, Hash},
    wal,
};

/// What is wrong with a log.
#[derive(Debug)]
pub enum Fault {
    /// It cannot be read at all: nothing else was looked at.
    Unreadable(ReadError),
    /// A file is missing.
    Missing(String),
    /// A file is not what was written; the entries that are concerned, from the first to behind the last.
    Altered {
        /// Which file.
        path: String,
        /// The entries in it, or below it.
        entries: (u64, u64),
    },
    /// A file does not belong to the log.
    Foreign(String),
    /// What is kept as a witnessed checkpoint is not cosigned by any of the witnesses.
    Unwitnessed,
    /// The tree of all entries has another root than the checkpoint says.
    Root,
    /// The entries that wait for a checkpoint are damaged or not the next ones.
    Waiting,
    /// A checkpoint that was seen before is not the beginning of this log: it was shortened, or made anew.
    Forked {
        /// Where that checkpoint was found.
        seen: String,
        /// How many entries it had.
        size: u64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "{error}"),
            Self::Missing(path) => write!(f, "`{path}` is missing"),
            Self::Altered { path, entries: (start, end) } if end.saturating_sub(*start) == 1 => {
                write!(f, "`{path}` was altered: entry {start} is not the one that was written")
            }
            Self::Altered { path, entries: (start, end) } => {
                write!(
                    f,
                    "`{path}` was altered: it does not fit entries {start} to {}",
                    end.saturating_sub(1)
                )
            }
            Self::Foreign(path) => write!(f, "`{path}` does not belong to the log"),
            Self::Unwitnessed => write!(f, "`{WITNESSED}` is not cosigned by a witness that is known"),
            Self::Root => write!(f, "the entries do not have the root that the checkpoint says"),
            Self::Waiting => {
                write!(f, "`wal` was altered: acknowledged entries that no checkpoint has yet may be lost")
            }
            Self::Forked { seen, size } => {
                write!(f, "the checkpoint of {size} entries in {seen} is not the beginning of this log")
            }
        }
    }
}

/// What a verification found.
#[derive(Debug, Default)]
pub struct Report {
    /// The checkpoint; none when it cannot be read.
    pub checkpoint: Option<Checkpoint>,
    /// How many entries were read and fit.
    pub entries: u64,
    /// How many more wait for a checkpoint.
    pub waiting: u64,
    /// How many entries the newest checkpoint has that a known witness cosigned, and when it did, in seconds since 1970.
    pub witnessed: Option<(u64, u64)>,
    /// What is wrong; empty when nothing is.
    pub faults: Vec<Fault>,
}

/// A checkpoint that was seen elsewhere or before.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Where: for the message.
    pub place: String,
    /// The note.
    pub note: Note,
}

/// Reads all of a log and checks it against the key, and against checkpoints that were seen before.
pub fn verify<F: Folder>(folder: &F, key: &VerifierKey, witnesses: &[VerifierKey], seen: &[Seen]) -> Report {
    let mut reader = match Reader::open(folder, key) {
        Ok(reader) => reader,
        Err(error) => return Report { faults: vec![Fault::Unreadable(error)], ..Report::default() },
    };
    let mut report = Report { checkpoint: Some(reader.checkpoint().clone()), ..Report::default() };
    Walk { folder, report: &mut report, known: BTreeSet::new(), levels: Vec::new() }.all(reader.checkpoint());
    waiting(folder, reader.checkpoint().size, &mut report);
    let kept = match read(folder, WITNESSED).map(|bytes| bytes.map(|bytes| Note::parse(&bytes))) {
        Ok(None) => None,
        Ok(Some(Ok(note))) => Some(Seen { place: format!("`{WITNESSED}`"), note }),
        _ => {
            report.faults.push(Fault::Altered { path: WITNESSED.into(), entries: (0, 0) });
            None
        }
    };
    for seen in kept.iter().chain(seen) {
        compare(&mut reader, key, witnesses, seen, &mut report);
    }
    let cosigned = |note: &Note| witnesses.iter().any(|witness| note.verify(witness).is_ok());
    if kept.is_some_and(|kept| !witnesses.is_empty() && !cosigned(&kept.note)) {
        report.faults.push(Fault::Unwitnessed);
    }
    report
}

/// One pass over the entries, from which all tiles follow.
struct Walk<'w, F> {
    folder: &'w F,
    report: &'w mut Report,
    /// The files that were looked at.
    known: BTreeSet<String>,
    levels: Vec<Vec<Hash>>,
}

impl<F: Folder> Walk<'_, F> {
    fn all(&mut self, checkpoint: &Checkpoint) {
        let size = checkpoint.size;
        let mut frontier = Frontier::default();
        let mut complete = true;
        for first in (0..size).step_by(usize::try_from(WIDTH).unwrap_or(usize::MAX)) {
            let Some(path) = TilePath::of_entry(first, size) else { break };
            let Some(hashes) = self.bundle(path) else {
                complete = false;
                break;
            };
            for hash in hashes {
                let index = frontier.size();
                let mut completed = Vec::new();
                frontier.push(hash, |height, hash| completed.push((height, hash)));
                for (height, hash) in completed {
                    self.take(height, hash, index);
                }
            }
        }
        if complete {
            self.edge(size);
            if frontier.root() != checkpoint.root {
                self.report.faults.push(Fault::Root);
            }
        }
        self.strangers(size);
    }

    /// The hashes of the entries of a bundle; none when it cannot be known what was written.
    fn bundle(&mut self, path: TilePath) -> Option<Vec<Hash>> {
        let bytes = self.file(path, |entry| entry)?;
        let (first, _) = path.span();
        let end = first.saturating_add(path.width.into());
        let Some(entries) = Entries::of(&bytes).exactly(path.width) else {
            self.altered(path, (first, end));
            return None;
        };
        let hashes: Vec<Hash> = entries.iter().map(|entry| Hash::of_entry(entry)).collect();
        let tile = self.file(TilePath { level: Some(0), ..path }, |hash| hash)?;
        let told = tile.as_chunks::<32>().0;
        let differ = hashes.iter().zip(told).zip(first..).filter(|((hash, told), _)| hash.0 != **told);
        let differ: Vec<u64> = differ.map(|(_, index)| index).collect();
        for &index in &differ {
            self.altered(path, (index, index.saturating_add(1)));
        }
        if tile.len() != hashes.len().saturating_mul(32) {
            self.altered(TilePath { level: Some(0), ..path }, (first, end));
        }
        self.report.entries += (hashes.len() - differ.len()) as u64;
        Some(hashes)
    }

    /// A file of the log, which was told to be there.
    fn file(&mut self, path: TilePath, part: impl Fn(Vec<u8>) -> Vec<u8>) -> Option<Vec<u8>> {
        let name = path.to_string();
        let found = read(self.folder, &name);
        self.known.insert(name.clone());
        match found {
            Ok(Some(bytes)) => Some(part(bytes)),
            Ok(None) => {
                self.report.faults.push(Fault::Missing(name));
                None
            }
            Err(error) => {
                self.report.faults.push(Fault::Unreadable(error));
                None
            }
        }
    }

    fn take(&mut self, height: u8, hash: Hash, index: u64) {
        if !height.is_multiple_of(HEIGHT) {
            return;
        }
        let level = usize::from(height / HEIGHT);
        if self.levels.len() <= level {
            self.levels.resize(level + 1, Vec::new());
        }
        let Some(hashes) = self.levels.get_mut(level) else { return };
        hashes.push(hash);
        if hashes.len() as u64 == WIDTH {
            let hashes = std::mem::take(hashes);
            let path =
                TilePath { level: Some(height / HEIGHT), index: index >> (height + HEIGHT), width: 256 };
            self.tile(path, &hashes);
        }
    }

    /// Level 0 was compared entry by entry.
    fn tile(&mut self, path: TilePath, hashes: &[Hash]) {
        if path.level == Some(0) {
            return;
        }
        let Some(bytes) = self.file(path, |bytes| bytes) else { return };
        if !bytes.iter().copied().eq(hashes.iter().flat_map(|hash| hash.0)) {
            self.altered(path, path.span());
        }
    }

    fn edge(&mut self, size: u64) {
        let levels = std::mem::take(&mut self.levels);
        for (level, hashes) in (0u8..).zip(&levels) {
            let number = size >> (level * HEIGHT);
            let path = number.checked_sub(1).and_then(|last| TilePath::of_hash(level, last, number));
            if let Some(path) = path.filter(|path| !path.is_whole()) {
                self.tile(path, hashes);
            }
        }
    }

    fn altered(&mut self, path: TilePath, entries: (u64, u64)) {
        self.report.faults.push(Fault::Altered { path: path.to_string(), entries });
    }

    /// Files that the checkpoint does not need: older partial ones, which must be the beginning of the newer; and what is none of ours.
    fn strangers(&mut self, size: u64) {
        let listed = match self.folder.list("tile") {
            Ok(listed) => listed,
            Err(error) => {
                let error = ReadError::Io { path: "tile".into(), error };
                self.report.faults.push(Fault::Unreadable(error));
                return;
            }
        };
        for name in listed {
            if !self.known.contains(&name) && !self.is_beginning(&name, size) {
                self.report.faults.push(Fault::Foreign(name));
            }
        }
    }

    /// Whether a partial file is the beginning of one that was verified, or holds what no checkpoint has yet.
    fn is_beginning(&self, name: &str, size: u64) -> bool {
        let Some(path) = TilePath::parse(name) else { return false };
        let hashes = size >> (path.level.unwrap_or(0) * HEIGHT);
        let (first, _) = (path.index.saturating_mul(WIDTH), ());
        if first.saturating_add(path.width.into()) > hashes {
            return true;
        }
        let newer = TilePath::of_hash(path.level.unwrap_or(0), first, hashes);
        let newer = newer.map(|found| TilePath { level: path.level, ..found });
        let bytes = |path: &str| read(self.folder, path).ok().flatten();
        let (old, new) = (bytes(name), newer.and_then(|newer| bytes(&newer.to_string())));
        old.zip(new).is_some_and(|(old, new)| new.starts_with(&old))
    }
}

fn waiting<F: Folder>(folder: &F, size: u64, report: &mut Report) {
    let bytes = match read(folder, "wal") {
        Ok(bytes) => bytes.unwrap_or_default(),
        Err(error) => return report.faults.push(Fault::Unreadable(error)),
    };
    let pending = wal::read(&bytes);
    let mut next = size;
    let mut in_order = true;
    for found in pending.entries.iter().filter(|found| found.index >= size) {
        in_order &= found.index == next;
        next = next.saturating_add(1);
    }
    report.waiting = next - size;
    if pending.damaged || !in_order {
        report.faults.push(Fault::Waiting);
    }
}

fn compare<F: Folder>(
    reader: &mut Reader<'_, F>,
    key: &VerifierKey,
    witnesses: &[VerifierKey],
    seen: &Seen,
    report: &mut Report,
) {
    let Ok(old) = Checkpoint::open(&seen.note, key) else {
        report.faults.push(Fault::Forked { seen: seen.place.clone(), size: 0 });
        return;
    };
    let size = reader.checkpoint().size;
    let root = if old.size <= size { crate::tree::range(reader, 0, old.size).ok() } else { None };
    if root != Some(old.root) {
        report.faults.push(Fault::Forked { seen: seen.place.clone(), size: old.size });
        return;
    }
    let times = witnesses.iter().filter_map(|witness| seen.note.verify(witness).ok().flatten());
    if let Some(time) = times.max() {
        report.witnessed = report.witnessed.max(Some((old.size, time)));
    }
}

#[cfg(test)]
mod tests;
