//! The shapes of the files that libraries write: legacy checkpoints, joblib's arrays, tensors in plain pickles.

use super::{attack, attacks, bytes, global, is_clean, look, look_in, pickle, text};
use crate::{
    pickle::Context,
    testkit::pickles::{joblib_array, legacy_torch},
};
use domain::Verdict;

#[test]
fn a_legacy_checkpoint_is_read_to_the_end_of_its_storages() {
    let clean = |bytes: &[u8]| look_in(bytes, Context::Torch);
    assert_eq!(clean(&legacy_torch(b"")).verdict, Verdict::Clean, "{:?}", clean(&legacy_torch(b"")));
    assert_eq!(clean(&legacy_torch(&[&attack()[..], b"0"].concat())).verdict, Verdict::Malicious);
    let longer = [legacy_torch(b""), vec![7; 9]].concat();
    assert_eq!(clean(&longer).facts, [("pickle-trailing-data".to_owned(), String::new())]);
    let shorter = legacy_torch(b"");
    let said = clean(&shorter[..shorter.len() - 1]);
    assert_eq!(said.facts, [("pickle-truncated".to_owned(), "storages".to_owned())]);
    attacks(&[legacy_torch(b""), pickle(&[&attack()])].concat(), "pickle-dangerous-call", "os.system");
}

#[test]
fn a_class_that_comes_with_its_source_is_the_class() {
    let id = |class: &[u8]| {
        [b"(", &text("module")[..], class, &text("model.py"), &text("class Net: pass"), b"tQ"].concat()
    };
    let made = |class: &[u8]| pickle(&[&id(class), b")\x81}b"]);
    is_clean(&made(&global("torch.nn.modules.linear", "Linear")));
    attacks(&made(&global("subprocess", "Popen")), "pickle-dangerous-call", "subprocess.Popen");
}

#[test]
fn the_bytes_of_an_array_are_passed_over_and_nothing_else() {
    for padding in [None, Some(0), Some(9)] {
        // Every byte of the array would be an opcode that ends the pickle.
        let array = |then: &[u8]| {
            pickle(&[b"]", &joblib_array("f8", b"K\x02K\x03\x86", padding, &[b'.'; 48]), b"a", then])
        };
        is_clean(&array(b""));
        attacks(&array(&[&attack()[..], b"0"].concat()), "pickle-dangerous-call", "os.system");
    }
    is_clean(&pickle(&[&joblib_array("U3", b")", Some(3), &[b'.'; 12])]));
    is_clean(&pickle(&[&joblib_array("u1", b"K\x00\x85", Some(3), b"")]));
}

#[test]
fn an_array_of_objects_is_a_pickle_between_the_opcodes() {
    let array = |inner: &[u8]| pickle(&[b"]", &joblib_array("O8", b"K\x01\x85", None, inner), b"a"]);
    is_clean(&array(&pickle(&[b"]"])));
    attacks(&array(&pickle(&[&attack()])), "pickle-dangerous-call", "os.system");
    attacks(
        &pickle(&[b"]", &joblib_array("O8", b"K\x01\x85", None, &pickle(&[b"N"])), &attack(), b"e"]),
        "pickle-dangerous-call",
        "os.system",
    );
}

#[test]
fn an_array_without_a_size_is_not_clean() {
    let lost = pickle(&[&joblib_array("f8", b"K\x02N\x86", None, &[0; 16])]);
    assert!(look(&lost).has("pickle-array-lost", ""));
    assert_eq!(look(&lost).verdict, Verdict::Unscannable);
    let huge = pickle(&[&joblib_array("f8", b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", None, &[0; 16])]);
    assert_eq!(look(&huge).verdict, Verdict::Unscannable);
}

#[test]
fn opcodes_in_an_array_are_found_for_the_loader_that_knows_no_arrays() {
    let mut content = [attack(), b".".to_vec()].concat();
    content.resize(64, 0);
    attacks(
        &pickle(&[&joblib_array("u1", b"K\x40\x85", None, &content)]),
        "pickle-dangerous-call",
        "os.system",
    );
    is_clean(&pickle(&[&joblib_array("u1", b"K\x40\x85", None, &[b'c'; 64])]));
}

#[test]
fn random_bytes_in_a_pickle_raise_no_alarm() {
    // A fixed sequence, so that the test says the same every time.
    let mut state = 7u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_le_bytes()[7]
    };
    for round in 0..300u16 {
        let mut content: Vec<u8> = (0..4000).map(|_| byte()).collect();
        content[..2].copy_from_slice(&[0x80, u8::try_from(round % 6).unwrap()]);
        is_clean(&pickle(&[b"]", &bytes(&content), b"a"]));
    }
}

#[test]
fn a_vocabulary_of_many_words_is_clean_and_names_are_still_followed_behind_it() {
    let words: Vec<u8> = (0..200_000)
        .flat_map(|number| [text(&format!("word{number}")), b"\x94K\x01".to_vec()].concat())
        .collect();
    let behind = |module: &str, name: &str| {
        let named = [
            text(module),
            b"\x940".to_vec(),
            text(name),
            b"\x940j\x41\x0d\x03\0j\x42\x0d\x03\0\x93)R".to_vec(),
        ]
        .concat();
        pickle(&[b"}\x94(", &words, b"u", &named])
    };
    is_clean(&behind("collections", "OrderedDict"));
    attacks(&behind("posix", "fork"), "pickle-dangerous-call", "os.fork");
}

#[test]
fn the_state_of_a_generator_of_random_numbers_is_data() {
    is_clean(b"\x80\x02crandom\nRandom\nq\x00)Rq\x01K\x03(K\x01K\x02K\x03tq\x02N\x87q\x03b.");
}
