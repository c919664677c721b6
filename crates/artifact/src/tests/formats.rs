//! Every format is recognised by its content and read as far as its header goes.

use domain::{Role, Verdict};

use super::{found, look, rules, samples};
use crate::{Format, Sureness, testkit};

#[test]
fn every_format_is_recognised_whatever_it_is_called() {
    for (format, bytes) in samples() {
        let found = found(&bytes);
        // Four bytes, or none at all, are a weak sign.
        let weak = matches!(format, "tensorrt" | "mnn" | "mediapipe")
            || found.reason.contains("TensorFlow's operators")
            || found.reason.contains("Keras objects")
            || found.reason.contains("text form");
        let sure = if weak { Sureness::Probable } else { Sureness::Certain };
        assert_eq!((found.format.as_str(), found.sure), (format, sure), "{}", found.reason);
        assert!(found.verdict != Verdict::Unscannable, "{format}: {:?}", found.facts);
    }
}

#[test]
fn no_format_is_left_without_a_sample() {
    let samples: Vec<_> = samples().into_iter().map(|(format, _)| format).collect();
    for format in Format::ALL {
        assert!(samples.contains(&format.as_str()), "{format:?}");
    }
}

#[test]
fn gguf_counts_its_weights_and_names_its_quantization() {
    let keys = [
        ("general.architecture", testkit::Value::Text("llama")),
        ("general.name", testkit::Value::Text("Tiny")),
        ("general.file_type", testkit::Value::U32(15)),
        ("llama.context_length", testkit::Value::U32(8192)),
        ("tokenizer.ggml.tokens", testkit::Value::Texts(&["a", "b", "c"])),
        ("tokenizer.ggml.token_type", testkit::Value::I32s(&[1, 1, 3])),
        ("llama.rope.freq_base", testkit::Value::F32(1e4)),
        ("split.count", testkit::Value::U32(1)),
    ];
    for (version, big_endian) in [(1, false), (2, false), (3, false), (3, true)] {
        let layout = testkit::Layout { version, big_endian };
        let found = found(&testkit::gguf_as(layout, &keys, &[("a", &[64, 2]), ("b", &[32])]));
        let metadata = &found.metadata;
        assert_eq!(metadata.architecture.as_deref(), Some("llama"), "{layout:?}");
        assert_eq!(metadata.name.as_deref(), Some("Tiny"));
        assert_eq!(metadata.quantization.as_deref(), Some("Q4_K_M"));
        assert_eq!((metadata.parameters, metadata.tensors), (Some(160), Some(2)));
        assert_eq!(metadata.context_length, Some(8192));
        assert_eq!(metadata.role, Some(Role::Weights));
        assert_eq!(metadata.keys["split.count"], "1");
        assert_eq!(found.facts, []);
    }
}

#[test]
fn gguf_without_a_file_type_is_named_by_its_commonest_tensor() {
    let found = found(&testkit::gguf(&[("general.type", testkit::Value::Text("adapter"))], &[("a", &[64])]));
    assert_eq!(found.metadata.quantization.as_deref(), Some("F32"));
    assert_eq!(found.metadata.role, Some(Role::Adapter));
}

#[test]
fn safetensors_adds_up_shapes_and_knows_an_adapter() {
    let weights = found(&testkit::safetensors(&[], &[("model.w", &[10, 20]), ("model.b", &[5])]));
    assert_eq!((weights.metadata.parameters, weights.metadata.tensors), (Some(205), Some(2)));
    assert_eq!(weights.metadata.quantization.as_deref(), Some("F32"));
    assert_eq!(weights.metadata.role, Some(Role::Weights));
    let names: [(&str, &[u64]); 2] = [("q.lora_A.weight", &[4, 4]), ("q.lora_B.weight", &[4, 4])];
    assert_eq!(found(&testkit::safetensors(&[], &names)).metadata.role, Some(Role::Adapter));
}

#[test]
fn safetensors_names_the_way_in_which_weights_are_packed() {
    let of = |metadata: &[(&str, &str)], names: &[&str]| {
        let tensors: Vec<(String, [u64; 2])> =
            names.iter().map(|name| (format!("layers.0.{name}"), [4, 4])).collect();
        let tensors: Vec<(&str, &[u64])> =
            tensors.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
        let found = found(&testkit::safetensors(metadata, &tensors)).metadata;
        (found.quantization.unwrap(), found.parameters)
    };
    for (names, scheme) in [
        (&["qweight", "qzeros", "scales", "g_idx"][..], "GPTQ"),
        (&["qweight", "qzeros", "scales"], "AWQ"),
        (&["q_weight", "q_invperm", "q_scale"], "EXL2"),
        (&["trellis", "suh", "svh"], "EXL3"),
        (&["weight", "weight.absmax", "weight.quant_state.bitsandbytes__nf4"], "bitsandbytes NF4"),
    ] {
        assert_eq!(of(&[("format", "pt")], names), (scheme.to_owned(), None));
    }
    let mlx = ["weight", "scales", "biases"];
    assert_eq!(of(&[("format", "mlx")], &mlx), ("MLX".to_owned(), None));
    assert_eq!(of(&[("format", "pt")], &mlx), ("F32".to_owned(), Some(48)));
}

#[test]
fn a_torch_checkpoint_tells_which_globals_its_pickle_names() {
    let pickle = testkit::pickle(&[("torch._utils", "_rebuild_tensor_v2"), ("posix", "system")]);
    let found = found(&testkit::torch_zip(&pickle));
    assert_eq!(found.metadata.keys["pickle.globals"], "posix.system torch._utils._rebuild_tensor_v2");
}

