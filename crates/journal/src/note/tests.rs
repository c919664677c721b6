use proptest::prelude::*;

use super::*;

/// The example of the documentation of Go's package `note`.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn signer() -> Signer {
    Signer::new("eyeline/device/one", &[7; 32]).unwrap()
}

#[test]
fn a_note_of_another_implementation_is_read_and_verified() {
    let key = VerifierKey::parse(KEY).unwrap();
    let note = Note::parse(NOTE.as_bytes()).unwrap();
    assert_eq!(note.verify(&key), Ok(None));
    assert_eq!((note.to_string(), key.to_string()), (NOTE.to_owned(), KEY.to_owned()));
}

#[test]
fn a_note_that_was_altered_is_not_what_was_signed() {
    let note = Note::new("one\ntwo\n".into(), &signer());
    let key = signer().verifier();
    assert_eq!(note.verify(&key), Ok(None));
    let altered = Note { text: "one\nthree\n".into(), ..note.clone() };
    assert_eq!(altered.verify(&key), Err(NoteError::WrongSignature("eyeline/device/one".into())));
    let other = Signer::new("eyeline/device/two", &[7; 32]).unwrap().verifier();
    assert_eq!(note.verify(&other), Err(NoteError::Unsigned("eyeline/device/two".into())));
    // The key of the same name that cosigns has another id.
    assert_eq!(note.verify(&key.as_cosigner()), Err(NoteError::Unsigned("eyeline/device/one".into())));
}

#[test]
fn a_cosignature_says_when_and_is_no_plain_signature() {
    let witness = Cosigner::new("witness.example/w1", &[9; 32]).unwrap();
    let mut note = Note::new("origin\n1\nroot\n".into(), &signer());
    note.add(witness.sign(&note.text, 1_700_000_000));
    note.add(witness.sign(&note.text, 1_700_000_009));
    let note = Note::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(note.signatures.len(), 2);
    assert_eq!(note.verify(&witness.verifier()), Ok(Some(1_700_000_009)));
    assert_eq!(note.verify(&signer().verifier()), Ok(None));
    let mut later = note.clone();
    later.signatures[1].bytes[7] ^= 1;
    assert!(later.verify(&witness.verifier()).is_err(), "the time is signed too");
}

#[test]
fn keys_are_read_as_they_are_written_and_wrong_ones_are_named() {
    let key = signer().verifier();
    for key in [key.clone(), key.as_cosigner()] {
        assert_eq!(VerifierKey::parse(&key.to_string()).unwrap(), key);
    }
    let text = key.to_string();
    for (wrong, error) in [
        (text.replace("device/one", "device/two"), KeyError::Id),
        (text.replace("device/one", "device one"), KeyError::Name),
        (text.replace('+', "-"), KeyError::Shape),
        (text.replace("+Ae", "+Be"), KeyError::Kind),
        (String::new(), KeyError::Shape),
    ] {
        assert_eq!(VerifierKey::parse(&wrong).err(), Some(error), "{wrong}");
    }
}

#[test]
fn what_is_no_note_is_refused() {
    for wrong in [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\n\u{2014} name\n",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n\u{2014} name AAAAAAA=",
        "te\txt\n\n\u{2014} name AAAAAAA=\n",
        "text\n\n\u{2014} a+b AAAAAAA=\n",
    ] {
        assert_eq!(Note::parse(wrong.as_bytes()), Err(NoteError::Malformed), "{wrong:?}");
    }
    assert!(Note::parse("text\n\nmore\n\n\u{2014} name AAAAAAA=\n".as_bytes()).is_ok());
}

proptest! {
    #[test]
    fn no_note_stops_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[a-z\n\u{2014} A-Z=]{0,60}") {
        let _ = Note::parse(&bytes);
        if let Ok(note) = Note::parse(text.as_bytes()) {
            prop_assert_eq!(note.to_string(), text);
        }
    }

    #[test]
    fn no_flipped_bit_goes_unnoticed(bit in 0usize..8, at: proptest::sample::Index) {
        let mut bytes = Note::new("origin\n12\nroot\n".into(), &signer()).to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let verified = Note::parse(&bytes).and_then(|note| note.verify(&signer().verifier()));
        prop_assert!(verified.is_err(), "{}", String::from_utf8_lossy(&bytes));
    }
}
