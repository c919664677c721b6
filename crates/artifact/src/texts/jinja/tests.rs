//! Chat templates as they are in use are clean, and every way out of a template that is known is seen.

use super::{Place, judge};
use crate::{
    inspect::{Limits, Look},
    tests::CATALOG,
};
use domain::{Severity, Verdict};

mod clean;
mod hostile;

/// The verdict of a template, the rules said and the names they are about.
fn judged(template: &str) -> (Verdict, Vec<(String, String)>) {
    let limits = Limits::full();
    let mut look = Look::new(&CATALOG, &limits);
    judge(template, Place { key: "chat_template", offset: None }, &mut look);
    let (verdict, facts, ..) = look.into_parts();
    assert!(verdict != Verdict::Clean || facts.iter().all(|fact| fact.severity <= Severity::Low));
    (verdict, facts.into_iter().map(|fact| (fact.rule, fact.name.unwrap_or_default())).collect())
}
