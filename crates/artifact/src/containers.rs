//! Archives and compressed files: their members are found as every loader finds them, unpacked within limits and looked at.
//!
//! What a member holds is for the inspector of its format to say; this knows what contains what.

mod members;
mod npy;
mod packed;
mod paths;
mod programs;
mod tar;
mod torch;
mod trailing;
mod zip;

#[cfg(test)]
mod tests;

use std::io;

use self::{
    members::Kind,
    packed::{Codec, Outcome},
    programs::Program,
    trailing::Where,
};
pub(crate) use self::{tar::begins as begins_as_tar, trailing::zeros};
use crate::{
    Format, HEAD,
    inspect::{Bytes, Look, look_at_member},
    pickle::{self, Context},
    rules::containers as rules,
};

/// Looks into a model that is an archive.
pub(crate) fn inspect_model(bytes: &Bytes<'_>, format: Format, look: &mut Look<'_>) -> io::Result<()> {
    let mut signature = [0; 4];
    let got = bytes.head(&mut signature)?;
    let legacy = format == Format::Pytorch && !signature.get(..got).unwrap_or_default().starts_with(b"PK");
    if legacy {
        return pickle::inspect(bytes, Context::Torch, look);
    }
    if !look_at_zip(bytes, Some(format), look)? {
        look.say(&rules::NO_DIRECTORY, 0, "", "no archive is found in the file");
    }
    Ok(())
}

/// Looks into an archive or compressed file that is no model by itself, or at a program; false when it is none.
pub(crate) fn inspect(bytes: &Bytes<'_>, name: &str, look: &mut Look<'_>) -> io::Result<bool> {
    let mut head = [0; HEAD];
    let got = bytes.head(&mut head)?;
    let head = head.get(..got).unwrap_or_default();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return look_at_zip(bytes, None, look);
    }
    if npy::is_array(head) {
        return npy::inspect(bytes, look).map(|()| true);
    }
    if let Some(what) = closed(head) {
        look.say(&rules::UNKNOWN_COMPRESSION, 0, "", format!("{what}, which is not unpacked here"));
        return Ok(true);
    }
    if let Some((codec, start)) = packed::codec(head) {
        return look_at_compressed(bytes, codec, start, name, look);
    }
    if tar::begins(head) {
        return tar::inspect(bytes, look).map(|()| true);
    }
    if let Some(program) = programs::recognise(head) {
        look_at_program(program, look);
        let archive = look_for_archive(bytes, look)?;
        // A script may be a text that someone knows by its name.
        return Ok(archive || program != Program::Script);
    }
    // Readers of zip archives begin at the end, whatever stands before.
    look_for_archive(bytes, look)
}

/// What a stream of Zstandard unpacks to, at most `cap` bytes; none when it is broken or longer.
pub(crate) fn unpack_zstd(
    stream: &Bytes<'_>,
    cap: usize,
    look: &mut Look<'_>,
) -> io::Result<Option<Vec<u8>>> {
    let unpacked = packed::unpack(stream, Codec::Zstd, look)?;
    if unpacked.outcome == Outcome::Whole { unpacked.bytes.whole(cap) } else { Ok(None) }
}

/// Looks at what stands behind the end of a format: a pickle, an archive, a program. False when it is nothing of that.
pub(crate) fn look_at_trailing(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<bool> {
    trailing::look_at(bytes, Where::After, look)
}

/// Says that the bytes of a member of the file do not have the checksum that the file gives for them.
pub(crate) fn say_wrong_checksum(crc32: u32, at: u64, member: &str, look: &mut Look<'_>) -> io::Result<()> {
    zip::say_checksum(crc32, at, member, look);
    Ok(())
}

/// What an archive is called that cannot be unpacked here.
fn closed(head: &[u8]) -> Option<&'static str> {
    match head {
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some("a 7z archive"),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Some("a RAR archive"),
        [b'M', b'S', b'C', b'F', 0, 0, 0, 0, ..] => Some("a cabinet"),
        [0x1f, 0x9d, ..] => Some("a file of the old `compress`"),
        _ => None,
    }
}

fn look_at_zip(bytes: &Bytes<'_>, format: Option<Format>, look: &mut Look<'_>) -> io::Result<bool> {
    let Some(survey) = zip::survey(bytes, look)? else { return Ok(false) };
    let kind = Kind::of(&survey.names, format);
    zip::inspect(bytes, &survey, kind, look)?;
    Ok(true)
}

/// Looks into the zip archive that readers who begin at the end find here, whatever stands before it; false when they find none.
pub(crate) fn look_for_archive(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<bool> {
    if !zip::has_directory(bytes)? {
        return Ok(false);
    }
    look_at_zip(bytes, None, look)
}

fn look_at_program(program: Program, look: &mut Look<'_>) {
    match program {
        Program::Native(what) => look.say(&rules::NATIVE_CODE, 0, "", format!("it is {what}")),
        Program::Script => look.say(&rules::SCRIPT, 0, "", "it is a script"),
    }
}

/// Looks at a compressed file. A weak magic number counts only if something comes out.
fn look_at_compressed(
    bytes: &Bytes<'_>,
    codec: Codec,
    start: u64,
    name: &str,
    look: &mut Look<'_>,
) -> io::Result<bool> {
    let stream = bytes.after(start);
    let weak = start == 0 && matches!(codec, Codec::Zlib | Codec::Lzma);
    if weak && !packed::unpacks(&stream, codec) {
        return Ok(false);
    }
    let unpacked = packed::unpack(&stream, codec, look)?;
    match &unpacked.outcome {
        Outcome::Broken(why) => {
            let message = format!("the {} stream cannot be unpacked to its end: {why}", codec.as_str());
            look.say(&rules::BROKEN_STREAM, start, "", message);
        }
        Outcome::Whole => {
            let rest = stream.after(unpacked.end);
            trailing::say_what_follows(&rest, start.saturating_add(unpacked.end), Where::After, look)?;
        }
        Outcome::Stopped => {}
    }
    look.layers = look.layers.saturating_add(1);
    let outcome = look_at_member(&unpacked.bytes, &unpacked_name(name, codec), look);
    look.layers = look.layers.saturating_sub(1);
    look.say_refusals();
    outcome.map(|()| true)
}

/// The name of what is compressed: that of the file, without the ending that says how.
fn unpacked_name(name: &str, codec: Codec) -> String {
    let leaf = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match leaf.rsplit_once('.') {
        Some((stem, "tgz" | "tbz" | "txz" | "tzst")) => format!("{stem}.tar"),
        Some((stem, "gz" | "z" | "bz2" | "xz" | "lzma" | "lz4" | "zst" | "zlib")) if !stem.is_empty() => {
            stem.to_owned()
        }
        _ => format!("({})", codec.as_str()),
    }
}

/// Whether a member of a PyTorch archive is one of its small texts, or source that only its own reader of programs takes in.
fn texts_of_torch(name: &str) -> bool {
    let leaf = name.rsplit('/').next().unwrap_or(name);
    let code = name.starts_with("code/") || name.contains("/code/");
    let written = matches!(
        leaf,
        "version" | "byteorder" | ".format_version" | ".storage_alignment" | "serialization_id"
    );
    written || (code && leaf.ends_with(".py"))
}
