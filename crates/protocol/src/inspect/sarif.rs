//! SARIF 2.1.0 (OASIS), for code hosts and editors: one result per fact, with the rule's words.

use std::collections::BTreeMap;

use domain::{Artifact, BundleKind, Fact, HostPath, Severity};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::InspectReport;

/// Where the schema of the format is published.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What stands as it is in the path of an address.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The name of the fingerprint of a result; a new way to compute it is a new name.
const FINGERPRINT: &str = "eyelineFact/v1";

/// The words of a rule.
#[derive(Debug, Clone, Copy)]
pub struct RuleText<'r> {
    /// Its id.
    pub id: &'r str,
    /// How bad it is.
    pub severity: Severity,
    /// What is the case.
    pub title: &'r str,
    /// What it does.
    pub does: &'r str,
    /// What to do about it.
    pub help: &'r str,
    /// Where to read on.
    pub references: &'r [&'r str],
}

/// The report as SARIF.
pub fn sarif(report: &InspectReport, rules: &[RuleText<'_>]) -> Value {
    let facts = || {
        report.artifacts.iter().flat_map(|artifact| artifact.facts.iter().map(move |fact| (artifact, fact)))
    };
    // Rules that said nothing are left out; one that nobody described has its id and no words.
    let said: BTreeMap<&str, Severity> =
        facts().map(|(_, fact)| (fact.rule.as_str(), fact.severity)).collect();
    let order: BTreeMap<&str, usize> = said.keys().copied().zip(0..).collect();
    let descriptors: Vec<_> = said
        .iter()
        .map(|(id, severity)| match rules.iter().find(|rule| rule.id == *id) {
            Some(rule) => described(rule),
            None => json!({ "id": id, "defaultConfiguration": { "level": level(*severity) } }),
        })
        .collect();
    let results: Vec<_> = facts()
        .map(|(artifact, fact)| result(artifact, fact, order.get(fact.rule.as_str()).copied()))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Eyeline",
                "semanticVersion": report.version,
                "rules": descriptors,
            } },
            "invocations": [invocation(report)],
            "artifacts": report.artifacts.iter().map(artifact).collect::<Vec<_>>(),
            "results": results,
        }],
    })
}

fn described(rule: &RuleText<'_>) -> Value {
    let address = rule.references.iter().find(|reference| reference.starts_with("https://"));
    let mut out = json!({
        "id": rule.id,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.does },
        "help": { "text": rule.help, "markdown": markdown(rule) },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "tags": ["security", "model"],
            "severity": rule.severity.as_str(),
            "security-severity": score(rule.severity),
        },
    });
    if let (Some(address), Some(out)) = (address, out.as_object_mut()) {
        out.insert("helpUri".to_owned(), json!(address));
    }
    out
}

fn markdown(rule: &RuleText<'_>) -> String {
    let mut text = format!("{}\n\n**What to do:** {}", rule.does, rule.help);
    for reference in rule.references {
        text.push_str(&format!("\n- {reference}"));
    }
    text
}

fn invocation(report: &InspectReport) -> Value {
    let unreadable = report.unreadable.iter().map(|one| {
        json!({
            "level": "warning",
            "message": { "text": format!("not inspected: {}", one.error) },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&one.path) } } }],
        })
    });
    let notes = report.notes.iter().map(|note| json!({ "level": "note", "message": { "text": note } }));
    json!({
        "executionSuccessful": report.complete,
        "toolExecutionNotifications": unreadable.chain(notes).collect::<Vec<_>>(),
    })
}

fn artifact(artifact: &Artifact) -> Value {
    let mut out = json!({
        "location": { "uri": uri(artifact.path()) },
        "length": artifact.size,
        "roles": ["analysisTarget"],
        "properties": { "verdict": artifact.verdict.as_str(), "format": artifact.format },
    });
    if let (Some(digest), Some(out)) = (artifact.digest.sha256, out.as_object_mut()) {
        out.insert("hashes".to_owned(), json!({ "sha-256": digest.to_string() }));
    }
    out
}

