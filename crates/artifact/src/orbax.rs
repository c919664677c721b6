//! Checkpoints of Orbax: the store of keys and values in which TensorStore keeps them, OCDBT. Arrays lie in it as chunks of Zarr.
//!
//! The manifest, `manifest.ocdbt`, names the files of a checkpoint, and so do nodes of the tree in them. Nothing in it is run; a name
//! that leads out of the folder makes a loader read another file.
//!
//! Source: TensorStore, `kvstore/ocdbt`, "Storage format", and `format/config_codec.h` for the kind of manifest.

use std::io::{self, Read, Seek};

use domain::Role;

use crate::{
    Format, Identified, Sureness, containers,
    inspect::{Bytes, Look},
    reader::{Bounded, Fault, cut},
    references::leads_away,
    rules::graphs as say,
};

const MANIFEST: [u8; 4] = [0x0c, 0xdb, 0x3a, 0x2a];
const TREE_NODE: [u8; 4] = [0x0c, 0xdb, 0x20, 0xde];
const VERSION_NODE: [u8; 4] = [0x0c, 0xdb, 0x12, 0x34];
/// The magic number, the length, and one byte each for version and compression.
const HEADER: u64 = 14;
/// The longest manifest or node that is unpacked, and the longest path in it.
const BODY: usize = 64 << 20;
const PATH: usize = 65_535;
/// Nodes of one file that are gone through.
const NODES: u32 = 100_000;

/// What a header says.
#[derive(Debug, Clone, Copy)]
struct Header {
    magic: [u8; 4],
    /// Bytes of all of it, with header and checksum.
    length: u64,
    packed: bool,
}

impl Header {
    fn read(head: &[u8]) -> Option<Self> {
        let (magic, rest) = head.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let known = [MANIFEST, TREE_NODE, VERSION_NODE].contains(magic);
        let [0, packed @ 0..=1, ..] = rest else { return None };
        let length = u64::from_le_bytes(*length);
        (known && length > HEADER.saturating_add(4)).then_some(Self {
            magic: *magic,
            length,
            packed: *packed == 1,
        })
    }
}

/// Whether the head is that of a manifest.
pub(crate) fn plausible(head: &[u8]) -> bool {
    Header::read(head).is_some_and(|header| header.magic == MANIFEST)
}

/// Identifies a manifest, which stands for its checkpoint. Its files of data are told only to whoever asks for them.
pub(crate) fn identify<R: Read + Seek>(_: &mut R, head: &[u8], len: u64) -> io::Result<Option<Identified>> {
    if !plausible(head) {
        return Ok(None);
    }
    let reason = "magic 0cdb3a2a, a length and a compression of an OCDBT manifest";
    let mut found = Identified::new(Format::Orbax, Sureness::Certain, Role::Weights, reason);
    if Header::read(head).is_some_and(|header| header.length > len) {
        found.settle(Err(Fault::End(len)), say::TRUNCATED.id)?;
    }
    Ok(Some(found))
}

/// Identifies a file of data that begins with a node, and what Orbax writes about its tree, which is all that a checkpoint without
/// such a store has.
pub(crate) fn describe(bytes: &Bytes<'_>) -> io::Result<Option<Identified>> {
    let mut head = [0; 24];
    let got = bytes.head(&mut head)?;
    let head = head.get(..got).unwrap_or_default();
    if head.starts_with(b"{\"tree_metadata\": {") {
        let reason = "JSON with the tree of a checkpoint";
        return Ok(Some(Identified::new(Format::Orbax, Sureness::Probable, Role::Weights, reason)));
    }
    let header = Header::read(head);
    let is_node = header.is_some_and(|header| header.magic != MANIFEST && header.length <= bytes.len());
    let reason = "magic and length of a node of an OCDBT tree";
    Ok(is_node.then(|| Identified::new(Format::Orbax, Sureness::Certain, Role::Data, reason)))
}

/// Looks at a manifest, or at the nodes that a file of data begins with. What follows them are values, which nothing runs.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut at = 0u64;
    for _ in 0..NODES {
        let rest = bytes.after(at);
        let mut head = [0; 16];
        let got = rest.head(&mut head)?;
        let Some(header) = Header::read(head.get(..got).unwrap_or_default()) else { return Ok(()) };
        let Some(node) = rest.span(0, header.length) else {
            let message = format!("{} bytes are announced, {} follow", header.length, rest.len());
            look.say(&say::TRUNCATED, at, "", message);
            return Ok(());
        };
        one(&node, header, at, look)?;
        if header.magic == MANIFEST && header.length < bytes.len() {
            let message = format!("{} bytes follow the manifest", bytes.len().saturating_sub(header.length));
            look.say(&say::TRAILING, header.length, "", message);
            return containers::look_at_trailing(&bytes.after(header.length), look).map(drop);
        }
        at = at.saturating_add(header.length);
    }
    look.say(&crate::rules::TOO_MUCH_WORK, at, "nodes", "more nodes than an inspection goes through");
    Ok(())
}

