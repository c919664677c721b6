//! Tricks 29 to 32: what hides in formats that hold a program of operators, and in the notes of trees.

use super::Case;
use crate::testkit::{
    Value, catboost, coreml, engines, executorch, external, flax, gguf, hdf5_new, keras_zip_with, lightgbm,
    mnn, onnx_node, onnx_with, openvino, ort, paddle, pickles::marshalled, pmml, proto, proto_entry, r_call,
    r_promise, rds, tensorflow_graph, tensorflow_node, tensorflow_saved_model, tensorflow_text, tflite_with,
    xgboost, xgboost_ubj, zip_after,
};

pub(super) fn cases() -> Vec<Case> {
    [onnx(), keras(), keras_modules(), tensorflow(), tflite(), compiled(), documents(), r(), notes()].concat()
}

fn onnx() -> Vec<Case> {
    let case = |what: &str, rules, malicious: Vec<u8>, benign: Vec<u8>| {
        Case::new(&[29], "onnx", what, rules, malicious, benign).called("model.onnx")
    };
    let data = |entries: &[(&str, &str)]| onnx_with(&external(entries), &[]);
    let inside = || data(&[("location", "weights/part 1.bin"), ("offset", "4096"), ("length", "40")]);
    let key = |key: &str, value: &str| data(&[("location", "w"), (key, value)]);
    let operator = |name: &str, domain: &str| onnx_with(&onnx_node(name, domain, &[]), &[]);
    let constant = |place: &str| {
        let tensor = external(&[("location", place)])[2..].to_vec();
        onnx_node("Constant", "", &proto(5, [proto(1, "value"), proto(5, tensor)].concat()))
    };
    let branch = |place: &str| {
        let body = proto(5, [proto(1, "then_branch"), proto(6, constant(place))].concat());
        onnx_with(&onnx_node("If", "", &body), &[])
    };
    let names = |text: &str| onnx_with(&[], &proto_entry(14, "names", text));
    let mut cases = Vec::new();
    for place in ["../../etc/passwd", "/etc/passwd", "C:\\Windows\\win.ini", "http://example.org/w"] {
        let what = format!("weights at {place}");
        let malicious = data(&[("location", place)]);
        cases.push(case(&what, &["external-data-path"], malicious, inside()).remarked(&["external-data"]));
    }
    for (what, rules, malicious) in [
        ("weights that set a class", &["external-data-attribute"][..], key("__class__", "x")),
        ("weights with another key", &["external-data-unknown-key"], key("is_checked", "1")),
        ("weights before the file", &["external-data-range"], key("offset", "-1")),
        ("weights of another size", &["external-data-range"], key("length", "39")),
        ("weights in a branch", &["external-data-path"], branch("../x")),
    ] {
        cases.push(case(what, rules, malicious, inside()).remarked(&["external-data"]));
    }
    let standard = operator("FusedGelu", "com.microsoft");
    cases.extend([
        case(
            "an operator of a library",
            &["custom-operator"],
            operator("Evil", "com.evil"),
            standard.clone(),
        ),
        case("an operator in Python", &["python-operator"], operator("PyOp", "pyop"), standard.clone()),
        case("a compiled part", &["compiled-part"], operator("EPContext", "com.microsoft"), standard.clone()),
        case(
            "code in a note",
            &["code-in-text"],
            names("__import__('os').system('id')"),
            names("{0: 'person', 1: 'exec'}"),
        ),
    ]);
    let other = ort("com.evil", "Evil");
    cases.push(Case::new(
        &[29],
        "ort",
        "an operator of a library",
        &["custom-operator"],
        other,
        ort("", "Relu"),
    ));
    cases
}

fn lambda(names: &[&str]) -> String {
    let code = marshalled(names);
    format!(
        r#"{{"class_name":"Lambda","config":{{"function":["{code}",null,null],"function_type":"lambda","module":"m"}}}}"#
    )
}

const PLAIN: &str = r#"{"class_name":"Sequential","config":{"layers":[]}}"#;

/// Puts a configuration into a file.
type Shape = fn(&str) -> Vec<u8>;

