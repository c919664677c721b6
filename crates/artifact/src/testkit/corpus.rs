//! The test corpus: every trick by which model files have fooled loaders and scanners, as a file that does it and a twin that does not.
//!
//! All of it is made here, byte by byte. It knows what must be said of each file, and nothing of how that is found out.

mod archives;
mod carriers;
mod companions;
mod configurations;
mod graphs;
mod pickles;
mod pickles_bombs;
mod weights;

use domain::Verdict;

use crate::rules;

/// A trick in one format, with its twin.
#[derive(Debug, Clone)]
pub struct Case {
    /// The numbers of the trick, of 32.
    pub tricks: &'static [u8],
    /// What the malicious file does, in a few words.
    pub what: String,
    /// The catalogue id of the format, or the word for a container or a kind of text.
    pub format: &'static str,
    /// The name of the file: only where text has no other mark does it matter.
    pub file: &'static str,
    /// The file that does it.
    pub malicious: Vec<u8>,
    /// The file that looks alike and does not.
    pub benign: Vec<u8>,
    /// What must be said of the malicious file.
    pub rules: &'static [&'static str],
    /// The remarks that are made of the benign file.
    pub remarks: &'static [&'static str],
}

impl Case {
    fn new(
        tricks: &'static [u8],
        format: &'static str,
        what: impl Into<String>,
        rules: &'static [&'static str],
        malicious: impl Into<Vec<u8>>,
        benign: impl Into<Vec<u8>>,
    ) -> Self {
        let (malicious, benign) = (malicious.into(), benign.into());
        Self { tricks, what: what.into(), format, file: "model", malicious, benign, rules, remarks: &[] }
    }

    fn called(self, file: &'static str) -> Self {
        Self { file, ..self }
    }

    fn remarked(self, remarks: &'static [&'static str]) -> Self {
        Self { remarks, ..self }
    }

    /// The least verdict of the malicious file: the worst that one of its rules leads to.
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.rules.iter().filter_map(|id| rules::rule(id)).map(|rule| rule.verdict);
        verdicts.max().unwrap_or(Verdict::NotScanned)
    }
}

/// Every case, by area.
pub fn corpus() -> Vec<Case> {
    [
        pickles::cases(),
        pickles_bombs::cases(),
        carriers::cases(),
        archives::cases(),
        weights::cases(),
        configurations::cases(),
        companions::cases(),
        graphs::cases(),
    ]
    .concat()
}
