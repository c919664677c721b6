//! The table of a list: heads that sort, rows that open.

use maud::{Markup, html};

use super::{List, State, link};

/// The head of a column.
pub(crate) struct Head {
    /// The word above it.
    pub(crate) label: &'static str,
    /// The column's name in `sort=`, if the list can be sorted by it.
    pub(crate) sort: Option<&'static str>,
    /// Classes of the column: `num`, and when it leaves as the window gets narrower (`p2` first, then `p3`, `p4`).
    pub(crate) class: &'static str,
}

impl Head {
    /// A column.
    pub(crate) const fn new(label: &'static str, sort: Option<&'static str>, class: &'static str) -> Self {
        Self { label, sort, class }
    }
}

pub(super) fn table(list: &List<'_>) -> Markup {
    html! {
        table.list {
            thead { tr { @for head in list.spec.heads { (heading(list, head)) } } }
            tbody { @for row in &list.rows { tr data-row { (row) } } }
        }
    }
}

fn heading(list: &List<'_>, head: &Head) -> Markup {
    let Some(column) = head.sort else { return html! { th scope="col" class=(head.class) { (head.label) } } };
    let sorted = sorted(list, column);
    let word = sorted.map(|descending| if descending { "descending" } else { "ascending" });
    let state = list.state.sorted(turned(list, column, sorted));
    html! {
        th scope="col" class=(head.class) aria-sort=[word] { (link(list, &state, "sort", false, &html! { (head.label) })) }
    }
}

/// Whether the list is in the order of that column, and in which direction.
fn sorted(list: &List<'_>, column: &str) -> Option<bool> {
    let usual = list.spec.collection.usual_sort();
    let (descending, name) = match list.state.sort.as_str() {
        "" => (usual.descending, usual.column),
        asked => asked.strip_prefix('-').map_or((false, asked), |name| (true, name)),
    };
    (name == column).then_some(descending)
}

/// The order that a click on a head asks for: first the one that people expect, then the other one.
fn turned(list: &List<'_>, column: &str, sorted: Option<bool>) -> String {
    let greatest_first =
        list.spec.collection.columns().iter().any(|known| known.name == column && known.descending_first);
    let descending = sorted.map_or(greatest_first, |descending| !descending);
    format!("{}{column}", if descending { "-" } else { "" })
}

/// In which order the rows are, in words.
pub(super) fn order(list: &List<'_>) -> Markup {
    let head =
        list.spec.heads.iter().find(|head| head.sort.is_some_and(|column| sorted(list, column).is_some()));
    html! {
        @if let Some(head) = head.filter(|_| !list.state.sort.is_empty()) {
            "sorted by " (head.label.to_lowercase())
            @if list.state.sort.starts_with('-') { ", greatest first" }
            " " (link(list, &State { sort: String::new(), ..list.state.closed() }, "link", false, &html! { "undo" }))
        }
    }
}
