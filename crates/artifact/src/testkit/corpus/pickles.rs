//! Tricks 1 to 14: what hides in the opcodes of a pickle.

use super::Case;
use crate::testkit::pickles::{
    attack, base64, bytes, call, global, legacy_torch, pickle, stack_global, text,
};

const CALL: &[&str] = &["pickle-dangerous-call"];
const UNKNOWN: &[&str] = &["pickle-unknown-global"];
const HIDDEN: &[&str] = &["pickle-hidden-global"];
const EXTENSION: &[&str] = &["pickle-extension"];
const ODD: &[&str] = &["pickle-odd-arguments"];
const SHADOWS: &[&str] = &["pickle-shadows"];

fn case(
    tricks: &'static [u8],
    what: &str,
    rules: &'static [&'static str],
    malicious: &[u8],
    benign: &[u8],
) -> Case {
    Case::new(tricks, "pickle", what, rules, malicious, benign).called("model.pkl")
}

pub(super) fn cases() -> Vec<Case> {
    [calls(), names(), streams(), nested(), resolvers(), gadgets(), harmless_globals(), imports()].concat()
}

fn calls() -> Vec<Case> {
    let set = |key: &str, value: &[u8]| {
        let state = [b"}(", &text(key)[..], value, b"ub", &text("id"), b"b"].concat();
        pickle(&[&global("torch.nn.modules.linear", "Linear"), b")\x81", &state])
    };
    let made =
        |module: &str, name: &str, by: &[u8]| pickle(&[&stack_global(module, name), &text("1"), b"\x85", by]);
    vec![
        case(&[1], "INST", CALL, b"(S'id'\nios\nsystem\n.", b"(icollections\nOrderedDict\n."),
        case(&[1], "OBJ", CALL, b"(cos\nsystem\nS'id'\no.", b"(ccollections\nOrderedDict\no."),
        case(
            &[1],
            "NEWOBJ",
            CALL,
            &made("subprocess", "Popen", b"\x81"),
            &made("decimal", "Decimal", b"\x81"),
        ),
        case(
            &[1],
            "NEWOBJ_EX",
            CALL,
            &made("subprocess", "Popen", b"}\x92"),
            &made("decimal", "Decimal", b"}\x92"),
        ),
        case(
            &[6],
            "what was called is popped",
            CALL,
            &pickle(&[&attack(), b"0}"]),
            &pickle(&[&call("collections", "OrderedDict", &[]), b"0}"]),
        ),
        case(
            &[6],
            "a state that is a function",
            CALL,
            &set("__setstate__", &global("os", "system")),
            &set("kind", &global("collections", "OrderedDict")),
        ),
    ]
}

fn names() -> Vec<Case> {
    let memo = |module: &str, name: &str| {
        pickle(&[&text("torch"), b"q\x050", &text(module), b"\x940h\x01", &text(name), b"\x93)R"])
    };
    let dotted = |module: &str, name: &str| pickle(&[&stack_global(module, name), &text("UTC"), b"\x85R"]);
    let computed = |module: &[u8]| [b"\x80\x02", module, b"\x8c\x0bOrderedDict\x93)R."].concat();
    vec![
        case(
            &[2],
            "names through a memo that is numbered twice",
            CALL,
            &memo("posix", "fork"),
            &memo("collections", "OrderedDict"),
        ),
        case(
            &[2],
            "a module that a call gave",
            HIDDEN,
            &computed(b"cbuiltins\nstr\n)R"),
            &computed(&text("collections")),
        ),
        case(
            &[3],
            "a dotted name",
            CALL,
            &dotted("torch", "os.system"),
            &dotted("zoneinfo", "ZoneInfo._unpickle"),
        ),
        case(
            &[3],
            "a dotted name into the loaded modules",
            CALL,
            &dotted("collections", "abc.sys.modules.get"),
            &dotted("decimal", "Decimal"),
        ),
        case(
            &[4],
            "escapes in texts",
            CALL,
            b"S'\\x6f\\x73'\nS'sys\\164em'\n\x93(S'id'\ntR.",
            b"S'\\x63ollections'\nVOrdered\\u0044ict\n\x93)R.",
        ),
        case(
            &[4],
            "no mark of a protocol",
            CALL,
            b"cos\nsystem\n(S'id'\ntR.",
            b"ccollections\nOrderedDict\n)R.",
        ),
        case(&[4], "EXT1", EXTENSION, &pickle(&[b"\x82\x01)R"]), &pickle(&[b"K\x01"])),
        case(&[4], "EXT2", EXTENSION, &pickle(&[b"\x83\x01\0)R"]), &pickle(&[b"M\x01\0"])),
        case(&[4], "EXT4", EXTENSION, &pickle(&[b"\x84\x01\0\0\0)R"]), &pickle(&[b"J\x01\0\0\0"])),
    ]
}

