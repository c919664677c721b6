//! What harmless calls make: texts put together on the way, and how much memory they ask for.
//!
//! A text that can be told is told; one that cannot is a value of its own, which is no name of an attribute that a pickler writes.
//! Sources: CPython `Objects/bytesobject.c`, `Objects/rangeobject.c`; NumPy `multiarray/scalarapi.c`; pandas `indexes/base.py`.

use super::{
    calls::{CODECS, Judged},
    lookups,
    machine::Machine,
    nested,
    report::Seen,
    values::{Group, ITEMS, TEXT, Texts, Value},
};
use crate::rules::pickles;

/// Bytes that the calls of a pickle may ask for on their own, and for each byte of the file.
const ASKED: u64 = 256 << 20;
const ASKED_EACH: u64 = 16;
/// How many times more elements than its storage has a tensor may show, and beyond how many.
const EXPANDED: u64 = 1 << 10;
const EXPANSE: u64 = 1 << 40;
/// Elements of a storage for each byte of the file, which may be packed.
const STORED_EACH: u64 = 1100;
/// Bytes of an element, where that is not known; of a reference, too.
const ELEMENT: u64 = 8;
/// A number that is not kept is smaller than this, and one that is not kept in the memo, where no pickler puts one.
pub(super) const KEPT_NUMBER: i64 = 1 << 24;
pub(super) const REMEMBERED_NUMBER: i64 = 1 << 12;
/// Digits of an exponent from which on a number as long as it says is asked for.
const EXPONENT: u64 = 1 << 20;

/// What a function makes, where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    /// A text out of a text or bytes.
    Text,
    /// Bytes out of a text, bytes or numbers, or as many zeros as a number says.
    Bytes,
    /// A scalar of NumPy out of its type and its bytes.
    Scalar,
    /// As many numbers as its arguments say.
    Range,
    /// A number out of a text, which is spelled out in full when an integer is made of it; an exact one is at once.
    Number,
    Fraction,
    /// An array whose shape is an argument at this place.
    Array(usize),
    /// A matrix that has a place for each row.
    Matrix,
    /// Storage or a tensor, of as many elements as its arguments say.
    Elements,
    /// A tensor on a storage.
    Tensor,
    /// A dictionary, out of pairs.
    Mapping,
    /// An instance of a class of pandas.
    Index,
    /// A generator of random numbers, made by another function.
    Generator,
    /// Anything else.
    Other,
}

impl Maker {
    /// What the global of this path makes.
    pub(super) fn of(path: &str) -> Self {
        let (module, name) = path.rsplit_once('.').unwrap_or(("", path));
        match (module, name) {
            ("builtins", "str" | "unicode" | "basestring")
            | ("numpy", "str_" | "unicode_" | "object_")
            | ("collections", "UserString")
            | ("torch.torch_version", "TorchVersion") => Self::Text,
            ("builtins", "dict")
            | ("collections", "ChainMap" | "Counter" | "OrderedDict" | "UserDict" | "defaultdict") => {
                Self::Mapping
            }
            ("builtins", "bytes" | "bytearray") | ("numpy", "bytes_" | "string_" | "void") => Self::Bytes,
            ("builtins", "range" | "xrange") => Self::Range,
            ("decimal" | "_decimal" | "_pydecimal", "Decimal") => Self::Number,
            ("fractions", "Fraction") => Self::Fraction,
            (_, "scalar") if is_numpy(module) => Self::Scalar,
            ("numpy", "ndarray" | "recarray" | "matrix") => Self::Array(0),
            ("numpy.core.records" | "numpy._core.records" | "numpy.rec", "recarray") => Self::Array(0),
            (_, "_reconstruct") if is_numpy(module) => Self::Array(1),
            (_, "_mareconstruct" | "_mrreconstruct") => Self::Array(2),
            (_, "_new_Index" | "_new_DatetimeIndex" | "_new_TimedeltaIndex" | "_new_PeriodIndex") => {
                Self::Index
            }
            (_, "__generator_ctor" | "__randomstate_ctor" | "__RandomState_ctor") => Self::Generator,
            (_, name) if module.starts_with("scipy.sparse") && is_matrix(name) => Self::Matrix,
            (_, name) if module.starts_with("torch") => of_torch(name),
            _ => Self::Other,
        }
    }

