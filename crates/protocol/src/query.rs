//! The one query grammar: of every list in the console, of `?q=` in the API, of exports.
//!
//! A query is a row of conditions that must all hold:
//!
//! ```text
//! llama license:apache-2.0,mit -format:gguf size:>4GB seen:<7d device:"build box" digest:!pending
//! ```
//!
//! A word alone is searched for. `field:value` compares; a comma separates alternatives; `!` before a value or `-` before a
//! condition turns it round; `*` stands for anything in a text; `<`, `<=`, `>`, `>=` compare numbers, sizes and times; a time
//! is an age (`seen:<7d`: less than seven days ago) or a date. Quotes keep spaces, commas and stars together.
//!
//! This module knows no field by itself and no database: the caller says which [`Field`]s there are.

mod parse;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;

pub use parse::QueryError;
pub use value::{Compare, Pattern, Value};

/// A field that a query may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in queries.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// What it means, for people: the end of "`name` is …".
    pub about: &'static str,
}

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, compared without regard to case, `*` standing for anything.
    Text,
    /// A path: compared with regard to case, whole or, with `*` at its end, by its beginning.
    Path,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number.
    Number,
    /// A number of bytes, written `4GB`, `300MiB` or plainly.
    Size,
    /// A moment, written as an age (`7d`, `24h`, `15m`) or a date.
    Time,
}

/// A query that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// All must hold.
    pub terms: Vec<Term>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// It must not hold.
    pub negated: bool,
    /// What must hold.
    pub test: Test,
    /// As it was written.
    text: String,
}

/// What a condition asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// The text is contained in what people search: names, hosts, paths.
    Contains(String),
    /// The field has one of these values.
    Field {
        /// Its name.
        name: &'static str,
        /// The alternatives; never empty.
        any_of: Vec<Value>,
    },
}

impl Query {
    /// Reads a query over these fields.
    ///
    /// # Errors
    /// [`QueryError`] with the place in the text and, for a field or word that is nearly right, what was probably meant.
    pub fn parse(text: &str, fields: &[Field]) -> Result<Self, QueryError> {
        parse::parse(text, fields)
    }

    /// Whether it asks for everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a condition names this field.
    pub fn names(&self, field: &str) -> bool {
        self.terms.iter().any(|term| matches!(&term.test, Test::Field { name, .. } if *name == field))
    }

    /// Whether it holds exactly this condition.
    pub fn has(&self, term: &str) -> bool {
        self.terms.iter().any(|own| own.text == term)
    }

    /// The text of this query with a condition put in, or taken out if it was there: what a chip links to. Another
    /// condition on the same field gives way.
    pub fn toggled(&self, term: &str) -> String {
        let field = term.trim_start_matches('-').split_once(':').map(|(field, _)| field);
        let same = |own: &&Term| match (&own.test, field) {
            (Test::Field { name, .. }, Some(field)) => *name == field,
            _ => own.text == term,
        };
        let kept = self.terms.iter().filter(|own| !same(own)).map(|own| own.text.as_str());
        let put = Some(term).filter(|_| !self.has(term));
        kept.chain(put).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Query {
    /// The conditions as they were written, one space between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.terms.iter().map(|term| term.text.as_str()).collect();
        f.write_str(&texts.join(" "))
    }
}