fn streams() -> Vec<Case> {
    let benign = pickle(&[&call("collections", "OrderedDict", &[])]);
    let long = pickle(&[b"]", &vec![b'N'; 1 << 20], &b"0".repeat(1 << 20)]).repeat(3);
    let framed = |length: u64, body: &[u8]| pickle(&[b"\x95", &length.to_le_bytes(), body]);
    let idle = b"N0".repeat(1_500_000);
    let mut cases = vec![
        case(
            &[7],
            "a second pickle behind megabytes",
            CALL,
            &[&long[..], &pickle(&[&attack()])].concat(),
            &[&long[..], &benign].concat(),
        ),
        case(&[8], "a frame that lies", CALL, &framed(1 << 40, &attack()), &framed(4, b"](e")),
        case(
            &[8],
            "a memo of billions",
            &["pickle-huge-memo"],
            b"\x80\x02]r\xff\xff\xff\xff.",
            b"\x80\x02]r\x01\x01\0\0.",
        ),
        case(&[8], "three million idle opcodes", CALL, &pickle(&[&idle, &attack()]), &pickle(&[&idle, b"N"])),
    ];
    for (what, tail) in [
        ("garbage behind the payload", &b"\xff\xffgarbage"[..]),
        ("no STOP behind the payload", b""),
        ("an empty stack behind the payload", b"0000000R"),
        ("a text without end behind the payload", b"X\xff\xff\xff\x7f"),
    ] {
        cases.push(case(&[5], what, CALL, &[b"\x80\x04", &attack()[..], tail].concat(), &benign));
    }
    cases
}

