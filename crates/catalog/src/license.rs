//! Licences of models: what they allow, how uploaders spell them, and the words their texts begin with. Facts, not
//! legal advice, and no policy: whether a licence is fine is for an organisation to say.

use std::collections::HashMap;

use domain::CommercialUse;
use serde::Deserialize;

/// How much of a text is looked at, in bytes: a licence names itself at its beginning.
const TITLE_BYTES: usize = 4096;

/// Words that say nothing about which licence is meant.
const FILLER: [&str; 6] = ["the", "license", "licence", "version", "license:", "licence:"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) license: Vec<LicenseEntry>,
}

/// What is known of a licence.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseEntry {
    /// The id that reports use; the tag of the Hugging Face Hub where it has one.
    pub id: String,
    /// The SPDX identifier, if there is one.
    pub spdx: Option<String>,
    /// Its name, for people.
    pub name: String,
    /// The kind of licence (`permissive`, `copyleft`, `non-commercial`, `rail`, …).
    pub family: String,
    /// Whether an organisation may use the model commercially.
    #[serde(deserialize_with = "commercial_use")]
    pub commercial_use: CommercialUse,
    /// The conditions that matter, in a line.
    pub conditions: String,
    /// What must be said, and where.
    pub attribution: String,
    /// What it may be used for, if that is limited.
    pub field_of_use: String,
    /// How derived models must be named.
    pub derivative_naming: String,
    /// What may not be done with what the model writes.
    pub output_restrictions: String,
    /// The size from which another agreement is needed.
    pub threshold: Option<String>,
    /// Where no rights are given.
    pub territory_excluded: Option<String>,
    /// What this row was read from.
    pub source: String,
    /// How well it was checked.
    pub verified: Verified,
    /// Other spellings that uploaders use, and addresses of the text, without scheme and `www.`.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Phrases that all occur at the beginning of the text, in lower case; the first is the title.
    #[serde(default)]
    pub phrases: Vec<String>,
}

/// How well a row of the licence table was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verified {
    /// The decisive clause was read in the licence text.
    Text,
    /// An excerpt was seen in a published page.
    Page,
    /// Only the tag or SPDX id was checked.
    Tag,
    /// General knowledge: read the licence before relying on it.
    None,
}

impl Verified {
    /// The word that `catalog/licenses.toml` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Page => "page",
            Self::Tag => "tag",
            Self::None => "none",
        }
    }
}

fn commercial_use<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<CommercialUse, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case", remote = "CommercialUse")]
    enum Word {
        Yes,
        No,
        Conditional,
        Unknown,
    }
    Word::deserialize(deserializer)
}

/// The licences, findable by what a model says of itself.
#[derive(Debug)]
pub struct Licenses {
    entries: Vec<LicenseEntry>,
    claims: HashMap<String, usize>,
}

impl Licenses {
    pub(crate) fn new(entries: Vec<LicenseEntry>) -> Self {
        let mut claims = HashMap::new();
        // An id is nobody else's alias; SPDX ids and names may be shared, so they come last.
        let mut add = |spellings: &dyn Fn(&LicenseEntry) -> Vec<String>| {
            for (at, entry) in entries.iter().enumerate() {
                for spelling in spellings(entry) {
                    claims.entry(folded(&spelling)).or_insert(at);
                }
            }
        };
        add(&|entry| vec![entry.id.clone()]);
        add(&|entry| entry.aliases.clone());
        add(&|entry| entry.spdx.iter().cloned().collect());
        add(&|entry| vec![entry.name.split(" (").next().unwrap_or_default().to_owned()]);
        Self { entries, claims }
    }

    /// All of them, in the order of the table.
    pub fn iter(&self) -> std::slice::Iter<'_, LicenseEntry> {
        self.entries.iter()
    }

    /// The licence with this id.
    pub fn get(&self, id: &str) -> Option<&LicenseEntry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// The licence that a claim means: an id, an SPDX id, a usual spelling, a name or the address of a well-known
    /// text. `None` if it means none that is known.
    pub fn by_claim(&self, claim: &str) -> Option<&LicenseEntry> {
        let bare = without_prefix(claim.trim(), "license:").trim();
        let key = match bare.split_once("://") {
            Some((_, address)) => return self.by_address(address),
            None => folded(bare),
        };
        self.find(&key)
    }

    /// The address itself, or what follows `/licenses/` in it.
    fn by_address(&self, address: &str) -> Option<&LicenseEntry> {
        let address = address.split(['?', '#']).next().unwrap_or(address).to_ascii_lowercase();
        let address = without_prefix(&address, "www.").trim_end_matches('/');
        let address = [".txt", ".html", ".md", ".php"]
            .iter()
            .fold(address, |rest, end| rest.strip_suffix(end).unwrap_or(rest));
        let address = address.strip_suffix("/legalcode").unwrap_or(address);
        self.find(&folded(address)).or_else(|| self.find(&folded(address.split_once("/licenses/")?.1)))
    }

    fn find(&self, key: &str) -> Option<&LicenseEntry> {
        self.entries.get(*self.claims.get(key)?)
    }

    /// The licence whose text this is, by the phrases at its beginning. Of several, the one that names itself first,
    /// since derived licences quote what they were made from; then the one with more of its words there.
    pub fn recognize(&self, text: &str) -> Option<&LicenseEntry> {
        let title = single_spaced(head(text, TITLE_BYTES));
        self.entries
            .iter()
            .filter_map(|entry| Some((title_place(&title, &entry.phrases)?, entry)))
            .min_by_key(|(place, _)| *place)
            .map(|(_, entry)| entry)
    }
}

/// Where the first phrase stands, and less the more characters all of them have; `None` unless all occur.
fn title_place(title: &str, phrases: &[String]) -> Option<(usize, std::cmp::Reverse<usize>)> {
    let place = title.find(phrases.first()?)?;
    let all = phrases.iter().all(|phrase| title.contains(phrase.as_str()));
    all.then(|| (place, std::cmp::Reverse(phrases.iter().map(String::len).sum())))
}

/// One spelling for all: lower case, no filler words, one `-` wherever something separates.
fn folded(claim: &str) -> String {
    let lower = claim.to_lowercase();
    let words =
        lower.split(|c: char| c.is_whitespace() || "-_,/()\"'".contains(c)).filter(|word| !word.is_empty());
    let words = words.filter(|word| !FILLER.contains(word)).map(without_version_letter);
    words.collect::<Vec<_>>().join("-")
}

/// `v2.0` as `2.0`.
fn without_version_letter(word: &str) -> &str {
    word.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(word)
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> &'a str {
    match text.split_at_checked(prefix.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(prefix) => rest,
        _ => text,
    }
}

fn single_spaced(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first bytes of a text, ending between characters.
fn head(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static LICENSES: LazyLock<Licenses> = LazyLock::new(|| crate::load().unwrap().licenses);

    #[test]
    fn separators_filler_and_case_do_not_count() {
        for spelling in ["Apache License, Version 2.0", "apache-2.0", "APACHE_2.0", " apache  v2.0 "] {
            assert_eq!(folded(spelling), "apache-2.0");
        }
        assert_eq!(folded("v"), "v");
    }

    proptest! {
        #[test]
        fn no_claim_and_no_text_brings_it_down(text in ".{0,200}") {
            let licenses = &*LICENSES;
            let _ = (licenses.by_claim(&text), licenses.by_claim(&format!("https://{text}")), licenses.recognize(&text));
        }
    }
}
