//! Origins that a file claims, and how they come together with what stores say.

use domain::Origin;

/// What stands where an organisation would in addresses that name no model: data sets, pages, files.
const NO_ORGANISATIONS: [&str; 10] =
    ["api", "blob", "blog", "collections", "datasets", "docs", "models", "papers", "resolve", "spaces"];

/// An origin from an address that a file names: the host is the registry, the first two components of the path the repository.
pub(super) fn origin_of(address: &str, evidence: &str) -> Option<Origin> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let mut parts = rest.split(['?', '#']).next()?.split('/').filter(|part| !part.is_empty());
    let host = parts.next()?.rsplit('@').next()?.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let plausible = host.contains('.')
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'));
    if !plausible {
        return None;
    }
    let repository = match (parts.next(), parts.next()) {
        (Some(organisation), Some(name)) if !NO_ORGANISATIONS.contains(&organisation) => {
            Some(format!("{organisation}/{name}"))
        }
        _ => None,
    };
    Some(Origin {
        registry: host.to_owned(),
        repository,
        revision: None,
        evidence: format!("{evidence}, the file's own claim"),
    })
}

/// An origin with what only a weaker word of the same registry and repository knows. Of two registries the stronger word
/// counts alone.
pub(super) fn completed(stronger: Origin, weaker: Option<Origin>) -> Origin {
    let Some(weaker) = weaker.filter(|weaker| is_compatible(&stronger, weaker)) else { return stronger };
    let adds = (stronger.repository.is_none() && weaker.repository.is_some())
        || (stronger.revision.is_none() && weaker.revision.is_some());
    if !adds {
        return stronger;
    }
    Origin {
        registry: stronger.registry,
        repository: stronger.repository.or(weaker.repository),
        revision: stronger.revision.or(weaker.revision),
        evidence: format!("{}; {}", stronger.evidence, weaker.evidence),
    }
}

fn is_compatible(one: &Origin, other: &Origin) -> bool {
    let agree = one.repository == other.repository || one.repository.is_none() || other.repository.is_none();
    one.registry == other.registry && agree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_origin_and_a_word_is_none() {
        let origin = origin_of("https://user@www.Huggingface.co/org/name/tree/main?x", "key").unwrap();
        assert_eq!(
            (origin.registry.as_str(), origin.repository.as_deref()),
            ("huggingface.co", Some("org/name"))
        );
        assert_eq!(origin_of("https://example.org/", "key").unwrap().repository, None);
        for no in ["", "hello", "https://", "https://x y/z", "file:///etc"] {
            assert_eq!(origin_of(no, "key"), None, "{no}");
        }
    }

    #[test]
    fn an_address_of_no_model_names_no_repository() {
        for no in ["datasets/org/name", "spaces/org/name", "models/1/name", "blob/main/x", "blog/post"] {
            let origin = origin_of(&format!("https://huggingface.co/{no}"), "key").unwrap();
            assert_eq!(origin.repository, None, "{no}");
        }
    }

    fn origin(registry: &str, repository: Option<&str>, revision: Option<&str>, evidence: &str) -> Origin {
        Origin {
            registry: registry.into(),
            repository: repository.map(str::to_owned),
            revision: revision.map(str::to_owned),
            evidence: evidence.into(),
        }
    }

    #[test]
    fn a_word_of_the_same_registry_fills_gaps_and_contradicts_nothing() {
        let store = origin("hub", None, Some("1"), "store");
        let file = origin("hub", Some("a/b"), None, "file");
        let both = origin("hub", Some("a/b"), Some("1"), "store; file");
        assert_eq!(completed(store.clone(), Some(file.clone())), both);
        assert_eq!(completed(both.clone(), Some(origin("hub", Some("c/d"), Some("2"), "other"))), both);
        assert_eq!(completed(file.clone(), Some(origin("hub", Some("c/d"), Some("2"), "other"))), file);
        assert_eq!(completed(store.clone(), Some(origin("elsewhere", Some("a/b"), None, "file"))), store);
    }
}
