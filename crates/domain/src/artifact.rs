//! Artefacts: model files, where they are held, where they came from and what may be done with them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use crate::{
    Bundle, Content, HostPath, Identification, Member, Severity, Sha256Digest,
    path::{NotBase64, exact, exact_all, serialize_path},
};

/// A model file found on a device, with every path it is held at.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Wire")]
pub struct Artifact {
    /// Every path of the same bytes, the real file first. Never empty.
    pub paths: Vec<HostPath>,
    /// Length in bytes.
    pub size: u64,
    /// The catalogue id of the format, such as `gguf`.
    pub format: String,
    /// The SHA-256 of the file and how it is known.
    pub digest: Digest,
    /// The catalogue id of the store that holds it, if one does.
    pub store: Option<String>,
    /// Where it came from, if that was established.
    pub origin: Option<Origin>,
    /// What licence it claims, if any.
    pub license: Option<License>,
    /// What the file says about itself.
    pub metadata: Metadata,
    /// The verdict of an inspection.
    pub verdict: Verdict,
    /// What an inspection saw in the file.
    pub facts: Vec<Fact>,
    /// What is inside.
    pub content: Content,
}

impl Artifact {
    /// The first path: the real file.
    pub fn path(&self) -> &HostPath {
        // The constructor of the inventory never leaves `paths` empty; an empty path is the honest answer if it did.
        static NOWHERE: HostPath = HostPath::EMPTY;
        self.paths.first().unwrap_or(&NOWHERE)
    }
}

impl Serialize for Artifact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Artifact", 17)?;
        serialize_path(&mut out, self.path())?;
        out.serialize_field("paths", &self.paths)?;
        if self.paths.iter().any(|path| path.exact_text().is_none()) {
            let exact: Vec<_> = self.paths.iter().map(HostPath::base64).collect();
            out.serialize_field("paths_base64", &exact)?;
        }
        out.serialize_field("size", &self.size)?;
        out.serialize_field("format", &self.format)?;
        out.serialize_field("digest", &self.digest)?;
        out.serialize_field("store", &self.store)?;
        out.serialize_field("origin", &self.origin)?;
        out.serialize_field("license", &self.license)?;
        out.serialize_field("metadata", &self.metadata)?;
        out.serialize_field("verdict", &self.verdict)?;
        out.serialize_field("findings", &self.facts)?;
        serialize_content(&mut out, &self.content)?;
        out.end()
    }
}

/// Only what is there: most artefacts are one file that nobody took apart.
fn serialize_content<S: SerializeStruct>(out: &mut S, content: &Content) -> Result<(), S::Error> {
    let Content { identification, weights, bundle, members, unlisted_members } = content;
    if let Some(identification) = identification {
        out.serialize_field("identification", identification)?;
    }
    if let Some(weights) = weights {
        out.serialize_field("weights_sha256", weights)?;
    }
    if let Some(bundle) = bundle {
        out.serialize_field("bundle", bundle)?;
    }
    if !members.is_empty() {
        out.serialize_field("members", members)?;
    }
    if *unlisted_members > 0 {
        out.serialize_field("unlisted_members", unlisted_members)?;
    }
    Ok(())
}

/// What is read of an artefact.
#[derive(Deserialize)]
struct Wire {
    path: HostPath,
    path_base64: Option<String>,
    #[serde(default)]
    paths: Vec<HostPath>,
    #[serde(default)]
    paths_base64: Vec<Option<String>>,
    size: u64,
    format: String,
    digest: Digest,
    store: Option<String>,
    origin: Option<Origin>,
    license: Option<License>,
    #[serde(default)]
    metadata: Metadata,
    verdict: Verdict,
    #[serde(default)]
    findings: Vec<Fact>,
    identification: Option<Identification>,
    weights_sha256: Option<Sha256Digest>,
    bundle: Option<Bundle>,
    #[serde(default)]
    members: Vec<Member>,
    #[serde(default)]
    unlisted_members: u64,
}

impl TryFrom<Wire> for Artifact {
    type Error = NotBase64;

    fn try_from(wire: Wire) -> Result<Self, NotBase64> {
        let mut paths = exact_all(wire.paths, &wire.paths_base64)?;
        if paths.is_empty() {
            paths.push(exact(wire.path, wire.path_base64.as_deref())?);
        }
        let Wire { size, format, digest, store, origin, license, metadata, verdict, findings: facts, .. } =
            wire;
        let content = Content {
            identification: wire.identification,
            weights: wire.weights_sha256,
            bundle: wire.bundle,
            members: wire.members,
            unlisted_members: wire.unlisted_members,
        };
        Ok(Self { paths, size, format, digest, store, origin, license, metadata, verdict, facts, content })
    }
}

