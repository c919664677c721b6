//! Arrays of NumPy: a header that is a literal of Python, then numbers - or, for arrays of objects, a pickle.
//!
//! Source: NumPy enhancement proposal 1, and `numpy/lib/format.py` for versions 2 and 3.

use std::io;

use crate::{
    inspect::{Bytes, Look},
    pickle::{self, Context},
    rules::containers as rules,
};

/// NumPy's own limit for headers that are not trusted, and some more for records with many fields.
const HEADER: usize = 1 << 20;

/// Whether an array begins here.
pub(super) fn begins(bytes: &Bytes<'_>) -> io::Result<bool> {
    let mut head = [0; 8];
    let got = bytes.head(&mut head)?;
    Ok(got == 8 && is_array(&head))
}

/// Whether these first bytes are those of an array.
pub(super) fn is_array(head: &[u8]) -> bool {
    matches!(head, [0x93, b'N', b'U', b'M', b'P', b'Y', 1..=3, ..])
}

/// Looks at an array.
pub(super) fn inspect(bytes: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let mut head = [0; 12];
    bytes.head(&mut head)?;
    let [.., version, _, a, b, c, d] = head;
    let (start, length) = match version {
        1 => (10, u32::from(u16::from_le_bytes([a, b]))),
        _ => (12, u32::from_le_bytes([a, b, c, d])),
    };
    let header =
        bytes.span(start, u64::from(length)).map(|header| header.whole(HEADER)).transpose()?.flatten();
    let Some(header) = header else {
        look.say(&rules::NPY_HEADER, start, "", "the header is longer than the file, or than any header");
        return Ok(());
    };
    let data = bytes.after(start.saturating_add(u64::from(length)));
    let text = String::from_utf8_lossy(&header);
    match Array::read(&text) {
        Some(array) if array.objects => pickle::inspect(&data, Context::Numpy, look),
        Some(array) => say_length(&array, &data, look),
        None => {
            look.say(
                &rules::NPY_HEADER,
                start,
                "",
                "the header is no dictionary of the three entries that NumPy writes",
            );
            Ok(())
        }
    }
}

fn say_length(array: &Array, data: &Bytes<'_>, look: &mut Look<'_>) -> io::Result<()> {
    let Some(wanted) = array.size else { return Ok(()) };
    if data.len() < wanted {
        let message = format!("the array has {wanted} bytes, and the file ends after {}", data.len());
        look.say(&rules::TRUNCATED, data.start(), "", message);
        return Ok(());
    }
    super::trailing::say_what_follows(&data.after(wanted), wanted, super::trailing::Where::After, look)
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
struct Array {
    /// Whether elements are objects of Python, which only a pickle can hold.
    objects: bool,
    /// Bytes of all elements, where the type is a plain one.
    size: Option<u64>,
}

impl Array {
    fn read(text: &str) -> Option<Self> {
        let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
        let (mut descr, mut shape, mut order) = (None, None, None);
        while !rest.is_empty() {
            let (key, after) = quoted(rest)?;
            let after = after.trim_start().strip_prefix(':')?.trim_start();
            let (value, after) = value(after)?;
            let place = match key {
                "descr" => &mut descr,
                "shape" => &mut shape,
                "fortran_order" => &mut order,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
            let after = after.trim_start();
            rest = after.strip_prefix(',').map_or(after, str::trim_start);
            if !rest.is_empty() && rest.len() == after.len() {
                return None;
            }
        }
        let (descr, shape) = (descr?, shape?);
        matches!(order?, "True" | "False").then_some(())?;
        let extents = extents(shape)?;
        let (objects, width) = element(descr)?;
        let count = extents.iter().try_fold(1u64, |count, extent| count.checked_mul(*extent))?;
        let size = width.map(|width| count.checked_mul(width)).map_or(Some(None), |size| size.map(Some))?;
        Some(Self { objects, size })
    }
}

/// A quoted text and what follows it. NumPy escapes nothing but in names of fields.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let (value, rest) = text.get(1..)?.split_once(quote)?;
    (!value.contains('\\')).then_some((value, rest))
}

/// A value up to the comma behind it, brackets and quotes closed, and what follows it.
fn value(text: &str) -> Option<(&str, &str)> {
    let (mut open, mut quote) = (0u32, None);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(mark), _) if mark == letter => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[') => open = open.saturating_add(1),
            (None, ')' | ']') => open = open.checked_sub(1)?,
            (None, ',') if open == 0 => {
                return text.split_at_checked(at).map(|(value, rest)| (value.trim(), rest));
            }
            (None, '{' | '}') => return None,
            (None, _) => {}
        }
    }
    (open == 0 && quote.is_none()).then_some((text.trim(), ""))
}

