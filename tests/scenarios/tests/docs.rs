//! The documents hold together: links and anchors lead somewhere, the book lists every page, nothing is left to fill in.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use scenarios::repository;

const AT_THE_ROOT: [&str; 5] =
    ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/// What no finished page holds: gaps to fill in.
const FORBIDDEN: [&str; 7] = ["@COLD_", "@COSTS@", "@TEST_", "TODO", "FIXME", "TBD", "lorem ipsum"];

fn pages_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of pages").flatten() {
        let path = entry.path();
        if path.is_dir() {
            pages_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

fn pages() -> Vec<PathBuf> {
    let root = repository();
    let mut pages: Vec<_> = AT_THE_ROOT.iter().map(|name| root.join(name)).collect();
    pages_below(&root.join("docs/src"), &mut pages);
    pages
}

/// A page without its code blocks and inline code, where brackets mean other things.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let outside_code = line.split('`').enumerate().filter(|(part, _)| part % 2 == 0);
            prose.extend(outside_code.map(|(_, text)| text));
            prose.push('\n');
        }
    }
    prose
}

/// The targets of `[text](target)` and `![text](target)`.
fn links(text: &str) -> Vec<String> {
    prose(text)
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

/// The anchors that headings make: lower case, spaces as hyphens, other punctuation dropped.
fn anchors(text: &str) -> BTreeSet<String> {
    let slug = |heading: &str| {
        let kept = heading.trim().to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    let is_heading = |line: &&str| line.starts_with('#');
    text.lines().filter(is_heading).map(|line| slug(line.trim_start_matches('#'))).collect()
}

fn is_elsewhere(target: &str) -> bool {
    target.starts_with("https://") || target.starts_with("mailto:")
}

/// Why a link of a page leads nowhere.
fn broken(page: &Path, target: &str) -> Option<String> {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { page.to_owned() } else { page.parent()?.join(file) };
    if !path.exists() {
        return Some(format!("{}: `{target}` does not exist", page.display()));
    }
    if anchor.is_empty() || anchors(&fs::read_to_string(&path).ok()?).contains(anchor) {
        return None;
    }
    Some(format!("{}: `{target}` has no such heading", page.display()))
}

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        wrong.extend(
            links(&text)
                .iter()
                .filter(|target| !is_elsewhere(target))
                .filter_map(|target| broken(&page, target)),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn links_and_anchors_are_read_as_people_write_them() {
    let text = "# A page, of sorts\n[one](a.md#x) and `[no](link)`\n```\n[no](b.md)\n```\n![two](c.svg)";
    assert_eq!(links(text), ["a.md#x", "c.svg"]);
    assert!(anchors(text).contains("a-page-of-sorts"));
    assert!(broken(&repository().join("README.md"), "no-such-page.md").is_some());
    assert!(broken(&repository().join("README.md"), "LICENSE#no-such-heading").is_some());
}

#[test]
fn the_summary_lists_every_page_once() {
    let folder = repository().join("docs/src");
    let summary = fs::read_to_string(folder.join("SUMMARY.md")).expect("the book has a summary");
    let mut listed: Vec<_> = links(&summary).into_iter().map(|target| folder.join(target)).collect();
    let mut present = Vec::new();
    pages_below(&folder, &mut present);
    present.retain(|page| !page.ends_with("SUMMARY.md"));
    listed.sort();
    present.sort();
    assert_eq!(listed, present);
}

#[test]
fn no_page_has_a_gap_to_fill_in() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap_or_default();
        let bad = FORBIDDEN.iter().filter(|word| text.contains(**word));
        wrong.extend(bad.map(|word| format!("{}: `{word}`", page.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_architecture_stays_under_two_pages() {
    let text = fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    assert!(text.lines().count() <= 120, "{} lines", text.lines().count());
}

#[test]
fn every_rule_has_a_line_in_the_list_of_findings_and_every_line_a_rule() {
    let rules = fs::read_to_string(repository().join("crates/assess/src/rules.rs")).expect("the rules");
    let defined = rules.split("rule: \"").skip(1).filter_map(|rest| rest.split('"').next());
    let page = fs::read_to_string(repository().join("docs/src/findings.md")).expect("the list of findings");
    let lines = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let severities = ["critical", "high", "medium", "low", "info"];
    let described = lines.map(|(word, _)| word).filter(|word| !severities.contains(word));
    assert_eq!(defined.collect::<BTreeSet<_>>(), described.collect::<BTreeSet<_>>());
}
