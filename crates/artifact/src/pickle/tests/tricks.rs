//! Tricks 1 to 14 by which pickles have fooled scanners, each beside what libraries write in the same way.

use super::{
    attack, attacks, bytes, call, global, is_clean, is_suspicious, look, look_in, pickle, stack_global, text,
};
use crate::{pickle::Context, testkit::pickles::legacy_torch};
use domain::Verdict;

const CALL: &str = "pickle-dangerous-call";
const ODD: &str = "pickle-odd-arguments";

#[test]
fn trick_1_every_opcode_that_calls_is_a_call() {
    attacks(b"(S'id'\nios\nsystem\n.", CALL, "os.system");
    attacks(b"(cos\nsystem\nS'id'\no.", CALL, "os.system");
    attacks(&pickle(&[&global("subprocess", "Popen"), &text("id"), b"\x85\x81"]), CALL, "subprocess.Popen");
    attacks(
        &pickle(&[&stack_global("subprocess", "Popen"), &text("id"), b"\x85}\x92"]),
        CALL,
        "subprocess.Popen",
    );
    is_clean(b"(icollections\nOrderedDict\n.");
    is_clean(b"(ccollections\nOrderedDict\no.");
    is_clean(&pickle(&[&global("sklearn.svm._classes", "SVC"), b")\x81}", &text("C"), b"K\x01sb"]));
    is_clean(&pickle(&[&stack_global("decimal", "Decimal"), &text("1.5"), b"\x85}\x92"]));
}

#[test]
fn trick_2_names_are_followed_through_the_memo_however_it_is_numbered() {
    let twice = |module: &str, name: &str| {
        // MEMOIZE counts the places that are set, PUT names one.
        let parts = [
            text("torch"),
            b"q\x050".to_vec(),
            text(module),
            b"\x940h\x01".to_vec(),
            text(name),
            b"\x93)R".to_vec(),
        ];
        pickle(&[&parts.concat()])
    };
    attacks(&twice("posix", "fork"), CALL, "os.fork");
    is_clean(&twice("collections", "OrderedDict"));
    let over = |module: &str| {
        let parts = [
            text("os"),
            b"q\x000".to_vec(),
            text(module),
            b"q\x000h\x00".to_vec(),
            text("Counter"),
            b"\x93)R".to_vec(),
        ];
        pickle(&[&parts.concat()])
    };
    is_clean(&over("collections"));
    assert_ne!(look(&over("nonsense")).verdict, Verdict::Clean);
    is_suspicious(b"\x80\x04cbuiltins\nstr\n)R\x8c\x06system\x93.", "pickle-hidden-global", "");
}

#[test]
fn trick_3_a_dotted_name_is_walked_to_its_end() {
    attacks(&pickle(&[&stack_global("torch", "os.system"), &text("id"), b"\x85R"]), CALL, "torch.os.system");
    attacks(
        &pickle(&[&stack_global("collections", "abc.sys.modules.get"), &text("os"), b"\x85R"]),
        CALL,
        "collections.abc.sys.modules.get",
    );
    is_suspicious(
        &pickle(&[&stack_global("collections", "OrderedDict.__init__.__globals__")]),
        "pickle-unknown-global",
        "collections.OrderedDict.__init__.__globals__",
    );
    is_clean(&pickle(&[&stack_global("zoneinfo", "ZoneInfo._unpickle"), &text("UTC"), b"K\x01\x86R"]));
}

#[test]
fn trick_4_escapes_and_missing_marks_hide_nothing_and_numbers_are_not_trusted() {
    attacks(b"S'\\x6f\\x73'\nS'sys\\164em'\n\x93(S'id'\ntR.", CALL, "os.system");
    attacks(b"V\\u006fs\nVs\\u0079stem\n\x93(S'id'\ntR.", CALL, "os.system");
    attacks(b"cos\nsystem\n(S'id'\ntR.", CALL, "os.system");
    is_clean(b"S'\\x63ollections'\nVOrdered\\u0044ict\n\x93)R.");
    for code in [&b"\x82\x01"[..], b"\x83\x01\0", b"\x84\x01\0\0\0"] {
        is_suspicious(&pickle(&[code, b")R"]), "pickle-extension", "");
    }
}

