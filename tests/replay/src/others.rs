//! Everything that is no file of a model: tables of the kernel, configurations, queries, messages and signatures. And the files of
//! models that are made around the input.

use std::sync::LazyLock;

use artifact::testkit;
use catalog::Catalog;
use protocol::{
    query::{Field, Kind, Query},
    sensor::{Command, EnrolRequest, Problem, Report, pack, unpack},
    signing::{
        EnrolmentToken, Envelope, EnvelopeSignature, KeyId, PublicKey, SignatureHeaders, SignedRequest,
        SigningKey,
    },
};
use sensor::sse::{Event, LARGEST_EVENT, Reader};

use crate::{
    Target, Work, history,
    models::{Look, Model, check_inspection},
    seeds, texts,
};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| catalog::load().expect("the catalogue is compiled in"));

const fn target(
    name: &'static str,
    parsers: &'static [&'static str],
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
) -> Target {
    Target { name, parsers, work: Work::Other { run, seeds } }
}

pub(crate) const TARGETS: &[Target] = &[
    target("keras_config", &["crates/artifact/src/keras.rs"], keras_config, keras_configs),
    target("configurations", &["crates/artifact/src/texts.rs"], configurations, configuration_files),
    target("text_graphs", &["crates/artifact/src/prototext.rs"], text_graphs, || seeds::of(&TEXT_GRAPHS)),
    target(
        "stores",
        &["crates/artifact/src/numpy.rs", "crates/artifact/src/orbax.rs", "crates/artifact/src/wrapped.rs"],
        stores,
        || seeds::of(&STORES),
    ),
    target("directories", &["crates/artifact/src/containers.rs"], directories, texts::directories),
    target(
        "documents",
        &[
            "crates/inventory/src/agents/document.rs",
            "crates/inventory/src/agents/launcher.rs",
            "crates/inventory/src/agents/mcp.rs",
            "crates/inventory/src/agents/plain_json.rs",
            "crates/inventory/src/inspect/pointer.rs",
            "crates/inventory/src/stores/card.rs",
            "crates/inventory/src/stores/local_dir.rs",
            "crates/inventory/src/stores/manifest.rs",
            "crates/inventory/src/stores/url.rs",
            "crates/inventory/src/stores/yaml.rs",
        ],
        |data| inventory::fuzz_documents(&CATALOG.secrets, data),
        texts::documents,
    ),
    target(
        "licenses",
        &["crates/catalog/src/license.rs", "crates/catalog/src/pattern.rs"],
        licenses,
        texts::licenses,
    ),
    target(
        "kernel_tables",
        &[
            "crates/platform/src/accelerator/drm.rs",
            "crates/platform/src/network.rs",
            "crates/platform/src/process/linux.rs",
            "crates/platform/src/walk/mounts.rs",
        ],
        kernel_tables,
        texts::kernel_tables,
    ),
    target("secrets", &["crates/catalog/src/secrets.rs"], secrets, texts::command_lines),
    target(
        "signing",
        &[
            "crates/protocol/src/signing.rs",
            "crates/protocol/src/signing/envelope.rs",
            "crates/protocol/src/signing/request.rs",
            "crates/protocol/src/signing/token.rs",
        ],
        signing,
        texts::signatures,
    ),
    target(
        "messages",
        &["crates/protocol/src/sensor.rs", "crates/domain/src/digest.rs", "crates/domain/src/path.rs"],
        messages,
        texts::messages,
    ),
    target("events", &["crates/sensor/src/sse.rs"], events, texts::events),
    target("queries", &["crates/protocol/src/query.rs"], queries, texts::queries),
    target(
        "journal",
        &[
            "crates/journal/src/bundle.rs",
            "crates/journal/src/checkpoint.rs",
            "crates/journal/src/log.rs",
            "crates/journal/src/note.rs",
            "crates/journal/src/proof.rs",
            "crates/journal/src/tile.rs",
            "crates/journal/src/tree.rs",
            "crates/journal/src/verify.rs",
            "crates/journal/src/wal.rs",
        ],
        history::run,
        history::seeds,
    ),
];

/// The configuration of a Keras model, as an attribute of HDF5.
fn keras_config(data: &[u8]) {
    let config = String::from_utf8_lossy(data.get(..60_000).unwrap_or(data));
    check_inspection("", &testkit::hdf5_new(&[("model_config", &config)], &[]));
}

/// The configurations in the corpus, wherever they stand: each begins with the name of a class.
fn keras_configs() -> Vec<Vec<u8>> {
    let cases = testkit::corpus().into_iter().filter(|case| ["keras", "hdf5"].contains(&case.format));
    let files = cases.flat_map(|case| [case.malicious, case.benign]);
    files.filter_map(|file| document(&file)).collect()
}

