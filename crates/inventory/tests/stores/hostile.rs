//! Stores that want something else than to be read. Whatever they hold, the rest is read, what is refused is said, and
//! nothing outside is touched.

#![cfg(unix)]

use std::{fs, path::Path, time::Instant};

use inventory::stores::Reading;
use proptest::prelude::*;

use crate::fixture::{Fixture, commit, digest, hex, origin};

fn ollama() -> Fixture {
    let store = Fixture::new("ollama", "models");
    store.file(&format!("blobs/sha256-{}", hex(1)), "GGUF");
    store.file("manifests/registry.ollama.ai/library/good/latest", manifest(&format!("sha256:{}", hex(1))));
    store
}

fn manifest(digest: &str) -> String {
    format!(r#"{{"layers": [{{"mediaType": "application/vnd.ollama.image.model", "digest": "{digest}"}}]}}"#)
}

/// The good model is still there, and something was refused.
fn refused(store: &Fixture) -> Reading {
    let reading = store.read();
    let good =
        reading.claims.iter().find(|claim| claim.path.starts_with(&store.root) && claim.origin.is_some());
    assert_eq!(origin(good.unwrap()).1, Some("library/good:latest"));
    assert!(!reading.problems.is_empty());
    assert!(reading.claims.iter().all(|claim| claim.path.starts_with(&store.root)));
    reading
}

/// Made by the program of that name: the standard library has no other way.
#[allow(
    clippy::disallowed_methods,
    reason = "mkfifo makes what the test is about; nothing that was found is started"
)]
fn fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_manifest_that_is_a_fifo_is_not_waited_for() {
    let store = ollama();
    fifo(&store.path("manifests/registry.ollama.ai/library/good/fifo"));
    let reading = refused(&store);
    assert!(reading.problems[0].path.ends_with("fifo"));
}

#[test]
fn a_manifest_that_is_a_link_is_not_followed() {
    let store = ollama();
    fs::write(store.outside().join("secret"), manifest(&format!("sha256:{}", hex(1)))).unwrap();
    store.link("manifests/registry.ollama.ai/library/good/link", "../../../../../secret");
    store.link("manifests/registry.ollama.ai/library/other", store.outside());
    let reading = refused(&store);
    assert_eq!(reading.problems.len(), 2);
    assert!(!reading.claims[0].origin.as_ref().unwrap().evidence.contains("link"));
}

