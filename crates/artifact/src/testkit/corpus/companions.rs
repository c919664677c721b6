//! Trick 32 and others in what lies around a model: servers' configurations, lists of packages, archives with a model in them, and the
//! text forms of graphs.

use super::Case;
use crate::testkit::{
    bundles::{dlc, mediapipe, nemo, ocdbt, skops, torch_export, torch_tar},
    pickle,
    pickles::{self, attack},
    proto, proto_number, tensorflow_graph, tensorflow_node,
};

pub(super) fn cases() -> Vec<Case> {
    [exported(), archives(), as_text(), servers(), packages()].concat()
}

/// A text under a name that servers look for.
fn named(
    format: &'static str,
    file: &'static str,
    what: &str,
    rules: &'static [&'static str],
    malicious: &str,
    benign: &str,
) -> Case {
    Case::new(&[32], format, what, rules, malicious, benign).called(file)
}

/// Programs of `torch.export`.
fn exported() -> Vec<Case> {
    let graph = |key: &str, expression: &str, target: &str| {
        torch_export(&format!(
            r#"{{"nodes": [{{"target": "{target}"}}], "sizes": [{{"{key}": "{expression}"}}]}}"#
        ))
    };
    let ranges =
        |symbol: &str| torch_export(&format!(r#"{{"range_constraints": {{"{symbol}": {{"min_val": 2}}}}}}"#));
    let (relu, size) = ("torch.ops.aten.relu.default", "Max(1, s0 - 1)");
    let benign = graph("expr_str", size, relu);
    let code = "__import__('os').system('id')";
    let case = |what: &str, rules, malicious| {
        Case::new(&[32], "torch-export", what, rules, malicious, benign.clone())
    };
    let expression = &["torch-program-expression"];
    vec![
        case("an expression of Python", expression, graph("expr_str", code, relu)),
        case("a key in escapes", expression, graph("\\u0065xpr_str", code, relu)),
        case("an expression in escapes", expression, graph("expr_str", "s0.\\u005f\\u005fclass__", relu)),
        Case::new(&[32], "torch-export", "a range of Python", expression, ranges("().x"), ranges("s0")),
        case(
            "a function of the system",
            &["torch-program-target"],
            graph("expr_str", size, "torch.os.system"),
        ),
        case("a function that loads", &["torch-program-target"], graph("expr_str", size, "torch.hub.load")),
        case(
            "an operator of a library",
            &["custom-operator"],
            graph("expr_str", size, "torch.ops.evil.run.default"),
        ),
    ]
}

fn archives() -> Vec<Case> {
    let target = |name: &str| nemo(&format!("model:\n  _target_: {name}\n"));
    vec![
        Case::new(
            &[21, 32],
            "nemo",
            "a target that runs programs",
            &["target-runs-code"],
            target("os.system"),
            target("torch.nn.ReLU"),
        ),
        Case::new(
            &[32],
            "skops",
            "a model of a function that runs programs",
            &["skops-runs-code"],
            skops("os", "system"),
            skops("sklearn.linear_model._logistic", "LogisticRegression"),
        ),
        Case::new(
            &[31],
            "mediapipe",
            "an operator that writes files",
            &["operator-writes-files"],
            mediapipe("FlexWriteFile"),
            mediapipe(""),
        ),
        Case::new(&[32], "dlc", "a compiled part", &["compiled-part"], dlc(), mediapipe("")),
        Case::new(
            &[21],
            "pytorch",
            "a tar of pickles",
            &["pickle-dangerous-call"],
            torch_tar(&pickles::pickle(&[&attack()])),
            torch_tar(&pickle(&[("torch._utils", "_rebuild_tensor_v2")])),
        ),
        Case::new(
            &[29],
            "orbax",
            "values of the system",
            &["external-data-path"],
            ocdbt(&["d/0fb07f1df005", "../../../etc/passwd"]),
            ocdbt(&["d/0fb07f1df005", "d/25ea9a55711f"]),
        ),
    ]
}

/// Graphs as text, and as bytes in an order of their own.
fn as_text() -> Vec<Case> {
    let graph = |operator: &str| {
        format!(
            "node {{\n  name: \"n\"\n  op: \"{operator}\"\n  input: \"x\"\n}}\nnode {{ name: \"m\" op: \"MatMul\" }}\n"
        )
    };
    let saved = |operator: &str| format!("meta_graphs < graph_def < {} > >\n", graph(operator));
    let late = |operator: &str| {
        let graph = tensorflow_graph(&[
            tensorflow_node("m", "MatMul", &[], &[]),
            tensorflow_node("n", operator, &["x"], &[]),
        ]);
        [proto(2, [proto(5, proto(1, "serve")), proto(2, graph)].concat()), proto_number(1, 1)].concat()
    };
    let swapped = |operator: &str| proto(1, [proto(2, operator), proto(1, "n")].concat());
    let writes = &["operator-writes-files"];
    let case = |what: &str, malicious: Vec<u8>, benign: Vec<u8>| {
        Case::new(&[31], "tensorflow", what, writes, malicious, benign)
    };
    let model = |place: &str| {
        format!(
            "ir_version: 10\nproducer_name: \"maker\"\nopset_import {{ version: 21 }}\ngraph {{\n  name: \"g\"\n  node {{ op_type: \"Relu\" input: \"x\" output: \"y\" }}\n  initializer {{\n    dims: 10\n    data_type: 1\n    name: \"w\"\n    external_data {{ key: \"location\" value: \"{place}\" }}\n    data_location: EXTERNAL\n  }}\n}}\n"
        )
    };
    vec![
        case("WriteFile in a graph as text", graph("WriteFile").into(), graph("SaveV2").into()),
        case("WriteFile in a saved model as text", saved("WriteFile").into(), saved("SaveV2").into()),
        case("WriteFile in a saved model that begins with its graphs", late("WriteFile"), late("SaveV2")),
        case("WriteFile in a node whose operator comes first", swapped("WriteFile"), swapped("SaveV2")),
        Case::new(
            &[29],
            "onnx",
            "weights of the system in a model as text",
            &["external-data-path"],
            model("../../etc/passwd"),
            model("model.onnx_data"),
        )
        .remarked(&["external-data"]),
    ]
}

fn servers() -> Vec<Case> {
    let flavor = |entry: &str| {
        format!(
            "flavors:\n  python_function:\n    {entry}\n    python_version: 3.11.7\nmlflow_version: 3.1.0\n"
        )
    };
    let model = |entry: &str| {
        format!("name: \"m\"\n{entry}\ninput [ {{ name: \"x\" data_type: TYPE_FP32 dims: [ 4 ] }} ]\n")
    };
    let mlflow = |what: &str, rules, entry: &str| {
        named("mlflow", "MLmodel", what, rules, &flavor(entry), &flavor("loader_module: mlflow.sklearn"))
    };
    let triton = |what: &str, rules, entry: &str| {
        named("triton", "config.pbtxt", what, rules, &model(entry), &model("platform: \"onnxruntime_onnx\""))
    };
    vec![
        mlflow("a loader of its own", &["serving-code"], "loader_module: my_loader"),
        mlflow("a class that was pickled", &["serving-code"], "python_model: python_model.pkl"),
        mlflow("code beside the model", &["serving-code"], "code: code"),
        mlflow("a script as the model", &["serving-code"], "model_code_path: model.py"),
        mlflow("a loader that runs programs", &["target-runs-code"], "loader_module: os"),
        mlflow("trust in a function", &["target-runs-code"], "skops_trusted_types: [builtins.eval]"),
        triton("a model in Python", &["serving-code"], "backend: \"python\""),
        triton("a library as backend", &["serving-library"], "backend: \"my_backend\""),
        triton(
            "operators of a library",
            &["serving-library"],
            "model_operations { op_library_filename: \"x.so\" }",
        ),
        triton(
            "a file of the system",
            &["external-data-path"],
            "default_model_filename: \"../../../etc/passwd\"",
        ),
        triton(
            "an environment of programs",
            &["serving-code"],
            "parameters { key: \"EXECUTION_ENV_PATH\" value { string_value: \"env.tar.gz\" } }",
        ),
    ]
}

fn packages() -> Vec<Case> {
    let list = |line: &str| format!("torch==2.8.0\n{line}\n");
    let conda =
        |line: &str| format!("channels: [conda-forge]\ndependencies:\n- python=3.11\n- pip:\n  - {line}\n");
    let rule = &["package-unprotected"];
    let (open, safe) = ("x @ http://example.org/x.whl", "numpy>=2 # git+https://example.org/x");
    let index = "--extra-index-url http://10.0.0.7/simple";
    vec![
        named("packages", "requirements.txt", "a package over an open way", rule, &list(open), &list(safe)),
        named("packages", "requirements.txt", "an index over an open way", rule, &list(index), &list(safe)),
        named(
            "packages",
            "conda.yaml",
            "a package over an open way, by conda",
            rule,
            &conda(open),
            &conda("numpy"),
        ),
    ]
}
