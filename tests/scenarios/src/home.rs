//! Homes as people have them: models in the stores of their tools, agents with their configuration.
//!
//! Layouts as the tools write them. It must not know what a scan makes of them.

use sha2::{Digest, Sha256};

use crate::tree::Tree;

/// A home directory that a test fills.
pub struct Home {
    /// The files of it.
    pub tree: Tree,
}

impl Home {
    /// An empty one.
    pub fn new() -> Self {
        Self { tree: Tree::new() }
    }

    /// A model pulled by Ollama: manifest, blob, and the licence as a layer of its own.
    pub fn ollama(&self, name: &str, tag: &str, model: &[u8], license: &str) {
        let (model, license) = (self.ollama_blob(model), self.ollama_blob(license.as_bytes()));
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "layers": [
                { "mediaType": "application/vnd.ollama.image.model", "digest": model.0, "size": model.1 },
                { "mediaType": "application/vnd.ollama.image.license", "digest": license.0, "size": license.1 },
            ],
        });
        let path = format!(".ollama/models/manifests/registry.ollama.ai/library/{name}/{tag}");
        self.tree.write(path, manifest.to_string());
    }

    fn ollama_blob(&self, bytes: &[u8]) -> (String, usize) {
        let sum = hex(bytes);
        self.tree.write(format!(".ollama/models/blobs/sha256-{sum}"), bytes);
        (format!("sha256:{sum}"), bytes.len())
    }

    /// A model downloaded into the Hugging Face cache: blobs by digest, a snapshot that links to them, and its card.
    pub fn hugging_face(&self, repository: &str, file: &str, model: &[u8], license: &str) {
        let folder = format!(".cache/huggingface/hub/models--{}", repository.replace('/', "--"));
        let commit = &hex(repository.as_bytes())[..40];
        let card = format!("---\nlicense: {license}\n---\n# {repository}\n");
        self.tree.write(format!("{folder}/refs/main"), commit);
        for (name, bytes) in [(file, model), ("README.md", card.as_bytes())] {
            let sum = hex(bytes);
            self.tree.write(format!("{folder}/blobs/{sum}"), bytes);
            self.tree.link(format!("{folder}/snapshots/{commit}/{name}"), format!("../../blobs/{sum}"));
        }
    }

    /// A model downloaded by LM Studio.
    pub fn lm_studio(&self, repository: &str, file: &str, model: &[u8]) {
        self.tree.write(format!(".lmstudio/models/{repository}/{file}"), model);
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
