//! Safetensors: the length of a JSON header, the header, the tensors.
//!
//! Source: the `safetensors` library, "Format". The header is streamed: counts are kept, tensors are not.

mod header;
mod short;
mod strict;
#[cfg(test)]
mod tests;
pub(crate) mod trailing;

use std::io::{self, Read, Seek};

use domain::{Role, Severity};

use self::{header::Header, strict::Strict};
use crate::{
    Format, Identified, Sureness,
    inspect::{Bytes, Look},
    reader::{Bounded, Fault, u64_at},
    rules,
};

/// The library refuses a longer header.
const LIBRARY_LIMIT: u64 = 100_000_000;
/// How much of a header is read here.
const WALK_LIMIT: u64 = 16 << 20;

/// Whether byte 8 opens a JSON object that has a key or is empty.
pub(crate) fn plausible(head: &[u8]) -> bool {
    head.get(8) == Some(&b'{')
        && head
            .get(9..)
            .unwrap_or_default()
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            .is_none_or(|byte| matches!(byte, b'"' | b'}'))
}

/// Identifies a header that describes at least one tensor, or carries the format's own metadata.
pub(crate) fn identify<R: Read + Seek>(
    reader: &mut R,
    head: &[u8],
    len: u64,
) -> io::Result<Option<Identified>> {
    let Some(announced) = u64_at(head, 0).filter(|_| plausible(head)) else { return Ok(None) };
    let mut bounded = Bounded::new(reader, len);
    let room = len.saturating_sub(8);
    let (header, end) = match walk(&mut bounded, announced.min(room).min(WALK_LIMIT)) {
        Ok(walked) => walked,
        Err(Fault::Io(error)) => return Err(error),
        Err(_) => return Ok(None),
    };
    if header.tensors == 0 && !(header.metadata && end == End::Whole) {
        return Ok(None);
    }
    let reason = format!("a header of {announced} bytes that describes tensors");
    let mut found = Identified::new(Format::Safetensors, Sureness::Certain, Role::Weights, reason);
    header.describe(&mut found);
    let outcome = check(&header, end, announced, len);
    if end != End::Whole {
        // Counts of half a header would be taken for counts of the model.
        found.sure = Sureness::Probable;
        (found.metadata.parameters, found.metadata.tensors) = (None, None);
    }
    found.settle(outcome, "safetensors-truncated")?;
    Ok(Some(found))
}

/// How the walk over the header ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The JSON is whole.
    Whole,
    /// What was read of it is sound, and there is more.
    Open,
    /// The JSON is broken.
    Broken,
}

fn walk<R: Read + Seek>(reader: &mut Bounded<'_, R>, take: u64) -> Result<(Header, End), Fault> {
    walk_into(reader, take, Header::default())
}

fn walk_into<R: Read + Seek>(
    reader: &mut Bounded<'_, R>,
    take: u64,
    mut header: Header,
) -> Result<(Header, End), Fault> {
    reader.seek(8)?;
    let mut failed = None;
    let source = short::Strings::new(Remember { inner: reader.take(take), failed: &mut failed });
    let read = header.read(source);
    if let Some(error) = failed {
        return Err(Fault::Io(error));
    }
    let end = match read {
        Ok(()) => End::Whole,
        Err(error) if error.is_eof() => End::Open,
        Err(_) => End::Broken,
    };
    Ok((header, end))
}

/// Keeps the error of the file itself apart from the errors of the JSON in it.
struct Remember<'f, R> {
    inner: R,
    failed: &'f mut Option<io::Error>,
}

impl<R: Read> Read for Remember<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.inner.read(out).map_err(|error| {
            let kind = error.kind();
            *self.failed = Some(error);
            kind.into()
        })
    }
}

/// Compares what the header says with the file, as the library does.
fn check(header: &Header, end: End, announced: u64, len: u64) -> Result<(), Fault> {
    let broken = |rule, severity, message: String| Err(Fault::broken(rule, severity, 0, message));
    if announced > len.saturating_sub(8) {
        let message = format!("the header announces {announced} bytes, more than the file holds");
        return broken("safetensors-truncated", Severity::Medium, message);
    }
    if announced > LIBRARY_LIMIT {
        let message = format!("the header has {announced} bytes; the library reads {LIBRARY_LIMIT} at most");
        return broken("safetensors-header-limit", Severity::Medium, message);
    }
    match end {
        End::Broken => {
            return broken("safetensors-header", Severity::High, "the header is not sound JSON".into());
        }
        End::Open if announced > WALK_LIMIT => return Ok(()),
        End::Open => {
            return broken("safetensors-header", Severity::High, "the header ends inside its JSON".into());
        }
        End::Whole => {}
    }
    if let Some(problem) = header.problem {
        return broken("safetensors-header", Severity::High, problem.to_owned());
    }
    let data = announced.checked_add(8).and_then(|start| start.checked_add(header.data_end));
    match data {
        Some(end) if end == len => Ok(()),
        Some(end) if end < len => {
            let message = format!("{} bytes follow the last tensor", len.saturating_sub(end));
            Err(Fault::broken("safetensors-trailing-bytes", Severity::Medium, end, message))
        }
        _ => {
            let message = format!("the tensors need more than the {len} bytes of the file");
            broken("safetensors-truncated", Severity::Medium, message)
        }
    }
}

/// Looks at all of the file: the header to its end, every place of a tensor, what follows the end.
///
/// What identification said of the header is known here: a file that ends too early, bytes that follow.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut length = [0; 8];
    bytes.head(&mut length)?;
    let announced = u64::from_le_bytes(length);
    if announced > bytes.len().saturating_sub(8) {
        let message = format!("the header announces {announced} bytes, more than the file holds");
        look.say(&rules::weights::SAFETENSORS_TRUNCATED, 0, "", message);
        return Ok(());
    }
    if announced > look.limits.text as u64 {
        let message = format!("the header has {announced} bytes; {} are read at most", look.limits.text);
        look.say(&rules::TOO_MUCH_WORK, 0, "header", message);
        return Ok(());
    }
    let mut reader = bytes.reader();
    let mut bounded = Bounded::new(&mut reader, bytes.len());
    let mut header = Header::default();
    header.strict = Some(Strict::default());
    let walked = walk_into(&mut bounded, announced, header);
    let Some((mut header, end)) = look.settle(walked, &rules::weights::SAFETENSORS_TRUNCATED)? else {
        return Ok(());
    };
    let mut strict = header.strict.take().unwrap_or_default();
    strict.judge(look);
    if end != End::Whole {
        look.say(&rules::weights::SAFETENSORS_HEADER, 0, "", "the header is not sound JSON");
        return Ok(());
    }
    let start = announced.saturating_add(8);
    strict.places(start, look);
    let Some(data_end) = start.checked_add(header.data_end).filter(|end| *end <= bytes.len()) else {
        let message = format!("the tensors need more than the {} bytes of the file", bytes.len());
        look.say(&rules::weights::SAFETENSORS_TRUNCATED, 0, "", message);
        return Ok(());
    };
    if look.depth() == 0 && data_end > start {
        look.weights.push(start..data_end);
    }
    trailing::judge(bytes, data_end, data_end, &rules::weights::SAFETENSORS_TRAILING, look)
}