fn keras() -> Vec<Case> {
    let hdf5 = |config: &str| hdf5_new(&[("keras_version", "2.15.0"), ("model_config", config)], &[]);
    let linked = |file: &str| hdf5_new(&[("model_config", PLAIN)], &[("x", file)]);
    let saved =
        |json: &str| tensorflow_saved_model(&[tensorflow_node("x", "Placeholder", &[], &[])], &[], &[json]);
    let shapes: [(&str, &str, Shape); 2] = [
        ("keras", "an archive", keras_zip_with),
        ("json", "a configuration", |config| config.as_bytes().to_vec()),
    ];
    let mut cases = Vec::new();
    for (what, rules, names) in [
        ("a lambda", &["keras-lambda"][..], &["mean"][..]),
        ("a lambda that runs programs", &["keras-lambda-attack"], &["os", "system"]),
    ] {
        let config = lambda(names);
        for (format, place, file) in shapes {
            let what = format!("{what} in {place}");
            cases.push(
                Case::new(&[30], format, what, rules, file(&config), file(PLAIN)).called("config.json"),
            );
        }
        cases.push(Case::new(&[30], "keras", format!("{what} in HDF5"), rules, hdf5(&config), hdf5(PLAIN)));
        let what = format!("{what} in a saved model");
        cases.push(Case::new(&[30, 31], "tensorflow", what, rules, saved(&config), saved(PLAIN)));
    }
    cases.push(Case::new(
        &[30],
        "keras",
        "weights in a file of the system",
        &["external-data-path"],
        linked("/etc/passwd"),
        hdf5(PLAIN),
    ));
    cases.push(Case::new(
        &[30],
        "keras",
        "weights in another file",
        &["keras-external-file"],
        linked("other.h5"),
        hdf5(PLAIN),
    ));
    cases
}

