//! What a scan of a device reached and what it did not, so that nothing unread is taken for clean. Pure.

use domain::{Coverage, Gap, Unreadable};
use maud::{Markup, html};

use crate::words::{self, Noun};

/// How far the last scan reached.
pub(super) fn coverage(coverage: &Coverage, notes: &[String]) -> Markup {
    html! {
        p.dim {
            "The last scan read " (Noun("directory", "directories").count(coverage.directories)) " and looked at "
            (Noun("file", "files").count(coverage.files)) " below "
            @match coverage.roots.as_slice() {
                [root] => { code { (root) } }
                roots => { (Noun("folder", "folders").count(number(roots.len()))) }
            }
            @if coverage.unchanged > 0 { "; " (words::count(coverage.unchanged)) " were as the scan before had left them" }
            "."
        }
        @if coverage.roots.len() > 1 {
            details {
                summary { "Where it looked" }
                ul.paths { @for root in &coverage.roots { li { (words::path(&root.to_string())) } } }
            }
        }
        (gaps(&coverage.gaps))
        (unreadable(coverage))
        @if !coverage.skipped_mounts.is_empty() {
            details {
                summary { (Noun("mounted file system was", "mounted file systems were").count(number(coverage.skipped_mounts.len()))) " not entered" }
                ul.paths { @for mount in &coverage.skipped_mounts { li { (words::path(&mount.to_string())) } } }
            }
        }
        @for note in notes { p.hint { (words::sentence(note)) } }
        @if coverage.gaps.is_empty() && coverage.unreadable_total == 0 { p { span.sev.ok { "Nothing is known to be missing" } } }
    }
}

/// Capabilities that were missing, what is not known because of it, and what would help.
fn gaps(gaps: &[Gap]) -> Markup {
    html! {
        @for gap in gaps {
            div.evidence.medium {
                span { (words::capital(&gap.lost)) }
                span.at { "Missing: " (words::spaced(&gap.capability)) ". To see it: " (gap.remedy.trim_end_matches('.')) "." }
            }
        }
    }
}

fn unreadable(coverage: &Coverage) -> Markup {
    let listed = number(coverage.unreadable.len());
    html! {
        @if coverage.unreadable_total > 0 {
            details {
                summary { (Noun("path", "paths").count(coverage.unreadable_total)) " could not be read" }
                table.plain-table {
                    thead { tr { th scope="col" { "Path" } th scope="col" { "Why" } } }
                    tbody { @for Unreadable { path, error } in &coverage.unreadable { tr { td { (words::path(&path.to_string())) } td.dim { (error) } } } }
                }
                @if coverage.unreadable_total > listed { p.hint { "and " (words::count(coverage.unreadable_total - listed)) " more" } }
            }
        }
    }
}

fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