/// The object of JSON that begins with the name of a class, up to where it is closed.
fn document(file: &[u8]) -> Option<Vec<u8>> {
    let starts = [&b"{\"class_name\""[..], b"{\"module\""];
    let start = file.windows(9).position(|window| starts.iter().any(|start| start.starts_with(window)))?;
    let mut open = 0i32;
    let end = file.get(start..)?.iter().position(|byte| {
        open += i32::from(*byte == b'{') - i32::from(*byte == b'}');
        open == 0
    })?;
    file.get(start..=start + end).map(<[u8]>::to_vec)
}

/// Names that have a meaning of their own beside a model.
const NAMES: &[&str] = &[
    "config.json",
    "tokenizer_config.json",
    "tokenizer.json",
    "model_index.json",
    "adapter_config.json",
    "modules.json",
    "configuration.json",
    "schema.json",
    "model.safetensors.index.json",
    "preset.ini",
    "Modelfile",
    "README.md",
    "modeling_x.py",
    "MLmodel",
    "config.pbtxt",
    "requirements.txt",
    "conda.yaml",
];

/// Configurations and code beside a model; the first byte chooses the name.
fn configurations(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else { return };
    check_inspection(NAMES[usize::from(first) % NAMES.len()], rest);
}

/// The texts of the corpus under their names, or under every name with their extension.
fn configuration_files() -> Vec<Vec<u8>> {
    let extension = |name: &str| name.rsplit_once('.').map(|(_, extension)| extension.to_owned());
    let mut seeds = Vec::new();
    for case in testkit::corpus() {
        for (number, name) in (0u8..).zip(NAMES) {
            if extension(case.file).is_some() && extension(case.file) == extension(name) {
                seeds.extend([&case.malicious, &case.benign].map(|file| [&[number], &file[..]].concat()));
            }
        }
    }
    seeds.extend(texts::configurations().map(|(name, text)| {
        let number = NAMES.iter().position(|known| *known == name).expect("a name of the list");
        [&[u8::try_from(number).expect("a short list")], text.as_bytes()].concat()
    }));
    seeds
}

/// Graphs as text: TensorFlow's and ONNX's in the text form of protocol buffers.
const TEXT_GRAPHS: Model = Model {
    magics: &[
        b"node { name: \"x\" op: \"MatMul\" ",
        b"meta_graphs { graph_def { node { op: \"MatMul\" ",
        b"ir_version: 8 opset_import { version: 21 } graph { ",
        b"{\"graph_module\": ",
    ],
    formats: &["triton", "torch-export"],
    file: "",
    look: Look::Both,
    more: texts::text_graphs,
};

/// Those, and those of `torch.export` as JSON in their archive.
fn text_graphs(data: &[u8]) {
    TEXT_GRAPHS.run(data);
    let graph = data.get(1..).unwrap_or_default();
    check_inspection("", &testkit::torch_export(&String::from_utf8_lossy(graph)));
}

/// Stores and indexes that name other files, and models in one layer of compression.
const STORES: Model = Model {
    magics: &[
        b"\x0c\xdb\x3a\x2a",
        b"\x0c\xdb\x20\xde\x20\0\0\0\0\0\0\0\0\0",
        b"\0\0\x06\x08\x01\x1a\x02\x08\x01",
        b"{\"metadata\":{\"ParamSize\":1},\"records\":[{\"dataPath\":",
        b"\x93NUMPY\x01\0\x40\0{'descr': '",
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
        b"\x78\x9c",
    ],
    formats: &["orbax", "npy", "tensorflow", "gzip"],
    file: "",
    look: Look::Both,
    more: store_files,
};

/// What the last eight bytes of an index of TensorFlow are.
const TABLE: [u8; 8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/// Those, with the end of an index, and as a manifest whose checksum is right.
fn stores(data: &[u8]) {
    STORES.run(data);
    let Some(mut file) = STORES.file(data) else { return };
    file.extend(TABLE);
    check_inspection("", &file);
    check_inspection("", &testkit::ocdbt_around(data.get(1..).unwrap_or_default()));
}

fn store_files() -> Vec<Vec<u8>> {
    let index = testkit::tensorflow_index_of(&[("weight", 0, 16, &[2, 2])]);
    let shards = testkit::tvm_shards(&[("params_shard_0.bin", 64)]);
    let array = testkit::archives::npy("'|O'", "(1,)", &testkit::pickles::attack());
    vec![testkit::ocdbt(&["d/a", "d/b"]), index, shards, testkit::archives::gzip(&array), array]
}

/// An archive whose end record or first checksum is right, so that the fuzzer plays with members and directory alone.
fn directories(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let file = if kind % 2 == 0 { zip(rest) } else { tar(rest) };
    check_inspection("file", &file);
}

/// An archive of these members and this directory; the first byte says how long the members are, in fours.
fn zip(data: &[u8]) -> Vec<u8> {
    let (first, rest) = data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest));
    let (members, directory) = rest.split_at((first * 4).min(rest.len()));
    let mut out = [b"PK\x03\x04", members, b"PK\x01\x02", directory].concat();
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend((directory.len() as u32 + 4).to_le_bytes());
    out.extend((members.len() as u32 + 4).to_le_bytes());
    out.extend([0, 0]);
    out
}

