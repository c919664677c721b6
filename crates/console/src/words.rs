//! Numbers, sizes and names as people read them. Pure; knows no page.

use maud::{Markup, html};

/// A space at which no line breaks.
const NBSP: char = '\u{a0}';

/// A whole number with separators: `1,204`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A thing in the singular and the plural.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Noun(pub(crate) &'static str, pub(crate) &'static str);

impl Noun {
    /// The form that goes with this number.
    pub(crate) fn of(self, number: u64) -> &'static str {
        if number == 1 { self.0 } else { self.1 }
    }

    /// The number and the word, unbroken: `1 device`, `1,204 devices`.
    pub(crate) fn count(self, number: u64) -> String {
        format!("{}{NBSP}{}", count(number), self.of(number))
    }

    /// As [`Self::count`], but one is `one`: for the middle of a sentence.
    pub(crate) fn told(self, number: u64) -> String {
        if number == 1 { format!("one{NBSP}{}", self.0) } else { self.count(number) }
    }
}

/// A number of bytes in decimal units, the number and its unit unbroken: `4.1 GB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes}{NBSP}B");
    }
    // Tenths of the unit, rounded; integers, so that no size is off by a rounding of the machine.
    let mut tenths = bytes.saturating_add(50) / 100;
    let mut unit = UNITS.iter();
    let mut name = unit.next().copied().unwrap_or_default();
    while tenths >= 9_995 {
        let Some(next) = unit.next() else { break };
        tenths = tenths.saturating_add(500) / 1000;
        name = next;
    }
    let number = if tenths >= 1000 || tenths.is_multiple_of(10) {
        count(tenths.saturating_add(5) / 10)
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    format!("{number}{NBSP}{name}")
}

/// The first eight digits of a digest, all of it on hover.
pub(crate) fn digest(hex: &str) -> Markup {
    let short = hex.get(..8).unwrap_or(hex);
    html! { span.mono title=(format!("sha256 {hex}")) { (short) } }
}

