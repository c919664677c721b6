//! Writers of archives in which every field can be a lie.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "writing into memory does not fail")]

use std::io::Write as _;

use flate2::{Compression, write};

/// A member, as it is written; what is not said is true.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// What stands in the archive.
    pub data: Vec<u8>,
    /// The number of its compression; 0 is none.
    pub method: u16,
    /// Its size in bytes, unpacked.
    pub size: u32,
    /// Its checksum.
    pub crc32: u32,
    /// Flags of the local header, and of the directory.
    pub flags: (u16, u16),
    /// What the directory says otherwise.
    pub in_directory: Directory,
    /// The extra field of its local header.
    pub extra: Vec<u8>,
    /// The mode it has on Unix.
    pub mode: u32,
    /// Bytes before the local header.
    pub gap: Vec<u8>,
}

/// What the directory says otherwise.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// Whether the directory does not name it.
    pub absent: bool,
    /// Another name.
    pub name: Option<String>,
    /// Another size.
    pub size: Option<u32>,
    /// Another compression.
    pub method: Option<u16>,
}

/// A stored member.
pub fn part(name: &str, data: &[u8]) -> Part {
    let crc32 = crc32fast::hash(data);
    Part { name: name.to_owned(), data: data.to_vec(), size: data.len() as u32, crc32, ..Part::default() }
}

/// A compressed member.
pub fn deflated(name: &str, data: &[u8]) -> Part {
    Part { data: deflate(data), method: 8, ..part(name, data) }
        .with(|new| (new.size, new.crc32) = (data.len() as u32, crc32fast::hash(data)))
}

impl Part {
    /// The same with a lie.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// Bytes as deflate packs them.
pub fn deflate(data: &[u8]) -> Vec<u8> {
    let mut out = write::DeflateEncoder::new(Vec::new(), Compression::best());
    out.write_all(data).unwrap();
    out.finish().unwrap()
}

/// Bytes as gzip packs them.
pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut out = write::GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(data).unwrap();
    out.finish().unwrap()
}

/// Bytes as zlib packs them.
pub fn zlib(data: &[u8]) -> Vec<u8> {
    let mut out = write::ZlibEncoder::new(Vec::new(), Compression::best());
    out.write_all(data).unwrap();
    out.finish().unwrap()
}

/// Bytes as bzip2 packs them.
pub fn bzip2(data: &[u8]) -> Vec<u8> {
    let mut out = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::best());
    out.write_all(data).unwrap();
    out.finish().unwrap()
}

/// Bytes as lz4 packs them.
pub fn lz4(data: &[u8]) -> Vec<u8> {
    let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
    out.write_all(data).unwrap();
    out.finish().unwrap()
}

/// Bytes as zstd packs them.
pub fn zstd(data: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
}

fn numbers(out: &mut Vec<u8>, numbers: &[u16]) {
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
}

fn wide(out: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
}

/// An archive of these members behind `prefix`.
pub fn zip_behind(prefix: &[u8], parts: &[Part]) -> Vec<u8> {
    let mut out = prefix.to_vec();
    let (mut directory, mut count) = (Vec::new(), 0);
    for part in parts {
        out.extend(&part.gap);
        let at = out.len() as u32;
        let streamed = part.flags.0 & 8 != 0;
        let sizes = [part.crc32, part.data.len() as u32, part.size];
        out.extend(b"PK\x03\x04");
        numbers(&mut out, &[20, part.flags.0, part.method, 0, 0x21]);
        wide(&mut out, &if streamed { [0; 3] } else { sizes });
        numbers(&mut out, &[part.name.len() as u16, part.extra.len() as u16]);
        out.extend([part.name.as_bytes(), &part.extra, &part.data].concat());
        if streamed {
            out.extend(b"PK\x07\x08");
            wide(&mut out, &sizes);
        }
        if part.in_directory.absent {
            continue;
        }
        count += 1;
        let name = part.in_directory.name.as_deref().unwrap_or(&part.name);
        directory.extend(b"PK\x01\x02");
        numbers(
            &mut directory,
            &[0x0314, 20, part.flags.1, part.in_directory.method.unwrap_or(part.method), 0, 0x21],
        );
        wide(
            &mut directory,
            &[part.crc32, part.in_directory.size.unwrap_or(part.data.len() as u32), part.size],
        );
        numbers(&mut directory, &[name.len() as u16, 0, 0, 0, 0]);
        wide(&mut directory, &[part.mode << 16, at - prefix.len() as u32]);
        directory.extend(name.as_bytes());
    }
    let start = (out.len() - prefix.len()) as u32;
    let size = directory.len() as u32;
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    numbers(&mut out, &[count, count]);
    wide(&mut out, &[size, start]);
    numbers(&mut out, &[0]);
    out
}

