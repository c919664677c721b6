//! The formats of this kind that have a structure which can be followed: TVM's parameters and LiteRT-LM's sections.
//!
//! Sources: `tvm/src/runtime/file_utils.cc` (`LoadParams`), MLC `tensor-cache.json`, `LiteRT-LM` `schema/litertlm_header_schema.fbs`, NCNN "param and model file".

use std::io::{self, Read, Seek};

use serde::Deserialize;

use super::TVM;
use crate::{
    flatbuffer::Flat,
    inspect::{Bytes, Look, look_at_member},
    protobuf::malformed,
    reader::{Bounded, Fault, contains, cut},
    references::leads_away,
    rules::graphs as say,
};

const TVM_ARRAY: u64 = 0xdd5e_40f0_96b4_a13f;
/// Sections of one file.
const SECTIONS: usize = 256;

/// Whether two counts stand in the second line of an NCNN text.
pub(super) fn is_ncnn(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head.get(..64).unwrap_or(head)).into_owned();
    let mut words = text.lines().nth(1).unwrap_or_default().split_ascii_whitespace().map(str::parse::<u32>);
    matches!((words.next(), words.next(), words.next()), (Some(Ok(1..)), Some(Ok(1..)), None))
}

/// Whether a head is that of the list of a model's files, as MLC writes it: `ndarray-cache.json` or `tensor-cache.json`.
pub(super) fn is_list(head: &[u8]) -> bool {
    head.first() == Some(&b'{')
        && contains(head, b"\"dataPath\"")
        && (contains(head, b"\"raw-shard\"") || contains(head, b"\"ParamSize\""))
}

/// A list of files, each with the arrays in it.
pub(super) fn list(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let content = bytes.whole(look.limits.text)?;
    let list = content.and_then(|content| serde_json::from_slice::<List>(&content).ok());
    let Some(list) = list else {
        look.say(&say::MALFORMED, None, "", "the list of files cannot be read");
        return Ok(());
    };
    let (mut parameters, mut tensors) = (Some(0u64), 0u64);
    for file in &list.records {
        match leads_away(&file.path) {
            Some(fault) => {
                let message = format!("weights are to be read from `{}`: {fault}", cut(&file.path));
                look.say(&say::EXTERNAL_PATH, None, &file.path, message);
            }
            None => look.name_part(&file.path, file.size),
        }
        for array in &file.records {
            tensors = tensors.saturating_add(1);
            let elements = array.shape.iter().try_fold(1u64, |all, extent| all.checked_mul(*extent));
            parameters = parameters.zip(elements).and_then(|(sum, more)| sum.checked_add(more));
        }
    }
    look.learn_weights(parameters, tensors, None, std::iter::empty());
    Ok(())
}

/// `ndarray-cache.json`.
#[derive(Deserialize)]
struct List {
    records: Vec<ListedFile>,
}

#[derive(Deserialize)]
struct ListedFile {
    #[serde(rename = "dataPath")]
    path: String,
    #[serde(rename = "nbytes", default)]
    size: u64,
    #[serde(default)]
    records: Vec<ListedArray>,
}

#[derive(Deserialize)]
struct ListedArray {
    #[serde(default)]
    shape: Vec<u64>,
}

/// Names and arrays of TVM.
pub(super) fn tvm(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut inner = bytes.reader();
    let mut reader = Bounded::new(&mut inner, bytes.len());
    let mut totals = (Some(0u64), 0u64, Vec::new());
    let outcome = arrays(&mut reader, &mut totals);
    look.learn_weights(totals.0, totals.1, None, totals.2.into_iter());
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

type Totals = (Option<u64>, u64, Vec<std::ops::Range<u64>>);

fn arrays<R: Read + Seek>(reader: &mut Bounded<'_, R>, totals: &mut Totals) -> Result<(), Fault> {
    if reader.u64()? != TVM {
        return Err(malformed(0, "no parameters of TVM"));
    }
    reader.skip(8)?;
    let names = reader.u64()?;
    for _ in 0..names {
        let size = reader.u64()?;
        reader.skip(size)?;
    }
    let count = reader.u64()?;
    if count != names {
        return Err(malformed(reader.offset(), format!("{names} names and {count} arrays")));
    }
    for _ in 0..count {
        if reader.u64()? != TVM_ARRAY {
            return Err(malformed(reader.offset(), "an array without its magic number"));
        }
        reader.skip(16)?;
        let rank = reader.u32()?;
        reader.skip(4)?;
        let mut elements = Some(1u64);
        for _ in 0..rank {
            let extent = reader.u64()?;
            elements = elements.and_then(|all| all.checked_mul(extent));
        }
        let size = reader.u64()?;
        let start = reader.offset();
        reader.skip(size)?;
        totals.0 = totals.0.zip(elements).and_then(|(sum, more)| sum.checked_add(more));
        totals.1 = totals.1.saturating_add(1);
        if size > 0 && totals.2.len() < 65_536 {
            totals.2.push(start..start.saturating_add(size));
        }
    }
    Ok(())
}

/// The sections of a LiteRT-LM file: models, tokenizers, and what goes with them.
pub(super) fn litertlm(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut inner = bytes.reader();
    let mut flat = Flat::new(&mut inner, 32, bytes.len());
    let mut sections = Vec::new();
    let outcome = sections_of(&mut flat, &mut sections);
    for (index, (start, end)) in sections.into_iter().enumerate() {
        let name = format!("section {index}");
        match end.checked_sub(start).and_then(|size| bytes.span(start, size)) {
            Some(span) => look_at_member(&span, &name, look)?,
            None => look.say(&say::MALFORMED, None, &name, format!("{name} lies outside of the file")),
        }
    }
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

fn sections_of<R: Read + Seek>(flat: &mut Flat<'_, R>, found: &mut Vec<(u64, u64)>) -> Result<(), Fault> {
    let root = flat.root()?;
    let Some(sections) = flat.child(&root, 1)? else { return Ok(()) };
    flat.tables(&sections, 0, |flat, section| {
        if found.len() < SECTIONS {
            found.push((flat.u64(&section, 1, 0)?, flat.u64(&section, 2, 0)?));
        }
        Ok(())
    })?;
    Ok(())
}
