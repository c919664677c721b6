//! Models in one layer of gzip or zlib: pickles as joblib writes them, objects of R, archives of NeMo. They are told by what the first
//! bytes unpack to; other layers, and whatever else is packed, are for an inspection to open.

use std::io::{self, Cursor, Read, Seek};

use domain::{Role, Verdict};

use crate::{Format, HEAD, Identified, Sureness, containers::begins_as_tar, inspect::Bytes, pickle, rdata};

/// Bytes that are unpacked: as many as other formats are told by.
const UNPACKED: u64 = HEAD as u64;

/// Whether a layer begins here.
fn layer(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x1f, 0x8b, 8, ..] => Some("gzip"),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Some("zlib"),
        _ => None,
    }
}

/// What the head unpacks to, as far as it goes.
fn unpacked(head: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    // The head is cut off, so that the end is an error, and what came before it is what there is.
    let _ = match layer(head)? {
        "gzip" => flate2::bufread::GzDecoder::new(head).take(UNPACKED).read_to_end(&mut out),
        _ => flate2::bufread::ZlibDecoder::new(head).take(UNPACKED).read_to_end(&mut out),
    };
    Some(out)
}

/// What lies in the layer.
fn format(content: &[u8]) -> Option<Format> {
    if rdata::plausible(content) {
        return Some(Format::Rdata);
    }
    let name = content.get(..100).unwrap_or_default();
    if begins_as_tar(content)
        && [&b"./model_config.yaml\0"[..], b"model_config.yaml\0"].iter().any(|begin| name.starts_with(begin))
    {
        return Some(Format::Nemo);
    }
    // Without the mark of a protocol too little is seen of it.
    matches!(content, [0x80, 2..=5, ..]).then_some(Format::Pickle)
}

/// Whether the head is that of a layer around a model.
pub(crate) fn plausible(head: &[u8]) -> bool {
    unpacked(head).is_some_and(|content| format(&content).is_some())
}

/// Whether a file is packed in such a layer.
pub(crate) fn begins(bytes: &Bytes<'_>) -> io::Result<bool> {
    let mut head = [0; 4];
    let got = bytes.head(&mut head)?;
    Ok(layer(head.get(..got).unwrap_or_default()).is_some())
}

/// Identifies what lies in the layer by its own first bytes.
pub(crate) fn identify<R: Read + Seek>(_: &mut R, head: &[u8], _: u64) -> io::Result<Option<Identified>> {
    let (Some(layer), Some(content)) = (layer(head), unpacked(head)) else { return Ok(None) };
    let Some(format) = format(&content) else { return Ok(None) };
    let reason = format!("{layer} around what begins as {}", format.as_str());
    if format != Format::Pickle {
        return Ok(Some(Identified::new(format, Sureness::Probable, Role::Weights, reason)));
    }
    let len = content.len() as u64;
    let found = pickle::identify(&mut Cursor::new(&content), &content, len)?;
    // That it breaks off lies in the cut.
    Ok(found.map(|found| Identified {
        sure: Sureness::Probable,
        reason,
        verdict: Verdict::NotScanned,
        facts: Vec::new(),
        ..found
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testkit::{self, archives};

    fn told(bytes: &[u8]) -> Option<Format> {
        let head = bytes.get(..bytes.len().min(HEAD)).unwrap();
        let found = identify(&mut Cursor::new(bytes), head, bytes.len() as u64).unwrap();
        assert_eq!(found.is_some(), plausible(head));
        found.map(|found| found.format)
    }

    #[test]
    fn what_is_packed_is_told_by_what_it_unpacks_to() {
        let pickle = testkit::pickle(&[("sklearn.svm._classes", "SVC")]);
        assert_eq!(told(&archives::gzip(&pickle)), Some(Format::Pickle));
        assert_eq!(told(&archives::zlib(&pickle)), Some(Format::Pickle));
        let long = [&pickle[..pickle.len() - 1], &[b'N'; 100_000], b"."].concat();
        assert_eq!(told(&archives::gzip(&long)), Some(Format::Pickle));
        assert_eq!(told(&archives::gzip(&testkit::rds(&testkit::r_numbers(&[1, 2])))), Some(Format::Rdata));
        assert_eq!(told(&archives::gzip(&testkit::nemo("a: 1\n"))), Some(Format::Nemo));
        assert_eq!(told(&archives::gzip(b"a text")), None);
    }

    proptest! {
        #[test]
        fn any_stream_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..300), gzip in any::<bool>()) {
            let begin: &[u8] = if gzip { b"\x1f\x8b\x08\0\0\0\0\0\0\x03" } else { b"\x78\x9c" };
            let _ = told(&[begin, &bytes].concat());
        }
    }
}
