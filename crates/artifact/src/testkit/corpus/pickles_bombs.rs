//! Tricks 2, 8 and 12 once more: memory out of numbers, names that are computed, classes that write files.

use super::Case;
use crate::testkit::pickles::{bytes, call, global, pickle, stack_global, text};

const MEMORY: &[&str] = &["pickle-memory-bomb"];
const ODD: &[&str] = &["pickle-odd-arguments"];
const SHADOWS: &[&str] = &["pickle-shadows"];
const COMPUTED: &[&str] = &["pickle-computed-name"];
/// 2 to the power of 36, as LONG1.
const HUGE: &[u8] = b"\x8a\x05\0\0\0\0\x10";

fn case(
    tricks: &'static [u8],
    what: impl Into<String>,
    rules: &'static [&'static str],
    malicious: &[u8],
    benign: &[u8],
) -> Case {
    Case::new(tricks, "pickle", what, rules, malicious, benign).called("model.pkl")
}

pub(super) fn cases() -> Vec<Case> {
    [numbers(), tensors(), sharing(), states(), globals(), writers()].concat()
}

/// A call with those arguments.
fn made(module: &str, name: &str, arguments: &[&[u8]]) -> Vec<u8> {
    [&global(module, name)[..], b"(", &arguments.concat(), b"tR"].concat()
}

fn numbers() -> Vec<Case> {
    let range = made("builtins", "range", &[HUGE]);
    let small = made("builtins", "range", &[b"K\x03"]);
    let shape = |length: &[u8]| [length, b"\x85"].concat();
    let of = |module, name, malicious: &[u8], benign: &[u8]| {
        let what = format!("{module}.{name} of a number");
        case(
            &[8],
            what,
            MEMORY,
            &pickle(&[&made(module, name, &[malicious])]),
            &pickle(&[&made(module, name, &[benign])]),
        )
    };
    vec![
        of("builtins", "bytearray", HUGE, &bytes(b"as many bytes as there are")),
        of("builtins", "bytes", b"I68719476736\n", &bytes(b"x")),
        of("builtins", "list", &range, &small),
        of("collections", "deque", &range, &small),
        of("numpy", "ndarray", &shape(HUGE), &shape(b"K\x03")),
        of("torch", "FloatStorage", HUGE, b"K\x03"),
        of("scipy.sparse._csr", "csr_matrix", &[HUGE, b"K\x01\x86"].concat(), b"K\x03K\x01\x86"),
        of("fractions", "Fraction", &text("1e9999999999"), &text("1e9")),
        case(
            &[8],
            "a number that comes through the memo",
            MEMORY,
            &pickle(&[HUGE, b"\x940", &made("builtins", "bytearray", &[b"h\0"])]),
            &pickle(&[&bytes(b"x"), b"\x940", &made("builtins", "bytearray", &[b"h\0"])]),
        ),
        case(
            &[8],
            "many arrays that are small",
            MEMORY,
            &pickle(&[
                &[made("builtins", "bytearray", &[b"M\xff\xff"]), b"0".to_vec()].concat().repeat(40_000),
                b"N",
            ]),
            &pickle(&[
                &[made("builtins", "bytearray", &[&bytes(b"x")]), b"0".to_vec()].concat().repeat(40_000),
                b"N",
            ]),
        ),
    ]
}

fn tensors() -> Vec<Case> {
    let tensor = |elements: &[u8], offset: &[u8], length: &[u8]| {
        let id = [
            b"(",
            &text("storage")[..],
            &global("torch", "FloatStorage"),
            &text("0"),
            &text("cpu"),
            elements,
            b"tQ",
        ];
        let place = [&id.concat()[..], offset, length, b"\x85K\x01\x85\x89"].concat();
        pickle(&[&made(
            "torch._utils",
            "_rebuild_tensor_v2",
            &[&place, &made("collections", "OrderedDict", &[])],
        )])
    };
    let benign = tensor(b"K\x04", b"K\0", b"K\x04");
    vec![
        case(&[8], "a tensor beyond its storage", MEMORY, &tensor(b"K\x04", b"K\0", HUGE), &benign),
        case(&[8], "a tensor far into its storage", MEMORY, &tensor(b"K\x04", HUGE, b"K\x04"), &benign),
        case(&[8], "a storage beyond the file", MEMORY, &tensor(HUGE, b"K\0", HUGE), &benign),
    ]
}

/// Containers that hold the one before twice.
fn sharing() -> Vec<Case> {
    let levels = |levels: u8, one: fn(u8) -> Vec<u8>| {
        let rest: Vec<u8> = (0..levels).flat_map(one).collect();
        pickle(&[b"K\x01K\x02\x86\x94", &rest])
    };
    let case = |what, one: fn(u8) -> Vec<u8>| case(&[8], what, MEMORY, &levels(60, one), &levels(10, one));
    vec![
        case("tuples of the same tuple twice", |at| [b"0h", &[at][..], b"h", &[at], b"\x86\x94"].concat()),
        case("lists of the same list twice", |at| [b"0]\x94(h", &[at][..], b"h", &[at], b"e"].concat()),
        case("dictionaries of the same one twice", |at| {
            [b"0}\x94(K\x01h", &[at][..], b"K\x02h", &[at], b"u"].concat()
        }),
        case("values that are doubled on the stack", |_| b"2\x86".to_vec()),
    ]
}

