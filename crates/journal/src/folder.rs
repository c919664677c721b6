//! Where a log keeps its bytes, and what it asks of that place. The order in which a log asks for durability is written in `log.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, PoisonError},
};

/// A directory with files below it, by paths with `/`. Nothing outlives a loss of power before it was synced.
pub trait Folder {
    /// The bytes of a file; none when there is no such file.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// The paths of all files below a path, in no order.
    ///
    /// # Errors
    ///
    /// When it cannot be listed.
    fn list(&self, below: &str) -> io::Result<Vec<String>>;

    /// Writes a file, in the place of another one or anew. Until it was synced a loss of power leaves anything of it.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Some of the bytes may be there.
    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Writes a file durably, in the place of another one or anew: whatever happens, it is the old one or the new one, whole.
    ///
    /// # Errors
    ///
    /// When it is not known to be the new one.
    fn replace(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Puts bytes at the end of a file, which is made when there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Some of the bytes may be there.
    fn append(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes a file shorter; nothing happens when there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn truncate(&mut self, path: &str, len: u64) -> io::Result<()>;

    /// Removes a file, which need not be there.
    ///
    /// # Errors
    ///
    /// When it is there and stays.
    fn remove(&mut self, path: &str) -> io::Result<()>;

    /// Makes files and their names durable: those that were written, made shorter or removed.
    ///
    /// # Errors
    ///
    /// When it is not known whether they are. Nothing may be built upon what was written since.
    fn sync(&mut self, paths: &[String]) -> io::Result<()>;
}

/// A folder that is gone when it is dropped, and loses power when it is told to: for tests, and to look at a log that came otherwise.
#[derive(Debug, Clone, Default)]
pub struct MemoryFolder(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    files: BTreeMap<String, Vec<u8>>,
    /// What a loss of power leaves at least.
    durable: BTreeMap<String, Vec<u8>>,
    /// So many writes and syncs are done before the next one fails.
    left: Option<u64>,
    done: u64,
    /// How many bytes there is room for.
    room: Option<usize>,
}

impl MemoryFolder {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One with these files, durable.
    #[must_use]
    pub fn of(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self(Arc::new(Mutex::new(Memory { durable: files.clone(), files, ..Memory::default() })))
    }

    /// All files as they are.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.with(|memory| memory.files.clone())
    }

    /// How many writes and syncs were done.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.with(|memory| memory.done)
    }

    /// Fails every write and sync after so many more.
    pub fn fail_after(&self, steps: u64) {
        self.with(|memory| memory.left = Some(steps));
    }

    /// Has no room for more than so many bytes in all.
    pub fn fill_at(&self, bytes: usize) {
        self.with(|memory| memory.room = Some(bytes));
    }

    /// What is there after a loss of power: of each file that was not synced the old bytes or any part of the new ones, as `chance`
    /// decides, which gives a number below the one it gets.
    #[must_use]
    pub fn after_power_loss(&self, mut chance: impl FnMut(usize) -> usize) -> Self {
        let (files, durable) = self.with(|memory| (memory.files.clone(), memory.durable.clone()));
        let mut left = BTreeMap::new();
        let paths: BTreeSet<&String> = files.keys().chain(durable.keys()).collect();
        for path in paths {
            let kept = match (durable.get(path), files.get(path)) {
                (old, new) if old == new => old.cloned(),
                (old, Some(new)) => {
                    let same = old.filter(|old| new.starts_with(old)).map_or(0, Vec::len);
                    let more = new.len().saturating_sub(same).saturating_add(1);
                    let torn = new.get(..same.saturating_add(chance(more))).map(<[u8]>::to_vec);
                    if chance(2) == 0 { torn } else { old.cloned() }
                }
                (old, None) => old.filter(|_| chance(2) == 0).cloned(),
            };
            left.extend(kept.map(|bytes| (path.clone(), bytes)));
        }
        Self::of(left)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Memory) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn step<T>(&self, act: impl FnOnce(&mut Memory) -> io::Result<T>) -> io::Result<T> {
        self.with(|memory| {
            if memory.left == Some(0) {
                return Err(io::Error::other("the power is gone"));
            }
            memory.left = memory.left.map(|left| left - 1);
            memory.done += 1;
            act(memory)
        })
    }
}

impl Memory {
    fn check_room(&self, path: &str, len: usize) -> io::Result<()> {
        let others: usize =
            self.files.iter().filter(|(name, _)| *name != path).map(|(_, bytes)| bytes.len()).sum();
        let fits = self.room.is_none_or(|room| others.saturating_add(len) <= room);
        if fits { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }
}

impl Folder for MemoryFolder {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.with(|memory| memory.files.get(path).cloned()))
    }

    fn list(&self, below: &str) -> io::Result<Vec<String>> {
        let inside = |path: &&String| {
            below.is_empty() || path.strip_prefix(below).is_some_and(|rest| rest.starts_with('/'))
        };
        Ok(self.with(|memory| memory.files.keys().filter(inside).cloned().collect()))
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.step(|memory| {
            let room = memory.check_room(path, bytes.len());
            let part = if room.is_ok() { bytes.len() } else { bytes.len() / 2 };
            memory.files.insert(path.to_owned(), bytes.iter().take(part).copied().collect());
            room
        })
    }

    fn replace(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.step(|memory| {
            memory.check_room(path, bytes.len())?;
            memory.files.insert(path.to_owned(), bytes.to_vec());
            memory.durable.insert(path.to_owned(), bytes.to_vec());
            Ok(())
        })
    }

    fn append(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.step(|memory| {
            let old = memory.files.get(path).map_or(0, Vec::len);
            let room = memory.check_room(path, old.saturating_add(bytes.len()));
            // A full disk takes what fits.
            let part = if room.is_ok() { bytes.len() } else { bytes.len() / 2 };
            memory.files.entry(path.to_owned()).or_default().extend(bytes.iter().take(part));
            room
        })
    }

    fn truncate(&mut self, path: &str, len: u64) -> io::Result<()> {
        self.step(|memory| {
            if let Some(bytes) = memory.files.get_mut(path) {
                bytes.truncate(usize::try_from(len).unwrap_or(usize::MAX));
            }
            Ok(())
        })
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        self.step(|memory| {
            memory.files.remove(path);
            Ok(())
        })
    }

    fn sync(&mut self, paths: &[String]) -> io::Result<()> {
        self.step(|memory| {
            for path in paths {
                match memory.files.get(path) {
                    Some(bytes) => memory.durable.insert(path.clone(), bytes.clone()),
                    None => memory.durable.remove(path),
                };
            }
            Ok(())
        })
    }
}