    /// Whether its arguments must be known to the last number.
    pub(super) fn is_exact(self) -> bool {
        !matches!(self, Self::Other | Self::Mapping | Self::Array(1 | 2) | Self::Tensor)
    }
}

fn is_numpy(module: &str) -> bool {
    matches!(module, "numpy.core.multiarray" | "numpy._core.multiarray")
}

fn is_matrix(name: &str) -> bool {
    name.ends_with("_matrix") || name.ends_with("_array")
}

fn of_torch(name: &str) -> Maker {
    match name {
        "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3" | "_rebuild_qtensor" => Maker::Tensor,
        _ if name.ends_with("Storage") || name.ends_with("Tensor") => Maker::Elements,
        _ => Maker::Other,
    }
}

impl Machine<'_, '_, '_> {
    /// What a call of a global gives that may be called with any arguments.
    pub(super) fn made(&mut self, maker: Maker, arguments: Value) -> Judged {
        let len = if self.no_arguments == self.at { 0 } else { 1 };
        let group = self.group(arguments).unwrap_or(Group { len, ..Group::empty() });
        self.ask_for(maker, arguments, &group);
        match self.misuse(maker, &group) {
            Some(why) => Judged::Odd(why),
            None => Judged::Fine(self.value_made(maker, &group)),
        }
    }

    /// Why no library makes such a call.
    fn misuse(&self, maker: Maker, group: &Group) -> Option<String> {
        let why = match maker {
            Maker::Index if !self.is_of(group.get(0), "pandas") => "makes an instance of no class of pandas",
            Maker::Generator if group.len > 1 && !self.is_of(group.get(1), "numpy.random") => {
                "calls another function than NumPy's"
            }
            Maker::Mapping if takes_pairs(group) && self.sets_state => {
                "may get a pair that is a hook of the loader"
            }
            Maker::Array(_) => return None,
            _ if group.items.iter().any(|item| self.is_writer(*item)) => "gets a class that writes files",
            _ => return None,
        };
        Some(why.to_owned())
    }

    fn value_made(&mut self, maker: Maker, group: &Group) -> Value {
        let first = group.get(0);
        match maker {
            Maker::Bytes if group.len == 1 && matches!(first, Value::Int(_)) => Value::Made,
            Maker::Text | Maker::Bytes => self.text_of(maker, group),
            Maker::Scalar => self.scalar(first, group.get(1)),
            Maker::Range => Value::Many(length(group)),
            Maker::Number => exponent(&self.texts, first).map_or(Value::Made, Value::Many),
            Maker::Mapping if takes_pairs(group) => {
                self.hooked = self.hooked.or(self.element);
                Value::Made
            }
            // What compares like the text that it was made of serves as that text.
            _ if group.len == 1 && self.texts.whole(first).and_then(lookups::any_hook).is_some() => first,
            _ => Value::Made,
        }
    }

    /// Counts the memory that a call asks for.
    fn ask_for(&mut self, maker: Maker, arguments: Value, group: &Group) {
        let first = group.get(0);
        match maker {
            Maker::Range => return,
            Maker::Bytes if group.len == 1 => self.ask(size(first), "zeros"),
            Maker::Fraction => self.ask(exponent(&self.texts, first).unwrap_or(0), "the digits of a number"),
            Maker::Array(at) => self.ask_for_shape(group.get(at)),
            Maker::Matrix => self.ask_for_rows(first),
            Maker::Elements => self.ask_for_shape(arguments),
            Maker::Tensor => self.look_at_tensor(group),
            _ => {}
        }
        // Whoever gets something of many elements may take them all.
        for item in group.items {
            if let Value::Many(count) = item {
                self.ask(count.saturating_mul(ELEMENT), "the elements of a range or a number");
            }
        }
    }

    /// Whether a value is a class whose instances write to a file that is an argument.
    pub(super) fn is_writer(&self, value: Value) -> bool {
        matches!(value, Value::Global(place) if self.report.seen(place).is_some_and(Seen::is_writer))
    }

    fn is_of(&self, value: Value, package: &str) -> bool {
        let inside = |seen: &Seen<'_>| {
            let rest = seen.module.strip_prefix(package);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        matches!(value, Value::Global(place) if self.report.seen(place).is_some_and(inside))
    }

    /// An instance of a class that is a text, made by the constructor of texts.
    pub(super) fn text_from(&mut self, value: Value) -> Value {
        self.text_of(Maker::Text, &Group { items: [value; ITEMS], len: 1, level: None })
    }

    /// The text that such arguments make.
    fn text_of(&mut self, maker: Maker, arguments: &Group) -> Value {
        let first = arguments.get(0);
        let spelled = arguments.len < 2 || self.texts.whole(arguments.get(1)).is_some_and(is_plain_codec);
        let text = match first {
            _ if arguments.len == 0 => Some(Vec::new()),
            Value::Int(number) => Some(number.to_string().into_bytes()),
            _ => self.short_bytes(first),
        };
        match text {
            Some(text) if spelled => self.spelled(&text),
            // A long text, a number or a container: none of them spells a name. Bytes may be a list of numbers.
            None if spelled && first.is_long() => Value::Made,
            None if spelled && maker == Maker::Text && first.is_literal() => Value::Made,
            _ => Value::Computed,
        }
    }

    fn spelled(&mut self, text: &[u8]) -> Value {
        if text.is_ascii() { self.texts.push(text, text.len() as u64) } else { Value::Made }
    }

    /// The bytes of a text or of bytes in the file, if they are few enough for a name.
    fn short_bytes(&self, value: Value) -> Option<Vec<u8>> {
        if let Some(text) = self.texts.whole(value) {
            return Some(text.as_bytes().to_vec());
        }
        let Value::Payload { at, len, coding } = value else { return None };
        if len as usize > TEXT {
            return None;
        }
        // What the reader cannot give now is missed again, and said, by whoever reads on.
        let bytes = nested::loaded(self.bytes, at, len.into(), coding).ok()??;
        bytes.whole(TEXT).ok()?
    }

    /// A scalar of a type that spells is the text in its bytes, in one byte for a character or in four.
    fn scalar(&mut self, dtype: Value, payload: Value) -> Value {
        if matches!(dtype, Value::Dtype(place) if !self.spells(place)) {
            return Value::Made;
        }
        match self.short_bytes(payload) {
            Some(mut text) => {
                text.retain(|byte| *byte != 0);
                self.spelled(&text)
            }
            None if payload.is_long() || payload.is_literal() => Value::Made,
            None => Value::Computed,
        }
    }

    /// Counts bytes that the loader will ask for, and says when they are too many.
    pub(super) fn ask(&mut self, bytes: u64, what: &str) {
        self.asked = self.asked.saturating_add(bytes);
        let most = self.env.len.saturating_mul(ASKED_EACH).saturating_add(ASKED);
        if self.asked > most {
            let (at, asked) = (self.at, self.asked);
            let message = || format!("asks for {asked} bytes of memory, among them {what}");
            self.report.note(&pickles::MEMORY_BOMB, at, "", message);
        }
    }

    fn ask_for_shape(&mut self, shape: Value) {
        let elements = match shape {
            Value::Int(length) => u64::try_from(length).unwrap_or(0),
            shape => self.group(shape).map_or(0, |shape| known_product(&shape)),
        };
        self.ask(elements.saturating_mul(ELEMENT), "an array that is not in the file");
    }

    fn ask_for_rows(&mut self, shape: Value) {
        let Some(shape) = self.group(shape).filter(|shape| shape.len == 2) else { return };
        let rows = shape.items.iter().take(2).map(|length| size(*length)).max().unwrap_or(0);
        self.ask(rows.saturating_mul(ELEMENT), "the rows of a matrix");
    }

    /// A storage that is said to have so many elements.
    pub(super) fn storage(&mut self, elements: Value) -> Value {
        // What is not kept is smaller than this.
        let elements =
            if matches!(elements, Value::Int(_)) { size(elements) } else { KEPT_NUMBER.unsigned_abs() };
        if elements > self.env.len.saturating_mul(STORED_EACH).saturating_add(EXPONENT) {
            let at = self.at;
            let message =
                || format!("names a storage of {elements} elements, for which the file is too small");
            self.report.note(&pickles::MEMORY_BOMB, at, "storage", message);
        }
        Value::Storage(elements)
    }

    /// Storage, offset, size, stride: whether the tensor lies inside of its storage, by what is known of it.
    fn look_at_tensor(&mut self, group: &Group) {
        let Value::Storage(elements) = group.get(0) else { return };
        let Some(shape) = self.group(group.get(2)) else { return };
        let strides = self.group(group.get(3)).unwrap_or(Group::empty());
        let reach = shape.items.iter().zip(strides.items).fold(size(group.get(1)), |reach, pair| {
            let (length, stride) = (size(*pair.0), pair.1);
            let step = if strides.len == 0 { 0 } else { size(stride) };
            reach.saturating_add(length.saturating_sub(1).saturating_mul(step))
        });
        let shown = known_product(&shape);
        let beyond = reach > elements || (shown > EXPANSE && shown / EXPANDED > elements);
        if beyond {
            let at = self.at;
            let message = || format!("rebuilds a tensor far larger than its storage of {elements} elements");
            self.report.note(&pickles::MEMORY_BOMB, at, "tensor", message);
        }
    }
}

