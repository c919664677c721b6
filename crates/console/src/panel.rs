//! What stands beside a list or on a page of its own: one thing, what is known of it and how, and what can be done. Pure.

use domain::{Confidence, Evidence, EvidenceFamily};
use maud::{Markup, html};
use store::{DeviceRef, FindingRow, PersonRef};

use crate::{
    list::State,
    shell::{self, Place, Search, Shell},
    words,
};

/// Where a panel stands.
#[derive(Clone, Copy)]
pub(crate) enum Frame<'a> {
    /// Beside its list, which is in this state.
    Beside(&'a State),
    /// On a page of its own.
    Page,
}

/// One thing: its marks, its name, what is said of it.
pub(crate) fn panel(frame: Frame<'_>, place: Place, marks: &Markup, title: &str, body: &Markup) -> Markup {
    html! {
        div.panel {
            div.panel-top {
                (marks)
                @match frame {
                    Frame::Beside(state) => { a.close data-close href=(state.closed().url(place.path())) title="Close (Esc)" { "Close" } }
                    Frame::Page => {}
                }
            }
            @match frame {
                Frame::Beside(_) => { h2 tabindex="-1" data-focus { (title) } }
                Frame::Page => { h1 { (title) } }
            }
            (body)
        }
    }
}

/// The page of one thing.
pub(crate) fn page(shell: &Shell, place: Place, title: &str, live: &str, panel: &Markup) -> Markup {
    let of = place.word().to_lowercase();
    let search = Search { path: place.path(), of: &of, ..Search::default() };
    let body = html! {
        div.page.single data-live=(live) {
            p.back { a.link href=(place.path()) { "All " (of) } }
            div #side data-live-region { (panel) }
        }
    };
    shell::page(shell, place, title, &search, &body)
}

/// A part of a panel under a heading; nothing when it is empty.
pub(crate) fn section(title: &str, content: &Markup) -> Markup {
    html! { section { h2 { (title) } (content) } }
}

/// Facts in two columns; those without a value are left out.
pub(crate) fn facts<'a>(facts: impl IntoIterator<Item = (&'a str, Option<Markup>)>) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in facts { @if let Some(value) = value { dt { (name) } dd { (value) } } }
        }
    }
}

/// A device as a link.
pub(crate) fn device(device: &DeviceRef) -> Markup {
    html! { a href={ "/devices/" (device.id) } { (device.name) } }
}

/// A person's name.
pub(crate) fn person(person: Option<&PersonRef>) -> Markup {
    match person {
        Some(person) => html! { (person.name) },
        None => html! { span.faint { "nobody" } },
    }
}

/// A command with a button that copies it.
pub(crate) fn command(text: &str) -> Markup {
    html! {
        div.copy { code { (text) } button.button.small.needs-scripts type="button" data-copy=(text) { "Copy" } }
    }
}

/// A word for the shell, quoted where that is needed.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// What speaks for the identification of a program.
pub(crate) fn evidence(evidence: &[Evidence]) -> Markup {
    html! {
        @for piece in evidence {
            div.evidence { span { (words::coded(&piece.detail)) } span.at { (family(piece.family)) } }
        }
    }
}

fn family(family: EvidenceFamily) -> &'static str {
    match family {
        EvidenceFamily::MappedModel => "a model is mapped into the process",
        EvidenceFamily::MappedLibrary => "an inference library is mapped into the process",
        EvidenceFamily::Http => "its listener answers as the tool answers",
        EvidenceFamily::Store => "it lies where the tool is installed",
        EvidenceFamily::Parent => "the tool started it",
        EvidenceFamily::OpenFile => "it holds a file open",
        EvidenceFamily::Environment => "names of environment variables",
        EvidenceFamily::Argument => "its command line",
        EvidenceFamily::Name => "the name of the process",
        EvidenceFamily::Port => "a port; no proof by itself",
    }
}

/// Findings about the thing of a panel, each with what to do.
pub(crate) fn findings(findings: &[FindingRow]) -> Markup {
    html! {
        @for finding in findings {
            div.evidence.(finding.severity.as_str()) {
                a href={ "/findings/" (finding.id) } { (words::coded(&words::message(&finding.message))) }
                span.at { (finding.severity) " · " (device(&finding.device)) " · " (finding.help) }
            }
        }
    }
}

/// How sure an identification is.
pub(crate) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Confirmed => "confirmed",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    }
}

/// A choice of people for a form.
pub(crate) fn people(name: &str, label: &str, people: &[PersonRef], chosen: Option<i64>) -> Markup {
    html! {
        select name=(name) aria-label=(label) {
            option value="" selected[chosen.is_none()] { "nobody" }
            @for person in people { option value=(person.id) selected[chosen == Some(person.id)] { (person.name) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_to_copy_is_safe_to_paste() {
        assert_eq!(quoted("/home/a/model.gguf"), "/home/a/model.gguf");
        assert_eq!(quoted("it's $(here)"), r"'it'\''s $(here)'");
        assert_eq!(quoted(""), "''");
    }
}