fn extents(shape: &str) -> Option<Vec<u64>> {
    let inside = shape.strip_prefix('(')?.strip_suffix(')')?;
    // Python 2 wrote long numbers with an L.
    let parts =
        inside.split(',').map(|part| part.trim().trim_end_matches('L')).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok()).collect()
}

/// Whether a type holds objects, and the width of an element of a plain one.
fn element(descr: &str) -> Option<(bool, Option<u64>)> {
    if descr.starts_with('[') || descr.starts_with('(') {
        // A record: any field may be of objects. Only the letters of types stand behind a byte order.
        let objects = descr.split(['\'', '"']).any(is_object);
        return Some((objects, None));
    }
    let (code, rest) = quoted(descr)?;
    if !rest.trim().is_empty() {
        return None;
    }
    if is_object(code) {
        return Some((true, None));
    }
    if code.contains([',', '(']) {
        return Some((false, None));
    }
    let plain = code.trim_start_matches(['<', '>', '|', '=']);
    let letter = plain.chars().next()?;
    let digits = plain.get(1..)?.split('[').next()?;
    let width: Option<u64> = digits.parse().ok();
    match letter {
        'U' => Some((false, width.and_then(|width| width.checked_mul(4)))),
        'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'V' | 'a' | 'm' | 'M' | '?' | 'B' | 'h' | 'H' | 'l' | 'L'
        | 'q' | 'Q' | 'd' | 'e' | 'g' => Some((false, width)),
        // A custom type of a library.
        _ => Some((false, None)),
    }
}

/// A type may be spelled as several with commas between them, each with a count or extents before it.
fn is_object(code: &str) -> bool {
    let one = |code: &str| {
        let code = code.trim().trim_start_matches(|sign: char| !sign.is_ascii_alphabetic());
        let code = code.trim_end_matches(|sign: char| !sign.is_ascii_alphabetic());
        matches!(code, "O" | "object" | "object_" | "obj")
    };
    code.split(',').any(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Array> {
        Array::read(text)
    }

    #[test]
    fn headers_that_numpy_writes_are_read() {
        let plain = read("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }       \n");
        assert_eq!(plain, Some(Array { objects: false, size: Some(48) }));
        let scalar = read("{'descr': '|b1', 'fortran_order': False, 'shape': (), }");
        assert_eq!(scalar, Some(Array { objects: false, size: Some(1) }));
        let texts = read("{'descr': '<U7', 'fortran_order': True, 'shape': (2,), }");
        assert_eq!(texts, Some(Array { objects: false, size: Some(56) }));
        let record =
            read("{'descr': [('a, b', '<i4'), ('c', '|O')], 'fortran_order': False, 'shape': (2L,), }");
        assert_eq!(record, Some(Array { objects: true, size: None }));
        assert!(read("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }").unwrap().objects);
        for spelled in ["p,O", "f4, O8", "(2,)O", "i4,(2,3)|O"] {
            let header = format!("{{'descr': '{spelled}', 'fortran_order': False, 'shape': (1,), }}");
            assert!(read(&header).unwrap().objects, "{spelled}");
        }
        assert!(read("{'descr': 'O', 'fortran_order': False, 'shape': (1,), }").unwrap().objects);
    }

    #[test]
    fn what_is_more_than_a_literal_is_refused() {
        for text in [
            "{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (1,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
            "{'descr': '<f4', 'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551615, 2), }",
            "{'descr': '<f4', 'shape': (1,), }",
            "[]",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