fn is_plain_codec(name: &str) -> bool {
    CODECS.contains(&name.to_ascii_lowercase().as_str())
}

/// The exponent of a number, where it is one of too many digits.
fn exponent(texts: &Texts<'_>, number: Value) -> Option<u64> {
    let (_, exponent) = texts.whole(number)?.rsplit_once(['e', 'E'])?;
    let digits = exponent.trim().trim_start_matches(['+', '-']);
    digits.parse().ok().filter(|digits| *digits >= EXPONENT)
}

/// Whether a dictionary is made of more than the classes of its values.
fn takes_pairs(arguments: &Group) -> bool {
    let classes = |all: &[Value]| all.iter().all(|item| matches!(item, Value::Global(_)));
    !arguments.all().is_some_and(classes)
}

/// How many a number says, if it is one that is known.
fn size(value: Value) -> u64 {
    match value {
        Value::Int(number) => u64::try_from(number).unwrap_or(0),
        _ => 0,
    }
}

/// The product of the lengths that are known; the others count as one.
fn known_product(shape: &Group) -> u64 {
    let lengths = shape.items.iter().take(usize::try_from(shape.len).unwrap_or(usize::MAX));
    let known = lengths.filter_map(|length| match length {
        Value::Int(length) => u64::try_from(*length).ok(),
        _ => None,
    });
    known.fold(1, u64::saturating_mul)
}

/// How many numbers a range has.
fn length(arguments: &Group) -> u64 {
    let number = |at| match arguments.get(at) {
        Value::Int(number) => number,
        _ => 0,
    };
    let (from, to) = if arguments.len < 2 { (0, number(0)) } else { (number(0), number(1)) };
    let step = if arguments.len > 2 { number(2).unsigned_abs().max(1) } else { 1 };
    from.abs_diff(to).checked_div(step).unwrap_or(0)
}
