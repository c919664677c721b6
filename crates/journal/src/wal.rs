//! Entries that are acknowledged and not in a checkpoint yet: each with its index, its length and a checksum, one after another.
//!
//! The form is ours. Nobody outside needs it: at the latest a second after an entry was written it is in tiles as well.

/// The index in eight bytes, the length in two, the checksum in four.
const HEAD: usize = 14;

/// An entry that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting<'a> {
    pub(crate) index: u64,
    pub(crate) entry: &'a [u8],
}

/// What was read from the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending<'a> {
    pub(crate) entries: Vec<Waiting<'a>>,
    /// So many bytes are good.
    pub(crate) good: usize,
    /// Behind the first bytes that are not good another entry was found: so this is damage, and not a write that was cut short.
    pub(crate) damaged: bool,
}

/// Puts an entry at the end.
pub(crate) fn push(wal: &mut Vec<u8>, index: u64, entry: &[u8]) {
    let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
    let mut head = Vec::with_capacity(HEAD);
    head.extend(index.to_be_bytes());
    head.extend(length.to_be_bytes());
    let checksum = checksum(&head, entry);
    wal.extend(head);
    wal.extend(checksum.to_be_bytes());
    wal.extend(entry);
}

/// Reads all entries up to the first that is not good.
pub(crate) fn read(wal: &[u8]) -> Pending<'_> {
    let (mut entries, mut good) = (Vec::new(), 0);
    while let Some((waiting, len)) = wal.get(good..).and_then(one) {
        entries.push(waiting);
        good += len;
    }
    let next = entries.last().map(|last| last.index);
    let behind = wal.get(good..).unwrap_or_default();
    // A later entry is one with a right checksum and a higher index: chance makes one in many thousand millions of bytes.
    let damaged = (1..behind.len())
        .filter_map(|at| one(behind.get(at..)?))
        .any(|(found, _)| next.is_none_or(|next| found.index > next));
    Pending { entries, good, damaged }
}

fn one(wal: &[u8]) -> Option<(Waiting<'_>, usize)> {
    let (index, rest) = wal.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let entry = rest.get(..u16::from_be_bytes(*length).into())?;
    let head = wal.get(..HEAD - 4)?;
    let right = checksum(head, entry) == u32::from_be_bytes(*sum);
    right.then(|| (Waiting { index: u64::from_be_bytes(*index), entry }, HEAD + entry.len()))
}

fn checksum(head: &[u8], entry: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(entry);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn three() -> Vec<u8> {
        let mut wal = Vec::new();
        for index in 7..10 {
            push(&mut wal, index, format!("entry {index}").as_bytes());
        }
        wal
    }

    #[test]
    fn a_write_that_was_cut_short_is_told_from_damage() {
        let wal = three();
        let read_of = |bytes: &[u8]| (read(bytes).entries.len(), read(bytes).damaged);
        assert_eq!(read_of(&wal), (3, false));
        for len in 0..wal.len() {
            assert_eq!(read_of(&wal[..len]), (len / (wal.len() / 3), false), "{len}");
        }
        for at in 0..wal.len() {
            let mut altered = wal.clone();
            altered[at] ^= 0x10;
            let which = at / (wal.len() / 3);
            assert_eq!(read_of(&altered), (which, which < 2), "{at}");
        }
    }

    proptest! {
        #[test]
        fn nothing_stops_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(&bytes).good <= bytes.len());
        }
    }
}
