//! The state of a list is its address: query, order, where the page begins, which row is open.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// What an address keeps readable: enough for `license:cc-by-nc,mit` to look like itself.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b':')
    .remove(b',')
    .remove(b'*')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'/')
    .remove(b'!');

/// The part of a list's address behind the `?`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// The query as it was written; nothing where the address has none, until [`State::settled`].
    pub(crate) q: Option<String>,
    /// The order: a column, `-` in front for the greatest first. Empty: the list's own.
    pub(crate) sort: String,
    /// Where the page before ended.
    pub(crate) after: String,
    /// The row that is open beside the list.
    pub(crate) open: String,
    /// The query that the list begins with: where there is one, an address says that nothing is asked.
    #[serde(skip)]
    pub(crate) usual: &'static str,
}

impl State {
    /// Of a list that begins with a query: that one, where the address has none.
    pub(crate) fn settled(self, usual: &'static str) -> Self {
        Self { q: Some(self.q.unwrap_or_else(|| usual.to_owned())), usual, ..self }
    }

    /// The query; everything where there is none.
    pub(crate) fn query(&self) -> &str {
        self.q.as_deref().unwrap_or_default()
    }

    /// The address of this state of a list. It keeps its query whatever the list begins with another time.
    pub(crate) fn url(&self, path: &str) -> String {
        let mut url = path.to_owned();
        let everything = self.q.as_deref() == Some("") && !self.usual.is_empty();
        let parts = [("q", self.query()), ("sort", &self.sort), ("after", &self.after), ("open", &self.open)];
        let said = |(name, value): &(&str, &str)| !value.is_empty() || (everything && *name == "q");
        for (name, value) in parts.into_iter().filter(said) {
            let mark = if url.contains('?') { '&' } else { '?' };
            // Writing to a string does not fail.
            let _ = write!(url, "{mark}{name}={}", escaped(value));
        }
        url
    }

    /// Another query from its first page on, in the same order.
    pub(crate) fn asking(&self, q: impl Into<String>) -> Self {
        Self { q: Some(q.into()), sort: self.sort.clone(), usual: self.usual, ..Self::default() }
    }

    /// Another order, from its first page on.
    pub(crate) fn sorted(&self, sort: impl Into<String>) -> Self {
        Self { q: self.q.clone(), sort: sort.into(), usual: self.usual, ..Self::default() }
    }

    /// The page that begins there.
    pub(crate) fn from(&self, after: impl Into<String>) -> Self {
        Self { after: after.into(), open: String::new(), ..self.clone() }
    }

    /// With that row open.
    pub(crate) fn opening(&self, id: impl Into<String>) -> Self {
        Self { open: id.into(), ..self.clone() }
    }

    /// With no row open.
    pub(crate) fn closed(&self) -> Self {
        self.opening("")
    }

    /// The same rows, all of them: what an export gives.
    pub(crate) fn whole(&self) -> Self {
        Self { after: String::new(), open: String::new(), ..self.clone() }
    }
}

/// A value for an address.
pub(crate) fn escaped(value: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(value, ESCAPED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_reads_like_its_query() {
        let state = State {
            q: Some("license:cc-by-nc,mit seen:<7d".into()),
            sort: "-size".into(),
            ..State::default()
        };
        assert_eq!(state.url("/models"), "/models?q=license:cc-by-nc,mit%20seen:%3C7d&sort=-size");
        assert_eq!(State::default().url("/models"), "/models");
    }

    #[test]
    fn another_query_or_order_begins_at_the_first_page_with_nothing_open() {
        let state = State {
            q: Some("a".into()),
            sort: "name".into(),
            after: "x".into(),
            open: "y".into(),
            usual: "",
        };
        assert_eq!(state.asking("b").url("/"), "/?q=b&sort=name");
        assert_eq!(state.sorted("-name").url("/"), "/?q=a&sort=-name");
        assert_eq!(state.from("z").url("/"), "/?q=a&sort=name&after=z");
        assert_eq!(state.closed().url("/"), "/?q=a&sort=name&after=x");
        assert_eq!(state.whole().url("/"), "/?q=a&sort=name");
    }

    #[test]
    fn a_list_begins_with_its_query_and_an_empty_one_asks_for_everything() {
        let begun = State::default().settled("state:open");
        assert_eq!(begun.url("/findings"), "/findings?q=state:open");
        assert_eq!(begun.asking("").url("/findings"), "/findings?q=");
        let uri: axum::http::Uri = "/findings?q=".parse().unwrap();
        let axum::extract::Query(everything) = axum::extract::Query::<State>::try_from_uri(&uri).unwrap();
        assert_eq!(everything.settled("state:open").query(), "");
        assert_eq!(State::default().settled("").asking("").url("/devices"), "/devices");
    }

    proptest! {
        #[test]
        fn every_state_comes_back_from_its_address(q: String, sort: String, after: String, open: String) {
            let state = State { q: Some(q), sort, after, open, usual: "state:open" };
            let uri: axum::http::Uri = state.url("/x").parse().unwrap();
            let axum::extract::Query(back) = axum::extract::Query::<State>::try_from_uri(&uri).unwrap();
            prop_assert_eq!(back.settled("state:open"), state);
        }
    }
}