/// A tar archive whose first header has the right checksum.
fn tar(data: &[u8]) -> Vec<u8> {
    let mut out = data.to_vec();
    out.resize(out.len().next_multiple_of(512).max(512), 0);
    out[148..156].fill(b' ');
    let sum: u32 = out[..512].iter().map(|byte| u32::from(*byte)).sum();
    out[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out
}

/// Licences as their authors spell them, and patterns of the catalogue on any text.
fn licenses(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let licenses = &CATALOG.licenses;
    let _ = (licenses.by_claim(&text), licenses.recognize(&text));
    let (pattern, subject) = text.split_once('\n').unwrap_or(("*", &text));
    if pattern.len() < 200 {
        let _ = (
            catalog::glob_match(pattern, subject),
            catalog::tokens_match(pattern, &[subject]),
            catalog::PathRun::new(pattern).matches(subject),
        );
    }
}

/// What the kernel writes into `/proc` and `/sys`, parts of which other programs choose.
fn kernel_tables(data: &[u8]) {
    #[cfg(target_os = "linux")]
    platform::fuzz_kernel_tables(data);
    #[cfg(not(target_os = "linux"))]
    let _ = data;
}

/// Cleaning of command lines: a second time changes nothing.
fn secrets(data: &[u8]) {
    let words: Vec<_> = String::from_utf8_lossy(data).split('\n').map(str::to_owned).collect();
    let clean = CATALOG.secrets.clean_argv(&words);
    assert_eq!(clean.len(), words.len());
    assert_eq!(CATALOG.secrets.clean_argv(&clean), clean, "cleaning twice changed something: {words:?}");
}

/// Signatures, envelopes, tokens and keys from strangers: nothing that was not signed is let through.
fn signing(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (first, second, third) = (line(), line(), line());
    let headers = SignatureHeaders { content_digest: first, signature_input: second, signature: third };
    let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
    if let Ok(request) = SignedRequest::parse(headers) {
        assert!(request.check_signature(&key, "POST", "/").is_err(), "nobody signed this");
    }
    let signatures = vec![EnvelopeSignature { keyid: String::new(), sig: third.into() }];
    let envelope = Envelope { payload_type: first.into(), payload: second.into(), signatures };
    assert!(envelope.open(&key, first).is_err(), "nobody signed this");
    if let Ok(token) = EnrolmentToken::parse(&text) {
        assert_eq!(EnrolmentToken::parse(&token.encode()), Ok(token));
    }
    let _ = (KeyId::try_from(first.to_owned()), PublicKey::try_from(first.to_owned()));
}

/// Reports and commands from the other side: what is read can be written.
fn messages(data: &[u8]) {
    let _ = unpack(data);
    let _ = serde_json::from_slice::<Command>(data);
    let _ = serde_json::from_slice::<EnrolRequest>(data);
    let _ = serde_json::from_slice::<Problem>(data);
    if let Ok(report) = serde_json::from_slice::<Report>(data) {
        let again = unpack(&pack(&report).expect("a small report")).expect("what was packed");
        assert_eq!(again.changes.artifacts.put.len(), report.changes.artifacts.put.len());
        assert!(again.changes.artifacts.put.iter().all(|artifact| !artifact.paths.is_empty()));
    }
}

/// Server-sent events: never more than the limits, and the same however the stream is cut.
fn events(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let whole = read_events(rest, rest.len().max(1));
    assert_eq!(whole, read_events(rest, usize::from(*first) + 1));
    assert!(whole.iter().flatten().all(|event| event.data.len() <= LARGEST_EVENT));
}

fn read_events(data: &[u8], piece: usize) -> Option<Vec<Event>> {
    let mut reader = Reader::default();
    let events = data.chunks(piece).map(|piece| reader.push(piece).ok()).collect::<Option<Vec<_>>>()?;
    Some(events.concat())
}

const FIELDS: &[Field] = &[
    Field { name: "name", kind: Kind::Text, about: "a text" },
    Field { name: "path", kind: Kind::Path, about: "a path" },
    Field { name: "state", kind: Kind::Word(&["open", "acknowledged"]), about: "a word" },
    Field { name: "held", kind: Kind::Number, about: "a number" },
    Field { name: "size", kind: Kind::Size, about: "a size" },
    Field { name: "seen", kind: Kind::Time, about: "a time" },
];

/// Queries that anyone types into an address: what is understood reads back.
fn queries(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(query) = Query::parse(&text, FIELDS) else { return };
    let again = Query::parse(&query.to_string(), FIELDS);
    assert_eq!(again.as_ref(), Ok(&query), "what is shown is what was understood");
    // What a chip links to is a query, as long as there is room for one more condition.
    if text.len() < 900 && query.terms.len() < 30 {
        let pressed = Query::parse(&query.toggled("state:open"), FIELDS).expect("a chip links to a query");
        assert_ne!(query.has("state:open"), pressed.has("state:open"));
    }
}
