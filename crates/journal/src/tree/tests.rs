#![allow(clippy::cast_possible_truncation, reason = "the numbers of a test are small")]

use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// A tree that is computed from its entries by the definition, however slowly.
struct Plain(Vec<Hash>);

impl Plain {
    fn of(size: u64) -> Self {
        Self((0..size).map(|n| Hash::of_entry(&n.to_be_bytes())).collect())
    }

    fn root(&self, start: usize, end: usize) -> Hash {
        match &self.0[start..end] {
            [] => Hash::empty(),
            [one] => *one,
            many => {
                let middle = start + split(many.len() as u64) as usize;
                Hash::of_pair(self.root(start, middle), self.root(middle, end))
            }
        }
    }
}

impl HashSource for Plain {
    type Error = Infallible;

    fn subtree(&mut self, height: u8, index: u64) -> Result<Hash, Infallible> {
        let start = (index << height) as usize;
        Ok(self.root(start, start + (1 << height)))
    }
}

fn ok<T>(result: Result<T, Infallible>) -> T {
    result.unwrap()
}

#[test]
fn the_hashes_are_those_of_the_standard() {
    // Test vectors that implementations of RFC 6962 share.
    let hex = |hash: Hash| hash.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(Hash::empty()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(hex(Hash::of_entry(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    let mut frontier = Frontier::default();
    frontier.push(Hash::of_entry(b""), |_, _| {});
    frontier.push(Hash::of_entry(&[0]), |_, _| {});
    assert_eq!(hex(frontier.root()), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

#[test]
fn every_entry_of_every_small_tree_is_proven_and_nothing_else_is() {
    for size in 1..=40 {
        let mut plain = Plain::of(size);
        let root = plain.root(0, size as usize);
        for index in 0..size {
            let path = ok(inclusion(&mut plain, index, size));
            let entry = Hash::of_entry(&index.to_be_bytes());
            assert_eq!(check_inclusion(&path, entry, index, size, root), Ok(()));
            for (wrong_index, wrong_size) in [(index + 1, size), (index, size + 1), (index, size - 1)] {
                if (wrong_index, wrong_size) != (index, size) && wrong_index < size {
                    // Another size may have a path of the same shape; then the same root proves nothing false about the entry.
                    let same_shape = wrong_index == index
                        && path.len()
                            == ok(inclusion(
                                &mut Plain::of(wrong_size),
                                index.min(wrong_size.saturating_sub(1)),
                                wrong_size,
                            ))
                            .len();
                    let answer = check_inclusion(&path, entry, wrong_index, wrong_size, root);
                    assert!(answer.is_err() || same_shape, "{wrong_index} of {wrong_size}");
                }
            }
            let mut longer = path.clone();
            longer.push(root);
            assert!(check_inclusion(&longer, entry, index, size, root).is_err());
            for at in 0..path.len() {
                let mut altered = path.clone();
                altered[at].0[7] ^= 1;
                assert!(check_inclusion(&altered, entry, index, size, root).is_err());
            }
            assert!(check_inclusion(&path, Hash::of_entry(b"other"), index, size, root).is_err());
        }
        assert!(check_inclusion(&[], root, size, size, root).is_err());
    }
}

#[test]
fn every_small_tree_is_proven_to_be_the_beginning_of_every_larger_one() {
    for new in 0..=34 {
        let mut plain = Plain::of(new);
        let new_root = plain.root(0, new as usize);
        for old in 0..=new {
            let old_root = plain.root(0, old as usize);
            let proof = ok(consistency(&mut plain, old, new));
            assert_eq!(check_consistency(&proof, (old, old_root), (new, new_root)), Ok(()), "{old} {new}");
            let other = Hash::of_entry(b"other");
            assert!(check_consistency(&proof, (old, other), (new, new_root)).is_err());
            if old > 0 {
                assert!(check_consistency(&proof, (old, old_root), (new, other)).is_err());
            }
            for at in 0..proof.len() {
                let mut altered = proof.clone();
                altered[at].0[7] ^= 1;
                assert!(check_consistency(&altered, (old, old_root), (new, new_root)).is_err());
                let mut shorter = proof.clone();
                shorter.remove(at);
                assert!(check_consistency(&shorter, (old, old_root), (new, new_root)).is_err());
            }
        }
        assert!(check_consistency(&[], (new + 1, new_root), (new, new_root)).is_err());
    }
}

proptest! {
    #[test]
    fn the_frontier_has_the_root_of_the_definition(size in 0u64..600) {
        let mut plain = Plain::of(size);
        let mut frontier = Frontier::default();
        for entry in plain.0.clone() {
            frontier.push(entry, |_, _| {});
        }
        prop_assert_eq!(frontier.root(), plain.root(0, size as usize));
        prop_assert_eq!(&ok(Frontier::read(&mut plain, size)), &frontier);
    }

    #[test]
    fn no_proof_makes_the_check_fail_otherwise_than_with_an_answer(
        path in proptest::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..70),
        index: u64, size: u64, new: u64, one: [u8; 32], other: [u8; 32],
    ) {
        prop_assert!(check_inclusion(&path, Hash(one), index, size, Hash(other)).is_err() || path.is_empty());
        let _ = check_consistency(&path, (size, Hash(one)), (new, Hash(other)));
    }
}
