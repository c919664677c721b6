//! Where a file was fetched from, read out of the address that a sidecar keeps.

use domain::Origin;

use super::reader::{is_commit, shown};

/// The origin that an address stands for. In `https://HOST/ORG/NAME/resolve/REVISION/FILE` the repository and, if it is a
/// commit, the revision are known; of another address only the host. Nothing when it is not HTTP.
pub(super) fn origin(url: &str, evidence: &str) -> Option<Origin> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    // What stands before an `@` may be a password.
    let host = host.rsplit('@').next().filter(|host| !host.is_empty())?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.split('/');
    let (org, name, verb, revision) = (parts.next(), parts.next(), parts.next(), parts.next());
    let resolved = matches!(verb, Some("resolve" | "blob" | "raw"));
    let repository = org.zip(name).filter(|_| resolved).map(|(org, name)| shown(format!("{org}/{name}")));
    let revision = revision.filter(|revision| resolved && is_commit(revision)).map(str::to_owned);
    let evidence = format!("{evidence} names https://{}", shown(format!("{host}/{path}")));
    Some(Origin { registry: shown(host), repository, revision, evidence })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_gives_repository_and_commit() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let origin =
            origin(&format!("https://huggingface.co/a/b/resolve/{commit}/x.gguf?download=true"), "x.json")
                .unwrap();
        assert_eq!(origin.registry, "huggingface.co");
        assert_eq!(origin.repository.as_deref(), Some("a/b"));
        assert_eq!(origin.revision.as_deref(), Some(commit));
        assert_eq!(
            origin.evidence,
            format!("x.json names https://huggingface.co/a/b/resolve/{commit}/x.gguf")
        );
    }

    #[test]
    fn a_branch_is_no_revision_and_another_path_no_repository() {
        assert_eq!(origin("https://huggingface.co/a/b/resolve/main/x", "s").unwrap().revision, None);
        assert_eq!(origin("https://example.org/a/b/x.gguf", "s").unwrap().repository, None);
        assert_eq!(origin("file:///etc/passwd", "s"), None);
        assert_eq!(origin("https:///x", "s"), None);
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let origin = origin("https://user:secret@example.org/x?token=secret#secret", "s").unwrap();
        assert_eq!(origin.registry, "example.org");
        assert!(!format!("{origin:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(https?://)?[^\u{0}]{0,80}") {
            origin(&text, "s");
        }
    }
}
