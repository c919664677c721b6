//! Each store of the catalogue as its tool leaves it.

use std::collections::BTreeSet;

use crate::fixture::{
    Fixture, catalogue, commit, digest, hex, ollama_manifest, origin, ramalama_reference, tag, text,
};

/// A test per store, and the list of stores that have one.
macro_rules! layouts {
    ($($id:literal in $place:literal => $test:ident),* $(,)?) => {
        const COVERED: &[&str] = &[$($id),*];
        $(#[test] fn $test() { self::store::$test(&Fixture::new($id, $place)); })*
    };
}

layouts! {
    "ollama" in "models" => manifests_give_name_registry_digest_and_licence,
    "hugging-face" in "hub" => snapshots_give_repository_commit_digest_card_and_links,
    "hugging-face-local-dir" in "qwen" => download_metadata_gives_commit_and_digest,
    "lm-studio" in ".lmstudio/models" => folder_names_give_the_repository,
    "llama.cpp" in "llama.cpp" => sidecars_give_repository_and_digest,
    "docker-model-runner" in "models" => the_index_gives_tags_and_digests,
    "jan" in "data/llamacpp/models" => descriptions_give_name_and_digest,
    "gpt4all" in "nomic.ai/GPT4All" => bare_files_belong_to_the_store,
    "comfyui" in "ComfyUI" => typed_folders_belong_to_the_store,
    "torch-hub" in "torch/hub/checkpoints" => eight_digits_are_a_note_and_no_digest,
    "modelscope" in "modelscope/hub/models" => organisation_and_name_give_the_repository,
    "ramalama" in "ramalama/store" => reference_files_give_transport_and_digest,
    "tabby" in "models" => the_list_of_the_registry_gives_address_and_digest,
    "foundry-local" in "models" => described_folders_are_models,
}

#[test]
fn every_store_of_the_catalogue_has_a_test_of_its_layout() {
    let stores: BTreeSet<String> = catalogue().into_iter().map(|store| store.id).collect();
    let covered: BTreeSet<String> = COVERED.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(stores, covered);
}

/// One function per store: it builds the layout and checks what is said.
mod store {
    use super::*;

    const CARD: &str = "---\nlicense: apache-2.0\nbase_model: o/base\n---\n# A model\n";

    pub(super) fn manifests_give_name_registry_digest_and_licence(store: &Fixture) {
        let weights = format!("blobs/sha256-{}", hex(1));
        store.file(&weights, "GGUF");
        store.file(&format!("blobs/sha256-{}", hex(2)), "GGUF");
        store.file(&format!("blobs/sha256-{}", hex(22)), "{{ .Prompt }}");
        store.file(&format!("blobs/sha256-{}", hex(23)), "LLAMA 3.2 COMMUNITY LICENSE AGREEMENT");
        store.file("manifests/registry.ollama.ai/library/llama3.2/3b", ollama_manifest(1));
        for (path, n) in [(weights.clone(), 1), (format!("blobs/sha256-{}", hex(2)), 2)] {
            let claim = store.claim(&path);
            assert_eq!(claim.model.as_deref(), Some("llama3.2:3b"));
            assert_eq!(origin(&claim), ("registry.ollama.ai", Some("library/llama3.2:3b"), None));
            assert_eq!(digest(&claim), Some(hex(n)));
            assert_eq!(text(&claim), Some("LLAMA 3.2 COMMUNITY LICENSE AGREEMENT"));
        }
        assert_eq!(
            store.claim(&format!("blobs/sha256-{}", hex(22))).origin,
            None,
            "a template is not the model"
        );
        store.is_recognised_from(&weights);
    }

    pub(super) fn snapshots_give_repository_commit_digest_card_and_links(store: &Fixture) {
        let blob = format!("models--Qwen--Qwen2.5-7B/blobs/{}", hex(1));
        let readme = format!("models--Qwen--Qwen2.5-7B/blobs/{}", commit(7));
        let snapshot = format!("models--Qwen--Qwen2.5-7B/snapshots/{}", commit(1));
        store.file(&blob, "weights");
        store.file(&readme, CARD);
        let link =
            store.link(&format!("{snapshot}/a/model.safetensors"), format!("../../../blobs/{}", hex(1)));
        store.link(&format!("{snapshot}/README.md"), format!("../../blobs/{}", commit(7)));
        store.link(&format!("{snapshot}/gone.bin"), format!("../../blobs/{}", hex(9)));
        store.file("models--Qwen--Qwen2.5-7B/refs/main", commit(1));
        let claim = store.claim(&blob);
        assert_eq!(claim.model.as_deref(), Some("Qwen/Qwen2.5-7B"));
        assert_eq!(origin(&claim), ("huggingface.co", Some("Qwen/Qwen2.5-7B"), Some(commit(1).as_str())));
        assert_eq!(digest(&claim), Some(hex(1)));
        assert_eq!(
            (tag(&claim), claim.base_models.as_slice()),
            (Some("apache-2.0"), ["o/base".to_owned()].as_slice())
        );
        assert_eq!(claim.aliases, [link]);
        assert_eq!(digest(&store.claim(&readme)), None, "the SHA-1 of Git is no SHA-256");
        store.is_recognised_from(&blob);
    }

    pub(super) fn download_metadata_gives_commit_and_digest(store: &Fixture) {
        store.file("sub/model.safetensors", "weights");
        store.file("config.json", "{}");
        store.file("README.md", CARD);
        store.file("mine.txt", "not downloaded");
        let metadata = |etag: &str| format!("{}\n{etag}\n4000000000.123\n", commit(1));
        store.file(".cache/huggingface/download/sub/model.safetensors.metadata", metadata(&hex(1)));
        store.file(".cache/huggingface/download/config.json.metadata", metadata(&commit(5)));
        store.file(".cache/huggingface/download/removed.bin.metadata", metadata(&hex(2)));
        store.file(".cache/huggingface/download/config.json.lock", "");
        let claim = store.claim("sub/model.safetensors");
        assert_eq!(origin(&claim), ("huggingface.co", None, Some(commit(1).as_str())));
        assert_eq!((digest(&claim), tag(&claim)), (Some(hex(1)), Some("apache-2.0")));
        assert_eq!(digest(&store.claim("config.json")), None);
        assert_eq!(store.claims().len(), 2);
        store.is_recognised_from("sub/model.safetensors");
    }

    pub(super) fn folder_names_give_the_repository(store: &Fixture) {
        let path = "lmstudio-community/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf";
        store.file(path, "GGUF");
        store.file("lmstudio-community/Qwen3-4B-GGUF/README.md", CARD);
        let claim = store.claim(path);
        assert_eq!(origin(&claim), ("huggingface.co", Some("lmstudio-community/Qwen3-4B-GGUF"), None));
        assert_eq!((digest(&claim), tag(&claim)), (None, Some("apache-2.0")));
        assert!(claim.origin.unwrap().evidence.contains("names of the folders"));
        store.is_recognised_from(path);
    }

    pub(super) fn sidecars_give_repository_and_digest(store: &Fixture) {
        let by_tag = "ggml-org_gemma-3-4b-it-GGUF_sub_gemma.gguf";
        store.file(by_tag, "GGUF");
        store.file(&format!("{by_tag}.etag"), "\"abc\"");
        store.file(
            "manifest=ggml-org=gemma-3-4b-it-GGUF=latest.json",
            format!(
                r#"{{"ggufFile": {{"rfilename": "sub/gemma.gguf", "blobId": "sha256:{0}", "size": 4,
                "lfs": {{"sha256": "{0}", "size": 4}}}}, "mmprojFile": {{"rfilename": "not-held.gguf"}}}}"#,
                hex(1)
            ),
        );
        let by_address = "o_n_x.gguf";
        let url = format!("https://huggingface.co/o/n/resolve/{}/x.gguf", commit(1));
        store.file(by_address, "GGUF");
        store.file("o_n_x.gguf.json", format!(r#"{{"etag": "\"e\"", "lastModified": "", "url": "{url}"}}"#));
        store.file("alone.gguf", "GGUF");
        let claim = store.claim(by_tag);
        assert_eq!(origin(&claim), ("huggingface.co", Some("ggml-org/gemma-3-4b-it-GGUF"), None));
        assert_eq!(digest(&claim), Some(hex(1)));
        assert_eq!(claim.note.as_deref(), Some("the server's etag was abc"));
        let claim = store.claim(by_address);
        assert_eq!(origin(&claim), ("huggingface.co", Some("o/n"), Some(commit(1).as_str())));
        assert_eq!(digest(&claim), None, "an etag is no digest");
        assert_eq!(store.claims().len(), 2, "a file without a sidecar is nobody's");
        store.is_recognised_from(by_tag);
        store.is_recognised_from(by_address);
    }

    pub(super) fn the_index_gives_tags_and_digests(store: &Fixture) {
        let weights = format!("blobs/sha256/{}", hex(1));
        store.file(&weights, "GGUF");
        store.file(&format!("blobs/sha256/{}", hex(3)), "Apache License 2.0");
        store.file(&format!("blobs/sha256/{}", hex(4)), "GGUF");
        store.file("layout.json", r#"{"version": "1.0.0"}"#);
        store.file(
            "models.json",
            format!(
                r#"{{"models": [
                {{"id": "sha256:{}", "tags": ["ai/smollm2:360M", "hf.co/o/n:Q4"], "files": ["sha256:{}"]}},
                {{"id": "sha256:{}", "tags": ["registry.corp:5000/team/m:1"], "files": ["sha256:{}"]}},
                {{"id": "sha256:{}", "tags": null, "files": null}}]}}"#,
                hex(10),
                hex(1),
                hex(11),
                hex(4),
                hex(12)
            ),
        );
        store.file(
            &format!("manifests/sha256/{}", hex(10)),
            format!(
                r#"{{"layers": [{{"mediaType": "application/vnd.docker.ai.gguf.v3", "digest": "sha256:{}"}},
                {{"mediaType": "application/vnd.docker.ai.license", "digest": "sha256:{}"}}]}}"#,
                hex(1),
                hex(3)
            ),
        );
        let claim = store.claim(&weights);
        let id = format!("sha256:{}", hex(10));
        assert_eq!(origin(&claim), ("docker.io", Some("ai/smollm2:360M"), Some(id.as_str())));
        assert_eq!((digest(&claim), text(&claim)), (Some(hex(1)), Some("Apache License 2.0")));
        assert!(claim.origin.unwrap().evidence.ends_with("also o/n:Q4"));
        let claim = store.claim(&format!("blobs/sha256/{}", hex(4)));
        assert_eq!(
            &origin(&claim).0,
            &"registry.corp:5000",
            "known from the index where the manifest is missing"
        );
        store.is_recognised_from(&weights);
    }

    pub(super) fn descriptions_give_name_and_digest(store: &Fixture) {
        let weights = "janhq/Jan-v1-4B-Q4_K_M/model.gguf";
        store.file(weights, "GGUF");
        store.file("janhq/Jan-v1-4B-Q4_K_M/mmproj.gguf", "GGUF");
        store.file(
            "janhq/Jan-v1-4B-Q4_K_M/model.yml",
            format!(
                "model_path: llamacpp/models/{weights}\nname: Jan-v1-4B-Q4_K_M\nsize_bytes: 4\nmodel_sha256: {}\nmmproj_path: mmproj.gguf\n",
                hex(1)
            ),
        );
        let claim = store.claim(weights);
        assert_eq!((claim.model.as_deref(), digest(&claim)), (Some("Jan-v1-4B-Q4_K_M"), Some(hex(1))));
        assert_eq!(claim.origin, None);
        assert_eq!(digest(&store.claim("janhq/Jan-v1-4B-Q4_K_M/mmproj.gguf")), None);
        store.is_recognised_from(weights);
    }

    pub(super) fn bare_files_belong_to_the_store(store: &Fixture) {
        store.file("Meta-Llama-3-8B-Instruct.Q4_0.gguf", "GGUF");
        store.file("incomplete-x.gguf.part", "GG");
        let claims = store.claims();
        assert_eq!(claims.len(), 1);
        assert_eq!(claims[0].model.as_deref(), Some("Meta-Llama-3-8B-Instruct.Q4_0"));
        assert_eq!((&claims[0].origin, claims[0].digest), (&None, None));
        store.is_recognised_from("Meta-Llama-3-8B-Instruct.Q4_0.gguf");
    }

    pub(super) fn typed_folders_belong_to_the_store(store: &Fixture) {
        let path = "models/checkpoints/sdxl/base.safetensors";
        store.file(path, "weights");
        store.file("folder_paths.py", "");
        store.file("comfy/__init__.py", "");
        store.file("output/picture.png", "");
        let claims = store.claims();
        assert_eq!(claims.len(), 1);
        assert_eq!((claims[0].path.clone(), &claims[0].origin), (store.path(path), &None));
        assert_eq!(claims[0].note.as_deref(), Some("stands in `models/checkpoints`"));
        store.is_recognised_from(path);
    }

    pub(super) fn eight_digits_are_a_note_and_no_digest(store: &Fixture) {
        store.file("resnet50-0676ba61.pth", "PK");
        store.file("mine.pth", "PK");
        let claims = store.claims();
        assert_eq!(claims.len(), 1);
        assert_eq!((claims[0].model.as_deref(), claims[0].digest), (Some("resnet50"), None));
        assert_eq!(
            (&claims[0].origin, claims[0].note.as_ref().unwrap().ends_with("0676ba61")),
            (&None, true)
        );
        store.is_recognised_from("resnet50-0676ba61.pth");
    }

    pub(super) fn organisation_and_name_give_the_repository(store: &Fixture) {
        let path = "Qwen/Qwen3-0___6B/model.safetensors";
        store.file(path, "weights");
        store.file("Qwen/Qwen3-0___6B/README.md", CARD);
        store.file("Qwen/Qwen3-0___6B/.mv", format!("Revision:{},CreatedAt:1745994320", commit(1)));
        store.file("Qwen/Qwen3-0___6B/.msc", b"\x80\x04cos\nsystem\n");
        let claim = store.claim(path);
        assert_eq!(origin(&claim), ("modelscope.cn", Some("Qwen/Qwen3-0.6B"), Some(commit(1).as_str())));
        assert_eq!((digest(&claim), tag(&claim)), (None, Some("apache-2.0")));
        store.is_recognised_from(path);
    }

    pub(super) fn reference_files_give_transport_and_digest(store: &Fixture) {
        let blob = format!("huggingface/ggml-org/SmolVLM/model.gguf/blobs/sha256-{}", hex(1));
        let other = format!("huggingface/ggml-org/SmolVLM/model.gguf/blobs/sha256-{}", hex(2));
        store.file(&blob, "GGUF");
        store.file(&other, "{}");
        store.file("huggingface/ggml-org/SmolVLM/model.gguf/refs/latest.json", ramalama_reference(1));
        let link = store.link(
            &format!("huggingface/ggml-org/SmolVLM/model.gguf/snapshots/sha256-{}/model.gguf", hex(1)),
            format!("../../blobs/sha256-{}", hex(1)),
        );
        let claim = store.claim(&blob);
        assert_eq!(origin(&claim), ("huggingface.co", Some("ggml-org/SmolVLM"), None));
        assert_eq!(claim.model.as_deref(), Some("huggingface://ggml-org/SmolVLM/model.gguf:latest"));
        assert_eq!((digest(&claim), claim.aliases), (Some(hex(1)), vec![link]));
        assert_eq!(
            digest(&store.claim(&other)),
            None,
            "the hash of an `other` file may be made from its name"
        );
        store.is_recognised_from(&blob);
    }

    pub(super) fn the_list_of_the_registry_gives_address_and_digest(store: &Fixture) {
        let whole = "TabbyML/StarCoder-1B/ggml/model.gguf";
        let part = "TabbyML/Big/ggml/model-00002-of-00002.gguf";
        store.file(whole, "GGUF");
        store.file(part, "GGUF");
        store.file(
            "TabbyML/models.json",
            format!(
                r#"[{{"name": "StarCoder-1B", "urls": ["https://huggingface.co/TabbyML/StarCoder-1B/resolve/{}/q8.gguf"],
                "sha256": "{}"}},
                {{"name": "Big", "partitioned_urls": [{{"urls": [], "sha256": "{}"}},
                {{"urls": ["https://huggingface.co/TabbyML/Big/resolve/main/2.gguf"], "sha256": "{}"}}]}}]"#,
                commit(1),
                hex(1),
                hex(2),
                hex(3)
            ),
        );
        let claim = store.claim(whole);
        assert_eq!(
            origin(&claim),
            ("huggingface.co", Some("TabbyML/StarCoder-1B"), Some(commit(1).as_str()))
        );
        assert_eq!((digest(&claim), claim.model.as_deref()), (Some(hex(1)), Some("TabbyML/StarCoder-1B")));
        let claim = store.claim(part);
        assert_eq!((digest(&claim), origin(&claim).2), (Some(hex(3)), None));
        store.is_recognised_from(whole);
    }

    pub(super) fn described_folders_are_models(store: &Fixture) {
        let path = "Microsoft/Phi-4-mini-instruct-generic-cpu/v1/model.onnx";
        store.file(path, "onnx");
        store.file("Microsoft/Phi-4-mini-instruct-generic-cpu/v1/genai_config.json", "{}");
        store.file(
            "Microsoft/Phi-4-mini-instruct-generic-cpu/v1/inference_model.json",
            r#"{"Name": "Phi-4-mini-instruct-generic-cpu", "PromptTemplate": {}}"#,
        );
        store.file("Microsoft/unfinished/v1/model.onnx", "onnx");
        let claim = store.claim(path);
        assert_eq!(claim.model.as_deref(), Some("Phi-4-mini-instruct-generic-cpu"));
        assert_eq!((&claim.origin, claim.digest), (&None, None));
        assert_eq!(store.claims().len(), 2, "a folder that nothing describes is no model");
        store.is_recognised_from(path);
    }
}