/// A SHA-256 and how far it can be trusted. Only a computed one satisfies a rule about digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The digest, if anything is known of it.
    pub sha256: Option<Sha256Digest>,
    /// How it is known.
    pub status: DigestStatus,
    /// What a store claims, when the computed digest is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Sha256Digest>,
}

impl Digest {
    /// Nothing is known yet.
    pub const PENDING: Self = Self { sha256: None, status: DigestStatus::Pending, claimed: None };

    /// Only a store's word for it.
    pub const fn claimed(digest: Sha256Digest) -> Self {
        Self { sha256: Some(digest), status: DigestStatus::Claimed, claimed: None }
    }

    /// Computed from the bytes, beside what a store may have claimed.
    pub fn computed(digest: Sha256Digest, claim: Option<Sha256Digest>) -> Self {
        Self { sha256: Some(digest), status: DigestStatus::Computed, claimed: claim.filter(|c| *c != digest) }
    }
}

/// How a digest is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestStatus {
    /// Computed from the bytes of the file.
    Computed,
    /// A store's file name or manifest says so; nobody checked.
    Claimed,
    /// Not computed, and no store claims one.
    Pending,
}

/// Where an artefact came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The registry, as a host name (`huggingface.co`).
    pub registry: String,
    /// The repository in it (`org/name`, or `org/name:tag` where tags are how the registry names models).
    pub repository: Option<String>,
    /// The commit or version, if it is known.
    pub revision: Option<String>,
    /// What says so, in words.
    pub evidence: String,
}

/// The licence that an artefact claims, mapped to the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct License {
    /// The catalogue id (`apache-2.0`), or the claim itself in lower case when the catalogue does not have it.
    pub id: String,
    /// What says so, in words.
    pub evidence: String,
    /// What the catalogue says about commercial use.
    pub commercial_use: CommercialUse,
}

/// Whether a licence lets an organisation use the model commercially.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommercialUse {
    /// Yes, with the usual notices.
    Yes,
    /// No.
    No,
    /// Under conditions that the catalogue names.
    Conditional,
    /// It is not known.
    Unknown,
}

/// What the file says about itself. All of it is the file's own claim.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// What the file is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The architecture (`llama`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The quantisation or the commonest tensor type (`Q4_K_M`, `BF16`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantization: Option<String>,
    /// The number of weights, if every tensor's shape was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// The number of tensors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tensors: Option<u64>,
    /// The longest context in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_length: Option<u64>,
    /// Models this one says it was made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base_models: Vec<String>,
    /// Other keys worth showing, in the file's own spelling; values are cut at 256 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, String>,
}

/// What a file of a known format is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Weights of a model.
    Weights,
    /// An adapter that needs a base model.
    Adapter,
    /// The format can hold weights, and this file does not show that it does: a plain pickle, an array archive.
    Data,
}

/// What an inspection concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nobody looked.
    NotScanned,
    /// Looked at all of it, nothing wrong.
    Clean,
    /// Looked, could not decide. Never clean.
    Unscannable,
    /// It runs code by design, or does what models do not need.
    Suspicious,
    /// It attacks whoever loads it.
    Malicious,
}

impl Verdict {
    /// The word for it, as it is written in every format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotScanned => "not-scanned",
            Self::Clean => "clean",
            Self::Unscannable => "unscannable",
            Self::Suspicious => "suspicious",
            Self::Malicious => "malicious",
        }
    }
}

/// An inspection fact about one file: what was seen, and where. Not a conclusion of policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The inspection rule, such as `gguf-truncated`.
    pub rule: String,
    /// How bad it is for whoever loads the file.
    pub severity: Severity,
    /// What was seen and what it does, in words.
    pub message: String,
    /// Where, in bytes from the start of the file, or of the member if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The member it was seen in; members of members are parted by ` > `.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// What it is about, resolved: `os.system`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How often it was seen; `offset` and `member` are those of the first time.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub count: u64,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

const fn once() -> u64 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_once(count: &u64) -> bool {
    *count == 1
}

impl Fact {
    /// A fact seen once, of the file as a whole.
    pub fn new(rule: impl Into<String>, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            severity,
            message: message.into(),
            offset: None,
            member: None,
            name: None,
            count: 1,
            help: None,
        }
    }

    /// The same, seen at this offset.
    #[must_use]
    pub fn at(self, offset: u64) -> Self {
        Self { offset: Some(offset), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_kept_only_where_the_bytes_say_otherwise() {
        let (one, two) = (Sha256Digest::from_bytes([1; 32]), Sha256Digest::from_bytes([2; 32]));
        assert_eq!(Digest::computed(one, Some(one)).claimed, None);
        assert_eq!(Digest::computed(one, Some(two)).claimed, Some(two));
    }
}