/// A manifest or node: its checksum, and the files that it names.
fn one(node: &Bytes<'_>, header: Header, at: u64, look: &mut Look<'_>) -> io::Result<()> {
    let Some(all) = node.whole(BODY)? else {
        look.say(&crate::rules::TOO_MUCH_WORK, at, "node", "a node is longer than is read");
        return Ok(());
    };
    let Some((content, sum)) = all.split_last_chunk::<4>() else { return Ok(()) };
    if crc32c(content) != u32::from_le_bytes(*sum) {
        look.say(&say::MALFORMED, at, "checksum", "the checksum of a manifest or node is wrong");
        return Ok(());
    }
    let packed = node.span(HEADER, header.length.saturating_sub(HEADER.saturating_add(4)));
    let body = match packed {
        Some(packed) if header.packed => containers::unpack_zstd(&packed, BODY, look)?,
        Some(plain) => plain.whole(BODY)?,
        None => None,
    };
    let Some(body) = body else {
        look.say(&say::MALFORMED, at, "body", "a manifest or node cannot be unpacked");
        return Ok(());
    };
    let len = body.len() as u64;
    let mut cursor = io::Cursor::new(body);
    let outcome = files(&mut Bounded::new(&mut cursor, len), header.magic, look);
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

/// Goes to the table of files, and judges every path in it.
fn files<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    magic: [u8; 4],
    look: &mut Look<'_>,
) -> Result<(), Fault> {
    match magic {
        MANIFEST => {
            reader.skip(16)?;
            // The kind of manifest, and the longest value and node.
            let numbered = reader.varint()? == 1;
            reader.varint()?;
            reader.varint()?;
            reader.u8()?;
            if reader.varint()? == 1 {
                reader.skip(4)?;
            }
            look.learn("kind", if numbered { "numbered manifests" } else { "one manifest" });
            if numbered && reader.remaining() == 0 {
                return Ok(());
            }
        }
        VERSION_NODE => reader.skip(2)?,
        _ => reader.skip(1)?,
    }
    for path in table(reader)? {
        let path = String::from_utf8_lossy(&path).into_owned();
        match leads_away(&path) {
            Some(fault) => {
                let message = format!("values are to be read from `{}`: {fault}", cut(&path));
                look.say(&say::EXTERNAL_PATH, None, &path, message);
            }
            None if magic == MANIFEST => look.name_part(&path, 0),
            None => {}
        }
    }
    Ok(())
}

/// The paths of a table: each but the first shares its beginning with the one before.
fn table<R: Read + Seek>(reader: &mut Bounded<'_, R>) -> Result<Vec<Vec<u8>>, Fault> {
    let count = reader.varint()?;
    // Each file takes at least two bytes of lengths, so that no number alone makes a list long.
    if count > reader.remaining() {
        return Err(Fault::End(reader.offset()));
    }
    let numbers = |reader: &mut Bounded<'_, R>, count: u64| -> Result<Vec<u64>, Fault> {
        let mut numbers = Vec::new();
        for _ in 0..count {
            numbers.push(reader.varint()?);
        }
        Ok(numbers)
    };
    let shared = numbers(reader, count.saturating_sub(1))?;
    let own = numbers(reader, count)?;
    numbers(reader, count)?;
    let mut paths: Vec<Vec<u8>> = Vec::new();
    let mut path = Vec::new();
    for (length, shared) in own.into_iter().zip(std::iter::once(0).chain(shared)) {
        path.truncate(usize::try_from(shared).unwrap_or(usize::MAX));
        let rest = reader.field(length, PATH)?;
        if path.len().saturating_add(rest.len()) > PATH {
            return Err(crate::protobuf::malformed(reader.offset(), "a path that is longer than any"));
        }
        path.extend(rest);
        // What leads out does so in its beginning or in its own part; the whole is kept for the first ones only.
        if paths.len() < 4096 {
            paths.push(path.clone());
        } else if leads_away(&String::from_utf8_lossy(&path)).is_some() {
            paths.push(path.clone());
            break;
        }
    }
    Ok(paths)
}

/// CRC-32C, as iSCSI has it.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = crc32c_table();
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        (crc >> 8) ^ TABLE.get(usize::from(low ^ byte)).copied().unwrap_or(0)
    })
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the compiler runs it, with numbers below 256"
)]
const fn crc32c_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, tests::CATALOG};

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_manifest_names_its_files_and_none_outside() {
        let inspected = |paths: &[&str]| {
            let limits = Limits::full();
            let mut look = Look::new(&CATALOG, &limits);
            inspect(&Bytes::in_memory(crate::testkit::ocdbt(paths)), &mut look).unwrap();
            let parts: Vec<_> = look.parts.keys().cloned().collect();
            (parts, look.into_parts().1)
        };
        assert_eq!(inspected(&["d/aa", "d/ab"]), (vec!["d/aa".to_owned(), "d/ab".to_owned()], vec![]));
        let (_, facts) = inspected(&["d/aa", "d/../../../etc/passwd"]);
        assert_eq!(facts[0].rule, "external-data-path");
    }

    proptest! {
        #[test]
        fn any_table_is_read_to_an_end(body in prop::collection::vec(any::<u8>(), 0..200), kind in 0..3usize) {
            let magic = [MANIFEST, TREE_NODE, VERSION_NODE][kind];
            let mut bytes = [&magic[..], &(body.len() as u64 + 18).to_le_bytes(), &[0, 0], &body].concat();
            bytes.extend(crc32c(&bytes).to_le_bytes());
            let limits = Limits::full();
            inspect(&Bytes::in_memory(bytes), &mut Look::new(&CATALOG, &limits)).unwrap();
        }
    }
}
