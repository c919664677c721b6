//! Origins that a file claims, and how they come together with what stores say.

use domain::Origin;

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
    let repository: Vec<_> = parts.take(2).collect();
    Some(Origin {
        registry: host.to_owned(),
        repository: (repository.len() == 2).then(|| repository.join("/")),
        revision: None,
        evidence: format!("{evidence}, the file's own claim"),
    })
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
}
