//! Programs and libraries: they are no models, and whoever loads one runs it. Told by their first bytes and the structure behind.

use std::io;

use crate::{
    inspect::{Bytes, Look},
    reader::u32_at,
    rules::graphs as say,
};

/// The kind of program that a head belongs to.
pub(crate) fn kind(head: &[u8]) -> Option<&'static str> {
    let word = |at: usize| u32_at(head, at);
    match head {
        [0x7f, b'E', b'L', b'F', 1 | 2, 1 | 2, 1, ..] => Some("an ELF program or library"),
        [b'M', b'Z', b'q', b'F', b'p', b'D', ..] => Some("a portable executable"),
        [b'j', b'a', b'r', b't', b's', b'r', b'=', ..] => Some("a portable executable"),
        [b'M', b'Z', ..] => {
            let header = usize::try_from(word(0x3c)?).ok()?;
            let signature =
                head.get(header..).is_none_or(|rest| rest.len() < 4 || rest.starts_with(b"PE\0\0"));
            ((0x40..1 << 20).contains(&header) && signature).then_some("a Windows program or library")
        }
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xfe, 0xed, 0xfa, 0xcf | 0xce, ..] => {
            Some("a program or library for macOS")
        }
        // The same four bytes begin a Java class, whose version is far above the number of architectures.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, minor, count, ..] => {
            Some(if *minor == 0 && *count < 30 { "a program or library for macOS" } else { "a Java class" })
        }
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Some("a WebAssembly module"),
        [b'd', b'e', b'x', b'\n', b'0', ..] => Some("an Android program"),
        [b'B', b'C', 0xc0, 0xde, ..] => Some("LLVM bitcode"),
        [0x1b, b'L', b'u', b'a', ..] => Some("Lua byte code"),
        [_, 0x0c..=0x0e, b'\r', b'\n', 0..=3, 0, 0, 0, ..] if head.len() > 16 => Some("Python byte code"),
        _ => None,
    }
}

/// Says of a program that it is one; false when it is none.
pub(crate) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<bool> {
    let mut head = [0; 512];
    let got = bytes.head(&mut head)?;
    let Some(kind) = kind(head.get(..got).unwrap_or_default()) else { return Ok(false) };
    look.say(&say::NATIVE_CODE, 0, kind, format!("the file is {kind}: whoever loads it runs it"));
    Ok(true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn trick_32_programs_are_told_from_what_merely_begins_like_them() {
        let mut windows = b"MZ".to_vec();
        windows.resize(0x80, 0);
        windows[0x3c] = 0x80;
        windows.extend(b"PE\0\0");
        for program in
            [&b"\x7fELF\x02\x01\x01\0"[..], b"\xcf\xfa\xed\xfe\x07\0\0\x01", b"\0asm\x01\0\0\0", &windows]
        {
            assert!(kind(program).is_some(), "{program:?}");
        }
        for other in [&b"MZ is a text"[..], b"\x7fELF text", b"\0asm", b"BCD", b""] {
            assert_eq!(kind(other), None, "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn any_head_is_answered(head in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = kind(&head);
        }
    }
}
