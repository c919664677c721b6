//! `eyeline inspect` as a person or a script uses it: what it says of files, folders and streams, in every format, and how it ends.

#![cfg(target_os = "linux")]

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use artifact::testkit;
use scenarios::{
    Answer, Inspection, Product, Scan, eventually, eyeline, models, repository,
    schema::{assert_follows_schema, assert_is_sarif, schema},
    tools,
    tree::Tree,
};
use serde_json::{Value, json};

/// A pickle that runs a program when it is loaded.
fn malicious() -> Vec<u8> {
    b"\x80\x02cos\nsystem\nX\x02\0\0\0id\x85R.".to_vec()
}

fn weights(name: &str) -> Vec<u8> {
    testkit::safetensors(&[("format", "pt"), ("name", name)], &[("w", &[64, 64])])
}

const CONFIG: &str =
    r#"{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "max_position_embeddings": 4096}"#;
const CARD: &str = "---\nlicense: apache-2.0\nbase_model: maker/base-7b\n---\n# A model\n";
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

/// A folder with a model in two parts, one by itself, a pointer, and something else.
fn tree() -> Tree {
    let tree = Tree::new();
    tree.write("snap/config.json", CONFIG);
    tree.write("snap/README.md", CARD);
    tree.write("snap/model-00001-of-00002.safetensors", weights("first"));
    tree.write("snap/model-00002-of-00002.safetensors", weights("second"));
    tree.write("plain.gguf", models::plain_gguf());
    tree.write("unfetched.safetensors", POINTER);
    tree.write("notes.txt", "nothing to see");
    tree
}

fn inspected(tree: &Tree, paths: &[&str]) -> Answer {
    Inspection::within(tree.root()).word("--json").words(paths).run()
}

fn artifact(answer: &Answer, path: &str) -> Value {
    let artifacts = answer.list("artifacts");
    artifacts
        .iter()
        .find(|one| one["path"] == path)
        .cloned()
        .unwrap_or_else(|| panic!("no `{path}`: {artifacts:#?}"))
}

#[test]
fn every_kind_of_thing_is_in_one_document_that_follows_its_schema() {
    let tree = tree();
    tree.write("bad name \u{202e}.pkl", malicious());
    let answer = inspected(&tree, &["."]);
    assert_follows_schema(&answer.json());
    let paths: Vec<_> = answer.list("artifacts").iter().map(|one| one["path"].clone()).collect();
    assert_eq!(paths, ["bad name \\u{202e}.pkl", "plain.gguf", "snap", "unfetched.safetensors"]);
    assert_eq!(answer.json()["other_files"], 1);
}

#[test]
fn the_document_of_a_scan_and_that_of_an_inspection_mean_the_same_by_an_artifact() {
    let folder = repository().join("docs/schema");
    let scan = schema(&folder.join("eyeline.scan.1.schema.json"));
    let inspect = schema(&folder.join("eyeline.inspect.1.schema.json"));
    for (name, definition) in inspect["$defs"].as_object().expect("definitions") {
        assert_eq!(definition, &scan["$defs"][name], "{name}");
    }
}

#[test]
fn a_folder_with_configuration_and_shards_is_one_model_with_members() {
    let tree = tree();
    let model = artifact(&inspected(&tree, &["snap"]), "snap");
    assert_eq!((&model["format"], &model["bundle"]["kind"]), (&"safetensors".into(), &"snapshot".into()));
    assert_eq!(model["metadata"]["parameters"], 2 * 64 * 64);
    assert_eq!(
        (&model["metadata"]["architecture"], &model["metadata"]["context_length"]),
        (&"llama".into(), &4096.into())
    );
    assert_eq!(
        (&model["license"]["id"], &model["metadata"]["base_models"][0]),
        (&"apache-2.0".into(), &"maker/base-7b".into())
    );
    assert_eq!((&model["verdict"], model["members"].as_array().map(Vec::len)), (&"clean".into(), Some(4)));
}

