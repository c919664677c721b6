//! What a stranger wrote into a file or a store may hold a secret, such as an address with a password in it. What is reported holds none.

use catalog::Secrets;
use domain::Artifact;

/// Cleans every text of an artefact that its file or its store chose.
pub(crate) fn clean(secrets: &Secrets, artifact: &mut Artifact) {
    let metadata = &mut artifact.metadata;
    let named = [&mut metadata.name, &mut metadata.architecture, &mut metadata.quantization];
    let origin = artifact.origin.as_mut().into_iter().flat_map(|origin| {
        let optional = [&mut origin.repository, &mut origin.revision].into_iter().flatten();
        [&mut origin.registry, &mut origin.evidence].into_iter().chain(optional)
    });
    let license =
        artifact.license.as_mut().into_iter().flat_map(|license| [&mut license.id, &mut license.evidence]);
    let facts = artifact
        .facts
        .iter_mut()
        .flat_map(|fact| [&mut fact.message].into_iter().chain(&mut fact.member).chain(&mut fact.name));
    let texts =
        named.into_iter().flatten().chain(&mut metadata.base_models).chain(metadata.keys.values_mut());
    for text in texts.chain(origin).chain(license).chain(facts) {
        let clean = secrets.clean(text);
        if clean != *text {
            *text = clean;
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Digest, Metadata, Origin, Verdict};

    use super::*;

    #[test]
    fn a_password_in_the_words_of_a_file_is_not_reported() {
        let origin = Origin {
            registry: "example.org".into(),
            repository: Some("a/b".into()),
            revision: None,
            evidence: "https://user:hunter22x@example.org/a/b".into(),
        };
        let address = "https://h.example/a?token=sk-ant-abcdefghijklmnop";
        let keys = [("general.source.url".to_owned(), address.to_owned())].into();
        let mut artifact = Artifact {
            paths: vec!["/m".into()],
            size: 1,
            format: "gguf".into(),
            digest: Digest::PENDING,
            store: None,
            origin: Some(origin),
            license: None,
            metadata: Metadata {
                name: Some("Qwen2.5-Coder-32B-Instruct".into()),
                keys,
                ..Metadata::default()
            },
            verdict: Verdict::NotScanned,
            facts: vec![],
            content: domain::Content::default(),
        };
        clean(&catalog::load().unwrap().secrets, &mut artifact);
        let all = serde_json::to_string(&artifact).unwrap();
        assert!(!all.contains("hunter22x") && !all.contains("sk-ant"), "{all}");
        assert_eq!(artifact.metadata.name.as_deref(), Some("Qwen2.5-Coder-32B-Instruct"));
    }
}
