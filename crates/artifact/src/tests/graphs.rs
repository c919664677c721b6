//! Tricks 29 to 32: what hides in formats that hold a program of operators, each with a twin that does no harm.

use domain::{Severity, Verdict};

use super::{inspected, inspected_as};
use crate::{
    Inspection,
    testkit::{
        self, Flat, external, onnx_node, onnx_with, pickles::marshalled, proto, proto_entry, proto_number,
    },
};

/// Files of every format that ordinary libraries write, by catalogue id.
pub(super) fn benign() -> Vec<(&'static str, Vec<u8>)> {
    let nodes = [
        testkit::tensorflow_node("x", "Placeholder", &[], &[]),
        testkit::tensorflow_node("y", "MatMul", &["x", "x"], &[]),
    ];
    vec![
        (
            "tensorflow",
            testkit::tensorflow_saved_model(
                &nodes,
                &[("f", nodes.to_vec())],
                &[r#"{"class_name": "Dense"}"#],
            ),
        ),
        ("tensorflow", testkit::tensorflow_graph(&nodes)),
        ("tensorflow", testkit::tensorflow_index()),
        ("coreml", testkit::coreml(500, &proto(1, [proto(1, "conv"), proto(100, [])].concat()))),
        ("openvino", testkit::openvino("", r#"<layer id="0" name="x" type="Parameter" version="opset1"/>"#)),
        ("pmml", testkit::pmml("")),
        ("paddle", testkit::paddle(&[("feed", "col", "0"), ("matmul_v2", "name", "x")])),
        ("tflite", testkit::tflite_with(&[(0, "")], &[0])),
        ("ort", testkit::ort("", "Relu")),
        ("executorch", testkit::executorch("aten::add", Some("XnnpackBackend"))),
        ("flax", testkit::flax(&[2, 3], &[("step", b"\x07")])),
        ("rdata", testkit::rds(&testkit::r_numbers(&[1, 2, 3]))),
        ("xgboost", testkit::xgboost(r#"{"best_iteration":"3"}"#)),
        ("xgboost", testkit::xgboost_ubj("three rounds")),
        ("lightgbm", testkit::lightgbm("age income")),
        ("catboost", testkit::catboost("model_guid", "12-34")),
        ("mnn", testkit::mnn(12)),
        ("litertlm", testkit::litertlm(&testkit::tflite_with(&[(0, "")], &[0]))),
        ("tvm", testkit::tvm()),
        ("tvm", testkit::tvm_shards(&[("params_shard_0.bin", 64)])),
        ("tensorflow", b"# a graph\nnode {\n  name: \"x\"\n  op: \"MatMul\"\n}\n".to_vec()),
        ("onnx", b"ir_version: 10\nopset_import { version: 21 }\ngraph { name: \"g\" }".to_vec()),
        ("hdf5", testkit::hdf5_new(&[("title", "temperatures")], &[])),
    ]
}

fn rules(inspection: &Inspection) -> Vec<&str> {
    inspection.facts.iter().map(|fact| fact.rule.as_str()).collect()
}

/// Asserts the verdict, and that a rule was said.
fn says(bytes: &[u8], verdict: Verdict, rule: &str) {
    let found = inspected(bytes);
    assert_eq!(found.verdict, verdict, "{rule}: {:?}", found.facts);
    assert!(rules(&found).contains(&rule), "{rule}: {:?}", found.facts);
}

#[track_caller]
fn harmless(bytes: &[u8]) {
    let found = inspected(bytes);
    assert_eq!(found.verdict, Verdict::Clean, "{:?}", found.facts);
    assert!(found.facts.iter().all(|fact| fact.severity <= Severity::Low), "{:?}", found.facts);
}

#[test]
fn what_ordinary_libraries_write_is_clean() {
    for (format, bytes) in benign() {
        let found = inspected(&bytes);
        assert_eq!(found.identified.map(|found| found.format.as_str()), Some(format));
        assert_eq!((found.verdict, found.facts), (Verdict::Clean, vec![]), "{format}");
    }
}

#[test]
fn trick_29_external_data_stays_beside_the_model() {
    let inside =
        [("location", "weights/part 1.bin"), ("offset", "4096"), ("length", "40"), ("checksum", "aa")];
    harmless(&onnx_with(&external(&inside), &[]));
    for place in [
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\Windows\\win.ini",
        "a/../../b",
        "http://example.org/w",
        "~/.ssh/id_rsa",
    ] {
        says(&onnx_with(&external(&[("location", place)]), &[]), Verdict::Malicious, "external-data-path");
    }
}

#[test]
fn trick_29_external_data_in_attributes_and_sub_graphs_is_seen() {
    let tensor = |bytes: Vec<u8>| bytes[2..].to_vec();
    let away = tensor(external(&[("location", "../x")]));
    let constant = proto(5, [proto(1, "value"), proto(5, &away)].concat());
    says(&onnx_with(&onnx_node("Constant", "", &constant), &[]), Verdict::Malicious, "external-data-path");
    let branch = proto(5, [proto(1, "then_branch"), proto(6, onnx_node("Constant", "", &constant))].concat());
    says(&onnx_with(&onnx_node("If", "", &branch), &[]), Verdict::Malicious, "external-data-path");
    let function = proto(
        25,
        [proto(1, "f"), proto(10, "d"), proto(7, &onnx_node("Constant", "", &constant)[2..])].concat(),
    );
    says(&onnx_with(&[], &function), Verdict::Malicious, "external-data-path");
    let sparse = proto(15, proto(1, &away));
    says(&onnx_with(&sparse, &[]), Verdict::Malicious, "external-data-path");
}

#[test]
fn trick_29_external_data_sets_no_attributes_of_the_loader() {
    says(
        &onnx_with(&external(&[("location", "w"), ("__class__", "x")]), &[]),
        Verdict::Malicious,
        "external-data-attribute",
    );
    says(
        &onnx_with(&external(&[("location", "w"), ("is_checked", "1")]), &[]),
        Verdict::Suspicious,
        "external-data-unknown-key",
    );
    harmless(&onnx_with(&external(&[("location", "w"), ("prepacked_0", "x")]), &[]));
}

#[test]
fn trick_29_offsets_and_lengths_that_lie_are_seen() {
    for (key, value) in
        [("offset", "-1"), ("length", "18446744073709551615"), ("length", "39"), ("offset", "x")]
    {
        says(
            &onnx_with(&external(&[("location", "w"), (key, value)]), &[]),
            Verdict::Suspicious,
            "external-data-range",
        );
    }
    let tensor = |extent: u64, bytes: usize| {
        proto(5, [proto_number(1, extent), proto_number(2, 1), proto(9, vec![0; bytes])].concat())
    };
    harmless(&onnx_with(&tensor(10, 40), &[]));
    says(&onnx_with(&tensor(1 << 40, 40), &[]), Verdict::Unscannable, "tensor-size-mismatch");
    says(&onnx_with(&tensor(u64::MAX, 40), &[]), Verdict::Unscannable, "tensor-size-mismatch");
}

#[test]
fn trick_29_operators_that_need_a_library_are_suspicious_unless_the_model_defines_them() {
    for domain in ["", "ai.onnx", "ai.onnx.ml", "com.microsoft", "ai.onnx.contrib"] {
        harmless(&onnx_with(&onnx_node("FusedGelu", domain, &[]), &[]));
    }
    says(&onnx_with(&onnx_node("Evil", "com.evil", &[]), &[]), Verdict::Suspicious, "custom-operator");
    let function = proto(25, [proto(1, "Evil"), proto(10, "com.evil")].concat());
    harmless(&onnx_with(&onnx_node("Evil", "com.evil", &[]), &function));
    for (operator, domain) in [("PyOp", "pyop"), ("PythonOp", "com.microsoft")] {
        says(&onnx_with(&onnx_node(operator, domain, &[]), &[]), Verdict::Suspicious, "python-operator");
    }
    says(
        &onnx_with(&onnx_node("EPContext", "com.microsoft", &[]), &[]),
        Verdict::Unscannable,
        "compiled-part",
    );
    let path = proto(5, [proto(1, "ep_cache_context"), proto(4, "../../x.bin")].concat());
    says(
        &onnx_with(&onnx_node("EPContext", "com.microsoft", &path), &[]),
        Verdict::Malicious,
        "external-data-path",
    );
}

#[test]
fn trick_29_code_in_texts_is_suspicious_and_labels_are_not() {
    let names = |text: &str| onnx_with(&[], &proto_entry(14, "names", text));
    harmless(&names("{0: 'person', 1: 'bicycle', 2: 'exec', 3: 'system'}"));
    says(&names("__import__('os').system('id')"), Verdict::Suspicious, "code-in-text");
}

#[test]
fn onnx_tells_its_weights_inputs_and_licence() {
    let extents = proto(2, [proto(1, proto(2, "n")), proto(1, proto_number(1, 8))].concat());
    let input =
        proto(11, [proto(1, "x"), proto(2, proto(1, [proto_number(1, 1), extents].concat()))].concat());
    let tensor =
        proto(5, [proto_number(1, 3), proto_number(1, 4), proto_number(2, 16), proto(9, [0; 24])].concat());
    let found = inspected(&onnx_with(&[input, tensor].concat(), &proto_entry(14, "license", "MIT")));
    let identified = found.identified.unwrap();
    assert_eq!((identified.metadata.parameters, identified.metadata.tensors), (Some(12), Some(1)));
    assert_eq!(identified.metadata.quantization.as_deref(), Some("BFLOAT16"));
    assert_eq!(identified.metadata.keys["inputs"], "x: float32[n, 8]");
    assert_eq!(identified.license_claims[0].value, "MIT");
    assert!(found.weights_sha256.is_some());
}

#[test]
fn onnx_graphs_without_end_are_unscannable() {
    let mut graph = onnx_node("Relu", "", &[]);
    for _ in 0..200 {
        graph = onnx_node("If", "", &proto(5, [proto(1, "b"), proto(6, &graph)].concat()));
    }
    says(&onnx_with(&graph, &[]), Verdict::Unscannable, "nested-too-deep");
}

#[test]
fn trick_30_lambda_layers_in_hdf5_are_found_wherever_keras_is() {
    let config = |names: &[&str]| {
        format!(
            r#"{{"class_name":"Lambda","config":{{"function":["{}",null,null],"function_type":"lambda","module":"m"}}}}"#,
            marshalled(names)
        )
    };
    let file =
        |config: &str| testkit::hdf5_new(&[("keras_version", "2.15.0"), ("model_config", config)], &[]);
    says(&file(&config(&["os", "system"])), Verdict::Malicious, "keras-lambda-attack");
    says(&file(&config(&["mean"])), Verdict::Suspicious, "keras-lambda");
    harmless(&file(r#"{"class_name":"Sequential","config":{"layers":[]}}"#));
    harmless(&testkit::keras_h5());
}

#[test]
fn trick_30_hdf5_that_opens_other_files_is_seen() {
    let config = [("model_config", r#"{"class_name":"Sequential"}"#)];
    says(&testkit::hdf5_new(&config, &[("x", "/etc/passwd")]), Verdict::Malicious, "external-data-path");
    says(&testkit::hdf5_new(&config, &[("x", "other.h5")]), Verdict::Suspicious, "keras-external-file");
    harmless(&testkit::hdf5_new(&[], &[("x", "part2.h5")]));
}

#[test]
fn trick_30_pickles_in_attributes_are_looked_at() {
    let pickle = "(S'id'\nios\nsystem\n.";
    let found = inspected(&testkit::hdf5_new(&[("object", pickle)], &[]));
    assert_eq!(found.members.len(), 1, "{found:?}");
    assert_eq!(found.members[0].format.as_deref(), Some("pickle"));
}

#[test]
fn trick_30_an_hdf5_file_that_is_broken_is_still_searched() {
    let mut bytes = testkit::hdf5_new(&[("note", r#"{"class_name": "Lambda", "config": {}}"#)], &[]);
    let header = bytes.windows(4).position(|window| window == b"OHDR").unwrap();
    bytes[header] = b'X';
    says(&bytes, Verdict::Suspicious, "keras-lambda");
}

#[test]
fn trick_31_operators_on_files_and_python_are_named() {
    let one = |operator: &str| {
        testkit::tensorflow_graph(&[
            testkit::tensorflow_node("x", "Placeholder", &[], &[]),
            testkit::tensorflow_node("n", operator, &["x"], &[]),
        ])
    };
    for operator in
        ["SaveV2", "RestoreV2", "MergeV2Checkpoints", "InitializeTableFromTextFileV2", "PrintV2", "MatMul"]
    {
        harmless(&one(operator));
    }
    says(&one("WriteFile"), Verdict::Malicious, "operator-writes-files");
    for operator in ["ReadFile", "MatchingFiles", "TFRecordDatasetV2"] {
        says(&one(operator), Verdict::Suspicious, "operator-reads-files");
    }
    for operator in ["PyFunc", "EagerPyFunc", "PyFuncStateless"] {
        says(&one(operator), Verdict::Suspicious, "python-operator");
    }
    says(&one("EvilKernel"), Verdict::Suspicious, "custom-operator");
}

#[test]
fn trick_31_what_hides_in_functions_is_found_and_calls_of_functions_are_no_operators() {
    let call = [
        testkit::tensorflow_node("x", "Placeholder", &[], &[]),
        testkit::tensorflow_node("c", "my_function", &["x"], &[]),
    ];
    let body = |operator: &str| vec![testkit::tensorflow_node("n", operator, &[], &[])];
    harmless(&testkit::tensorflow_saved_model(&call, &[("my_function", body("MatMul"))], &[]));
    says(
        &testkit::tensorflow_saved_model(&call, &[("my_function", body("WriteFile"))], &[]),
        Verdict::Malicious,
        "operator-writes-files",
    );
    says(&testkit::tensorflow_saved_model(&call, &[], &[]), Verdict::Suspicious, "custom-operator");
}

#[test]
fn trick_31_paths_that_go_into_operators_are_judged() {
    let graph = |path: &str, operator: &str| {
        testkit::tensorflow_graph(&[
            testkit::tensorflow_text("p", path),
            testkit::tensorflow_node("n", operator, &["p"], &[]),
        ])
    };
    says(&graph("/etc/passwd", "ReadFile"), Verdict::Malicious, "external-data-path");
    says(&graph("assets/x", "ReadFile"), Verdict::Suspicious, "operator-reads-files");
    harmless(&graph("/tmp/vocabulary.txt", "InitializeTableFromTextFileV2"));
    says(&graph("/etc/shadow", "InitializeTableFromTextFileV2"), Verdict::Malicious, "external-data-path");
    harmless(&graph("/etc/passwd", "StringUpper"));
    let print = testkit::tensorflow_node("n", "PrintV2", &["x"], &[("output_stream", "file:///tmp/x")]);
    says(
        &testkit::tensorflow_graph(&[testkit::tensorflow_text("x", "hello"), print]),
        Verdict::Malicious,
        "operator-writes-files",
    );
}

#[test]
fn trick_31_keras_objects_in_a_saved_model_are_judged() {
    let lambda = format!(
        r#"{{"class_name":"Lambda","config":{{"function":["{}",null,null]}}}}"#,
        marshalled(&["subprocess"])
    );
    let nodes = [testkit::tensorflow_node("x", "Placeholder", &[], &[])];
    says(
        &testkit::tensorflow_saved_model(&nodes, &[], &[&lambda]),
        Verdict::Malicious,
        "keras-lambda-attack",
    );
}

#[test]
fn trick_32_a_promise_of_r_is_malicious_and_a_function_is_not() {
    let names = |items: Vec<u8>| testkit::rds(&items);
    says(&names(testkit::r_promise(&testkit::r_call("system", "id"))), Verdict::Malicious, "r-promise");
    says(&names(testkit::r_promise(&testkit::r_call("c", "id"))), Verdict::Malicious, "r-promise");
    says(&names(testkit::r_call("system", "id")), Verdict::Suspicious, "r-dangerous-call");
    harmless(&names(testkit::r_call("mean", "system")));
    let closure = [&[0, 0, 4, 3, 0, 0, 0, 253, 0, 0, 0, 254][..], &testkit::r_call("mean", "x")].concat();
    harmless(&names(closure));
    let mut saved = b"RDX3\n".to_vec();
    saved.extend(names(
        [
            &[0, 0, 4, 2][..],
            &testkit::r_symbol("x"),
            &testkit::r_promise(&testkit::r_call("system", "id")),
            &[0, 0, 0, 254],
        ]
        .concat(),
    ));
    says(&saved, Verdict::Malicious, "r-promise");
}

#[test]
fn trick_32_r_as_text_is_read_as_well() {
    let plain = "A\n3\n262913\n197888\n5\nUTF-8\n13\n2\n1\n2\n";
    harmless(plain.as_bytes());
    let promise = "A\n3\n262913\n197888\n5\nUTF-8\n1029\n253\n252\n6\n1\n262153\n6\nsystem\n254\n";
    says(promise.as_bytes(), Verdict::Malicious, "r-promise");
    says(promise.as_bytes(), Verdict::Malicious, "r-dangerous-call");
}

#[test]
fn trick_32_extensions_and_pickles_in_messagepack_are_seen() {
    harmless(&testkit::flax(&[2, 2], &[("note", b"\xa5hello")]));
    says(&testkit::flax(&[2, 2], &[("x", b"\xd4\x2a\x00")]), Verdict::Suspicious, "msgpack-extension");
    says(
        &testkit::flax(&[2, 2], &[("x", b"\xbd__import__('os').system('id')")]),
        Verdict::Suspicious,
        "code-in-text",
    );
    let found = inspected(&testkit::flax(&[2], &[("x", b"\xc4\x0a\x80\x02cos\nfoo\n.")]));
    assert_eq!(found.members.len(), 1);
}

#[test]
fn trick_32_programs_are_suspicious_wherever_they_lie() {
    let program = [&b"\x7fELF\x02\x01\x01"[..], &[0; 100]].concat();
    let found = inspected_as(&program, "libcustom.so");
    assert_eq!((found.verdict, rules(&found)), (Verdict::Suspicious, vec!["native-code"]));
    let wasm = inspected_as(b"\0asm\x01\0\0\0\0\0", "model.wasm");
    assert_eq!(wasm.verdict, Verdict::Suspicious);
}

#[test]
fn trick_32_what_was_compiled_for_an_engine_is_never_clean() {
    for (format, bytes) in testkit::engines() {
        let verdict = match format {
            "tensorrt" => Verdict::Suspicious,
            "ncnn" => Verdict::Clean,
            _ => Verdict::Unscannable,
        };
        assert_eq!(inspected(&bytes).verdict, verdict, "{format}");
    }
    says(&testkit::executorch("aten::add", Some("QnnBackend")), Verdict::Unscannable, "compiled-part");
    says(&testkit::executorch("evil::add", None), Verdict::Suspicious, "custom-operator");
    says(&testkit::mnn(256), Verdict::Suspicious, "custom-operator");
    says(&testkit::ort("com.evil", "Evil"), Verdict::Suspicious, "custom-operator");
    says(&testkit::paddle(&[("py_func", "x", "y")]), Verdict::Suspicious, "python-operator");
    says(
        &testkit::paddle(&[("load_combine", "file_path", "/etc/passwd")]),
        Verdict::Malicious,
        "external-data-path",
    );
}

#[test]
fn trick_32_layers_of_core_ml_that_are_not_in_the_file_are_suspicious() {
    let layer = |field: u32, body: Vec<u8>| {
        testkit::coreml(500, &proto(1, [proto(1, "l"), proto(field, body)].concat()))
    };
    says(&layer(500, proto(10, "EvilLayer")), Verdict::Suspicious, "coreml-custom-layer");
    let inner = proto(1, [proto(1, "l"), proto(500, proto(10, "EvilLayer"))].concat());
    says(&layer(605, proto(1, inner)), Verdict::Suspicious, "coreml-custom-layer");
    let linked = |path: &str| testkit::coreml(556, &proto(1, proto(1, proto(1, path))));
    says(&linked("other.mlmodelc"), Verdict::Suspicious, "coreml-linked-model");
    says(&linked("../../other.mlmodelc"), Verdict::Malicious, "external-data-path");
    let program = |path: &str| {
        let value = proto(5, proto(1, path));
        let operation = [proto(1, "const"), proto(5, [proto(1, "val"), proto(2, value)].concat())].concat();
        let block = proto_entry(3, "CoreML5", proto(3, operation));
        testkit::coreml(502, &proto_entry(2, "main", block))
    };
    harmless(&program("@model_path/weights/weight.bin"));
    says(&program("@model_path/../../x"), Verdict::Malicious, "external-data-path");
    let pipeline = testkit::coreml(202, &proto(1, testkit::coreml(555, &proto(1, "EvilModel"))));
    says(&pipeline, Verdict::Suspicious, "coreml-custom-layer");
}

#[test]
fn trick_32_xml_that_declares_entities_is_malicious() {
    let entity = r#"<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]>"#;
    says(&testkit::openvino(entity, ""), Verdict::Malicious, "xml-external-entity");
    says(&testkit::pmml(entity), Verdict::Malicious, "xml-external-entity");
    says(&testkit::pmml("<!DOCTYPE PMML>"), Verdict::Suspicious, "xml-document-type");
    harmless(&testkit::pmml("<!-- <!DOCTYPE x> -->"));
}

#[test]
fn trick_32_openvino_constants_and_operators_are_checked() {
    let constant = |offset: &str, size: &str| {
        let data = format!(
            r#"<layer id="1" type="Const" version="opset1"><data element_type="f32" shape="2, 4" offset="{offset}" size="{size}"/></layer>"#
        );
        testkit::openvino("", &data)
    };
    harmless(&constant("0", "32"));
    says(&constant("0", "16"), Verdict::Suspicious, "external-data-range");
    says(&constant("-4", "32"), Verdict::Suspicious, "external-data-range");
    says(
        &testkit::openvino("", r#"<layer id="1" type="Evil" version="extension"/>"#),
        Verdict::Suspicious,
        "custom-operator",
    );
    assert_eq!(inspected(&constant("0", "32")).identified.unwrap().metadata.parameters, Some(8));
}

#[test]
fn tflite_operators_of_others_and_numbers_out_of_range_are_seen() {
    says(&testkit::tflite_with(&[(32, "EvilOp")], &[0]), Verdict::Suspicious, "custom-operator");
    says(&testkit::tflite_with(&[(32, "FlexWriteFile")], &[0]), Verdict::Malicious, "operator-writes-files");
    says(&testkit::tflite_with(&[(32, "FlexReadFile")], &[0]), Verdict::Suspicious, "operator-reads-files");
    for fine in ["FlexMatMul", "TFLite_Detection_PostProcess"] {
        harmless(&testkit::tflite_with(&[(32, fine)], &[0]));
    }
    says(&testkit::tflite_with(&[(0, "")], &[7]), Verdict::Suspicious, "index-out-of-range");
    harmless(&testkit::tflite_with(&[(0, "")], &[u32::MAX]));
}

#[test]
fn what_lies_behind_a_tflite_model_is_looked_at() {
    let behind =
        |member: &[u8]| testkit::zip_after(testkit::tflite_with(&[(0, "")], &[0]), &[("labels.txt", member)]);
    let found = inspected(&behind(b"cat\ndog\n"));
    assert_eq!(found.verdict, Verdict::Clean, "{:?}", found.facts);
    assert_eq!(inspected(&behind(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0")).verdict, Verdict::Suspicious);
}

#[test]
fn trees_that_carry_code_in_their_notes_are_suspicious() {
    let code = r"__import__('os').system('id')";
    says(&testkit::xgboost(&format!(r#"{{"note":"{code}"}}"#)), Verdict::Suspicious, "code-in-text");
    says(&testkit::xgboost_ubj(code), Verdict::Suspicious, "code-in-text");
    says(&testkit::lightgbm(code), Verdict::Suspicious, "code-in-text");
    says(&testkit::catboost("note", code), Verdict::Suspicious, "code-in-text");
}

#[test]
fn offsets_of_a_flatbuffer_that_lead_nowhere_are_unscannable() {
    let mut bytes = testkit::flatbuffer(b"TFL3", &[Flat::Number(3), Flat::Tables(vec![vec![Flat::Byte(1)]])]);
    let root = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
    bytes[root + 16..root + 20].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    assert_eq!(inspected(&bytes).verdict, Verdict::Unscannable);
}

#[test]
fn trick_30_a_configuration_beside_weights_is_judged_by_its_content() {
    let lambda =
        format!(r#"{{"class_name":"Lambda","config":{{"function":["{}",null,null]}}}}"#, marshalled(&["os"]));
    assert_eq!(inspected_as(lambda.as_bytes(), "config.json").verdict, Verdict::Malicious);
    let escaped = lambda.replace("class_name", "cl\\u0061ss_name");
    assert_eq!(inspected_as(escaped.as_bytes(), "config.json").verdict, Verdict::Malicious);
    assert_eq!(inspected_as(lambda.as_bytes(), "architecture.json").verdict, Verdict::Malicious);
    let other =
        inspected_as(br#"{"architectures": ["LlamaForCausalLM"], "note": "class_name"}"#, "config.json");
    assert!(other.facts.iter().all(|fact| !fact.rule.starts_with("keras")));
}

#[test]
fn bytes_behind_hdf5_are_not_clean() {
    let mut bytes = testkit::hdf5_new(&[], &[]);
    bytes.extend(b"\x80\x04cos\nsystem\n.");
    says(&bytes, Verdict::Unscannable, "bytes-behind-the-model");
}