#[test]
fn files_for_people_and_tokenizers_do_not_leave_a_model_undecided() {
    let tree = tree();
    tree.write("snap/merges.txt", "#version: 0.2\nh e\nhe l\n");
    tree.write("snap/vocab.json", "{\"he\": 0}");
    tree.write(
        "snap/tokenizer.model",
        [10, 14, 10, 5, b'<', b'u', b'n', b'k', b'>', 21, 0, 0, 0, 0, 24, 2].repeat(300),
    );
    tree.write("snap/picture.png", b"\x89PNG\r\n\x1a\n and so on");
    tree.write("snap/.gitattributes", "*.bin filter=lfs\n");
    let model = artifact(&inspected(&tree, &["snap"]), "snap");
    assert_eq!(model["verdict"], "clean", "{model:#}");
    tree.write("snap/extra.safetensors", [0xfe; 5000]);
    assert_eq!(artifact(&inspected(&tree, &["snap"]), "snap")["verdict"], "unscannable");
}

#[test]
fn the_digest_of_a_folder_is_that_of_the_list_that_sha256sum_prints() {
    let tree = tree();
    let list = "cd snap && LC_ALL=C sha256sum $(LC_ALL=C ls) | sha256sum";
    let output = Command::new("sh").args(["-c", list]).current_dir(tree.root()).output().unwrap();
    let model = artifact(&inspected(&tree, &["snap"]), "snap");
    assert_eq!(model["digest"]["sha256"].as_str(), String::from_utf8_lossy(&output.stdout).split(' ').next());
}