fn keras_modules() -> Vec<Case> {
    let layer = |module: &str, class: &str, config: &str| {
        let layer = format!(
            r#"{{"module":"{module}","class_name":"{class}","config":{config},"registered_name":"{class}"}}"#
        );
        keras_zip_with(&format!(
            r#"{{"module":"keras","class_name":"Sequential","config":{{"layers":[{layer}]}}}}"#
        ))
    };
    let dense = layer("keras.layers", "Dense", r#"{"units": 3}"#);
    let names = |vocabulary: &str| {
        layer("keras.layers", "StringLookup", &format!(r#"{{"vocabulary":"{vocabulary}"}}"#))
    };
    let listed = layer("keras.layers", "StringLookup", r#"{"vocabulary":["a","b"]}"#);
    let case = |what: &str, rules, malicious: Vec<u8>, benign: &[u8]| {
        Case::new(&[30], "keras", what, rules, malicious, benign).called("model.keras")
    };
    vec![
        case("a module that runs programs", &["keras-injection"], layer("os", "system", "{}"), &dense),
        case("get_file", &["keras-injection"], layer("keras.utils", "get_file", "{}"), &dense),
        case(
            "safe mode is turned off",
            &["keras-unsafe-deserialization"],
            layer("keras.config", "function", r#""enable_unsafe_deserialization""#),
            &dense,
        ),
        case(
            "a module of another package",
            &["keras-foreign-module"],
            layer("some_package.layers", "Layer", "{}"),
            &dense,
        ),
        case(
            "a layer around another library",
            &["keras-foreign-loader"],
            layer("keras.layers", "TFSMLayer", "{}"),
            &dense,
        ),
        case(
            "a class that is not of Keras",
            &["keras-foreign-module"],
            layer("keras.src.saving.saving_lib", "Thing", "{}"),
            &dense,
        ),
        case("a vocabulary of the system", &["external-data-path"], names("/etc/passwd"), &listed),
        case("a vocabulary elsewhere", &["keras-absolute-path"], names("/content/words.txt"), &listed),
    ]
}

fn tensorflow() -> Vec<Case> {
    let input = || tensorflow_node("x", "Placeholder", &[], &[]);
    let one = |operator: &str| tensorflow_graph(&[input(), tensorflow_node("n", operator, &["x"], &[])]);
    let called = |operator: &str| {
        let body = vec![tensorflow_node("n", operator, &[], &[])];
        tensorflow_saved_model(&[input(), tensorflow_node("c", "f", &["x"], &[])], &[("f", body)], &[])
    };
    let path = |path: &str, operator: &str| {
        tensorflow_graph(&[tensorflow_text("p", path), tensorflow_node("n", operator, &["p"], &[])])
    };
    let case =
        |what: &str, rules, malicious, benign| Case::new(&[31], "tensorflow", what, rules, malicious, benign);
    vec![
        case("WriteFile", &["operator-writes-files"], one("WriteFile"), one("SaveV2")),
        case("ReadFile", &["operator-reads-files"], one("ReadFile"), one("RestoreV2")),
        case("MatchingFiles", &["operator-reads-files"], one("MatchingFiles"), one("MatMul")),
        case("PyFunc", &["python-operator"], one("PyFunc"), one("MatMul")),
        case("EagerPyFunc", &["python-operator"], one("EagerPyFunc"), one("MatMul")),
        case("a kernel of a library", &["custom-operator"], one("EvilKernel"), one("MatMul")),
        case("WriteFile in a function", &["operator-writes-files"], called("WriteFile"), called("MatMul")),
        case(
            "a table from a file of the system",
            &["external-data-path"],
            path("/etc/shadow", "InitializeTableFromTextFileV2"),
            path("/tmp/vocabulary.txt", "InitializeTableFromTextFileV2"),
        ),
    ]
}

fn tflite() -> Vec<Case> {
    let one = |name| tflite_with(&[(32, name)], &[0]);
    let labels = |data: &[u8]| zip_after(tflite_with(&[(0, "")], &[0]), &[("labels.txt", data)]);
    let case = |tricks, what: &str, rules, malicious, benign| {
        Case::new(tricks, "tflite", what, rules, malicious, benign)
    };
    vec![
        case(&[31], "WriteFile", &["operator-writes-files"], one("FlexWriteFile"), one("FlexMatMul"))
            .remarked(&["vendor-operator"]),
        case(&[31], "ReadFile", &["operator-reads-files"], one("FlexReadFile"), one("FlexMatMul"))
            .remarked(&["vendor-operator"]),
        case(
            &[31],
            "a kernel of a library",
            &["custom-operator"],
            one("EvilOp"),
            one("TFLite_Detection_PostProcess"),
        )
        .remarked(&["vendor-operator"]),
        case(
            &[32],
            "a tensor that is not there",
            &["index-out-of-range"],
            tflite_with(&[(0, "")], &[7]),
            tflite_with(&[(0, "")], &[0]),
        ),
        case(
            &[25],
            "a program among the labels",
            &["native-code"],
            labels(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0"),
            labels(b"cat\ndog\n"),
        )
        .remarked(&["archive-behind-the-end"]),
    ]
}

/// What native code, engines and servers bring.
fn compiled() -> Vec<Case> {
    let engines = engines();
    let engine = |id: &str| engines.iter().find(|(format, _)| *format == id).map(|(_, bytes)| bytes.clone());
    let plain = engine("ncnn").unwrap_or_default();
    let model = gguf(&[("general.architecture", Value::Text("qwen2"))], &[]);
    let program = crate::testkit::llamafile(b"\x7fELF\x02\x01\x01");
    let case = |format, what: &str, rules, malicious: Vec<u8>, benign: Vec<u8>| {
        Case::new(&[32], format, what, rules, malicious, benign)
    };
    vec![
        case(
            "executorch",
            "an operator of a library",
            &["custom-operator"],
            executorch("evil::add", None),
            executorch("aten::add", Some("XnnpackBackend")),
        ),
        case(
            "executorch",
            "a compiled part",
            &["compiled-part"],
            executorch("aten::add", Some("QnnBackend")),
            executorch("aten::add", Some("XnnpackBackend")),
        ),
        case("mnn", "an operator of a library", &["custom-operator"], mnn(256), mnn(12)),
        case(
            "paddle",
            "an operator in Python",
            &["python-operator"],
            paddle(&[("py_func", "x", "y")]),
            paddle(&[("matmul_v2", "x", "y")]),
        ),
        case(
            "paddle",
            "weights from a file of the system",
            &["external-data-path"],
            paddle(&[("load_combine", "file_path", "/etc/passwd")]),
            paddle(&[("matmul_v2", "x", "y")]),
        ),
        case(
            "tensorrt",
            "an engine",
            &["tensorrt-plan"],
            engine("tensorrt").unwrap_or_default(),
            plain.clone(),
        ),
        case(
            "program",
            "a library",
            &["native-code"],
            [&b"\x7fELF\x02\x01\x01"[..], &[0; 100]].concat(),
            plain,
        )
        .called("model.so"),
        case(
            crate::Format::Llamafile.as_str(),
            "a model that is a program",
            &["executes-by-design"],
            program,
            model,
        ),
    ]
}

fn documents() -> Vec<Case> {
    let entity = r#"<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]>"#;
    let constant = |size: &str| {
        let data = format!(r#"<data element_type="f32" shape="2, 4" offset="0" size="{size}"/>"#);
        openvino("", &format!(r#"<layer id="1" type="Const" version="opset1">{data}</layer>"#))
    };
    let of = |version: &str| openvino("", &format!(r#"<layer id="1" type="Relu" version="{version}"/>"#));
    let layer = |field, body: Vec<u8>| coreml(500, &proto(1, [proto(1, "l"), proto(field, body)].concat()));
    let linked = |path: &str| coreml(556, &proto(1, proto(1, proto(1, path))));
    let ordinary = || layer(100, Vec::new());
    let case = |format, what: &str, rules, malicious, benign| {
        Case::new(&[32], format, what, rules, malicious, benign)
    };
    vec![
        case(
            "openvino",
            "an entity from a file",
            &["xml-external-entity"],
            openvino(entity, ""),
            openvino("", ""),
        ),
        case("openvino", "weights of another size", &["external-data-range"], constant("16"), constant("32")),
        case("openvino", "an operator of a library", &["custom-operator"], of("extension"), of("opset1")),
        case("pmml", "an entity from a file", &["xml-external-entity"], pmml(entity), pmml("")),
        case(
            "pmml",
            "a type of document",
            &["xml-document-type"],
            pmml("<!DOCTYPE PMML>"),
            pmml("<!-- <!DOCTYPE x> -->"),
        ),
        case(
            "coreml",
            "a layer of the program",
            &["coreml-custom-layer"],
            layer(500, proto(10, "EvilLayer")),
            ordinary(),
        ),
        case("coreml", "another model", &["coreml-linked-model"], linked("other.mlmodelc"), ordinary()),
        case(
            "coreml",
            "a model elsewhere",
            &["external-data-path"],
            linked("../../other.mlmodelc"),
            ordinary(),
        ),
    ]
}

fn r() -> Vec<Case> {
    let case =
        |what: &str, rules, malicious, benign| Case::new(&[32], "rdata", what, rules, malicious, benign);
    let plain = "A\n3\n262913\n197888\n5\nUTF-8\n13\n2\n1\n2\n";
    let promise = "A\n3\n262913\n197888\n5\nUTF-8\n1029\n253\n252\n6\n1\n262153\n6\nsystem\n254\n";
    let mean = rds(&r_call("mean", "system"));
    vec![
        case("a promise", &["r-promise"], rds(&r_promise(&r_call("system", "id"))), mean.clone()),
        case("a promise as text", &["r-promise"], promise.as_bytes().to_vec(), plain.as_bytes().to_vec()),
        case("a call that runs programs", &["r-dangerous-call"], rds(&r_call("system", "id")), mean),
    ]
}

/// Code in texts that nobody is to run.
fn notes() -> Vec<Case> {
    const CODE: &str = "__import__('os').system('id')";
    const RULE: &[&str] = &["code-in-text"];
    let case =
        |format, malicious, benign| Case::new(&[32], format, "code in a note", RULE, malicious, benign);
    let note = |text: &str| xgboost(&format!(r#"{{"note":"{text}"}}"#));
    let value = |text: &str| [&[0xa0 | text.len() as u8][..], text.as_bytes()].concat();
    vec![
        case("xgboost", note(CODE), note("three rounds")),
        Case::new(
            &[32],
            "xgboost",
            "code in a binary note",
            RULE,
            xgboost_ubj(CODE),
            xgboost_ubj("three rounds"),
        ),
        case("lightgbm", lightgbm(CODE), lightgbm("age income")),
        case("catboost", catboost("note", CODE), catboost("note", "three rounds")),
        case("flax", flax(&[2, 2], &[("x", &value(CODE))]), flax(&[2, 2], &[("x", &value("hello"))])),
        Case::new(
            &[32],
            "flax",
            "an extension",
            &["msgpack-extension"],
            flax(&[2, 2], &[("x", b"\xd4\x2a\x00")]),
            flax(&[2, 2], &[("x", b"\x07")]),
        ),
    ]
}
