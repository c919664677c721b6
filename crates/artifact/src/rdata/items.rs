//! The walk over the items of R objects. It keeps what is still to be read on a stack of its own, so that nesting costs no recursion.

use std::io::{Read, Seek};

use domain::Severity;

use super::Style;
use crate::{
    inspect::Look,
    protobuf::malformed,
    reader::{Bounded, Fault, cut},
    rules::{self, graphs as say},
};

/// Items that wait, symbols that can be referred to, and items altogether.
const STACK: usize = 1 << 20;
const SYMBOLS: usize = 1 << 22;
const ITEMS: u64 = 1 << 28;
/// The longest line of the text style.
const LINE: usize = 16 << 20;

/// Functions with which R leaves itself, by name.
const DANGEROUS: [&str; 30] = [
    "system",
    "system2",
    "shell",
    "shell.exec",
    "pipe",
    "socketConnection",
    "serverSocket",
    "socketSelect",
    "download.file",
    "url",
    "curl",
    "source",
    "sys.source",
    "dyn.load",
    "library.dynam",
    "file.remove",
    "unlink",
    "Sys.setenv",
    "install.packages",
    "fifo",
    "getURL",
    "GET",
    "POST",
    "evalq_system",
    "file.copy",
    "writeLines",
    "sink",
    "browseURL",
    "callr",
    "run",
];

/// Why an item is read, which says what a symbol in its place means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A value, or an argument.
    Value,
    /// The function of a call.
    Head,
    /// The rest of a call that is itself a function: `base::system`.
    HeadArguments,
}

/// Something that is still to be read.
#[derive(Debug, Clone, Copy)]
enum Work {
    Item(Place),
    /// Many items in a row.
    Items(u64),
    /// The value of a promise.
    PromiseValue,
    /// The end of an environment.
    LeaveEnvironment,
    /// Byte code: its constants are still to come.
    Constants,
    /// That many of them.
    Constant(u64),
    /// A call in byte code, whose type stands before it.
    CallOfCode,
}

/// The walk over one file.
pub(super) struct Items<'r, 'k, 'l, R> {
    reader: Bounded<'r, R>,
    style: Style,
    look: &'k mut Look<'l>,
    work: Vec<Work>,
    /// The number of the dangerous name each reference stands for, from 1; 0 for all others.
    symbols: Vec<u8>,
    environments: u64,
    left: u64,
}

impl<'r, 'k, 'l, R: Read + Seek> Items<'r, 'k, 'l, R> {
    /// Reads the header.
    pub(super) fn open(
        inner: &'r mut R,
        len: u64,
        style: Style,
        start: u64,
        look: &'k mut Look<'l>,
    ) -> Result<Self, Fault> {
        let mut reader = Bounded::new(inner, len);
        reader.seek(start)?;
        if style == Style::Xdr {
            reader.set_big_endian();
        }
        let work = vec![Work::Item(Place::Value)];
        let mut items = Self { reader, style, look, work, symbols: Vec::new(), environments: 0, left: ITEMS };
        let version = items.int()?;
        let writer = items.int()?;
        items.int()?;
        if version == 3 {
            let size = items.int()?;
            items.bytes(size)?;
        }
        let [_, major, minor, patch] = writer.to_be_bytes();
        items.look.learn("r_version", &format!("{major}.{minor}.{patch}"));
        Ok(items)
    }

    /// Reads everything.
    pub(super) fn run(&mut self) -> Result<(), Fault> {
        while let Some(work) = self.work.pop() {
            self.left = self.left.checked_sub(1).ok_or_else(|| {
                let rule = rules::TOO_MUCH_WORK.id;
                Fault::broken(
                    rule,
                    Severity::Medium,
                    self.reader.offset(),
                    "more items than an inspection walks over",
                )
            })?;
            self.step(work)?;
        }
        if self.reader.remaining() > 0 {
            let message = format!("{} bytes behind the last object", self.reader.remaining());
            self.look.say(&say::TRAILING, self.reader.offset(), "", message);
        }
        Ok(())
    }

    fn step(&mut self, work: Work) -> Result<(), Fault> {
        match work {
            Work::Item(place) => {
                let flags = self.int()?;
                self.item(flags, place)
            }
            Work::Items(0) | Work::Constant(0) => Ok(()),
            Work::Items(count) => {
                self.push(Work::Items(count.saturating_sub(1)))?;
                self.push(Work::Item(Place::Value))
            }
            Work::PromiseValue => self.promise_value(),
            Work::LeaveEnvironment => {
                self.environments = self.environments.saturating_sub(1);
                Ok(())
            }
            Work::Constants => {
                let count = self.int()?;
                self.push(Work::Constant(count.into()))
            }
            Work::Constant(count) => {
                self.push(Work::Constant(count.saturating_sub(1)))?;
                let kind = self.int()?;
                self.of_code(kind, true)
            }
            Work::CallOfCode => {
                let kind = self.int()?;
                self.of_code(kind, false)
            }
        }
    }

