//! What is particular to a store: what its tool does only sometimes, and what must not be concluded from it.

use crate::fixture::{Fixture, commit, digest, hex, ollama_manifest, origin, ramalama_reference};
use inventory::stores::LicenseClaim;

#[test]
fn a_blob_of_two_tags_is_one_claim_that_names_both() {
    let store = Fixture::new("ollama", "models");
    store.file(&format!("blobs/sha256-{}", hex(1)), "GGUF");
    for tag in ["3b", "latest"] {
        store.file(&format!("manifests/registry.ollama.ai/library/llama3.2/{tag}"), ollama_manifest(1));
    }
    let claims = store.claims();
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].model.as_deref(), Some("llama3.2:3b"));
    let evidence = &claims[0].origin.as_ref().unwrap().evidence;
    assert!(evidence.ends_with("the same file is also library/llama3.2:latest"), "{evidence}");
}

#[test]
fn a_model_that_ollama_fetched_from_hugging_face_comes_from_there() {
    let store = Fixture::new("ollama", "models");
    store.file(&format!("blobs/sha256-{}", hex(1)), "GGUF");
    store.file("manifests/hf.co/bartowski/Llama-3.2-3B-GGUF/Q4_K_M", ollama_manifest(1));
    let claim = store.claim(&format!("blobs/sha256-{}", hex(1)));
    assert_eq!(origin(&claim), ("huggingface.co", Some("bartowski/Llama-3.2-3B-GGUF"), None));
    assert_eq!(claim.model.as_deref(), Some("hf.co/bartowski/Llama-3.2-3B-GGUF:Q4_K_M"));
}

#[test]
fn a_blob_that_no_manifest_names_still_has_its_digest_and_a_partial_one_has_none() {
    let store = Fixture::new("ollama", "models");
    store.file(&format!("blobs/sha256-{}", hex(1)), "GGUF");
    store.file(&format!("blobs/sha256-{}-partial-0", hex(2)), "GG");
    let claims = store.claims();
    assert_eq!(claims.len(), 1);
    assert_eq!((digest(&claims[0]), &claims[0].origin), (Some(hex(1)), &None));
}

#[test]
fn the_snapshot_of_main_gives_the_revision_of_a_blob_that_several_share() {
    let store = Fixture::new("hugging-face", "hub");
    store.file(&format!("models--o--n/blobs/{}", hex(1)), "weights");
    for n in [1, 2, 3] {
        store.link(&format!("models--o--n/snapshots/{}/w.bin", commit(n)), format!("../../blobs/{}", hex(1)));
    }
    store.file("models--o--n/refs/main", commit(2));
    store.file("models--o--n/refs/pr/1", format!("{}\n", commit(3)));
    let claim = store.claim(&format!("models--o--n/blobs/{}", hex(1)));
    assert_eq!(origin(&claim).2, Some(commit(2).as_str()));
    assert_eq!(claim.aliases.len(), 3);
}

#[test]
fn without_links_the_list_of_the_commit_gives_the_digest_of_the_file_itself() {
    let store = Fixture::new("hugging-face", "hub");
    let weights = format!("models--o--n/snapshots/{}/sub/w.safetensors", commit(1));
    store.file(&weights, "weights");
    store.file(
        &format!("models--o--n/trees/{}.json", commit(1)),
        format!(
            r#"{{"format_version": 1, "files": {{"sub/w.safetensors":
            {{"size": 7, "blob_id": "{}", "lfs_sha256": "{}", "lfs_size": 7, "xet_hash": "{}"}}}}}}"#,
            commit(9),
            hex(1),
            hex(8)
        ),
    );
    let claim = store.claim(&weights);
    assert_eq!(digest(&claim), Some(hex(1)));
    assert_eq!(origin(&claim), ("huggingface.co", Some("o/n"), Some(commit(1).as_str())));
    store.is_recognised_from(&weights);
}

#[test]
fn data_sets_spaces_and_unfinished_downloads_are_no_models() {
    let store = Fixture::new("hugging-face", "hub");
    store.file(&format!("datasets--o--n/blobs/{}", hex(1)), "rows");
    store.file(&format!("spaces--o--n/blobs/{}", hex(1)), "code");
    store.file(&format!("models--o--n/blobs/{}.incomplete", hex(1)), "half");
    assert_eq!(store.claims(), []);
}

