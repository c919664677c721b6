//! What is compressed, made readable: verified once from end to end, then kept in memory where it is small and decompressed again
//! where it is not. It knows no archive.

mod replay;
mod streams;

use std::io::{self, Read};

pub(crate) use self::streams::Codec;
use self::{replay::Replay, streams::Streams};
use crate::{
    inspect::{Bytes, Look},
    rules::containers as rules,
};

/// What is kept in memory of one member: from its first byte, and before its last.
const HEAD: usize = 4 << 20;
const TAIL: usize = 256 << 10;
/// How much is decompressed at once.
const CHUNK: usize = 64 * 1024;
/// No honest data of this size, in bytes, is this many times smaller when compressed; in what is compressed twice, of that size.
const BOMB: u64 = 4 << 30;
const BOMB_RATIO: u64 = 200;
const NESTED_BOMB: u64 = 256 << 20;

/// What was compressed, readable.
pub(crate) struct Unpacked<'s> {
    /// All of it, or as much as could be had.
    pub(crate) bytes: Bytes<'s>,
    /// Compressed bytes up to the end of the last whole stream.
    pub(crate) end: u64,
    /// The CRC-32 of what was unpacked.
    pub(crate) crc32: u32,
    /// Whether that is all.
    pub(crate) outcome: Outcome,
}

/// How unpacking ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All came out.
    Whole,
    /// It was too much, which was said.
    Stopped,
    /// The stream does not go on, for this reason.
    Broken(String),
}

/// What the first pass over a compressed stream kept.
struct First {
    head: Vec<u8>,
    tail: Vec<u8>,
    len: u64,
    crc32: crc32fast::Hasher,
}

impl First {
    fn keep(&mut self, bytes: &[u8]) {
        self.len = self.len.saturating_add(bytes.len() as u64);
        self.crc32.update(bytes);
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        let (head, rest) = bytes.split_at_checked(room).unwrap_or_default();
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(rest);
        let surplus = self.tail.len().saturating_sub(TAIL);
        if surplus > TAIL {
            self.tail.drain(..surplus);
        }
    }
}

/// Unpacks `packed` once to its end.
///
/// What cannot be decompressed to the end is given as far as it goes: a loader that reads on the way has seen as much.
pub(crate) fn unpack<'s>(packed: &Bytes<'s>, codec: Codec, look: &mut Look<'_>) -> io::Result<Unpacked<'s>> {
    let mut first = First { head: Vec::new(), tail: Vec::new(), len: 0, crc32: crc32fast::Hasher::new() };
    let mut end = 0;
    if look.purse().is_spent() {
        look.purse().refuse("nothing more is unpacked of what unpacks to so much");
        look.say_refusals();
        let bytes = Bytes::in_memory(Vec::new());
        return Ok(Unpacked { bytes, end, crc32: 0, outcome: Outcome::Stopped });
    }
    let outcome = match Streams::new(packed, codec) {
        Ok(mut streams) => {
            let outcome = first_pass(&mut streams, codec, &mut first, look)?;
            end = streams.end();
            outcome
        }
        Err(error) => Outcome::Broken(error.to_string()),
    };
    let crc32 = first.crc32.clone().finalize();
    let bytes = if first.len <= HEAD as u64 {
        Bytes::in_memory(first.head)
    } else {
        let len = first.len;
        Bytes::new(Replay::new(packed.clone(), codec, first, look.purse()), len)
    };
    let bytes = bytes.metered(look.purse());
    Ok(Unpacked { bytes, end, crc32, outcome })
}

fn first_pass(
    streams: &mut Streams<'_>,
    codec: Codec,
    first: &mut First,
    look: &mut Look<'_>,
) -> io::Result<Outcome> {
    let mut chunk = vec![0; CHUNK];
    let mut counted = 0;
    loop {
        let got = streams.read(&mut chunk);
        look.purse().take_in(streams.taken().saturating_sub(counted));
        counted = streams.taken();
        let got = match got {
            Ok(0) => return Ok(Outcome::Whole),
            Ok(got) => got,
            Err(error) if streams.reader_failed() => return Err(error),
            Err(error) => return Ok(Outcome::Broken(error.to_string())),
        };
        let got = chunk.get(..got).unwrap_or_default();
        first.keep(got);
        let enough = look.purse().spend_first(got.len() as u64, codec.cost(got));
        if is_bomb(first.len, streams.taken(), look) || !enough {
            look.say_refusals();
            return Ok(Outcome::Stopped);
        }
    }
}