fn result(artifact: &Artifact, fact: &Fact, rule: Option<usize>) -> Value {
    let mut out = json!({
        "ruleId": fact.rule,
        "level": level(fact.severity),
        "message": { "text": fact.message },
        "locations": [location(artifact, fact)],
        "partialFingerprints": { FINGERPRINT: fingerprint(artifact, fact) },
        "occurrenceCount": fact.count.max(1),
        "properties": {
            "verdict": artifact.verdict.as_str(),
            "severity": fact.severity.as_str(),
        },
    });
    let properties = [("name", &fact.name), ("member", &fact.member)];
    if let Some(out) = out.get_mut("properties").and_then(Value::as_object_mut) {
        out.extend(
            properties.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value.as_ref()?)))),
        );
    }
    if let (Some(rule), Some(out)) = (rule, out.as_object_mut()) {
        out.insert("ruleIndex".to_owned(), json!(rule));
    }
    out
}

/// The file, the place in it where that is known, and the member. An offset in a member is no offset in the file.
fn location(artifact: &Artifact, fact: &Fact) -> Value {
    let (file, inner) = file_of(artifact, fact);
    let mut physical = json!({ "artifactLocation": { "uri": file } });
    if let (Some(offset), true, Some(out)) = (fact.offset, inner.is_none(), physical.as_object_mut()) {
        // One byte: where it begins is known, and how far it goes is not.
        out.insert("region".to_owned(), json!({ "byteOffset": offset, "byteLength": 1 }));
    }
    let mut out = json!({ "physicalLocation": physical });
    if let (Some(member), Some(out)) = (&fact.member, out.as_object_mut()) {
        let name = member.rsplit(" > ").next().unwrap_or(member);
        let mut place = json!({ "name": name, "fullyQualifiedName": member, "kind": "member" });
        if let (Some(offset), Some(_), Some(place)) = (fact.offset, inner, place.as_object_mut()) {
            place.insert("properties".to_owned(), json!({ "byteOffset": offset }));
        }
        out.insert("logicalLocations".to_owned(), json!([place]));
    }
    out
}

/// The address of the file that a fact is of, and the member inside of that file.
fn file_of<'f>(artifact: &Artifact, fact: &'f Fact) -> (String, Option<&'f str>) {
    match (&artifact.content.bundle, &fact.member) {
        (Some(bundle), Some(member)) if bundle.kind != BundleKind::Image => {
            let (file, inner) =
                member.split_once(" > ").map_or((member.as_str(), None), |(file, inner)| (file, Some(inner)));
            let path = [bundle.folder.as_bytes(), b"/", file.as_bytes()].concat();
            (uri(&HostPath::from_bytes(path)), inner)
        }
        (_, member) => (uri(artifact.path()), member.as_deref()),
    }
}

/// The same fact of the same bytes has the same fingerprint, wherever they lie.
fn fingerprint(artifact: &Artifact, fact: &Fact) -> String {
    let bytes =
        artifact.digest.sha256.map_or_else(|| artifact.path().to_string(), |digest| digest.to_string());
    let mut hash = Sha256::new();
    let parts = [Some(bytes.as_str()), Some(&fact.rule), fact.name.as_deref(), fact.member.as_deref()];
    for part in parts {
        hash.update(part.unwrap_or_default());
        hash.update([0]);
    }
    hash.update(fact.offset.unwrap_or_default().to_le_bytes());
    domain::Sha256Digest::from_bytes(hash.finalize().into()).to_string()
}

/// A path as an address: relative where the path is, so that code hosts find the file in the repository.
pub(super) fn uri(path: &HostPath) -> String {
    let bytes = path.as_bytes();
    let encoded = percent_encode(bytes.strip_prefix(b"./").unwrap_or(bytes), IN_PATH).to_string();
    if bytes.starts_with(b"/") { format!("file://{encoded}") } else { encoded }
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A number from 0 to 10, by which code hosts sort.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_is_an_address_that_leads_back_to_it() {
        assert_eq!(uri(&"models/a b.pkl".into()), "models/a%20b.pkl");
        assert_eq!(uri(&"/m/100%.pkl".into()), "file:///m/100%25.pkl");
        assert_eq!(uri(&"./x:y.pkl".into()), "x%3Ay.pkl");
        assert_eq!(uri(&HostPath::from_bytes(vec![b'/', 0xff])), "file:///%FF");
    }
}