#[test]
fn a_pickle_is_weights_when_a_model_library_is_in_it_and_data_otherwise() {
    let role = |globals: &[(&str, &str)]| found(&testkit::pickle(globals)).metadata.role;
    assert_eq!(role(&[("sklearn.svm._classes", "SVC")]), Some(Role::Weights));
    assert_eq!(role(&[("collections", "OrderedDict")]), Some(Role::Data));
    assert_eq!(role(&[("numpy.core.multiarray", "_reconstruct")]), Some(Role::Data));
    let mut large = testkit::pickle(&[("numpy.core.multiarray", "_reconstruct")]);
    large.resize(70_000, 0);
    assert_eq!(found(&large).metadata.role, Some(Role::Weights));
}

#[test]
fn a_pickle_without_a_protocol_mark_is_one_by_what_it_does() {
    let mut payload = b"cposix\nsystem\n(S'id'\ntR.".to_vec();
    assert_eq!(found(&payload).metadata.keys["pickle.globals"], "posix.system");
    payload.resize(8192, b'#');
    assert_eq!(found(&payload).format, Format::Pickle);
    let inst = found(b"(S'id'\niposix\nsystem\n.");
    assert_eq!(inst.metadata.keys["pickle.globals"], "posix.system");
    let bare_protocol_4 = found(b"\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.");
    assert_eq!(bare_protocol_4.metadata.keys["pickle.globals"], "posix.system");
}

#[test]
fn a_pickle_that_breaks_after_its_payload_is_still_a_pickle() {
    for broken in [&b"cposix\nsystem\n(S'id'\ntR\xff\xff"[..], b"\x80\x04cposix\nsystem\n(S'id'\ntR\xff\xff"]
    {
        let found = found(broken);
        assert_eq!(found.format, Format::Pickle);
        assert_eq!((found.verdict, rules(&found)), (Verdict::Unscannable, vec!["pickle-broken"]));
    }
}

#[test]
fn onnx_is_walked_in_any_order_of_its_fields() {
    for graph_first in [false, true] {
        let found = found(&testkit::onnx(graph_first));
        assert_eq!(found.metadata.keys["producer_name"], "maker");
        assert_eq!(found.metadata.keys["opset_import"], "ai.onnx 21");
        assert_eq!(found.metadata.name.as_deref(), Some("tiny"));
    }
}

#[test]
fn tflite_tells_its_version_and_description() {
    let keys = found(&testkit::tflite()).metadata.keys;
    assert_eq!((keys["version"].as_str(), keys["description"].as_str()), ("3", "converted"));
}

#[test]
fn hdf5_behind_a_user_block_is_found() {
    for place in [512usize, 1024, 2048] {
        let mut bytes = vec![0; place];
        bytes.extend(testkit::keras_h5());
        assert_eq!(found(&bytes).format, Format::Keras, "at {place}");
    }
}

#[test]
fn a_llamafile_is_suspicious_because_it_runs() {
    let found = found(&testkit::llamafile(b"MZqFpD='\n"));
    assert_eq!((found.verdict, rules(&found)), (Verdict::Suspicious, vec!["executes-by-design"]));
    assert_eq!(found.metadata.keys["members"], "model.gguf");
}

#[test]
fn programs_and_ordinary_archives_are_no_models() {
    let mut program = b"\x7fELF\x02\x01\x01".to_vec();
    program.resize(100_000, 7);
    assert_eq!(look(&program), None);
    let with_archive = testkit::zip_after(program, &[("setup.py", b"print()")]);
    assert_eq!(look(&with_archive), None);
    let members: [(&str, &[u8]); 3] =
        [("META-INF/MANIFEST.MF", b"x"), ("config.json", b"{}"), ("a.npy", b"")];
    assert_eq!(look(&testkit::zip(&members)), None);
}

#[test]
fn a_directory_in_zip64_is_read() {
    let mut bytes = testkit::torch_zip(b"\x80\x02]q\x00.");
    let end = bytes.split_off(bytes.len() - 22);
    let (record, count) = (bytes.len() as u64, u64::from(end[10]));
    let wide = |at: usize| u64::from(u32::from_le_bytes(end[at..at + 4].try_into().unwrap())).to_le_bytes();
    bytes.extend([&b"PK\x06\x06"[..], &44u64.to_le_bytes(), &[0; 12], &count.to_le_bytes()].concat());
    bytes.extend([count.to_le_bytes(), wide(12), wide(16)].concat());
    bytes.extend([&b"PK\x06\x07\0\0\0\0"[..], &record.to_le_bytes(), &[1, 0, 0, 0]].concat());
    bytes.extend([&b"PK\x05\x06\0\0\0\0"[..], &[0xff; 12], &[0, 0]].concat());
    let found = found(&bytes);
    assert_eq!(
        (found.format, found.sure, found.verdict),
        (Format::Pytorch, Sureness::Certain, Verdict::NotScanned)
    );
}

#[test]
fn arrays_that_joblib_puts_between_opcodes_break_nothing() {
    let mut bytes = testkit::pickle(&[("joblib.numpy_pickle", "NumpyArrayWrapper"), ("sklearn.svm", "SVC")]);
    bytes.truncate(bytes.len() - 2);
    bytes.extend([0xff; 9000]);
    let found = found(&bytes);
    assert_eq!((found.format, found.verdict), (Format::Pickle, Verdict::NotScanned));
    assert_eq!(found.metadata.role, Some(Role::Weights));
}
