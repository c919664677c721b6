//! What servers of models read beside a model: `MLmodel` of MLflow and `config.pbtxt` of Triton. Both may name code that runs with it.
//!
//! Sources: MLflow, "MLflow Models", flavor `python_function` (`loader_module`, `code`, `python_model`, `model_code_path`); Triton
//! `model_config.proto` (`ModelConfig`: `backend`, `platform`, `runtime`, `default_model_filename`, `model_operations`, `parameters`).

use super::{
    names::{self, Leads},
    node::Node,
};
use crate::{
    inspect::Look,
    prototext::{self, Field, Value},
    reader::cut,
    references::leads_away,
    rules::{graphs, texts as rules},
};

/// Judges an `MLmodel`.
pub(super) fn mlflow(root: &Node, look: &mut Look<'_>) {
    let flavors = root.get("flavors").map(Node::pairs).unwrap_or_default();
    for (flavor, entries) in flavors {
        for (key, value) in entries.pairs() {
            entry(flavor, key, value, look);
        }
    }
}

fn entry(flavor: &str, key: &str, value: &Node, look: &mut Look<'_>) {
    let place = cut(&format!("flavors.{flavor}.{key}"));
    let is_none = |text: &str| matches!(text, "" | "null" | "~");
    let text = value.text().filter(|text| !is_none(text));
    match (key, text) {
        ("loader_module", Some(module)) => loader(&place, module, look),
        // The pickle, or the script, of a class of its author.
        ("python_model" | "model_code_path", Some(file)) => {
            let message = format!("`{place}` runs the class in `{}`, which comes with the model", cut(file));
            look.say(&rules::SERVED_CODE, None, key, message);
            look.name_part(file, 0);
        }
        ("code", Some(folder)) => {
            let message = format!("`{place}` puts `{}` before all modules, and imports from it", cut(folder));
            look.say(&rules::SERVED_CODE, None, key, message);
        }
        ("skops_trusted_types", _) => {
            for name in value.texts().into_iter().filter(|name| !is_none(name)) {
                trusted(&place, name, look);
            }
        }
        _ => {}
    }
}

/// The module whose `_load_pyfunc` is called. MLflow's own load the model of a library.
fn loader(place: &str, module: &str, look: &mut Look<'_>) {
    if module == "mlflow" || module.starts_with("mlflow.") {
        return;
    }
    let (rule, what) = match names::leads(module) {
        Leads::Runs => (&rules::TARGET_RUNS, "runs programs or code"),
        Leads::Model | Leads::Unknown => (&rules::SERVED_CODE, "comes with the model or from a package"),
    };
    look.say(rule, None, module, format!("`{place}` imports and calls `{}`, which {what}", cut(module)));
}

fn trusted(place: &str, name: &str, look: &mut Look<'_>) {
    let (rule, what) = match names::leads(name) {
        Leads::Model => return,
        Leads::Runs => (&rules::TARGET_RUNS, "runs programs or code"),
        Leads::Unknown => (&rules::SKOPS_TYPE, "no known library of models has"),
    };
    look.say(rule, None, name, format!("`{place}` trusts `{}`, which {what}", cut(name)));
}

/// Backends of Triton that run a graph and no code of the model's author.
const BACKENDS: [&str; 14] = [
    "onnxruntime",
    "tensorrt",
    "tensorflow",
    "tensorflow1",
    "tensorflow2",
    "pytorch",
    "openvino",
    "dali",
    "fil",
    "tensorrtllm",
    "armnn_tflite",
    "identity",
    "ensemble",
    "vllm",
];
/// The older way to name them.
const PLATFORMS: [&str; 9] = [
    "tensorrt_plan",
    "tensorflow_graphdef",
    "tensorflow_savedmodel",
    "onnxruntime_onnx",
    "pytorch_libtorch",
    "ensemble",
    "openvino",
    "caffe2_netdef",
    "fil",
];

/// Judges a `config.pbtxt`.
pub(super) fn triton(text: &str, look: &mut Look<'_>) {
    let document = prototext::read(text);
    prototext::say(document.mistake.as_ref(), look);
    let fields = &document.fields;
    for field in fields {
        let value = field.value.text();
        match field.name.as_str() {
            "backend" => backend(&value, look),
            "platform" if !value.is_empty() && !PLATFORMS.contains(&value.as_str()) => {
                served_library("platform", &value, look);
            }
            "runtime" if value.contains(".so") || value.contains(".dll") => {
                served_library("runtime", &value, look);
            }
            "default_model_filename" => stays("default_model_filename", &value, look),
            "cc_model_filenames" => {
                prototext::all(field.value.fields(), "value")
                    .for_each(|name| stays("cc_model_filenames", &name.text(), look));
            }
            "model_operations" => {
                prototext::all(field.value.fields(), "op_library_filename")
                    .for_each(|library| served_library("op_library_filename", &library.text(), look));
            }
            "parameters" => parameter(field, look),
            "name" => look.learn("name", &value),
            _ => {}
        }
    }
}

