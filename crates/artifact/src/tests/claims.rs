//! What a file says about its licence and where it came from is kept with the place where it says so.

use super::found;
use crate::{
    Claim,
    testkit::{self, Value::Text},
};

fn claim(value: &str, evidence: &str) -> Claim {
    Claim { value: value.to_owned(), evidence: evidence.to_owned() }
}

#[test]
fn gguf_claims_carry_the_key_that_makes_them() {
    let found = found(&testkit::gguf(
        &[
            ("general.license", Text("other")),
            ("general.license.name", Text("llama3.1")),
            ("general.license.link", Text("https://example.org/LICENSE")),
            ("general.repo_url", Text("https://example.org/me/tiny")),
            ("general.source.huggingface.repository", Text("me/tiny")),
            ("general.source.url", Text("https://example.org/source")),
            ("general.base_model.count", testkit::Value::U32(2)),
            ("general.base_model.0.name", Text("Base")),
            ("general.base_model.0.organization", Text("Org")),
            ("general.base_model.0.repo_url", Text("https://example.org/org/base")),
            ("general.base_model.1.name", Text("Other")),
            ("general.base_model.1.organization", Text("Org")),
        ],
        &[("w", &[4])],
    ));
    assert_eq!(
        found.license_claims,
        [
            claim("other", "GGUF key general.license"),
            claim("https://example.org/LICENSE", "GGUF key general.license.link"),
            claim("llama3.1", "GGUF key general.license.name"),
        ]
    );
    assert_eq!(
        found.origin_claims,
        [
            claim("https://example.org/me/tiny", "GGUF key general.repo_url"),
            claim("https://huggingface.co/me/tiny", "GGUF key general.source.huggingface.repository"),
        ]
    );
    assert_eq!(found.metadata.base_models, ["org/base", "Org/Other"]);
    assert_eq!(found.metadata.keys["general.source.url"], "https://example.org/source");
}

#[test]
fn what_a_model_was_made_from_is_lineage_and_no_origin() {
    let found = found(&testkit::gguf(
        &[
            ("general.source.url", Text("https://example.org/org/source")),
            ("general.source.repo_url", Text("https://example.org/org/source")),
            ("general.base_model.count", testkit::Value::U32(1)),
            ("general.base_model.0.repo_url", Text("https://huggingface.co/org/base")),
        ],
        &[("w", &[4])],
    ));
    assert_eq!(found.origin_claims, []);
    assert_eq!(found.metadata.base_models, ["org/base"]);
    assert_eq!(found.metadata.keys["general.source.repo_url"], "https://example.org/org/source");
}

#[test]
fn safetensors_claims_carry_the_key_that_makes_them() {
    let metadata = [
        ("modelspec.title", "Painter"),
        ("modelspec.architecture", "stable-diffusion-xl-v1-base/lora"),
        ("modelspec.license", "CC-BY-NC-4.0"),
        ("ss_sd_model_name", "sd_xl_base_1.0.safetensors"),
    ];
    let found = found(&testkit::safetensors(&metadata, &[("w", &[4])]));
    let evidence = "safetensors __metadata__ key modelspec.license";
    assert_eq!(found.license_claims, [claim("CC-BY-NC-4.0", evidence)]);
    assert_eq!(found.metadata.name.as_deref(), Some("Painter"));
    assert_eq!(found.metadata.base_models, ["sd_xl_base_1.0.safetensors"]);
}

#[test]
fn a_long_claim_is_cut() {
    let long = "x".repeat(100_000);
    let found = found(&testkit::gguf(&[("general.license", Text(&long))], &[("w", &[4])]));
    assert_eq!(found.license_claims[0].value.chars().count(), 256);
    assert_eq!(found.metadata.keys["general.license"].chars().count(), 256);
}
