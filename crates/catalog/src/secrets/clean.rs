//! Replacing secrets in text and argument lists by `***`. Cleaning twice changes nothing more, and what is no secret
//! (digests, paths, model names, plain flags) stays as it is.

use std::ops::Range;

use regex_lite::{Captures, Regex};

use super::{Secrets, compiled};
use crate::CatalogError;

/// What stands where a secret stood.
const GONE: &str = "***";

/// Rounds until text no longer changes: one replacement may uncover another, but they only ever shorten the rest.
const ROUNDS: usize = 4;

/// Length in characters from which a mixed run is taken for a secret although nothing names it.
const RUN: usize = 32;

/// Length in characters of a mixed piece without `-` or `_`: words in a name are shorter.
const PIECE: usize = 16;

/// Where a secret may stand in text. How text is written is no knowledge about tools, so it is no data.
#[derive(Debug)]
pub(super) struct Syntax {
    userinfo: Regex,
    query: Regex,
    assignment: Regex,
    value: Regex,
    value_after_colon: Regex,
}

impl Syntax {
    pub(super) fn new() -> Result<Self, CatalogError> {
        Ok(Self {
            userinfo: compiled(r#"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#\s"'<>]*)@"#)?,
            query: compiled(r#"([?&;])([A-Za-z0-9_.%\[\]-]+)=([^&#\s"']+)"#)?,
            assignment: compiled(
                r#"(--?)?([A-Za-z_][A-Za-z0-9_.-]*)(?:(\\*["']?[ \t]*[=:][ \t]*)|(["']?\s+))"#,
            )?,
            value: compiled(
                r#"^(?:(?i:bearer|basic|token)[ \t]+[^\s"'&]+|"(?:[^"\\]|\\.)*"?|'[^']*'?|\\+["'][^"'\\]*|(?:\$?\{\{[^}]*\}\}|[^\s"'&])+)"#,
            )?,
            value_after_colon: compiled(r#"^(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|\\+["'][^"'\\]*|[^\r\n"']+)"#)?,
        })
    }
}

/// A header's value without the scheme in front.
pub(super) fn without_scheme(value: &str) -> &str {
    let value = value.trim();
    match value.split_once(char::is_whitespace) {
        Some((scheme, rest))
            if ["bearer", "basic", "token"].iter().any(|s| scheme.eq_ignore_ascii_case(s)) =>
        {
            rest.trim_start()
        }
        _ => value,
    }
}

impl Secrets {
    /// Text without the secrets in it: `***` stands in their place.
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..ROUNDS {
            let next = self.clean_once(&text);
            if next == text {
                break;
            }
            text = next;
        }
        text
    }

    /// An argument list without the secrets in it. Its length never changes.
    pub fn clean_argv(&self, argv: &[String]) -> Vec<String> {
        let mut clean = self.clean_argv_once(argv);
        for _ in 1..ROUNDS {
            let next = self.clean_argv_once(&clean);
            if next == clean {
                break;
            }
            clean = next;
        }
        clean
    }

    fn clean_argv_once(&self, argv: &[String]) -> Vec<String> {
        let mut previous = "";
        argv.iter()
            .map(|argument| {
                let clean = self.clean_argument(previous, argument);
                // `--password -- VALUE`: the two dashes stand between a flag and its value.
                if argument != "--" {
                    previous = argument;
                }
                clean
            })
            .collect()
    }

    fn clean_argument(&self, previous: &str, argument: &str) -> String {
        if self.is_value_of(previous, argument) {
            return GONE.to_owned();
        }
        if let Some((name, value)) = argument.split_once('=')
            && !name.contains(|c: char| c.is_whitespace() || "/?&:".contains(c))
            && self.is_secret_in(name, value)
        {
            return format!("{name}={GONE}");
        }
        self.clean(argument)
    }

    /// Whether an argument is the secret that the flag before it announces.
    fn is_value_of(&self, flag: &str, value: &str) -> bool {
        if !flag.starts_with('-')
            || flag.contains('=')
            || flag.contains(char::is_whitespace)
            || value.starts_with("--")
        {
            return false;
        }
        self.is_secret_in(flag, value) || self.pair_flags.iter().any(|pair| pair == flag) && is_pair(value)
    }

    fn is_secret_in(&self, name: &str, value: &str) -> bool {
        let bare = without_scheme(value);
        self.is_secret_name(name) && !self.is_placeholder(bare) && !self.leads_to_a_file(name, bare)
    }

    /// Whether an address holds more than a plain user name before its host.
    pub(super) fn has_userinfo(&self, text: &str) -> bool {
        text.contains("://")
            && self.syntax.userinfo.captures_iter(text).any(|found| !self.is_user_name(group(&found, 2)))
    }

    fn is_user_name(&self, userinfo: &str) -> bool {
        let plain = |c: char| c.is_ascii_lowercase() || "_.-".contains(c);
        match userinfo.split_once(':') {
            Some((_, password)) => password != GONE && self.is_placeholder(password),
            None => userinfo.len() <= RUN && userinfo.chars().all(plain),
        }
    }

    fn clean_once(&self, text: &str) -> String {
        let text = self.without_tokens(text);
        let text = self.without_userinfo(&text);
        let text = self.without_query(&text);
        let text = self.without_assignments(&text);
        without_runs(&text)
    }

    fn without_tokens(&self, text: &str) -> String {
        self.tokens.iter().filter(|token| token.may_occur_in(text)).fold(text.to_owned(), |text, token| {
            let kept = |found: &Captures<'_>| {
                if token.keeps_group { group(found, 1).to_owned() } else { String::new() }
            };
            token.pattern.replace_all(&text, |found: &Captures<'_>| kept(found) + GONE).into_owned()
        })
    }

    fn without_userinfo(&self, text: &str) -> String {
        if !text.contains("://") {
            return text.to_owned();
        }
        let replace = |found: &Captures<'_>| match self.is_user_name(group(found, 2)) {
            true => group(found, 0).to_owned(),
            false => format!("{}{GONE}@", group(found, 1)),
        };
        self.syntax.userinfo.replace_all(text, replace).into_owned()
    }

    fn without_query(&self, text: &str) -> String {
        if !text.contains('=') {
            return text.to_owned();
        }
        let replace = |found: &Captures<'_>| {
            let (name, value) = (group(found, 2), group(found, 3));
            let secret = self.is_secret_name(name) || self.query_names.is_match(&super::name::folded(name));
            match secret && !self.is_placeholder(value) {
                true => format!("{}{name}={GONE}", group(found, 1)),
                false => group(found, 0).to_owned(),
            }
        };
        self.syntax.query.replace_all(text, replace).into_owned()
    }

