//! Model stores: where tools keep the models they fetch, and how such a folder is recognised wherever it stands.
//!
//! This is the typed shape of `catalog/stores/*.toml`, one store per file. It must not know how a layout is read:
//! a parser belongs to a [`Layout`], never to a tool, so that a new tool with an old layout is one more file here.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A model store: a layout of folders that one or more tools share.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Store {
    /// The id, which is also the name of the file without `.toml`: `ollama`, `hugging-face`.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// How its folders are to be read.
    pub layout: Layout,
    /// The host name of the registry it fetches from, where there is one (`huggingface.co`).
    #[serde(default)]
    pub registry: Option<String>,
    /// What the store calls a registry (the name of a folder, an old host name) and the host name it stands for.
    #[serde(default)]
    pub registries: BTreeMap<String, String>,
    /// Folders where repositories stand that the tool named itself, with `*` for any characters: they exist in no registry.
    #[serde(default, rename = "not_repositories")]
    pub not_repositories: Vec<String>,
    /// The catalogue id of the tool that owns it; absent where many tools share it.
    #[serde(default)]
    pub tool: Option<String>,
    /// Where it stands unless someone moved it.
    #[serde(default)]
    pub roots: Roots,
    /// Variables that move it, the one that wins first.
    #[serde(default)]
    pub env: Vec<EnvRoot>,
    /// How it is recognised wherever it stands. Any one of them is enough.
    #[serde(default)]
    pub markers: Vec<Marker>,
    /// The fields that were checked against the tool itself or its source. What is not named is not verified.
    #[serde(default)]
    pub verified: Vec<String>,
    /// Where the facts come from: projects, files, commits.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// How the folders of a store are to be read. Several tools may share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// `manifests/<host>/<namespace>/<model>/<tag>` beside `blobs/sha256-<hex>`.
    ManifestTree,
    /// `models--<org>--<name>/{blobs,refs,snapshots}`.
    SnapshotCache,
    /// Any folder with `.cache/huggingface/download/<file>.metadata`.
    LocalDir,
    /// `<publisher>/<repository>/<file>`.
    PublisherRepo,
    /// Files side by side, each with `.json` or `.etag` beside it, and `manifest=<org>=<repo>=<tag>.json`.
    FlatSidecar,
    /// `models.json`, `manifests/sha256/<hex>` and `blobs/sha256/<hex>`.
    OciIndex,
    /// `<id>/model.yml` that names the file and its digest.
    ModelYml,
    /// Files side by side, nothing beside them.
    Flat,
    /// `models/<type>/<file>`.
    TypedFolders,
    /// `<name>-<first 8 hex digits of the SHA-256>.<extension>`.
    HashSuffix,
    /// `<org>/<name>/<file>`.
    OrgName,
    /// `<transport>/<org>/<model>/{blobs,refs/<tag>.json,snapshots}`.
    RefFiles,
    /// `<registry>/<name>/ggml/<file>`, with `<registry>/models.json` that lists addresses and digests.
    RegistryJson,
    /// `<publisher>/<model>/v<version>/<file>`.
    Versioned,
}

/// Default places by operating system. `~` is the home of an account, `%NAME%` a variable of the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roots {
    /// On Linux.
    #[serde(default)]
    pub linux: Vec<String>,
    /// On macOS.
    #[serde(default)]
    pub macos: Vec<String>,
    /// On Windows, with `\` between components.
    #[serde(default)]
    pub windows: Vec<String>,
}

impl Store {
    /// The host name of a registry that the store calls `name`.
    pub fn registry_of<'s>(&'s self, name: &'s str) -> &'s str {
        self.registries.get(name).map_or(name, String::as_str)
    }
}

impl Roots {
    /// The places of one operating system: `linux`, `macos` or `windows`. Empty for another.
    pub fn of(&self, os: &str) -> &[String] {
        match os {
            "linux" => &self.linux,
            "macos" => &self.macos,
            "windows" => &self.windows,
            _ => &[],
        }
    }
}

/// A variable of the environment that names a place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvRoot {
    /// The variable, such as `HF_HOME`.
    pub name: String,
    /// What the tool appends to its value, with `/` between components; empty for nothing.
    #[serde(default)]
    pub suffix: String,
}

/// How a store is recognised from the path of a file in it. All the fields that are given must hold.
///
/// In a pattern a component may hold `*` for any characters; `**` as the last component stands for one component or more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// The path of the file relative to the store's root: `blobs/sha256-*`.
    pub inside: String,
    /// What the path of the root ends with: `.lmstudio/models`.
    #[serde(default)]
    pub above: Option<String>,
    /// What exists in the root, as relative paths.
    #[serde(default)]
    pub beside: Vec<String>,
    /// What exists near the file, relative to its folder. It may begin with `..`; `{name}` is the name of the file.
    #[serde(default)]
    pub near: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_read_with_all_its_fields() {
        let store: Store = toml::from_str(
            r#"
            id = "ollama"
            name = "Ollama models"
            layout = "manifest-tree"
            registry = "registry.ollama.ai"
            registries = { "hf.co" = "huggingface.co" }
            not_repositories = ["imported/*"]
            tool = "ollama"
            roots = { linux = ["~/.ollama/models"] }
            env = [{ name = "OLLAMA_MODELS" }]
            markers = [{ inside = "blobs/sha256-*", beside = ["manifests"] }]
            verified = ["env"]
            "#,
        )
        .unwrap();
        assert_eq!(store.layout, Layout::ManifestTree);
        assert_eq!(store.roots.of("linux"), ["~/.ollama/models"]);
        assert!(store.roots.of("windows").is_empty() && store.roots.of("plan9").is_empty());
        assert_eq!(store.not_repositories, ["imported/*"]);
        assert_eq!(store.env[0].suffix, "");
        assert_eq!(store.registry_of("hf.co"), "huggingface.co");
        assert_eq!(store.registry_of("example.org"), "example.org");
        assert_eq!(store.markers[0].beside, ["manifests"]);
    }

    #[test]
    fn a_word_that_is_no_field_is_refused() {
        let error =
            toml::from_str::<Store>("id = \"x\"\nname = \"X\"\nlayout = \"flat\"\nrots = {}").unwrap_err();
        assert!(error.to_string().contains("rots"), "{error}");
    }

    #[test]
    fn a_layout_that_nobody_can_read_is_refused() {
        assert!(toml::from_str::<Store>("id = \"x\"\nname = \"X\"\nlayout = \"ollama\"").is_err());
    }
}
