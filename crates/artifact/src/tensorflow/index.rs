//! The index of a TensorFlow checkpoint: which tensors lie in which of its files, and how long those must be.
//!
//! Sources: `tensorflow/core/protobuf/tensor_bundle.proto`; LevelDB, `doc/table_format.md`, for the table that holds them. TensorFlow
//! writes its blocks as they are, not compressed.

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek},
};

use crate::{
    inspect::{Bytes, Look},
    protobuf::{Span, Value, Wire, malformed},
    reader::{Bounded, Fault},
    rules::graphs as say,
};

/// The end of a table: two handles, padding, a magic number.
const FOOTER: u64 = 48;
/// What stands behind each block: a kind of compression and a checksum.
const TRAILER: u64 = 5;
/// The longest block and the longest name of a tensor.
const BLOCK: usize = 64 << 20;
const NAME: usize = 64 << 10;
/// Blocks of one table.
const BLOCKS: u32 = 65_536;
/// Files of one checkpoint.
const SHARDS: u64 = 10_000;

/// What the index says.
#[derive(Debug, Default)]
struct Index {
    shards: u64,
    /// How long each file must be at least.
    lengths: BTreeMap<u64, u64>,
    tensors: u64,
    parameters: Option<u64>,
    kinds: BTreeMap<u64, u64>,
    /// A tensor in a file beyond the last.
    beyond: Option<String>,
}

/// Looks at all of the index.
pub(super) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut index = Index { parameters: Some(0), ..Index::default() };
    let mut reader = bytes.reader();
    let outcome = index.table(&mut Bounded::new(&mut reader, bytes.len()), bytes.len());
    index.tell(look);
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

impl Index {
    fn table<R: Read + Seek>(&mut self, reader: &mut Bounded<'_, R>, len: u64) -> Result<(), Fault> {
        reader.seek(len.saturating_sub(FOOTER))?;
        handle(reader)?;
        let blocks = handle(reader)?;
        let mut places = Vec::new();
        block(reader, blocks, |_, value| {
            if places.len() as u64 >= u64::from(BLOCKS) {
                return Err(malformed(blocks.0, "a table of more blocks than any"));
            }
            let mut cursor = io::Cursor::new(value);
            places.push(handle(&mut Bounded::new(&mut cursor, value.len() as u64))?);
            Ok(())
        })?;
        for place in places {
            block(reader, place, |name, value| self.entry(name, value))?;
        }
        Ok(())
    }

    /// One pair of the table: the header under no name, tensors under theirs.
    fn entry(&mut self, name: &[u8], value: &[u8]) -> Result<(), Fault> {
        let mut cursor = io::Cursor::new(value);
        let mut wire = Wire::new(&mut cursor, value.len() as u64);
        let mut message = Span { at: 0, end: value.len() as u64 };
        let (mut numbers, mut elements) = ([0u64; 6], Some(1u64));
        while let Some(field) = wire.next(&mut message)? {
            match (field.number, field.value) {
                (number @ 1..=5, Value::Number(value)) => {
                    let slot = usize::try_from(number).ok().and_then(|number| numbers.get_mut(number));
                    slot.into_iter().for_each(|slot| *slot = value);
                }
                (2, Value::Payload(shape)) => elements = extents(&mut wire, shape)?,
                _ => {}
            }
        }
        let [_, first, _, shard, offset, size] = numbers;
        if name.is_empty() {
            self.shards = first;
            return Ok(());
        }
        let name = String::from_utf8_lossy(name);
        if shard >= self.shards.max(1) || shard >= SHARDS {
            self.beyond.get_or_insert_with(|| name.into_owned());
            return Ok(());
        }
        let end = offset
            .checked_add(size)
            .ok_or_else(|| malformed(offset, "a tensor behind the end of all files"))?;
        let least = self.lengths.entry(shard).or_default();
        *least = end.max(*least);
        // Optimizers keep two numbers more for each weight, and the graph of objects is a text among the tensors.
        let aside = ["OPTIMIZER_SLOT", "_CHECKPOINTABLE_OBJECT_GRAPH", "save_counter", "optimizer"];
        if !aside.iter().any(|word| name.contains(word)) {
            self.tensors = self.tensors.saturating_add(1);
            self.parameters = self.parameters.zip(elements).and_then(|(sum, more)| sum.checked_add(more));
            let of_kind = self.kinds.entry(first).or_default();
            *of_kind = of_kind.saturating_add(elements.unwrap_or(0));
        }
        Ok(())
    }

