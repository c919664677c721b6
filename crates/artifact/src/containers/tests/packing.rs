//! What is compressed is read as if it were not, however large it is and wherever a reader jumps.

use std::io::{Read, Seek, SeekFrom};

use proptest::prelude::*;

use super::{catalog, writer};
use crate::{
    Limits,
    containers::packed::{Codec, Outcome, unpack},
    inspect::{Bytes, Look},
};

/// Bytes that do not repeat, so that a wrong offset is seen.
fn noise(len: usize) -> Vec<u8> {
    (0..len as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8 & 0x3f).collect()
}

type Packer = (Codec, fn(&[u8]) -> Vec<u8>);

fn packers() -> [Packer; 6] {
    [
        (Codec::Gzip, writer::gzip),
        (Codec::Zlib, writer::zlib),
        (Codec::Deflate, writer::deflate),
        (Codec::Bzip2, writer::bzip2),
        (Codec::Lz4, writer::lz4),
        (Codec::Zstd, writer::zstd),
    ]
}

#[test]
fn a_large_member_is_decompressed_again_where_a_reader_goes_back() {
    let data = noise(9 << 20);
    let (catalog, limits) = (catalog(), Limits::full());
    for (codec, pack) in [packers()[0], packers()[2]] {
        let packed = Bytes::in_memory(pack(&data));
        let mut look = Look::new(catalog, &limits);
        let unpacked = unpack(&packed, codec, &mut look).unwrap();
        assert_eq!((unpacked.outcome, unpacked.bytes.len()), (Outcome::Whole, data.len() as u64));
        assert_eq!(unpacked.crc32, crc32fast::hash(&data));
        let mut reader = unpacked.bytes.reader();
        for at in [0usize, 8 << 20, 5 << 20, (9 << 20) - 10, 4_194_300, 6 << 20, 7 << 20, 5_000_001] {
            reader.seek(SeekFrom::Start(at as u64)).unwrap();
            let mut some = vec![0; 100_000.min(data.len() - at)];
            reader.read_exact(&mut some).unwrap();
            assert!(some == data[at..at + some.len()], "at {at}");
        }
    }
}

#[test]
fn a_reader_that_jumps_for_ever_is_stopped() {
    let data = noise(6 << 20);
    let (catalog, limits) = (catalog(), Limits::full());
    let mut look = Look::new(catalog, &limits);
    let unpacked = unpack(&Bytes::in_memory(writer::lz4(&data)), Codec::Lz4, &mut look).unwrap();
    let mut reader = unpacked.bytes.reader();
    let stopped = (0..1000).any(|_| {
        [5_700_000u64, 4_200_000].into_iter().any(|at| {
            reader.seek(SeekFrom::Start(at)).unwrap();
            reader.read(&mut [0; 10]).unwrap() == 0
        })
    });
    look.say_refusals();
    assert!(stopped && look.verdict() == domain::Verdict::Unscannable);
}

#[test]
fn streams_that_follow_each_other_are_one_and_what_follows_them_is_found() {
    let (catalog, limits) = (catalog(), Limits::full());
    for (codec, pack) in packers() {
        let stream = pack(b"one stream of text");
        let several = !matches!(codec, Codec::Zlib | Codec::Deflate);
        let packed =
            if several { [&stream[..], &stream, b"tail"].concat() } else { [&stream[..], b"tail"].concat() };
        let mut look = Look::new(catalog, &limits);
        let unpacked = unpack(&Bytes::in_memory(packed.clone()), codec, &mut look).unwrap();
        let wanted = b"one stream of text".repeat(if several { 2 } else { 1 });
        assert_eq!(unpacked.bytes.whole(1000).unwrap().unwrap(), wanted, "{codec:?}");
        assert_eq!(unpacked.end, packed.len() as u64 - 4, "{codec:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_damaged_stream_is_never_more_than_broken(at in 0usize..400, byte in any::<u8>(), cut in 0usize..400, which in 0usize..6) {
        let (codec, pack) = packers()[which];
        let mut packed = pack(&noise(1000));
        let at = at % packed.len();
        packed[at] = byte;
        packed.truncate(packed.len() - cut.min(packed.len() - 1));
        let (catalog, limits) = (catalog(), Limits::full());
        let mut look = Look::new(catalog, &limits);
        let unpacked = unpack(&Bytes::in_memory(packed), codec, &mut look).unwrap();
        prop_assert!(unpacked.bytes.len() < 64 << 20);
    }

    #[test]
    fn no_bytes_bring_a_decoder_down(bytes in prop::collection::vec(any::<u8>(), 0..300), which in 0usize..9) {
        let magics: [(Codec, &[u8]); 9] = [
            (Codec::Gzip, b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
            (Codec::Zlib, b"\x78\x9c"),
            (Codec::Deflate, b""),
            (Codec::Bzip2, b"BZh91AY&SY"),
            (Codec::Xz, b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0\x21\x01\x16\0\0\0\x74\x2f\xe5\xa3"),
            (Codec::Lzma, b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0"),
            (Codec::ZipLzma(1000), b"\x09\x14\x05\0\x5d\0\0\x80\0"),
            (Codec::Lz4, b"\x04\x22\x4d\x18"),
            (Codec::Zstd, b"\x28\xb5\x2f\xfd"),
        ];
        let (codec, magic) = magics[which];
        let (catalog, limits) = (catalog(), Limits { unpacked: 32 << 20, ..Limits::full() });
        let mut look = Look::new(catalog, &limits);
        unpack(&Bytes::in_memory([magic, &bytes].concat()), codec, &mut look).unwrap();
    }
}
