//! Models of several files as their tools leave them: a scan keeps each as one, the same one that an inspection gives.

#![cfg(target_os = "linux")]

use artifact::testkit;
use scenarios::{Answer, Inspection, Scan, schema::assert_follows_schema, tree::Tree};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const CONFIG: &str = r#"{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}"#;
const CARD: &str = "---\nlicense: apache-2.0\n---\n# A model\n";
const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

fn weights(name: &str) -> Vec<u8> {
    testkit::safetensors(&[("format", "pt"), ("name", name)], &[("w", &[64, 64])])
}

/// The numbers of a model, as programs keep them: no format of their own.
fn numbers() -> Vec<u8> {
    (0..20_000_u32).flat_map(|at| (1.0 / f64::from(at + 1)).to_le_bytes()).collect()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A repository in a cache of Hugging Face: what is large lies under its SHA-256, what is small under a digest of Git.
fn cached(tree: &Tree, repository: &str, revision: &str, files: &[(&str, &[u8])]) -> String {
    let folder = format!("hub/models--{}", repository.replace('/', "--"));
    tree.write(format!("{folder}/refs/main"), revision);
    for (name, bytes) in files {
        let sum = if bytes.len() > 4096 { hex(bytes) } else { hex(bytes)[..40].to_owned() };
        tree.write(format!("{folder}/blobs/{sum}"), bytes);
        tree.link(format!("{folder}/snapshots/{revision}/{name}"), format!("../../blobs/{sum}"));
    }
    format!("{folder}/snapshots/{revision}")
}

fn in_shards(tree: &Tree) -> String {
    let (one, two) = (weights("one"), weights("two"));
    let files: [(&str, &[u8]); 5] = [
        ("config.json", CONFIG.as_bytes()),
        ("README.md", CARD.as_bytes()),
        ("model.safetensors.index.json", b"{}"),
        ("model-00001-of-00002.safetensors", &one),
        ("model-00002-of-00002.safetensors", &two),
    ];
    cached(tree, "maker/big", REVISION, &files)
}

/// One of each kind that is no snapshot.
fn fill(tree: &Tree) {
    tree.write(
        "lora/adapter_config.json",
        r#"{"base_model_name_or_path": "maker/base-7b", "peft_type": "LORA"}"#,
    );
    tree.write("lora/adapter_model.safetensors", weights("lora"));
    tree.write("gguf/big-00001-of-00002.gguf", testkit::gguf(&[], &[("a", &[64, 64])]));
    tree.write("gguf/big-00002-of-00002.gguf", testkit::gguf(&[], &[("b", &[64, 64])]));
    tree.write("ov/face.xml", graph());
    tree.write("ov/face.bin", numbers());
    tree.write(
        "saved/1/saved_model.pb",
        testkit::tensorflow_saved_model(&[testkit::tensorflow_node("x", "Placeholder", &[], &[])], &[], &[]),
    );
    tree.write("saved/1/variables/variables.data-00000-of-00001", numbers());
    tree.write("saved/1/assets/vocab.txt", "a\nb\n");
    tree.write("vision.mlpackage/Manifest.json", r#"{"fileFormatVersion": "1.0.0"}"#);
    tree.write("vision.mlpackage/Data/com.apple.CoreML/model.mlmodel", testkit::coreml(500, b"\x08\x01"));
    tree.write("vision.mlpackage/Data/com.apple.CoreML/weights/weight.bin", numbers());
    tree.write("pipe/model_index.json", r#"{"_class_name": "StableDiffusionPipeline"}"#);
    tree.write("pipe/unet/config.json", r#"{"_class_name": "UNet2DConditionModel"}"#);
    tree.write("pipe/unet/diffusion_pytorch_model.safetensors", weights("unet"));
    tree.write("pipe/vae/config.json", r#"{"_class_name": "AutoencoderKL"}"#);
    tree.write("pipe/vae/diffusion_pytorch_model.safetensors", weights("vae"));
}

fn graph() -> Vec<u8> {
    testkit::openvino("", &"<layer id=\"0\" name=\"x\" type=\"Parameter\" version=\"opset1\"/>".repeat(100))
}

fn scan(tree: &Tree, words: &[&str]) -> Answer {
    let scan = words.iter().fold(Scan::of(tree.root()), |scan, word| scan.word(word));
    let answer = scan.run();
    assert_follows_schema(&answer.json());
    answer
}

fn at<'a>(artifacts: &'a [Value], end: &str) -> &'a Value {
    let found = artifacts.iter().find(|one| one["path"].as_str().is_some_and(|path| path.ends_with(end)));
    found.unwrap_or_else(|| panic!("nothing at `{end}`: {artifacts:#?}"))
}

fn members(artifact: &Value) -> Vec<&str> {
    let members = artifact["members"].as_array().expect("members");
    members.iter().filter_map(|one| one["path"].as_str()).collect()
}

#[test]
fn a_sharded_snapshot_of_a_cache_is_one_model_with_its_origin_and_license() {
    let tree = Tree::new();
    let folder = in_shards(&tree);
    let [model] = <[Value; 1]>::try_from(scan(&tree, &["--inspect", "none"]).list("artifacts")).unwrap();
    assert!(model["path"].as_str().unwrap().ends_with(&folder), "{model:#}");
    assert_eq!(
        (&model["bundle"]["kind"], &model["store"], &model["license"]["id"]),
        (&json!("snapshot"), &json!("hugging-face"), &json!("apache-2.0"))
    );
    assert_eq!(model["origin"]["repository"], "maker/big");
    assert_eq!(members(&model).len(), 5, "{model:#}");
    assert_eq!(model["metadata"]["parameters"], 2 * 64 * 64);
    let sizes: u64 = model["members"].as_array().unwrap().iter().filter_map(|one| one["size"].as_u64()).sum();
    assert_eq!(model["size"], sizes);
}

#[test]
fn every_kind_of_model_of_several_files_is_one_artifact() {
    let tree = Tree::new();
    fill(&tree);
    let artifacts = scan(&tree, &["--inspect", "none"]).list("artifacts");
    let kinds: Vec<_> =
        artifacts.iter().map(|one| one["bundle"]["kind"].as_str().unwrap_or("none")).collect();
    assert_eq!(kinds, ["shards", "adapter", "pair", "pipeline", "saved-model", "core-ml"], "{artifacts:#?}");
    assert_eq!(
        members(at(&artifacts, "saved/1")),
        ["saved_model.pb", "assets/vocab.txt", "variables/variables.data-00000-of-00001"]
    );
    assert_eq!(at(&artifacts, "lora")["metadata"]["base_models"], json!(["maker/base-7b"]));
    assert_eq!(members(at(&artifacts, "ov/face.xml")).len(), 2);
}

#[test]
fn a_scan_and_an_inspection_name_the_same_model_by_the_same_digest() {
    let tree = Tree::new();
    fill(&tree);
    in_shards(&tree);
    let digests = |answer: &Answer| -> Vec<Value> {
        answer
            .list("artifacts")
            .iter()
            .map(|one| json!([one["path"], one["digest"]["sha256"], one["size"]]))
            .collect()
    };
    let root = tree.root().to_str().unwrap().to_owned();
    let inspected = digests(&Inspection::within(tree.root()).words(&["--json", &root]).run());
    assert_eq!(inspected.len(), 7);
    for words in [&["--inspect", "full"][..], &["--inspect", "none", "--hash"]] {
        assert_eq!(digests(&scan(&tree, words)), inspected, "{words:?}");
    }
}

#[test]
fn what_a_cache_claims_gives_the_whole_its_digest_before_anything_is_hashed() {
    let tree = Tree::new();
    in_shards(&tree);
    let digest = |words: &[&str]| scan(&tree, words).list("artifacts")[0]["digest"].clone();
    let (claimed, computed) = (digest(&["--inspect", "none"]), digest(&["--inspect", "none", "--hash"]));
    assert_eq!((&claimed["status"], &computed["status"]), (&json!("claimed"), &json!("computed")));
    assert_eq!(claimed["sha256"], computed["sha256"]);
}

#[test]
fn two_revisions_that_share_their_weights_count_them_once_on_the_disk() {
    let tree = Tree::new();
    let model = weights("shared");
    let first: [(&str, &[u8]); 2] = [("config.json", CONFIG.as_bytes()), ("model.safetensors", &model)];
    cached(&tree, "maker/two", REVISION, &first);
    let second: [(&str, &[u8]); 2] =
        [("config.json", b"{\"model_type\": \"qwen3\"}"), ("model.safetensors", &model)];
    cached(&tree, "maker/two", &REVISION.replace('0', "f"), &second);
    let answer = scan(&tree, &["--inspect", "none"]);
    assert_eq!(answer.list("artifacts").len(), 2);
    let configs = first[0].1.len() + second[0].1.len();
    assert_eq!(answer.json()["coverage"]["model_bytes"], model.len() + configs);
}

#[test]
fn a_file_that_is_not_what_its_cache_says_is_named_beside_the_model() {
    let tree = Tree::new();
    let folder = in_shards(&tree);
    let blob =
        std::fs::canonicalize(tree.path(format!("{folder}/model-00002-of-00002.safetensors"))).unwrap();
    std::fs::write(&blob, weights("another")).unwrap();
    let answer = scan(&tree, &["--inspect", "none", "--hash"]);
    let findings = answer.list("findings");
    let mismatch = findings.iter().find(|finding| finding["rule"] == "digest-mismatch").expect("a finding");
    assert_eq!(mismatch["evidence"][0], blob.to_str().unwrap());
}

#[test]
fn one_bad_file_makes_the_model_bad_and_is_named() {
    let tree = Tree::new();
    let folder = in_shards(&tree);
    tree.write("hub/evil.bin", b"\x80\x02cos\nsystem\nX\x02\0\0\0id\x85R.");
    tree.link(format!("{folder}/pytorch_model.bin"), tree.path("hub/evil.bin"));
    let answer = scan(&tree, &[]);
    let artifacts = answer.list("artifacts");
    let model = at(&artifacts, &folder);
    assert_eq!((&model["verdict"], answer.code), (&json!("malicious"), Some(1)), "{model:#}");
    assert_eq!(model["findings"][0]["member"], "pytorch_model.bin");
}

#[test]
fn a_model_of_which_only_a_part_was_looked_into_is_not_clean() {
    let tree = Tree::new();
    in_shards(&tree);
    let verdict = |words: &[&str]| scan(&tree, words).list("artifacts")[0]["verdict"].clone();
    assert_eq!(verdict(&["--inspect", "none"]), "not-scanned");
    assert_eq!(verdict(&["--inspect", "full"]), "clean");
}

#[test]
fn a_configuration_does_not_swallow_the_models_beside_it() {
    let tree = Tree::new();
    tree.write("config.json", CONFIG);
    tree.write("model_index.json", "{}");
    tree.write("modules.json", "[]");
    tree.write("model.safetensors", weights("mine"));
    tree.write("other.safetensors", weights("other"));
    tree.write("more/third.gguf", testkit::gguf(&[], &[("a", &[64, 64])]));
    tree.write("more/deep/fourth.safetensors", weights("fourth"));
    let artifacts = scan(&tree, &["--inspect", "none"]).list("artifacts");
    for own in ["other.safetensors", "third.gguf", "fourth.safetensors"] {
        assert!(at(&artifacts, own)["bundle"].is_null());
    }
}
