//! Names that harmless calls put together are followed, and where they cannot be, that is said.

use super::{attacks, bytes, call, global, is_clean, is_suspicious, look, pickle, stack_global, text};
use domain::Verdict;

const HOOK: &str = "__setstate__";
const ODD: &str = "pickle-odd-arguments";

fn made(module: &str, name: &str, arguments: &[&[u8]]) -> Vec<u8> {
    [&global(module, name)[..], b"(", &arguments.concat(), b"tR"].concat()
}

/// An instance with a function under a key.
fn state(key: &[u8], value: &[u8]) -> Vec<u8> {
    pickle(&[&made("argparse", "Namespace", &[]), b"}", key, value, b"sb"])
}

#[test]
fn a_name_is_known_through_every_harmless_way_to_spell_it() {
    let ascii = text("ascii");
    let spelled = bytes(HOOK.as_bytes());
    let text_of = |arguments: &[&[u8]]| made("builtins", "str", arguments);
    for key in [
        text_of(&[&text(HOOK)]),
        text_of(&[&spelled, &ascii]),
        text_of(&[&spelled, &ascii, &text("strict")]),
        made("__builtin__", "unicode", &[&spelled, &ascii]),
        text_of(&[&made("builtins", "bytes", &[&text(HOOK), &ascii]), &ascii]),
        text_of(&[&made("builtins", "bytearray", &[&spelled]), &ascii]),
        text_of(&[&made("_codecs", "encode", &[&text(HOOK), &text("latin1")]), &ascii]),
        [&spelled[..], b"\x940", &text_of(&[b"h\0", &ascii])].concat(),
        [&global("builtins", "str")[..], &spelled, &ascii, b"\x86\x81"].concat(),
        made(
            "copyreg",
            "_reconstructor",
            &[&global("builtins", "str"), &global("builtins", "str"), &text(HOOK)],
        ),
        made("torch.torch_version", "TorchVersion", &[&text(HOOK)]),
    ] {
        attacks(&state(&key, &global("collections", "OrderedDict")), "pickle-shadows", HOOK);
    }
    let decoded = text_of(&[&bytes(b"os"), &ascii]);
    attacks(&pickle(&[&decoded, &text("system"), b"\x93)R"]), "pickle-dangerous-call", "os.system");
}

#[test]
fn a_key_that_cannot_be_told_is_said_wherever_it_goes() {
    let error = made("builtins", "ValueError", &[&text("a"), &text("b")]);
    let computed = made("builtins", "str", &[&error]);
    let function = global("collections", "OrderedDict");
    let name = "pickle-computed-name";
    is_suspicious(&state(&computed, &function), name, "");
    is_suspicious(&pickle(&[b"(", &computed, &function, b"d"]), name, "");
    is_suspicious(&pickle(&[b"}(", &computed, &function, b"u"]), name, "");
    is_suspicious(&pickle(&[&computed, &text("x"), b"\x93"]), "pickle-hidden-global", "");
    is_suspicious(
        &pickle(&[&made("builtins", "dict", &[b"]", &computed, &function, b"\x86a"])]),
        ODD,
        "builtins.dict",
    );
    is_suspicious(&pickle(&[&made("builtins", "getattr", &[b"N", &computed])]), ODD, "builtins.getattr");
}

#[test]
fn keys_that_libraries_write_are_no_computed_names() {
    let scalar = |dtype: &str, content: &[u8]| {
        made("numpy.core.multiarray", "scalar", &[&call("numpy", "dtype", &[dtype]), &bytes(content)])
    };
    for key in [
        scalar("i8", &[3; 8]),
        scalar("U2", b"a\0\0\0b\0\0\0"),
        scalar("S2", b"ab"),
        call("decimal", "Decimal", &["1.5"]),
        call("pandas", "Timestamp", &["2020"]),
        made("builtins", "bytes", &[]),
        made("builtins", "getattr", &[&global("torch", "Tensor"), &text("real")]),
        call("_codecs", "encode", &["abc", "latin1"]),
    ] {
        is_clean(&pickle(&[b"}", &key, b"K\x01s"]));
    }
    is_clean(&pickle(&[b"(", &text("a"), &global("collections", "OrderedDict"), b"l"]));
    is_clean(&pickle(&[&made("collections", "defaultdict", &[&global("builtins", "list")])]));
}

#[test]
fn a_name_far_behind_many_others_is_still_a_hook() {
    let names: Vec<u8> =
        (0..17_000).flat_map(|number| [&text(&format!("n{number}"))[..], b"\x940"].concat()).collect();
    let behind = [&text("append")[..], b"\x940"].concat();
    let instance = made("argparse", "Namespace", &[]);
    let value = global("numpy", "memmap");
    attacks(
        &pickle(&[&names, &behind, &instance, b"}j\x68\x42\0\0", &value, b"sb"]),
        "pickle-shadows",
        "append",
    );
}

#[test]
fn a_method_of_its_own_counts_where_elements_are_added_to_an_instance() {
    let function = global("collections", "OrderedDict");
    let with = |name: &str, then: &[u8]| {
        pickle(&[&made("argparse", "Namespace", &[]), b"}", &text(name), &function, b"sb", then])
    };
    for (name, then) in [("append", &b"Na"[..]), ("extend", b"(Ne"), ("add", b"(N\x90")] {
        is_suspicious(&with(name, then), ODD, name);
        is_clean(&with(name, b""));
        is_clean(&with(name, b"0]Na"));
    }
    // A list of one's own, filled before its attributes are set, as picklers do.
    is_clean(&pickle(&[&made("collections", "deque", &[]), b"Na}", &text("add"), &function, b"sb"]));
}

#[test]
fn a_class_that_writes_files_is_handed_to_nobody() {
    let memmap = stack_global("numpy", "memmap");
    for callee in [("collections", "defaultdict"), ("collections", "Counter"), ("functools", "partial")] {
        assert_ne!(
            look(&pickle(&[&made(callee.0, callee.1, &[&memmap])])).verdict,
            Verdict::Clean,
            "{callee:?}"
        );
    }
    is_clean(&pickle(&[&made(
        "numpy.core.multiarray",
        "_reconstruct",
        &[&memmap, b"K\0\x85", &bytes(b"b")],
    )]));
}
