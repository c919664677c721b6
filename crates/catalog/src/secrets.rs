//! What a secret looks like, and text without them. The shapes are data (`catalog/secrets.toml`); here is only how
//! they are applied. Nothing here keeps a value: what is found is replaced, or answered with yes or no.

use regex_lite::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::CatalogError;

mod clean;
mod name;

const FILE: &str = "catalog/secrets.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    names: String,
    not_names: String,
    path_names: String,
    query_names: String,
    pair_flags: Vec<String>,
    placeholders: Vec<String>,
    token: Vec<TokenRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRow {
    id: String,
    hint: Option<String>,
    pattern: String,
    #[serde(default = "yes")]
    keeps_group: bool,
}

fn yes() -> bool {
    true
}

/// What a secret looks like.
#[derive(Debug)]
pub struct Secrets {
    names: Regex,
    not_names: Regex,
    path_names: Regex,
    query_names: Regex,
    pair_flags: Vec<String>,
    placeholder: Regex,
    tokens: Vec<TokenShape>,
    syntax: clean::Syntax,
}

/// The shape of a well-known kind of token.
#[derive(Debug)]
struct TokenShape {
    id: String,
    hint: Option<String>,
    pattern: Regex,
    keeps_group: bool,
}

impl TokenShape {
    fn may_occur_in(&self, text: &str) -> bool {
        self.hint.as_ref().is_none_or(|hint| text.contains(hint.as_str()))
    }

    fn occurs_in(&self, text: &str) -> bool {
        self.may_occur_in(text) && self.pattern.is_match(text)
    }
}

impl Secrets {
    pub(crate) fn new(table: Table) -> Result<Self, CatalogError> {
        let tokens = table.token.into_iter().map(|row| {
            let pattern = compiled(&row.pattern)?;
            Ok(TokenShape { id: row.id, hint: row.hint, pattern, keeps_group: row.keeps_group })
        });
        Ok(Self {
            names: compiled(&table.names)?,
            not_names: compiled(&table.not_names)?,
            path_names: compiled(&table.path_names)?,
            query_names: compiled(&table.query_names)?,
            pair_flags: table.pair_flags,
            placeholder: insensitive(&format!("^({})$", table.placeholders.join("|")))?,
            tokens: tokens.collect::<Result<_, CatalogError>>()?,
            syntax: clean::Syntax::new()?,
        })
    }

    /// The ids of the token shapes, in the order of the table.
    pub fn token_ids(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(|token| token.id.as_str())
    }

    /// Whether the value of something with this name is a secret: a variable, a flag, a header, a key.
    pub fn is_secret_name(&self, name: &str) -> bool {
        let folded = name::folded(name);
        self.names.is_match(&folded) && !self.not_names.is_match(&folded)
    }

    /// Whether this value is a secret that stands in plain text: by its name or its shape, and no placeholder.
    pub fn is_plain_secret(&self, name: &str, value: &str) -> bool {
        let bare = clean::without_scheme(value);
        if self.is_placeholder(bare) {
            return false;
        }
        let by_name = self.is_secret_name(name) && !self.leads_to_a_file(name, bare);
        by_name || self.tokens.iter().any(|token| token.occurs_in(value)) || self.has_userinfo(value)
    }

    /// Whether this value only stands for one: `${NAME}`, `<your-key>`, `***`, nothing.
    pub fn is_placeholder(&self, value: &str) -> bool {
        let value = value.trim().trim_matches(['"', '\'']);
        value.is_empty() || self.placeholder.is_match(value)
    }

    fn leads_to_a_file(&self, name: &str, value: &str) -> bool {
        let is_path = ["/", "~/", "./", "../"].iter().any(|start| value.starts_with(start));
        let components =
            value.matches('/').count() > 1 || value.rsplit('/').next().is_some_and(|file| file.contains('.'));
        is_path && components && !value.contains(['+', '=']) && self.path_names.is_match(&name::folded(name))
    }
}

fn compiled(pattern: &str) -> Result<Regex, CatalogError> {
    Regex::new(pattern).map_err(|error| mistake(pattern, &error))
}

fn insensitive(pattern: &str) -> Result<Regex, CatalogError> {
    RegexBuilder::new(pattern).case_insensitive(true).build().map_err(|error| mistake(pattern, &error))
}

fn mistake(pattern: &str, error: &regex_lite::Error) -> CatalogError {
    CatalogError::Pattern { file: FILE.to_owned(), pattern: pattern.to_owned(), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_is_none_is_named_with_its_file() {
        let error = compiled("(x").unwrap_err().to_string();
        assert!(
            error.starts_with("failed to read `catalog/secrets.toml`: `(x` is not a pattern: "),
            "{error}"
        );
    }

    #[test]
    fn every_shape_has_an_id_of_its_own() {
        let secrets = crate::load().unwrap().secrets;
        let ids: std::collections::BTreeSet<_> = secrets.token_ids().collect();
        assert_eq!(ids.len(), secrets.tokens.len());
        assert!(ids.len() >= 20);
    }
}
