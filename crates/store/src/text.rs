//! Texts that devices sent, cut to what a row and an index can hold.

/// The longest text in an index, in bytes.
pub(crate) const INDEXED: usize = 600;
/// The longest path that is shown whole.
pub(crate) const PATH: usize = 2_000;
/// The longest sentence.
pub(crate) const SENTENCE: usize = 4_000;

/// At most so many bytes of a text; one that was cut ends with an ellipsis.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit.saturating_sub('…'.len_utf8()));
    let (kept, _) = text.split_at(end);
    format!("{kept}…")
}

/// What is searched, in lower case.
pub(crate) fn search<'a>(parts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let mut text = parts.join("\n").to_lowercase();
    text.truncate(text.floor_char_boundary(INDEXED));
    text
}

/// Words as a set in one text, each with a space on both sides.
pub(crate) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for word in words {
        let word = word.to_lowercase();
        let there = out.contains(&format!(" {word} "));
        if word.is_empty() || there || out.len() + word.len() + 2 > INDEXED {
            continue;
        }
        if out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word);
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_a_set_with_spaces_around_each() {
        assert_eq!(words(["Ollama", "hugging-face", "ollama"]), " ollama hugging-face ");
        assert_eq!(words([]), "");
    }

    proptest! {
        #[test]
        fn a_text_that_is_cut_is_never_longer_than_its_limit(text in ".{0,80}", limit in 3_usize..40) {
            let short = cut(&text, limit);
            prop_assert!(short.len() <= limit);
            prop_assert!(text.len() > limit || short == text);
            prop_assert!(search([Some(text.repeat(60).as_str())]).len() <= INDEXED);
        }
    }
}
