//! Everything an inspection can say, described once: the verdict it leads to, what it means, what to do, where to read on.
//!
//! The book's page of rules, the SARIF output and the console take their words from here. Each area has a file of its own.

pub mod bundles;
mod common;
pub(crate) mod containers;
pub(crate) mod graphs;
pub(crate) mod pickles;
pub(crate) mod texts;
pub(crate) mod weights;

use domain::{Severity, Verdict};

pub(crate) use common::*;

/// One thing that an inspection can say of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, in lower case with dashes; it never changes its meaning.
    pub id: &'static str,
    /// How bad it is for whoever loads the file.
    pub severity: Severity,
    /// The least verdict of a file of which it was said: `Malicious`, `Suspicious`, `Unscannable`, or `Clean` for a mere remark.
    pub verdict: Verdict,
    /// What is the case, in a few words: `a pickle calls a function that runs programs`.
    pub title: &'static str,
    /// What it does to whoever loads the file, in a sentence or two.
    pub does: &'static str,
    /// What to do about it.
    pub help: &'static str,
    /// A piece of a file that shows it, as text for people.
    pub example: &'static str,
    /// Where to read on: addresses, CVE numbers.
    pub references: &'static [&'static str],
}

/// Every rule, by area and in the order of the book's page.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let areas: [&'static [&'static Rule]; 7] = [
        RULES,
        pickles::RULES,
        containers::RULES,
        weights::RULES,
        texts::RULES,
        graphs::RULES,
        bundles::RULES,
    ];
    areas.into_iter().flatten().copied()
}

/// A number that changes whenever an inspection may answer otherwise: with the catalogue, and with any line of this library.
pub fn revision() -> u64 {
    catalog::revision() ^ SOURCE.rotate_left(1)
}

/// A hash over the source of this library, from its build script.
const SOURCE: u64 = include!(concat!(env!("OUT_DIR"), "/source"));

/// The rule with this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_an_id_of_its_own_and_words() {
        let mut ids = BTreeSet::new();
        for rule in rules() {
            assert!(ids.insert(rule.id), "{} stands twice", rule.id);
            assert!(
                rule.id
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            );
            for words in [rule.title, rule.does, rule.help, rule.example] {
                assert!(!words.is_empty(), "{} lacks words", rule.id);
            }
            assert!(rule.verdict != Verdict::NotScanned, "{}", rule.id);
        }
    }

    #[test]
    fn the_revision_is_that_of_rules_and_catalogue() {
        assert!(SOURCE != 0 && revision() != catalog::revision());
    }

    #[test]
    fn what_makes_a_file_suspicious_is_above_low_and_what_is_a_remark_is_not() {
        for rule in rules() {
            match rule.verdict {
                Verdict::Malicious => assert!(rule.severity >= Severity::High, "{}", rule.id),
                Verdict::Suspicious => assert!(rule.severity >= Severity::Medium, "{}", rule.id),
                _ => assert!(rule.severity <= Severity::Medium, "{}", rule.id),
            }
        }
    }
}
