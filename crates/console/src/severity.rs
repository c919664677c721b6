//! Severities and verdicts: a mark and a word, never colour alone. The mark is drawn by the style sheet.

use domain::{Severity, Verdict};
use maud::{Markup, html};
use store::FindingCounts;

use crate::words;

/// The mark and the word.
pub(crate) fn mark(severity: Severity) -> Markup {
    html! { span.sev.(severity.as_str()) { (words::capital(severity.as_str())) } }
}

/// What an inspection concluded; quiet where nothing is wrong.
pub(crate) fn verdict(verdict: Verdict) -> Markup {
    match verdict {
        Verdict::Malicious => html! { span.sev.critical { "Malicious" } },
        Verdict::Suspicious => html! { span.sev.high { "Suspicious" } },
        Verdict::Unscannable => html! { span.sev.medium { "Unscannable" } },
        Verdict::Clean => html! { span.dim { "no danger found" } },
        Verdict::NotScanned => html! { span.faint { "not inspected" } },
    }
}

/// What is shown of the numbers of open findings, the gravest first; what is merely worth knowing stays out.
fn shown(counts: &FindingCounts) -> Vec<(Severity, u64)> {
    let all = [
        (Severity::Critical, counts.critical),
        (Severity::High, counts.high),
        (Severity::Medium, counts.medium),
        (Severity::Low, counts.low),
    ];
    all.into_iter().filter(|(_, number)| *number > 0).collect()
}

/// The same as words.
pub(crate) fn told(counts: &FindingCounts) -> Vec<String> {
    shown(counts).into_iter().map(|(severity, number)| format!("{number} {severity}")).collect()
}

/// Numbers of open findings as marks.
pub(crate) fn counts(counts: &FindingCounts) -> Markup {
    let shown = shown(counts);
    html! {
        span.marks {
            @for (severity, number) in &shown {
                span.tally.(severity.as_str()) title=(format!("{} {severity}", words::count(*number))) {
                    (words::count(*number)) span.visually-hidden { " " (severity.as_str()) " " }
                }
            }
            @if shown.is_empty() { span.faint { "none" } }
        }
    }
}

/// All open findings that ask for something.
pub(crate) fn open(counts: &FindingCounts) -> u64 {
    counts.critical + counts.high + counts.medium + counts.low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_severity_has_its_word_beside_its_mark() {
        for severity in Severity::ALL {
            let html = mark(severity).into_string();
            assert!(html.contains(&format!(">{}<", words::capital(severity.as_str()))), "{html}");
        }
    }

    #[test]
    fn counts_without_findings_say_none() {
        assert!(
            counts(&FindingCounts { info: 4, ..FindingCounts::default() }).into_string().contains("none")
        );
        assert!(
            counts(&FindingCounts { high: 2, ..FindingCounts::default() })
                .into_string()
                .contains("tally high")
        );
    }
}
