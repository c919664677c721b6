//! Patterns over paths: how the catalogue says that a file lies in a store.
//!
//! Pure: paths in, candidates out. Whether what must stand beside a file exists is for the caller to see.

use std::path::{Component, Path};

use catalog::store::Marker;

/// The folders that would be the store's root if `file` lay in it, the nearest first.
pub(super) fn candidates<'p>(marker: &Marker, file: &'p Path) -> Vec<&'p Path> {
    let pattern: Vec<&str> = marker.inside.split('/').collect();
    let fixed = pattern.len() - usize::from(pattern.last() == Some(&"**"));
    let open_ended = fixed < pattern.len();
    let mut found = Vec::new();
    for (depth, root) in file.ancestors().enumerate().skip(1) {
        let deep_enough = if open_ended { depth > fixed } else { depth == fixed };
        if deep_enough && matches(&pattern, root, file) && is_above(marker, root) {
            found.push(root);
        }
        if !open_ended && depth >= fixed {
            break;
        }
    }
    found
}

fn matches(pattern: &[&str], root: &Path, file: &Path) -> bool {
    let Ok(relative) = file.strip_prefix(root) else { return false };
    let mut components = relative.components();
    pattern.iter().filter(|part| **part != "**").all(|part| {
        components
            .next()
            .is_some_and(|component| name_matches(part, component.as_os_str().as_encoded_bytes()))
    })
}

fn is_above(marker: &Marker, root: &Path) -> bool {
    let Some(above) = &marker.above else { return true };
    let mut root = root.components().rev();
    above.split('/').rev().all(|part| {
        let name = root.next().filter(|component| matches!(component, Component::Normal(_)));
        name.is_some_and(|name| name_matches(part, name.as_os_str().as_encoded_bytes()))
    })
}

/// Whether a name matches a pattern where `*` stands for any bytes and `?` for one.
pub(super) fn name_matches(pattern: &str, name: &[u8]) -> bool {
    let pattern = pattern.as_bytes();
    let (mut at, mut in_name, mut star) = (0, 0, None);
    while let Some(byte) = name.get(in_name) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => (at, in_name) = (at + 1, in_name + 1),
            _ => {
                // Let the last star take one byte more and try again behind it.
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                (at, in_name) = (star_at + 1, taken + 1);
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marker(above: Option<&str>, inside: &str) -> Marker {
        Marker { inside: inside.into(), above: above.map(Into::into), beside: vec![], near: vec![] }
    }

    fn found(above: Option<&str>, inside: &str, file: &str) -> Vec<String> {
        let marker = marker(above, inside);
        candidates(&marker, Path::new(file)).iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn a_pattern_of_fixed_depth_has_one_candidate() {
        assert_eq!(found(None, "blobs/sha256-*", "/x/models/blobs/sha256-12"), ["/x/models"]);
        assert!(found(None, "blobs/sha256-*", "/x/models/blobs/deep/sha256-12").is_empty());
        assert!(found(None, "blobs/sha256-*", "/x/models/blobs/other").is_empty());
        assert!(found(None, "a/b/c", "/a").is_empty());
    }

    #[test]
    fn an_open_pattern_has_every_folder_above_the_file() {
        assert_eq!(found(None, "**", "/a/b/c"), ["/a/b", "/a", "/"]);
        assert_eq!(found(None, "models--*/snapshots/*/**", "/h/models--o--n/snapshots/c/d/w"), ["/h"]);
        assert!(found(None, "models--*/snapshots/*/**", "/h/models--o--n/snapshots/c").is_empty());
    }

    #[test]
    fn what_stands_above_the_root_counts() {
        assert_eq!(
            found(Some(".lmstudio/models"), "*/*/**", "/u/.lmstudio/models/o/n/f"),
            ["/u/.lmstudio/models"]
        );
        assert!(found(Some(".lmstudio/models"), "*/*/**", "/u/models/o/n/f").is_empty());
        assert!(found(Some("a/b/c"), "*", "/b/c/f").is_empty());
    }

    #[test]
    fn stars_and_question_marks_match_as_in_a_shell() {
        assert!(name_matches("*-????????.*", b"resnet50-0676ba61.pth"));
        assert!(!name_matches("*-????????.*", b"resnet50.pth"));
        assert!(
            name_matches("models--*", b"models--a--b")
                && name_matches("*", b"")
                && name_matches("a*b*c", b"aXbYbZc")
        );
        assert!(!name_matches("a*b*c", b"aXbYbZ") && !name_matches("", b"x"));
    }

    proptest! {
        #[test]
        fn a_pattern_made_from_a_name_matches_it(parts in prop::collection::vec("[a-z]{0,4}", 1..5), fill in "[a-z]{0,5}") {
            prop_assert!(name_matches(&parts.join("*"), parts.join(&fill).as_bytes()));
        }

        #[test]
        fn matching_takes_no_time_to_speak_of(name in "a{0,200}") {
            name_matches("*a*a*a*a*a*a*b", name.as_bytes());
        }
    }
}
