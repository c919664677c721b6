//! Every list is the same list: chips for the usual questions, a dense table that can be sorted, pages, exports, a panel beside it.
//! What differs between lists is in [`Spec`] and in the cells that a page makes. Pure.

mod help;
mod state;
mod table;

use maud::{Markup, html};
use protocol::query::Query;
use store::{Collection, Tally};

pub(crate) use state::{State, escaped};
pub(crate) use table::Head;

use crate::{
    shell::{self, Place, Search, Shell},
    words::{self, Noun},
};

/// What makes a list this one.
pub(crate) struct Spec {
    /// What it lists.
    pub(crate) collection: Collection,
    /// Where it is in the navigation.
    pub(crate) place: Place,
    /// What one row is.
    pub(crate) noun: Noun,
    /// A query to learn from.
    pub(crate) example: &'static str,
    /// The query that it begins with, which stands in the query bar and can be taken away; empty for everything.
    pub(crate) usual: &'static str,
    /// What goes without saying where the query does not name its field, so that everything is everything.
    pub(crate) unsaid: &'static str,
    /// The usual questions.
    pub(crate) chips: &'static [Chip],
    /// The columns.
    pub(crate) heads: &'static [Head],
    /// Which changes in the store concern it.
    pub(crate) live: &'static str,
}

impl Spec {
    /// The columns of an export: those of the table, `Looked after by` as `looked_after_by`.
    pub(crate) fn columns(&self) -> Vec<String> {
        self.heads.iter().map(|head| head.label.to_lowercase().replace(' ', "_")).collect()
    }

    /// A condition that is written in this module's pages; a test holds every one of them to be understood.
    fn known(&self, condition: &str) -> Query {
        self.collection.query(condition).unwrap_or_default()
    }

    /// What the store is asked: what the reader asked, and what goes without saying.
    pub(crate) fn with_unsaid(&self, query: &Query) -> Query {
        let mut asked = query.clone();
        let named = |term: &protocol::query::Term| matches!(&term.test, protocol::query::Test::Field { name, .. } if query.names(name));
        asked.terms.extend(self.known(self.unsaid).terms.into_iter().filter(|term| !named(term)));
        asked
    }

    /// Whether everything that a query finds is among what the list begins with.
    fn narrows(&self, query: &Query) -> bool {
        self.known(self.usual).terms.iter().all(|term| query.terms.contains(term))
    }
}

/// A usual question: a condition under a name for people.
pub(crate) struct Chip {
    pub(crate) label: &'static str,
    pub(crate) term: &'static str,
}

/// A list as it is shown.
pub(crate) struct List<'a> {
    pub(crate) spec: &'static Spec,
    pub(crate) state: &'a State,
    /// The query that was understood; everything where it was not.
    pub(crate) query: &'a Query,
    /// Why the list could not be given, in words.
    pub(crate) problem: Option<String>,
    /// How many rows match.
    pub(crate) tally: Tally,
    /// How many there are of what it begins with, where that is counted.
    pub(crate) total: Option<u64>,
    /// What the page says beside the numbers, when nothing else is asked.
    pub(crate) lead: Markup,
    /// The cells of each row; the first holds [`opener`].
    pub(crate) rows: Vec<Markup>,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
    /// What would be here, and how it comes.
    pub(crate) empty: Markup,
    /// The panel of the open row.
    pub(crate) panel: Option<Markup>,
}

/// The whole page of a list.
pub(crate) fn page(shell: &Shell, list: &List<'_>) -> Markup {
    let Spec { place, live, .. } = list.spec;
    let body = html! {
        div.split data-live=(live) {
            div.page {
                header.head { h1 { (place.word()) } }
                (fragment(shell, list))
            }
            (side(list.panel.as_ref()))
        }
    };
    shell::page(shell, *place, place.word(), &search(list), &body)
}

fn search<'a>(list: &'a List<'_>) -> Search<'a> {
    Search {
        path: list.spec.place.path(),
        of: list.spec.noun.1,
        text: list.state.query(),
        example: list.spec.example,
        sort: Some(list.state.sort.as_str()).filter(|sort| !sort.is_empty()),
        wrong: list.problem.is_some(),
        here: true,
    }
}

/// What a script puts in place of the list, and of the query bar where it was not the one that asked.
pub(crate) fn part(shell: &Shell, list: &List<'_>, query_asked: bool) -> Markup {
    html! {
        (fragment(shell, list))
        @if !query_asked { (shell::query(&search(list), true)) }
    }
}

