//! Decompression as a reader: one compressed stream after the other, and where the last one ended.
//!
//! It knows codecs and no containers. Sources: RFC 1950 (zlib), 1951 (deflate), 1952 (gzip), 8878 (zstd), the xz file format 1.2.1,
//! the LZ4 frame format 1.6.3; joblib's old `ZF` header is a length in hexadecimal digits before a zlib stream.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Read},
    rc::Rc,
};

use crate::inspect::{Bytes, Reader};

/// The most memory that a stream may ask for as its window: what the strongest settings of xz and zstd use.
const WINDOW: u64 = 128 << 20;
/// Compressed bytes that are read at once.
const CHUNK: usize = 32 * 1024;

/// How much slower than the fastest the others are.
const SLOW: u64 = 4;

/// A way of compressing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 1950.
    Zlib,
    /// RFC 1951, without a header.
    Deflate,
    /// bzip2, any number of streams.
    Bzip2,
    /// The xz format, any number of streams.
    Xz,
    /// The older format of LZMA.
    Lzma,
    /// LZMA as zip archives hold it: version and properties before a raw stream of this length.
    ZipLzma(u64),
    /// LZ4 frames.
    Lz4,
    /// Zstandard frames.
    Zstd,
}

impl Codec {
    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Deflate => "deflate",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma | Self::ZipLzma(_) => "lzma",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// What it cost to unpack these bytes: a byte that is repeated costs the fast codecs the least.
    pub(crate) fn cost(self, unpacked: &[u8]) -> u64 {
        let fast = matches!(self, Self::Gzip | Self::Zlib | Self::Deflate | Self::Lz4);
        let repeats = unpacked.get(1..) == unpacked.get(..unpacked.len().saturating_sub(1));
        (unpacked.len() as u64).saturating_mul(if fast && repeats { 1 } else { SLOW })
    }

    /// Whether another stream may follow here, as the decoders of this format go on with it.
    fn goes_on_with(self, head: &[u8]) -> bool {
        match self {
            Self::Gzip => head.starts_with(b"\x1f\x8b"),
            Self::Bzip2 => head.starts_with(b"BZh"),
            Self::Xz => head.starts_with(b"\xfd7zXZ\0"),
            Self::Lz4 => head.starts_with(b"\x04\x22\x4d\x18"),
            Self::Zstd => is_zstd(head),
            _ => false,
        }
    }
}

/// Whether a frame of Zstandard begins here, or one that its decoders skip.
pub(super) fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(b"\x28\xb5\x2f\xfd") || matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Compressed bytes, counted as a decoder takes them.
struct Input<'s> {
    inner: BufReader<Reader<'s>>,
    taken: Rc<Cell<u64>>,
    failed: Rc<Cell<bool>>,
}

impl Input<'_> {
    fn note<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        if outcome.is_err() {
            self.failed.set(true);
        }
        outcome
    }
}

impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(out);
        let got = self.note(got)?;
        self.taken.set(self.taken.get().saturating_add(got as u64));
        Ok(got)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let failed = Rc::clone(&self.failed);
        self.inner.fill_buf().inspect_err(|_| failed.set(true))
    }

    fn consume(&mut self, count: usize) {
        self.taken.set(self.taken.get().saturating_add(count as u64));
        self.inner.consume(count);
    }
}

/// One compressed stream.
trait Stream<'s>: Read {
    /// The compressed bytes behind it, and how many of them the decoder had taken in advance.
    fn finish(self: Box<Self>) -> (Input<'s>, u64);
}

/// Decoders that take no byte more than they need.
macro_rules! exact {
    ($($decoder:ty),*) => {
        $(impl<'s> Stream<'s> for $decoder {
            fn finish(self: Box<Self>) -> (Input<'s>, u64) {
                ((*self).into_inner(), 0)
            }
        })*
    };
}

exact!(
    flate2::bufread::GzDecoder<Input<'s>>,
    flate2::bufread::ZlibDecoder<Input<'s>>,
    flate2::bufread::DeflateDecoder<Input<'s>>,
    bzip2::bufread::BzDecoder<Input<'s>>,
    lz4_flex::frame::FrameDecoder<Input<'s>>,
    lzma_rust2::XzReader<Input<'s>>,
    ruzstd::decoding::StreamingDecoder<Input<'s>, ruzstd::decoding::FrameDecoder>
);

