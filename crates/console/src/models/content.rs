//! What is inside a model: the evidence of its verdict, and the tree of its members. Pure.

use std::collections::BTreeMap;

use domain::{Content, Fact, Member, Sureness, Verdict};
use maud::{Markup, html};
use store::SameWeights;

use crate::{
    shell::Shell,
    words::{self, Noun},
};

/// Members that are drawn; the document of an inspection has all of them.
const MEMBERS: usize = 300;
/// Levels that are drawn; what lies deeper is written as one name.
const LEVELS: usize = 8;
/// More members than that are shown when somebody asks.
const OPEN: usize = 24;

/// What was seen: rule, place, what it does, what to do.
pub(super) fn evidence(facts: &[Fact]) -> Markup {
    html! {
        @for fact in facts {
            @let rule = artifact::rule(&fact.rule);
            div.evidence.(fact.severity.as_str()) {
                span { (words::coded(&fact.message)) @if let Some(name) = fact.name.as_ref().filter(|name| !fact.message.contains(name.as_str())) { " " code { (name) } } }
                span.at {
                    (fact.severity) " · " span.mono { (fact.rule) }
                    @if let Some(member) = &fact.member { " · in " span.mono { (member) } }
                    @if let Some(offset) = fact.offset { " · byte " (words::count(offset)) }
                    @if fact.count > 1 { " · " (words::count(fact.count)) " times" }
                }
                @if let Some(rule) = rule { span.at { (rule.does) } }
                @if let Some(help) = fact.help.as_deref().or(rule.map(|rule| rule.help)) { span { "→ " (help) } }
            }
        }
    }
}

/// How the format was told.
pub(super) fn identified(content: &Content) -> Option<Markup> {
    let told = content.identification.as_ref()?;
    let sure = match told.confidence {
        Sureness::Certain => "certain",
        Sureness::Probable => "probable",
    };
    Some(html! { (sure) span.sub { (told.reason) } })
}

/// Others with the same weights, under whatever label.
pub(super) fn twins(shell: &Shell, twins: &[SameWeights]) -> Option<Markup> {
    let license = |twin: &SameWeights| twin.license.as_ref().map(|id| shell.names.license(id).to_owned());
    (!twins.is_empty()).then(|| {
        html! {
            @for twin in twins {
                div { a.link href={ "/models/" (twin.id) } { (twin.name) } span.sub { (license(twin).unwrap_or_else(|| "no licence stated".to_owned())) } }
            }
        }
    })
}

/// The members as a tree.
pub(super) fn members(content: &Content) -> Markup {
    let mut tree = Node::default();
    for member in content.members.iter().take(MEMBERS) {
        tree.add(&member.path, member, LEVELS);
    }
    let total = (content.members.len() as u64).saturating_add(content.unlisted_members);
    let hidden = total.saturating_sub(content.members.len().min(MEMBERS) as u64);
    let drawn = html! {
        @for (name, node) in &tree.children { (node.draw(name)) }
        @if hidden > 0 { p.dim { "and " (words::count(hidden)) " more" } }
    };
    html! {
        @if content.members.len() > OPEN {
            details { summary { (Noun("member", "members").count(total)) } (drawn) }
        } @else { (drawn) }
    }
}

/// A place in the tree.
#[derive(Default)]
struct Node<'m> {
    member: Option<&'m Member>,
    children: BTreeMap<&'m str, Node<'m>>,
}

impl<'m> Node<'m> {
    fn add(&mut self, path: &'m str, member: &'m Member, levels: usize) {
        let archive = path.find(" > ").map(|at| (at, 3));
        let folder = path.find('/').map(|at| (at, 1));
        let parting = [archive, folder].into_iter().flatten().min().filter(|_| levels > 1);
        let parts = parting.and_then(|(at, length)| Some((path.get(..at)?, path.get(at + length..)?)));
        match parts.filter(|(name, rest)| !name.is_empty() && !rest.is_empty()) {
            Some((name, rest)) => self.children.entry(name).or_default().add(rest, member, levels - 1),
            None => self.children.entry(path).or_default().member = Some(member),
        }
    }

    /// The worst verdict here and below.
    fn worst(&self) -> Verdict {
        let own = self.member.map_or(Verdict::NotScanned, |member| member.verdict);
        self.children.values().map(Self::worst).fold(own, Verdict::max)
    }

    fn draw(&self, name: &str) -> Markup {
        let tone = match self.worst() {
            Verdict::Malicious => "critical",
            Verdict::Suspicious => "high",
            Verdict::Unscannable => "medium",
            Verdict::Clean | Verdict::NotScanned => "info",
        };
        html! {
            div.evidence.(tone) {
                span.mono { (name) }
                @if let Some(member) = self.member {
                    span.at {
                        (said(member.verdict))
                        @if let Some(format) = &member.format { " · " (format) }
                        " · " (words::size(member.size))
                    }
                }
                @for (name, node) in &self.children { (node.draw(name)) }
            }
        }
    }
}

/// A member in no format of ours was not looked into, and is no model.
fn said(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotScanned => "no model",
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn member(path: &str, verdict: Verdict) -> Member {
        Member {
            path: path.into(),
            size: 7,
            format: Some("pickle".into()),
            role: None,
            sha256: None,
            verdict,
        }
    }

    fn drawn(members: Vec<Member>) -> String {
        super::members(&Content { members, ..Content::default() }).into_string()
    }

    #[test]
    fn a_member_stands_below_the_file_it_lies_in_and_lends_it_its_colour() {
        let page = drawn(vec![
            member("snap/model.bin", Verdict::Clean),
            member("snap/model.bin > archive/data.pkl", Verdict::Malicious),
        ]);
        assert_eq!(page.matches("evidence critical").count(), 4, "{page}");
        assert_eq!(page.matches("model.bin").count(), 1, "{page}");
        assert!(page.contains("malicious · pickle · 7"), "{page}");
    }

    #[test]
    fn what_a_fact_says_comes_with_what_it_does_and_what_to_do() {
        let fact =
            Fact { help: None, ..Fact::new("lfs-pointer", domain::Severity::Info, "pointer: not the model") };
        let page = evidence(&[Fact { member: Some("a > b".into()), count: 3, ..fact }]).into_string();
        for words in ["pointer: not the model", "lfs-pointer", "a &gt; b", "3 times", "git lfs pull"] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }

    proptest! {
        #[test]
        fn any_paths_make_a_tree_of_bounded_depth(paths in proptest::collection::vec("(/|a| > |<|.){0,40}", 0..40)) {
            let page = drawn(paths.iter().map(|path| member(path, Verdict::Clean)).collect());
            let mut depth = 0_usize;
            let mut deepest = 0;
            for piece in page.split('<') {
                if piece.starts_with("div") { depth += 1; deepest = deepest.max(depth); }
                if piece.starts_with("/div") { depth -= 1; }
            }
            prop_assert!(deepest <= LEVELS && depth == 0);
        }
    }
}
