//! Programs, libraries and scripts, told by their first bytes. What they do is not read: that they run is enough.

use crate::reader::u32_at;

/// Something that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// Machine code or byte code; what it is called.
    Native(&'static str),
    /// A text that begins with the name of its interpreter.
    Script,
}

/// The program that begins with these bytes.
pub(crate) fn recognise(head: &[u8]) -> Option<Program> {
    let native = match head {
        [0x7f, b'E', b'L', b'F', 1 | 2, 1 | 2, 1, ..] => "an ELF program or library",
        _ if head.starts_with(b"MZqFpD='") || head.starts_with(b"jartsr='") => "a portable executable",
        [b'M', b'Z', ..] if is_windows(head) => "a Windows program or library",
        [0xce | 0xcf, 0xfa, 0xed, 0xfe, cpu, _, _, 0 | 1, ..] if *cpu < 32 => "a Mach-O program or library",
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, 0 | 1, _, _, cpu, ..] if *cpu < 32 => "a Mach-O program or library",
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 1..=30, ..] => "a Mach-O program or library",
        [0xca, 0xfe, 0xba, 0xbe, 0, 0..=3, 0, 45..=90, ..] => "a Java class",
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => "a WebAssembly module",
        [b'd', b'e', b'x', b'\n', b'0', b'3' | b'4', _, 0, ..] => "Android byte code",
        [_, _, b'\r', b'\n', 0..=3, 0, 0, 0, rest @ ..] if is_python(rest) => "Python byte code",
        _ if head.starts_with(b"#!") && is_script(head) => return Some(Program::Script),
        _ => return None,
    };
    Some(Program::Native(native))
}

/// The header of a Windows program lies where a number says; programs for DOS alone do not run any more.
fn is_windows(head: &[u8]) -> bool {
    let header = u32_at(head, 0x3c).and_then(|at| usize::try_from(at).ok());
    match header.and_then(|at| head.get(at..)) {
        Some(header) => header.starts_with(b"PE\0\0"),
        // It lies behind what was read: possible in a large stub.
        None => header.is_some_and(|at| at < 1 << 20) && head.len() >= 64,
    }
}

/// Compiled Python: a date or a hash, a length, and a marshalled code object.
fn is_python(rest: &[u8]) -> bool {
    matches!(rest.get(8), Some(b'c' | 0xe3))
}

fn is_script(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.contains(&b'/')
        && line.len() < 256
        && line.iter().all(|byte| (b' '..0x7f).contains(byte) || *byte == b'\r' || *byte == b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_data_that_begins_alike() {
        assert_eq!(recognise(b"\x7fELF\x02\x01\x01\0"), Some(Program::Native("an ELF program or library")));
        assert_eq!(recognise(b"\x7fELF\x07\x01\x01\0"), None);
        let mut windows = b"MZ".to_vec();
        windows.resize(0x3c, 0);
        windows.extend([0x40, 0, 0, 0]);
        let text = [&windows[..], b"text"].concat();
        windows.extend(b"PE\0\0");
        assert!(recognise(&windows).is_some() && recognise(&text).is_none());
        assert_eq!(recognise(b"MZ is the beginning of a text that is longer than a header of Windows"), None);
        assert_eq!(recognise(b"#!/bin/sh\n"), Some(Program::Script));
        assert_eq!(recognise(b"#!heading\n"), None);
        assert_eq!(
            recognise(b"\xcb\x0d\r\n\0\0\0\0\x01\x02\x03\x04\x05\0\0\0\xe3"),
            Some(Program::Native("Python byte code"))
        );
    }
}
