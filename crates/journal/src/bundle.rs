//! Bundles of entries: each entry behind its length in two bytes, the higher first (c2sp.org/tlog-tiles).

/// The most bytes that an entry has: its length is told in two bytes. What is larger is named by its digest.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// An entry that no bundle can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an entry of {0} bytes is too long: at most {MAX_ENTRY} fit, and larger content goes in by its digest"
)]
pub struct TooLong(pub usize);

/// Puts an entry at the end of a bundle.
///
/// # Errors
///
/// When it is longer than [`MAX_ENTRY`]; the bundle is as it was.
pub(crate) fn push(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), TooLong> {
    let length = u16::try_from(entry.len()).map_err(|_| TooLong(entry.len()))?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    Ok(())
}

/// The entries of a bundle, one after another. It ends early where the bundle does not hold what it says: see [`Entries::is_whole`].
#[derive(Debug, Clone)]
pub struct Entries<'a>(&'a [u8]);

impl<'a> Entries<'a> {
    /// Of the bytes of a bundle.
    #[must_use]
    pub fn of(bundle: &'a [u8]) -> Self {
        Self(bundle)
    }

    /// Whether nothing is left that is no entry.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, if the bundle holds exactly `width` and nothing else.
    #[must_use]
    pub fn exactly(mut self, width: u16) -> Option<Vec<&'a [u8]>> {
        let entries: Vec<_> = self.by_ref().take(width.into()).collect();
        (entries.len() == usize::from(width) && self.is_whole()).then_some(entries)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        self.0 = rest;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_entry_is_as_long_as_two_bytes_can_say() {
        let mut bundle = Vec::new();
        assert_eq!(push(&mut bundle, &vec![7; MAX_ENTRY + 1]), Err(TooLong(MAX_ENTRY + 1)));
        assert!(bundle.is_empty());
        push(&mut bundle, &vec![7; MAX_ENTRY]).unwrap();
        push(&mut bundle, b"").unwrap();
        assert_eq!(Entries::of(&bundle).exactly(2).unwrap(), [vec![7; MAX_ENTRY].as_slice(), b""]);
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_put_in(entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..20)) {
            let mut bundle = Vec::new();
            for entry in &entries {
                push(&mut bundle, entry).unwrap();
            }
            let width = u16::try_from(entries.len()).unwrap();
            prop_assert_eq!(Entries::of(&bundle).exactly(width).unwrap(), entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(Entries::of(&bundle).exactly(width + 1), None);
            bundle.push(0);
            prop_assert_eq!(Entries::of(&bundle).exactly(width), None);
        }

        #[test]
        fn no_bundle_stops_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut entries = Entries::of(&bytes);
            let read: usize = entries.by_ref().map(|entry| entry.len() + 2).sum();
            prop_assert_eq!(entries.is_whole(), read == bytes.len());
        }
    }
}