#[test]
fn trick_5_a_pickle_that_dies_after_its_payload_is_malicious() {
    let benign = call("collections", "OrderedDict", &[]);
    for tail in [&b"\xff\xffgarbage"[..], b"", b"0000000R", b"X\xff\xff\xff\x7f"] {
        attacks(&[b"\x80\x04", &attack()[..], tail].concat(), CALL, "os.system");
        let said = look(&[b"\x80\x04", &benign[..], tail].concat());
        assert_eq!(said.verdict, Verdict::Unscannable, "{said:?}");
    }
    // Behind garbage no loader comes to it, and it is there all the same.
    attacks(&[&pickle(&[b"}"]), &b"\0garbage"[..], &pickle(&[&attack()])].concat(), CALL, "os.system");
    attacks(
        &[&pickle(&[b"}"]), &b"\0garbage"[..], &pickle(&[&stack_global("os", "system"), b")R"])].concat(),
        CALL,
        "os.system",
    );
}

#[test]
fn trick_6_what_is_popped_or_set_as_state_has_run() {
    attacks(&pickle(&[&attack(), b"0}"]), CALL, "os.system");
    attacks(&pickle(&[b"(", &attack(), b"1}"]), CALL, "os.system");
    let setstate = |function: &[u8]| {
        let state = [b"}(", &text("__setstate__")[..], function, b"ub", &text("id"), b"b"].concat();
        pickle(&[&global("torch.nn.modules.linear", "Linear"), b")\x81", &state])
    };
    attacks(&setstate(&global("os", "system")), CALL, "os.system");
    attacks(&setstate(&global("collections", "OrderedDict")), "pickle-shadows", "__setstate__");
}

#[test]
fn trick_7_every_pickle_of_a_series_is_read() {
    let benign = pickle(&[b"]", &vec![b'N'; 1 << 20], b"0".repeat(1 << 20).as_slice()]);
    let many = benign.repeat(3);
    is_clean(&many);
    attacks(&[&many[..], &pickle(&[&attack()])].concat(), CALL, "os.system");
    attacks(&[&many[..], &attack(), b"."].concat(), CALL, "os.system");
}

#[test]
fn trick_8_lying_frames_huge_memos_and_idle_opcodes_change_nothing() {
    let framed = |length: u64, body: &[u8]| pickle(&[b"\x95", &length.to_le_bytes(), body]);
    attacks(&framed(1 << 40, &attack()), CALL, "os.system");
    attacks(&framed(2, &attack()), CALL, "os.system");
    is_clean(&framed(4, b"](e"));
    assert_eq!(look(&framed(1 << 40, b"N")).facts, [("pickle-frame".to_owned(), String::new())]);
    is_suspicious(b"\x80\x02]r\xff\xff\xff\xff.", "pickle-huge-memo", "");
    is_clean(b"\x80\x02]r\x01\x01\0\0.");
    let idle = b"N0".repeat(1_500_000);
    attacks(&pickle(&[&idle, &attack()]), CALL, "os.system");
    is_clean(&pickle(&[&idle, b"N"]));
    let marks = vec![b'('; 3_000_000];
    attacks(&pickle(&[&marks, &attack()]), CALL, "os.system");
    assert_eq!(look(&pickle(&[&marks, b"N"])).verdict, Verdict::Unscannable);
}

