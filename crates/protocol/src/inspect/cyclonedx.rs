//! CycloneDX 1.6 with models as components (ML-BOM): identity, licence, lineage, and what an inspection saw.
//!
//! It holds no time and no random number, so that the same files give the same document.

use std::collections::HashSet;

use domain::{Artifact, Fact, License, Member, Origin};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::InspectReport;

/// What stands as it is in a part of a package URL.
const IN_PURL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
/// The longest list of facts that is put into properties of one component.
const FACTS: usize = 100;

/// The report as an ML-BOM. `spdx` gives the SPDX identifier of a licence of the catalogue, where there is one.
pub fn cyclonedx(report: &InspectReport, spdx: &dyn Fn(&str) -> Option<String>) -> Value {
    let mut used = HashSet::new();
    let components: Vec<_> = report
        .artifacts
        .iter()
        .map(|artifact| {
            let digest = artifact.digest.sha256.map(|digest| format!("sha256:{digest}"));
            let reference = digest
                .filter(|reference| !used.contains(reference))
                .unwrap_or_else(|| format!("path:{}", artifact.path()));
            used.insert(reference.clone());
            component(artifact, &reference, spdx)
        })
        .collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": { "components": [{ "type": "application", "name": "eyeline", "version": report.version }] },
        },
        "components": components,
    })
}

fn component(artifact: &Artifact, reference: &str, spdx: &dyn Fn(&str) -> Option<String>) -> Value {
    let metadata = &artifact.metadata;
    let origin = artifact.origin.as_ref();
    let is_model = artifact.content.identification.is_some() || metadata.role.is_some();
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            out.insert(key.to_owned(), value);
        }
    };
    put("type", json!(if is_model { "machine-learning-model" } else { "file" }));
    put("bom-ref", json!(reference));
    put("name", json!(name(artifact)));
    put("version", json!(origin.and_then(|origin| origin.revision.as_deref())));
    put("purl", json!(origin.and_then(purl)));
    put("hashes", hashes(artifact.digest.sha256));
    put("licenses", artifact.license.as_ref().map_or(Value::Null, |license| licenses(license, spdx)));
    if !metadata.base_models.is_empty() {
        let ancestor = |name: &String| json!({ "type": "machine-learning-model", "name": name });
        put(
            "pedigree",
            json!({ "ancestors": metadata.base_models.iter().map(ancestor).collect::<Vec<_>>() }),
        );
    }
    if is_model {
        put("modelCard", card(artifact));
    }
    // The members of an archive are no components of the model: they are what its format consists of.
    if artifact.content.bundle.is_some() {
        let files = artifact.content.members.iter().filter(|member| !member.path.contains(" > "));
        let mut seen = HashSet::new();
        let files = files.filter(|member| seen.insert(member.path.as_str()));
        put("components", files.map(|member| file(member, reference)).collect());
    }
    put("properties", properties(artifact));
    Value::Object(out)
}

/// What people call it: its repository, its own name, its file.
fn name(artifact: &Artifact) -> String {
    let repository = artifact.origin.as_ref().and_then(|origin| origin.repository.clone());
    let own = || artifact.metadata.name.clone().filter(|name| !name.is_empty());
    repository.or_else(own).unwrap_or_else(|| artifact.path().file_name().to_string())
}

fn purl(origin: &Origin) -> Option<String> {
    let repository = origin.repository.as_ref().filter(|_| origin.registry == "huggingface.co")?;
    let encoded = |text: &str| utf8_percent_encode(text, IN_PURL).to_string();
    let path: Vec<_> = repository.split('/').map(encoded).collect();
    let version = origin.revision.as_deref().map(|revision| format!("@{}", encoded(revision)));
    Some(format!("pkg:huggingface/{}{}", path.join("/"), version.unwrap_or_default()))
}

fn hashes(digest: Option<domain::Sha256Digest>) -> Value {
    digest.map_or(Value::Null, |digest| json!([{ "alg": "SHA-256", "content": digest.to_string() }]))
}

fn licenses(license: &License, spdx: &dyn Fn(&str) -> Option<String>) -> Value {
    let named = match spdx(&license.id) {
        Some(id) => json!({ "id": id, "acknowledgement": "declared" }),
        None => json!({ "name": license.id, "acknowledgement": "declared" }),
    };
    json!([{ "license": named }])
}

fn card(artifact: &Artifact) -> Value {
    let metadata = &artifact.metadata;
    let mut parameters = Map::new();
    if let Some(architecture) = &metadata.architecture {
        parameters.insert("architectureFamily".to_owned(), json!(architecture));
        parameters.insert("modelArchitecture".to_owned(), json!(architecture));
    }
    let known = [
        ("eyeline:parameters", metadata.parameters.map(|count| count.to_string())),
        ("eyeline:tensors", metadata.tensors.map(|count| count.to_string())),
        ("eyeline:context-length", metadata.context_length.map(|count| count.to_string())),
        ("eyeline:quantization", metadata.quantization.clone()),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some(property(name, &value?)));
    json!({ "modelParameters": parameters, "properties": known.collect::<Vec<_>>() })
}

fn file(member: &Member, reference: &str) -> Value {
    let format = member.format.as_deref().map(|format| property("eyeline:format", format));
    let verdict = property("eyeline:verdict", member.verdict.as_str());
    let mut out = json!({
        "type": "file",
        "bom-ref": format!("{reference}#{}", member.path),
        "name": member.path,
        "properties": format.into_iter().chain([verdict]).collect::<Vec<_>>(),
    });
    if let (Some(digest), Some(out)) = (member.sha256, out.as_object_mut()) {
        out.insert("hashes".to_owned(), hashes(Some(digest)));
    }
    out
}

fn properties(artifact: &Artifact) -> Value {
    let content = &artifact.content;
    let mut all = vec![
        property("eyeline:verdict", artifact.verdict.as_str()),
        property("eyeline:format", &artifact.format),
        property("eyeline:size", &artifact.size.to_string()),
    ];
    all.extend(artifact.paths.iter().map(|path| property("eyeline:path", &path.to_string())));
    all.extend(content.weights.map(|digest| property("eyeline:weights-sha256", &digest.to_string())));
    if let Some(identification) = &content.identification {
        all.push(property("eyeline:identified-by", &identification.reason));
    }
    if let Some(license) = &artifact.license {
        all.push(property("eyeline:license-evidence", &license.evidence));
    }
    all.extend(artifact.facts.iter().take(FACTS).map(|fact| property("eyeline:fact", &told(fact))));
    json!(all)
}

/// A fact in one line.
fn told(fact: &Fact) -> String {
    let place = fact.member.as_ref().map(|member| format!(" in {member}")).unwrap_or_default();
    let offset = fact.offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
    format!("{} {}{place}{offset}: {}", fact.severity.as_str(), fact.rule, fact.message)
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}