fn backend(name: &str, look: &mut Look<'_>) {
    if name == "python" {
        let message = "`backend` runs the file `model.py` that lies in the folder of each version";
        look.say(&rules::SERVED_CODE, None, "python", message);
        return;
    }
    stays("backend", name, look);
    if !name.is_empty() && !BACKENDS.contains(&name) {
        served_library("backend", name, look);
    }
}

fn served_library(key: &str, name: &str, look: &mut Look<'_>) {
    let message = format!("`{key}` is `{}`: a library of native code that the server loads", cut(name));
    look.say(&rules::SERVED_LIBRARY, None, name, message);
}

/// The environment in which Python backends run is an archive of programs.
fn parameter(field: &Field, look: &mut Look<'_>) {
    let entries = field.value.fields();
    let key = prototext::all(entries, "key").next().map(Value::text).unwrap_or_default();
    let values = prototext::all(entries, "value").flat_map(Value::fields);
    for value in values.map(|field| field.value.text()) {
        if key == "EXECUTION_ENV_PATH" {
            let message = format!("the server unpacks `{}` and runs the Python in it", cut(&value));
            look.say(&rules::SERVED_CODE, None, &key, message);
        } else if key.contains("op_library") || key.ends_with("LIBRARY_PATH") {
            served_library(&key, &value, look);
        }
    }
}

/// A name of a file that lies in the folder of the model.
fn stays(key: &str, name: &str, look: &mut Look<'_>) {
    if let Some(fault) = leads_away(name) {
        let message = format!("`{key}` is `{}`: {fault}", cut(name));
        look.say(&graphs::EXTERNAL_PATH, None, name, message);
    }
}

#[cfg(test)]
mod tests {
    use domain::Verdict;
    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, tests::CATALOG, texts::yaml};

    fn said(with: impl FnOnce(&mut Look<'_>)) -> (Verdict, Vec<String>) {
        let limits = Limits::full();
        let mut look = Look::new(&CATALOG, &limits);
        with(&mut look);
        let (verdict, facts, ..) = look.into_parts();
        (verdict, facts.into_iter().map(|fact| fact.rule).collect())
    }

    #[test]
    fn a_model_of_a_library_runs_nothing_and_one_of_its_author_does() {
        let of = |flavor: &str| {
            let root = yaml::read(&format!("flavors:\n  python_function:\n    {flavor}\n")).roots.remove(0);
            said(|look| mlflow(&root, look))
        };
        for fine in [
            "loader_module: mlflow.sklearn",
            "code: null",
            "skops_trusted_types: null",
            "env: {conda: conda.yaml}",
            "code:",
        ] {
            assert_eq!(of(fine), (Verdict::Clean, vec![]), "{fine}");
        }
        for code in ["loader_module: my_loader", "python_model: python_model.pkl", "code: code"] {
            assert_eq!(of(code), (Verdict::Suspicious, vec!["serving-code".into()]), "{code}");
        }
        assert_eq!(of("loader_module: os").0, Verdict::Malicious);
        assert_eq!(of("skops_trusted_types: [posix.system]").0, Verdict::Malicious);
    }

    #[test]
    fn a_backend_of_the_server_runs_nothing_and_others_do() {
        let of = |text: &str| said(|look| triton(text, look));
        let plain = "name: \"m\"\nplatform: \"onnxruntime_onnx\"\ninput [ { name: \"x\" data_type: TYPE_FP32 dims: [ 1, -1 ] } ]\n";
        assert_eq!(of(plain), (Verdict::Clean, vec![]));
        assert_eq!(of("backend: \"python\"").1, ["serving-code"]);
        assert_eq!(of("backend: \"my_backend\"").1, ["serving-library"]);
        assert_eq!(of("model_operations { op_library_filename: \"x.so\" }").1, ["serving-library"]);
        assert_eq!(of("default_model_filename: \"../../x\"").0, Verdict::Malicious);
        let env = "parameters { key: \"EXECUTION_ENV_PATH\" value { string_value: \"x.tar.gz\" } }";
        assert_eq!(of(env).1, ["serving-code"]);
        assert_eq!(of("backend: \"onnx").1, ["text-broken"]);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(?s)(backend|parameters|name)?[:{ ]{0,2}.{0,80}") {
            let _ = said(|look| triton(&text, look));
            for root in &yaml::read(&text).roots {
                let _ = said(|look| mlflow(root, look));
            }
        }
    }
}
