//! All members of an archive, by every directory that can be found in it, in the order in which they lie.

use std::{
    collections::{BTreeMap, HashMap},
    io,
};

use super::records::{self, Directory, End, Entry, Local};
use crate::{
    inspect::{Bytes, Look},
    reader::{Fault, read_up_to},
    rules::{self as common, containers as rules},
};

/// How far into a gap members are looked for.
const GAP: u64 = 1 << 20;
/// Entries that may lead to one member; an archive has one.
const ENTRIES: usize = 8;
/// Longer data that announces no length is not searched for its end.
const STREAMED: u64 = 1 << 30;

/// A member: its local header, and the entries that lead to it.
#[derive(Debug)]
pub(in crate::containers) struct Place {
    pub(super) local: Local,
    pub(super) entries: Vec<Entry>,
}

/// What lies somewhere in an archive.
#[derive(Debug)]
pub(in crate::containers) enum Item {
    /// A member.
    Member(Place),
    /// A directory or an end record, up to here.
    Records(u64),
}

/// What an archive holds.
#[derive(Debug, Default)]
pub(in crate::containers) struct Survey {
    /// Everything by offset.
    pub(super) items: BTreeMap<u64, Item>,
    /// The names that any directory gives, the first ones of very many.
    pub(in crate::containers) names: Vec<String>,
    /// Whether there is a directory.
    pub(super) whole: bool,
}