#[test]
fn trick_9_a_pickle_in_a_pickle_is_read_in_whatever_it_is_spelled() {
    use base64::Engine as _;
    let (inner, benign) = (pickle(&[&attack()]), pickle(&[&call("collections", "OrderedDict", &[])]));
    let long =
        |text: &str| [b"X", &u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat();
    let spelled = |pickle: &[u8]| {
        let base64 = base64::engine::general_purpose::STANDARD.encode(pickle);
        let hex: String = pickle.iter().map(|byte| format!("{byte:02x}")).collect();
        let latin: String = pickle.iter().map(|byte| char::from(*byte)).collect();
        [bytes(pickle), long(&base64), long(&hex), long(&latin)]
    };
    for value in spelled(&inner) {
        attacks(&pickle(&[b"]", &value, b"a"]), CALL, "os.system");
    }
    for value in spelled(&benign) {
        is_clean(&pickle(&[b"]", &value, b"a"]));
    }
    attacks(&pickle(&[b"]", &bytes(b"cos\nsystem\n(S'id'\ntR."), b"a"]), CALL, "os.system");
    attacks(&pickle(&[&global("_pickle", "loads"), &bytes(&benign), b"\x85R"]), CALL, "pickle.loads");
    attacks(&pickle(&[&global("marshal", "loads"), &bytes(b"c"), b"\x85R"]), CALL, "marshal.loads");
    attacks(&pickle(&[&global("dill", "loads"), &bytes(&benign), b"\x85R"]), CALL, "dill.loads");
    let tensor =
        |inner: &[u8]| pickle(&[&global("torch.storage", "_load_from_bytes"), &bytes(inner), b"\x85R"]);
    attacks(&tensor(&legacy_torch(&attack())), CALL, "os.system");
    is_clean(&tensor(&legacy_torch(b"")));
    assert_eq!(look(&tensor(b"no model at all")).verdict, Verdict::Unscannable);
}

#[test]
fn trick_10_what_resolves_names_is_judged_by_what_it_is_asked_for() {
    attacks(&pickle(&[&call("pkgutil", "resolve_name", &["os:system"])]), CALL, "pkgutil.resolve_name");
    attacks(&pickle(&[&call("importlib", "import_module", &["os"])]), CALL, "importlib.import_module");
    attacks(&pickle(&[&call("operator", "attrgetter", &["system"])]), CALL, "operator.attrgetter");
    is_suspicious(
        &pickle(&[&call("numpy.core", "_ufunc_reconstruct", &["os", "system"])]),
        ODD,
        "numpy.core._ufunc_reconstruct",
    );
    is_clean(&pickle(&[&call("numpy.core", "_ufunc_reconstruct", &["numpy", "add"])]));
    let getattr = |from: &[u8], name: &str, then: &[u8]| {
        pickle(&[&global("builtins", "getattr"), from, &text(name), b"\x86R", then])
    };
    is_suspicious(&getattr(&global("torch", "Tensor"), "__class__", b""), ODD, "builtins.getattr");
    is_suspicious(&getattr(&global("torch", "os"), "system", b")R"), ODD, "builtins.getattr");
    is_suspicious(&getattr(b"N", "format", b")R"), "pickle-computed-call", "");
    // A bound method, as fused layers have one.
    is_clean(&getattr(
        &[&global("torch.nn.modules.linear", "Linear")[..], b")\x81"].concat(),
        "forward",
        b"",
    ));
    attacks(
        &pickle(&[&global("functools", "partial"), &global("os", "system"), b"\x85R"]),
        CALL,
        "os.system",
    );
    is_suspicious(
        &pickle(&[&global("functools", "partial"), &global("builtins", "getattr"), b"\x85R"]),
        ODD,
        "functools.partial",
    );
    is_clean(&pickle(&[&global("functools", "partial"), &global("numpy", "log1p"), b"\x85R"]));
    let generator = |by: &[u8]| {
        pickle(&[&global("numpy.random._pickle", "__generator_ctor"), &text("PCG64"), by, b"\x86R"])
    };
    is_suspicious(
        &generator(&global("torch.storage", "_load_from_bytes")),
        ODD,
        "torch.storage._load_from_bytes",
    );
    is_clean(&generator(&global("numpy.random._pickle", "__bit_generator_ctor")));
}

#[test]
fn trick_11_obscure_gadgets_are_known_and_unknown_ones_are_not_clean() {
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
        ("transformers.models.rag.retrieval_rag", "LegacyIndex"),
        ("ultralytics.nn.autobackend", "AutoBackend"),
    ] {
        attacks(&pickle(&[&call(module, name, &["x"])]), CALL, &format!("{module}.{name}"));
    }
    is_suspicious(&pickle(&[&call("new.gadget", "run", &["x"])]), "pickle-unknown-call", "new.gadget.run");
    is_suspicious(&pickle(&[&call("__main__", "Net", &[])]), "pickle-unknown-call", "__main__.Net");
    is_clean(&pickle(&[&call("pandas", "Timedelta", &["1s"])]));
}

