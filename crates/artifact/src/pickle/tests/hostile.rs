//! What holds for any bytes at all.

use domain::Verdict;
use proptest::prelude::*;

use super::{attack, call, global, look_with, pickle, stack_global, text};
use crate::{Limits, pickle::Context};

fn verdict(bytes: &[u8]) -> Verdict {
    look_with(&Limits::full(), bytes, Context::Plain).verdict
}

/// Pieces of pickles: opcodes with arguments, whole values, and any bytes.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let whole = prop_oneof![
        Just(attack()),
        Just(global("collections", "OrderedDict")),
        Just(stack_global("numpy", "dtype")),
        Just(global("joblib.numpy_pickle", "NumpyArrayWrapper")),
        Just(call("builtins", "getattr", &["x", "y"])),
        Just(text("shape")),
        Just(pickle(&[b"N"])),
        any::<u16>().prop_map(|length| [b"B", &u32::from(length).to_le_bytes()[..]].concat()),
    ];
    let opcodes = proptest::sample::select(
        b"()[]{}.0129GIJKLMNQRbdehaijlopqrstu\x80\x81\x85\x86\x87\x8c\x90\x91\x92\x93\x94\x95".to_vec(),
    );
    prop_oneof![3 => opcodes.prop_map(|opcode| vec![opcode]), 2 => whole, 1 => proptest::collection::vec(any::<u8>(), 0..12)]
}

proptest! {
    #[test]
    fn no_bytes_bring_the_interpreter_down(pieces in proptest::collection::vec(piece(), 0..60)) {
        let bytes = pieces.concat();
        verdict(&bytes);
        look_with(&Limits::quick(), &bytes, Context::Torch);
    }

    #[test]
    fn benign_pickles_around_an_attack_do_not_hide_it(before in 0usize..4, after in 0usize..4, garbage in proptest::collection::vec(any::<u8>(), 0..40)) {
        let benign = pickle(&[b"]", &text("x"), b"a"]);
        let hidden = [benign.repeat(before), pickle(&[&attack()]), benign.repeat(after), garbage].concat();
        prop_assert_eq!(verdict(&hidden), Verdict::Malicious);
    }

    #[test]
    fn what_follows_never_makes_a_pickle_better(pieces in proptest::collection::vec(piece(), 0..30), after in proptest::collection::vec(any::<u8>(), 0..30)) {
        let alone = pickle(&[&pieces.concat()]);
        let first = look_with(&Limits::full(), &alone, Context::Plain);
        // Where the pickle was not whole, more bytes may make data of what was an opcode.
        let whole = !first.has("pickle-truncated", "") && !first.has("pickle-broken", "");
        if whole && matches!(first.verdict, Verdict::Malicious | Verdict::Clean) {
            prop_assert!(verdict(&[alone, after].concat()) >= first.verdict);
        }
    }
}

#[test]
fn a_pickle_full_of_pickles_is_given_up_and_said() {
    let inner = pickle(&[&call("collections", "OrderedDict", &["a"])]);
    let one = [b"C", &[u8::try_from(inner.len()).unwrap()][..], &inner].concat();
    let many = pickle(&[b"(", &one.repeat(30_000), b"t"]);
    assert_eq!(verdict(&many), Verdict::Unscannable);
    let few = pickle(&[b"(", &one.repeat(300), b"t"]);
    assert_eq!(verdict(&few), Verdict::Clean);
}

#[test]
fn pickles_in_pickles_end_at_a_depth() {
    let mut nested = pickle(&[&attack()]);
    for _ in 0..40 {
        nested =
            pickle(&[b"]", &super::bytes(&nested), b"a", &call("collections", "OrderedDict", &[]), b"0"]);
    }
    assert_ne!(verdict(&nested), Verdict::Clean);
}

#[test]
fn more_globals_than_are_kept_are_said() {
    let many: Vec<u8> = (0..6000)
        .flat_map(|number| [global("sklearn.svm", &format!("C{number}")), b"0".to_vec()].concat())
        .collect();
    assert_eq!(verdict(&pickle(&[&many, b"N"])), Verdict::Unscannable);
    assert_eq!(verdict(&pickle(&[&many, &call("os", "system", &["id"])])), Verdict::Suspicious);
}