    /// Replaces what follows a secret name: `NAME=value`, `name: value`, `"name": "value"`, `--name value`.
    fn without_assignments(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(found) = self.syntax.assignment.captures_at(text, at) {
            let end = found.get(0).map_or(text.len(), |all| all.end());
            out.push_str(text.get(at..end).unwrap_or_default());
            let value = self.assigned_secret(&found, text.get(end..).unwrap_or_default());
            if !value.is_empty() {
                out.push_str(text.get(end..end + value.start).unwrap_or_default());
                out.push_str(GONE);
            }
            at = end + value.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }

    /// Where the secret stands in `rest`, without the quotes around it; empty if there is none.
    fn assigned_secret(&self, found: &Captures<'_>, rest: &str) -> Range<usize> {
        let (is_flag, name, sign) = (found.get(1).is_some(), group(found, 2), group(found, 3));
        let spaced = sign.is_empty();
        if spaced && (!is_flag || rest.starts_with('-')) || !self.is_secret_name(name) {
            return 0..0;
        }
        let pattern = if sign.contains(':') { &self.syntax.value_after_colon } else { &self.syntax.value };
        let value = pattern.find(rest).map_or("", |found| found.as_str());
        let inner = unquoted(value);
        if self.is_secret_in(name, value.get(inner.clone()).unwrap_or_default()) { inner } else { 0..0 }
    }
}

/// What stands between the quotes of a value, which may be escaped and need not be closed.
fn unquoted(value: &str) -> Range<usize> {
    let start = value.len() - value.trim_start_matches(['"', '\'', '\\']).len();
    let end = if start == 0 { value.len() } else { value.trim_end_matches(['"', '\'', '\\']).len() };
    start..end.max(start)
}

/// `name:secret`, and not two numbers as in `--user 1000:1000`.
fn is_pair(value: &str) -> bool {
    let number = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    value.split_once(':').is_some_and(|(name, secret)| !(number(name) && number(secret)) && secret != GONE)
}

fn group<'t>(found: &Captures<'t>, index: usize) -> &'t str {
    found.get(index).map_or("", |group| group.as_str())
}

/// Replaces long mixed runs that stand alone. Paths and file names hold `/`, `\` or `.` and stay.
fn without_runs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(is_delimiter) {
        let bare = word.trim_end_matches(is_delimiter);
        match bare.strip_prefix("//") {
            _ if is_secret_run(bare) => out.push_str(GONE),
            // Only in an address is a component of a path taken for a secret: a file may be called anything.
            Some(address) => out.push_str(&without_secret_components(address)),
            None => out.push_str(bare),
        }
        out.push_str(word.get(bare.len()..).unwrap_or_default());
    }
    out
}

/// What follows the `:` of an address, without components that are long mixed runs.
fn without_secret_components(address: &str) -> String {
    let components =
        address.split('/').map(|component| if is_secret_run(component) { GONE } else { component });
    format!("//{}", components.collect::<Vec<_>>().join("/"))
}

fn is_delimiter(character: char) -> bool {
    character.is_whitespace() || "\"'`=:;,@?&|()[]{}<>*#!$%".contains(character)
}

fn is_secret_run(word: &str) -> bool {
    word.len() >= RUN
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_+~".contains(c))
        && word.split(['-', '_']).any(|piece| piece.len() >= PIECE && is_mixed(piece))
}

fn is_mixed(piece: &str) -> bool {
    let has = |what: fn(&u8) -> bool| piece.bytes().any(|byte| what(&byte));
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}
