//! What stands where a format has nothing: behind its end, before its beginning, between its members.
//!
//! Loaders do not read it; other programs, and the code that a second file brings, may. It is told by content.

use std::io;

use super::{
    members,
    programs::{self, Program},
    zip,
};
use crate::{
    Format, HEAD,
    inspect::{Bytes, Look},
    pickle::{self, Context},
    rules::containers as rules,
};

/// Zeros that are skipped as padding.
const PADDING: u64 = 1 << 20;

/// Where bytes stand that belong to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// Before the first byte of an archive.
    Before,
    /// Between its members.
    Between,
    /// Behind the last byte.
    After,
}

impl Where {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before the archive",
            Self::Between => "between the members of the archive",
            Self::After => "behind the end",
        }
    }
}

/// Says that there is something, and looks at it; zeros are padding.
pub(super) fn say_what_follows(
    bytes: &Bytes<'_>,
    at: u64,
    place: Where,
    look: &mut Look<'_>,
) -> io::Result<()> {
    let zeros = zeros(bytes)?;
    let rest = bytes.after(zeros);
    if rest.len() == 0 || look_at(&rest, place, look)? {
        return Ok(());
    }
    let at = at.saturating_add(zeros);
    let message = format!("{} bytes stand {} that belong to nothing", rest.len(), place.as_str());
    look.say(&rules::STRAY, at, "", message);
    Ok(())
}

/// Looks at bytes behind the end of a format; false when they are nothing that is recognised.
pub(super) fn look_at(bytes: &Bytes<'_>, place: Where, look: &mut Look<'_>) -> io::Result<bool> {
    let zeros = zeros(bytes)?;
    let bytes = bytes.after(zeros);
    if bytes.len() == 0 || !look.again(bytes.len()) {
        return Ok(false);
    }
    let mut head = [0; HEAD];
    let got = bytes.head(&mut head)?;
    let head = head.get(..got).unwrap_or_default();
    let at = bytes.start();
    if let Some(program) = programs::recognise(head) {
        let what = match program {
            Program::Native(what) => what,
            Program::Script => "a script",
        };
        look.say(&rules::STRAY_PROGRAM, at, place.as_str(), format!("{what} stands {}", place.as_str()));
        if place != Where::After {
            return Ok(true);
        }
    }
    if members::has_calls(&bytes, head)? {
        let message = format!("a pickle stands {}", place.as_str());
        look.say(&rules::STRAY_PICKLE, at, place.as_str(), message);
        look.enter("(pickle)", |look| pickle::inspect(&bytes, Context::Plain, look))?;
        return Ok(true);
    }
    look_at_archive(&bytes, place, look).map(|archive| archive || programs::recognise(head).is_some())
}

/// Looks at an archive that stands there: an ordinary thing behind a program or a TFLite model, and read by who looks for it.
fn look_at_archive(bytes: &Bytes<'_>, place: Where, look: &mut Look<'_>) -> io::Result<bool> {
    if place != Where::After {
        return Ok(false);
    }
    let mut signature = [0; 4];
    bytes.head(&mut signature)?;
    let mut found = false;
    look.enter("(archive)", |look| {
        // Only a directory says that there is an archive where bytes begin with something else.
        let ends = zip::has_directory(bytes)?;
        if !ends && &signature != b"PK\x03\x04" {
            return Ok(());
        }
        if let Some(survey) = zip::survey(bytes, look)? {
            found = true;
            look.say(&rules::STRAY_ARCHIVE, None, "", "a zip archive stands behind the end");
            let kind = members::Kind::of(&survey.names, None::<Format>);
            zip::inspect(bytes, &survey, kind, look)?;
        }
        Ok(())
    })?;
    Ok(found)
}

/// How many bytes are zero, up to what can be padding.
pub(crate) fn zeros(bytes: &Bytes<'_>) -> io::Result<u64> {
    let mut reader = bytes.reader();
    let mut chunk = [0; 4096];
    let mut zeros = 0u64;
    while zeros < PADDING {
        let got = crate::reader::read_up_to(&mut reader, &mut chunk)?;
        let read = chunk.get(..got).unwrap_or_default();
        let run = read.iter().position(|byte| *byte != 0).unwrap_or(read.len());
        zeros = zeros.saturating_add(run as u64);
        if got == 0 || run < read.len() {
            break;
        }
    }
    Ok(zeros)
}
