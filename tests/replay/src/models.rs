//! Files of models: behind a magic number or as they are, identified and inspected, and what holds for every answer.

use std::{io::Cursor, sync::LazyLock};

use artifact::{HEAD, Inspection, Limits, identify, inspect, plausible, testkit};
use catalog::Catalog;

use crate::{Target, Work};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| catalog::load().expect("the catalogue is compiled in"));

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is identified.
    Identify,
    /// It is inspected to its end.
    Inspect,
    /// Both.
    Both,
}

/// How a target makes a file of its input.
#[derive(Debug)]
pub(crate) struct Model {
    /// The beginnings that the first byte chooses from; one more choice is none of them.
    pub(crate) magics: &'static [&'static [u8]],
    /// The formats of the test corpus whose files are seeds; all of them where none is named.
    pub(crate) formats: &'static [&'static str],
    /// The name of the file.
    pub(crate) file: &'static str,
    /// What becomes of it.
    pub(crate) look: Look,
    /// Seeds beside those of the test corpus.
    pub(crate) more: fn() -> Vec<Vec<u8>>,
}

impl Model {
    /// The file that an input becomes; none of nothing.
    pub(crate) fn file(&self, data: &[u8]) -> Option<Vec<u8>> {
        let (&first, rest) = data.split_first()?;
        let choice = usize::from(first) % (self.magics.len() + 1);
        Some([self.magics.get(choice).copied().unwrap_or_default(), rest].concat())
    }

    pub(crate) fn run(&self, data: &[u8]) {
        let Some(file) = self.file(data) else { return };
        if self.look != Look::Inspect {
            check(&file);
        }
        if self.look != Look::Identify {
            check_inspection(self.file, &file);
        }
    }

    /// The input that becomes this file.
    pub(crate) fn input(&self, file: &[u8]) -> Vec<u8> {
        let fits = |&(_, magic): &(usize, &&[u8])| file.starts_with(magic);
        let longest = self.magics.iter().enumerate().filter(fits).max_by_key(|(_, magic)| magic.len());
        let (choice, skipped) =
            longest.map_or((self.magics.len(), 0), |(choice, magic)| (choice, magic.len()));
        let choice = u8::try_from(choice).expect("a handful of magic numbers");
        [&[choice], &file[skipped..]].concat()
    }
}

/// Identifies a file.
fn check(file: &[u8]) {
    let len = file.len() as u64;
    let cheap = plausible(file.get(..HEAD).unwrap_or(file), len);
    let found = identify(&mut Cursor::new(file), len).expect("a file in memory has no errors");
    if let Some(found) = found {
        assert!(cheap, "identified but not plausible: {found:?}");
        assert!(found.metadata.keys.values().all(|value| value.chars().count() <= 256));
        assert!(found.facts.len() <= 8 && found.license_claims.len() <= 96);
    }
}

/// Inspects a file of that name to its end.
pub(crate) fn check_inspection(name: &str, file: &[u8]) -> Inspection {
    let limits = Limits { unpacked: 4 << 20, text: 16 << 20, ..Limits::full() };
    let len = file.len() as u64;
    let found =
        inspect(Cursor::new(file), len, name, &CATALOG, &limits).expect("a file in memory has no errors");
    assert!(found.facts.len() <= 512, "{} facts", found.facts.len());
    assert!(found.facts.iter().all(|fact| fact.message.chars().count() <= 256));
    assert!(found.sha256.is_some());
    assert!(found.bytes_read < 100 * len + (256 << 20), "{} of {len} bytes were read", found.bytes_read);
    found
}

