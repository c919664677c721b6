//! What can be said of any file.

use domain::{Severity, Verdict};

use super::Rule;

/// The rules of this area.
pub(crate) const RULES: &[&Rule] = &[&UNKNOWN_FORMAT, &NESTED_TOO_DEEP, &TOO_MUCH_WORK];

/// No format we know.
pub(crate) static UNKNOWN_FORMAT: Rule = Rule {
    id: "unknown-format",
    severity: Severity::Info,
    verdict: Verdict::Unscannable,
    title: "the file is in no format we know",
    does: "Nobody can say what a loader would make of it.",
    help: "ask whoever brought it what it is; a model belongs in a format that can be inspected, such as safetensors or GGUF",
    example: "a file of random bytes",
    references: &[],
};

/// Archives in archives, deeper than the limit.
pub(crate) static NESTED_TOO_DEEP: Rule = Rule {
    id: "nested-too-deep",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "archives lie in archives, deeper than is looked into",
    does: "What lies below was not read. Nesting is a way to tire out scanners, or to fill a disk on unpacking.",
    help: "unpack it somewhere safe and inspect what is inside, or ask for the model without the wrapping",
    example: "a.zip > b.zip > c.zip > … nine levels down",
    references: &["https://cwe.mitre.org/data/definitions/409.html"],
};

/// More unpacked bytes, members or steps than the limit.
pub(crate) static TOO_MUCH_WORK: Rule = Rule {
    id: "too-much-work",
    severity: Severity::Medium,
    verdict: Verdict::Unscannable,
    title: "the file asks for more work than an inspection gives",
    does: "Reading stopped at a limit of memory, time or unpacked size, so that a part was not looked at.",
    help: "a file that honest tools wrote stays far below these limits: find out who made it before anyone loads it",
    example: "42 kB that unpack to 4.5 PB",
    references: &["https://cwe.mitre.org/data/definitions/409.html"],
};