/// Reads all directories. None when these bytes hold no archive: neither a directory nor a member at their start.
pub(in crate::containers) fn survey(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<Option<Survey>> {
    let ends = records::ends(bytes)?;
    let mut survey = Survey::default();
    let mut seen = Seen::default();
    for end in ends.iter().filter(|end| !end.directories.is_empty()) {
        if survey.whole && survey.is_inside(end.at) {
            // The end record of an archive that is a member.
            continue;
        }
        if survey.whole {
            let message = "the archive has a second directory: which one counts depends on who reads it";
            look.say(&rules::SECOND_DIRECTORY, end.at, "", message);
        }
        survey.whole = true;
        survey.take_in(bytes, end, &mut seen, look)?;
    }
    if survey.whole {
        return Ok(Some(survey));
    }
    let Some(first) = records::local(bytes, 0)? else { return Ok(None) };
    survey.names.push(String::from_utf8_lossy(&first.header.name).into_owned());
    let message = "the archive has no directory: it was cut off, or never finished";
    look.say(&rules::NO_DIRECTORY, bytes.len(), "", message);
    Ok(Some(survey))
}

/// What was met on the way through the directories.
#[derive(Default)]
struct Seen {
    members: u64,
    by_name: HashMap<Vec<u8>, (u32, u64, u64)>,
}

impl Survey {
    fn is_inside(&self, at: u64) -> bool {
        match self.items.range(..=at).next_back() {
            Some((_, Item::Member(place))) => {
                let header = place.entries.first().map_or(&place.local.header, |entry| &entry.header);
                at < place.local.data.saturating_add(header.packed)
            }
            _ => false,
        }
    }

    fn take_in(
        &mut self,
        bytes: &Bytes<'_>,
        end: &End,
        seen: &mut Seen,
        look: &mut Look<'_>,
    ) -> io::Result<()> {
        if end.torn {
            let message = "the zip64 record and the old end record do not agree";
            look.say(&rules::DIVERGENCE, end.at, "end record", message);
        }
        if end.directories.len() > 1 && !end.torn {
            let message = "a directory lies where the end record says, and another one before the end record";
            look.say(&rules::SECOND_DIRECTORY, end.at, "", message);
        }
        self.items.insert(end.start, Item::Records(end.stop));
        for directory in &end.directories {
            self.take_in_directory(bytes, directory, end, seen, look)?;
        }
        if let Some(comment) = bytes.span(end.stop.saturating_sub(end.comment), end.comment.min(bytes.len()))
        {
            super::super::trailing::look_at(&comment, super::Where::After, look)?;
        }
        Ok(())
    }

    fn take_in_directory(
        &mut self,
        bytes: &Bytes<'_>,
        directory: &Directory,
        end: &End,
        seen: &mut Seen,
        look: &mut Look<'_>,
    ) -> io::Result<()> {
        let limit = look.limits.members.saturating_sub(seen.members);
        let mut failed = None;
        let walked = records::entries(bytes, directory, limit, |at, entry| {
            if failed.is_none() {
                failed = self.place(bytes, directory, at, &entry, seen, look).err();
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let walked = match walked {
            Ok(walked) => walked,
            Err(Fault::Io(error)) => return Err(error),
            Err(_) => {
                look.say(
                    &rules::BROKEN_DIRECTORY,
                    directory.start,
                    "",
                    "an entry of the directory is longer than the file",
                );
                return Ok(());
            }
        };
        seen.members = seen.members.saturating_add(walked.members);
        if !walked.all {
            let message = format!("the archive has more than {} members", look.limits.members);
            look.say(&common::TOO_MUCH_WORK, directory.start, "members", message);
        } else if walked.members != directory.members && walked.members & 0xffff != directory.members {
            let message = format!(
                "{} members are announced, and {} are in the directory",
                directory.members, walked.members
            );
            look.say(&rules::DIVERGENCE, end.at, "directory", message);
        } else if walked.end.saturating_sub(directory.start) != directory.size {
            let message = "the directory is not as long as the end record says";
            look.say(&rules::BROKEN_DIRECTORY, end.at, "", message);
        }
        self.items.insert(directory.start, Item::Records(walked.end));
        Ok(())
    }

    /// Finds the member that an entry leads to, as every reader looks for it.
    fn place(
        &mut self,
        bytes: &Bytes<'_>,
        directory: &Directory,
        at: u64,
        entry: &Entry,
        seen: &mut Seen,
        look: &mut Look<'_>,
    ) -> io::Result<()> {
        let name = String::from_utf8_lossy(&entry.header.name).into_owned();
        seen.note(entry, at, &name, look);
        let shifted = entry.offset.checked_add_signed(directory.shift);
        let plain = Some(entry.offset).filter(|_| directory.shift != 0);
        let mut found = 0u32;
        for offset in shifted.into_iter().chain(plain) {
            let Some(local) = records::local(bytes, offset)? else { continue };
            found = found.saturating_add(1);
            let place = self
                .items
                .entry(offset)
                .or_insert_with(|| Item::Member(Place { local, entries: Vec::new() }));
            if let Item::Member(place) = place
                && place.entries.len() < ENTRIES
                && !place.entries.contains(entry)
            {
                place.entries.push(entry.clone());
            }
        }
        match found {
            0 if bytes.is_exhausted() => {}
            0 => {
                let message = "the directory leads to a place where no member begins";
                look.say(&rules::BROKEN_DIRECTORY, at, &name, message);
            }
            1 => {}
            _ => {
                let message = "the directory leads to two members, one as written and one counted from the archive's start";
                look.say(&rules::DIVERGENCE, at, &name, message);
            }
        }
        if (self.names.len() as u64) < 65_536 {
            self.names.push(name);
        }
        Ok(())
    }
}

impl Seen {
    /// Says when a name stands for two different members.
    fn note(&mut self, entry: &Entry, at: u64, name: &str, look: &mut Look<'_>) {
        let header = &entry.header;
        let this = (header.crc32, header.size, entry.offset);
        match self.by_name.get(&header.name) {
            Some(known) if known.0 != this.0 || known.1 != this.1 => {
                let message =
                    "two different members have this name: which one is loaded depends on who reads";
                look.say(&rules::DUPLICATE, at, name, message);
            }
            Some(_) => {}
            None => {
                self.by_name.insert(header.name.clone(), this);
            }
        }
    }
}

/// The first member in a gap that begins at `at`, and how many bytes stand before it.
///
/// What is read grows with what was searched in vain, so that a gap full of members costs no more than its length.
pub(super) fn hidden(gap: &Bytes<'_>, at: u64, whole: &Bytes<'_>) -> io::Result<Option<(u64, Local)>> {
    let (mut start, mut reach) = (0u64, 4usize);
    while start < GAP {
        let mut window = vec![0; reach];
        let got = gap.after(start).head(&mut window)?;
        let signatures = window.get(..got).unwrap_or_default().windows(4).enumerate();
        for (skipped, _) in signatures.filter(|(_, four)| four == b"PK\x03\x04") {
            let skipped = start.saturating_add(skipped as u64);
            let local = records::local(whole, at.saturating_add(skipped))?;
            if let Some(local) = local.filter(Local::is_likely) {
                return Ok(Some((skipped, local)));
            }
        }
        if got < reach {
            break;
        }
        // A signature may begin in the last three bytes.
        start = start.saturating_add(reach as u64).saturating_sub(3);
        reach = reach.saturating_mul(16).min(65_536);
    }
    Ok(None)
}

/// The length of data that announces none: up to the record that follows it.
pub(super) fn streamed_length(bytes: &Bytes<'_>, local: &Local) -> io::Result<u64> {
    let rest = bytes.after(local.data);
    let mut reader = rest.reader();
    let mut window = vec![0; 65_536];
    let mut kept = 0usize;
    let mut at = 0u64;
    while at < STREAMED {
        let got = read_up_to(&mut reader, window.get_mut(kept..).unwrap_or_default())?;
        let filled = kept.saturating_add(got);
        let ready = window.get(..filled).unwrap_or_default();
        let record =
            |four: &[u8]| matches!(four, [b'P', b'K', 7, 8] | [b'P', b'K', 3, 4] | [b'P', b'K', 1, 2]);
        if let Some(found) = ready.windows(4).position(record) {
            return Ok(at.saturating_add(found as u64));
        }
        if got == 0 {
            break;
        }
        kept = filled.min(3);
        let from = filled.saturating_sub(kept);
        window.copy_within(from..filled, 0);
        at = at.saturating_add(from as u64);
    }
    Ok(rest.len())
}

/// Whether an end record leads to a directory.
pub(in crate::containers) fn has_directory(bytes: &Bytes<'_>) -> io::Result<bool> {
    Ok(records::ends(bytes)?.iter().any(|end| !end.directories.is_empty()))
}
