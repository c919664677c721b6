//! The promises of the inspection of pickles: each trick with its benign twin, and what holds for any bytes.

mod hostile;
mod memory;
mod names;
mod shapes;
mod tricks;

use std::sync::LazyLock;

use domain::{Severity, Verdict};

use super::{Context, inspect};
use crate::{
    Limits,
    inspect::{Bytes, Look},
    testkit::pickles::{attack, bytes, call, global, pickle, stack_global, text},
};

static CATALOG: LazyLock<catalog::Catalog> = LazyLock::new(|| catalog::load().unwrap());

/// What is said of a pickle, by rule and name.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    pub(super) verdict: Verdict,
    pub(super) facts: Vec<(String, String)>,
    pub(super) worst: Severity,
}

impl Said {
    fn has(&self, rule: &str, name: &str) -> bool {
        self.facts.iter().any(|(said, of)| said == rule && of == name)
    }
}

fn look_in(bytes: &[u8], context: Context) -> Said {
    look_with(&Limits::full(), bytes, context)
}

fn look_with(limits: &Limits, bytes: &[u8], context: Context) -> Said {
    let mut look = Look::new(&CATALOG, limits);
    inspect(&Bytes::in_memory(bytes.to_vec()), context, &mut look).unwrap();
    let (verdict, facts, ..) = look.into_parts();
    let worst = facts.iter().map(|fact| fact.severity).max().unwrap_or(Severity::Info);
    let facts = facts.into_iter().map(|fact| (fact.rule, fact.name.unwrap_or_default())).collect();
    Said { verdict, facts, worst }
}

fn look(bytes: &[u8]) -> Said {
    look_in(bytes, Context::Plain)
}

/// Proves that a pickle attacks, by a rule and a name.
fn attacks(bytes: &[u8], rule: &str, name: &str) {
    let said = look(bytes);
    assert_eq!(said.verdict, Verdict::Malicious, "{said:?}");
    assert!(said.has(rule, name), "{rule} {name}: {said:?}");
}

fn is_suspicious(bytes: &[u8], rule: &str, name: &str) {
    let said = look(bytes);
    assert_eq!(said.verdict, Verdict::Suspicious, "{said:?}");
    assert!(said.has(rule, name), "{rule} {name}: {said:?}");
}

/// Proves that a pickle is clean, and nothing above low is said of it.
fn is_clean(bytes: &[u8]) {
    let said = look(bytes);
    assert_eq!(said.verdict, Verdict::Clean, "{said:?}");
    assert!(said.worst <= Severity::Low, "{said:?}");
}