    fn tell(self, look: &mut Look<'_>) {
        let shards = self.shards.max(1);
        for (shard, least) in &self.lengths {
            look.name_part(&format!("{{stem}}.data-{shard:05}-of-{shards:05}"), *least);
        }
        if let Some(name) = &self.beyond {
            let message = format!("`{name}` is to lie in a file beyond the last of {shards}");
            look.say(&say::EXTERNAL_RANGE, None, name, message);
        }
        let commonest = self.kinds.iter().max_by_key(|(_, elements)| **elements);
        let kind = commonest.map(|(kind, _)| type_name(*kind).to_owned());
        look.learn_weights(self.parameters, self.tensors, kind, std::iter::empty());
    }
}

/// The elements of a tensor by its shape.
fn extents<R: Read + Seek>(wire: &mut Wire<'_, R>, mut shape: Span) -> Result<Option<u64>, Fault> {
    let mut elements = Some(1u64);
    while let Some(field) = wire.next(&mut shape)? {
        let (2, Some(mut extent)) = (field.number, field.payload()) else { continue };
        // An extent of nothing is left out.
        let mut size = 0;
        while let Some(field) = wire.next(&mut extent)? {
            if let (1, Value::Number(number)) = (field.number, field.value) {
                size = number;
            }
        }
        elements = elements.and_then(|all| all.checked_mul(size));
    }
    Ok(elements)
}

/// Where a block lies and how long it is.
fn handle<R: Read + Seek>(reader: &mut Bounded<'_, R>) -> Result<(u64, u64), Fault> {
    Ok((reader.varint()?, reader.varint()?))
}

/// Calls `see` with every key and value of a block. A key shares its beginning with the one before.
fn block<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    (at, size): (u64, u64),
    mut see: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    reader.seek(at)?;
    if size > BLOCK as u64 || size.saturating_add(TRAILER) > reader.remaining() {
        return Err(Fault::End(at));
    }
    let content = reader.field(size, BLOCK)?;
    if reader.u8()? != 0 {
        return Err(malformed(at, "a compressed block, which TensorFlow does not write"));
    }
    let restarts = content.len().checked_sub(4).and_then(|at| crate::reader::u32_at(&content, at));
    let restarts = u64::from(restarts.unwrap_or(0)).saturating_mul(4).saturating_add(4);
    let end =
        size.checked_sub(restarts).ok_or_else(|| malformed(at, "a block that is shorter than its list"))?;
    let mut cursor = io::Cursor::new(content);
    let mut inside = Bounded::new(&mut cursor, end);
    let mut key = Vec::new();
    while inside.remaining() > 0 {
        let (shared, own, length) = (inside.varint()?, inside.varint()?, inside.varint()?);
        key.truncate(usize::try_from(shared).unwrap_or(usize::MAX));
        if own > inside.remaining() || key.len() as u64 != shared || shared.saturating_add(own) > NAME as u64
        {
            return Err(malformed(at, "a name that is longer than any"));
        }
        key.extend(inside.field(own, NAME)?);
        let value = inside.field(length, BLOCK)?;
        see(&key, &value)?;
    }
    Ok(())
}

/// `DataType`, as far as weights have it.
const fn type_name(kind: u64) -> &'static str {
    match kind {
        1 => "FLOAT",
        2 => "DOUBLE",
        3 => "INT32",
        4 => "UINT8",
        6 => "INT8",
        7 => "STRING",
        9 => "INT64",
        10 => "BOOL",
        14 => "BFLOAT16",
        19 => "HALF",
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, testkit, tests::CATALOG};

    #[test]
    fn an_index_says_which_files_it_needs_and_counts_its_weights() {
        let limits = Limits::full();
        let mut look = Look::new(&CATALOG, &limits);
        inspect(&Bytes::in_memory(testkit::tensorflow_index_of(&[("w", 0, 8, &[2, 3])])), &mut look).unwrap();
        assert_eq!(look.parts.get("{stem}.data-00000-of-00001"), Some(&32));
        assert_eq!((look.learned.parameters, look.learned.tensors), (Some(6), Some(1)));
        assert_eq!(look.into_parts().1, []);
    }

    #[test]
    fn a_tensor_in_a_file_that_there_is_not_is_told() {
        let limits = Limits::full();
        let mut look = Look::new(&CATALOG, &limits);
        inspect(&Bytes::in_memory(testkit::tensorflow_index_of(&[("w", 7, 8, &[2])])), &mut look).unwrap();
        assert_eq!(look.into_parts().1[0].rule, "external-data-range");
    }

    proptest! {
        #[test]
        fn any_table_is_read_to_an_end(
            at in 0usize..200, byte in any::<u8>(), bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut table = testkit::tensorflow_index_of(&[("w", 0, 8, &[2, 3]), ("x", 0, 0, &[])]);
            let place = at % table.len();
            table[place] = byte;
            let limits = Limits::full();
            for bytes in [table, bytes] {
                inspect(&Bytes::in_memory(bytes), &mut Look::new(&CATALOG, &limits)).unwrap();
            }
        }
    }
}
