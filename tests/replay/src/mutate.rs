//! Changes of a seed as files suffer them and as attackers make them: cut off, bits flipped, lengths that lie, pieces of others.
//!
//! The same seed gives the same changes on every machine.

/// How many numbers a length may be replaced by.
const LIES: [u64; 10] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
];

/// As many changes of a seed; `number` tells apart the seeds of a target, and pieces are taken from `others`.
pub fn mutants<'s>(
    seed: &'s [u8],
    number: usize,
    others: &'s [Vec<u8>],
    count: usize,
) -> impl Iterator<Item = Vec<u8>> + 's {
    let mut random = Random(number as u64);
    (0..count).map(move |_| {
        let mut out = seed.to_vec();
        for _ in 0..=random.below(2) {
            change(&mut out, others, &mut random);
        }
        out
    })
}

fn change(out: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Random) {
    let at = random.below(out.len());
    match random.below(7) {
        0 => out.truncate(at),
        1 => flip(out, random),
        2 => lie(out, at, random),
        3 => splice(out, at, others, random),
        4 => repeat(out, at, random),
        5 => drop(out.drain(at..(at + 1 + random.below(16)).min(out.len()))),
        _ => out.insert(at, random.byte()),
    }
}

fn flip(out: &mut [u8], random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = random.below(out.len());
        if let Some(byte) = out.get_mut(at) {
            *byte ^= 1 << random.below(8);
        }
    }
}

/// A number of one to eight bytes, in either order, is replaced by one at the edge of what fits.
fn lie(out: &mut [u8], at: usize, random: &mut Random) {
    let width = 1usize << random.below(4);
    let mut number = LIES[random.below(LIES.len())].to_le_bytes();
    if random.below(4) == 0 {
        number = (out.len() as u64 + 1).to_le_bytes();
    }
    let number = &mut number[..width];
    if random.below(4) == 0 {
        number.reverse();
    }
    for (byte, lied) in out.iter_mut().skip(at).zip(number) {
        *byte = *lied;
    }
}

fn splice(out: &mut Vec<u8>, at: usize, others: &[Vec<u8>], random: &mut Random) {
    if let Some(other) = others.get(random.below(others.len())) {
        out.truncate(at);
        out.extend(&other[random.below(other.len())..]);
        out.truncate(crate::LONGEST_SEED);
    }
}

fn repeat(out: &mut Vec<u8>, at: usize, random: &mut Random) {
    let end = (at + 1 + random.below(64)).min(out.len());
    let piece = out[at..end].repeat(1 + random.below(4));
    out.splice(at..at, piece);
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`, and zero where that is zero.
    fn below(&mut self, end: usize) -> usize {
        let end = end.max(1) as u64;
        usize::try_from(self.next() % end).expect("less than a length")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_changes_and_another_gives_others() {
        let others = [b"some other seed".to_vec()];
        let of = |number| mutants(b"a seed of some length", number, &others, 50).collect::<Vec<_>>();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        let changed = of(1).iter().filter(|one| one.as_slice() != b"a seed of some length").count();
        assert!(changed > 45, "{changed} of 50 differ from the seed");
    }

    #[test]
    fn nothing_is_too_short_to_be_changed() {
        for seed in [&b""[..], b"a"] {
            assert_eq!(mutants(seed, 0, &[Vec::new()], 200).count(), 200);
        }
    }
}
