//! What follows the end of a file of weights: padding, or something that another program reads.

use std::io;

use crate::{
    inspect::{Bytes, Look},
    reader::read_up_to,
    rules::{Rule, weights as rules},
};

/// Zeros behind the end that are read to see whether all are zeros.
const PADDING: u64 = 1 << 20;
/// The end record of a zip archive, without its comment, and the longest comment.
const ZIP_END: usize = 22;
const ZIP_COMMENT: u64 = 65_535;

/// Judges what lies behind `end`, where the data ends; up to `padded` zeros are the format's own. `other` is said of
/// bytes that are nothing known.
pub(crate) fn judge(
    bytes: &Bytes<'_>,
    end: u64,
    padded: u64,
    other: &'static Rule,
    look: &mut Look<'_>,
) -> io::Result<()> {
    let rest = bytes.after(end);
    if rest.len() == 0 {
        return ends_as_archive(bytes, look);
    }
    let zeros = zeros(&rest)?;
    if zeros == rest.len() {
        if end.saturating_add(zeros) > padded {
            let message = format!("{zeros} zeros follow the last tensor");
            look.say(&rules::TRAILING_ZEROS, end, "", message);
        }
        return Ok(());
    }
    let at = end.saturating_add(zeros);
    let rest = rest.after(zeros);
    if !look_at(&rest, at, look)? {
        look.say(other, at, "", format!("{} bytes follow the last tensor", rest.len()));
    }
    ends_as_archive(bytes, look)
}

/// Says what stands there, by its first bytes; the look into it is that of `containers`.
fn look_at(rest: &Bytes<'_>, at: u64, look: &mut Look<'_>) -> io::Result<bool> {
    let mut head = [0; 4];
    let got = rest.head(&mut head)?;
    let what = match head.get(..got).unwrap_or_default() {
        [0x80, 0..=5, ..] => "a pickle",
        [b'P', b'K', 3 | 5, 4 | 6] => "a zip archive",
        [0x7f, b'E', b'L', b'F'] | [b'M', b'Z', ..] => "a program",
        [b'#', b'!', ..] => "a script",
        _ => return Ok(false),
    };
    look.say(&rules::TRAILING_CONTENT, at, what, format!("{what} follows the last tensor"));
    Ok(true)
}

/// A file that readers of zip archives take for one, because they begin at the end.
fn ends_as_archive(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let tail = bytes.len().min(ZIP_COMMENT.saturating_add(ZIP_END as u64));
    let start = bytes.len().saturating_sub(tail);
    let Some(tail) = bytes.after(start).whole(1 << 17)? else { return Ok(()) };
    let found = tail.windows(ZIP_END).enumerate().find(|(at, record)| {
        let comment = record.last_chunk().map_or(0, |two| usize::from(u16::from_le_bytes(*two)));
        record.starts_with(b"PK\x05\x06") && at.saturating_add(ZIP_END).saturating_add(comment) == tail.len()
    });
    if let Some((at, _)) = found {
        let at = start.saturating_add(at as u64);
        look.say(
            &rules::ENDS_AS_ARCHIVE,
            at,
            "",
            "the file ends as a zip archive does, and is read as one by who looks there",
        );
    }
    Ok(())
}

/// How many bytes are zero, up to what can be padding.
fn zeros(bytes: &Bytes<'_>) -> io::Result<u64> {
    let mut reader = bytes.reader();
    let mut chunk = [0; 4096];
    let mut zeros = 0u64;
    while zeros < PADDING {
        let got = read_up_to(&mut reader, &mut chunk)?;
        let read = chunk.get(..got).unwrap_or_default();
        let run = read.iter().position(|byte| *byte != 0).unwrap_or(got);
        zeros = zeros.saturating_add(run as u64);
        if run < chunk.len() {
            break;
        }
    }
    Ok(zeros)
}
