//! A NumPy array by itself: its type and shape, from the first bytes.
//!
//! Devices of scientists hold arrays by the hundred thousand, and no loader of models reads one that nothing else names. So [`identify`],
//! which a scan asks, knows only arrays of objects, which are pickles; [`describe`], for whoever names a file, knows all of them.
//!
//! Source: NumPy `lib/format.py`.

use std::io::{self, Read, Seek};

use domain::Role;

use crate::{
    Format, HEAD, Identified, Sureness,
    inspect::Bytes,
    reader::{cut, u32_at},
};

/// Whether the head is that of an array of objects.
pub(crate) fn plausible(head: &[u8]) -> bool {
    header(head).is_some_and(|header| holds_objects(&header))
}

/// Identifies an array of objects.
pub(crate) fn identify<R: Read + Seek>(_: &mut R, head: &[u8], _: u64) -> io::Result<Option<Identified>> {
    Ok(header(head).filter(|header| holds_objects(header)).map(|header| found(head, &header)))
}

/// Identifies any array.
pub(crate) fn describe(bytes: &Bytes<'_>) -> io::Result<Option<Identified>> {
    let mut head = [0; HEAD];
    let got = bytes.head(&mut head)?;
    let head = head.get(..got).unwrap_or_default();
    Ok(header(head).map(|header| found(head, &header)))
}

/// The text of the header, as far as it stands in the head.
fn header(head: &[u8]) -> Option<String> {
    let [0x93, b'N', b'U', b'M', b'P', b'Y', version @ 1..=3, _, rest @ ..] = head else { return None };
    let (start, length) = match version {
        1 => (10, usize::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?]))),
        _ => (12, usize::try_from(u32_at(head, 8)?).ok()?),
    };
    let text = head.get(start..)?;
    Some(String::from_utf8_lossy(text.get(..length).unwrap_or(text)).into_owned())
}

/// Whether any of the quoted words of the header is the type of objects of Python.
fn holds_objects(header: &str) -> bool {
    let words = header.split(['\'', '"']).skip(1).step_by(2);
    words.map(|word| word.trim_start_matches(['|', '<', '>', '='])).any(|word| {
        word == "object"
            || word.strip_prefix('O').is_some_and(|width| width.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

fn found(head: &[u8], header: &str) -> Identified {
    let version = head.get(6).copied().unwrap_or(0);
    let reason = format!("magic NUMPY, version {version}");
    let mut found = Identified::new(Format::Npy, Sureness::Certain, Role::Data, reason);
    if let Some((kind, _)) = after(header, "descr").and_then(|rest| rest.split_once("',")) {
        found.keep("descr", &cut(kind.trim_matches('\'')));
    }
    if let Some((shape, _)) = after(header, "shape").and_then(|rest| rest.split_once(')')) {
        let shape = shape.trim_start_matches('(').trim_end_matches(',');
        found.keep("shape", &cut(shape));
        let extents = shape.split(',').map(|extent| extent.trim().parse::<u64>().ok());
        found.metadata.parameters =
            extents.filter(|_| !shape.is_empty()).try_fold(1u64, |all, extent| all.checked_mul(extent?));
        found.metadata.tensors = Some(1);
    }
    found
}

/// What stands behind a key.
fn after<'t>(header: &'t str, key: &str) -> Option<&'t str> {
    let (_, rest) = header.split_once(key)?;
    Some(rest.trim_start_matches(['\'', '"']).trim_start().strip_prefix(':')?.trim_start())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testkit::archives::npy;

    #[test]
    fn an_array_says_its_type_and_shape() {
        let array = npy("'<f4'", "(3, 4)", &[0; 48]);
        let found = describe(&Bytes::in_memory(array.clone())).unwrap().unwrap();
        assert_eq!((found.metadata.keys["descr"].as_str(), found.metadata.parameters), ("<f4", Some(12)));
        assert!(!plausible(&array), "a scan does not list numbers");
    }

    #[test]
    fn arrays_of_objects_are_known_however_the_type_is_written() {
        for kind in ["'|O'", "'O'", "'<O8'", "'object'", "[('a', '<i4'), ('b', '|O')]"] {
            assert!(plausible(&npy(kind, "(1,)", b"")), "{kind}");
        }
        for kind in ["'<f4'", "'|S10'", "[('Offset', '<i4')]"] {
            assert!(!plausible(&npy(kind, "(1,)", b"")), "{kind}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..80), version in 0u8..5) {
            let bytes = [b"\x93NUMPY", &[version][..], &bytes].concat();
            let _ = describe(&Bytes::in_memory(bytes.clone())).unwrap();
            let _ = plausible(&bytes);
        }
    }
}
