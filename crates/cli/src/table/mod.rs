//! The default output: calm, aligned, readable without colour. A pure function from the report to text.

mod columns;
mod inspection;
mod sections;

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use catalog::Catalog;
use domain::Severity;
use protocol::ScanReport;

pub(crate) use inspection::{Work, inspection};

/// Sentences longer than this are hard to read even where the terminal has room.
const WIDEST_TEXT: usize = 100;
const WIDEST_TABLE: usize = 160;
const NARROWEST: usize = 60;

/// The whole report as text with ANSI styles, for a terminal of this many columns; without one, nothing is cut.
pub(crate) fn render(catalog: &Catalog, report: &ScanReport, terminal: Option<usize>) -> String {
    let width = terminal.map_or(usize::MAX, |width| width.clamp(NARROWEST, WIDEST_TABLE));
    let page = Page { width, text: width.min(WIDEST_TEXT) };
    let mut text = String::new();
    page.heading(&mut text, report);
    page.findings(&mut text, report);
    page.models(&mut text, catalog, report);
    page.running(&mut text, catalog, report);
    page.agents(&mut text, catalog, report);
    page.servers(&mut text, report);
    page.packages(&mut text, report);
    page.accelerators(&mut text, report);
    page.unseen(&mut text, report);
    text
}

/// The page that is written on.
struct Page {
    /// Columns for tables.
    width: usize,
    /// Columns for sentences.
    text: usize,
}

impl Page {
    fn section(&self, text: &mut String, title: &str, remark: &str) {
        let _ = write!(text, "\n{BOLD}{title}{BOLD:#}");
        if !remark.is_empty() {
            let _ = write!(text, "  {DIM}{remark}{DIM:#}");
        }
        text.push('\n');
    }
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// The colour of a severity; the word is always there too.
fn style(severity: Severity) -> Style {
    let color = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low => AnsiColor::Cyan,
        Severity::Info => return DIM,
    };
    let style = Style::new().fg_color(Some(color.into()));
    if severity == Severity::Critical { style.bold() } else { style }
}

/// `12,345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `3.4 GB`, decimal as disks are sold and model hubs count.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.iter().find(|(_, size)| number >= *size) {
        Some((unit, size)) => {
            let tenths = number / (size / 10);
            if tenths >= 1000 {
                format!("{} {unit}", tenths / 10)
            } else {
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            }
        }
        None => format!("{number} B"),
    }
}

/// `1 file`, `2 files`.
fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