const fn target(name: &'static str, parsers: &'static [&'static str], model: Model) -> Target {
    Target { name, parsers, work: Work::Model(model) }
}

/// Formats of the corpus that are archives or lie in one.
const PACKED: &[&str] = &[
    "pytorch",
    "torchscript",
    "joblib",
    "npy",
    "npz",
    "zip",
    "tar",
    "gzip",
    "7z",
    "skops",
    "keras",
    "nemo",
    "mediapipe",
    "torch-export",
    "program",
    "llamafile",
];

pub(crate) const TARGETS: &[Target] = &[
    target(
        "identify",
        &["crates/artifact/src/reader.rs"],
        Model { magics: &[], formats: &[], file: "", look: Look::Identify, more: written },
    ),
    target(
        "gguf",
        &["crates/artifact/src/gguf.rs"],
        Model {
            magics: &[b"GGUF\x01\0\0\0", b"GGUF\x02\0\0\0", b"GGUF\x03\0\0\0", b"GGUF\0\0\0\x03"],
            formats: &["gguf"],
            file: "model",
            look: Look::Both,
            more: ggufs,
        },
    ),
    target(
        "ggml",
        &["crates/artifact/src/ggml.rs"],
        Model {
            magics: &[b"lmgg", b"fmgg\x01\0\0\0", b"tjgg\x03\0\0\0", b"algg\x01\0\0\0"],
            formats: &["ggml"],
            file: "model",
            look: Look::Both,
            more: ggmls,
        },
    ),
    target(
        "safetensors",
        &["crates/artifact/src/safetensors.rs"],
        Model {
            magics: &[
                b"\x80\0\0\0\0\0\0\0{\"",
                b"\0\x02\0\0\0\0\0\0{\"w\":{\"dtype\":\"F32\",\"shape\":[",
                b"\xff\xff\xff\xff\xff\xff\xff\xff{\"",
            ],
            formats: &["safetensors"],
            file: "model",
            look: Look::Both,
            more: || vec![testkit::safetensors(&[("format", "pt")], &[("w", &[8, 8]), ("b", &[8])])],
        },
    ),
    target(
        "archive",
        &["crates/artifact/src/archive.rs", "crates/artifact/src/zip.rs"],
        Model {
            magics: &[b"PK\x03\x04"],
            formats: &["pytorch", "torchscript", "npz", "zip", "skops", "keras"],
            file: "",
            look: Look::Identify,
            more: || vec![testkit::npz(2), testkit::torchscript_zip(), testkit::keras_zip()],
        },
    ),
    target(
        "llamafile",
        &["crates/artifact/src/llamafile.rs"],
        Model {
            magics: &[b"MZqFpD='", b"jartsr='", b"\x7fELF", b"MZ"],
            formats: &["llamafile", "program"],
            file: "",
            look: Look::Both,
            more: || vec![testkit::llamafile(b"MZqFpD='\n\n"), testkit::llamafile(b"\x7fELF\x02\x01\x01")],
        },
    ),
    target(
        "tflite",
        &["crates/artifact/src/tflite.rs"],
        Model {
            magics: &[b"\x14\0\0\0TFL3", b"\x10\0\0\0TFL3"],
            formats: &["tflite"],
            file: "",
            look: Look::Both,
            more: || vec![testkit::tflite()],
        },
    ),
    target(
        "flatbuffers",
        &[
            "crates/artifact/src/flatbuffer.rs",
            "crates/artifact/src/ort.rs",
            "crates/artifact/src/executorch.rs",
        ],
        Model {
            magics: &[
                b"\x10\0\0\0TFL3",
                b"\x10\0\0\0ORTM",
                b"\x10\0\0\0ET12",
                b"CBM1\x40\0\0\0",
                b"\x10\0\0\0\0\0\0\0",
                b"LITERTLM\x01\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0",
            ],
            formats: &["tflite", "ort", "executorch", "catboost", "mnn"],
            file: "",
            look: Look::Inspect,
            more: flatbuffers,
        },
    ),
    target(
        "hdf5",
        &["crates/artifact/src/hdf5.rs"],
        Model {
            magics: &[b"\x89HDF\r\n\x1a\n\0", b"\x89HDF\r\n\x1a\n\x02", b"\x89HDF\r\n\x1a\n\x03"],
            formats: &["hdf5", "keras"],
            file: "",
            look: Look::Identify,
            more: || vec![testkit::keras_h5(), testkit::hdf5(&["a", "b"])],
        },
    ),
    target(
        "hdf5_objects",
        &["crates/artifact/src/hdf5.rs"],
        Model {
            magics: &[
                b"\x89HDF\r\n\x1a\n\x02\x08\x08\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0\x30\0\0\0\0\0\0\0\0\0\0\0OHDR\x02\x02",
                b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0\x04\0\x10\0",
            ],
            formats: &["hdf5", "keras"],
            file: "",
            look: Look::Inspect,
            more: || vec![testkit::keras_h5(), testkit::hdf5_new(&[("keras_version", "2.12.0")], &[("l", "/x")])],
        },
    ),
    target(
        "onnx",
        &["crates/artifact/src/onnx.rs"],
        Model {
            magics: &[b"\x08\x0a", b"\x08\x07\x12", b"\x3a", b""],
            formats: &["onnx"],
            file: "",
            look: Look::Identify,
            more: || vec![testkit::onnx(true), testkit::onnx(false)],
        },
    ),
    target(
        "graphs",
        &[
            "crates/artifact/src/protobuf.rs",
            "crates/artifact/src/onnx.rs",
            "crates/artifact/src/coreml.rs",
            "crates/artifact/src/tensorflow.rs",
            "crates/artifact/src/paddle.rs",
        ],
        Model {
            magics: &[
                b"\x08\x0a\x3a",
                b"\x08\x04\x12",
                b"\x08\x01\x12",
                b"\x0a",
                b"\x0a\x20\x08\x00\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            ],
            formats: &["onnx", "coreml", "tensorflow", "paddle"],
            file: "",
            look: Look::Inspect,
            more: || vec![testkit::onnx(true), testkit::tensorflow_index(), testkit::coreml(500, b"")],
        },
    ),
    target(
        "pickle",
        &["crates/artifact/src/pickle.rs"],
        Model {
            magics: &[b"\x80\x02", b"\x80\x04\x95", b"(", b"c", LEGACY],
            formats: &["pickle", "joblib", "pytorch"],
            file: "",
            look: Look::Identify,
            more: || vec![testkit::torch_legacy(), testkit::pickle_text(40)],
        },
    ),
    target(
        "pickle_inspect",
        &["crates/artifact/src/pickle.rs"],
        Model {
            magics: &[
                b"\x80\x04",
                b"\x80\x02",
                b"(",
                b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(",
                LEGACY,
            ],
            formats: &["pickle", "joblib", "pytorch"],
            file: "x.pkl",
            look: Look::Inspect,
            more: || vec![testkit::torch_legacy(), testkit::pickle_text(40)],
        },
    ),
    target(
        "r_objects",
        &["crates/artifact/src/rdata.rs"],
        Model {
            magics: &[
                b"X\n\0\0\0\x03\0\x04\x03\x01\0\x03\x05\0\0\0\0\x05UTF-8",
                b"X\n\0\0\0\x02\0\x04\x03\x01\0\x02\x03\0",
                b"A\n3\n262913\n197888\n5\nUTF-8\n",
                b"B\n\x02\0\0\0\x01\x03\x04\0\0\x03\x02\0",
            ],
            formats: &["rdata"],
            file: "",
            look: Look::Inspect,
            more: || vec![testkit::rds(&testkit::r_numbers(&[1, 2, 3]))],
        },
    ),
    target(
        "messagepack",
        &["crates/artifact/src/msgpack.rs"],
        Model {
            magics: &[
                b"\x81\xa6params\x81\xa1w\xc7\x14\x01\x93\x91\x02\xa7float32\xc4\x08\0\0\0\0\0\0\0\0",
                b"\x82\xa1a\xc7\x0e\x01\x93\x90\xa7float32\xc4\x00",
            ],
            formats: &["flax"],
            file: "",
            look: Look::Inspect,
            more: || vec![testkit::flax(&[2, 3], &[("step", b"\x03")])],
        },
    ),
    target(
        "trees",
        &["crates/artifact/src/trees.rs"],
        Model {
            magics: &[
                b"{L\0\0\0\0\0\0\0\x07learner{",
                b"{\"learner\":{\"attributes\":{},\"feature_names\":[]",
                b"tree\nversion=v4\nnum_class=1\n",
            ],
            formats: &["xgboost", "lightgbm", "catboost"],
            file: "",
            look: Look::Inspect,
            more: || {
                vec![testkit::xgboost("{}"), testkit::xgboost_ubj("a"), testkit::lightgbm("a b c")]
            },
        },
    ),
    target(
        "markup",
        &["crates/artifact/src/xml.rs", "crates/artifact/src/openvino.rs"],
        Model {
            magics: &[
                b"<net name=\"x\" version=\"11\"><layers>",
                b"<PMML version=\"4.4\">",
                b"<?xml version=\"1.0\"?><!DOCTYPE ",
            ],
            formats: &["openvino", "pmml"],
            file: "",
            look: Look::Inspect,
            more: || vec![testkit::openvino("", ""), testkit::pmml("")],
        },
    ),
    target(
        "engines",
        &["crates/artifact/src/compiled.rs"],
        Model {
            magics: &[
                b"\xb7\x9c\x04\x05\x4f\x8d\xe5\xf7",
                b"7767517\n2 2\n",
                b"RKNN\0\0\0\0\x06\0\0\0\0\0\0\0",
                b"\x01HEF\0\0\0\x01",
            ],
            formats: &["tensorrt", "mnn"],
            file: "",
            look: Look::Inspect,
            more: engines,
        },
    ),
    target(
        "jinja",
        &["crates/artifact/src/texts.rs"],
        Model {
            magics: &[b"{{", b"{%"],
            formats: &["jinja"],
            file: "chat_template.jinja",
            look: Look::Inspect,
            more: crate::texts::jinja,
        },
    ),
    target(
        "go_template",
        &["crates/artifact/src/texts.rs"],
        Model {
            magics: &[b"{{", b"{{ if"],
            formats: &["template"],
            file: "template",
            look: Look::Inspect,
            more: crate::texts::go_templates,
        },
    ),
    target(
        "yaml",
        &["crates/artifact/src/texts.rs"],
        Model {
            magics: &[b"_target_: "],
            formats: &["yaml"],
            file: "model_config.yaml",
            look: Look::Inspect,
            more: crate::texts::yaml,
        },
    ),
    target(
        "containers",
        &["crates/artifact/src/containers.rs", "crates/artifact/src/inspect.rs", "crates/artifact/src/tarball.rs"],
        Model {
            magics: &[
                b"PK\x03\x04",
                b"\x1f\x8b\x08\0",
                b"BZh91AY&SY",
                b"\x78\x9c",
                b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0\x21\x01\x16\0\0\0\x74\x2f\xe5\xa3",
                b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0",
                b"\x04\x22\x4d\x18",
                b"\x28\xb5\x2f\xfd",
                b"\x93NUMPY\x01\0",
                b"MZ",
            ],
            formats: PACKED,
            file: "file",
            look: Look::Inspect,
            more: packed,
        },
    ),
];

/// The old container of PyTorch, up to its first own pickle.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

fn written() -> Vec<Vec<u8>> {
    [vec![testkit::ggml(), testkit::tflite(), testkit::tvm(), testkit::keras_h5()], engines(), flatbuffers()]
        .concat()
}

/// The one that the kit writes, and the beginnings of its relatives.
fn ggmls() -> Vec<Vec<u8>> {
    let ggml = testkit::ggml();
    let after = |magic: &[u8]| [magic, ggml.get(4..).unwrap_or_default()].concat();
    vec![after(b"fmgg\x01\0\0\0"), after(b"tjgg\x03\0\0\0"), after(b"algg\x01\0\0\0"), after(b"lmgg"), ggml]
}

fn ggufs() -> Vec<Vec<u8>> {
    use testkit::{Layout, Value};
    let keys = [
        ("general.architecture", Value::Text("llama")),
        ("llama.context_length", Value::U32(4096)),
        ("llama.rope.freq_base", Value::F32(10000.0)),
        ("tokenizer.ggml.tokens", Value::Texts(&["<s>", "a"])),
        ("tokenizer.ggml.token_type", Value::I32s(&[3, 1])),
        ("tokenizer.chat_template", Value::Text("{{ messages[0].content }}")),
    ];
    let tensors: [(&str, &[u64]); 2] = [("token_embd.weight", &[8, 2]), ("output.weight", &[8])];
    [(1, false), (2, false), (3, false), (3, true)]
        .map(|(version, big_endian)| testkit::gguf_as(Layout { version, big_endian }, &keys, &tensors))
        .to_vec()
}

fn flatbuffers() -> Vec<Vec<u8>> {
    vec![
        testkit::ort("ai.onnx", "MatMul"),
        testkit::executorch("aten::add", Some("XnnpackBackend")),
        testkit::catboost("params", "{}"),
        testkit::mnn(1),
        testkit::litertlm(b"{}"),
    ]
}

fn engines() -> Vec<Vec<u8>> {
    testkit::engines().into_iter().map(|(_, file)| file).chain([testkit::tvm()]).collect()
}

fn packed() -> Vec<Vec<u8>> {
    use testkit::archives::{bzip2, deflated, entry, gzip, lz4, npy, part, tar, xz, zip, zlib, zstd};
    let inner = testkit::pickle(&[("collections", "OrderedDict")]);
    let folder = tar(&[entry("a/b.pkl", b'0', "", &inner), entry("l", b'2', "a/b.pkl", b"")]);
    let plain = zip(&[part("a.pkl", &inner), deflated("b.npy", &npy("'<f4'", "(2, 3)", &[0; 24]))]);
    vec![
        gzip(&inner),
        bzip2(&inner),
        lz4(&inner),
        zstd(&inner),
        xz(&inner),
        zlib(&inner),
        gzip(&folder),
        zip(&[part("inner.zip", &plain), part("inner.tar", &folder)]),
        folder,
        plain,
    ]
}