    fn push(&mut self, work: Work) -> Result<(), Fault> {
        if self.work.len() >= STACK {
            let rule = rules::NESTED_TOO_DEEP.id;
            return Err(Fault::broken(
                rule,
                Severity::Medium,
                self.reader.offset(),
                "objects in objects, without end",
            ));
        }
        self.work.push(work);
        Ok(())
    }

    /// Puts items on the stack that are read in this order.
    fn push_all(&mut self, items: &[(bool, Work)]) -> Result<(), Fault> {
        items.iter().rev().filter(|(present, _)| *present).try_for_each(|(_, work)| self.push(*work))
    }

    fn item(&mut self, flags: u32, place: Place) -> Result<(), Fault> {
        const VALUE: Work = Work::Item(Place::Value);
        let (has_attributes, has_tag) = (flags & 1 << 9 != 0, flags & 1 << 10 != 0);
        match flags & 0xff {
            1 => self.symbol(place),
            2 | 17 => {
                let (car, cdr) = match place {
                    Place::HeadArguments => (Work::Item(Place::Head), Work::Item(Place::HeadArguments)),
                    _ => (VALUE, VALUE),
                };
                self.push_all(&[(has_attributes, VALUE), (has_tag, VALUE), (true, car), (true, cdr)])
            }
            3 => {
                self.look.say(
                    &say::R_FUNCTION,
                    self.reader.offset(),
                    "closure",
                    "the object holds functions",
                );
                self.push_all(&[(has_attributes, VALUE), (has_tag, VALUE), (true, VALUE), (true, VALUE)])
            }
            4 => {
                self.int()?;
                self.refer(0)?;
                self.environments = self.environments.saturating_add(1);
                self.push(Work::LeaveEnvironment)?;
                self.push(Work::Items(4))
            }
            5 => self.push_all(&[
                (has_attributes, VALUE),
                (has_tag, VALUE),
                (true, Work::PromiseValue),
                (true, VALUE),
            ]),
            6 => {
                let rest = if place == Place::Head { Place::HeadArguments } else { Place::Value };
                let head = Work::Item(Place::Head);
                self.push_all(&[
                    (has_attributes, VALUE),
                    (has_tag, VALUE),
                    (true, head),
                    (true, Work::Item(rest)),
                ])
            }
            7 | 8 => {
                let size = self.int()?;
                self.bytes(size).map(drop)
            }
            9 => {
                self.push_all(&[(has_attributes, VALUE)])?;
                self.text().map(drop)
            }
            kind @ (10 | 13 | 14 | 15 | 24) => self.vector(kind, has_attributes),
            16 | 19 | 20 => {
                let count = self.count()?;
                self.push_all(&[(true, Work::Items(count)), (has_attributes, VALUE)])
            }
            21 => {
                self.look.say(
                    &say::R_FUNCTION,
                    self.reader.offset(),
                    "byte code",
                    "the object holds compiled functions",
                );
                self.int()?;
                self.push_all(&[(true, VALUE), (true, Work::Constants), (has_attributes, VALUE)])
            }
            22 => {
                self.refer(0)?;
                self.push_all(&[(true, VALUE), (true, VALUE), (has_attributes, VALUE)])
            }
            23 => {
                self.refer(0)?;
                self.push_all(&[(has_attributes, VALUE)])
            }
            25 => self.push_all(&[(has_attributes, VALUE)]),
            238 => self.push(Work::Items(3)),
            241 | 242 | 250..=254 => Ok(()),
            247..=249 => {
                self.int()?;
                let count = self.int()?;
                self.refer(0)?;
                self.push(Work::Items(count.into()))
            }
            255 => {
                let index = if flags >> 8 == 0 { self.int()? } else { flags >> 8 };
                let index = usize::try_from(index).unwrap_or(usize::MAX).saturating_sub(1);
                self.named(self.symbols.get(index).copied().unwrap_or(0), place);
                Ok(())
            }
            kind => {
                Err(malformed(self.reader.offset(), format!("an item of type {kind}, which R does not have")))
            }
        }
    }

    fn symbol(&mut self, place: Place) -> Result<(), Fault> {
        let flags = self.int()?;
        if flags & 0xff != 9 {
            return Err(malformed(self.reader.offset(), "a symbol without a name"));
        }
        let name = self.text()?;
        let number =
            DANGEROUS.iter().position(|known| *known == name).map_or(0, |index| index.saturating_add(1));
        let number = u8::try_from(number).unwrap_or(0);
        self.refer(number)?;
        self.named(number, place);
        Ok(())
    }

