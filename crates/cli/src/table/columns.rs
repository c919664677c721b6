//! Columns that line up, however wide the characters are, in the width there is.
//!
//! Every cell and sentence enters the page through here, and here what could draw on a terminal is escaped.

use domain::HostPath;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const GAP: usize = 2;
const INDENT: &str = "  ";
const NARROWEST: usize = 4;

/// A column: its title, and whether its cells may be cut in the middle when room is short.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) right: bool,
    /// Cells are never cut below this many columns; 0 for cells that are never cut.
    pub(super) shrinks_to: usize,
}

impl Column {
    pub(super) const fn fixed(title: &'static str) -> Self {
        Self { title, right: false, shrinks_to: 0 }
    }

    pub(super) const fn number(title: &'static str) -> Self {
        Self { title, right: true, shrinks_to: 0 }
    }

    pub(super) const fn flexible(title: &'static str, shrinks_to: usize) -> Self {
        Self { title, right: false, shrinks_to }
    }
}

/// Text as a terminal may show it. What a report holds was written by strangers: a name may carry escape sequences.
/// Escaping twice changes nothing.
pub(super) fn shown(text: &str) -> String {
    HostPath::from(text).to_string()
}

/// Rows as lines, a line of titles first. A column without a single cell is left out.
pub(super) fn lines(columns: &[Column], rows: &[Vec<String>], width: usize) -> Vec<String> {
    let used: Vec<_> = (0..columns.len())
        .filter(|at| rows.iter().any(|row| row.get(*at).is_some_and(|cell| !cell.is_empty())))
        .collect();
    let columns: Vec<_> = used.iter().filter_map(|at| columns.get(*at).copied()).collect();
    let cell = |row: &[String], at: usize| row.get(at).map(|cell| shown(cell)).unwrap_or_default();
    let rows: Vec<Vec<_>> = rows.iter().map(|row| used.iter().map(|at| cell(row, *at)).collect()).collect();
    let titles: Vec<_> = columns.iter().map(|column| column.title.to_owned()).collect();
    let widths = widths(&columns, &titles, &rows, width);
    std::iter::once(&titles).chain(&rows).map(|row| line(&columns, row, &widths)).collect()
}

/// Natural widths; the widest flexible column gives way until the line fits.
fn widths(columns: &[Column], titles: &[String], rows: &[Vec<String>], width: usize) -> Vec<usize> {
    let natural = |at: usize| {
        std::iter::once(titles)
            .chain(rows.iter().map(Vec::as_slice))
            .filter_map(|row| row.get(at))
            .map(|cell| cell.width())
            .max()
    };
    let mut widths: Vec<_> = (0..columns.len()).map(|at| natural(at).unwrap_or_default()).collect();
    let room = width.saturating_sub(INDENT.len() + GAP * columns.len().saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        let flexible = widths
            .iter_mut()
            .zip(columns)
            .filter(|(width, column)| column.shrinks_to > 0 && **width > column.shrinks_to);
        let Some((widest, _)) = flexible.max_by_key(|(width, _)| **width) else { break };
        *widest -= 1;
    }
    // A terminal that narrow gets everything cut rather than broken lines.
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max().filter(|width| **width > NARROWEST) else { break };
        *widest -= 1;
    }
    widths
}

fn line(columns: &[Column], row: &[String], widths: &[usize]) -> String {
    let mut line = String::from(INDENT);
    for ((cell, column), &width) in row.iter().zip(columns).zip(widths) {
        let cell = shortened(cell, width);
        let padding = " ".repeat(width.saturating_sub(cell.width()));
        if column.right {
            line.push_str(&padding);
            line.push_str(&cell);
        } else {
            line.push_str(&cell);
            line.push_str(&padding);
        }
        line.push_str(&" ".repeat(GAP));
    }
    line.truncate(line.trim_end().len());
    line
}

/// Cut in the middle: of a path both the root and the name matter.
pub(super) fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let keep = width.saturating_sub(1);
    let head = fitting(text.chars(), keep / 3);
    let tail: Vec<char> = fitting(text.chars().rev(), keep - keep / 3);
    head.into_iter().chain(['…']).chain(tail.into_iter().rev()).collect()
}

/// The first characters that fit.
fn fitting(characters: impl Iterator<Item = char>, width: usize) -> Vec<char> {
    let mut used = 0;
    characters
        .take_while(|c| {
            used += c.width().unwrap_or_default();
            used <= width
        })
        .collect()
}

/// Words in lines of at most `width` columns.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace().flat_map(|word| pieces(&shown(word), width)) {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(&word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}

/// A word as it is, or in pieces where it is wider than a line.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for c in word.chars() {
        let full =
            pieces.last().is_none_or(|piece| piece.width() + c.width().unwrap_or_default() > width.max(2));
        if full {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_line_up_and_empty_columns_are_left_out() {
        let columns = [Column::fixed("A"), Column::fixed("EMPTY"), Column::number("N")];
        let rows =
            [vec!["模型".into(), String::new(), "7".into()], vec!["x".into(), String::new(), "12".into()]];
        assert_eq!(lines(&columns, &rows, 80), ["  A      N", "  模型   7", "  x     12"]);
    }

    #[test]
    fn the_widest_flexible_column_gives_way_in_its_middle() {
        let columns = [Column::flexible("P", 8), Column::fixed("Q")];
        let rows = [vec!["/home/someone/models/tiny.gguf".into(), "gguf".into()]];
        let lines = lines(&columns, &rows, 28);
        assert_eq!(lines[1], "  /home/…els/tiny.gguf  gguf");
        assert!(lines.iter().all(|line| line.width() <= 28));
    }

    #[test]
    fn what_could_draw_is_escaped_before_it_is_measured() {
        let columns = [Column::fixed("A"), Column::fixed("B")];
        let rows = [vec!["x\u{1b}[2J\nz".into(), "b".into()]];
        assert_eq!(lines(&columns, &rows, 80), ["  A                 B", "  x\\u{1b}[2J\\u{a}z  b"]);
        assert_eq!(wrapped("one \u{202e}two", 12), ["one", "\\u{202e}two"]);
    }

    #[test]
    fn words_are_wrapped() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("", 7), [""]);
        assert_eq!(wrapped("an extraordinary word", 7), ["an", "extraor", "dinary", "word"]);
    }
}