/// Whether so much came out of so little that the purpose can only be to exhaust whoever unpacks it.
fn is_bomb(unpacked: u64, packed: u64, look: &mut Look<'_>) -> bool {
    let most = if look.layers > 0 { NESTED_BOMB } else { BOMB };
    let (all_unpacked, all_packed) = look.purse().totals();
    let found = [(unpacked, packed, most), (all_unpacked, all_packed, BOMB)]
        .into_iter()
        .find(|(unpacked, packed, most)| unpacked > most && *unpacked > packed.saturating_mul(BOMB_RATIO))
        .or_else(|| look.purse().has_burst().then_some((all_unpacked, all_packed, 0)));
    if let Some((unpacked, packed, _)) = found {
        let message = format!("{packed} compressed bytes unpack to more than {unpacked}");
        look.say(&rules::BOMB, None, "", message);
    }
    found.is_some()
}

/// The codec whose stream these first bytes begin, and how many bytes stand before it.
pub(crate) fn codec(head: &[u8]) -> Option<(Codec, u64)> {
    Some(match head {
        [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => (Codec::Gzip, 0),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => (Codec::Bzip2, 0),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => (Codec::Bzip2, 0),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => (Codec::Xz, 0),
        [0x04, 0x22, 0x4d, 0x18, ..] => (Codec::Lz4, 0),
        _ if streams::is_zstd(head) => (Codec::Zstd, 0),
        [b'Z', b'F', b'0', b'x', ..] => (Codec::Zlib, joblib_header(head)?),
        [0x78, flags, ..] if is_zlib(0x78, *flags) => (Codec::Zlib, 0),
        _ if is_lzma(head) => (Codec::Lzma, 0),
        _ => return None,
    })
}

/// The length of the header of an old joblib file: the zlib stream begins behind a padded number.
fn joblib_header(head: &[u8]) -> Option<u64> {
    [21usize, 22].into_iter().find_map(|at| match head.get(at..)? {
        [0x78, flags, ..] if is_zlib(0x78, *flags) => Some(at as u64),
        _ => None,
    })
}

fn is_zlib(method: u8, flags: u8) -> bool {
    let number = u16::from_be_bytes([method, flags]);
    matches!(flags, 0x01 | 0x5e | 0x9c | 0xda) && number.is_multiple_of(31)
}

/// LZMA has no magic number: properties, the size of a dictionary that tools choose, a length that is none or likely.
fn is_lzma(head: &[u8]) -> bool {
    let [0x5d, rest @ ..] = head else { return false };
    let Some((dictionary, rest)) = rest.split_first_chunk::<4>() else { return false };
    let Some((size, [0, ..])) = rest.split_first_chunk::<8>() else { return false };
    let (dictionary, size) = (u32::from_le_bytes(*dictionary), u64::from_le_bytes(*size));
    let half = dictionary.wrapping_div(3).wrapping_mul(2);
    let usual = dictionary >= 4096 && (dictionary.is_power_of_two() || half.is_power_of_two());
    usual && (size == u64::MAX || size < 1 << 40)
}

/// Whether something comes out of a stream that has no strong magic number.
pub(crate) fn unpacks(packed: &Bytes<'_>, codec: Codec) -> bool {
    let Ok(mut streams) = Streams::new(packed, codec) else { return false };
    let mut some = [0; 4096];
    let mut got = 0;
    loop {
        match streams.read(&mut some) {
            Ok(0) => return got > 0,
            Ok(more) => got = more.saturating_add(got),
            Err(_) => return false,
        }
        if got >= 65_536 {
            return true;
        }
    }
}