fn nested() -> Vec<Case> {
    let (inner, benign) = (pickle(&[&attack()]), pickle(&[&call("collections", "OrderedDict", &[])]));
    let long = |text: String| [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
    let hex = |pickle: &[u8]| pickle.iter().map(|byte| format!("{byte:02x}")).collect();
    let latin = |pickle: &[u8]| pickle.iter().map(|byte| char::from(*byte)).collect();
    let listed = |value: Vec<u8>| pickle(&[b"]", &value, b"a"]);
    let loads = |module: &str, name: &str| pickle(&[&global(module, name), &bytes(&benign), b"\x85R"]);
    let tensor =
        |inner: &[u8]| pickle(&[&global("torch.storage", "_load_from_bytes"), &bytes(inner), b"\x85R"]);
    let mut cases: Vec<Case> = [
        ("bytes", listed(bytes(&inner)), listed(bytes(&benign))),
        ("base64", listed(long(base64(&inner))), listed(long(base64(&benign)))),
        ("hex", listed(long(hex(&inner))), listed(long(hex(&benign)))),
        ("a text of Latin 1", listed(long(latin(&inner))), listed(long(latin(&benign)))),
        ("a tensor's own file", tensor(&legacy_torch(&attack())), tensor(&legacy_torch(b""))),
    ]
    .into_iter()
    .map(|(how, malicious, benign)| {
        case(&[9], &format!("a pickle in a pickle as {how}"), CALL, &malicious, &benign)
    })
    .collect();
    for (module, name) in [("_pickle", "loads"), ("marshal", "loads"), ("dill", "loads"), ("torch", "load")] {
        let what = format!("a pickle that calls {module}.{name}");
        cases.push(case(&[9], &what, CALL, &loads(module, name), &listed(bytes(&benign))));
    }
    cases
}

fn resolvers() -> Vec<Case> {
    let getattr =
        |from: &[u8], name: &str| pickle(&[&global("builtins", "getattr"), from, &text(name), b"\x86R"]);
    let partial = |of: &[u8]| pickle(&[&global("functools", "partial"), of, b"\x85R"]);
    let ufunc = |module, name| pickle(&[&call("numpy.core", "_ufunc_reconstruct", &[module, name])]);
    let method = getattr(&[&global("torch.nn.modules.linear", "Linear")[..], b")\x81"].concat(), "forward");
    let mut cases = vec![
        case(&[10], "getattr of a class", ODD, &getattr(&global("torch", "Tensor"), "__class__"), &method),
        case(
            &[10],
            "a call of what a call gave",
            &["pickle-computed-call"],
            &pickle(&[&global("builtins", "getattr"), b"N", &text("format"), b"\x86R)R"]),
            &method,
        ),
        case(
            &[10],
            "functools.partial",
            CALL,
            &partial(&global("os", "system")),
            &partial(&global("numpy", "log1p")),
        ),
        case(&[10], "a function of NumPy by its name", ODD, &ufunc("os", "system"), &ufunc("numpy", "add")),
    ];
    for (module, name, argument) in [
        ("pkgutil", "resolve_name", "os:system"),
        ("importlib", "import_module", "os"),
        ("operator", "attrgetter", "system"),
        ("operator", "methodcaller", "system"),
    ] {
        let malicious = pickle(&[&call(module, name, &[argument])]);
        cases.push(case(&[10], &format!("{module}.{name}"), CALL, &malicious, &method));
    }
    cases
}

fn gadgets() -> Vec<Case> {
    let benign = pickle(&[&call("pandas", "Timedelta", &["1s"])]);
    let gadget = |module: &str, name: &str, rules| {
        let malicious = pickle(&[&call(module, name, &["x"])]);
        case(&[11], &format!("{module}.{name}"), rules, &malicious, &benign)
    };
    let mut cases = vec![
        gadget("new.gadget", "run", &["pickle-unknown-call"]),
        gadget("cloudpickle.cloudpickle", "_make_function", &["pickle-code-by-design"]),
        gadget("dill._dill", "_create_function", &["pickle-code-by-design"]),
    ];
    for (module, name) in [
        ("timeit", "timeit"),
        ("pdb", "run"),
        ("bdb", "Bdb"),
        ("idlelib.run", "Executive"),
        ("ensurepip", "_run_pip"),
        ("torch.utils.collect_env", "run"),
        ("multiprocessing.util", "spawnv_passfds"),
        ("mlflow.projects.backend.local", "_run_entry_point"),
        ("pandas", "read_csv"),
        ("numpy.f2py.crackfortran", "getlincoef"),
        ("distutils.file_util", "write_file"),
        ("logging", "FileHandler"),
        ("io", "FileIO"),
        ("_interpreters", "run_string"),
    ] {
        cases.push(gadget(module, name, CALL));
    }
    cases
}

fn harmless_globals() -> Vec<Case> {
    let module = global("torch.nn.modules.module", "Module");
    let relu = global("torch.nn.functional", "relu");
    let instance = pickle(&[&module, b")\x81}", &text("training"), b"\x88sb"]);
    let rebuild = |by: &[u8]| {
        let arguments = [by, &global("torch", "Tensor"), b")}tR"].concat();
        pickle(&[&global("torch._tensor", "_rebuild_from_type_v2"), b"(", &arguments])
    };
    let encode = |by| pickle(&[&call("_codecs", "encode", &["vzcbeg", by])]);
    vec![
        case(
            &[12],
            "a method of a class is overwritten",
            SHADOWS,
            &pickle(&[&module, b"}", &text("forward"), &relu, b"sb"]),
            &instance,
        ),
        case(
            &[12],
            "a loaded module is replaced",
            SHADOWS,
            &pickle(&[&global("sys", "modules"), &text("torch"), b"Ns"]),
            &pickle(&[b"}", &text("torch"), b"Ns"]),
        ),
        case(&[12], "a text that a codec turns into code", ODD, &encode("rot13"), &encode("latin1")),
        case(
            &[12],
            "a tensor is rebuilt by another function",
            ODD,
            &rebuild(&relu),
            &rebuild(&global("torch._utils", "_rebuild_tensor_v2")),
        ),
    ]
}

fn imports() -> Vec<Case> {
    let named = |name: &str| pickle(&[&stack_global("__main__", name)]);
    let benign = b"ccollections\nOrderedDict\n.";
    let long = "x".repeat(255);
    let mut cases = vec![
        case(&[13], "an import that acts by itself", CALL, b"cantigravity\nfly\n.", benign),
        case(&[13], "a module beside the model", UNKNOWN, b"cbeside_the_model\nanything\n.", benign),
        case(
            &[13],
            "a dangerous function that is only named",
            &["pickle-dangerous-global"],
            b"cos\nsystem\n.",
            benign,
        ),
        case(&[14], "a name without end", UNKNOWN, &pickle(&[&stack_global(&long, "y")]), benign),
        case(&[14], "an import that prints", CALL, &pickle(&[&stack_global("this", "s")]), benign),
    ];
    for name in ["__builtins__", "__import__('os')", "../../x", "\u{202e}", "a b"] {
        let what = format!("the name {}", name.escape_unicode().to_string().replace("\\u{202e}", "RLO"));
        let what = if name.is_ascii() { format!("the name {name}") } else { what };
        cases.push(case(&[14], &what, UNKNOWN, &named(name), benign));
    }
    cases
}
