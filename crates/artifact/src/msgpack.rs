//! Parameters of Flax: nested maps of `MessagePack` whose leaves are arrays in an extension type.
//!
//! Sources: the `MessagePack` specification, `flax/serialization.py` (extension 1 array, 2 complex number, 3 scalar of NumPy).

use std::io::{self, Cursor, Read, Seek};

use domain::{Role, Severity};

use crate::{
    Format, HEAD, Identified, Sureness,
    inspect::{Bytes, Look, look_at_member},
    protobuf::malformed,
    reader::{Bounded, Fault, cut},
    references::code_in,
    rules::{self, graphs as say},
};

/// Containers in containers, and values altogether.
const DEPTH: usize = 128;
const VALUES: u64 = 1 << 26;
/// How much of one text is searched for code.
const TEXT: usize = 65_536;

/// A value, without what lies in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Plain,
    Text(u64),
    Binary(u64),
    Array(u64),
    Map(u64),
    Extension(u8, u64),
}

/// The value that begins here; texts, bytes and extensions are still to be read.
fn value<R: Read + Seek>(reader: &mut Bounded<'_, R>) -> Result<Value, Fault> {
    let at = reader.offset();
    let tag = reader.u8()?;
    let plain = |reader: &mut Bounded<'_, R>, size| reader.skip(size).map(|()| Value::Plain);
    let extension =
        |reader: &mut Bounded<'_, R>, size: u64| reader.u8().map(|kind| Value::Extension(kind, size));
    Ok(match tag {
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => Value::Plain,
        0x80..=0x8f => Value::Map(u64::from(tag & 15)),
        0x90..=0x9f => Value::Array(u64::from(tag & 15)),
        0xa0..=0xbf => Value::Text(u64::from(tag & 31)),
        0xc4 => Value::Binary(reader.u8()?.into()),
        0xc5 => Value::Binary(reader.u16()?.into()),
        0xc6 => Value::Binary(reader.u32()?.into()),
        0xc7 => {
            let size = reader.u8()?.into();
            extension(reader, size)?
        }
        0xc8 => {
            let size = reader.u16()?.into();
            extension(reader, size)?
        }
        0xc9 => {
            let size = reader.u32()?.into();
            extension(reader, size)?
        }
        0xcc | 0xd0 => plain(reader, 1)?,
        0xcd | 0xd1 => plain(reader, 2)?,
        0xca | 0xce | 0xd2 => plain(reader, 4)?,
        0xcb | 0xcf | 0xd3 => plain(reader, 8)?,
        0xd4..=0xd8 => extension(reader, 1u64.wrapping_shl(u32::from(tag.wrapping_sub(0xd4))))?,
        0xd9 => Value::Text(reader.u8()?.into()),
        0xda => Value::Text(reader.u16()?.into()),
        0xdb => Value::Text(reader.u32()?.into()),
        0xdc => Value::Array(reader.u16()?.into()),
        0xdd => Value::Array(reader.u32()?.into()),
        0xde => Value::Map(reader.u16()?.into()),
        0xdf => Value::Map(reader.u32()?.into()),
        0xc1 => return Err(malformed(at, "a byte that begins no value")),
    })
}

/// A reader over bytes in memory; numbers of `MessagePack` are big-endian.
fn open<R: Read + Seek>(inner: &mut R, len: u64) -> Bounded<'_, R> {
    let mut reader = Bounded::new(inner, len);
    reader.set_big_endian();
    reader
}

/// Whether the head is a map with a text as its first key, and has an array of Flax in it.
pub(crate) fn plausible(head: &[u8], len: u64) -> bool {
    if !matches!(
        head,
        [0x81..=0x8f, 0xa0..=0xbf | 0xd9, ..]
            | [0xde, _, _, 0xa0..=0xbf | 0xd9, ..]
            | [0xdf, _, _, _, _, 0xa0..=0xbf | 0xd9, ..]
    ) {
        return false;
    }
    let mut cursor = Cursor::new(head);
    let mut reader = open(&mut cursor, len);
    for _ in 0..256 {
        match value(&mut reader) {
            Ok(Value::Extension(1, size)) => {
                return size > 4 && matches!(reader.u8(), Ok(0x93)) && matches!(reader.u8(), Ok(0x90..=0x9f));
            }
            Ok(Value::Text(size))
                if reader.field(size, 4096).is_ok_and(|text| std::str::from_utf8(&text).is_ok()) => {}
            Ok(Value::Plain | Value::Array(_) | Value::Map(_)) => {}
            _ => return false,
        }
    }
    false
}

/// Identifies parameters of Flax by their first array.
pub(crate) fn identify<R: Read + Seek>(_: &mut R, head: &[u8], len: u64) -> io::Result<Option<Identified>> {
    let found = || {
        Identified::new(Format::Flax, Sureness::Certain, Role::Weights, "MessagePack map with arrays of Flax")
    };
    Ok(plausible(head, len).then(found))
}

/// What the arrays add up to.
struct Walk {
    parameters: Option<u64>,
    arrays: u64,
    weights: Vec<std::ops::Range<u64>>,
    pickles: Vec<(u64, u64)>,
    kind: Option<String>,
}

/// Looks at all of the file.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut inner = bytes.reader();
    let mut reader = open(&mut inner, bytes.len());
    let mut walk =
        Walk { parameters: Some(0), arrays: 0, weights: Vec::new(), pickles: Vec::new(), kind: None };
    let outcome = run(&mut reader, look, &mut walk);
    look.learn_weights(walk.parameters, walk.arrays, walk.kind, walk.weights.into_iter());
    for (at, size) in walk.pickles {
        if let Some(span) = bytes.span(at, size) {
            look_at_member(&span, &format!("bytes at {at}"), look)?;
        }
    }
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