/// What a state gets by a name that calls make.
fn states() -> Vec<Case> {
    let hook = "__setstate__";
    let letters: Vec<u8> = hook.bytes().flat_map(|byte| [b'K', byte]).collect();
    let wide: Vec<u8> = hook.chars().flat_map(|one| u32::from(one).to_le_bytes()).collect();
    let state = |key: &[u8], value: &[u8]| {
        let pairs = [b"}", key, value, b"sb"].concat();
        pickle(&[&made("argparse", "Namespace", &[]), &pairs, &text("id"), b"b"])
    };
    let function = global("collections", "OrderedDict");
    let plain = pickle(&[&made("argparse", "Namespace", &[]), b"}", &text("kind"), &function, b"sb"]);
    let decoded = |from: &[u8], codec: &str| made("builtins", "str", &[from, &text(codec)]);
    let error = |class| made("builtins", class, &[&text(hook)]);
    let mut cases: Vec<Case> = [
        ("str of bytes", SHADOWS, decoded(&bytes(hook.as_bytes()), "ascii")),
        (
            "str of bytes of numbers",
            COMPUTED,
            decoded(&made("builtins", "bytes", &[b"](", &letters, b"e"]), "ascii"),
        ),
        (
            "str by another code page",
            COMPUTED,
            decoded(&bytes(b"\x6d\x6d\xa2\x85\xa3\xa2\xa3\x81\xa3\x85\x6d\x6d"), "cp037"),
        ),
        ("str of an error", SHADOWS, made("builtins", "str", &[&error("ValueError")])),
        (
            "an attribute of an error",
            COMPUTED,
            made("builtins", "getattr", &[&error("StopIteration"), &text("value")]),
        ),
        ("a text of NumPy", SHADOWS, made("numpy", "str_", &[&text(hook)])),
        (
            "a scalar of NumPy",
            SHADOWS,
            made("numpy.core.multiarray", "scalar", &[&call("numpy", "dtype", &["U12"]), &bytes(&wide)]),
        ),
        ("a text that compares as its own", SHADOWS, made("collections", "UserString", &[&text(hook)])),
    ]
    .into_iter()
    .map(|(what, rules, key)| {
        case(&[6, 12], format!("a state whose name is {what}"), rules, &state(&key, &function), &plain)
    })
    .collect();
    let pair = [&text(hook)[..], &function].concat();
    let dictionary = made("builtins", "dict", &[b"](", &pair, b"\x86e"]);
    cases.push(case(
        &[6, 12],
        "a state that is made of pairs",
        ODD,
        &pickle(&[&made("argparse", "Namespace", &[]), &dictionary, b"b", &text("id"), b"b"]),
        &plain,
    ));
    cases
}

fn globals() -> Vec<Case> {
    let decoded = made("builtins", "str", &[&bytes(b"os"), &text("ascii")]);
    let hidden = made("builtins", "str", &[&made("builtins", "ValueError", &[&text("os")])]);
    let named = |module: &[u8]| pickle(&[module, &text("system"), b"\x93", &text("id"), b"\x85R"]);
    let benign = pickle(&[&stack_global("collections", "OrderedDict"), b")R"]);
    vec![
        case(&[2], "a module that is decoded", &["pickle-dangerous-call"], &named(&decoded), &benign),
        case(&[2], "a module in an error", &["pickle-hidden-global"], &named(&hidden), &benign),
    ]
}

/// `numpy.memmap` opens the file that is its argument.
fn writers() -> Vec<Case> {
    let file = text("/root/.bashrc");
    let with = |name: &str, value: &[u8], then: &[u8]| {
        pickle(&[&made("argparse", "Namespace", &[]), b"}", &text(name), value, b"sb", then])
    };
    let memmap = global("numpy", "memmap");
    let append = [&file[..], b"a"].concat();
    let partial = made("functools", "partial", &[&global("builtins", "len")]);
    let bound = [&partial[..], b"(", &memmap, &file, b"\x85}", &text("mode"), &text("w+"), b"sNtb"].concat();
    let rebuilt =
        pickle(&[&made("numpy.core.multiarray", "_reconstruct", &[&memmap, b"K\0\x85", &bytes(b"b")])]);
    let mut cases: Vec<Case> = ["append", "extend", "add", "keys"]
        .into_iter()
        .map(|name| {
            let (malicious, benign) = (with(name, &memmap, b""), with(name, b"K\x01", b""));
            case(
                &[12],
                format!("a class that writes files as the `{name}` of an instance"),
                SHADOWS,
                &malicious,
                &benign,
            )
        })
        .collect();
    cases.extend([
        case(
            &[12],
            "an instance with an `append` of its own",
            ODD,
            &with("append", &global("collections", "OrderedDict"), &append),
            &with("append", &global("collections", "OrderedDict"), b""),
        ),
        case(
            &[12],
            "a bound function that gets another one",
            ODD,
            &with("append", &bound, &append),
            &rebuilt,
        ),
        case(
            &[12],
            "an index of pandas that is a file",
            ODD,
            &pickle(&[&made(
                "pandas.core.indexes.base",
                "_new_Index",
                &[&memmap, b"}", &text("filename"), &file, b"s"],
            )]),
            &pickle(&[&made(
                "pandas.core.indexes.base",
                "_new_Index",
                &[&global("pandas.core.indexes.range", "RangeIndex"), b"}"],
            )]),
        ),
        case(
            &[12],
            "a generator of random numbers that is a file",
            ODD,
            &pickle(&[&made("numpy.random._pickle", "__generator_ctor", &[&file, &memmap])]),
            &pickle(&[&made("numpy.random._pickle", "__generator_ctor", &[&text("PCG64")])]),
        ),
    ]);
    cases
}
