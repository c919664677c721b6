//! MNN networks: a `FlatBuffer` without an identifier, told by what its root table must hold.
//!
//! Source: MNN `schema/default/MNN.fbs` (table `Net`: operators in field 3, names of tensors in field 7).

use std::io::{self, Read, Seek};

use crate::{
    flatbuffer::{Flat, Table},
    inspect::{Bytes, Look},
    reader::{Fault, u32_at},
    rules::graphs as say,
};

/// Operators that are looked at to tell a network from something else.
const OPERATORS: u64 = 8;
/// The fields of the root table, fewest and most.
const FIELDS: std::ops::RangeInclusive<u16> = 8..=16;
/// Operators of the type that plugins and extra engines have.
const PLUGIN: u32 = 256;
const EXTRA: u32 = 512;
/// The type of an operator that leaves it out: the first of the list.
const DEFAULT: u32 = 0;

/// Whether the root and its list of fields lie in the head and look like those of a network.
pub(super) fn plausible(head: &[u8], len: u64) -> bool {
    let root = u32_at(head, 0).filter(|root| (8..1024).contains(root) && root % 2 == 0);
    let Some(root) = root.and_then(|root| usize::try_from(root).ok()) else { return false };
    let back = u32_at(head, root).unwrap_or(0).cast_signed();
    let list = i32::try_from(root)
        .ok()
        .and_then(|root| root.checked_sub(back))
        .and_then(|list| usize::try_from(list).ok());
    let word = |at: usize| head.get(at..)?.first_chunk().map(|two| u16::from_le_bytes(*two));
    let Some((bytes, size)) = list.and_then(|list| Some((word(list)?, word(list.checked_add(2)?)?))) else {
        return false;
    };
    len > 64 && bytes % 2 == 0 && FIELDS.contains(&(bytes.saturating_sub(4) / 2)) && (12..=96).contains(&size)
}

/// Whether the operators and names behind the root are those of a network.
pub(super) fn is_network<R: Read + Seek>(reader: &mut R, len: u64) -> io::Result<bool> {
    let mut flat = Flat::new(reader, 0, len);
    match check(&mut flat) {
        Ok(is) => Ok(is),
        Err(Fault::Io(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

fn check<R: Read + Seek>(flat: &mut Flat<'_, R>) -> Result<bool, Fault> {
    let root = flat.root()?;
    let operators = flat.vector(&root, 3, 4)?;
    let names = flat.vector(&root, 7, 4)?;
    if operators.len == 0 || names.len == 0 || !FIELDS.contains(&Flat::<R>::fields(&root)) {
        return Ok(false);
    }
    for index in 0..operators.len.min(OPERATORS) {
        let operator = flat.table(operators.at.saturating_add(index.saturating_mul(4)))?;
        if !is_operator(flat, &operator, names.len)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// An operator has a type, a name that is text, and puts out tensors that have names.
fn is_operator<R: Read + Seek>(flat: &mut Flat<'_, R>, operator: &Table, names: u64) -> Result<bool, Fault> {
    let kind = flat.u32(operator, 5, DEFAULT)?;
    let (mut outputs, mut inside) = (0u64, true);
    flat.u32s(operator, 4, |number| {
        outputs = outputs.saturating_add(1);
        inside &= u64::from(number) < names.saturating_mul(2);
    })?;
    let name = flat.text(operator, 3)?;
    Ok(kind < 1024 && outputs > 0 && inside && !name.chars().any(|c| c.is_control() || c == '\u{fffd}'))
}

/// Looks at every operator.
pub(super) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut reader = bytes.reader();
    let mut flat = Flat::new(&mut reader, 0, bytes.len());
    let outcome = flat.root().and_then(|root| {
        let count = flat.tables(&root, 3, |flat, operator| {
            let kind = flat.u32(&operator, 5, DEFAULT)?;
            if kind == PLUGIN || kind == EXTRA {
                let name = flat.text(&operator, 3)?;
                let message = format!("the operator `{name}` needs a library of native code");
                look.say(&say::CUSTOM_OPERATOR, flat.reader.offset(), &name, message);
            }
            Ok(())
        })?;
        look.learn("nodes", &count.to_string());
        let mut outputs = Vec::new();
        flat.texts(&root, 4, |name| outputs.push(name))?;
        look.learn("outputs", &outputs.join(", "));
        flat.texts(&root, 7, drop)?;
        Ok(())
    });
    look.settle(outcome, &say::TRUNCATED).map(drop)
}
