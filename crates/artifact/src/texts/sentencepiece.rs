//! The vocabulary of a SentencePiece tokenizer, `tokenizer.model`: a protocol buffer of texts, scores and settings. It runs nothing.
//!
//! Source: `src/sentencepiece_model.proto` (`ModelProto`). Told by content; every field of every message must be one of those.

use std::io::{self, Read, Seek};

use crate::{
    inspect::{Bytes, Look},
    protobuf::{Field, Span, Value, Wire},
    reader::Fault,
};

const PIECE: u64 = 1;
const TRAINER: u64 = 2;
/// The last field of the model; those behind the pieces are settings and test sentences.
const LAST: u64 = 5;

/// Whether all of the file is such a vocabulary.
pub(super) fn inspect(bytes: &Bytes<'_>, _: &mut Look<'_>) -> io::Result<bool> {
    let mut head = [0];
    if bytes.head(&mut head)? == 0 || head != [0x0a] {
        return Ok(false);
    }
    let mut reader = bytes.reader();
    let mut wire = Wire::new(&mut reader, bytes.len());
    match is_vocabulary(&mut wire, Span { at: 0, end: bytes.len() }) {
        Ok(answer) => Ok(answer),
        Err(Fault::Io(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

fn is_vocabulary<R: Read + Seek>(wire: &mut Wire<'_, R>, mut model: Span) -> Result<bool, Fault> {
    let (mut pieces, mut trained) = (0u64, false);
    while let Some(field) = wire.next(&mut model)? {
        match (field.number, field.payload()) {
            (PIECE, Some(span)) if is_piece(wire, span)? => pieces = pieces.saturating_add(1),
            (TRAINER, Some(_)) => trained = true,
            (3..=LAST, Some(_)) => {}
            _ => return Ok(false),
        }
    }
    Ok(pieces > 0 && trained)
}

/// A text, and mostly a score and a kind.
fn is_piece<R: Read + Seek>(wire: &mut Wire<'_, R>, mut piece: Span) -> Result<bool, Fault> {
    let mut named = false;
    while let Some(Field { number, value, .. }) = wire.next(&mut piece)? {
        match (number, value) {
            (1, Value::Payload(_)) => named = true,
            (2, Value::Fixed32(_)) | (3, Value::Number(_)) => {}
            _ => return Ok(false),
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use domain::Verdict;

    use crate::tests::inspected_as;

    fn vocabulary(trainer: &[u8]) -> Vec<u8> {
        let piece = |text: &str| {
            let inner =
                [&[0x0a, u8::try_from(text.len()).unwrap()], text.as_bytes(), b"\x15\0\0\x80\xbf\x18\x01"]
                    .concat();
            [&[0x0a, u8::try_from(inner.len()).unwrap()], &inner[..]].concat()
        };
        [piece("<unk>"), piece("\u{2581}the"), trainer.to_vec()].concat()
    }

    #[test]
    fn a_vocabulary_of_texts_and_scores_is_clean() {
        let found = inspected_as(&vocabulary(b"\x12\x04\x08\x01\x10\x02"), "tokenizer.model");
        assert_eq!((found.verdict, found.facts), (Verdict::Clean, Vec::new()));
    }

    #[test]
    fn what_only_begins_like_a_vocabulary_is_none() {
        for rest in [&b""[..], b"\x12\x04\x08\x01\x10\x02\x7a\x01x", b"\x12\x7f"] {
            assert_eq!(
                inspected_as(&vocabulary(rest), "tokenizer.model").verdict,
                Verdict::Unscannable,
                "{rest:?}"
            );
        }
    }
}
