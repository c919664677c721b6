//! The memory that a pickle asks for is counted, and what a file really holds is never too much.

use domain::Verdict;

use super::{bytes, call, global, is_clean, is_suspicious, look, pickle, text};

const BOMB: &str = "pickle-memory-bomb";
const HUGE: &[u8] = b"\x8a\x05\0\0\0\0\x10";

fn made(module: &str, name: &str, arguments: &[&[u8]]) -> Vec<u8> {
    [&global(module, name)[..], b"(", &arguments.concat(), b"tR"].concat()
}

#[test]
fn a_number_asks_for_memory_however_it_is_spelled_and_called() {
    for number in [HUGE, b"I68719476736\n", b"L68719476736L\n", b"\x8a\x0a\0\0\0\0\0\0\0\0\0\x01"] {
        is_suspicious(&pickle(&[&made("builtins", "bytearray", &[number])]), BOMB, "");
        is_suspicious(&pickle(&[number, b"\x940", &made("builtins", "bytes", &[b"h\0"])]), BOMB, "");
    }
    for called in [&b"\x85\x81"[..], b"\x85}\x92", b"\x85R"] {
        is_suspicious(&pickle(&[&global("builtins", "bytearray"), HUGE, called]), BOMB, "");
    }
    is_suspicious(&pickle(&[b"(", HUGE, b"ibuiltins\nbytearray\n"]), BOMB, "");
    is_suspicious(&pickle(&[b"(", &global("builtins", "bytearray"), HUGE, b"o"]), BOMB, "");
}

#[test]
fn a_range_is_harmless_until_someone_takes_its_elements() {
    let range = made("builtins", "range", &[HUGE]);
    is_clean(&pickle(&[&range]));
    is_clean(&pickle(&[b"]", &range, b"a"]));
    for (module, name) in [("builtins", "list"), ("builtins", "frozenset"), ("collections", "Counter")] {
        is_suspicious(&pickle(&[&made(module, name, &[&range])]), BOMB, "");
    }
    let stepped = made("builtins", "range", &[b"K\0", HUGE, HUGE]);
    is_clean(&pickle(&[&made("builtins", "list", &[&stepped])]));
}

#[test]
fn what_is_in_the_file_is_never_too_much() {
    is_clean(&pickle(&[&made("builtins", "bytearray", &[&bytes(&vec![7; 3 << 20])])]));
    let numbers: Vec<u8> =
        (0..100_000u32).flat_map(|at| [&b"J"[..], &(at | 1 << 28).to_le_bytes()].concat()).collect();
    is_clean(&pickle(&[b"](", &numbers, b"e"]));
    is_clean(&pickle(&[&made("numpy", "float64", &[HUGE]), b"0", &made("pandas", "Timestamp", &[HUGE])]));
}

#[test]
fn sharing_counts_only_where_it_multiplies() {
    // A list of a million references to one tuple, and a chain in which each tuple holds the one before once.
    is_clean(&pickle(&[b"K\x01\x85\x940](", &b"h\0".repeat(1_000_000), b"e"]));
    let objects = [call("decimal", "Decimal", &["1"]), text("x")].concat().repeat(300_000);
    is_clean(&pickle(&[b"(", &objects, b"t"]));
    let chain: Vec<u8> = (0..200u8).flat_map(|at| [b"0h", &[at][..], b"K\x01\x86\x94"].concat()).collect();
    is_clean(&pickle(&[b"K\x01\x85\x94", &chain]));
    let wide: Vec<u8> =
        (0..8u8).flat_map(|at| [b"0(", &[b'h', at].repeat(100)[..], b"t\x94"].concat()).collect();
    is_suspicious(&pickle(&[b"K\x01\x85\x94", &wide]), BOMB, "sharing");
    let one_by_one: Vec<u8> =
        (0..60u8).flat_map(|at| [b"0]\x94h", &[at][..], b"ah", &[at], b"a"].concat()).collect();
    is_suspicious(&pickle(&[b"]\x94", &one_by_one]), BOMB, "sharing");
}

#[test]
fn a_view_may_show_an_element_many_times() {
    let id =
        [b"(", &text("storage")[..], &global("torch", "FloatStorage"), &text("0"), &text("cpu"), b"K\x01tQ"]
            .concat();
    let view = |length: &[u8], stride: &[u8]| {
        let place = [&id[..], b"K\0", length, b"\x85", stride, b"\x85\x89"].concat();
        let hooks = call("collections", "OrderedDict", &[]);
        look(&pickle(&[&made("torch._utils", "_rebuild_tensor_v2", &[&place, &hooks])]))
    };
    assert!(!view(b"J\0\0\x10\0", b"K\0").has(BOMB, "tensor"));
    assert!(view(b"J\0\0\x10\0", b"K\x01").has(BOMB, "tensor"));
    assert_eq!(view(b"J\0\0\x10\0", b"K\x01").verdict, Verdict::Suspicious);
}
