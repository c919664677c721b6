//! From text to a [`Query`]. Bounded in length and number, so that no query is a burden.

use super::{
    Field, Kind, Query, Term, Test,
    value::{Pattern, Value, number, time},
};

const LONGEST: usize = 2_000;
const MOST_TERMS: usize = 40;
const MOST_ALTERNATIVES: usize = 100;

/// Why a query was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong and what was probably meant.
    pub message: String,
    /// Where the wrong condition begins, in bytes.
    pub at: usize,
}

/// A piece of a value: a star counts as a wildcard only outside quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Letter {
    c: char,
    quoted: bool,
}

/// What stands between two spaces.
struct Word {
    at: usize,
    text: String,
    letters: Vec<Letter>,
}

pub(super) fn parse(text: &str, fields: &[Field]) -> Result<Query, QueryError> {
    if text.len() > LONGEST {
        return Err(QueryError { message: format!("a query has at most {LONGEST} bytes"), at: LONGEST });
    }
    let words = words(text)?;
    if let Some(word) = words.get(MOST_TERMS) {
        return Err(QueryError {
            message: format!("a query has at most {MOST_TERMS} conditions"),
            at: word.at,
        });
    }
    let terms = words.into_iter().map(|word| term(word, fields)).collect::<Result<_, _>>()?;
    Ok(Query { terms })
}

fn words(text: &str) -> Result<Vec<Word>, QueryError> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        if quote.is_none() && c.is_whitespace() {
            words.extend(open.take());
            continue;
        }
        let word = open.get_or_insert_with(|| Word { at, text: String::new(), letters: Vec::new() });
        word.text.push(c);
        match (c, quote) {
            ('"', None) => quote = Some(at),
            ('"', Some(_)) => quote = None,
            _ => word.letters.push(Letter { c, quoted: quote.is_some() }),
        }
    }
    match quote {
        Some(at) => Err(QueryError { message: "the quote is not closed".into(), at }),
        None => {
            words.extend(open);
            Ok(words)
        }
    }
}

fn term(word: Word, fields: &[Field]) -> Result<Term, QueryError> {
    let mut letters = word.letters.as_slice();
    let negated = matches!(letters, [Letter { c: '-', quoted: false }, _, ..]);
    if negated {
        letters = letters.get(1..).unwrap_or_default();
    }
    let at = word.at;
    let failed = |message| QueryError { message, at };
    let colon = letters.iter().position(|letter| *letter == Letter { c: ':', quoted: false });
    let test = match colon {
        None => Test::Contains(plain(letters).to_lowercase()),
        Some(colon) => {
            let (name, values) = letters.split_at(colon);
            let field = field(&plain(name), fields).map_err(failed)?;
            let any_of = alternatives(field, values.get(1..).unwrap_or_default()).map_err(failed)?;
            Test::Field { name: field.name, any_of }
        }
    };
    if matches!(&test, Test::Contains(text) if text.is_empty()) {
        return Err(failed("there is nothing between the quotes".into()));
    }
    Ok(Term { negated, test, text: word.text })
}

fn plain(letters: &[Letter]) -> String {
    letters.iter().map(|letter| letter.c).collect()
}

fn field<'a>(name: &str, fields: &'a [Field]) -> Result<&'a Field, String> {
    let lower = name.to_lowercase();
    fields.iter().find(|field| field.name == lower).ok_or_else(|| {
        match nearest(&lower, fields.iter().map(|field| field.name)) {
            Some(near) => format!("there is no field `{name}`: did you mean `{near}`?"),
            None => {
                let known: Vec<_> = fields.iter().map(|field| field.name).collect();
                format!(
                    "there is no field `{name}`; there are {}. To search for a colon, quote it",
                    known.join(", ")
                )
            }
        }
    })
}

fn alternatives(field: &Field, letters: &[Letter]) -> Result<Vec<Value>, String> {
    let pieces: Vec<_> = letters.split(|letter| *letter == Letter { c: ',', quoted: false }).collect();
    if pieces.len() > MOST_ALTERNATIVES {
        return Err(format!("a condition has at most {MOST_ALTERNATIVES} alternatives"));
    }
    pieces.into_iter().map(|piece| value(field, piece)).collect()
}

fn value(field: &Field, letters: &[Letter]) -> Result<Value, String> {
    let text = plain(letters);
    if letters.is_empty() {
        return Err(format!("`{}:` has no value", field.name));
    }
    let wrong = |why: String| format!("`{text}` {why} (field `{}`)", field.name);
    match field.kind {
        Kind::Number | Kind::Size => number(field.kind, &text).map_err(wrong),
        Kind::Time => time(&text).map_err(wrong),
        Kind::Text => Ok(pattern(letters, str::to_lowercase)),
        Kind::Path => path(letters).ok_or_else(|| {
            wrong(
                "is neither a path nor the beginning of one with `*` at its end, such as `/home/ann/*`"
                    .into(),
            )
        }),
        Kind::Word(known) => {
            let value = pattern(letters, str::to_lowercase);
            let Value::Text { pattern, .. } = &value else { return Ok(value) };
            match pattern.exact() {
                Some(word) if !known.contains(&word) => Err(unknown_word(field.name, word, known)),
                _ => Ok(value),
            }
        }
    }
}

fn unknown_word(field: &str, word: &str, known: &[&'static str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("`{field}` is never `{word}`: did you mean `{near}`?"),
        None => format!("`{field}` is never `{word}`; it is one of {}", known.join(", ")),
    }
}

/// A path is found through an index, so only its end may be open.
fn path(letters: &[Letter]) -> Option<Value> {
    let value = pattern(letters, str::to_owned);
    let Value::Text { pattern: Pattern(pieces), .. } = &value else { return None };
    match pieces.as_slice() {
        [_] => Some(value),
        [start, end] if end.is_empty() && !start.is_empty() => Some(value),
        _ => None,
    }
}

fn pattern(letters: &[Letter], fold: fn(&str) -> String) -> Value {
    let negated = matches!(letters, [Letter { c: '!', quoted: false }, _, ..]);
    let letters = if negated { letters.get(1..).unwrap_or_default() } else { letters };
    let pieces = letters.split(|letter| *letter == Letter { c: '*', quoted: false });
    Value::Text { negated, pattern: Pattern(pieces.map(|piece| fold(&plain(piece))).collect()) }
}

/// The candidate that is at most two changes away.
fn nearest(word: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let limit = if word.chars().count() < 4 { 1 } else { 2 };
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (to, &above) in b.iter().zip(row.iter().skip(1)) {
            let change = diagonal + usize::from(from != *to);
            left = change.min(above + 1).min(left + 1);
            diagonal = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