#[test]
fn folders_that_are_links_do_not_lead_out_of_the_store() {
    let store = Fixture::new("docker-model-runner", "models");
    let outside = store.outside().join("outside");
    fs::create_dir_all(outside.join("sha256")).unwrap();
    fs::write(outside.join("sha256").join(hex(1)), manifest(&format!("sha256:{}", hex(1)))).unwrap();
    store.link("blobs", &outside);
    store.link("manifests", &outside);
    store.file(
        "models.json",
        format!(r#"{{"models": [{{"id": "sha256:{}", "tags": ["a/b:c"], "files": []}}]}}"#, hex(1)),
    );
    let reading = store.read();
    assert_eq!(reading.claims, []);
    assert_eq!(reading.problems.len(), 2, "{:?}", reading.problems);
    assert!(reading.problems.iter().all(|problem| problem.error.contains("link")));
}

#[test]
fn a_manifest_that_is_no_json_or_a_bomb_is_a_problem() {
    let bombs = ["not json", "", "[[[[", "{\"layers\": 7}", "{\"layers\": [{}]}"].map(str::to_owned);
    for bomb in
        bombs.into_iter().chain(["[".repeat(1 << 20), "{\"layers\":".repeat(1 << 17), "x".repeat(17 << 20)])
    {
        let store = ollama();
        store.file("manifests/registry.ollama.ai/library/bomb/latest", &bomb);
        let started = Instant::now();
        assert_eq!(refused(&store).problems.len(), 1);
        assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    }
}

#[test]
fn what_stands_in_a_document_is_not_repeated_in_what_is_wrong_with_it() {
    const SECRET: &str = "sk-ant-0123456789";
    let store = ollama();
    store.file("manifests/registry.ollama.ai/library/a/b", format!("{{\"layers\": \"{SECRET}\"}}"));
    let lm_studio = Fixture::new("lm-studio", ".lmstudio/models");
    for (name, content) in [
        ("model.gguf", "GGUF".to_owned()),
        ("x.py", String::new()),
        ("config.json", format!("\"{SECRET}\"")),
        ("README.md", format!("---\nlicense: mit\nx: {{ {SECRET}: *{SECRET}\n---\n")),
    ] {
        lm_studio.file(&format!("org/name/{name}"), content);
    }
    let problems = [store.read().problems, lm_studio.read().problems].concat();
    assert_eq!(problems.len(), 3, "{problems:#?}");
    for problem in problems {
        assert!(!problem.error.contains("sk-ant"), "{problem:?}");
        assert!(problem.error.contains("(line "), "{problem:?}");
    }
}

#[test]
fn a_digest_that_leads_out_of_the_store_is_refused() {
    let store = ollama();
    fs::write(store.outside().join("passwd"), "root").unwrap();
    for (n, digest) in
        ["sha256:../../../passwd", "../../passwd", "sha256:", "sha512:00", "/etc/passwd"].iter().enumerate()
    {
        store.file(&format!("manifests/registry.ollama.ai/library/bad/{n}"), manifest(digest));
    }
    assert_eq!(refused(&store).problems.len(), 5);
}

#[test]
fn names_in_lists_that_lead_out_of_the_store_are_refused() {
    let jan = Fixture::new("jan", "data/llamacpp/models");
    fs::write(jan.outside().join("secret.gguf"), "GGUF").unwrap();
    for (n, path) in
        ["../../../../secret.gguf", "llamacpp/models/../../../secret.gguf", "/etc/passwd"].iter().enumerate()
    {
        jan.file(&format!("m{n}/model.yml"), format!("model_path: {path}\nname: x\n"));
    }
    let reading = jan.read();
    assert_eq!((reading.claims.len(), reading.problems.len()), (0, 3), "{reading:#?}");

    let tabby = Fixture::new("tabby", "models");
    fs::create_dir_all(tabby.outside().join("ggml")).unwrap();
    fs::write(tabby.outside().join("ggml/x.gguf"), "GGUF").unwrap();
    tabby.file("TabbyML/models.json", r#"[{"name": ".."}, {"name": "../.."}, {"name": ""}]"#);
    let reading = tabby.read();
    assert_eq!((reading.claims.len(), reading.problems.len()), (0, 3), "{reading:#?}");

    let ramalama = Fixture::new("ramalama", "ramalama/store");
    fs::write(ramalama.outside().join("x"), "GGUF").unwrap();
    let files = r#"[{"hash": "../../../../../../x", "name": "../../x", "type": "gguf"}]"#;
    ramalama.file("ollama/library/m/refs/latest.json", format!(r#"{{"hash": "h", "files": {files}}}"#));
    ramalama.file("ollama/library/m/blobs/x", "");
    let reading = ramalama.read();
    assert_eq!((reading.claims.len(), reading.problems.len()), (0, 1), "{reading:#?}");
}

#[test]
fn links_in_a_snapshot_that_lead_anywhere_but_to_its_blobs_are_refused() {
    let store = Fixture::new("hugging-face", "hub");
    fs::write(store.outside().join("secret"), "---\nlicense: mit\n---\n").unwrap();
    store.file(&format!("models--o--n/blobs/{}", hex(1)), "weights");
    store.file(&format!("models--o--other/blobs/{}", hex(2)), "weights");
    let snapshot = format!("models--o--n/snapshots/{}", commit(1));
    store.link(&format!("{snapshot}/good.bin"), format!("../../blobs/{}", hex(1)));
    store.link(&format!("{snapshot}/README.md"), "../../../../secret");
    store.link(&format!("{snapshot}/absolute"), "/etc/passwd");
    store.link(&format!("{snapshot}/other"), format!("../../../models--o--other/blobs/{}", hex(2)));
    store.link(&format!("{snapshot}/up"), "..");
    let reading = store.read();
    assert_eq!(
        reading.problems.len(),
        5,
        "four links, and the card that is behind one: {:#?}",
        reading.problems
    );
    let claim =
        reading.claims.iter().find(|claim| claim.digest.map(|d| d.to_string()) == Some(hex(1))).unwrap();
    assert_eq!((claim.aliases.len(), &claim.license), (1, &None));
    assert!(reading.claims.iter().all(|claim| claim.path.starts_with(store.path(""))));
}

#[test]
fn a_ref_that_holds_no_commit_and_a_tree_that_is_a_fifo_are_problems() {
    let store = Fixture::new("hugging-face", "hub");
    let weights = format!("models--o--n/snapshots/{}/w.bin", commit(1));
    store.file(&weights, "weights");
    store.file("models--o--n/refs/main", "../../../../etc/passwd");
    store.file("models--o--n/refs/long", "x".repeat(5000));
    fs::create_dir_all(store.path("models--o--n/trees")).unwrap();
    fifo(&store.path(&format!("models--o--n/trees/{}.json", commit(1))));
    let reading = store.read();
    assert_eq!(reading.problems.len(), 3, "{:#?}", reading.problems);
    assert_eq!((reading.claims.len(), digest(&reading.claims[0])), (1, None));
}

#[test]
fn a_store_that_is_deeper_than_any_is_read_to_a_depth() {
    let store = ollama();
    store.file(&format!("manifests/{}/latest", "d/".repeat(200)), manifest("sha256:00"));
    assert_eq!(refused(&store).problems.len(), 1);
}

#[test]
fn a_hundred_thousand_refs_are_read_in_seconds() {
    let store = Fixture::new("hugging-face", "hub");
    let weights = format!("models--o--n/snapshots/{}/w.bin", commit(1));
    store.file(&weights, "weights");
    let refs = store.path("models--o--n/refs");
    fs::create_dir_all(&refs).unwrap();
    for n in 0..100_000 {
        fs::write(refs.join(format!("r{n}")), commit(1)).unwrap();
    }
    let started = Instant::now();
    let reading = store.read();
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    assert_eq!((reading.claims.len(), reading.problems.len()), (1, 0));
}

#[test]
fn a_root_that_is_no_folder_has_nothing_to_say() {
    for id in crate::fixture::catalogue().into_iter().map(|store| store.id) {
        let store = Fixture::new(&id, "models");
        fs::remove_dir(&store.root).unwrap();
        assert_eq!(store.read(), Reading::default(), "{id}: not there");
        fs::write(&store.root, "a file").unwrap();
        assert_eq!(store.read().claims, [], "{id}: a file");
    }
}

#[test]
fn the_same_name_with_control_characters_cannot_draw_on_the_terminal() {
    let store = Fixture::new("lm-studio", ".lmstudio/models");
    store.file("\u{1b}[2Jorg/\u{202e}repo/x.gguf", "GGUF");
    let model = store.claims()[0].model.clone().unwrap();
    assert_eq!(model, "\\u{1b}[2Jorg/\\u{202e}repo");
}

/// Where each layout expects a document that it parses.
const DOCUMENTS: [(&str, &str); 8] = [
    ("ollama", "manifests/registry.ollama.ai/library/x/latest"),
    ("docker-model-runner", "models.json"),
    ("hugging-face", "models--o--n/refs/main"),
    ("hugging-face-local-dir", ".cache/huggingface/download/w.metadata"),
    ("jan", "m/model.yml"),
    ("ramalama", "ollama/library/m/refs/latest.json"),
    ("tabby", "TabbyML/models.json"),
    ("foundry-local", "p/m/v1/inference_model.json"),
];

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        "[a-z/.:-]{0,12}".prop_map(|text| format!("{text:?}")),
    ];
    let keys = prop::sample::select(vec![
        "layers",
        "mediaType",
        "digest",
        "models",
        "id",
        "tags",
        "files",
        "hash",
        "name",
        "type",
    ]);
    leaf.prop_recursive(4, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((keys.clone(), inner), 0..6).prop_map(|pairs| {
                let pairs: Vec<_> =
                    pairs.into_iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_document_is_read_without_a_panic_and_without_a_claim_outside(document in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        json().prop_map(String::into_bytes),
    ]) {
        for (id, path) in DOCUMENTS {
            let store = Fixture::new(id, "data/llamacpp/models");
            store.file(path, &document);
            for claim in store.read().claims {
                prop_assert!(claim.path.starts_with(&store.root));
            }
        }
    }
}
