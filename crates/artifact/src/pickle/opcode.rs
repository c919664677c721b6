//! The opcodes of pickle, protocols 0 to 5: what follows each in the stream, and what it does to the stack.
//!
//! Source: CPython `Lib/pickletools.py` and `Modules/_pickle.c`.

/// What follows an opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    Nothing,
    /// So many bytes.
    Bytes(u64),
    /// A payload after its length in 1, 4 or 8 bytes.
    Sized(u8),
    /// A decimal number on a line.
    Integer,
    /// A float on a line.
    Float,
    /// A quoted text on a line.
    Quoted,
    /// Anything on a line.
    Line,
    /// A module and a name, each on a line.
    Global,
}

/// What an opcode does to the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Takes so many values and puts so many in their place.
    Stack(u32, u32),
    /// Sets a mark.
    Mark,
    /// Takes everything down to the mark; then needs so many below it, and puts so many.
    ToMark { below: u32, puts: u32, pairs: bool },
    /// Takes a value, or the mark when there is none above it.
    Pop,
    /// Stores the top of the stack in the memo.
    Put,
    /// Takes a value from the memo.
    Get,
    /// The end of the pickle.
    Stop,
}

/// Whether the opcode calls, or makes an instance of, what a global names.
pub(super) const fn runs(opcode: u8) -> bool {
    matches!(opcode, b'R' | b'i' | b'o' | b'b' | 0x81 | 0x92)
}

/// Whether the opcode needs nothing on the stack, so that a pickle may begin with it.
pub(super) const fn may_begin(opcode: u8) -> bool {
    matches!(describe(opcode), Some((_, Effect::Mark | Effect::Stack(0, _))))
}

/// The description of an opcode, if it is one.
pub(super) const fn describe(opcode: u8) -> Option<(Argument, Effect)> {
    use Argument::{Bytes, Float, Global, Integer, Line, Nothing, Quoted, Sized};
    use Effect::{Get, Mark, Pop, Put, Stack, Stop, ToMark};
    const PUSH: Effect = Stack(0, 1);
    Some(match opcode {
        b'(' => (Nothing, Mark),
        b'.' => (Nothing, Stop),
        b'0' => (Nothing, Pop),
        b'1' => (Nothing, ToMark { below: 0, puts: 0, pairs: false }),
        b'2' => (Nothing, Stack(1, 2)),
        b'I' | b'L' => (Integer, PUSH),
        b'F' => (Float, PUSH),
        b'S' => (Quoted, PUSH),
        b'V' | b'P' => (Line, PUSH),
        b'K' => (Bytes(1), PUSH),
        b'M' => (Bytes(2), PUSH),
        b'J' => (Bytes(4), PUSH),
        b'G' => (Bytes(8), PUSH),
        b'U' | b'C' | 0x8a | 0x8c => (Sized(1), PUSH),
        b'T' | b'B' | b'X' | 0x8b => (Sized(4), PUSH),
        0x8d | 0x8e | 0x96 => (Sized(8), PUSH),
        b'N' | b']' | b'}' | b')' | 0x88 | 0x89 | 0x8f | 0x97 => (Nothing, PUSH),
        b'Q' => (Nothing, Stack(1, 1)),
        b'R' | b'b' | b'a' | 0x81 | 0x93 => (Nothing, Stack(2, 1)),
        b's' | 0x92 => (Nothing, Stack(3, 1)),
        b'e' | 0x90 => (Nothing, ToMark { below: 1, puts: 0, pairs: false }),
        b'u' => (Nothing, ToMark { below: 1, puts: 0, pairs: true }),
        b'd' => (Nothing, ToMark { below: 0, puts: 1, pairs: true }),
        b'l' | b't' | b'o' | 0x91 => (Nothing, ToMark { below: 0, puts: 1, pairs: false }),
        b'c' => (Global, PUSH),
        b'i' => (Global, ToMark { below: 0, puts: 1, pairs: false }),
        b'p' => (Integer, Put),
        b'q' => (Bytes(1), Put),
        b'r' => (Bytes(4), Put),
        0x94 => (Nothing, Put),
        b'g' => (Integer, Get),
        b'h' => (Bytes(1), Get),
        b'j' => (Bytes(4), Get),
        0x80 => (Bytes(1), Stack(0, 0)),
        0x82 => (Bytes(1), PUSH),
        0x83 => (Bytes(2), PUSH),
        0x84 => (Bytes(4), PUSH),
        0x85 => (Nothing, Stack(1, 1)),
        0x86 => (Nothing, Stack(2, 1)),
        0x87 => (Nothing, Stack(3, 1)),
        0x95 => (Bytes(8), Stack(0, 0)),
        0x98 => (Nothing, Stack(1, 1)),
        _ => return None,
    })
}