#[test]
fn trick_12_harmless_globals_do_not_serve_to_overwrite_or_to_disguise() {
    const SHADOWS: &str = "pickle-shadows";
    let module = global("torch.nn.modules.module", "Module");
    let relu = global("torch.nn.functional", "relu");
    attacks(
        &pickle(&[&module, b"}", &text("forward"), &relu, b"sb"]),
        SHADOWS,
        "torch.nn.modules.module.Module",
    );
    attacks(
        &pickle(&[&module, b"N}", &text("forward"), &relu, b"s\x86b"]),
        SHADOWS,
        "torch.nn.modules.module.Module",
    );
    attacks(&pickle(&[&global("sys", "modules"), &text("torch"), b"Ns"]), SHADOWS, "sys.modules");
    attacks(&pickle(&[&global("sys", "path"), &text("/tmp"), b"a"]), SHADOWS, "sys.path");
    attacks(
        &pickle(&[&global("builtins", "getattr"), &module, &text("registry"), b"\x86R", &text("x"), b"Ns"]),
        SHADOWS,
        "",
    );
    is_clean(&pickle(&[&module, b")\x81}", &text("training"), b"\x88sb"]));
    is_suspicious(&pickle(&[&call("_codecs", "encode", &["vzcbeg", "rot13"])]), ODD, "_codecs.encode");
    is_clean(&pickle(&[&call("_codecs", "encode", &["x", "latin1"])]));
    let rebuild = |by: &[u8]| {
        pickle(&[
            &global("torch._tensor", "_rebuild_from_type_v2"),
            b"(",
            by,
            &global("torch", "Tensor"),
            b")}tR",
        ])
    };
    is_suspicious(&rebuild(&relu), ODD, "torch._tensor._rebuild_from_type_v2");
    is_clean(&rebuild(&global("torch._utils", "_rebuild_tensor_v2")));
    let reconstruct = |base: &[u8]| {
        pickle(&[
            &global("copyreg", "_reconstructor"),
            &global("sklearn.svm._classes", "SVC"),
            base,
            b"N\x87R",
        ])
    };
    is_suspicious(&reconstruct(&global("collections", "OrderedDict")), ODD, "copyreg._reconstructor");
    is_clean(&reconstruct(&global("builtins", "object")));
}

#[test]
fn trick_13_an_import_is_enough() {
    attacks(b"cantigravity\nfly\n.", CALL, "antigravity.fly");
    is_suspicious(b"cbeside_the_model\nanything\n.", "pickle-unknown-global", "beside_the_model.anything");
    is_suspicious(
        &pickle(&[&stack_global("beside_the_model", "x"), b"0N"]),
        "pickle-unknown-global",
        "beside_the_model.x",
    );
    is_suspicious(b"cos\nsystem\n.", "pickle-dangerous-global", "os.system");
    is_clean(b"ccollections\nOrderedDict\n.");
}

#[test]
fn trick_14_names_that_kill_scanners_are_only_names() {
    for name in ["__builtins__", "__import__('os')", "../../x", "\u{202e}", "a b"] {
        assert_ne!(look(&pickle(&[&stack_global("__main__", name)])).verdict, Verdict::Clean, "{name}");
    }
    let long = "x".repeat(255);
    is_suspicious(&pickle(&[&stack_global(&long, "y")]), "pickle-unknown-global", &format!("{long}."));
    attacks(&pickle(&[&stack_global("this", "s")]), CALL, "this.s");
}

#[test]
fn code_that_travels_by_design_is_named_as_such() {
    is_suspicious(
        &pickle(&[&call("cloudpickle.cloudpickle", "_make_function", &[])]),
        "pickle-code-by-design",
        "cloudpickle.cloudpickle._make_function",
    );
    is_suspicious(
        &pickle(&[&call("dill._dill", "_create_function", &[])]),
        "pickle-code-by-design",
        "dill._dill._create_function",
    );
}

