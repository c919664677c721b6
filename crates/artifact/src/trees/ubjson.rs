//! UBJSON as `XGBoost` writes it, walked over without being kept: only short texts under `attributes` and `objective` are looked at.
//!
//! Source: Universal Binary JSON, draft 12; `XGBoost` writes typed arrays (`[$d#L…`) for everything that is long.

use std::io::{self, Read, Seek};

use domain::Severity;

use super::attribute;
use crate::{
    inspect::{Bytes, Look},
    protobuf::malformed,
    reader::{Bounded, Fault},
    rules::{self, graphs as say},
};

const DEPTH: usize = 64;
const VALUES: u64 = 1 << 27;
const TEXT: usize = 1 << 20;

/// A container that is still open.
#[derive(Debug, Clone, Copy)]
struct Open {
    object: bool,
    /// The type of every value, where it stands before them.
    kind: Option<u8>,
    /// How many values are left, where that was said.
    left: Option<u64>,
}

/// Looks at all of the file.
pub(super) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut inner = bytes.reader();
    let mut reader = Bounded::new(&mut inner, bytes.len());
    reader.set_big_endian();
    let outcome = run(&mut reader, look);
    look.settle(outcome, &say::TRUNCATED).map(drop)
}

fn run<R: Read + Seek>(reader: &mut Bounded<'_, R>, look: &mut Look<'_>) -> Result<(), Fault> {
    let (mut open, mut key, mut seen): (Vec<Open>, String, u64) = (Vec::new(), String::new(), 0);
    loop {
        seen = seen.saturating_add(1);
        if seen > VALUES || open.len() > DEPTH {
            let rule = if seen > VALUES { rules::TOO_MUCH_WORK.id } else { rules::NESTED_TOO_DEEP.id };
            return Err(Fault::broken(
                rule,
                Severity::Medium,
                reader.offset(),
                "more values in values than are walked over",
            ));
        }
        let Some(kind) = begin(reader, &mut open, &mut key)? else {
            if open.is_empty() {
                break;
            }
            continue;
        };
        match kind {
            b'{' | b'[' => open.push(container(reader, kind == b'{')?),
            b'S' | b'H' => {
                let size = length(reader)?;
                let text = reader.field(size, TEXT)?;
                attribute(&key, &String::from_utf8_lossy(&text), look);
            }
            _ => reader.skip(
                width(kind)
                    .ok_or_else(|| malformed(reader.offset(), "a value of a type that there is not"))?,
            )?,
        }
        if open.is_empty() {
            break;
        }
    }
    if reader.remaining() > 0 {
        let message = format!("{} bytes behind the model", reader.remaining());
        look.say(&say::TRAILING, reader.offset(), "", message);
    }
    Ok(())
}

/// The type of the next value, its key read; none when a container ended instead.
fn begin<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    open: &mut Vec<Open>,
    key: &mut String,
) -> Result<Option<u8>, Fault> {
    let Some(last) = open.last_mut() else { return reader.u8().map(Some) };
    if last.left == Some(0) {
        open.pop();
        return Ok(None);
    }
    last.left = last.left.map(|left| left.saturating_sub(1));
    let (object, kind, counted) = (last.object, last.kind, last.left.is_some());
    if object {
        let marker = loop {
            match reader.u8()? {
                b'N' => {}
                marker => break marker,
            }
        };
        if !counted && marker == b'}' {
            open.pop();
            return Ok(None);
        }
        let size = number(reader, marker)?;
        *key = reader.text(size)?;
    }
    match kind {
        Some(kind) => Ok(Some(kind)),
        None => match reader.u8()? {
            b']' if !object && !counted => {
                open.pop();
                Ok(None)
            }
            kind => Ok(Some(kind)),
        },
    }
}

/// The start of a container: a type and a count may stand before its values. Numbers of one type are passed over at once.
fn container<R: Read + Seek>(reader: &mut Bounded<'_, R>, object: bool) -> Result<Open, Fault> {
    let mut open = Open { object, kind: None, left: None };
    let at = reader.offset();
    if peek(reader)? == b'$' {
        reader.skip(1)?;
        open.kind = Some(reader.u8()?);
    }
    if peek(reader)? == b'#' {
        reader.skip(1)?;
        open.left = Some(length(reader)?);
    } else if open.kind.is_some() {
        return Err(malformed(at, "a type without a count"));
    }
    if let (false, Some(width), Some(left)) = (object, open.kind.and_then(width), open.left) {
        reader.skip(width.checked_mul(left).ok_or(Fault::End(at))?)?;
        open.left = Some(0);
    }
    Ok(open)
}

fn peek<R: Read + Seek>(reader: &mut Bounded<'_, R>) -> Result<u8, Fault> {
    let at = reader.offset();
    let byte = reader.u8()?;
    reader.seek(at)?;
    Ok(byte)
}

fn length<R: Read + Seek>(reader: &mut Bounded<'_, R>) -> Result<u64, Fault> {
    let marker = reader.u8()?;
    number(reader, marker)
}

/// A count in the width that its marker says.
fn number<R: Read + Seek>(reader: &mut Bounded<'_, R>, marker: u8) -> Result<u64, Fault> {
    let number = match marker {
        b'i' | b'U' => u64::from(reader.u8()?),
        b'I' => u64::from(reader.u16()?),
        b'l' => u64::from(reader.u32()?),
        b'L' => reader.u64()?,
        _ => return Err(malformed(reader.offset(), "a length that is no number")),
    };
    if number > reader.remaining().saturating_mul(8).saturating_add(8) {
        return Err(Fault::End(reader.offset()));
    }
    Ok(number)
}

/// The bytes of a value of this type.
const fn width(kind: u8) -> Option<u64> {
    match kind {
        b'Z' | b'N' | b'T' | b'F' => Some(0),
        b'i' | b'U' | b'C' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}