    fn refer(&mut self, number: u8) -> Result<(), Fault> {
        if self.symbols.len() >= SYMBOLS {
            let rule = rules::TOO_MUCH_WORK.id;
            return Err(Fault::broken(
                rule,
                Severity::Medium,
                self.reader.offset(),
                "more symbols than are remembered",
            ));
        }
        self.symbols.push(number);
        Ok(())
    }

    /// A symbol where a function is called.
    fn named(&mut self, number: u8, place: Place) {
        let name = usize::from(number).checked_sub(1).and_then(|index| DANGEROUS.get(index));
        if let (Some(name), Place::Head) = (name, place) {
            let message = format!("the object holds a call of `{name}`");
            self.look.say(&say::R_CALL, self.reader.offset(), name, message);
        }
    }

    /// An object that stands for what its expression gives when it is first touched.
    fn promise_value(&mut self) -> Result<(), Fault> {
        let flags = self.int()?;
        if flags & 0xff != 252 {
            return self.item(flags, Place::Value);
        }
        let at = self.reader.offset();
        if self.environments > 0 {
            self.look.say(
                &say::R_LAZY,
                at,
                "promise",
                "a variable holds an expression that runs when it is first used",
            );
        } else {
            let message = "an object is an expression that runs as soon as anyone looks at it";
            self.look.say(&say::R_PROMISE, at, "promise", message);
        }
        Ok(())
    }

    /// Something in byte code whose type was read.
    fn of_code(&mut self, kind: u32, constant: bool) -> Result<(), Fault> {
        const VALUE: Work = Work::Item(Place::Value);
        match kind {
            21 if constant => self.push_all(&[(true, VALUE), (true, Work::Constants)]),
            243 => self.int().map(drop),
            244 => {
                self.int()?;
                let kind = self.int()?;
                self.of_code(kind, false)
            }
            2 | 6 | 239 | 240 => {
                let attributes = kind >= 239;
                self.push_all(&[
                    (attributes, VALUE),
                    (true, VALUE),
                    (true, Work::CallOfCode),
                    (true, Work::CallOfCode),
                ])
            }
            _ => self.push(Work::Item(if constant { Place::Value } else { Place::Head })),
        }
    }

    fn vector(&mut self, kind: u32, has_attributes: bool) -> Result<(), Fault> {
        let count = self.count()?;
        if self.style == Style::Text && kind != 24 {
            let lines = if kind == 15 { count.saturating_mul(2) } else { count };
            for _ in 0..lines {
                self.line()?;
            }
        } else if self.style == Style::Text {
            // Bytes stand in hexadecimal, a line for each.
            for _ in 0..count {
                self.line()?;
            }
        } else {
            let width = match kind {
                14 => 8,
                15 => 16,
                24 => 1,
                _ => 4,
            };
            self.reader.skip(count.checked_mul(width).ok_or(Fault::End(self.reader.offset()))?)?;
        }
        self.push_all(&[(has_attributes, Work::Item(Place::Value))])
    }

    /// The length of a vector: long ones have -1 and two halves.
    fn count(&mut self) -> Result<u64, Fault> {
        let count = self.int()?;
        if count != u32::MAX {
            return Ok(count.into());
        }
        let (high, low) = (self.int()?, self.int()?);
        Ok(u64::from(high).wrapping_shl(32) | u64::from(low))
    }

    fn int(&mut self) -> Result<u32, Fault> {
        if self.style != Style::Text {
            return self.reader.u32();
        }
        let line = self.line()?;
        let text = String::from_utf8_lossy(&line);
        match text.trim() {
            "NA" => Ok(i32::MIN.cast_unsigned()),
            number => number.parse::<i32>().map(i32::cast_unsigned).map_err(|_| {
                malformed(self.reader.offset(), format!("`{}` should be a number", cut(number)))
            }),
        }
    }

    fn line(&mut self) -> Result<Vec<u8>, Fault> {
        let mut line = Vec::new();
        loop {
            match self.reader.u8()? {
                b'\n' => return Ok(line),
                _ if line.len() >= LINE => {
                    return Err(malformed(self.reader.offset(), "a line longer than any"));
                }
                byte => line.push(byte),
            }
        }
    }

    /// The content of a `CHARSXP`; empty for a missing one.
    fn text(&mut self) -> Result<String, Fault> {
        match self.int()? {
            u32::MAX => Ok(String::new()),
            size => Ok(String::from_utf8_lossy(&self.bytes(size)?).into_owned()),
        }
    }

    fn bytes(&mut self, size: u32) -> Result<Vec<u8>, Fault> {
        match self.style {
            Style::Text => self.line(),
            _ => self.reader.field(size.into(), 1024),
        }
    }
}