impl<'s> Stream<'s> for lzma_rust2::LzmaReader<Input<'s>> {
    fn finish(self: Box<Self>) -> (Input<'s>, u64) {
        let (input, in_advance) = self.into_parts();
        (input, in_advance.len() as u64)
    }
}

/// A frame that holds nothing to decompress.
struct Skipped<'s>(Input<'s>);

impl Read for Skipped<'_> {
    fn read(&mut self, _out: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl<'s> Stream<'s> for Skipped<'s> {
    fn finish(self: Box<Self>) -> (Input<'s>, u64) {
        (self.0, 0)
    }
}

fn open<'s>(codec: Codec, mut input: Input<'s>) -> io::Result<Box<dyn Stream<'s> + 's>> {
    let window = u32::try_from(WINDOW >> 10).unwrap_or(u32::MAX);
    Ok(match codec {
        Codec::Gzip => Box::new(flate2::bufread::GzDecoder::new(input)),
        Codec::Zlib => Box::new(flate2::bufread::ZlibDecoder::new(input)),
        Codec::Deflate => Box::new(flate2::bufread::DeflateDecoder::new(input)),
        Codec::Bzip2 => Box::new(bzip2::bufread::BzDecoder::new(input)),
        Codec::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(input, false, window)),
        Codec::Lzma => Box::new(lzma_rust2::LzmaReader::new_mem_limit(input, window, None)?),
        Codec::ZipLzma(size) => {
            let mut head = [0; 9];
            input.read_exact(&mut head)?;
            let [_, _, _, _, properties, dictionary @ ..] = head;
            let dictionary = u32::from_le_bytes(dictionary);
            if u64::from(dictionary) > WINDOW {
                return Err(io::Error::from(io::ErrorKind::OutOfMemory));
            }
            Box::new(lzma_rust2::LzmaReader::new_with_props(input, size, properties, dictionary, None)?)
        }
        Codec::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(input)),
        Codec::Zstd => open_zstd(input)?,
    })
}

fn open_zstd<'s>(mut input: Input<'s>) -> io::Result<Box<dyn Stream<'s> + 's>> {
    if !matches!(input.fill_buf()?, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]) {
        let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(input, WINDOW);
        return Ok(Box::new(decoder.map_err(io::Error::other)?));
    }
    let mut head = [0; 8];
    input.read_exact(&mut head)?;
    let [.., a, b, c, d] = head;
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if io::copy(&mut (&mut input).take(length), &mut io::sink())? < length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    Ok(Box::new(Skipped(input)))
}

/// All streams of one codec that follow each other.
pub(super) struct Streams<'s> {
    codec: Codec,
    current: Option<Box<dyn Stream<'s> + 's>>,
    taken: Rc<Cell<u64>>,
    failed: Rc<Cell<bool>>,
    /// Where the last whole stream ended.
    end: u64,
}

impl<'s> Streams<'s> {
    /// Decompresses from the first byte on.
    pub(super) fn new(packed: &Bytes<'s>, codec: Codec) -> io::Result<Self> {
        let (taken, failed) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
        let inner = BufReader::with_capacity(CHUNK, packed.reader());
        let input = Input { inner, taken: Rc::clone(&taken), failed: Rc::clone(&failed) };
        Ok(Self { codec, current: Some(open(codec, input)?), taken, failed, end: 0 })
    }

    /// Compressed bytes up to the end of the last whole stream.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Compressed bytes that were taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken.get()
    }

    /// Whether the reader of the compressed bytes failed, which says nothing about them.
    pub(super) fn reader_failed(&self) -> bool {
        self.failed.get()
    }

    /// Goes on with the next stream, if there is one.
    fn next(&mut self, ended: Box<dyn Stream<'s> + 's>) -> io::Result<()> {
        let (mut input, in_advance) = ended.finish();
        self.end = self.taken.get().saturating_sub(in_advance);
        if in_advance == 0 && self.codec.goes_on_with(input.fill_buf()?) {
            self.current = Some(open(self.codec, input)?);
        }
        Ok(())
    }
}

impl Read for Streams<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(mut current) = self.current.take() {
            // A decoder that failed is dropped: what it does afterwards is not defined.
            let got = current.read(out)?;
            if got > 0 || out.is_empty() {
                self.current = Some(current);
                return Ok(got);
            }
            self.next(current)?;
        }
        Ok(0)
    }
}