#[test]
fn a_model_with_a_part_missing_is_not_clean_and_the_part_is_named() {
    let tree = tree();
    fs::remove_file(tree.path("snap/model-00002-of-00002.safetensors")).unwrap();
    let model = artifact(&inspected(&tree, &["snap"]), "snap");
    assert_eq!(
        (&model["verdict"], &model["findings"][0]["rule"]),
        (&"unscannable".into(), &"shard-missing".into())
    );
    let message = model["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("model-00002-of-00002.safetensors"), "{message}");
    assert_eq!(model["digest"]["sha256"], Value::Null);
}

#[test]
fn one_bad_member_makes_the_whole_model_bad() {
    let tree = tree();
    tree.write("snap/pytorch_model.bin", malicious());
    let answer = inspected(&tree, &["snap"]);
    let model = artifact(&answer, "snap");
    assert_eq!((answer.code, &model["verdict"]), (Some(1), &"malicious".into()));
    let fact = &model["findings"][0];
    assert_eq!((&fact["member"], &fact["name"]), (&"pytorch_model.bin".into(), &"os.system".into()));
}

#[test]
fn a_pointer_is_not_the_model_and_is_never_clean() {
    let answer = inspected(&tree(), &["unfetched.safetensors"]);
    let pointer = artifact(&answer, "unfetched.safetensors");
    assert_eq!((&pointer["verdict"], answer.code), (&"unscannable".into(), Some(4)));
    assert!(pointer["findings"][0]["message"].as_str().unwrap().starts_with("pointer: not the model"));
}

#[test]
fn a_relabelled_copy_has_the_same_weights() {
    let tree = tree();
    tree.write("one.safetensors", weights("mine"));
    tree.write("two.safetensors", weights("really mine"));
    let answer = inspected(&tree, &["one.safetensors", "two.safetensors"]);
    let (one, two) = (artifact(&answer, "one.safetensors"), artifact(&answer, "two.safetensors"));
    assert_ne!(one["digest"], two["digest"]);
    assert!(one["weights_sha256"].is_string() && one["weights_sha256"] == two["weights_sha256"]);
    let table = Inspection::within(tree.root()).words(&["one.safetensors", "two.safetensors"]).run();
    assert_eq!(table.code, Some(0));
}

#[test]
fn the_same_bytes_at_two_paths_are_one_artifact() {
    let tree = tree();
    tree.write("copy.gguf", models::plain_gguf());
    let both = artifact(&inspected(&tree, &["copy.gguf", "plain.gguf"]), "copy.gguf");
    assert_eq!(both["paths"], json!(["copy.gguf", "plain.gguf"]));
}

#[test]
fn standard_input_is_inspected_as_a_file_is() {
    let tree = tree();
    let file = artifact(&inspected(&tree, &["plain.gguf"]), "plain.gguf");
    let stream = Inspection::within(tree.root()).words(&["--json", "-"]).input(models::plain_gguf()).run();
    let stream = artifact(&stream, "-");
    for field in ["format", "digest", "verdict", "metadata", "license", "findings", "size"] {
        assert_eq!(file[field], stream[field], "{field}");
    }
}

#[test]
fn how_it_ends_says_what_it_saw() {
    let tree = tree();
    tree.write("bad.pkl", malicious());
    let code = |words: &[&str]| Inspection::within(tree.root()).words(words).run().code;
    assert_eq!(code(&["plain.gguf"]), Some(0));
    assert_eq!(code(&["bad.pkl"]), Some(1));
    assert_eq!(code(&[]), Some(2));
    assert_eq!(code(&["--format", "xml", "plain.gguf"]), Some(2));
    assert_eq!(code(&["nothing-here.gguf"]), Some(3));
    tree.write("noise", [0x17, 0xff, 0x03].repeat(50));
    assert_eq!(code(&["noise"]), Some(4));
    assert_eq!(code(&["--fail-on", "info", "noise"]), Some(1));
}

#[test]
fn a_path_that_is_not_there_is_named_with_the_reason() {
    let answer = inspected(&tree(), &["plain.gguf", "nothing-here.gguf"]);
    assert_eq!(answer.stderr, "eyeline: cannot inspect `nothing-here.gguf`: no such file or directory\n");
    assert_eq!(answer.stdout, "");
}

#[test]
fn a_link_is_followed_inside_a_snapshot_and_never_out_of_what_was_named() {
    let tree = tree();
    let blob = tree.write("hub/models--a--b/blobs/1234", weights("blob"));
    tree.write("hub/models--a--b/snapshots/abc/config.json", CONFIG);
    tree.link("hub/models--a--b/snapshots/abc/model.safetensors", "../../blobs/1234");
    let revision = "hub/models--a--b/snapshots/abc";
    let model = artifact(&inspected(&tree, &[revision]), revision);
    assert_eq!((&model["verdict"], &model["format"]), (&"clean".into(), &"safetensors".into()));
    tree.link("out/model.safetensors", blob);
    tree.write("out/config.json", CONFIG);
    tree.write("out/model-00001-of-00001.safetensors", weights("x"));
    let model = artifact(&inspected(&tree, &["out"]), "out");
    assert_eq!(
        (&model["verdict"], &model["findings"][0]["rule"]),
        (&"unscannable".into(), &"link-leads-out".into())
    );
}

#[test]
fn the_table_fits_eighty_columns_and_shows_evidence_without_colour() {
    let tree = tree();
    tree.write("bad \u{1b}[2J.pkl", malicious());
    let shown = |path: &str| {
        let answer = Inspection::within(tree.root()).word(path).run();
        for line in answer.stdout.lines() {
            assert!(line.chars().count() <= 80, "{line}");
            assert!(!line.contains('\u{1b}'), "{line}");
        }
        answer.stdout
    };
    let (all, one) = (shown("."), shown("snap"));
    for words in ["malicious", "os.system", "lfs-pointer", "→ ", "1 malicious", "  clean ", "1 other file"]
    {
        assert!(all.contains(words), "`{words}` is missing in:\n{all}");
    }
    for words in ["made from", "maker/base-7b", "apache-2.0", "members", "4,096 tokens", "sha256"] {
        assert!(one.contains(words), "`{words}` is missing in:\n{one}");
    }
}

#[test]
fn sarif_is_as_its_schema_says_and_leads_to_file_member_and_byte() {
    let tree = tree();
    tree.write("dir with space/100% bad.pkl", malicious());
    tree.write("snap/pytorch_model.bin", testkit::torch_zip(&malicious()));
    let answer = Inspection::within(tree.root()).words(&["--format", "sarif", "."]).run();
    let document = answer.json();
    assert_is_sarif(&document);
    assert_eq!(answer.code, Some(1));
    let run = &document["runs"][0];
    let results = run["results"].as_array().unwrap();
    let at = |uri: &str| {
        let physical = |result: &Value| result["locations"][0]["physicalLocation"].clone();
        let found = results.iter().find(|result| physical(result)["artifactLocation"]["uri"] == uri);
        found.unwrap_or_else(|| panic!("nothing at {uri}: {results:#?}")).clone()
    };
    let bad = at("dir%20with%20space/100%25%20bad.pkl");
    assert_eq!(bad["level"], "error");
    assert!(bad["locations"][0]["physicalLocation"]["region"]["byteOffset"].is_u64(), "{bad:#}");
    assert!(bad["partialFingerprints"]["eyelineFact/v1"].is_string());
    let rule = usize::try_from(bad["ruleIndex"].as_u64().unwrap()).unwrap();
    let rule = &run["tool"]["driver"]["rules"][rule];
    assert_eq!(rule["id"], bad["ruleId"]);
    assert!(rule["help"]["text"].is_string() && rule["properties"]["security-severity"].is_string());
    let member = at("snap/pytorch_model.bin");
    let place = member["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap();
    assert!(place.starts_with("pytorch_model.bin > ") && place.ends_with("data.pkl"), "{place}");
}

#[test]
fn sarif_of_clean_models_has_no_results() {
    let document = Inspection::within(tree().root()).words(&["--format", "sarif", "plain.gguf"]).run().json();
    assert_is_sarif(&document);
    assert_eq!(document["runs"][0]["results"], json!([]));
}

/// The validator of CycloneDX's own library.
fn assert_is_cyclonedx(document: &str) {
    let script = repository().join("tests/tools/validate_cyclonedx.py");
    let mut python = Command::new(tools::python())
        .arg(script)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python starts");
    python.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{document}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_bill_of_materials_is_valid_and_has_licence_lineage_and_verdict() {
    let tree = tree();
    tree.write("bad.pkl", malicious());
    let answer = Inspection::within(tree.root()).words(&["--format", "cyclonedx", "."]).run();
    assert_is_cyclonedx(&answer.stdout);
    let document = answer.json();
    let components = document["components"].as_array().unwrap();
    let model = components.iter().find(|one| one["pedigree"].is_object()).expect("a model with ancestors");
    assert_eq!(model["type"], "machine-learning-model");
    assert_eq!(model["licenses"][0]["license"]["id"], "Apache-2.0");
    assert_eq!(model["pedigree"]["ancestors"][0]["name"], "maker/base-7b");
    assert_eq!(model["modelCard"]["modelParameters"]["architectureFamily"], "llama");
    assert_eq!(model["hashes"][0]["alg"], "SHA-256");
    assert_eq!(model["components"].as_array().map(Vec::len), Some(4));
    let again = Inspection::within(tree.root()).words(&["--format", "cyclonedx", "."]).run();
    assert_eq!(again.stdout, answer.stdout, "the same files give the same document");
}

#[test]
fn every_licence_of_the_catalogue_can_stand_in_a_bill_of_materials() {
    let tree = Tree::new();
    for (at, entry) in catalog::load().unwrap().licenses.iter().enumerate() {
        let name = at.to_string();
        let keys = [("license", entry.id.as_str()), ("name", name.as_str())];
        tree.write(format!("{at}.safetensors"), testkit::safetensors(&keys, &[("w", &[4])]));
    }
    assert_is_cyclonedx(&Inspection::within(tree.root()).words(&["--format", "cyclonedx", "."]).run().stdout);
}

/// An image in the OCI layout with one layer, made of these files by the system's `tar`.
fn image(tree: &Tree, files: &[(&str, &[u8])]) {
    for (path, bytes) in files {
        tree.write(Path::new("rootfs").join(path), bytes);
    }
    let layer = tree.path("layer.tar.gz");
    let tar =
        Command::new("tar").arg("-czf").arg(&layer).arg("-C").arg(tree.path("rootfs")).arg(".").status();
    assert!(tar.expect("tar starts").success());
    let blob = |bytes: &[u8]| {
        use sha2::{Digest, Sha256};
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        tree.write(format!("image/blobs/sha256/{digest}"), bytes);
        json!({ "mediaType": "application/octet-stream", "digest": format!("sha256:{digest}"), "size": bytes.len() })
    };
    let (layer, config) = (blob(&fs::read(layer).unwrap()), blob(b"{}"));
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": [layer] });
    let manifest = blob(manifest.to_string().as_bytes());
    tree.write("image/index.json", json!({ "schemaVersion": 2, "manifests": [manifest] }).to_string());
    tree.write("image/oci-layout", r#"{"imageLayoutVersion": "1.0.0"}"#);
}

#[test]
fn models_in_the_layers_of_an_image_are_found_and_named_by_layer_and_path() {
    let tree = Tree::new();
    image(&tree, &[("srv/models/bad.pkl", &malicious()), ("etc/hostname", b"box")]);
    let answer = inspected(&tree, &["image"]);
    assert_follows_schema(&answer.json());
    let image = artifact(&answer, "image");
    assert_eq!((&image["format"], &image["bundle"]["kind"]), (&"container-image".into(), &"image".into()));
    assert_eq!((answer.code, &image["verdict"]), (Some(1), &"malicious".into()));
    let place = image["findings"][0]["member"].as_str().unwrap();
    assert!(place.starts_with("layer 1 (") && place.ends_with("srv/models/bad.pkl"), "{place}");
}

#[test]
fn an_image_without_one_of_its_layers_is_not_clean() {
    let tree = Tree::new();
    image(&tree, &[("srv/model.safetensors", &weights("fine"))]);
    assert_eq!(artifact(&inspected(&tree, &["image"]), "image")["verdict"], "clean");
    let blobs = fs::read_dir(tree.path("image/blobs/sha256")).unwrap().map(|entry| entry.unwrap().path());
    let layer = blobs.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    fs::remove_file(layer).unwrap();
    let image = artifact(&inspected(&tree, &["image"]), "image");
    assert_eq!(
        (&image["verdict"], &image["findings"][0]["rule"]),
        (&"unscannable".into(), &"member-missing".into())
    );
}

#[test]
fn an_image_that_was_saved_as_an_archive_is_inspected_too() {
    let tree = Tree::new();
    image(&tree, &[("srv/models/bad.pkl", &malicious())]);
    let tar =
        Command::new("tar").args(["-cf", "saved.tar", "-C", "image", "."]).current_dir(tree.root()).status();
    assert!(tar.expect("tar starts").success());
    let saved = artifact(&inspected(&tree, &["saved.tar"]), "saved.tar");
    assert_eq!(saved["verdict"], "malicious");
    let place = saved["findings"][0]["member"].as_str().unwrap();
    assert!(place.contains("blobs/sha256/") && place.ends_with("srv/models/bad.pkl"), "{place}");
}

#[test]
fn a_scan_that_inspects_concludes_from_what_it_saw() {
    let tree = tree();
    let bad = tree.write("bad.pkl", malicious());
    for depth in ["quick", "full"] {
        let answer = Scan::of(tree.root()).word("--inspect").word(depth).run();
        assert_follows_schema(&answer.json());
        let model = answer.artifact_at(&bad).expect("the pickle");
        assert_eq!(model["verdict"], "malicious");
        assert_eq!(model["digest"]["status"] == "computed", depth == "full");
        let findings = answer.list("findings");
        let finding = findings.iter().find(|one| one["rule"] == "malicious-model").expect("a finding");
        assert!(finding["evidence"].to_string().contains("os.system"), "{finding:#}");
        assert_eq!(answer.code, Some(1));
    }
}

#[test]
fn the_sensor_looks_into_new_models_and_the_console_shows_the_evidence() {
    let product = Product::new();
    fs::write(product.home().join("models/bad.pkl"), malicious()).unwrap();
    let up = product.up();
    let token = product.token("analyst");
    // A scan tells the verdict, and the look that reads every byte the digest.
    let bad = eventually(Duration::from_secs(60), || {
        let reply = up.get(&token, "/api/v1/artifacts?q=verdict:malicious").json();
        let item = reply["items"].get(0)?;
        (item["digest_status"] == "computed").then(|| item["id"].as_str().map(str::to_owned))?
    });
    let bad = bad.unwrap_or_else(|| panic!("no verdict: {}", up.get(&token, "/api/v1/artifacts").body));
    let detail = up.get(&token, &format!("/api/v1/artifacts/{bad}")).json();
    assert_eq!(
        (&detail["facts"][0]["name"], &detail["digest_status"]),
        (&"os.system".into(), &"computed".into())
    );
    assert!(detail["facts"][0]["help"].is_string() && detail["content"]["identification"].is_object());
    let findings = up.items(&token, "/api/v1/findings?q=rule:malicious-model");
    assert_eq!(findings.len(), 1);
    let page = up.get(&token, &format!("/models/{bad}")).body;
    for words in ["os.system", "Malicious", "→ "] {
        assert!(page.contains(words), "`{words}` is missing");
    }
}

/// The first block of code after a heading of a page.
fn block(page: &str, heading: &str) -> String {
    let text = fs::read_to_string(repository().join("docs/src").join(page)).unwrap();
    let (_, after) = text.split_once(heading).unwrap_or_else(|| panic!("no `{heading}` in {page}"));
    let (_, block) = after.split_once("\n```").expect("a block of code");
    let (_, block) = block.split_once('\n').expect("its language");
    block.split_once("```").expect("its end").0.to_owned()
}

fn git(folder: &Path, words: &[&str]) -> Answer {
    let path = format!("{}:/usr/bin:/bin", eyeline().parent().unwrap().display());
    let mut command = Command::new("git");
    command.args(words).current_dir(folder).env_clear().env("PATH", path).env("HOME", folder);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    for (name, value) in [("AUTHOR", "a"), ("COMMITTER", "a")] {
        command.env(format!("GIT_{name}_NAME"), value).env(format!("GIT_{name}_EMAIL"), value);
    }
    Answer::from(command.stdin(Stdio::null()).output().expect("git starts"))
}

#[test]
fn the_documented_hook_refuses_a_commit_with_a_malicious_model_and_lets_others_pass() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::new();
    assert_eq!(git(tree.root(), &["init", "-q"]).code, Some(0));
    let hook = tree.write(".git/hooks/pre-commit", block("inspect-ci.md", "## Before a commit"));
    fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).unwrap();
    tree.write("models/fine one.safetensors", weights("fine"));
    tree.write("readme.txt", "words");
    git(tree.root(), &["add", "."]);
    let passed = git(tree.root(), &["commit", "-q", "-m", "fine"]);
    assert_eq!(passed.code, Some(0), "{}{}", passed.stdout, passed.stderr);
    tree.write("models/bad one.pkl", malicious());
    git(tree.root(), &["add", "."]);
    let refused = git(tree.root(), &["commit", "-q", "-m", "bad"]);
    assert_eq!(refused.code, Some(1), "{}{}", refused.stdout, refused.stderr);
    assert!(format!("{}{}", refused.stdout, refused.stderr).contains("models/bad one.pkl"));
    // What is staged counts, not what lies in the folder by now.
    tree.write("models/bad one.pkl", weights("fine again"));
    assert_eq!(git(tree.root(), &["commit", "-q", "-m", "bad"]).code, Some(1));
}

#[test]
fn the_documented_pipeline_leaves_a_report_and_ends_with_what_it_saw() {
    let tree = Tree::new();
    let script = block("inspect-ci.md", "## In a pipeline");
    let run = || {
        let path = format!("{}:/usr/bin:/bin", eyeline().parent().unwrap().display());
        let mut command = Command::new("sh");
        command
            .args(["-c", &script])
            .current_dir(tree.root())
            .env_clear()
            .env("PATH", path)
            .env("HOME", tree.root());
        command.status().expect("sh starts").code()
    };
    let sarif =
        || -> Value { serde_json::from_slice(&fs::read(tree.path("eyeline.sarif")).unwrap()).unwrap() };
    tree.write("models/fine.safetensors", weights("fine"));
    assert_eq!(run(), Some(0));
    assert_is_sarif(&sarif());
    tree.write("models/bad.pkl", malicious());
    assert_eq!(run(), Some(1));
    assert_eq!(sarif()["runs"][0]["results"][0]["level"], "error");
    assert_is_cyclonedx(&fs::read_to_string(tree.path("models.cdx.json")).unwrap());
}
