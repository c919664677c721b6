//! What a configuration of Keras can make its loader do, and configurations that do nothing of the kind.

use domain::{Severity, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::inspect_config;
use crate::{
    inspect::{Limits, Look},
    testkit::pickles::marshalled,
};

/// The verdict, the rules, and the worst severity of a configuration.
fn judge(config: &str) -> (Verdict, Vec<String>, Option<Severity>) {
    let (catalog, limits) = (catalog::load().unwrap(), Limits::full());
    let mut look = Look::new(&catalog, &limits);
    inspect_config(config.as_bytes(), &mut look);
    let (verdict, facts, ..) = look.into_parts();
    let worst = facts.iter().map(|fact| fact.severity).max();
    (verdict, facts.into_iter().map(|fact| fact.rule).collect(), worst)
}

fn sequential(layer: &Value) -> String {
    json!({"module": "keras", "class_name": "Sequential", "registered_name": null, "config": {"name": "s", "layers": [
        {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 8], "name": "input"}, "registered_name": null},
        layer,
        {"module": "keras.layers", "class_name": "Dense", "registered_name": null, "config": {
            "units": 3, "activation": "softmax", "kernel_initializer":
            {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": null}, "registered_name": null}}},
    ]}})
    .to_string()
}

#[test]
fn an_ordinary_configuration_is_clean() {
    let add = json!({"module": "keras.src.ops.numpy", "class_name": "Add", "config": {"name": "add"}, "registered_name": "Add"});
    assert_eq!(judge(&sequential(&add)), (Verdict::Clean, vec![], None));
    let version_2 =
        json!({"class_name": "Dense", "config": {"activation": "relu", "units": 4, "mask": "NaN"}});
    assert_eq!(judge(&version_2.to_string()).0, Verdict::Clean);
    assert_eq!(
        judge(r#"{"class_name":"Sequential","config":{"x":NaN,"y":[-Infinity,Infinity],"z":"\ud800"}}"#).0,
        Verdict::Clean
    );
}

#[test]
fn trick_30_a_lambda_layer_is_suspicious_and_one_that_runs_programs_malicious() {
    let lambda = |names: &[&str]| {
        let code = marshalled(names);
        let three = json!({"class_name": "Lambda", "module": "keras.layers", "registered_name": null, "config": {
            "function": {"class_name": "__lambda__", "config": {"code": code, "defaults": null, "closure": null}}}});
        let two = json!({"class_name": "Lambda", "config": {"function": [code, null, null], "function_type": "lambda", "module": "__main__"}});
        [judge(&sequential(&three)), judge(&sequential(&two))]
    };
    for (verdict, rules, _) in lambda(&["tf", "reduce_mean", "x"]) {
        assert_eq!((verdict, rules), (Verdict::Suspicious, vec!["keras-lambda".to_owned()]));
    }
    for names in
        [&["os", "system"][..], &["__import__"], &["subprocess", "run"], &["x", "import os; os.system('id')"]]
    {
        for (verdict, rules, _) in lambda(names) {
            assert_eq!(verdict, Verdict::Malicious, "{names:?} {rules:?}");
        }
    }
    let named = json!({"class_name": "Lambda", "config": {"function": "my_function", "function_type": "function", "module": "m"}});
    assert_eq!(judge(&sequential(&named)).2, Some(Severity::Low));
}

#[test]
fn trick_30_a_module_and_a_class_of_any_name_are_an_import() {
    let class = |module: &str, class: &str, config: Value| {
        judge(&sequential(
            &json!({"module": module, "class_name": class, "config": config, "registered_name": class}),
        ))
        .0
    };
    for (module, name) in [
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "exec"),
        ("keras.utils", "get_file"),
        ("torch.hub", "load"),
    ] {
        assert_eq!(class(module, name, json!({"command": "id"})), Verdict::Malicious, "{module}.{name}");
    }
    assert_eq!(class("builtins", "function", json!("eval")), Verdict::Malicious);
    assert_eq!(class("keras.src.utils.file_utils", "function", json!("get_file")), Verdict::Malicious);
    assert_eq!(class("some_package.layers", "Layer", json!({})), Verdict::Suspicious);
    assert_eq!(class("keras.src.saving.saving_lib", "Thing", json!({})), Verdict::Suspicious);
    assert_eq!(class("builtins", "function", json!("my_loss")), Verdict::Clean);
    assert_eq!(class("keras_hub.src.models.bert", "BertBackbone", json!({})), Verdict::Clean);
}

#[test]
fn trick_30_safe_mode_that_is_turned_off_is_seen() {
    let layer = json!({"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"});
    assert_eq!(judge(&sequential(&layer)).0, Verdict::Malicious);
}

#[test]
fn trick_30_a_vocabulary_elsewhere_is_read_by_the_loader() {
    let lookup = |vocabulary: Value| {
        judge(&sequential(&json!({"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": vocabulary}}))).0
    };
    assert_eq!(lookup(json!(["a", "/b", "..", "c"])), Verdict::Clean);
    assert_eq!(lookup(json!("vocabulary.txt")), Verdict::Clean);
    for path in ["/etc/passwd", "http://169.254.169.254/latest", "../../secret", "/home/me/.ssh/id_rsa"] {
        assert_eq!(lookup(json!(path)), Verdict::Malicious, "{path}");
    }
    assert_eq!(lookup(json!("/content/vocabulary.txt")), Verdict::Suspicious);
}

#[test]
fn trick_30_a_layer_around_another_library_is_suspicious() {
    for class in ["TFSMLayer", "TorchModuleWrapper"] {
        let layer = json!({"module": "keras.layers", "class_name": class, "config": {"filepath": "saved"}, "registered_name": null});
        assert_eq!(judge(&sequential(&layer)).0, Verdict::Suspicious, "{class}");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_never_clean() {
    assert_eq!(judge("{").0, Verdict::Unscannable);
    assert_eq!(judge(r#"{"class_name":"Lambda""#).0, Verdict::Suspicious);
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(judge(&deep).0, Verdict::Unscannable);
}

proptest! {
    #[test]
    fn any_text_is_judged(text in "(\\{|\\}|\\[|\\]|:|,|\"|class_name|Lambda|config|module|NaN|\\\\u|\\\\|d8|[a-z0-9 ]){0,200}") {
        let _ = judge(&text);
    }

    #[test]
    fn any_byte_code_is_searched(code in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = super::python::dangerous_word(&code);
    }
}
