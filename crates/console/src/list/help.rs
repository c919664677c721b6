//! Under a list: exports of exactly what is shown, the same question as a command, and what a query can ask.

use maud::{Markup, html};
use protocol::query::{Field, Kind};

use super::{List, escaped};
use crate::{shell::Shell, words};

pub(super) fn foot(shell: &Shell, list: &List<'_>) -> Markup {
    let path = list.spec.place.path();
    let whole = list.state.whole();
    html! {
        footer.beneath {
            @if !list.rows.is_empty() {
                span.export {
                    "Export all that match: "
                    a.link href=(whole.url(&format!("{path}.csv"))) download { "CSV" } " "
                    a.link href=(whole.url(&format!("{path}.json"))) download { "JSON" } " "
                    button.button.quiet.small.needs-scripts type="button" data-copy=(command(shell, list)) { "Copy as command" }
                }
            }
            details.grammar {
                summary { "What a query can ask" }
                p { "Conditions stand side by side and all must hold. A word alone is searched for." }
                table {
                    thead { tr { th scope="col" { "Field" } th scope="col" { "is" } th scope="col" { "written as" } } }
                    tbody {
                        @for field in list.spec.collection.fields() {
                            tr { th scope="row" { code { (field.name) ":" } } td { (words::coded(field.about)) } td.dim { (values(field)) } }
                        }
                    }
                }
                p.dim {
                    code { "a,b" } " one of them · " code { "-field:a" } " or " code { "field:!a" } " not that · "
                    code { "lap-*" } " anything behind · " code { "size:>4GB" } " · " code { "seen:<7d" } " in the last seven days"
                }
            }
        }
    }
}

fn values(field: &Field) -> Markup {
    html! {
        @match field.kind {
            Kind::Text => { "text, " code { "*" } " for anything" }
            Kind::Word(words) => { (words.join(", ")) }
            Kind::Path => { "path, " code { "/home/ann/*" } }
            Kind::Number => { "number, " code { ">1" } }
            Kind::Size => { "size, " code { ">4GB" } }
            Kind::Time => { "age or date, " code { "<7d" } ", " code { ">2026-11-01" } }
        }
    }
}

/// The same question to the API.
fn command(shell: &Shell, list: &List<'_>) -> String {
    let asked = list.spec.with_unsaid(list.query);
    let parts = [("q", &asked.to_string()), ("sort", &list.state.sort)];
    let query: Vec<_> = parts
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    let mark = if query.is_empty() { "" } else { "?" };
    let collection = list.spec.collection.name();
    format!(
        "curl -H \"Authorization: Bearer $EYELINE_TOKEN\" '{}/api/v1/{collection}{mark}{}'",
        shell.address,
        query.join("&")
    )
}