#[test]
fn code_beside_a_configuration_that_names_it_is_said_of_the_weights() {
    let store = Fixture::new("hugging-face", "hub");
    let weights = format!("models--o--n/snapshots/{}/model.safetensors", commit(1));
    store.file(&weights, "weights");
    let config = store.file(
        &format!("models--o--n/snapshots/{}/config.json", commit(1)),
        r#"{"auto_map": {"AutoModel": "modeling_x.X"}}"#,
    );
    assert_eq!(store.claim(&weights).remote_code, None);
    store.file(&format!("models--o--n/snapshots/{}/modeling_x.py", commit(1)), "import os");
    let evidence = "`auto_map` in config.json, and modeling_x.py stands beside it";
    assert_eq!(store.claim(&weights).remote_code.as_deref(), Some(evidence));
    std::fs::write(config, "{}").unwrap();
    assert_eq!(store.claim(&weights).remote_code, None);
}

#[test]
fn a_file_that_was_changed_after_its_download_has_an_origin_and_no_digest() {
    let store = Fixture::new("hugging-face-local-dir", "qwen");
    store.file("w.gguf", "GGUF");
    let metadata = format!("{}\n{}\n1000000000.5\n", commit(1), hex(1));
    store.file(".cache/huggingface/download/w.gguf.metadata", metadata);
    let claim = store.claim("w.gguf");
    assert_eq!(digest(&claim), None);
    assert!(claim.origin.unwrap().evidence.ends_with("changed since"));
}

#[test]
fn a_ramalama_download_by_address_has_no_digest_because_its_hash_is_made_from_the_name() {
    let store = Fixture::new("ramalama", "ramalama/store");
    let blob = format!("https/example.org/models/x.gguf/blobs/sha256-{}", hex(1));
    store.file(&blob, "GGUF");
    store.file("https/example.org/models/x.gguf/refs/latest.json", ramalama_reference(1));
    let claim = store.claim(&blob);
    assert_eq!(digest(&claim), None);
    assert_eq!(origin(&claim), ("example.org", Some("models/x.gguf"), None));
}

#[test]
fn a_newer_modelscope_cache_gives_the_revision_by_its_folder() {
    let store = Fixture::new("modelscope", "modelscope/models");
    let weights = format!("Qwen--Qwen3-0.6B/snapshots/{}/model.safetensors", commit(1));
    store.file(&weights, "weights");
    store.file("Qwen--Qwen3-0.6B/snapshots/master/model.safetensors", "weights");
    assert_eq!(
        origin(&store.claim(&weights)),
        ("modelscope.cn", Some("Qwen/Qwen3-0.6B"), Some(commit(1).as_str()))
    );
    let branch = store.claim("Qwen--Qwen3-0.6B/snapshots/master/model.safetensors");
    assert_eq!(origin(&branch).2, None);
    store.is_recognised_from(&weights);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_read_and_its_path_is_exact() {
    use std::os::unix::ffi::OsStrExt;
    let store = Fixture::new("lm-studio", ".lmstudio/models");
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.gguf");
    let path = store.path("org/repo").join(name);
    store.file("org/repo/x", "");
    std::fs::write(&path, "GGUF").unwrap();
    assert!(store.claims().iter().any(|claim| claim.path == path));
}

#[test]
fn the_text_of_a_licence_beside_the_card_comes_with_the_claim() {
    let store = Fixture::new("lm-studio", ".lmstudio/models");
    store.file("org/name/model.gguf", "GGUF");
    store.file("org/name/README.md", "---\nlicense: other\nlicense_link: LICENSE\n---\n");
    store.file("org/name/LICENSE", "Qwen RESEARCH LICENSE AGREEMENT");
    match store.claim("org/name/model.gguf").license {
        Some(LicenseClaim::Tag { values, link, text: Some(text), .. }) => {
            assert_eq!((values.as_slice(), link.as_deref()), (&["other".to_owned()][..], Some("LICENSE")));
            assert_eq!((text.name.as_str(), &*text.text), ("LICENSE", "Qwen RESEARCH LICENSE AGREEMENT"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn folders_that_the_tool_names_itself_are_no_repository() {
    let store = Fixture::new("lm-studio", ".lmstudio/models");
    store.file("imported-models/uncategorized/x.gguf", "GGUF");
    let claim = store.claim("imported-models/uncategorized/x.gguf");
    assert_eq!((claim.origin, claim.model), (None, None));
}