#[test]
fn what_only_a_program_loads_is_allowed_only_there() {
    let built = pickle(&[&call("torch.jit._pickle", "build_intlist", &[])]);
    assert_eq!(look_in(&built, Context::Torchscript).verdict, Verdict::Clean);
    is_suspicious(&built, "pickle-unknown-call", "torch.jit._pickle.build_intlist");
}

/// `argparse.Namespace()` with one attribute, which is what `then` comes after.
fn instance_with(name: &[u8], value: &[u8], then: &[u8]) -> Vec<u8> {
    let instance = [global("argparse", "Namespace"), b")R".to_vec()].concat();
    pickle(&[&instance, b"}", name, value, b"sb", then])
}

#[test]
fn an_instance_with_a_method_of_its_own_that_the_loader_calls_is_found() {
    let method = [global("builtins", "getattr"), b"N".to_vec(), text("forward"), b"\x86R".to_vec()].concat();
    attacks(&instance_with(&text("__setstate__"), b"N", b"Nb"), "pickle-shadows", "__setstate__");
    let remembered = [text("__setstate__"), b"\x940h\x00".to_vec()].concat();
    attacks(&instance_with(&remembered, b"N", b"Nb"), "pickle-shadows", "__setstate__");
    for name in ["append", "extend", "add", "keys"] {
        attacks(&instance_with(&text(name), &method, b""), "pickle-shadows", name);
        is_clean(&instance_with(&text(name), b"K\x01", b""));
    }
    is_clean(&instance_with(&text("hook"), &method, b""));
}

#[test]
fn a_method_that_reaches_files_or_programs_is_not_taken_from_an_object() {
    let path = call("pathlib", "PosixPath", &["/root/.bashrc"]);
    for name in ["write_text", "unlink", "rename", "to_pickle", "tofile", "save", "from_file"] {
        let method = [&global("builtins", "getattr")[..], &path, &text(name), b"\x86R"].concat();
        is_suspicious(&pickle(&[&method]), ODD, "builtins.getattr");
    }
}

#[test]
fn a_function_looked_up_in_numpy_is_one_that_files_name() {
    let name = "numpy.core._ufunc_reconstruct";
    for [module, function] in
        [["numpy.f2py.diagnose", "os"], ["numpy", "load"], ["numpy", "memmap"], ["numpy", "lib"]]
    {
        is_suspicious(&pickle(&[&call("numpy.core", "_ufunc_reconstruct", &[module, function])]), ODD, name);
    }
    is_clean(&pickle(&[&call("numpy.core", "_ufunc_reconstruct", &["scipy.special", "expit"])]));
}

#[test]
fn an_instance_made_by_the_function_is_judged_as_one_made_by_the_opcode() {
    let make =
        |class: &[u8], rest: &[u8]| pickle(&[&global("copyreg", "__newobj__"), b"(", class, rest, b"tR"]);
    let file = [text("/root/.bashrc"), text("uint8"), text("w+")].concat();
    is_suspicious(&make(&global("numpy", "memmap"), &file), ODD, "numpy.memmap");
    is_suspicious(&make(b"N", b""), ODD, "copyreg.__newobj__");
    is_clean(&make(&global("collections", "OrderedDict"), b""));
}

#[test]
fn a_reader_that_a_library_imports_is_none_of_its_estimators() {
    for (module, class) in [
        ("sklearn.datasets._kddcup99", "GzipFile"),
        ("sklearn.datasets._lfw", "Memory"),
        ("sklearn.externals.joblib.pool", "MemmappingPool"),
    ] {
        let name = format!("{module}.{class}");
        attacks(&pickle(&[&call(module, class, &["/root/.bashrc", "wb"])]), "pickle-dangerous-call", &name);
    }
    is_clean(&pickle(&[&call("sklearn.preprocessing._data", "StandardScaler", &["x"])]));
}