/// What a change of query, order or page replaces.
fn fragment(shell: &Shell, list: &List<'_>) -> Markup {
    html! {
        section.region #list aria-label=(list.spec.place.word()) {
            p.lead { (lead(list)) }
            p.notice.high.problem #q-problem role="alert" { @if let Some(problem) = &list.problem { span { (words::coded(&words::sentence(problem))) } } }
            (bar(list))
            @if list.rows.is_empty() { (nothing(list)) } @else { (table::table(list)) (pages(list)) }
            (help::foot(shell, list))
        }
    }
}

/// The place beside a list where a row opens.
pub(crate) fn side(panel: Option<&Markup>) -> Markup {
    html! { aside.side #side aria-label="Details" aria-live="off" { @if let Some(panel) = panel { (panel) } } }
}

/// The link that opens a row beside its list.
pub(crate) fn opener(spec: &Spec, state: &State, id: &str, label: &Markup) -> Markup {
    let path = spec.place.path();
    let href = state.opening(id).url(path);
    html! {
        a.main href=(href) data-open hx-get=(format!("{path}/{id}")) hx-target="#side" hx-push-url=(href)
            aria-current=[(state.open == id).then_some("true")] { (label) }
    }
}

/// A link within the list: it replaces the list alone where scripts run.
fn link(list: &List<'_>, state: &State, class: &str, current: bool, label: &Markup) -> Markup {
    let href = state.url(list.spec.place.path());
    html! {
        a class=(class) href=(href) aria-current=[current.then_some("true")]
            hx-get=(href) hx-target="#list" hx-swap="outerHTML" hx-push-url="true" { (label) }
    }
}

fn lead(list: &List<'_>) -> Markup {
    let Tally { number, more } = list.tally;
    let noun = list.spec.noun;
    let shown = if more { format!("more than {}", words::count(number)) } else { words::count(number) };
    let of = list.total.filter(|_| list.spec.narrows(list.query));
    html! {
        @if list.problem.is_some() {
            "The query was not understood, so nothing is shown."
        } @else if list.query.to_string() == list.spec.usual || list.query.is_empty() {
            @if number > 0 {
                b { @if more { (words::capital(&shown)) " " (noun.1) } @else { (noun.count(number)) } }
                @if list.query.is_empty() && !list.spec.usual.is_empty() { " in all." } @else { (list.lead) }
            }
        } @else {
            b { (words::capital(&shown)) } " "
            @if let Some(all) = of { "of " (noun.count(all.max(number))) " " } @else { (noun.of(number)) " " }
            (if number == 1 && !more { "matches" } else { "match" }) "."
        }
    }
}

fn bar(list: &List<'_>) -> Markup {
    html! {
        div.bar {
            div.chips {
                @for chip in list.spec.chips {
                    @let state = list.state.asking(list.query.toggled(chip.term));
                    (link(list, &state, "chip", list.query.has(chip.term), &html! { (chip.label) }))
                }
            }
            span.end {
                button.button.small.fresh.needs-scripts type="button" hidden data-live-show=(list.spec.live) {}
                (table::order(list))
            }
        }
    }
}

fn nothing(list: &List<'_>) -> Markup {
    html! {
        div.empty {
            @if list.problem.is_some() {
                p { "Correct the query above, or " (link(list, &list.state.asking(""), "", false, &html! { "show everything" })) "." }
            } @else if list.query.to_string() == list.spec.usual && list.state.after.is_empty() {
                (list.empty)
                @if !list.spec.usual.is_empty() { p { (link(list, &list.state.asking(""), "", false, &html! { "Show everything" })) } }
            } @else {
                h2 { "No " (list.spec.noun.0) " matches" }
                p { "Take a condition away, or " (link(list, &list.state.asking(""), "", false, &html! { "show everything" })) "." }
                @if list.query.terms.len() > 1 {
                    p.chips {
                        @for at in 0..list.query.terms.len() {
                            @let (term, rest) = without(list.query, at);
                            (link(list, &list.state.asking(rest), "chip", false, &html! { "without " code { (term) } }))
                        }
                    }
                }
            }
        }
    }
}

/// One condition of a query, and the query without it.
fn without(query: &Query, at: usize) -> (String, String) {
    let part = |keep: fn(usize, usize) -> bool| {
        let terms = query.terms.iter().enumerate().filter(|(own, _)| keep(*own, at));
        Query { terms: terms.map(|(_, term)| term.clone()).collect() }.to_string()
    };
    (part(|own, at| own == at), part(|own, at| own != at))
}

fn pages(list: &List<'_>) -> Markup {
    let first = list.state.after.is_empty();
    html! {
        @if !first || list.next.is_some() {
            nav.pager aria-label="Pages" {
                @if !first { (link(list, &list.state.from(""), "button", false, &html! { "Back to the first" })) }
                @if let Some(next) = &list.next { (link(list, &list.state.from(next), "button", false, &html! { "Next" })) }
                @else { span.faint { "That is all." } }
            }
        }
    }
}
