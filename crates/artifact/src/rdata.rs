//! R objects as `saveRDS` and `save` write them, unpacked: big-endian, native or as text.
//!
//! Sources: R Internals, "Serialization Formats", and `src/main/serialize.c`. A promise in such a file is evaluated when the object is
//! first touched (CVE-2024-27322); functions and calls are code that runs when they are used.

mod items;

use std::io::{self, Read, Seek};

use domain::Role;

use crate::{
    Format, Identified, Sureness,
    inspect::{Bytes, Look},
    rules::graphs as say,
};

/// How numbers and texts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Big-endian.
    Xdr,
    /// Little-endian, as on most machines.
    Native,
    /// A line for each.
    Text,
}

/// The style, and where the object begins behind the magic.
fn style(head: &[u8]) -> Option<(Style, usize, &'static str)> {
    // `save` puts a line of its own before what `saveRDS` writes.
    let (rest, before, writer) = match head {
        [b'R', b'D', b'X' | b'A' | b'B', b'2' | b'3', b'\n', rest @ ..] => (rest, 5usize, "save"),
        _ => (head, 0, "saveRDS"),
    };
    let style = match rest {
        [b'X', b'\n', 0, 0, 0, 2 | 3, 0, 2..=9, ..] => Style::Xdr,
        [b'B', b'\n', 2 | 3, 0, 0, 0, _, _, 2..=9, 0, ..] => Style::Native,
        [b'A', b'\n', b'2' | b'3', b'\n', b'1'..=b'9', b'0'..=b'9', ..] => Style::Text,
        _ => return None,
    };
    Some((style, before.saturating_add(2), writer))
}

/// Whether the head is that of R objects.
pub(crate) fn plausible(head: &[u8]) -> bool {
    style(head).is_some()
}

/// Identifies R objects by their magic and the versions behind it.
pub(crate) fn identify<R: Read + Seek>(_: &mut R, head: &[u8], _: u64) -> io::Result<Option<Identified>> {
    Ok(style(head).map(|(style, _, writer)| {
        let reason = format!(
            "R objects as {writer} writes them, {}",
            match style {
                Style::Xdr => "big-endian",
                Style::Native => "native",
                Style::Text => "as text",
            }
        );
        Identified::new(Format::Rdata, Sureness::Certain, Role::Data, reason)
    }))
}

/// Looks at all of the objects.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut head = [0; 32];
    let got = bytes.head(&mut head)?;
    let Some((style, start, _)) = style(head.get(..got).unwrap_or_default()) else { return Ok(()) };
    let mut reader = bytes.reader();
    let outcome = items::Items::open(&mut reader, bytes.len(), style, start as u64, look)
        .and_then(|mut items| items.run());
    look.settle(outcome, &say::TRUNCATED).map(drop)
}
