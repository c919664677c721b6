//! The Merkle tree of RFC 6962, section 2.1: hashes, the right edge that an append needs, and the two kinds of proof.
//!
//! It must not know where hashes are kept: a [`HashSource`] gives those of whole subtrees.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

/// A SHA-256 hash in a tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The root of a tree without entries: the hash of nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self(Sha256::digest(b"").into())
    }

    /// The hash of an entry: of a zero byte and its bytes.
    #[must_use]
    pub fn of_entry(entry: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
    }

    /// The hash of two neighbours: of a one byte, the left and the right one.
    #[must_use]
    pub fn of_pair(left: Self, right: Self) -> Self {
        Self(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// From its 32 bytes in standard base64; none for anything else.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    /// In standard base64.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Where the hashes of whole subtrees come from.
pub trait HashSource {
    /// Why one cannot be had.
    type Error;

    /// The hash of the subtree of `2^height` entries that begins at entry `index * 2^height`.
    ///
    /// # Errors
    ///
    /// When it is not there or cannot be read.
    fn subtree(&mut self, height: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// The hash of the entries from `start` to `end`, as RFC 6962 defines it for a list of that length.
///
/// # Errors
///
/// When the source cannot give a hash.
pub(crate) fn range<S: HashSource>(source: &mut S, start: u64, end: u64) -> Result<Hash, S::Error> {
    let number = end.saturating_sub(start);
    if number == 0 {
        return Ok(Hash::empty());
    }
    if number.is_power_of_two() {
        let height = height_of(number);
        return source.subtree(height, start >> height);
    }
    let middle = start + split(number);
    let left = range(source, start, middle)?;
    let right = range(source, middle, end)?;
    Ok(Hash::of_pair(left, right))
}

/// The hashes that prove that entry `index` is in the tree of `size` entries: from the leaf's sibling up to a child of the root.
///
/// `index` must lie below `size`; otherwise there is nothing to prove and the path is empty.
///
/// # Errors
///
/// When the source cannot give a hash.
pub fn inclusion<S: HashSource>(source: &mut S, index: u64, size: u64) -> Result<Vec<Hash>, S::Error> {
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end.saturating_sub(start) > 1 && index < size {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range(source, middle, end)?);
            end = middle;
        } else {
            path.push(range(source, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The hashes that prove that the tree of `old` entries is the beginning of that of `new` ones.
///
/// Nothing needs proof when `old` is zero, equals `new`, or is greater; the proof is then empty.
///
/// # Errors
///
/// When the source cannot give a hash.
pub fn consistency<S: HashSource>(source: &mut S, old: u64, new: u64) -> Result<Vec<Hash>, S::Error> {
    let (mut start, mut end) = (0, new);
    let mut proof = Vec::new();
    if old == 0 || old >= new {
        return Ok(proof);
    }
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range(source, middle, end)?);
            end = middle;
        } else {
            proof.push(range(source, start, middle)?);
            start = middle;
        }
    }
    // What is left is a subtree of the old tree that the new one has as well; the old root itself needs no telling.
    if start != 0 {
        proof.push(range(source, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// A proof that does not prove what it is said to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not lead to the root of the checkpoint")]
pub struct Inconsistent;

/// Checks that an entry with this hash is entry `index` of the tree of `size` entries with this root (RFC 9162, section 2.1.3.2).
///
/// # Errors
///
/// When it is not, or the proof does not show it.
pub fn check_inclusion(
    path: &[Hash],
    entry: Hash,
    index: u64,
    size: u64,
    root: Hash,
) -> Result<(), Inconsistent> {
    let Some(mut last) = size.checked_sub(1).filter(|last| index <= *last) else { return Err(Inconsistent) };
    let (mut at, mut hash) = (index, entry);
    for &next in path {
        if last == 0 {
            return Err(Inconsistent);
        }
        if at & 1 == 1 || at == last {
            hash = Hash::of_pair(next, hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::of_pair(hash, next);
        }
        at >>= 1;
        last >>= 1;
    }
    if last == 0 && hash == root { Ok(()) } else { Err(Inconsistent) }
}

/// Checks that the tree of `old` entries is the beginning of that of `new` ones (RFC 9162, section 2.1.4.2).
///
/// # Errors
///
/// When it is not, or the proof does not show it.
pub fn check_consistency(
    proof: &[Hash],
    (old, old_root): (u64, Hash),
    (new, new_root): (u64, Hash),
) -> Result<(), Inconsistent> {
    if old > new {
        return Err(Inconsistent);
    }
    if old == 0 || old == new {
        let roots_agree = if old == 0 { old_root == Hash::empty() } else { old_root == new_root };
        return if proof.is_empty() && roots_agree { Ok(()) } else { Err(Inconsistent) };
    }
    let mut rest = proof.iter().copied();
    let first = if old.is_power_of_two() { Some(old_root) } else { rest.next() };
    let first = first.ok_or(Inconsistent)?;
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut of_old, mut of_new) = (first, first);
    for next in rest {
        if last == 0 {
            return Err(Inconsistent);
        }
        if at & 1 == 1 || at == last {
            of_old = Hash::of_pair(next, of_old);
            of_new = Hash::of_pair(next, of_new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            of_new = Hash::of_pair(of_new, next);
        }
        at >>= 1;
        last >>= 1;
    }
    if last == 0 && of_old == old_root && of_new == new_root { Ok(()) } else { Err(Inconsistent) }
}

/// The right edge of a tree: the hashes of the whole subtrees that it consists of, the largest first. All that an append needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    edge: Vec<Hash>,
}

impl Frontier {
    /// That of a tree of `size` entries.
    ///
    /// # Errors
    ///
    /// When the source cannot give a hash.
    pub fn read<S: HashSource>(source: &mut S, size: u64) -> Result<Self, S::Error> {
        let (mut edge, mut start) = (Vec::new(), 0);
        for height in (0..64).rev().filter(|height| size >> height & 1 == 1) {
            edge.push(source.subtree(height, start >> height)?);
            start += 1 << height;
        }
        Ok(Self { size, edge })
    }

    /// The number of entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds an entry by its hash. Gives the hash of each subtree that it completes, with its height: its own first.
    pub fn push(&mut self, entry: Hash, mut completed: impl FnMut(u8, Hash)) {
        let (mut hash, mut height) = (entry, 0);
        completed(height, hash);
        while self.size >> height & 1 == 1 {
            let Some(left) = self.edge.pop() else { break };
            hash = Hash::of_pair(left, hash);
            height += 1;
            completed(height, hash);
        }
        self.edge.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut edge = self.edge.iter().rev().copied();
        let Some(smallest) = edge.next() else { return Hash::empty() };
        edge.fold(smallest, |right, left| Hash::of_pair(left, right))
    }
}

/// The largest power of two below a number of at least two.
fn split(number: u64) -> u64 {
    number.div_ceil(2).next_power_of_two()
}

fn height_of(power_of_two: u64) -> u8 {
    u8::try_from(power_of_two.trailing_zeros()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests;
