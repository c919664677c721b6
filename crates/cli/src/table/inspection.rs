//! What an inspection saw, for people: a block for each artefact that has something to say, a line for each that is clean.

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use anstyle::{AnsiColor, Style};
use catalog::Catalog;
use domain::{Artifact, CommercialUse, DigestStatus, Fact, Member, Sha256Digest, Sureness, Verdict};
use protocol::InspectReport;
use unicode_width::UnicodeWidthStr;

use super::{
    BOLD, DIM, NARROWEST, WIDEST_TEXT, bytes,
    columns::{Column, lines, shortened, wrapped},
    count, plural, style,
};

/// Where the values of a block begin.
const LABEL: usize = 15;
/// Members that are listed in a block; `--json` has all.
const MEMBERS: usize = 12;
const PATHS: usize = 4;
const UNREADABLE: usize = 10;
/// Where no terminal says how wide it is.
const USUAL: usize = 80;

/// What it cost.
pub(crate) struct Work {
    /// Bytes that were read.
    pub(crate) read: u64,
    /// How long it took.
    pub(crate) took: Duration,
    /// Only a part was to be read.
    pub(crate) quick: bool,
}

/// The whole report as text with ANSI styles.
pub(crate) fn inspection(
    catalog: &Catalog,
    report: &InspectReport,
    work: &Work,
    terminal: Option<usize>,
) -> String {
    let page = Page {
        catalog,
        report,
        quick: work.quick,
        width: terminal.unwrap_or(USUAL).clamp(NARROWEST, WIDEST_TEXT),
        same_weights: same_weights(report),
    };
    let mut text = String::new();
    let mut told: Vec<_> = report.artifacts.iter().collect();
    told.sort_by_key(|artifact| (std::cmp::Reverse(artifact.verdict), artifact.paths.clone()));
    let short = told.len() > 1;
    let is_short =
        |artifact: &&Artifact| short && artifact.verdict == Verdict::Clean && artifact.facts.is_empty();
    let (clean, others): (Vec<_>, Vec<_>) = told.into_iter().partition(is_short);
    for artifact in others {
        page.block(&mut text, artifact);
    }
    page.clean(&mut text, &clean);
    page.unreadable(&mut text);
    page.summary(&mut text, work);
    text
}

/// The page that is written on.
struct Page<'p> {
    catalog: &'p Catalog,
    report: &'p InspectReport,
    quick: bool,
    width: usize,
    same_weights: BTreeMap<Sha256Digest, Vec<&'p Artifact>>,
}

