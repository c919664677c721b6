//! Names of tiles and bundles of entries, and what a tile holds (c2sp.org/tlog-tiles).
//!
//! It must not know where they are kept.

use std::fmt;

use crate::tree::Hash;

/// So many hashes a whole tile holds, and so many entries a whole bundle.
pub(crate) const WIDTH: u64 = 256;
/// The height of the subtree that a whole tile spans.
pub(crate) const HEIGHT: u8 = 8;
/// No tree of 2^64 entries has a tile above this level.
const MAX_LEVEL: u8 = 7;

/// What a path below the root of a log names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    /// The level of the hashes; none for a bundle of entries.
    pub level: Option<u8>,
    /// Which of its level.
    pub index: u64,
    /// How many hashes or entries it holds, from 1 to 256.
    pub width: u16,
}

impl TilePath {
    /// The tile that holds hash `index` of a level, as it is when that level has `hashes` of them; none when it has no such hash.
    #[must_use]
    pub(crate) fn of_hash(level: u8, index: u64, hashes: u64) -> Option<Self> {
        let tile = index / WIDTH;
        let width = hashes.checked_sub(tile * WIDTH)?.min(WIDTH);
        let width = u16::try_from(width).ok().filter(|&width| width > 0 && index < hashes)?;
        Some(Self { level: Some(level), index: tile, width })
    }

    /// The bundle that holds an entry, as it is when there are `size` of them; none when there is no such entry.
    #[must_use]
    pub(crate) fn of_entry(index: u64, size: u64) -> Option<Self> {
        Some(Self { level: None, ..Self::of_hash(0, index, size)? })
    }

    /// The same tile with another width.
    #[must_use]
    pub(crate) fn as_wide_as(self, width: u16) -> Self {
        Self { width, ..self }
    }

    /// Whether it holds all that it can.
    #[must_use]
    pub fn is_whole(self) -> bool {
        u64::from(self.width) == WIDTH
    }

    /// The index of its first entry, and that behind its last one, were it whole.
    #[must_use]
    pub(crate) fn span(self) -> (u64, u64) {
        let height = u32::from(HEIGHT) * (u32::from(self.level.unwrap_or(0)) + 1);
        let size = 1u64.checked_shl(height).unwrap_or(u64::MAX);
        let start = self.index.saturating_mul(size);
        (start, start.saturating_add(size))
    }

    /// Reads a path such as `tile/0/x001/234` or `tile/entries/000.p/7`; none for anything else, and for other ways to write one.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (level, rest) = rest.split_once('/')?;
        let level =
            if level == "entries" { None } else { Some(level.parse().ok().filter(|&l| l <= MAX_LEVEL)?) };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|width| (1..256).contains(width))?),
            None => (rest, 256),
        };
        let mut index = 0u64;
        for digits in number.split('/').map(|part| part.strip_prefix('x').unwrap_or(part)) {
            let three = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
            let digits: u64 = digits.parse().ok().filter(|_| three)?;
            index = index.checked_mul(1000)?.checked_add(digits)?;
        }
        let found = Self { level, index, width };
        // Every name is written in one way only.
        Some(found).filter(|found| found.to_string() == path)
    }
}

impl fmt::Display for TilePath {
    /// The path below the root of the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(f, "tile/{level}/")?,
            None => write!(f, "tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for group in groups.iter().skip(1).rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{:03}", groups.first().unwrap_or(&0))?;
        if self.is_whole() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// The hashes of a tile, from 1 to 256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile(pub Vec<Hash>);

impl Tile {
    /// From its bytes: as many hashes of 32 bytes as its path says, and nothing else.
    #[must_use]
    pub fn parse(bytes: &[u8], width: u16) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && hashes.len() == usize::from(width);
        fits.then(|| Self(hashes.iter().copied().map(Hash).collect()))
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.0).collect()
    }

    /// The hash of `2^height` neighbours of it, the `nth` such group; none where it has not all of them.
    #[must_use]
    pub(crate) fn subtree(&self, height: u8, nth: usize) -> Option<Hash> {
        let number = 1usize.checked_shl(height.into())?;
        let start = nth.checked_mul(number)?;
        let mut hashes = self.0.get(start..start.checked_add(number)?)?.to_vec();
        while hashes.len() > 1 {
            hashes =
                hashes.as_chunks::<2>().0.iter().map(|&[left, right]| Hash::of_pair(left, right)).collect();
        }
        hashes.first().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_those_of_the_format() {
        let tile = TilePath { level: Some(1), index: 1_234_067, width: 256 };
        assert_eq!(tile.to_string(), "tile/1/x001/x234/067");
        assert_eq!(tile.as_wide_as(7).to_string(), "tile/1/x001/x234/067.p/7");
        assert_eq!(TilePath::of_entry(299, 300).unwrap().to_string(), "tile/entries/001.p/44");
        assert_eq!(TilePath::of_entry(3, 300).unwrap().to_string(), "tile/entries/000");
        assert_eq!(TilePath::of_entry(300, 300), None);
        for other in [
            "tile/0/1",
            "tile/0/0001",
            "tile/8/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/07",
            "tile/0/x000/001",
            "tile/00/000",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/+01",
            "checkpoint",
            "tile/entries/../000",
            "/tile/0/000",
        ] {
            assert_eq!(TilePath::parse(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_read_as_what_was_written(level in proptest::option::of(0u8..=7), index: u64, width in 1u16..=256) {
            let path = TilePath { level, index, width };
            prop_assert_eq!(TilePath::parse(&path.to_string()), Some(path));
        }

        #[test]
        fn no_name_stops_the_reader(name in "(tile/)?[0-9x/.pentris]{0,40}") {
            if let Some(path) = TilePath::parse(&name) {
                prop_assert_eq!(path.to_string(), name);
            }
        }

        #[test]
        fn no_tile_stops_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400), width: u16) {
            if let Some(tile) = Tile::parse(&bytes, width) {
                prop_assert_eq!(tile.to_bytes(), bytes);
            }
        }
    }
}
