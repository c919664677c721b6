//! The published shape of the document.

use std::fs;

use serde_json::Value;

use crate::repository;

/// Fails, naming every place, when a document is not as `docs/schema` promises.
pub fn assert_follows_schema(document: &Value) {
    let path = repository().join("docs/schema/eyeline.scan.1.schema.json");
    let text = fs::read(path).expect("the schema is in docs/schema");
    let schema: Value = serde_json::from_slice(&text).expect("the schema is JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is a valid one");
    let errors: Vec<_> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "the document is not as its schema says: {errors:#?}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn minimal() -> Value {
        json!({
            "schema": "eyeline.scan/1", "version": "0.1.0", "complete": true,
            "device": { "id": null, "hostname": null, "os": "linux", "os_version": null, "arch": "x86_64" },
            "started_at": "2026-01-02T03:04:05Z", "elapsed_ms": 1,
            "coverage": { "roots": [], "files": 0, "directories": 0, "bytes_read": 0, "unchanged": 0, "empty": 0,
                "special": 0, "links": 0, "changed": 0, "unreadable_total": 0, "unreadable": [],
                "skipped_mounts": [], "gaps": [] },
            "artifacts": [], "runtimes": [], "agents": [], "packages": [], "accelerators": [], "findings": [], "notes": [],
        })
    }

    #[test]
    fn a_document_of_an_empty_machine_follows_the_schema() {
        assert_follows_schema(&minimal());
    }

    #[test]
    #[should_panic(expected = "not as its schema says")]
    fn a_field_that_the_schema_does_not_know_is_noticed() {
        let mut document = minimal();
        document["artefacts"] = json!([]);
        assert_follows_schema(&document);
    }

    #[test]
    #[should_panic(expected = "not as its schema says")]
    fn a_digest_that_is_no_sha256_is_noticed() {
        let mut document = minimal();
        document["artifacts"] = json!([{
            "path": "/m", "paths": ["/m"], "size": 1, "format": "gguf", "store": null, "origin": null,
            "digest": { "sha256": "ABC", "status": "claimed" }, "license": null, "metadata": {},
            "verdict": "clean", "findings": [],
        }]);
        assert_follows_schema(&document);
    }
}
