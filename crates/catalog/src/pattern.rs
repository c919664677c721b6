//! How the patterns of the catalogue are compared: globs, runs of arguments and runs of path components. It knows
//! no pattern.

use serde::{Deserialize, Deserializer};

/// Whether `text` as a whole is what `pattern` says: `*` stands for any characters, ASCII case does not count.
///
/// Takes time linear in both, whatever the pattern.
pub fn glob_match(pattern: &str, text: &str) -> bool {
    if !pattern.contains('*') {
        return pattern.eq_ignore_ascii_case(text);
    }
    glob_match_folded(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
}

fn glob_match_folded(pattern: &str, text: &str) -> bool {
    let (Some((first, _)), Some((_, last))) = (pattern.split_once('*'), pattern.rsplit_once('*')) else {
        return pattern == text;
    };
    let middle = pattern.get(first.len()..pattern.len() - last.len()).unwrap_or_default();
    let rest = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    // The leftmost place for each piece leaves most room for the next, so one pass decides.
    rest.is_some_and(|rest| {
        middle
            .split('*')
            .try_fold(rest, |rest, piece| rest.find(piece).and_then(|at| rest.get(at + piece.len()..)))
            .is_some()
    })
}

/// Whether the tokens of `pattern`, separated by white space, follow each other in `argv`.
///
/// A token is an argument, or the last component of one (without `.exe`), or, if it contains `/`, a run of an
/// argument's path components. A token may hold `*`.
pub fn tokens_match(pattern: &str, argv: &[&str]) -> bool {
    let tokens: Vec<_> = pattern.split_whitespace().collect();
    !tokens.is_empty()
        && argv
            .windows(tokens.len())
            .any(|window| tokens.iter().zip(window).all(|(token, argument)| token_match(token, argument)))
}

/// Whether `argv` begins with the tokens of `pattern`, compared as in [`tokens_match`]: what a program is, and not what
/// it is told about.
pub fn tokens_begin(pattern: &str, argv: &[&str]) -> bool {
    let mut tokens = pattern.split_whitespace().peekable();
    let mut arguments = argv.iter();
    tokens.peek().is_some()
        && tokens.all(|token| arguments.next().is_some_and(|argument| token_match(token, argument)))
}

fn token_match(token: &str, argument: &str) -> bool {
    glob_match(token, argument)
        || glob_match(token, program_name(argument))
        || token.contains('/') && PathRun::new(token).matches(argument)
}

/// The last component of a path without `.exe`: the name that a program goes by.
pub fn program_name(path: &str) -> &str {
    let base = path.rsplit(is_separator).next().unwrap_or(path);
    match base.len().checked_sub(4).and_then(|at| base.split_at_checked(at)) {
        Some((stem, extension)) if extension.eq_ignore_ascii_case(".exe") => stem,
        _ => base,
    }
}

fn is_separator(character: char) -> bool {
    matches!(character, '/' | '\\')
}

/// A run of path components, such as `node_modules/some-tool`, that stands anywhere in a path.
///
/// `~/` in front reads as "in some home": homes are not known here, so the run may begin anywhere. A run with `/` in
/// front begins at the root. Components may hold `*`, which never crosses a `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathRun {
    text: String,
    components: Vec<String>,
    rooted: bool,
}

impl PathRun {
    /// Reads a run as the catalogue writes it.
    pub fn new(text: &str) -> Self {
        let run = text.strip_prefix("~/").unwrap_or(text);
        Self {
            text: text.to_owned(),
            components: components(run).map(str::to_owned).collect(),
            rooted: run.starts_with('/'),
        }
    }

    /// The run as the catalogue writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `path` is that place or lies under it.
    pub fn matches(&self, path: &str) -> bool {
        if self.components.is_empty() {
            return false;
        }
        let parts: Vec<_> = components(path).collect();
        let mut windows = parts.windows(self.components.len());
        if self.rooted {
            windows.next().is_some_and(|run| self.is(run))
        } else {
            windows.any(|run| self.is(run))
        }
    }

    fn is(&self, run: &[&str]) -> bool {
        self.components.iter().zip(run).all(|(pattern, part)| glob_match(pattern, part))
    }
}

fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split(is_separator).filter(|part| !part.is_empty() && *part != ".")
}

impl<'de> Deserialize<'de> for PathRun {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let run = Self::new(&String::deserialize(deserializer)?);
        if run.components.is_empty() {
            return Err(serde::de::Error::custom("a path run needs at least one component"));
        }
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text) in
            [("*", ""), ("lib*.so*", "LIBfoo.so.1"), ("a*b*c", "a-b-b-c"), ("*.x", "y.x"), ("a*a", "aa")]
        {
            assert!(glob_match(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a*a", "a"), ("a*b", "ac"), ("", "x"), ("ab*ba", "aba"), ("*.so", "x.so.1")]
        {
            assert!(!glob_match(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn tokens_must_follow_each_other() {
        assert!(tokens_match("tool serve", &["/usr/bin/tool", "serve", "-v"]));
        assert!(tokens_match("tool serve", &["C:\\x\\Tool.EXE", "serve"]));
        assert!(tokens_match("-m pkg.server", &["python3", "-u", "-m", "pkg.server"]));
        assert!(!tokens_match("tool serve", &["tool", "-v", "serve"]));
        assert!(!tokens_match("tool serve", &["sh", "-c", "tool serve"]));
        assert!(!tokens_match("", &["x"]));
    }

    #[test]
    fn a_token_with_a_slash_is_a_run_of_components() {
        assert!(tokens_match("bin/tool", &["python", "/home/u/.venv/bin/tool", "--x"]));
        assert!(tokens_match("@scope/tool", &["node", "/lib/node_modules/@scope/tool/cli.js"]));
        assert!(!tokens_match("@scope/tool", &["node", "/lib/node_modules/@scope/tool-sdk/cli.js"]));
    }

    #[test]
    fn a_run_under_home_is_found_in_any_home() {
        let run = PathRun::new("~/.tool/bin");
        assert!(run.matches("/home/u/.tool/bin/x") && run.matches("/srv/people/u/.tool/bin"));
        assert!(!run.matches("/home/u/.tool/models/x") && !run.matches("/home/u/.tool-bin/x"));
        assert!(!PathRun::new("/opt/tool").matches("/home/opt/tool"));
        assert!(PathRun::new("*-packages/tool").matches("/usr/lib/python3/dist-packages/tool/x.so"));
    }

    proptest! {
        #[test]
        fn a_pattern_made_from_a_text_matches_it(pieces in proptest::collection::vec("[a-zA-Z.]{0,4}", 1..6), fill in "[a-z]{0,3}") {
            prop_assert!(glob_match(&pieces.join("*"), &pieces.join(&fill)));
        }

        #[test]
        fn no_pattern_and_no_text_brings_it_down(pattern in ".{0,20}", text in ".{0,40}") {
            let _ = (glob_match(&pattern, &text), tokens_match(&pattern, &[&text]), PathRun::new(&pattern).matches(&text));
            let plain = text.replace('*', "");
            let any_start = ["*", &plain].concat();
            prop_assert!(glob_match(&any_start, &plain));
        }
    }
}