/// A number of weights as people say it: `7.6B`, `350M`.
pub(crate) fn parameters(number: u64) -> String {
    let scaled = |unit: u64, name: &str| {
        let tenths = number.saturating_add(unit / 20) / (unit / 10);
        match tenths % 10 {
            0 => format!("{}{name}", tenths / 10),
            _ if tenths >= 1000 => format!("{}{name}", tenths / 10),
            rest => format!("{}.{rest}{name}", tenths / 10),
        }
    };
    match number {
        0..1_000_000 => count(number),
        1_000_000..1_000_000_000 => scaled(1_000_000, "M"),
        _ => scaled(1_000_000_000, "B"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., last] => {
            let rest: Vec<_> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
}

/// The word with its first letter in upper case.
pub(crate) fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The text as a sentence: a capital at its beginning, a dot at its end.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    let dot = if text.ends_with(['.', '!', '?', '…']) || text.is_empty() { "" } else { "." };
    format!("{}{dot}", capital(text))
}

/// A kebab-case word as people write it: `not-scanned` becomes `not scanned`.
pub(crate) fn spaced(word: &str) -> String {
    word.replace('-', " ")
}

/// A path that may break after its separators and keeps its file's name when it is cut.
pub(crate) fn path(path: &str) -> Markup {
    html! {
        span.path title=(path) {
            @for (at, part) in path.split('/').enumerate() {
                @if at > 0 { "/" wbr; }
                (part)
            }
        }
    }
}

/// The longest path in a line of a list, in characters.
const PATH: usize = 44;

/// A text in which paths are cut in their middle: those that are known, which may have spaces, or else words that are paths.
pub(crate) fn shortened<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known = known.into_iter().find(|path| path.starts_with('/') && text.contains(path));
    if let Some(path) = known {
        return text.replace(path, &short_path(path));
    }
    let word = |word: &str| if word.starts_with('/') { short_path(word) } else { word.to_owned() };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The path with its beginning and its file's name, and as much before that as fits.
fn short_path(path: &str) -> String {
    let length = |text: &str| text.chars().count();
    let (Some((_, file)), Some(first)) = (path.rsplit_once('/'), path.split('/').nth(1)) else {
        return path.to_owned();
    };
    if length(path) <= PATH || first == file {
        return path.to_owned();
    }
    let mut tail = file.to_owned();
    for part in path.rsplit('/').skip(1) {
        let longer = format!("{part}/{tail}");
        if length(first) + length(&longer) + 4 > PATH {
            break;
        }
        tail = longer;
    }
    format!("/{first}/…/{tail}")
}

/// A message as the beginning of a line: a capital where it begins with a word, and not where it begins with a name.
pub(crate) fn message(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    if ["a", "an", "the", "nobody", "no", "some"].contains(&first) { capital(text) } else { text.to_owned() }
}

/// A text in which the parts between backticks are code.
pub(crate) fn coded(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_separators_and_the_right_plural() {
        assert_eq!(
            ["0", "999", "1,000", "1,234,567"],
            [0, 999, 1000, 1_234_567].map(count).each_ref().map(String::as_str)
        );
        let device = Noun("device", "devices");
        assert_eq!(device.count(1), "1\u{a0}device");
        assert_eq!(device.count(0), "0\u{a0}devices");
        assert_eq!(device.told(1), "one\u{a0}device");
    }

    #[test]
    fn a_size_never_breaks_from_its_unit_and_is_rounded_once() {
        let sizes = [
            0,
            999,
            1000,
            1550,
            999_949,
            999_950,
            4_100_000_000,
            23_800_000_000,
            612_000_000,
            999_999_999_999,
        ];
        let text: Vec<_> = sizes.map(size).into();
        assert_eq!(
            text.join("|").replace('\u{a0}', "_"),
            "0_B|999_B|1_kB|1.6_kB|1_MB|1_MB|4.1_GB|23.8_GB|612_MB|1_TB"
        );
    }

    #[test]
    fn a_sentence_begins_large_and_ends_with_one_dot() {
        assert_eq!(["do it", "Done.", ""].map(sentence), ["Do it.", "Done.", ""]);
    }

    #[test]
    fn a_name_keeps_its_own_spelling_at_the_beginning_of_a_line() {
        assert_eq!(message("the MCP server"), "The MCP server");
        assert_eq!(message("coder-7b is a pickle"), "coder-7b is a pickle");
    }

    #[test]
    fn a_long_path_loses_its_middle_and_keeps_its_file() {
        let short = |text: &str, known: &[&str]| shortened(text, known.iter().copied());
        let long = "/home/ada/.cache/huggingface/hub/models--acme--coder/snapshots/0a1b/model.bin";
        assert_eq!(
            short(&format!("{long} is a pickle"), &[]),
            "/home/…/snapshots/0a1b/model.bin is a pickle"
        );
        let spaced = "/home/ada/Old Projects/a folder of some depth/it is here/final model.bin";
        assert_eq!(
            short(&format!("{spaced} is a pickle"), &[spaced]),
            "/home/…/it is here/final model.bin is a pickle"
        );
        assert_eq!(short("/opt/model.bin is a pickle", &[]), "/opt/model.bin is a pickle");
        assert_eq!(short("hf.co/acme/coder and/or more", &["acme"]), "hf.co/acme/coder and/or more");
    }

    #[test]
    fn weights_are_counted_as_people_say_it() {
        assert_eq!(parameters(7_615_616_512), "7.6B");
        assert_eq!(parameters(350_000_000), "350M");
        assert_eq!(parameters(70_000_000_000), "70B");
        assert_eq!(parameters(12_345), "12,345");
    }

    #[test]
    fn a_path_is_shown_whole_and_escaped() {
        assert_eq!(
            path("/m/<b>").into_string(),
            r#"<span class="path" title="/m/&lt;b&gt;">/<wbr>m/<wbr>&lt;b&gt;</span>"#
        );
    }

    proptest! {
        #[test]
        fn every_number_can_be_said(number: u64) {
            prop_assert_eq!(count(number).replace(',', ""), number.to_string());
            prop_assert!(size(number).contains(NBSP));
            prop_assert!(!parameters(number).is_empty());
        }

        #[test]
        fn a_text_without_long_paths_stays_as_it_is(text in "[a-z /.é]{0,44}") {
            prop_assert_eq!(shortened(&text, []), text);
        }

        #[test]
        fn a_path_keeps_its_file_whatever_it_is(path in "(/[^/]{0,30}){1,9}") {
            let file = path.rsplit('/').next().unwrap_or_default();
            prop_assert!(short_path(&path).ends_with(file));
        }
    }
}
