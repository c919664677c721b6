//! What follows the end of a file of weights: padding, or something that another program reads.

use std::io;

use crate::{
    containers,
    inspect::{Bytes, Look},
    rules::{Rule, weights as rules},
};

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
    let zeros = containers::zeros(&rest)?;
    if zeros == rest.len() {
        if end.saturating_add(zeros) > padded {
            let message = format!("{zeros} zeros follow the last tensor");
            look.say(&rules::TRAILING_ZEROS, end, "", message);
        }
        return Ok(());
    }
    let at = end.saturating_add(zeros);
    let rest = rest.after(zeros);
    match kind(&rest)? {
        Some(what) => look.say(&rules::TRAILING_CONTENT, at, what, format!("{what} follows the last tensor")),
        None => look.say(other, at, "", format!("{} bytes follow the last tensor", rest.len())),
    }
    containers::look_at_trailing(&rest, look)?;
    ends_as_archive(bytes, look)
}

/// What stands there, by its first bytes.
fn kind(rest: &Bytes<'_>) -> io::Result<Option<&'static str>> {
    let mut head = [0; 4];
    let got = rest.head(&mut head)?;
    Ok(match head.get(..got).unwrap_or_default() {
        [0x80, 0..=5, ..] => Some("a pickle"),
        [b'P', b'K', 3 | 5, 4 | 6] => Some("a zip archive"),
        [0x7f, b'E', b'L', b'F'] | [b'M', b'Z', ..] => Some("a program"),
        [b'#', b'!', ..] => Some("a script"),
        _ => None,
    })
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