fn run<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    look: &mut Look<'_>,
    walk: &mut Walk,
) -> Result<(), Fault> {
    // How many values each open container still has.
    let mut open = vec![1u64];
    let mut seen = 0u64;
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left = left.saturating_sub(1);
        seen = seen.saturating_add(1);
        let at = reader.offset();
        if seen > VALUES || open.len() > DEPTH {
            let rule = if seen > VALUES { rules::TOO_MUCH_WORK.id } else { rules::NESTED_TOO_DEEP.id };
            return Err(Fault::broken(
                rule,
                Severity::Medium,
                at,
                "more values in values than are walked over",
            ));
        }
        match value(reader)? {
            Value::Plain => {}
            Value::Text(size) => {
                let text = reader.field(size, TEXT)?;
                let text = String::from_utf8_lossy(&text);
                if let Some(word) = code_in(&text) {
                    look.say(
                        &say::CODE_IN_TEXT,
                        at,
                        word,
                        format!("a text holds program code: {}", cut(&text)),
                    );
                }
            }
            Value::Binary(size) => binary(reader, size, walk)?,
            Value::Array(count) => open.push(enough(reader, count)?),
            Value::Map(count) => open.push(enough(reader, count)?.saturating_mul(2)),
            Value::Extension(kind, size) => extension(reader, kind, size, look, walk)?,
        }
    }
    if reader.remaining() > 0 {
        let message = format!("{} bytes behind the last value", reader.remaining());
        look.say(&say::TRAILING, reader.offset(), "", message);
    }
    Ok(())
}

/// A container cannot have more values than bytes follow.
fn enough<R: Read + Seek>(reader: &Bounded<'_, R>, count: u64) -> Result<u64, Fault> {
    if count > reader.remaining() { Err(Fault::End(reader.offset())) } else { Ok(count) }
}

/// Bytes that a loader may take for a pickle are looked at as one.
fn binary<R: Read + Seek>(reader: &mut Bounded<'_, R>, size: u64, walk: &mut Walk) -> Result<(), Fault> {
    let at = reader.offset();
    let end = at.checked_add(size).ok_or(Fault::End(at))?;
    let head = reader.field(size, HEAD)?;
    if matches!(head.as_slice(), [0x80, 2..=5, ..]) && walk.pickles.len() < 64 {
        walk.pickles.push((at, size));
    }
    reader.seek(end)
}

fn extension<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    kind: u8,
    size: u64,
    look: &mut Look<'_>,
    walk: &mut Walk,
) -> Result<(), Fault> {
    let at = reader.offset();
    let end = at.checked_add(size).ok_or(Fault::End(at))?;
    match kind {
        1 | 3 => array(reader, end, look, walk)?,
        2 => {}
        _ => {
            let message = format!(
                "an extension of type {kind}, which Flax does not have: a loader that knows it builds an object"
            );
            look.say(&say::MSGPACK_EXTENSION, at, &kind.to_string(), message);
        }
    }
    reader.seek(end)
}

/// A shape, the name of a type, and bytes.
fn array<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    end: u64,
    look: &mut Look<'_>,
    walk: &mut Walk,
) -> Result<(), Fault> {
    let at = reader.offset();
    let wrong = |message: &str| malformed(at, format!("an array that is none: {message}"));
    if value(reader)? != Value::Array(3) {
        return Err(wrong("not three parts"));
    }
    let Value::Array(rank) = value(reader)? else { return Err(wrong("no shape")) };
    let mut elements = Some(1u64);
    for _ in 0..rank.min(64) {
        let extent = unsigned(reader)?;
        elements = elements.zip(extent).and_then(|(all, extent)| all.checked_mul(extent));
    }
    let Value::Text(length) = value(reader)? else { return Err(wrong("no type")) };
    let kind = reader.text(length)?;
    let (Value::Binary(held) | Value::Text(held)) = value(reader)? else { return Err(wrong("no bytes")) };
    let start = reader.offset();
    let stop = start.checked_add(held).filter(|stop| *stop <= end).ok_or(Fault::End(start))?;
    let bits: u64 = kind.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
    let known = ["float", "int", "uint", "bfloat", "complex"]
        .iter()
        .any(|name| kind.trim_end_matches(|c: char| c.is_ascii_digit()) == *name);
    if kind.contains("object") {
        look.say(&say::MSGPACK_EXTENSION, at, &kind, "an array of objects, which a loader builds");
    } else if known
        && elements.and_then(|all| all.checked_mul(bits)).map(|bits| bits.div_ceil(8)) != Some(held)
    {
        look.say(
            &say::TENSOR_SIZE,
            at,
            &kind,
            format!("an array of {kind} has {held} bytes, its shape asks for others"),
        );
    }
    walk.arrays = walk.arrays.saturating_add(1);
    walk.parameters = walk.parameters.zip(elements).and_then(|(sum, more)| sum.checked_add(more));
    walk.kind.get_or_insert_with(|| kind.to_ascii_uppercase());
    if held > 0 && walk.weights.len() < 65_536 {
        walk.weights.push(start..stop);
    }
    Ok(())
}

/// A number of a shape; none when it is below zero or no number.
fn unsigned<R: Read + Seek>(reader: &mut Bounded<'_, R>) -> Result<Option<u64>, Fault> {
    Ok(match reader.u8()? {
        small @ 0..=0x7f => Some(small.into()),
        0xcc => Some(reader.u8()?.into()),
        0xcd => Some(reader.u16()?.into()),
        0xce => Some(reader.u32()?.into()),
        0xcf => Some(reader.u64()?),
        _ => None,
    })
}
