//! What the tables of globals promise: nothing that harms is allowed, by whatever name it goes.

// A test may fail loudly, its helpers too.
#![allow(clippy::unwrap_used, clippy::panic)]

use catalog::{
    Catalog,
    globals::{Judge, Standing, hash},
};

fn catalog() -> Catalog {
    catalog::load().unwrap()
}

fn is_danger(catalog: &Catalog, module: &str, name: &str) -> bool {
    matches!(catalog.globals.standing("plain", module, name), Standing::Danger(_))
}

#[test]
fn what_harms_is_named_under_all_its_names() {
    let catalog = catalog();
    for (module, name) in [
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("__builtin__", "eval"),
        ("builtins", "exec"),
        ("six.moves.builtins", "eval"),
        ("commands", "getoutput"),
        ("subprocess", "Popen"),
        ("cPickle", "loads"),
        ("torch", "os.system"),
        ("numpy", "testing.x"),
        ("collections", "abc.sys.modules"),
        ("torch.utils.collect_env", "run"),
        ("transformers.models.rag.retrieval_rag", "LegacyIndex"),
        ("sklearn.datasets", "fetch_openml"),
        ("functools", "reduce"),
        ("pathlib", "Path.unlink"),
    ] {
        assert!(is_danger(&catalog, module, name), "{module}.{name}");
    }
}

#[test]
fn what_libraries_write_is_allowed_and_no_more() {
    let globals = catalog().globals;
    let standing = |module, name| globals.standing("plain", module, name);
    assert!(matches!(standing("collections", "OrderedDict"), Standing::Called));
    assert!(matches!(standing("sklearn.svm._classes", "SVC"), Standing::Called));
    assert!(matches!(standing("torch.nn.modules.linear", "Linear"), Standing::Made));
    assert!(matches!(standing("torch.utils.hooks", "RemovableHandle"), Standing::Made));
    assert!(matches!(standing("numpy", "log1p"), Standing::Named));
    assert!(matches!(standing("__builtin__", "getattr"), Standing::Judged(Judge::Attribute)));
    for (module, name) in [
        ("sklearn.svm._classes", "os"),
        ("sklearnx.svm", "SVC"),
        ("torch.nn.modules.linear", "Linear.forward"),
        ("torch", "anything"),
        ("", ""),
        ("__main__", "Net"),
    ] {
        assert!(matches!(standing(module, name), Standing::Unknown), "{module}.{name}");
    }
}

#[test]
fn a_global_of_one_context_is_unknown_in_another() {
    let globals = catalog().globals;
    let standing = |context| globals.standing(context, "torch.jit._pickle", "build_intlist");
    assert!(matches!(standing("torchscript"), Standing::Called));
    assert!(matches!(standing("numpy"), Standing::Unknown));
}

#[test]
fn the_sieve_lets_every_known_word_through_and_few_others() {
    let globals = catalog().globals;
    for word in ["os", "system", "collections", "OrderedDict", "posix", "_reconstruct"] {
        assert!(globals.knows(word) && globals.may_know(hash(word.as_bytes())), "{word}");
    }
    let through =
        (0..10_000).filter(|number| globals.may_know(hash(format!("w{number}").as_bytes()))).count();
    assert!(through < 1000, "{through}");
}

#[test]
fn no_module_of_the_loader_of_pickles_itself_is_allowed() {
    let catalog = catalog();
    for (modules, names, danger) in catalog.globals.dangers() {
        assert!(!modules.is_empty() && !names.is_empty(), "{}", danger.does);
        assert!(
            !danger.does.ends_with('.') && danger.does.chars().next().is_some_and(char::is_lowercase),
            "{}",
            danger.does
        );
    }
    for name in ["load", "loads", "Unpickler"] {
        assert!(is_danger(&catalog, "pickle", name) && is_danger(&catalog, "_pickle", name), "{name}");
    }
}
