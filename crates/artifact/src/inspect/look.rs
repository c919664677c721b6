//! One look at one file: where the look stands, what it saw so far, and what it may still spend.
//!
//! Facts are gathered by rule, name and kind of place, so that one file gives a short answer however often it says a thing. It
//! knows no format.

use std::{collections::BTreeMap, io};

use catalog::Catalog;
use domain::{Fact, Metadata, Verdict};

use super::{
    Limits, Member, Purse,
    digests::{Checksum, Stretch},
};
use crate::{
    Claim, Rule,
    reader::{Fault, cut},
    rules,
};

/// Different facts that are kept of one file, and of one rule in it; more are counted in the last one kept.
const FACTS: usize = 200;
const FACTS_OF_A_RULE: usize = 24;
/// Bytes of any file that may be looked at more than once.
const SPARE: u64 = 16 << 20;
/// Members that are listed.
const MEMBERS: usize = 4096;
/// Keys and claims that are kept.
const CLAIMS: usize = 96;
/// Names of parts that are kept, and the longest of them in bytes.
const PARTS: usize = 10_000;
const PART_NAME: usize = 4096;

/// What an inspection knows and gathers on its way through a file and its members.
pub(crate) struct Look<'l> {
    /// What is known of formats, globals and secrets.
    pub(crate) catalog: &'l Catalog,
    /// What may be spent.
    pub(crate) limits: &'l Limits,
    /// The members from the file down to where the look stands.
    path: Vec<String>,
    facts: Vec<Fact>,
    seen: BTreeMap<(&'static str, String), usize>,
    of_rule: BTreeMap<&'static str, usize>,
    verdict: Verdict,
    members: Vec<Member>,
    /// Members beyond those that are listed.
    unlisted: u64,
    purse: Purse,
    /// Bytes that may still be looked at more than once.
    spare: u64,
    /// Whether offsets are of something that is not the file.
    placeless: bool,
    /// Compressed layers around where the look stands.
    pub(crate) layers: usize,
    /// Licences, and models that this one was made from, which a member claims.
    pub(crate) license_claims: Vec<Claim>,
    pub(crate) base_models: Vec<String>,
    /// Where the weights lie in the file itself, in the order of their names.
    pub(crate) weights: Vec<Stretch>,
    /// Checksums of stretches of the file itself, compared when all of it is read.
    pub(crate) checksums: Vec<Checksum>,
    /// What the whole of the file says about itself beyond its header. Members add nothing to it.
    pub(crate) learned: Metadata,
    /// Files that the file itself names as parts of it, and how long they must be at least.
    pub(crate) parts: BTreeMap<String, u64>,
}

impl<'l> Look<'l> {
    pub(crate) fn new(catalog: &'l Catalog, limits: &'l Limits) -> Self {
        Self {
            catalog,
            limits,
            path: Vec::new(),
            facts: Vec::new(),
            seen: BTreeMap::new(),
            of_rule: BTreeMap::new(),
            verdict: Verdict::Clean,
            members: Vec::new(),
            unlisted: 0,
            purse: Purse::new(limits),
            spare: SPARE,
            placeless: false,
            layers: 0,
            license_claims: Vec::new(),
            base_models: Vec::new(),
            weights: Vec::new(),
            checksums: Vec::new(),
            learned: Metadata::default(),
            parts: BTreeMap::new(),
        }
    }

