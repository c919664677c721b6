//! What can be said of models that are several files: folders, shards, images. The inventory puts them together and says it.

use domain::{Severity, Verdict};

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[
    &LFS_POINTER,
    &SHARD_MISSING,
    &MEMBER_MISSING,
    &PART_SHORT,
    &CODE_MISSING,
    &MEMBER_UNREADABLE,
    &LINK_LEADS_OUT,
    &BROKEN_IMAGE,
];

/// A Git LFS pointer in the place of a model.
pub static LFS_POINTER: Rule = Rule {
    id: "lfs-pointer",
    severity: Severity::Info,
    verdict: Verdict::Unscannable,
    title: "a pointer of Git LFS stands in the place of the model",
    does: "The file only names the digest and size of the model. Nothing is known of the model itself until it is fetched.",
    help: "fetch the model (`git lfs pull`), then inspect it",
    example: "version https://git-lfs.github.com/spec/v1",
    references: &["https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"],
};

/// Some of the numbered parts are not there.
pub static SHARD_MISSING: Rule = Rule {
    id: "shard-missing",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "parts of the model are missing",
    does: "A loader stops, or fetches the missing parts from somewhere else. What is in them is not known.",
    help: "fetch the missing parts from where the others came from, then inspect all of them",
    example: "model-00001-of-00003.safetensors and model-00003-of-00003.safetensors without the second",
    references: &[],
};

/// A file that another one names is not there.
pub static MEMBER_MISSING: Rule = Rule {
    id: "member-missing",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a file that belongs to the model is not there",
    does: "What the missing file holds is not known, and a loader takes whatever appears in its place.",
    help: "fetch the model again, whole",
    example: "the manifest of an image names a layer that is not in it",
    references: &[],
};

/// A file of weights ends before what the model says of it.
pub static PART_SHORT: Rule = Rule {
    id: "part-short",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a file of weights ends before what the model says of it",
    does: "Careful loaders stop; careless ones read beyond the end of the file, or of memory.",
    help: "fetch the file again, and compare its digest with the publisher's",
    example: "model.onnx_data of 1 GB, and a tensor at 3 GB",
    references: &["https://cwe.mitre.org/data/definitions/125.html"],
};

/// Code that a configuration names is not there.
pub static CODE_MISSING: Rule = Rule {
    id: "code-missing",
    severity: Severity::Low,
    verdict: Verdict::Clean,
    title: "code that a configuration names is not there",
    does: "A loader that may run code of models looks for it in the repository that the model came from, and runs what lies there that day.",
    help: "fetch the model with its code, and read that",
    example: "auto_map names modeling_x.XModel, and there is no modeling_x.py",
    references: &["https://huggingface.co/docs/transformers/models#custom-models"],
};

/// A file of the model cannot be read.
pub static MEMBER_UNREADABLE: Rule = Rule {
    id: "member-unreadable",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a file of the model cannot be read",
    does: "What is in it is not known.",
    help: "inspect it as an account that may read it",
    example: "permission denied",
    references: &[],
};

/// A symbolic link that leads out of the model.
pub static LINK_LEADS_OUT: Rule = Rule {
    id: "link-leads-out",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "a link leads out of the folder of the model",
    does: "A loader follows it to a file that is no part of what was inspected, and may be another one tomorrow.",
    help: "put the file itself in the place of the link, then inspect it",
    example: "model.safetensors -> /mnt/elsewhere/model.safetensors",
    references: &["https://cwe.mitre.org/data/definitions/59.html"],
};

/// An image whose index or manifest cannot be read.
pub static BROKEN_IMAGE: Rule = Rule {
    id: "broken-image",
    severity: Severity::Low,
    verdict: Verdict::Unscannable,
    title: "the index or manifest of a container image cannot be read",
    does: "Which layers belong to the image is not known, so that none of them can be called clean.",
    help: "export the image again (`docker save`, `skopeo copy … oci:DIR`)",
    example: "index.json that is no JSON",
    references: &["https://github.com/opencontainers/image-spec/blob/main/image-layout.md"],
};