impl Page<'_> {
    /// One artefact.
    fn block(&self, text: &mut String, artifact: &Artifact) {
        let colour = verdict_style(artifact.verdict);
        for line in wrapped(&artifact.path().to_string(), self.width) {
            let _ = writeln!(text, "{BOLD}{line}{BOLD:#}");
        }
        let words = verdict_words(artifact.verdict, self.quick);
        let verdict = artifact.verdict.as_str().replace('-', " ");
        let _ = writeln!(text, "  {colour}{verdict:<width$}{colour:#}{words}", width = LABEL - 2);
        self.identity(text, artifact);
        self.claims(text, artifact);
        self.members(text, artifact);
        for fact in &artifact.facts {
            self.fact(text, fact);
        }
        text.push('\n');
    }

    fn identity(&self, text: &mut String, artifact: &Artifact) {
        let format =
            self.catalog.format(&artifact.format).map_or(artifact.format.as_str(), |format| &format.name);
        let told = artifact.content.identification.as_ref().map(|told| {
            let sure = match told.confidence {
                Sureness::Certain => "certain",
                Sureness::Probable => "probable",
            };
            format!(" ({sure}: {})", told.reason)
        });
        let kind = artifact.content.bundle.as_ref().map(|bundle| format!(", {}", bundle.kind.words()));
        let what = format!("{format}{}{}", kind.unwrap_or_default(), told.unwrap_or_default());
        self.line(text, "format", &what);
        self.line(text, "size", &self.size(artifact));
        if let Some(sha256) = artifact.digest.sha256 {
            let claim =
                if artifact.digest.status == DigestStatus::Claimed { " as its store claims" } else { "" };
            self.line(text, "sha256", &format!("{sha256}{claim}"));
        }
        if let Some(claimed) = artifact.digest.claimed {
            self.line(text, "claimed", &format!("{claimed}: its store says so, and it is not true"));
        }
        if let Some(weights) = artifact.content.weights {
            self.line(text, "weights", &weights.to_string());
            for twin in self.same_weights.get(&weights).into_iter().flatten() {
                if twin.digest.sha256 != artifact.digest.sha256 {
                    self.line(text, "", &format!("the same weights as {}", twin.path()));
                }
            }
        }
        for path in artifact.paths.iter().skip(1).take(PATHS) {
            self.line(text, "also at", &path.to_string());
        }
        let more = artifact.paths.len().saturating_sub(1 + PATHS);
        if more > 0 {
            self.line(text, "", &format!("and {more} more"));
        }
    }

    /// Bytes, and what they hold.
    fn size(&self, artifact: &Artifact) -> String {
        let metadata = &artifact.metadata;
        let mut parts = vec![bytes(artifact.size)];
        parts.extend(metadata.architecture.clone());
        parts.extend(metadata.quantization.clone());
        parts.extend(metadata.parameters.map(|number| plural(number, "weight", "weights")));
        parts.extend(metadata.tensors.map(|number| plural(number, "tensor", "tensors")));
        parts.extend(metadata.context_length.map(|tokens| format!("{} tokens of context", count(tokens))));
        parts.join(", ")
    }

    /// What it says of itself, or others of it.
    fn claims(&self, text: &mut String, artifact: &Artifact) {
        if let Some(name) = &artifact.metadata.name {
            self.line(text, "name", name);
        }
        if let Some(origin) = &artifact.origin {
            let repository = origin.repository.as_deref().map(|name| format!("/{name}")).unwrap_or_default();
            let revision = origin.revision.as_deref().map(|name| format!(" at {name}")).unwrap_or_default();
            self.line(
                text,
                "from",
                &format!("{}{repository}{revision} ({})", origin.registry, origin.evidence),
            );
        }
        if let Some(license) = &artifact.license {
            let terms = match license.commercial_use {
                CommercialUse::Yes => "commercial use allowed",
                CommercialUse::No => "no commercial use",
                CommercialUse::Conditional => "commercial use under conditions",
                CommercialUse::Unknown => "commercial use not known",
            };
            self.line(text, "licence", &format!("{}, {terms} ({})", license.id, license.evidence));
        }
        if !artifact.metadata.base_models.is_empty() {
            self.line(text, "made from", &artifact.metadata.base_models.join(", "));
        }
    }

    fn members(&self, text: &mut String, artifact: &Artifact) {
        let members = &artifact.content.members;
        let total = (members.len() as u64).saturating_add(artifact.content.unlisted_members);
        if total == 0 {
            return;
        }
        let mut told: Vec<&Member> = members.iter().collect();
        if artifact.content.bundle.is_none() {
            told.retain(|member| member.verdict > Verdict::Clean || member.format.is_some());
        }
        told.sort_by_key(|member| std::cmp::Reverse(member.verdict));
        let hidden = total.saturating_sub(told.len().min(MEMBERS) as u64);
        self.line(text, "members", &count(total));
        let columns = [Column::fixed(""), Column::flexible("", 16), Column::fixed(""), Column::number("")];
        let row = |member: &&Member| {
            let verdict = match member.verdict {
                Verdict::NotScanned => "no model",
                other => other.as_str(),
            };
            let format = member.format.clone().unwrap_or_default();
            vec![verdict.to_owned(), member.path.clone(), format, bytes(member.size)]
        };
        let rows: Vec<_> = told.iter().take(MEMBERS).map(row).collect();
        let room = self.width.saturating_sub(2);
        for (line, member) in lines(&columns, &rows, room).iter().skip(1).zip(&told) {
            let colour = if member.verdict > Verdict::Clean { verdict_style(member.verdict) } else { DIM };
            let _ = writeln!(text, "  {colour}{line}{colour:#}");
        }
        if hidden > 0 && !rows.is_empty() {
            let _ = writeln!(text, "    {DIM}and {} more: --json lists them{DIM:#}", count(hidden));
        }
    }

    /// What was seen, where, what it does, what to do.
    fn fact(&self, text: &mut String, fact: &Fact) {
        text.push('\n');
        let colour = style(fact.severity);
        let mut place = vec![fact.rule.clone()];
        place.extend(fact.name.clone());
        place.extend(fact.member.as_ref().map(|member| format!("in {member}")));
        place.extend(fact.offset.map(|offset| format!("byte {}", count(offset))));
        if fact.count > 1 {
            place.push(format!("{} times", count(fact.count)));
        }
        let severity = fact.severity.as_str();
        let room = self.width.saturating_sub(LABEL);
        for (at, line) in wrapped(&place.join(" · "), room).iter().enumerate() {
            if at == 0 {
                let _ = writeln!(text, "  {colour}{severity:<width$}{line}{colour:#}", width = LABEL - 2);
            } else {
                self.plain(text, &format!("{colour}{line}{colour:#}"));
            }
        }
        for line in wrapped(&fact.message, room) {
            self.plain(text, &line);
        }
        let rule = artifact::rule(&fact.rule);
        if let Some(rule) = rule {
            for line in wrapped(rule.does, room) {
                self.plain(text, &format!("{DIM}{line}{DIM:#}"));
            }
        }
        if let Some(help) = fact.help.as_deref().or(rule.map(|rule| rule.help)) {
            for line in wrapped(&format!("→ {help}"), room) {
                self.plain(text, &line);
            }
        }
    }

    fn plain(&self, text: &mut String, line: &str) {
        let _ = writeln!(text, "{}{line}", " ".repeat(LABEL));
    }

    /// A label and a value, which goes on below itself.
    fn line(&self, text: &mut String, label: &str, value: &str) {
        for (at, line) in wrapped(value, self.width.saturating_sub(LABEL)).iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let _ = writeln!(text, "  {DIM}{label:<width$}{DIM:#}{line}", width = LABEL - 2);
        }
    }

    /// What is clean, a line each.
    fn clean(&self, text: &mut String, clean: &[&Artifact]) {
        let colour = verdict_style(Verdict::Clean);
        for artifact in clean {
            let end = format!("{}  {}", artifact.format, bytes(artifact.size));
            let room = self.width.saturating_sub(LABEL + 2 + end.width());
            let path = shortened(&artifact.path().to_string(), room.max(16));
            let padding = " ".repeat(room.saturating_sub(path.width()));
            let _ = writeln!(
                text,
                "  {colour}{:<width$}{colour:#}{path}{padding}  {DIM}{end}{DIM:#}",
                "clean",
                width = LABEL - 2
            );
        }
        if !clean.is_empty() {
            text.push('\n');
        }
    }

    fn unreadable(&self, text: &mut String) {
        let all = &self.report.unreadable;
        for one in all.iter().take(UNREADABLE) {
            self.line(text, "not read", &format!("{}: {}", one.path, one.error));
        }
        let more = all.len().saturating_sub(UNREADABLE);
        if more > 0 {
            self.line(text, "", &format!("and {more} more"));
        }
        for note in &self.report.notes {
            self.line(text, "note", note);
        }
        if !all.is_empty() || !self.report.notes.is_empty() {
            text.push('\n');
        }
    }

    /// How many of what, and what it cost.
    fn summary(&self, text: &mut String, work: &Work) {
        let artifacts = &self.report.artifacts;
        let mut counts: BTreeMap<Verdict, u64> = BTreeMap::new();
        for artifact in artifacts {
            *counts.entry(artifact.verdict).or_default() += 1;
        }
        let of = |(verdict, number): (&Verdict, &u64)| {
            let colour = verdict_style(*verdict);
            format!("{colour}{} {}{colour:#}", count(*number), verdict.as_str().replace('-', " "))
        };
        let mut parts: Vec<String> = counts.iter().rev().map(of).collect();
        if parts.is_empty() {
            parts.push("no model in it".to_owned());
        }
        if self.report.other_files > 0 {
            parts.push(plural(self.report.other_files, "other file", "other files"));
        }
        if !self.report.unreadable.is_empty() {
            parts.push(format!("{} not read", self.report.unreadable.len()));
        }
        let seconds = work.took.as_millis() / 100;
        parts.push(format!("{DIM}{} in {}.{} s{DIM:#}", bytes(work.read), seconds / 10, seconds % 10));
        let _ = writeln!(text, "{}", parts.join(" · "));
    }
}