/// An archive of these members.
pub fn zip(parts: &[Part]) -> Vec<u8> {
    zip_behind(b"", parts)
}

/// A checkpoint as `torch.save` writes it: padded so that tensors are aligned, sizes behind the data.
pub fn torch(data_pickle: &[u8], more: &[Part]) -> Vec<u8> {
    let tensor: Vec<u8> = (0..4096u32).flat_map(|number| (number as f32).to_le_bytes()).collect();
    let mut parts = vec![
        part("archive/data.pkl", data_pickle),
        part("archive/.format_version", b"1"),
        part("archive/byteorder", b"little"),
        part("archive/data/0", &tensor),
        part("archive/data/1", &tensor),
        part("archive/version", b"3\n"),
        part("archive/.data/serialization_id", b"0012345678901234567890"),
    ];
    for part in &mut parts {
        part.flags = (0x808, 0x808);
        part.extra = [&b"FB\x10\0"[..], &[b'Z'; 16]].concat();
    }
    parts.extend(more.iter().cloned());
    zip(&parts)
}

/// A header of tar and the data behind it.
pub fn entry(name: &str, kind: u8, link: &str, data: &[u8]) -> Vec<u8> {
    let mut block = [0u8; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..108].copy_from_slice(b"0000644\0");
    block[124..136].copy_from_slice(format!("{:011o}\0", data.len()).as_bytes());
    block[148..156].fill(b' ');
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut out = [&block[..], data].concat();
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

/// A tar archive of these entries.
pub fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut out = entries.concat();
    out.resize(out.len() + 1024, 0);
    out
}

/// An array of NumPy of that type, with that data.
pub fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    [&b"\x93NUMPY\x01\0"[..], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
}

/// A stream of xz that holds the bytes as they are, of which there may be 65,536.
pub fn xz(data: &[u8]) -> Vec<u8> {
    let sum = |bytes: &[u8]| crc32fast::hash(bytes).to_le_bytes();
    let padded = |mut bytes: Vec<u8>| {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let varint = |mut number: usize| {
        let mut out = Vec::new();
        while number > 0x7f {
            out.push(number as u8 | 0x80);
            number >>= 7;
        }
        out.push(number as u8);
        out
    };
    // CRC-32 as the check; one block of one filter, LZMA2 with the smallest dictionary.
    let flags = [0, 1];
    let block = [2, 0, 0x21, 1, 0, 0, 0, 0];
    let chunk = [&[1][..], &(data.len() as u16).wrapping_sub(1).to_be_bytes(), data, &[0]].concat();
    let unpadded = block.len() + 4 + chunk.len() + 4;
    let index = padded([&[0, 1][..], &varint(unpadded), &varint(data.len())].concat());
    let back = [&(index.len() as u32 / 4).to_le_bytes()[..], &flags].concat();
    [
        &b"\xfd7zXZ\0"[..],
        &flags,
        &sum(&flags),
        &block,
        &sum(&block),
        &padded(chunk),
        &sum(data),
        &index,
        &sum(&index),
        &sum(&back),
        &back,
        b"YZ",
    ]
    .concat()
}