    /// Looks at something that was made from the file, so that places in it are none in the file.
    pub(crate) fn without_places<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.placeless, true);
        let outcome = inside(self);
        self.placeless = before;
        outcome
    }

    /// Says that a rule holds here. `name` is what it is about, resolved (`os.system`), and empty when there is no such thing.
    pub(crate) fn say(
        &mut self,
        rule: &'static Rule,
        offset: impl Into<Option<u64>>,
        name: &str,
        message: impl Into<String>,
    ) {
        self.verdict = self.verdict.max(rule.verdict);
        let offset = offset.into().filter(|_| !self.placeless);
        if let Some(at) = self.seen.get(&(rule.id, name.to_owned())) {
            let place = (!self.path.is_empty()).then(|| self.place());
            if let Some(fact) = self.facts.get_mut(*at) {
                // What identification saw and inspection sees again at the same byte is one sighting.
                let same = offset.is_some() && fact.offset == offset && fact.member == place;
                fact.count = fact.count.saturating_add(u64::from(!same));
            }
            return;
        }
        let of_rule = self.of_rule.entry(rule.id).or_default();
        *of_rule = of_rule.saturating_add(1);
        if *of_rule > FACTS_OF_A_RULE || self.facts.len() >= FACTS {
            self.count_only(rule);
            return;
        }
        self.seen.insert((rule.id, name.to_owned()), self.facts.len());
        self.facts.push(Fact {
            rule: rule.id.to_owned(),
            severity: rule.severity,
            message: cut(&message.into()),
            offset,
            member: (!self.path.is_empty()).then(|| self.place()),
            name: (!name.is_empty()).then(|| cut(name)),
            count: 1,
            help: Some(rule.help.to_owned()),
        });
    }

    /// A fact too many: the last one of its rule stands for it; a rule that has none yet is kept in any case.
    fn count_only(&mut self, rule: &'static Rule) {
        match self.facts.iter_mut().rev().find(|fact| fact.rule == rule.id) {
            Some(fact) => fact.count = fact.count.saturating_add(1),
            None => self.facts.push(Fact::new(rule.id, rule.severity, rule.title)),
        }
    }

    /// Takes in why reading ended early. An error of the reader is given back: it says nothing about the file.
    ///
    /// `truncated` is the rule for a file that ends before what it announces.
    pub(crate) fn settle<T>(
        &mut self,
        outcome: Result<T, Fault>,
        truncated: &'static Rule,
    ) -> io::Result<Option<T>> {
        match outcome {
            Ok(value) => return Ok(Some(value)),
            Err(Fault::Io(error)) => return Err(error),
            Err(Fault::End(offset)) => {
                let message = format!("the file ends before what it announces at byte {offset}");
                self.say(truncated, offset, "", message);
            }
            Err(Fault::Broken(fact)) => self.keep(*fact),
        }
        Ok(None)
    }

    /// Keeps a fact that identification found. Its rule says what it means; one without a description leaves the file undecided.
    pub(crate) fn keep(&mut self, fact: Fact) {
        if let Some(rule) = rules::rule(&fact.rule) {
            self.say(rule, fact.offset, fact.name.as_deref().unwrap_or_default(), fact.message);
            return;
        }
        self.verdict = self.verdict.max(Verdict::Unscannable);
        let member = (!self.path.is_empty()).then(|| self.place());
        self.facts.push(Fact { member, ..fact });
    }

    /// Goes into a member, unless that is too deep; answers whether `inside` was run.
    pub(crate) fn enter(
        &mut self,
        member: &str,
        inside: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<bool> {
        if self.path.len() >= self.limits.depth {
            self.say(
                &rules::NESTED_TOO_DEEP,
                None,
                "",
                format!("members of members, {} deep, and more below", self.path.len()),
            );
            return Ok(false);
        }
        self.path.push(cut(member));
        let outcome = inside(self);
        self.path.pop();
        outcome.map(|()| true)
    }

    /// Lists the member at which the look stands. `verdict` is that of this member alone.
    pub(crate) fn list(&mut self, size: u64, format: Option<&str>, verdict: Verdict) {
        if self.members.len() >= MEMBERS {
            self.unlisted = self.unlisted.saturating_add(1);
            return;
        }
        self.members.push(Member { path: self.place(), size, format: format.map(str::to_owned), verdict });
    }

    /// Keeps a licence that the file or a member claims.
    pub(crate) fn claim_license(&mut self, value: &str, evidence: &str) {
        let value = cut(value.trim());
        if self.license_claims.len() < CLAIMS && !value.is_empty() {
            self.license_claims.push(Claim { value, evidence: cut(evidence) });
        }
    }

    /// Keeps a key of the file itself that is worth showing.
    pub(crate) fn learn(&mut self, key: &str, value: &str) {
        if self.path.is_empty() && self.learned.keys.len() < CLAIMS && !value.is_empty() {
            self.learned.keys.insert(cut(key), cut(value));
        }
    }

    /// Keeps how many weights and tensors the file itself has, their commonest type, and where they lie.
    pub(crate) fn learn_weights(
        &mut self,
        parameters: Option<u64>,
        tensors: u64,
        commonest: Option<String>,
        stretches: impl Iterator<Item = Stretch>,
    ) {
        if self.path.is_empty() {
            self.learned.parameters = parameters;
            self.learned.tensors = Some(tensors);
            self.learned.quantization = commonest;
            if !self.placeless {
                self.weights.extend(stretches);
            }
        }
    }

    /// Keeps the name of a file that the file itself takes for a part of it, and how long that must be at least.
    pub(crate) fn name_part(&mut self, path: &str, least: u64) {
        let known = self.parts.contains_key(path);
        if self.path.is_empty() && (known || self.parts.len() < PARTS) && path.len() <= PART_NAME {
            let part = self.parts.entry(path.to_owned()).or_default();
            *part = least.max(*part);
        }
    }

    /// A file of that length may cost as much: its bytes may be looked at a few times over, as different readers see them.
    pub(crate) fn allow_for(&mut self, len: u64) {
        self.spare = self.spare.saturating_add(len.saturating_mul(4));
        self.purse.allow_for(len);
    }

    /// Bytes of the file itself, as far as that is known.
    pub(crate) fn file_len(&self) -> u64 {
        self.purse.file_len()
    }

    /// Counts bytes that are looked at once more; false, and said, when that happens too often.
    ///
    /// Whoever looks at the same bytes in two ways asks here first: in archives within archives, two ways become thousands.
    pub(crate) fn again(&mut self, bytes: u64) -> bool {
        // Even nothing is some work.
        let left = self.spare.checked_sub(bytes.saturating_add(4096));
        self.spare = left.unwrap_or(0);
        if left.is_none() {
            let message = "parts overlap or can be read in so many ways that they are not all looked at";
            self.say(&rules::TOO_MUCH_WORK, None, "overlap", message);
        }
        left.is_some()
    }

    /// What may still be unpacked, for sources that unpack as they are read.
    pub(crate) fn purse(&self) -> Purse {
        self.purse.clone()
    }

    /// Says that something was not unpacked or read because it would have been too much, if that is so.
    pub(crate) fn say_refusals(&mut self) {
        if let Some(why) = self.purse.take_refusal() {
            self.say(&rules::TOO_MUCH_WORK, None, "unpacked", format!("reading stopped: {why}"));
        }
    }

    /// The members down to where the look stands, as they are shown.
    pub(crate) fn place(&self) -> String {
        self.path.join(" > ")
    }

    /// How many members deep the look stands; 0 is the file itself.
    pub(crate) fn depth(&self) -> usize {
        self.path.len()
    }

    /// The verdict so far.
    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Runs `part` and gives the verdict of that part alone; the whole keeps the worse of both.
    pub(crate) fn verdict_of(
        &mut self,
        part: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<Verdict> {
        let before = std::mem::replace(&mut self.verdict, Verdict::Clean);
        let outcome = part(self);
        let of_part = self.verdict;
        self.verdict = self.verdict.max(before);
        outcome.map(|()| of_part)
    }

    /// Everything gathered: the verdict, the facts with the gravest first, the members.
    pub(crate) fn into_parts(self) -> (Verdict, Vec<Fact>, Vec<Member>, u64) {
        let mut facts = self.facts;
        facts.sort_by_key(|fact| std::cmp::Reverse(fact.severity));
        (self.verdict, facts, self.members, self.unlisted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_a_million_times_is_one_fact_with_a_number() {
        let (catalog, limits) = (catalog::load().unwrap(), Limits::full());
        let mut look = Look::new(&catalog, &limits);
        for at in 0..1_000_000 {
            look.say(&rules::UNKNOWN_FORMAT, at, "same", "words");
        }
        for at in 0..10_000u64 {
            look.say(&rules::TOO_MUCH_WORK, at, &at.to_string(), "words");
        }
        let (verdict, facts, ..) = look.into_parts();
        assert_eq!(verdict, Verdict::Unscannable);
        assert_eq!(facts.len(), 1 + FACTS_OF_A_RULE);
        assert_eq!(facts.iter().map(|fact| fact.count).sum::<u64>(), 1_010_000);
    }

    #[test]
    fn a_part_has_a_verdict_of_its_own_and_the_whole_keeps_the_worst() {
        let (catalog, limits) = (catalog::load().unwrap(), Limits::full());
        let mut look = Look::new(&catalog, &limits);
        let first = look.verdict_of(|look| {
            look.say(&rules::UNKNOWN_FORMAT, None, "", "words");
            Ok(())
        });
        let second = look.verdict_of(|_| Ok(()));
        assert_eq!((first.unwrap(), second.unwrap()), (Verdict::Unscannable, Verdict::Clean));
        assert_eq!(look.verdict(), Verdict::Unscannable);
    }
}