/// Artefacts by their weights, where several have the same.
fn same_weights(report: &InspectReport) -> BTreeMap<Sha256Digest, Vec<&Artifact>> {
    let mut by_weights: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for artifact in &report.artifacts {
        if let Some(weights) = artifact.content.weights {
            by_weights.entry(weights).or_default().push(artifact);
        }
    }
    by_weights.retain(|_, twins| twins.len() > 1);
    by_weights
}

fn verdict_style(verdict: Verdict) -> Style {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match verdict {
        Verdict::Malicious => colour(AnsiColor::Red).bold(),
        Verdict::Suspicious => colour(AnsiColor::Yellow).bold(),
        Verdict::Unscannable => colour(AnsiColor::Magenta),
        Verdict::Clean => colour(AnsiColor::Green),
        Verdict::NotScanned => DIM,
    }
}

/// What a verdict means.
fn verdict_words(verdict: Verdict, quick: bool) -> &'static str {
    match (verdict, quick) {
        (Verdict::Malicious, _) => "it attacks whoever loads it",
        (Verdict::Suspicious, _) => "it runs code, or does what models do not need",
        (Verdict::Unscannable, _) => "not all of it could be decided: that is not clean",
        (Verdict::Clean, false) => "all of it was read, and nothing is wrong",
        (Verdict::Clean, true) => "nothing is wrong in the part that was read (--quick)",
        (Verdict::NotScanned, _) => "nobody looked into it",
    }
}
