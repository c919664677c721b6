//! The published shapes of the documents.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::repository;

/// Fails, naming every place, when a document is not as `docs/schema` promises.
pub fn assert_follows_schema(document: &Value) {
    let name = document["schema"].as_str().unwrap_or("eyeline.scan/1").replace('/', ".");
    let schema = schema(&repository().join(format!("docs/schema/{name}.schema.json")));
    assert_follows(document, &jsonschema::draft202012::new(&schema).expect("the schema is a valid one"));
}

/// Fails, naming every place, when a document is not as OASIS publishes SARIF 2.1.0.
///
/// The schema is read out of a package that carries it; cargo brings it, and nothing of it is compiled.
pub fn assert_is_sarif(document: &Value) {
    let manifest = repository().join("tests/tools/schemas/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--manifest-path"])
        .arg(manifest)
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let package = metadata["packages"].as_array().expect("a list of packages").iter();
    let package = package.clone().find(|one| one["name"] == "serde-sarif").expect("the package");
    let folder = Path::new(package["manifest_path"].as_str().expect("a path")).parent().expect("a folder");
    let mut schema = schema(&folder.join("src/schema.json"));
    // The published pattern of a language has a bracket too many, which makes it no regular expression.
    for holder in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][holder]["properties"]["language"]["pattern"];
        *language = language.as_str().expect("a pattern").replace("]?$", "?$").into();
    }
    let options = jsonschema::options().should_validate_formats(true);
    assert_follows(document, &options.build(&schema).expect("the schema is a valid one"));
}

/// A published schema.
pub fn schema(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("no schema at {}: {error}", path.display()));
    serde_json::from_slice(&text).expect("the schema is JSON")
}

fn assert_follows(document: &Value, validator: &jsonschema::Validator) {
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
                "special": 0, "links": 0, "changed": 0, "model_bytes": 0, "unreadable_total": 0, "unreadable": [],
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
